"""统计提示 of a day's divisions and schools: the kept counts of their days, compared once for all digests of a cut.

A query a county, whatever has been kept: the last weeks, and five weeks of each of five years.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from pipeline import rules, statistics
from pipeline.database import serialise, sql
from pipeline.database.models import CountyDay
from pipeline.facts.county_day import CountedCounty
from pipeline.figures.county import ENOUGH, CountyFigures, series_of
from pipeline.figures.facts import PaperDivision
from pipeline.figures.statistics import StatisticFacts, StatisticLine
from pipeline.registry import lookup
from pipeline.statistics import PlaceDay, SchoolsDay, Unusual

_Kept = Mapping[str, Mapping[date, CountyFigures]]  # county → day →
_YEARS = 3  # the percentile needs as many


@dataclass(frozen=True, slots=True)
class DayStatistics:
    """What is unusual on a day: of each division, of the schools of each county; `years`: other years were compared."""

    places: Mapping[str, tuple[StatisticLine, ...]]
    schools: Mapping[str, tuple[StatisticLine, ...]]
    years: bool


NONE = DayStatistics({}, {}, years=False)


def compare(
    day: date, places: Mapping[str, PaperDivision], counted: Mapping[str, CountedCounty], recent: _Kept
) -> DayStatistics:
    """Compare the day with earlier ones. `recent`: figures of the counties' last weeks, the day's own included."""
    names = {code: group.name for code, group in rules.load().groups.items()}
    days, years = _days_compared(day, list(counted))
    counts = {code: {when: _counts(f) for when, f in recent.get(code, {}).items()} for code in counted}
    found: dict[str, list[Unusual]] = {}
    for code, one in counted.items():  # one after the other: a county's years take some megabytes
        past = _kept(code, days, counts[code])
        counts[code] = {**past.counts, **counts[code]}
        schools = {**past.schools, day: SchoolsDay(frozenset(one.observed), one.new)}
        found[code] = statistics.of_schools(schools, day, names)
    called = lookup.names(one.unit for unusual in found.values() for one in unusual)
    of_places = {
        code: statistics.of_place(code, _place_days(place, counts, day), day, names.keys())
        for code, place in places.items()
    }
    return DayStatistics(
        {code: _lines(unusual, names, {}) for code, unusual in of_places.items()},
        {code: _lines(unusual, names, called) for code, unusual in found.items()},
        years=years,
    )


def of_digest(found: DayStatistics, place: PaperDivision, below: Sequence[PaperDivision]) -> StatisticFacts:
    """Return what a division's digest says. What the digests below say of their own parts is theirs."""
    direct, inside = {place.code, *(one.code for one in below)}, set(place.counties)
    deeper = any(lines for code, lines in found.places.items() if code in inside - direct)
    of_schools = any(found.schools.get(code) for code in inside - {place.code})
    return StatisticFacts(
        own=found.places.get(place.code, ()),
        below=tuple((one.name, line) for one in below for line in found.places.get(one.code, ())),
        schools=found.schools.get(place.code, ()),
        elsewhere=deeper or of_schools,
        years=found.years,
    )


def _lines(found: Iterable[Unusual], groups: Mapping[str, str], called: Mapping[str, str]) -> tuple[StatisticLine, ...]:
    return tuple(
        StatisticLine(one.unit, called.get(one.unit, ""), one.group, groups[one.group], one.comparisons)
        for one in found
    )


class _Counts(NamedTuple):
    """One county's day: schools that reported, and that should have; new cases by group."""

    reported: int
    owed: int
    new: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Past:
    counts: Mapping[date, _Counts]
    schools: Mapping[date, SchoolsDay]


def _counts(figures: CountyFigures) -> _Counts:
    return _Counts(figures.reported, figures.due - figures.excused, figures.new_groups)


def _days_compared(day: date, counties: Sequence[str]) -> tuple[list[date], bool]:
    """The earlier days that are read; and whether other years' are among them: once the site is three years old."""
    days = sql.each_day(day - timedelta(days=statistics.REACH), day - timedelta(days=1))
    spans = statistics.spans(day)
    years = CountyDay.objects.filter(day__range=spans[_YEARS - 1], division__in=counties).exists()
    for first, last in spans if years else ():
        days += sql.each_day(first, last)
    return days, years


def _kept(code: str, days: Sequence[date], known: Collection[date]) -> _Past:
    """A county's kept counts of these days, without those known already, and its schools' of all."""
    counts, schools = {}, {}
    text = "SELECT day, figures, schools FROM county_day WHERE day IN ? AND division IN ?"
    for when, figures, of_schools in sql.fetch_in(text, [sql.day(one) for one in days], [code]):
        day, kept = sql.date_of(when), serialise.read(of_schools)
        if day not in known:
            counts[day] = _Counts(*series_of(serialise.read(figures)))
        if kept:  # one counted before series were kept has none
            schools[day] = SchoolsDay(frozenset(kept["observed"]), kept["new"])
    return _Past(counts, schools)


def _place_days(place: PaperDivision, counts: Mapping[str, Mapping[date, _Counts]], day: date) -> dict[date, PlaceDay]:
    """A division's days on which something was due, summed over its counties."""
    by_day: dict[date, list[_Counts]] = defaultdict(list)
    for code in place.counties:
        for when, one in counts.get(code, {}).items():
            by_day[when].append(one)
    return {when: found for when, parts in by_day.items() if (found := _sum(parts, today=when == day)) is not None}


def _sum(parts: Sequence[_Counts], *, today: bool) -> PlaceDay | None:
    """One day of a division; None if nothing was due, or nobody has reported."""
    reported, owed = sum(one.reported for one in parts), sum(one.owed for one in parts)
    if not reported and not (today and owed):
        return None
    new: dict[str, int] = {}
    for one in parts:
        for group, n in one.new.items():
            new[group] = new.get(group, 0) + n
    return PlaceDay(reported >= ENOUGH * owed, new)
