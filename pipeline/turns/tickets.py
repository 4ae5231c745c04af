"""The tickets of a form with independent rows, as the merge's values. 缺课日报 and 停课报告表 load theirs with their
records.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.database.models import Reject
from pipeline.forms.whole import FILE
from pipeline.merge import Ticket
from pipeline.model import Checked
from pipeline.turns.report_state import ticket_of
from pipeline.turns.transaction import Writes, form_of


def load(unit: str, form: str) -> dict[str, Ticket]:
    """Return all tickets of single rows that a unit was given for a form."""
    rows = Reject.objects.filter(school=unit, form=form).exclude(table=FILE).order_by("submission", "row", "ticket")
    return {row.ticket: ticket_of(row) for row in rows.defer("raw", "issues")}


def write(before: Mapping[str, Ticket], after: Mapping[str, Ticket], checked: Checked, writes: Writes) -> None:
    """Write the changed states of tickets, and those that were opened."""
    day = checked.day if form_of(checked) != "roster" else None
    for name, ticket in after.items():
        was = before.get(name)
        if was is None and ticket.refused is not None:
            writes.reject(ticket, form=form_of(checked), school=checked.unit, campus=checked.campus, day=day)
        elif was is not None and was != ticket:
            writes.note_ticket(ticket)
