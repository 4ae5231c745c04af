"""What is left out of a day above county: read from the day's schools and from what its editions have said already."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from pipeline import rules
from pipeline.database import sql
from pipeline.database.models import AlertHit, Edition
from pipeline.facts import county_day
from pipeline.facts.county_day import CountedCounty
from pipeline.figures import suppression
from pipeline.figures.count_network import OPEN, IllCell
from pipeline.figures.county import WHOLE_DAY, CountyFigures, SchoolDay, ill_cells, tally
from pipeline.figures.facts import PaperDivision
from pipeline.figures.suppression import ALL_SHOWN, Suppression
from pipeline.model import LetterKind, Level
from pipeline.registry import lookup
from pipeline.turns import context
from pipeline.units import Tree

_BACK = 35  # days that a paper compares with
_WEEK = timedelta(days=7)


def load(day: date, small: int) -> Suppression:
    """Count all counties of a day and decide; for exports."""
    return count(day, lookup.tree(day=day), (), small)[1]


def count(day: date, tree: Tree, counties: Sequence[str], small: int) -> tuple[dict[str, CountedCounty], Suppression]:
    """Count a day of these counties, and decide what is left out of it above county; nothing is if `small` is 0.

    The decision needs all counties of the province, whichever are asked for.
    """
    if not small:
        return county_day.count(day, counties), ALL_SHOWN
    everything = sorted({division for code, division in tree.units.items() if code not in tree.organs})
    counted = county_day.count(day, everything)
    return {code: counted[code] for code in counties}, _of_day(day, counted, tree, small)


def _of_day(day: date, counted: Mapping[str, CountedCounty], tree: Tree, small: int) -> Suppression:
    """Decide for one day of all counties, counted. What was printed of it before is taken as known."""
    chains = {county: tree.chain(county) for county in counted}
    stamps, earlier = _earlier(day, _above(tree))
    settled = _settled(day) if stamps else {}
    cells = [_dated(cell, stamps, settled) for one in counted.values() for cell in one.ill]
    before = _before(day, stamps[-1], settled, tree) if stamps else []
    found = suppression.decide(cells, chains, small, earlier, before)
    cities: dict[str, Counter[str]] = defaultdict(Counter)
    for county, one in counted.items():
        if len(chains[county]) > 2:  # county, city, province
            cities[chains[county][1]].update(one.figures.symptoms)
    top = next((code for code, place in tree.places.items() if place.level is Level.PROVINCE), "")
    return suppression.with_symptoms(found, cities, top)


def _above(tree: Tree) -> list[str]:
    return [code for code, place in tree.places.items() if place.level in {Level.PROVINCE, Level.CITY}]


def _dated(cell: IllCell, stamps: Sequence[int], settled: Mapping[str, int]) -> IllCell:
    return replace(cell, batch=bisect_left(stamps, settled.get(cell.school, 0))) if stamps else cell


def _earlier(day: date, places: Sequence[str]) -> tuple[list[int], list[frozenset[str]]]:
    """When the day's editions above county were cut, as settled numbers, and what each left out."""
    found: dict[int, set[str]] = defaultdict(set)
    rows = Edition.objects.filter(kind=LetterKind.DIGEST, day=day, place__in=places)
    for as_of, hidden in rows.values_list("as_of_settled", "figures__hidden"):
        found[as_of] |= set(hidden or ())
    return sorted(found), [frozenset(found[as_of]) for as_of in sorted(found)]


def _before(day: date, stamp: int, settled: Mapping[str, int], tree: Tree) -> list[IllCell]:
    """What an edition had of the schools that changed since it was cut."""
    changed = sorted(school for school, n in settled.items() if n > stamp)
    rows = county_day.absences_as_of(day, changed, stamp)
    known = county_day.few(
        day, sorted({row.school for some in rows.values() for row in some}), tree, context.calendar()
    )
    schools: dict[str, list[SchoolDay]] = defaultdict(list)
    for one in known.values():
        schools[one.county].append(one.day)
    return [cell for code, mine in rows.items() for cell in ill_cells(code, tally(schools[code], mine))]


def _settled(day: date) -> dict[str, int]:
    """School → the last settlement that changed its day."""
    last: dict[str, int] = {}
    for table, column in (("report", "from_settled"), ("absence", "from_settled"), ("absence_past", "to_settled")):
        text = f"SELECT school, MAX({column}) FROM {table} WHERE day = %s GROUP BY school"  # nosec B608  # our own words
        for school, n in sql.fetch(text, [day.isoformat()]):
            last[school] = max(n, last.get(school, 0))
    return last


# --------------------------------------------------------------------------- days before


def unseen(
    day: date, places: Mapping[str, PaperDivision], days: Mapping[str, Mapping[date, CountyFigures]], small: int
) -> dict[str, frozenset[date]]:
    """Return by place the days before whose rate must not be compared with: it was left out on its own papers, or has
    changed since by so little that the difference says who.
    """
    left_out, printed = _printed(day, places)
    found: dict[str, set[date]] = defaultdict(set, left_out)
    for code, place in places.items():
        compared = {day - _WEEK} if place.level is Level.COUNTY else _past(day)
        for when in compared:
            parts = [days[county][when] for county in place.counties if when in days.get(county, {})]
            ill = sum(sum(one.stage_ill.values()) for one in parts)
            halves = sum(one.rate_ill_halves for one in parts)
            moved = abs(halves - printed.get((code, when), halves))
            if 0 < ill < small or 0 < moved < WHOLE_DAY * small:
                found[code].add(when)
    return {code: frozenset(some) for code, some in found.items()}


def _past(day: date) -> set[date]:
    return {day - timedelta(days=n) for n in range(1, _BACK + 1)}


def _printed(
    day: date, places: Mapping[str, PaperDivision]
) -> tuple[dict[str, set[date]], dict[tuple[str, date], int]]:
    """The days whose rate the last editions left out, by place; and the half days by place and day that they counted.
    Of counties only the day a week ago is compared.
    """
    above = [code for code, place in places.items() if place.level is not Level.COUNTY]
    rows = Edition.objects.filter(kind=LetterKind.DIGEST).order_by("n")
    wanted = ("place", "day", "figures__hidden", "figures__sums__rate_ill_halves")
    last: dict[tuple[str, date], tuple[Sequence[str], int]] = {}
    for asked in (
        rows.filter(place__in=above, day__in=_past(day)),
        rows.filter(place__in=list(places), day=day - _WEEK),
    ):
        for place, when, hidden, halves in asked.values_list(*wanted):
            last[place, when] = (hidden or (), halves or 0)
    left_out: dict[str, set[date]] = defaultdict(set)
    for (_, when), (hidden, _) in last.items():
        for name in hidden:
            place, _, what = name.partition(":")
            if what == OPEN:
                left_out[place].add(when)
    return left_out, {at: halves for at, (_, halves) in last.items()}


# --------------------------------------------------------------------------- alerts


def least(alerts: Iterable[str], small: int) -> dict[str, int]:
    """Return by alert how many cases the conditions it meets give away, where that is fewer than `small`."""
    found: dict[str, int] = {}
    by_id = {rule.id: rule for rule in rules.load().rules}
    hits = AlertHit.objects.filter(alert__in=list(alerts), to_settled__isnull=True)
    for alert, name in hits.values_list("alert", "rule"):
        n = by_id[name].at_least if name in by_id else 0
        if 0 < n < small:
            found[alert] = max(n, found.get(alert, 1))
    return found
