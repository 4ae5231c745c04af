"""Editions: what was issued of a place's day, under which number. Cut once, kept as printed, never changed.

Cutting is idempotent: the same number again gives the same values, and so the same bytes. Without a number the
last edition is given again if nothing has changed since, else the next number is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction

from pipeline.errors import PermanentError
from pipeline.figures import county
from pipeline.figures.digest import check_code, digest, paper
from pipeline.figures.facts import DigestFacts
from pipeline.figures.papers import PageFacts, missing, page
from pipeline.model import Level, Site
from pipeline.store import days, letters, pages, views
from pipeline.store.models import Edition

KINDS = ("digest", "missing", "page")
_STAMPS = ("made", "edition", "number", "as_of")  # what differs though nothing has changed


@dataclass(frozen=True, slots=True)
class Issued:
    """One edition: whose it is, and the values its papers are made of. `new` is False if it was cut before."""

    kind: str
    place: str
    level: Level
    name: str
    day: date
    n: int
    values: Mapping[str, Any]
    sha: str
    new: bool


@dataclass(frozen=True, slots=True)
class Order:
    """What to cut: the day, its moment, number (None: the next) and whether it is the final one of the day."""

    day: date
    now: datetime
    n: int | None = None
    final: bool = False


def cut(site: Site, order: Order, places: Sequence[str] = ()) -> list[Issued]:
    """Cut digests and missing lists for the divisions `places` and all below them (default: all), one transaction.

    The counties are counted from the records as they stand, together. Raises UnknownYear for a day nobody can
    tell to be a school day, PermanentError if figures do not add up.
    """
    with transaction.atomic():
        book = views.book(site, order.day, order.now, places)
        _refuse_unless_they_add_up(book)
        issued = []
        for code in _reach(book, places):
            facts = views.digest(book, code, 0, final=order.final)
            place = facts.place
            made = [("digest", _numbered(facts)), ("missing", _fixed(paper(missing(views.missing(book, code)))))]
            for kind, values in made:
                issued.append(_keep(kind, _Whose(code, place.level, place.name), order, book.as_of, values))
        return issued


def cut_pages(site: Site, order: Order, counties: Sequence[str]) -> list[Issued]:
    """Cut the pages of all schools of some counties, one transaction."""
    with transaction.atomic():
        as_of = days.last_settled()
        found = pages.pages(site, pages.Cut(order.day, 0, order.final, order.now, as_of), counties)
        return [
            _keep("page", _Whose(facts.code, Level.SCHOOL, facts.school), order, as_of, _page_numbered(facts))
            for facts in found
        ]


@dataclass(frozen=True, slots=True)
class _Whose:
    code: str
    level: Level
    name: str


_Made = Callable[[int], dict[str, object]]


def _numbered(facts: DigestFacts) -> _Made:
    return lambda n: paper(digest(replace(facts, n=n)))


def _page_numbered(facts: PageFacts) -> _Made:
    return lambda n: paper(page(replace(facts, n=n)))


def _fixed(values: dict[str, object]) -> _Made:
    return lambda n: {**values, "n": n}


def _keep(kind: str, whose: _Whose, order: Order, as_of: int, made: _Made) -> Issued:
    rows = list(Edition.objects.filter(kind=kind, place=whose.code, day=order.day).order_by("n"))
    known = next((row for row in rows if row.n == order.n), None)
    if known is None and order.n is None and rows and _same(rows[-1], made(rows[-1].n), order):
        known = rows[-1]
    if known is not None:
        return _issued(kind, whose, order, known.n, known.figures, new=False)
    n = order.n or (rows[-1].n + 1 if rows else 1)
    values = made(n)
    issued = _issued(kind, whose, order, n, values, new=True)
    Edition.objects.create(
        kind=kind,
        place=whose.code,
        day=order.day,
        n=n,
        as_of_settled=as_of,
        made_at=order.now,
        final=order.final,
        figures=values,
        digest_sha=issued.sha,
    )
    letters.queue(kind, letter_ref(order.day, n), whose.code, order.now, order.day)
    return issued


def letter_ref(day: date, n: int) -> str:
    """Return the `ref` under which an edition's letter is queued."""
    return f"{day.isoformat()}|{n}"


def values(kind: str, place: str, ref: str) -> dict[str, Any]:
    """Return what the papers of a queued edition are made of, as it was cut. KeyError if it never was."""
    day, _, n = ref.partition("|")
    row = Edition.objects.filter(kind=kind, place=place, day=date.fromisoformat(day), n=int(n)).first()
    if row is None:
        raise KeyError(ref)
    return {**row.figures, "check": check_code(row.figures)[1]}


def cut_since(day: date) -> dict[date, bool]:
    """Return the days, from this one on, that have digests, and whether the final ones are among them."""
    rows = Edition.objects.filter(kind="digest", day__gte=day).order_by("day")
    found: dict[date, bool] = {}
    for one, final in rows.values_list("day", "final").distinct():
        found[one] = found.get(one, False) or final
    return found


def _same(row: Edition, values: Mapping[str, object], order: Order) -> bool:
    return row.final == order.final and _unstamped(row.figures) == _unstamped(values)


def _unstamped(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if name not in _STAMPS}


def _issued(kind: str, whose: _Whose, order: Order, n: int, values: Mapping[str, Any], *, new: bool) -> Issued:
    sha, code = check_code(values)
    return Issued(kind, whose.code, whose.level, whose.name, order.day, n, {**values, "check": code}, sha, new)


def _reach(book: views.Book, places: Sequence[str]) -> Iterable[str]:
    """The places asked for and those below them that have schools, top down."""
    asked = {code for place in places for code in book.tree.below(place)} if places else set(book.places)
    order = {Level.PROVINCE: 0, Level.CITY: 1, Level.COUNTY: 2}
    found = [place for code, place in book.places.items() if code in asked and place.counties]
    return [place.code for place in sorted(found, key=lambda p: (order[p.level], p.code))]


def _refuse_unless_they_add_up(book: views.Book) -> None:
    wrong = {name for one in book.counted.values() for name in county.identities(one.figures)}
    if wrong:
        raise PermanentError("figures do not add up: " + "; ".join(sorted(wrong)))
