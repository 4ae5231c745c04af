"""Rolls that a report gives otherwise than the registry: taken over, or not, by the county's word on the matter.

The registry's rolls stand until then: a slip of a clerk's must not become the denominator of a county.
"""

from __future__ import annotations

from pipeline import reconcile
from pipeline.database.models import Matter
from pipeline.database.transactions import atomic
from pipeline.issues.refusals import refusal
from pipeline.merge.registry import ClassStatement, RegistryStatement
from pipeline.model import DecidedBy, DecisionKind, LetterKind, Policy, TodoKind
from pipeline.reconcile import REPORTED_ROLLS, MatterKind
from pipeline.registry import statements
from pipeline.schooldays import school_year
from pipeline.settling import reconciliation, roster
from pipeline.turns import reconciliation_facts
from pipeline.turns.transaction import Writes


def confirm(matter_id: str, by: DecidedBy, policy: Policy) -> None:
    """Confirm a matter: rolls become those of the report from its day on; any other is settled, looked into.

    Raises UsageError, and changes nothing, if it is not open, or if the records have changed.
    """
    with atomic():
        row = reconciliation.open_one(matter_id)
        if not _of_rolls(row):
            reconciliation.settle(matter_id, by)
            return
        rolls = _reported(row, by, policy)
        order, settled = reconciliation.settle(matter_id, by, what=DecisionKind.ROLL_CONFIRM)
        year = school_year(row.day)
        rooms = tuple(ClassStatement(row.campus, year, key, roll=roll) for key, roll in rolls.items())
        stated = statements.joined(row.school_id, RegistryStatement(order, row.day, rooms=rooms))
        writes = Writes(by.at)
        roster.enter(roster.planned({row.school_id: stated}, row.day, order), 0, settled, writes)
        writes.todo(TodoKind.RECONCILE, row.school_id, settled)
        _tell(row, order, writes)


def send_back(matter_id: str, by: DecidedBy) -> None:
    """Leave the registry's rolls as they are; the school is told. Raises UsageError, and changes nothing, if the matter
    is not open, or is about something else.
    """
    with atomic():
        row = reconciliation.open_one(matter_id)
        if not _of_rolls(row):
            raise refusal("matter-no-roll", matter=matter_id)
        order, _ = reconciliation.settle(matter_id, by, what=DecisionKind.ROLL_RETURN)
        _tell(row, order, Writes(by.at))


def _of_rolls(row: Matter) -> bool:
    return row.kind == MatterKind.ROLL and row.subject == REPORTED_ROLLS


def _reported(row: Matter, by: DecidedBy, policy: Policy) -> dict[str, int]:
    """The rolls of the report, by class key: as the matter has them, or it has moved on."""
    facts = reconciliation_facts.load([row.school_id], by.at, policy).get(row.school_id)
    found = {one.id: one for one in reconcile.matters(facts.known, facts.clock)} if facts else {}
    if facts is None or row.pk not in found or found[row.pk].stamp != row.stamp:
        raise refusal("matter-moved-on", matter=row.pk)
    return dict(reconcile.differing(facts.known, row.day, row.campus))


def _tell(row: Matter, order: int, writes: Writes) -> None:
    writes.letter(LetterKind.DECIDED, str(order), row.school_id)
    writes.flush()
