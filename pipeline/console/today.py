"""The day of a division as it is now: the very figures, sentences and tables of its digest, not yet cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from threading import Lock

from pipeline.console import open_site
from pipeline.facts import county_day, digest_facts
from pipeline.figures import digest as digests
from pipeline.figures.digest import Digest
from pipeline.figures.paper_values import values_of
from pipeline.reports import pages

_KEPT = 120  # divisions: each reader's day, until something is settled


@dataclass(frozen=True, slots=True)
class _Key:
    place: str
    day: date
    as_of: int
    minute: int  # hours left are counted


_days: dict[_Key, Day | None] = {}
_making = Lock()


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a division: its values, and its charts as SVG by name."""

    digest: Digest
    charts: Mapping[str, str]


def of(place: str, day: date) -> Day | None:
    """Return the day of a division, None if it has no school. Computed once a settlement and minute."""
    now = open_site.now()
    key = _Key(place, day, county_day.last_settled(), int(now.timestamp() // 60))
    with _making:  # whoever asks meanwhile waits for the same day
        if key not in _days:
            if len(_days) >= _KEPT:
                _days.clear()
            _days[key] = _made(place, day)
        return _days[key]


def _made(place: str, day: date) -> Day | None:
    found = digest_facts.book(open_site.site(), day, open_site.now(), [place])
    if place not in found.places:
        return None
    made = digests.digest(digest_facts.digest(found, place, 0, final=False))
    return Day(made, pages.charts(values_of(made)))
