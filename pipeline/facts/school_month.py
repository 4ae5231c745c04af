"""A school's own month, day by day: how it reported, and how many were absent. For the school alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.database import kept
from pipeline.database.models import Absence
from pipeline.facts import county_day
from pipeline.figures.duty import DAY_OFF, LABELS, SILENT, StatusCounts
from pipeline.model import Reason, RowState
from pipeline.registry import lookup, statements
from pipeline.turns import context


@dataclass(frozen=True, slots=True)
class MonthDay:
    """One school day. `ill`, `others`: pupils absent, by name; `more`: absent for another reason, by number alone."""

    day: date
    standing: str
    silent: bool
    ill: int
    others: int
    more: int

    @property
    def next(self) -> date:
        return self.day + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SchoolMonth:
    """The school days of a month up to a day, and how often each standing is among them, the commonest first."""

    days: tuple[MonthDay, ...]
    counts: tuple[tuple[str, int], ...]
    ill: int


def month(school: str, first: date, last: date) -> SchoolMonth:
    """Return the days from the first to the last on which the school had lessons or closed, as they stand now."""
    known = statements.first_known([school]).get(school, last)
    begin = max(first, known, kept.since())
    days = [begin + timedelta(days=n) for n in range((last - begin).days + 1)]
    calendar, absent = context.calendar(), _absent(school, days)
    found = []
    for day in days:
        one = county_day.few(day, [school], lookup.tree([school], day=day), calendar).get(school)
        if one is None or one.day.standing in DAY_OFF:
            continue
        found.append(_line(day, one.day.standing, absent, one.day.other_absent))
    counts = Counter(one.standing for one in found).most_common()
    return SchoolMonth(tuple(found), tuple(counts), sum(one.ill for one in found))


def _line(day: date, standing: StatusCounts, absent: Counter[tuple[date, bool]], more: int) -> MonthDay:
    ill, others = absent[day, True], absent[day, False]
    return MonthDay(day, LABELS[standing], standing in SILENT, ill, others, more)


def _absent(school: str, days: Sequence[date]) -> Counter[tuple[date, bool]]:
    """How many pupils were absent by day, and whether ill."""
    rows = Absence.objects.filter(day__in=days, school=school).exclude(row_state=RowState.RETURNED)
    pupils = {(day, pupil): reason == Reason.ILL for day, pupil, reason in rows.values_list("day", "pupil", "reason")}
    return Counter((day, ill) for (day, _), ill in pupils.items())
