"""The day of a division as it is now: the very figures, sentences and tables of its digest, not yet cut.

Above county the counts of pupils are those of the last edition (`figures.live`). All divisions above share one book of
the day, for what is left out of them is decided over all counties; a county's own is quickly made. A book is made anew
whenever something is settled; one that takes long is made beside, and meanwhile shown as it was: who looks need not
wait, and a busy afternoon is not spent on counting. Nothing is stored: the coordinator alone writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock
from time import monotonic

from django.db import connections

from pipeline.console import open_site
from pipeline.facts import county_day, digest_facts, editions
from pipeline.facts.digest_facts import Book
from pipeline.figures import digest as digests
from pipeline.figures import live
from pipeline.figures.digest import Digest
from pipeline.figures.facts import DigestFacts
from pipeline.figures.paper_values import values_of
from pipeline.model import Level
from pipeline.reports import pages

PLACES = "/office/places/"  # of the division that a tile stands for
_KEPT = 120  # books, and days of divisions
_QUICK = 0.3  # seconds: nobody minds
_REST = 4  # times as long as it took, before a slow one is made again


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a division: its values, its charts as SVG by name, and as of when they are."""

    facts: DigestFacts  # what it was made of
    digest: Digest
    charts: Mapping[str, str]
    at: datetime


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What a book depends on: it is made anew when one of these is another."""

    as_of: int
    minute: int  # hours left are counted


@dataclass(frozen=True, slots=True)
class _Made:
    stamp: _Stamp
    book: Book
    cost: float
    since: float


_Key = tuple[str, date]  # a county, or "" for all divisions above
_books: dict[_Key, _Made] = {}
_making: dict[_Key, Lock] = {}
_beside = ThreadPoolExecutor(1, "days")
_asked: set[_Key] = set()
_days: dict[_Key, tuple[Book, int, Day]] = {}  # with the number of the last edition


def of(place: str, level: Level, day: date) -> Day | None:
    """Return the day of a division, None if it has no school."""
    book = _book((place if level is Level.COUNTY else "", day))
    if place not in book.places:
        return None
    edition, found = editions.last_number(place, day), _days.get((place, day))
    if found is None or found[0] is not book or found[1] != edition:
        if len(_days) >= _KEPT:
            _days.clear()
        _days[place, day] = found = (book, edition, _day(book, place))
    return found[2]


def _book(key: _Key) -> Book:
    stamp, found = _stamp(), _books.get(key)
    if found is not None and found.stamp == stamp:
        return found.book
    if found is None or found.cost < _QUICK:
        with _making.setdefault(key, Lock()):  # whoever asks meanwhile waits for the same book
            found = _books.get(key)
            return found.book if found is not None and found.stamp == stamp else _make(key, stamp)
    if key not in _asked and monotonic() - found.since > _REST * found.cost:
        _asked.add(key)
        _beside.submit(_make_beside, key, stamp)
    return found.book


def _stamp() -> _Stamp:
    return _Stamp(county_day.last_settled(), int(open_site.now().timestamp() // 60))


def _make_beside(key: _Key, stamp: _Stamp) -> None:
    try:
        _make(key, stamp)
    finally:
        _asked.discard(key)
        connections.close_all()


def _make(key: _Key, stamp: _Stamp) -> Book:
    if len(_books) >= _KEPT:
        _books.clear()
    begin = monotonic()
    place, day = key
    book = digest_facts.book(open_site.site(), day, open_site.now(), [place] if place else [])
    end = monotonic()
    _books[key] = _Made(stamp, book, end - begin, end)
    return book


def _day(book: Book, place: str) -> Day:
    facts = digest_facts.digest(book, place, 0, final=False)
    made = digests.digest(facts)
    if facts.place.level is not Level.COUNTY:
        made = live.live(made, editions.last_values(place, book.day))
    link = (PLACES, "" if book.day == open_site.today() else f"?day={book.day}")
    return Day(facts, made, pages.charts(values_of(made), link), book.now)
