"""代改: a county types what the school said on the telephone; the row is settled as if the school had corrected it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline import issues
from pipeline.database.decision_log import decide
from pipeline.database.models import Reject
from pipeline.database.transactions import atomic
from pipeline.errors import UsageError
from pipeline.figures.deskwork import in_words
from pipeline.forms import form
from pipeline.issues.refusals import refusal
from pipeline.merge import Event
from pipeline.merge.desk import Deed
from pipeline.model import (
    Checked,
    CheckVerdict,
    DecidedBy,
    DecisionKind,
    Issue,
    LetterKind,
    Severity,
    Site,
    State,
    TicketState,
)
from pipeline.settling import SETTLERS
from pipeline.turns import rebuild_row
from pipeline.turns.again import NOTHING, AtHand, MendedRow, Needed
from pipeline.turns.transaction import Turn, Writes


@dataclass(frozen=True, slots=True)
class Bench:
    """Who carries out a 处理单 and when, and what was read and validated again for one of its deeds."""

    site: Site
    desk: Checked
    who: str
    now: datetime
    again: AtHand = NOTHING


class StillBad(UsageError):  # noqa: N818 - the name of a state of affairs
    """The corrected row would go back again. Its text says why, without the contents of other cells."""


def mend(deed: Deed, by: DecidedBy, bench: Bench) -> None:
    """Settle the row of a ticket with some cells replaced.

    Raises StillBad if the row would go back again, UsageError if the ticket is not open or its form is not one whose
    rows a county may correct; NeedsAgain until the row is built and validated. Nothing is changed then.
    """
    with atomic():
        ticket = Reject.objects.select_for_update().filter(ticket=deed.id, state=TicketState.OPEN).first()
        if ticket is None:
            raise refusal("ticket-closed")
        if not rebuild_row.mendable(ticket):
            raise refusal("row-not-mendable")
        mended = MendedRow(bench.desk.arrival.seq, deed.id)
        bench.again.require(Needed(mended=frozenset({mended})))
        checked = bench.again.mended[mended]
        if checked.verdict != CheckVerdict.MERGE or checked.refused or not checked.records:
            raise StillBad(_why(checked.issues))
        # a school's cell would be left blank and asked about; a county's is asked about at once
        typed = {column.header for column in form(ticket.form).table(ticket.table).columns if column.name in deed.cells}
        if unread := [one for one in checked.issues if one.code.endswith(issues.LEFT) and one.column in typed]:
            raise StillBad(_why(unread))
        order, settled = decide(DecisionKind.MEND, deed.id, by)
        writes = Writes(by.at)
        turn = Turn(Event(order, checked), settled, bench.again)
        ((_, outcome),) = SETTLERS[ticket.form].settle([turn], bench.site, writes)
        if outcome.state is not State.ACCEPTED:
            raise StillBad(_why(outcome.issues))
        writes.letter(LetterKind.DECIDED, str(order), ticket.school)
        writes.flush()


def _why(found: Sequence[Issue]) -> str:
    errors = [issue for issue in found if issues.severity(issue) is Severity.ERROR]
    return in_words((errors or list(found))[:1])
