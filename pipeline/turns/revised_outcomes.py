"""Outcomes that changed after they were sent, and the new receipts.

A roster or calendar is validated again by itself; reports, closures and cards are replayed with all others they are
folded with.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from pipeline.database import serialise
from pipeline.database.models import Submission
from pipeline.merge import Earlier
from pipeline.merge.tickets import opened_for
from pipeline.model import TAKEN, Issue, LetterKind, State, SubmissionRef, TicketState
from pipeline.turns import replay, tickets, whole_file_tickets
from pipeline.turns.replay import Replayed, Step
from pipeline.turns.transaction import Turn, Writes, form_of

D = TypeVar("D")
_OTHERS = (
    "UPDATE submission SET state = %s, accepted = %s, refused = %s, withdrawn = %s, issues = %s "
    "WHERE received_seq = %s "  # nosec B608  # our own words
    f"AND state <> '{State.RECEIVED}'"  # another of this batch has its own turn
)
_EFFECTIVE = (
    "UPDATE submission SET effective = %s "  # nosec B608  # our own words
    f"WHERE received_seq = %s AND state <> '{State.RECEIVED}'"
)


def revise(turn: Turn, messages: tuple[Issue, ...], writes: Writes, copy: State | None = None) -> None:
    """Give a submission that was settled before its new outcome; its sender gets a receipt if it changed.

    `copy`: its state, if it turns out to repeat another; then nothing of it is accepted, and none of its rows waits.
    """
    checked, seq = turn.checked, turn.event.seq
    accepted, refused = 0 if copy else len(checked.records), len(checked.refused)
    state = copy or checked.once_applied
    was = Submission.objects.get(received_seq=seq)
    text = (
        "UPDATE submission SET state = %s, accepted = %s, refused = %s, effective = %s, issues = %s "
        "WHERE received_seq = %s"
    )
    issues = serialise.issues_text(checked.issues + messages)
    writes.add(text, [(state.value, accepted, refused, copy is None, issues, seq)])
    known = tickets.load(checked.unit, form_of(checked))
    back = () if copy else checked.refused
    opened = {one.ticket: one for one in (opened_for(seq, one) for one in back)}
    # a row that went back before may go back for another reason
    now = {**known, **{name: replace(known.get(name, one), refused=one.refused) for name, one in opened.items()}}
    gone = [
        one for name, one in known.items() if one.seq == seq and one.state is TicketState.OPEN and name not in opened
    ]
    now |= {one.ticket: replace(one, state=TicketState.SUPERSEDED, closed_by=str(seq)) for one in gone}
    tickets.write(known, now, checked, writes)
    if (was.state, was.accepted, was.refused) != (state.value, accepted, refused):
        writes.letter(LetterKind.RECEIPT, str(SubmissionRef(seq, turn.settled)), checked.unit, checked.day)
        if opened.keys() - known.keys():
            writes.letter(LetterKind.GIVEBACK, str(SubmissionRef(seq, turn.settled)), checked.unit, checked.day)


def revise_others(
    again: Replayed[D, Step], earlier: Iterable[Earlier], turn: Turn, writes: Writes, *, effective: bool
) -> None:
    """Give the earlier submissions that were replayed with a turn their new outcomes; a new receipt only if more than
    its wording changed. A dismissed one stays so.

    `effective`: an accepted one is part of the current records; for a report that follows from its head.
    """
    was = {one.seq: one.state for one in earlier}
    others = {
        seq: (event, step)
        for seq, (event, step) in again.last.items()
        if seq in was and (turn.anew or event is not turn.event)
    }
    dismissed = replay.dismissals(list(others))
    for seq, (event, step) in others.items():
        state, messages, checked = step.state, step.issues, event.checked
        if seq in dismissed and state is State.HELD:
            state, messages = State.REJECTED, (*messages, dismissed[seq])
        issues = serialise.issues_text(checked.issues + messages)
        writes.add(_OTHERS, [(state.value, step.accepted, step.refused, step.withdrawn, issues, seq)])
        if effective:
            writes.add(_EFFECTIVE, [(state in TAKEN, seq)])
        if state is not was[seq]:
            ref, back = str(SubmissionRef(seq, turn.settled)), whole_file_tickets.opened(checked, state, step.opened)
            whole_file_tickets.keep(checked, back, writes)
            writes.letter(LetterKind.RECEIPT, ref, checked.unit, checked.day)
            if back or step.opened:
                writes.letter(LetterKind.GIVEBACK, ref, checked.unit, checked.day)
