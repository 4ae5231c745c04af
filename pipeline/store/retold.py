"""A roster or calendar judged again: its outcome, its tickets, and another receipt where that turned out different."""

from __future__ import annotations

from dataclasses import replace

from pipeline.merge.tickets import opened_for
from pipeline.model import Issue, State
from pipeline.store import codec, tickets
from pipeline.store.models import Submission
from pipeline.store.outcomes import Turn, Writes, form_of


def tell(turn: Turn, told: tuple[Issue, ...], writes: Writes) -> None:
    """Give a submission that was settled before the outcome it has now; its sender hears of it where it is another."""
    checked, seq = turn.checked, turn.event.seq
    accepted, refused = len(checked.records), len(checked.refused)
    state = State.ACCEPTED if not refused else State.PARTIAL if accepted else State.REJECTED
    was = Submission.objects.get(received_seq=seq)
    text = "UPDATE submission SET state = %s, accepted = %s, refused = %s, issues = %s WHERE received_seq = %s"
    issues = codec.issues_text(checked.issues + told)
    writes.add(text, [(state.value, accepted, refused, issues, seq)])
    known = tickets.load(checked.unit, form_of(checked))
    opened = {one.ticket: one for one in (opened_for(seq, back) for back in checked.refused)}
    now = {**known, **{name: one for name, one in opened.items() if name not in known}}
    gone = [one for name, one in known.items() if one.seq == seq and one.state == "open" and name not in opened]
    now |= {one.ticket: replace(one, state="superseded", closed_by=str(seq)) for one in gone}
    tickets.write(known, now, checked, writes)
    if (was.state, was.accepted, was.refused) != (state.value, accepted, refused):
        writes.letter("receipt", f"{seq}.{turn.settled}", checked.unit, checked.day)
        if opened.keys() - known.keys():
            writes.letter("giveback", f"{seq}.{turn.settled}", checked.unit, checked.day)
