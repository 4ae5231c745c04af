"""The series of divisions and schools, made of counted days; and what is unusual in them on the last day.

The day itself counts by what has come so far: never more than the truth, so what exceeds a limit does so whoever is
still silent. Days to compare with must be complete.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter

from pipeline.statistics.percentile import BLOCK
from pipeline.statistics.unusual import LEAST, unusual
from pipeline.statistics.values import Comparison, PlaceDay, SchoolsDay, Unusual

_NONE: Mapping[str, int] = {}
_NO_DAY = SchoolsDay(frozenset(), {})


def of_place(unit: str, days: Mapping[date, PlaceDay], day: date, groups: Collection[str]) -> list[Unusual]:
    """Compare a division's `day` with its other days, group by group. `days`: those on which something was due."""
    if day not in days:
        return []
    week = _week(day)
    found: list[Unusual] = []
    for group in sorted(groups):
        if sum(days[one].new.get(group, 0) for one in week if one in days) >= LEAST:
            series = {one: at.new.get(group, 0) for one, at in days.items() if at.complete or one == day}
            found += _found(unit, group, unusual(series, day, group))
    return found


def of_schools(days: Mapping[date, SchoolsDay], day: date, groups: Collection[str]) -> list[Unusual]:
    """Compare the `day` of each school with its other days. `days`: the school days of their county."""
    if day not in days:
        return []
    now, found = days[day], list[Unusual]()
    for school, mine in groupby(sorted(_candidates(days, day, groups)), key=itemgetter(0)):
        if school not in now.observed and school not in now.new:
            continue
        its_own = {one: at.new.get(school, _NONE) for one, at in days.items() if school in at.observed or one == day}
        for _, group in mine:
            series = {one: new.get(group, 0) for one, new in its_own.items()}
            found += _found(school, group, unusual(series, day, group))
    return found


def _candidates(days: Mapping[date, SchoolsDay], day: date, groups: Collection[str]) -> Iterator[tuple[str, str]]:
    """Schools and groups with enough new cases on the observed days of the last week: no others are compared."""
    sums: dict[tuple[str, str], int] = {}
    for one in _week(day):
        known = days.get(one, _NO_DAY)
        for school, counts in known.new.items():
            if one == day or school in known.observed:
                for group, n in counts.items():
                    sums[school, group] = sums.get((school, group), 0) + n
    return (key for key, n in sums.items() if n >= LEAST and key[1] in groups)


def _week(day: date) -> list[date]:
    return [day - timedelta(days=n) for n in range(BLOCK)]


def _found(unit: str, group: str, comparisons: tuple[Comparison, ...]) -> Iterator[Unusual]:
    if comparisons:
        yield Unusual(unit, group, comparisons)
