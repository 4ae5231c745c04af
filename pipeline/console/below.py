"""A county as a reader above sees it: of his own division's day what lies in it, by his own scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.console.today import Day
from pipeline.figures import lines
from pipeline.figures.digest import PlaceRow
from pipeline.figures.lines import AlertTable, ClosureRow, SilentSchool


@dataclass(frozen=True, slots=True)
class SeenCounty:
    """Its line among the places below, and its part of each list: no sum that the digest does not print."""

    row: PlaceRow
    silence: SilentSchool
    alerts: AlertTable
    closures: Sequence[ClosureRow]
    at: datetime


def county(day: Day, code: str) -> SeenCounty | None:
    """Return one county of a day; None if it has no school, or does not lie right below."""
    facts = day.facts
    row = next((one for one in day.digest.below if one.code == code and one.registered), None)
    if row is None:
        return None
    return SeenCounty(
        row,
        lines.silence([one for one in facts.silent if one.county == code], facts.scope, ()),
        lines.alerts([one for one in facts.alerts if one.county == code], facts.scope, facts.day, facts.clock),
        lines.closures([one for one in facts.closures if one.county == code], facts.scope).rows,
        day.at,
    )
