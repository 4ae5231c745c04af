"""Decisions about submissions and tickets: journalled in the same sequence as arrivals, audited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from pipeline.accounts import filing
from pipeline.database import serialise, sql
from pipeline.database.decision_log import decide
from pipeline.database.models import Reject, Submission
from pipeline.database.transactions import atomic
from pipeline.figures import words
from pipeline.forms.whole import FILE
from pipeline.issues.refusals import refusal
from pipeline.letters import queue
from pipeline.merge import Event
from pipeline.model import (
    DecidedBy,
    DecisionKind,
    LetterKind,
    Settled,
    Site,
    State,
    SubmissionRef,
    TicketState,
    TodoKind,
)
from pipeline.settling import absence, held_files, submissions
from pipeline.turns import replay
from pipeline.turns.again import AtHand, Needed
from pipeline.turns.transaction import Turn, Writes


def release(site: Site, seqs: Sequence[int], by: DecidedBy, again: AtHand) -> list[Settled]:
    """Apply held submissions after all, in received order; return their outcomes.

    They take their turn at the decision's place in the sequence, and no question is asked again. Raises UsageError if
    one of them is not held, or if its school has reported again since; NeedsAgain until they are read and validated
    again, with what they are folded with. Nothing is changed then.
    """
    with atomic():
        ordered = sorted(set(seqs))
        held = {row.received_seq: row for row in Submission.objects.filter(received_seq__in=ordered, state=State.HELD)}
        if missing := [str(seq) for seq in ordered if seq not in held]:
            raise refusal("not-held", numbers=words.joined(missing))
        for seq, later in held_files.overtaken(held.values()).items():
            raise refusal("held-overtaken", number=seq, later=later)
        again.require(Needed(frozenset(ordered)))
        settled: list[Settled] = []
        for seq in ordered:
            order, number = decide(DecisionKind.RELEASE, str(seq), by, submission=seq)
            # with the result of validation: a release answers the question, it does not make bad rows good
            turn = Turn(Event.released(order, again.submissions[seq]), number, again)
            settled += submissions.take([turn], State.HELD, site, by.at)
        return settled


def dismiss(seq: int, by: DecidedBy) -> None:
    """Send a held submission back for good, with the reason for its sender.

    Raises UsageError, and changes nothing, if it is not held.
    """
    with atomic():
        row = Submission.objects.select_for_update().filter(received_seq=seq, state=State.HELD).first()
        if row is None:
            raise refusal("not-held", numbers=seq)
        order, settled = decide(DecisionKind.DISMISS, str(seq), by, submission=seq)
        row.state = State.REJECTED.value
        row.issues = [*row.issues, serialise.issue(replay.dismissed(by.why))]
        row.save(update_fields=["state", "issues"])
        filing.dismissed(seq, order, by.why)
        _count_again(row.unit, row.day, settled, by.at)
        queue.queue(LetterKind.RECEIPT, str(SubmissionRef(seq, order)), row.unit or row.bound_unit, by.at, row.day)


def waive(tickets: Sequence[str], by: DecidedBy) -> list[str]:
    """Waive returned rows: the sender need not correct them any more, old records behind them stay.

    Return the tickets that were closed by this, without those closed before. Raises UsageError for a ticket never given
    out.
    """
    with atomic():
        rows = {row.ticket: row for row in Reject.objects.filter(ticket__in=list(tickets)).defer("raw", "issues")}
        if missing := [name for name in tickets if name not in rows]:
            raise refusal("ticket-unknown", tickets=words.joined(missing))
        waived = []
        for name in tickets:
            if rows[name].state == TicketState.OPEN:
                order, number = decide(DecisionKind.WAIVE, name, by)
                writes = Writes(by.at)
                writes.letter(LetterKind.DECIDED, str(order), rows[name].school)
                _waive(rows[name], writes, by=str(order), settled=number)
                writes.flush()
                waived.append(name)
        return waived


def _waive(row: Reject, writes: Writes, *, by: str, settled: int) -> None:
    if row.form == "absence" and isinstance(row.day, date) and row.table != FILE:
        key = (row.day, row.school, row.campus)
        absence.waive(key, row.ticket, by=by, settled=settled, writes=writes)
    else:
        text = "UPDATE reject SET state = %s, closed_by = %s WHERE ticket = %s AND state = %s"
        writes.add(text, [(TicketState.WAIVED.value, by, row.ticket, TicketState.OPEN.value)])


def _count_again(school: str, day: date | None, settled: int, now: datetime) -> None:
    """Leave a todo to count the figures of a school's county and day again."""
    counties = dict(sql.fetch_in("SELECT code, division_id FROM unit WHERE code IN ?", [school]))
    if day is not None and school in counties:
        writes = Writes(now)
        writes.todo(TodoKind.FIGURES, counties[school], settled, day)
        writes.flush()
