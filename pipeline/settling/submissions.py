"""fold → write: the current records, what some submissions make of them, and the work left, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.database import audit, sql
from pipeline.database.transactions import atomic
from pipeline.merge import Event
from pipeline.model import Checked, CheckVerdict, Issue, LetterKind, Settled, Site, State, SubmissionRef
from pipeline.settling import SETTLERS
from pipeline.turns import whole_file_tickets
from pipeline.turns.again import AtHand
from pipeline.turns.transaction import Outcome, Turn, Writes, form_of, mark, settled
from pipeline.units import is_division


@dataclass(frozen=True, slots=True)
class Folded:
    """The outcomes of some turns, and what is to be written. `was`: the state of their submissions until then."""

    whole: Sequence[tuple[Turn, Outcome]]
    was: State
    writes: Writes


def fold(batch: Sequence[Checked], site: Site, now: datetime, again: AtHand) -> Folded:
    """Let a batch have its turns, in received order, inside the caller's transaction, which must then `write` them.

    Raises NeedsAgain, with all of it undone, if a submission comes after a later one of the same report, closures or
    cards was settled, and what the replay needs is not at hand.
    """
    with atomic():
        first = sql.take("settled", len(batch))
        ordered = sorted(batch, key=lambda checked: checked.arrival.seq)
        together = again.joined(batch)
        turns = [Turn(Event(c.arrival.seq, c), first + i, together) for i, c in enumerate(ordered)]
        return _fold(turns, State.RECEIVED, site, now)


def take(turns: Sequence[Turn], was: State, site: Site, now: datetime) -> list[Settled]:
    """Take these turns, in order, and write them, inside the caller's transaction."""
    return write(_fold(turns, was, site, now))


def _fold(turns: Sequence[Turn], was: State, site: Site, now: datetime) -> Folded:
    writes = Writes(now)
    outcomes: dict[int, Outcome] = {}
    for form, settler in SETTLERS.items():
        mine = [turn for turn in turns if form_of(turn.checked) == form and settler.takes(turn)]
        done = settler.settle(mine, site, writes) if mine else []
        outcomes.update({turn.event.seq: outcome for turn, outcome in done})
    return Folded([(turn, outcomes.get(turn.event.seq) or _unplaced(turn.checked)) for turn in turns], was, writes)


def write(folded: Folded) -> list[Settled]:
    """Write what was collected for some turns, their outcomes and letters; return the outcomes, in order.

    Raises TemporaryError if one of them was settled by another process meanwhile; the caller's transaction must be
    undone then.
    """
    whole, was, writes = folded.whole, folded.was, folded.writes
    for turn, outcome in whole:
        back = whole_file_tickets.opened(turn.checked, outcome.state, outcome.opened)
        whole_file_tickets.keep(turn.checked, back, writes)
        _queue_letters(turn, outcome, writes, again=was is not State.RECEIVED, back=bool(back))
    writes.flush()
    mark(whole, was)
    whole_file_tickets.settle([turn for turn, _ in whole])
    if was is State.RECEIVED:
        audit.append([entry for turn, outcome in whole for entry in _strange(turn, outcome)], writes.now)
    return [settled(turn, outcome) for turn, outcome in whole]


def _unplaced(checked: Checked) -> Outcome:
    """A submission without a unit we can name, or that validation settled already, changes nothing."""
    state = State.HELD if checked.verdict == CheckVerdict.MERGE else State(checked.verdict)
    return Outcome(state, refused=len(checked.refused))


_STRANGE = frozenset({
    "sender-unproved", "returned-unproved", "folder-not-believed",
    "unit-not-yours", "token-wrong", "desk-not-yours", "ticket-foreign",
    "ticket-doubled", "void-foreign",
    "token-revoked", "token-expired", "token-used",
    "filing-wrong-door", "filing-token-missing", "filing-kind-differs", "level-differs", "region-elsewhere",
    "scan-unknown", "username-held",
})  # fmt: skip
"""Issues of attempts to change another unit's records, or one row twice, or to ask for accounts of others: refused or
held, and audited.
"""


def _strange(turn: Turn, outcome: Outcome) -> list[audit.AuditEntry]:
    checked = turn.checked
    return strange(checked.arrival.bound or checked.unit, turn.event.seq, (*checked.issues, *outcome.issues))


def strange(who: str, seq: int, found: Iterable[Issue]) -> list[audit.AuditEntry]:
    """Return the audit rows of a submission with such issues."""
    pairs = dict.fromkeys((one.row, one.code) for one in found if one.code in _STRANGE)
    return [
        audit.AuditEntry(who, "refused", f"submission {seq}" + (f" row {row}" if row else ""), (code,))
        for row, code in pairs
    ]


def _queue_letters(turn: Turn, outcome: Outcome, writes: Writes, *, again: bool, back: bool) -> None:
    checked = turn.checked
    ref = str(SubmissionRef(turn.event.seq, turn.settled if again else 0))
    reader = checked.unit or checked.arrival.bound
    if form_of(checked) == "card" and is_division(checked.arrival.bound):
        reader = checked.arrival.bound  # the county that answers for a school gets the receipt itself
    writes.letter(LetterKind.RECEIPT, ref, reader, checked.day)
    if outcome.opened or back:
        writes.letter(LetterKind.GIVEBACK, ref, reader, checked.day)
