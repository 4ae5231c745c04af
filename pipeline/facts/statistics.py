"""统计提示 of a day's divisions and schools: the kept counts of their days, compared once for all digests of a cut.

A handful of queries, whatever has been kept: the last weeks, and five weeks of each of five years, by day and division.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pipeline import rules, statistics
from pipeline.database.models import CountyDay
from pipeline.facts import county_day
from pipeline.facts.county_day import CountedCounty
from pipeline.figures.county import ENOUGH, CountyFigures
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
    counties, names = list(counted), {code: group.name for code, group in rules.load().groups.items()}
    past = _other_years(day, counties)
    kept = {code: {**past.get(code, {}), **recent.get(code, {})} for code in counties}
    of_places = {
        code: _lines(statistics.of_place(code, _place_days(place, kept, day), day, names.keys()), names, {})
        for code, place in places.items()
    }
    spans = [
        (day - timedelta(days=statistics.REACH), day - timedelta(days=1)),
        *(statistics.spans(day) if past else ()),
    ]
    found = {code: statistics.of_schools(_school_days(code, one, spans), day, names) for code, one in counted.items()}
    called = lookup.names(one.unit for unusual in found.values() for one in unusual)
    of_schools = {code: _lines(unusual, names, called) for code, unusual in found.items()}
    return DayStatistics(of_places, of_schools, years=bool(past))


def of_digest(found: DayStatistics, place: PaperDivision, below: Sequence[PaperDivision]) -> StatisticFacts:
    """Return what a division's digest says. What the digests below say of their own parts is counted only."""
    direct = {place.code, *(one.code for one in below)}
    inside = set(place.counties)
    deeper = sum(len(lines) for code, lines in found.places.items() if code not in direct and code in inside)
    schools = sum(len(found.schools.get(code, ())) for code in inside if code != place.code)
    return StatisticFacts(
        own=found.places.get(place.code, ()),
        below=tuple((one.name, line) for one in below for line in found.places.get(one.code, ())),
        schools=found.schools.get(place.code, ()),
        elsewhere=deeper + schools,
        years=found.years,
    )


def _lines(found: Iterable[Unusual], groups: Mapping[str, str], called: Mapping[str, str]) -> tuple[StatisticLine, ...]:
    return tuple(
        StatisticLine(one.unit, called.get(one.unit, ""), one.group, groups[one.group], one.comparisons)
        for one in found
    )


def _other_years(day: date, counties: Sequence[str]) -> dict[str, dict[date, CountyFigures]]:
    """The counties' figures of other years' weeks; nothing while the site has not been there for three years."""
    spans = statistics.spans(day)
    if not CountyDay.objects.filter(day__range=spans[_YEARS - 1], division__in=counties).exists():
        return {}
    found: dict[str, dict[date, CountyFigures]] = defaultdict(dict)
    for first, last in spans:
        for code, days in county_day.kept(counties, first, last).items():
            found[code].update(days)
    return found


def _place_days(place: PaperDivision, kept: _Kept, day: date) -> dict[date, PlaceDay]:
    """A division's days on which something was due, summed over its counties."""
    by_day: dict[date, list[CountyFigures]] = defaultdict(list)
    for code in place.counties:
        for when, figures in kept.get(code, {}).items():
            by_day[when].append(figures)
    return {when: found for when, parts in by_day.items() if (found := _sum(parts, today=when == day)) is not None}


def _sum(parts: Sequence[CountyFigures], *, today: bool) -> PlaceDay | None:
    """One day of a division; None if nothing was due, or nobody has reported."""
    reported, owed = sum(f.reported for f in parts), sum(f.due - f.excused for f in parts)
    if not reported and not (today and owed):
        return None
    new: dict[str, int] = {}
    for figures in parts:
        for group, n in figures.new_groups.items():
            new[group] = new.get(group, 0) + n
    return PlaceDay(reported >= ENOUGH * owed, new)


def _school_days(code: str, now: CountedCounty, spans: Sequence[tuple[date, date]]) -> dict[date, SchoolsDay]:
    """The days of a county's schools."""
    found = {now.figures.day: SchoolsDay(frozenset(now.observed), now.new)}
    for first, last in spans:
        rows = CountyDay.objects.filter(division=code, day__range=(first, last)).values_list("day", "schools")
        found |= {day: SchoolsDay(frozenset(kept["observed"]), kept["new"]) for day, kept in rows if kept}
    return found
