"""Settle a batch: what stands, what it becomes, and what is left to do, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction

from pipeline.accounts import filings
from pipeline.database import audit, sql
from pipeline.merge import Event
from pipeline.model import Checked, LetterKind, Settled, Site, State
from pipeline.settling import absence, calendar, card, closure, late, roster
from pipeline.turns import whole_file_tickets
from pipeline.turns.transaction import Outcome, Reread, Turn, Writes, form_of, mark, settled

DIVISION_DIGITS = 6

_Takes = Callable[[Turn], bool]
_Settle = Callable[[Sequence[Turn], Site, Reread, Writes], list[tuple[Turn, Outcome]]]
Settler = tuple[_Takes, _Settle]
FORMS: tuple[Settler, ...] = (
    (absence.takes, absence.settle),
    (closure.takes, closure.settle),
    (card.takes, card.settle),
    (roster.takes, roster.settle),
    (calendar.takes, calendar.settle),
    (filings.takes, filings.settle),
)
"""Which turns a form's module takes, and how; a turn that none takes changes nothing. The county's desk is not
among them: `run` adds it.
"""


def settle(
    batch: Sequence[Checked], site: Site, now: datetime, reread: Reread, settlers: Sequence[Settler] = FORMS
) -> list[Settled]:
    """Give every submission of the batch its outcome, all of them or none; return them in received order.

    `reread(seqs)` reads and validates earlier submissions again, in order; it is called only when a
    submission settles after a later-received one of the same report, or one that it should have been judged by.
    Raises TemporaryError when one was settled by somebody else meanwhile (nothing is written then), and
    Django's database errors as they come.
    """
    if not batch:
        return []
    with transaction.atomic():
        first = sql.take("settled", len(batch))
        ordered = sorted(batch, key=lambda checked: checked.arrival.seq)
        turns = [Turn(Event(c.arrival.seq, c), first + i) for i, c in enumerate(ordered)]
        done = take(turns, State.RECEIVED, site, now, reread, settlers)
        late.catch_up(turns, take, site, now, reread)
        return done


def take(
    turns: Sequence[Turn],
    was: State,
    site: Site,
    now: datetime,
    reread: Reread,
    settlers: Sequence[Settler] = FORMS,
) -> list[Settled]:
    """Take these turns, in order, inside the caller's transaction; all submissions stand as `was` till now."""
    writes = Writes(now)
    outcomes: dict[int, tuple[Turn, Outcome]] = {}
    for takes, settle_form in settlers:
        mine = [turn for turn in turns if takes(turn)]
        done = settle_form(mine, site, reread, writes) if mine else []
        outcomes.update({turn.event.seq: (turn, outcome) for turn, outcome in done})
    for turn in turns:
        if turn.event.seq not in outcomes:
            outcomes[turn.event.seq] = (turn, _unplaced(turn.checked))
    whole = [outcomes[turn.event.seq] for turn in turns]
    for turn, outcome in whole:
        back = whole_file_tickets.opened(turn, outcome)
        whole_file_tickets.keep(turn.checked, back, writes)
        _queue_letters(turn, outcome, writes, again=was is not State.RECEIVED, back=bool(back))
    writes.flush()
    mark(whole, was)
    whole_file_tickets.settle(turns)
    if was is State.RECEIVED:
        audit.append([entry for turn, outcome in whole for entry in _strange(turn, outcome)], now)
    return [settled(turn, outcome) for turn, outcome in whole]


def _unplaced(checked: Checked) -> Outcome:
    """A submission that is about nothing we can name, or that validation settled already, changes nothing."""
    state = State.HELD if checked.verdict == "merge" else State(checked.verdict)
    return Outcome(state, refused=len(checked.refused))


_STRANGE = frozenset({
    "unit-not-yours", "token-wrong", "desk-not-yours", "ticket-foreign", "ticket-doubled", "void-foreign",
    "filing-wrong-door", "filing-token-missing", "filing-kind-differs", "level-differs", "region-elsewhere",
    "scan-unknown", "username-held",
})  # fmt: skip
"""What would have changed somebody else's records, or one row twice, or asked for accounts that are not the asker's to
ask for: refused or held, and remembered."""


def _strange(turn: Turn, outcome: Outcome) -> list[audit.AuditEntry]:
    checked = turn.checked
    who = checked.arrival.bound or checked.unit
    found = dict.fromkeys((one.row, one.code) for one in (*checked.issues, *outcome.issues) if one.code in _STRANGE)
    return [
        audit.AuditEntry(who, "refused", f"submission {turn.event.seq}" + (f" row {row}" if row else ""), (code,))
        for row, code in found
    ]


def _queue_letters(turn: Turn, outcome: Outcome, writes: Writes, *, again: bool, back: bool) -> None:
    checked = turn.checked
    ref = f"{turn.event.seq}.{turn.settled}" if again else str(turn.event.seq)
    reader = checked.unit or checked.arrival.bound
    if form_of(checked) == "card" and len(checked.arrival.bound) == DIVISION_DIGITS:
        reader = checked.arrival.bound  # the county that answers for a school is told itself
    writes.letter(LetterKind.RECEIPT, ref, reader, checked.day)
    if outcome.opened or back:
        writes.letter(LetterKind.GIVEBACK, ref, reader, checked.day)
