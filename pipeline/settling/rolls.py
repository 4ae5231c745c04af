"""Rolls that a report gives otherwise than the registry: taken over, or not, class by class, by the county's word.

The registry's rolls stand until then: a slip of a clerk's must not become the denominator of a county.
"""

from __future__ import annotations

from pipeline import reconcile
from pipeline.database.models import Matter
from pipeline.database.transactions import atomic
from pipeline.issues.refusals import refusal
from pipeline.merge.registry import ClassStatement, RegistryStatement
from pipeline.model import DecidedBy, DecisionKind, LetterKind, Policy, TodoKind
from pipeline.reconcile import REPORTED_ROLL, MatterKind
from pipeline.registry import statements
from pipeline.schooldays import school_year
from pipeline.settling import reconciliation, roster
from pipeline.turns import reconciliation_facts
from pipeline.turns.transaction import Writes


def confirm(matter_id: str, by: DecidedBy, policy: Policy) -> None:
    """Confirm a matter: a class's roll becomes that of the report from its day on; any other is settled, looked into.

    Raises UsageError, and changes nothing, if it is not open, or if the records have changed.
    """
    with atomic():
        row = reconciliation.open_one(matter_id)
        if not _of_a_roll(row):
            reconciliation.settle(matter_id, by)
            return
        key, roll = _reported(row, by, policy)
        order, settled = reconciliation.settle(matter_id, by, what=DecisionKind.ROLL_CONFIRM)
        year = school_year(row.day)
        room = ClassStatement(row.campus, year, key, roll=roll)
        stated = statements.joined(row.school_id, RegistryStatement(order, row.day, rooms=(room,)))
        writes = Writes(by.at)
        roster.enter(roster.planned({row.school_id: stated}, row.day, order), 0, settled, writes)
        writes.todo(TodoKind.RECONCILE, row.school_id, settled)
        _tell(row, order, writes)


def send_back(matter_id: str, by: DecidedBy) -> None:
    """Leave the registry's roll as it is; the school is told. Raises UsageError, and changes nothing, if the matter
    is not open, or is about something else.
    """
    with atomic():
        row = reconciliation.open_one(matter_id)
        if not _of_a_roll(row):
            raise refusal("matter-no-roll", matter=matter_id)
        order, _ = reconciliation.settle(matter_id, by, what=DecisionKind.ROLL_RETURN)
        _tell(row, order, Writes(by.at))


def _of_a_roll(row: Matter) -> bool:
    return row.kind == MatterKind.ROLL and row.subject.startswith(REPORTED_ROLL)


def _reported(row: Matter, by: DecidedBy, policy: Policy) -> tuple[str, int]:
    """The class and its roll in the report: as the matter has it, or it has moved on."""
    facts = reconciliation_facts.load([row.school_id], by.at, policy).get(row.school_id)
    found = {one.id: one for one in reconcile.matters(facts.known, facts.clock)} if facts else {}
    if facts is None or row.pk not in found or found[row.pk].stamp != row.stamp:
        raise refusal("matter-moved-on", matter=row.pk)
    key = row.subject.removeprefix(REPORTED_ROLL)
    return key, reconcile.differing(facts.known, row.day, row.campus)[key]


def _tell(row: Matter, order: int, writes: Writes) -> None:
    writes.letter(LetterKind.DECIDED, str(order), row.school_id)
    writes.flush()
