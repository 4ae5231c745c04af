"""免报: a county excuses a school from reporting a day, with a reason; or withdraws that."""

from __future__ import annotations

from datetime import date
from gettext import gettext as say

from pipeline.database.decision_log import decide, order_of
from pipeline.database.models import Decision, Unit
from pipeline.database.transactions import atomic
from pipeline.errors import UsageError
from pipeline.figures.words import EXCUSED
from pipeline.model import DecidedBy, DecisionKind, LetterKind, TodoKind, UnitKind
from pipeline.turns.transaction import Writes


def excuse(school: str, day: date, by: DecidedBy) -> None:
    """Excuse a school from a day's report. Raises UsageError if it is excused already, or no school of ours."""
    _decide(DecisionKind.EXCUSE, school, day, by)


def take_back(school: str, day: date, by: DecidedBy) -> None:
    """Ask a school for a day's report after all. Raises UsageError if it was not excused."""
    _decide(DecisionKind.UNEXCUSE, school, day, by)


def excused(day: date) -> dict[str, str]:
    """Return the schools that are excused on a day, with the reason."""
    rows = list(Decision.objects.filter(what__in=(DecisionKind.EXCUSE, DecisionKind.UNEXCUSE), day=day))
    found: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: (order_of(row), row.seq)):
        if row.what == DecisionKind.EXCUSE:
            found[row.target] = row.why or EXCUSED
        else:
            found.pop(row.target, None)
    return found


def _decide(what: DecisionKind, school: str, day: date, by: DecidedBy) -> None:
    with atomic():
        unit = Unit.objects.select_for_update().filter(code=school, kind=UnitKind.SCHOOL).first()
        if unit is None:
            raise UsageError(say("{school}: no such school in the registry").format(school=school))
        given = what is DecisionKind.EXCUSE
        if (school in excused(day)) == given:
            said = say("{school}: already excused on {day}") if given else say("{school}: not excused on {day}")
            raise UsageError(said.format(school=school, day=day))
        order, settled = decide(what, school, by, day=day)
        writes = Writes(by.at)
        writes.todo(TodoKind.FIGURES, unit.division_id, settled, day)
        writes.letter(LetterKind.DECIDED, str(order), school, day)
        writes.flush()
