"""已电话催报: a county rang a school that had not reported. The day stays as it is; it is known who rang, and when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from gettext import gettext as say

from pipeline.database.decision_log import decide
from pipeline.database.models import Decision, Unit
from pipeline.database.transactions import atomic
from pipeline.errors import UsageError
from pipeline.model import DecidedBy, DecisionKind, UnitKind


@dataclass(frozen=True, slots=True)
class Call:
    """The latest call about a day's report: who, when, and what was said."""

    who: str
    at: datetime
    what: str


def note(school: str, day: date, by: DecidedBy) -> None:
    """Note that a school was rung about a day's report; `why`: what it said. UsageError if it is none of ours."""
    with atomic():
        if not Unit.objects.filter(code=school, kind=UnitKind.SCHOOL).exists():
            raise UsageError(say("{school}: no such school in the registry").format(school=school))
        decide(DecisionKind.CALLED, school, by, day=day)


def of(schools: Collection[str], day: date) -> dict[str, Call]:
    """Return the latest call to each of these schools about a day."""
    rows = Decision.objects.filter(what=DecisionKind.CALLED, day=day, target__in=schools).order_by("seq")
    return {row.target: Call(row.who, row.at, row.why) for row in rows}
