"""Open a site's store. The only caller of `django.setup()`, and the only reader of database URLs."""

from __future__ import annotations

import hashlib
import hmac
import os
from gettext import gettext as say
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import django
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, connection, connections
from django.db.backends.signals import connection_created
from django.db.migrations.executor import MigrationExecutor

from pipeline.database import errors, sqlite
from pipeline.database.settings import INSTALLED_APPS
from pipeline.database.sqlite import waiting
from pipeline.errors import ConfigError
from pipeline.model import Site

_PRAGMAS = (
    f"PRAGMA journal_mode={'WAL' if sqlite.SOUND else 'DELETE'}",
    "PRAGMA synchronous=FULL",  # an answer that was sent must survive a power loss: NORMAL may lose the last commits
    "PRAGMA secure_delete=ON",  # what is deleted is overwritten: a password that was typed into a 备案表
    "PRAGMA cache_size=-65536",  # KiB
    "PRAGMA temp_store=MEMORY",
    "PRAGMA journal_size_limit=67108864",
)


_APPS = tuple(name.rpartition(".")[2] for name in INSTALLED_APPS)


def _limit_waits(connection: Any, **_: object) -> None:
    """PostgreSQL waits for a lock without end unless told; SQLite as `waiting` says."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{waiting.PATIENCE:.0f}s'")


connection_created.connect(_limit_waits)


def make_ready() -> None:
    """Load the models, so that they may be imported at the top of a module. No database is touched."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pipeline.database.settings")
    if not (apps.ready or apps.loading):  # Django itself may be starting, and importing us
        django.setup()


def open_store(site: Site) -> None:
    """Connect the ORM to the site's database, in this process.

    May be called again, for the same database (nothing happens) or another (the connections of this thread are closed
    first). Creates an SQLite file, 0600, but no tables: see `migrate`. Raises ConfigError for a URL that is neither
    sqlite nor postgresql.
    """
    place = _database(site)
    settings.SECRET_KEY = hmac.new(site.key, b"django", hashlib.sha256).hexdigest()
    given = connections.configure_settings({"default": place})["default"]
    if connections.settings["default"] != given:
        connections["default"].close()  # creates this thread's connection if there is none: del needs one
        del connections["default"]
        connections.settings["default"] = given


def migrate() -> None:
    """Bring the open store's tables to this version's. Does nothing if they are.

    Raises ConfigError if the database does not answer, TemporaryError if it is locked.
    """
    _reach()
    for app in _APPS:
        call_command("migrate", app, verbosity=0, interactive=False)


def behind() -> list[str]:
    """Return the names of migrations the open store lacks, oldest first: empty if it can be used.

    Raises ConfigError if the database does not answer, TemporaryError if it is locked.
    """
    _reach()
    executor = MigrationExecutor(connection)
    # pages bring tables of their own, which lie elsewhere
    ours = [leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] in _APPS]
    plan = executor.migration_plan(ours)
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def close_store() -> None:
    """Close this thread's connections; the next query opens them again."""
    connections.close_all()


def _reach() -> None:
    """Connect, so that a wrong address or a stopped database is reported in a sentence, not as our fault."""
    try:
        connection.ensure_connection()
    except (DatabaseError, ImproperlyConfigured) as error:
        if errors.reason(error):
            raise errors.unusable(error) from error
        text = " ".join(str(error).split())  # the driver's text: address and cause, never the password
        raise ConfigError([say("database: cannot be used: {text}").format(text=text)]) from error


def _database(site: Site) -> dict[str, Any]:
    url = urlsplit(site.database)
    if url.scheme == "sqlite":
        return _sqlite(site.root, unquote(url.path.removeprefix("/")))
    if url.scheme in {"postgresql", "postgres"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(url.path.removeprefix("/")),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "HOST": unquote(url.hostname or ""),
            "PORT": str(url.port or ""),
            "OPTIONS": dict(parse_qsl(url.query)),
            "CONN_MAX_AGE": None,
        }
    found = url.scheme or say("nothing")
    raise ConfigError([say("database: only sqlite:/// and postgresql://, not {found}").format(found=found)])


def _sqlite(root: Path, name: str) -> dict[str, Any]:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    return {
        "ENGINE": "pipeline.database.sqlite",
        "NAME": str(path),
        "CONN_MAX_AGE": None,
        # BEGIN IMMEDIATE: of two writers that both began by reading, one would otherwise fail, not wait
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": waiting.STEP, "init_command": ";".join(_PRAGMAS)},
    }
