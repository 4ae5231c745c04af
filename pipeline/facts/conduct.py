"""How the places below a reader reported over some days: from the figures that digests kept, and from the files."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.database import sql
from pipeline.database.models import Card
from pipeline.facts import county_day
from pipeline.figures.ranking import PlaceConduct
from pipeline.model import State
from pipeline.registry import lookup
from pipeline.schooldays import day_bounds
from pipeline.units import Scope, Tree


@dataclass(frozen=True, slots=True)
class Conduct:
    """The places below, and the days of which they have figures."""

    places: tuple[PlaceConduct, ...]
    days: tuple[date, ...]


def below(scope: Scope, tree: Tree, first: date, last: date) -> Conduct:
    """Return the places right below a reader's division, both days included."""
    parts = sorted(code for code in scope.divisions if tree.places[code].parent == scope.code)
    inside = {county: part for part in parts for county in tree.below(part)}
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    days: set[date] = set()
    for county, kept in county_day.kept(sorted(inside), first, last).items():
        for day, one in kept.items():
            if one.due - one.excused:
                days.add(day)
            counted = {"due": one.due - one.excused, "on_time": one.on_time, "late": one.late, "silent": one.silent}
            sums[inside[county]].update(counted)
    for county, files, back in _files(first, last):
        if county in inside:
            sums[inside[county]].update({"files": files, "back": back})
    for county, late in _answers(sorted(inside), first, last):
        sums[inside[county]].update({"answers": 1, "answers_late": late})
    names = lookup.names(parts)
    places = tuple(PlaceConduct(code, names.get(code, ""), **sums[code]) for code in parts if code in sums)
    return Conduct(places, tuple(sorted(days)))


def _files(first: date, last: date) -> list[tuple[str, int, int]]:
    """By county: its schools' 缺课日报 of the days, and of how many something went back."""
    text = (
        "SELECT u.division_id, COUNT(*), SUM(CASE WHEN s.state IN (%s, %s) THEN 1 ELSE 0 END) FROM submission s "
        "JOIN unit u ON u.code = s.unit WHERE s.day BETWEEN %s AND %s AND s.form = 'absence' GROUP BY u.division_id"
    )
    asked = (State.PARTIAL.value, State.REJECTED.value, first.isoformat(), last.isoformat())
    return [(county, int(files), int(back)) for county, files, back in sql.fetch(text, asked)]


def _answers(counties: Sequence[str], first: date, last: date) -> list[tuple[str, int]]:
    begin, end = day_bounds(first)[0], day_bounds(last)[1]
    rows = Card.objects.filter(at__gte=begin, at__lt=end, alert__division__in=counties)
    return [(county, int(late)) for county, late in rows.values_list("alert__division", "late")]
