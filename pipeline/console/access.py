"""Who asks, and what he may open: one reader a request, one table of pages, nothing else decides.

A page that is not its reader's answers as one that does not exist: neither status, title nor time tells of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path

from pipeline import units
from pipeline.accounts.accounts import barred
from pipeline.console import kept, open_site
from pipeline.database.models import Account
from pipeline.model import Level
from pipeline.registry import lookup
from pipeline.units import Scope, Tree

SCHOOLS = frozenset({Level.SCHOOL})
COUNTIES = frozenset({Level.COUNTY})
OFFICES = frozenset({Level.COUNTY, Level.CITY, Level.PROVINCE})
EVERYBODY = SCHOOLS | OFFICES
ABOVE_COUNTY = frozenset({Level.CITY, Level.PROVINCE})  # and admins: a second factor is asked of them


@dataclass(frozen=True)
class Visitor:
    """Whoever is logged in: an account of a school, of an organ or of a division."""

    account: Account
    tree: Tree

    @cached_property
    def code(self) -> str:
        """The school, or the division whose organ it is."""
        unit = self.account.unit_id
        if unit is None:
            return str(self.account.division_id or "")
        return self.tree.units[unit] if unit in self.tree.organs else str(unit)

    @cached_property
    def scope(self) -> Scope:
        """What it may see. KeyError for an account of no unit."""
        return units.scope(self.code, self.tree, open_site.site().policy.small_count)

    @cached_property
    def name(self) -> str:
        """The name of the school or division."""
        return lookup.names([self.code]).get(self.code, self.code)

    @property
    def level(self) -> Level:
        return self.scope.level

    @property
    def who(self) -> str:
        """How an act is signed: who holds the account, and its name."""
        return self.account.holder or str(self.account.username)

    @property
    def is_admin(self) -> bool:
        """Whether the holder looks after the site."""
        return bool(self.account.is_staff)

    @property
    def needs_factor(self) -> bool:
        """Whether a second factor is asked: 等保三级, two factors for whoever sees much."""
        return self.is_admin or self.level in ABOVE_COUNTY


@dataclass(frozen=True, slots=True)
class Route:
    """A page: its address, its view, and whose it is. `free`: before the login, or while a password must be changed;
    `admins`: for those alone who look after the site.
    """

    address: str
    view: Callable[..., HttpResponseBase]
    name: str
    levels: frozenset[Level] = EVERYBODY
    free: bool = False
    admins: bool = False

    def allows(self, reader: Visitor) -> bool:
        """Whether the page is this reader's."""
        return reader.level in self.levels and (reader.is_admin or not self.admins)


ROUTES: dict[str, Route] = {}
"""By name: the table that the scope matrix of the tests walks, none left out."""


def routes(*pages: Route) -> list[URLPattern]:
    """Enter pages into the table, and return them as Django wants them."""
    ROUTES.update({page.name: page for page in pages})
    return [path(page.address, page.view, name=page.name) for page in pages]


def reader(request: HttpRequest) -> Visitor:
    """Return who asks; only where the gatekeeper let somebody in."""
    found: Visitor = request.reader  # type: ignore[attr-defined]  # see Gatekeeper
    return found


class Gatekeeper:
    """A middleware of Django's: no view is called but for whom its page is."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.reader = _reader_of(request)  # type: ignore[attr-defined]  # a request takes what it is given
        return self._answer(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: object, kwargs: Mapping[str, object]
    ) -> HttpResponseBase | None:
        """Let the request in, send it to where it must go first, or say that there is no such page."""
        del view, args, kwargs
        match = request.resolver_match
        page = ROUTES.get(match.url_name or "") if match else None
        if page is None:
            raise Http404
        if page.free:
            return None
        asking: Visitor | None = request.reader  # type: ignore[attr-defined]  # see __call__
        if asking is None:
            return _to_login(request)
        if first := _first(request, asking):
            return None if page.name == first else HttpResponseRedirect(f"/{first}")
        if not page.allows(asking):
            raise Http404
        return None


def _reader_of(request: HttpRequest) -> Visitor | None:
    account = request.user
    if isinstance(account, AnonymousUser) or not isinstance(account, Account):
        return None
    if barred(account, open_site.now()):
        return None
    tree = lookup.tree([str(account.unit_id)] if account.unit_id else [])
    found = Visitor(account, tree)
    if found.code not in tree.units and found.code not in tree.places:
        return None  # of a unit that is gone
    return found


def _first(request: HttpRequest, asking: Visitor) -> str:
    """What must be done before anything else: a password of one's own, a second factor."""
    if asking.account.must_change:
        return "password"
    if asking.needs_factor and not request.user.is_verified():  # type: ignore[union-attr]  # django_otp's
        return "factor"
    return ""


def _to_login(request: HttpRequest) -> HttpResponse:
    if request.headers.get("X-Part"):  # a part of a page that stands: the whole must go
        return HttpResponse(status=401)
    if request.method == "POST":
        typed = kept.of(request)
        packed = kept.packed(typed, request) if typed and not request.FILES else ""
        lost = "要交的文件请登录以后重新选。" if request.FILES else "请登录以后再填一次。"
        said = "您填的还在：登录以后点“继续提交”就行。" if packed else lost
        return render(request, "login.html", {"kept": packed, "wrong": f"登录过期了。{said}"}, status=403)
    after = request.get_full_path() if request.method == "GET" and request.path != "/" else ""
    return HttpResponseRedirect("/login" + (f"?next={quote(after)}" if after else ""))


def for_pages(request: HttpRequest) -> dict[str, object]:
    """What every page's template is given."""
    return {"reader": getattr(request, "reader", None), "now": open_site.now()}
