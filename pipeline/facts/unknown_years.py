"""Days of a year whose statutory days nobody has entered: school days, or none, by their weekday only. Whatever is
about such a day says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pipeline.figures import words
from pipeline.registry import lookup
from pipeline.schooldays import Calendar
from pipeline.turns import context


def assumed(days: Iterable[tuple[str, date]]) -> dict[tuple[str, date], int]:
    """Return the year, by unit and day, for days that are school days, or none, by their weekday only."""
    plain = Calendar()
    asked = sorted({(unit, day) for unit, day in days if plain.owes((), (), day).assumed})
    if not asked:
        return {}
    codes = {unit for unit, _ in asked}
    calendar, tree, stages = context.calendar(), lookup.tree(codes), lookup.stages(codes, asked[-1][1]).schools
    found = {(unit, day): calendar.owes(tree.chain(unit), stages.get(unit, ()), day).assumed for unit, day in asked}
    return {at: year for at, year in found.items() if year}


def notes(unit: str, *days: date) -> tuple[str, ...]:
    """What a workbook about these days says of them: a line for each such year."""
    years = sorted(set(assumed((unit, day) for day in days).values()))
    return tuple(words.assumed(year) for year in years)
