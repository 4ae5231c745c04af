"""The day of a division as it is now: the very figures, sentences and tables of its digest, not yet cut.

Above county the counts of pupils are those of the last edition (`figures.live`). A day that is quickly made is made
anew whenever something is settled. One that takes long is made beside, and meanwhile shown as it was: who looks need
not wait, and a busy afternoon is not spent on counting.
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
from pipeline.figures import digest as digests
from pipeline.figures import live
from pipeline.figures.digest import Digest
from pipeline.figures.facts import DigestFacts
from pipeline.figures.paper_values import values_of
from pipeline.model import Level
from pipeline.reports import pages

PLACES = "/office/places/"  # of the division that a tile stands for
_KEPT = 120  # days of divisions
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
    """What a day depends on: it is made anew when one of these is another."""

    as_of: int
    edition: int
    minute: int  # hours left are counted


@dataclass(frozen=True, slots=True)
class _Made:
    stamp: _Stamp
    day: Day | None
    cost: float
    since: float


_Key = tuple[str, date]
_days: dict[_Key, _Made] = {}
_making: dict[_Key, Lock] = {}
_beside = ThreadPoolExecutor(1, "days")
_asked: set[_Key] = set()


def of(place: str, day: date) -> Day | None:
    """Return the day of a division, None if it has no school."""
    key, stamp = (place, day), _stamp(place, day)
    found = _days.get(key)
    if found is not None and found.stamp == stamp:
        return found.day
    if found is None or found.cost < _QUICK:
        with _making.setdefault(key, Lock()):  # whoever asks meanwhile waits for the same day
            found = _days.get(key)
            return found.day if found is not None and found.stamp == stamp else _make(key, stamp).day
    if key not in _asked and monotonic() - found.since > _REST * found.cost:
        _asked.add(key)
        _beside.submit(_make_beside, key, stamp)
    return found.day


def _stamp(place: str, day: date) -> _Stamp:
    return _Stamp(county_day.last_settled(), editions.last_number(place, day), int(open_site.now().timestamp() // 60))


def _make_beside(key: _Key, stamp: _Stamp) -> None:
    try:
        _make(key, stamp)
    finally:
        _asked.discard(key)
        connections.close_all()


def _make(key: _Key, stamp: _Stamp) -> _Made:
    if len(_days) >= _KEPT:
        _days.clear()
    begin = monotonic()
    day = _made(*key)
    end = monotonic()
    _days[key] = made = _Made(stamp, day, end - begin, end)
    return made


def _made(place: str, day: date) -> Day | None:
    now = open_site.now()
    found = digest_facts.book(open_site.site(), day, now, [place])
    if place not in found.places:
        return None
    facts = digest_facts.digest(found, place, 0, final=False)
    made = digests.digest(facts)
    if facts.place.level is not Level.COUNTY:
        made = live.live(made, editions.last_values(place, day))
    link = (PLACES, "" if day == open_site.today() else f"?day={day}")
    return Day(facts, made, pages.charts(values_of(made), link), now)
