"""The site that this web process serves: opened once, before the first request."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

import structlog
from django.conf import settings
from django.core.management import call_command
from django.core.signals import got_request_exception
from django.db import connections
from django.http import HttpRequest

from pipeline import config, database, faults
from pipeline.console.own_tables import ALIAS
from pipeline.console.settings import OWN_APPS
from pipeline.forms import clinical
from pipeline.model import Clock, Site
from pipeline.schooldays import today as day_of

OWN_FILE = "console.sqlite3"

log = structlog.get_logger("queke.console")


@dataclass(slots=True)
class _Served:
    site: Site
    clock: Clock


_served: list[_Served] = []


def open_console(site: Site, hosts: list[str], *, proxies: int = 0, https: bool = False) -> None:
    """Connect this process to the site's store and to the console's own file, and set what depends on the site.

    `hosts`: the names under which it answers. `proxies`: how many stand before it and say whom they ask for. `https`:
    whether browsers come by TLS, so that cookies go no other way.
    """
    clinical.learn(site.words)
    database.open(site)
    place = site.root / OWN_FILE
    place.touch(mode=0o600)
    own = {
        "ENGINE": "pipeline.database.sqlite",
        "NAME": str(place),
        "CONN_MAX_AGE": None,
        # devices belong to accounts, which lie in the store: a foreign key to another file cannot be kept
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA foreign_keys=OFF",
        },
    }
    given = connections.configure_settings({"default": connections.settings["default"], ALIAS: own})[ALIAS]
    if connections.settings.get(ALIAS) != given:
        if ALIAS in connections.settings:
            connections[ALIAS].close()
            del connections[ALIAS]
        connections.settings[ALIAS] = given
    got_request_exception.connect(_log_fault, dispatch_uid="console")
    logging.getLogger("django").setLevel(logging.CRITICAL + 1)  # its tracebacks end in the text of an error
    logging.getLogger("axes").setLevel(logging.CRITICAL + 1)
    settings.ALLOWED_HOSTS = hosts
    settings.AXES_CLIENT_IP_CALLABLE = partial(address, proxies)
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = https
    settings.CSRF_TRUSTED_ORIGINS = [f"https://{host.lstrip('.')}" for host in hosts if host != "*"] if https else []
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if proxies else None
    _served[:] = [_Served(site, config.clock())]


def address(proxies: int, request: HttpRequest) -> str:
    """Return the browser's address: as the outermost of our proxies saw it; what stands before is its own word."""
    told = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    return told[-proxies].strip()[:45] if 0 < proxies <= len(told) and told[-proxies].strip() else _peer(request)


def _peer(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _log_fault(*, request: HttpRequest, **_: object) -> None:
    """A page that failed: which, where and why, never what was typed."""
    error = sys.exc_info()[1]
    match = request.resolver_match
    if error is not None:
        log.error("page_failed", page=match.url_name if match else "", **faults.fault(error).fields())


def make_tables() -> None:
    """Make the tables of the console's own file, or bring them up to date."""
    for app in OWN_APPS:
        if app != "django_cache":  # which has no migrations
            call_command("migrate", app, database=ALIAS, verbosity=0, interactive=False)
    call_command("createcachetable", database=ALIAS, verbosity=0)


def site() -> Site:
    """Return the site that is served."""
    return _served[0].site


def now() -> datetime:
    """Return the time by the site's clock."""
    return _served[0].clock()


def today() -> date:
    """Return the day by the site's clock."""
    return day_of(now())
