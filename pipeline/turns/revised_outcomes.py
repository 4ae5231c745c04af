"""What was settled before and turned out different after all: its outcome, and another receipt.

A roster or calendar is judged again by itself; cards and closures are taken again with all others of their school.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from pipeline.database import serialise
from pipeline.database.models import Submission
from pipeline.merge.tickets import opened_for
from pipeline.model import Checked, Issue, LetterKind, State, TicketState
from pipeline.turns import replay, tickets
from pipeline.turns.transaction import Turn, Writes, form_of


def tell(turn: Turn, told: tuple[Issue, ...], writes: Writes) -> None:
    """Give a submission that was settled before the outcome it has now; its sender hears of it where it is another."""
    checked, seq = turn.checked, turn.event.seq
    accepted, refused = len(checked.records), len(checked.refused)
    state = State.ACCEPTED if not refused else State.PARTIAL if accepted else State.REJECTED
    was = Submission.objects.get(received_seq=seq)
    text = "UPDATE submission SET state = %s, accepted = %s, refused = %s, issues = %s WHERE received_seq = %s"
    issues = serialise.issues_text(checked.issues + told)
    writes.add(text, [(state.value, accepted, refused, issues, seq)])
    known = tickets.load(checked.unit, form_of(checked))
    opened = {one.ticket: one for one in (opened_for(seq, back) for back in checked.refused)}
    now = {**known, **{name: one for name, one in opened.items() if name not in known}}
    gone = [
        one for name, one in known.items() if one.seq == seq and one.state is TicketState.OPEN and name not in opened
    ]
    now |= {one.ticket: replace(one, state=TicketState.SUPERSEDED, closed_by=str(seq)) for one in gone}
    tickets.write(known, now, checked, writes)
    if (was.state, was.accepted, was.refused) != (state.value, accepted, refused):
        writes.letter(LetterKind.RECEIPT, f"{seq}.{turn.settled}", checked.unit, checked.day)
        if opened.keys() - known.keys():
            writes.letter(LetterKind.GIVEBACK, f"{seq}.{turn.settled}", checked.unit, checked.day)


class OutcomeStep(Protocol):
    """What became of one submission of a fold."""

    @property
    def state(self) -> State: ...
    @property
    def issues(self) -> tuple[Issue, ...]: ...
    @property
    def accepted(self) -> int: ...
    @property
    def refused(self) -> int: ...


def tell_others(
    others: Mapping[int, tuple[OutcomeStep, Checked]], was: Mapping[int, State], turn: Turn, writes: Writes
) -> None:
    """Give others of a turn's fold what became of them after all; a new receipt where more than its words is new.

    One that somebody sent back for good stays so.
    """
    dismissed = replay.dismissals(list(others))
    text = (
        "UPDATE submission SET state = %s, accepted = %s, refused = %s, effective = %s, issues = %s "
        "WHERE received_seq = %s AND state <> 'received'"  # another of this batch has its own turn
    )
    for seq, (step, checked) in others.items():
        if seq in dismissed and step.state is State.HELD:
            continue
        effective = step.state in {State.ACCEPTED, State.PARTIAL}
        issues = serialise.issues_text(checked.issues + step.issues)
        writes.add(text, [(step.state.value, step.accepted, step.refused, effective, issues, seq)])
        if step.state is not was[seq]:
            writes.letter(LetterKind.RECEIPT, f"{seq}.{turn.settled}", checked.unit, checked.day)
