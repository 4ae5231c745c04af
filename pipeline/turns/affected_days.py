"""Days that a change of registry or calendar touches: their figures are counted again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pipeline.database import sql
from pipeline.database.models import CountyDay
from pipeline.model import TodoKind
from pipeline.registry import lookup
from pipeline.turns.transaction import Writes


def counties(units: Iterable[str], first: date, last: date) -> dict[tuple[str, date], str]:
    """Return the counties of units on the first and on the last day."""
    codes = sorted(set(units))
    return {(code, day): place for day in (first, last) for code, place in lookup.counties(codes, day).items()}


def figures(places: Iterable[str], first: date, last: date, settled: int, writes: Writes) -> None:
    """Leave todos to count the days of these counties again, first to last, that were counted before."""
    days = CountyDay.objects.filter(division__in=set(places), day__range=(first, last))
    for division, day in days.values_list("division", "day"):
        writes.todo(TodoKind.FIGURES, division, settled, day)


def reported(schools: Iterable[str], days: Iterable[date]) -> list[date]:
    """Return, in order, those of these days for which one of these schools has reported."""
    wanted, found = [day.isoformat() for day in days], set()
    codes = sorted(set(schools))
    for start in range(0, len(codes), 500):
        text = "SELECT DISTINCT day FROM report WHERE day IN ? AND school IN ?"
        found |= {str(day)[:10] for (day,) in sql.fetch_in(text, wanted, codes[start : start + 500])}
    return [date.fromisoformat(day) for day in sorted(found)]
