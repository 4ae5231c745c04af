"""The boards of a county's desk: what waits on each, and how a decision on one of its lines is carried out.

A board is a sheet of the 县级处理单. Deciding raises UsageError, with nothing changed, if the matter has moved on or
may not be decided so; its text is for the county.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.accounts import rulings
from pipeline.issues.refusals import refusal
from pipeline.merge.desk import Deed
from pipeline.model import DecidedBy, DeskSheet, Issue, Opinion
from pipeline.settling import (
    amendments,
    card,
    closure_decisions,
    decisions,
    held_files,
    known_mailboxes,
    proposals,
    raising,
    reconciliation,
    rolls,
)
from pipeline.settling.amendments import Bench
from pipeline.settling.held_files import TicketKey
from pipeline.turns.pending_items import PendingItem


@dataclass(frozen=True, slots=True)
class Board:
    """`find`: the line of an id, None if it does not wait. `decide`: carry out a deed; returns what is left for the
    county to do, if anything.
    """

    name: DeskSheet
    waiting: Callable[[str], Sequence[PendingItem]]
    decide: Callable[[Deed, DecidedBy, Bench], Issue | None]
    one: Callable[[str, str], PendingItem | None] | None = None  # how to find a single line, if there may be many
    begins: bool = False  # nothing waits: each line is the county's own
    some: Callable[[str, Sequence[str]], Sequence[PendingItem]] | None = None  # likewise, of several
    keys: Callable[[str], Sequence[TicketKey]] | None = None  # one for each that waits, if there may be many
    counted: Callable[[str], int] | None = None  # likewise, how many

    def find(self, division: str, target: str) -> PendingItem | None:
        """Return the line of this id as it waits now, None if it does not."""
        if self.one is not None:
            return self.one(division, target)
        return next((line for line in self.waiting(division) if line.id == target), None)

    def find_some(self, division: str, targets: Sequence[str]) -> Sequence[PendingItem]:
        """Likewise of several ids; those that do not wait are left out."""
        if self.some is not None:
            return self.some(division, targets)
        return [line for line in self.waiting(division) if line.id in targets]

    def count(self, division: str) -> int:
        """Return how many lines wait."""
        return self.counted(division) if self.counted else len(self.waiting(division))


def _ticket(deed: Deed, by: DecidedBy, bench: Bench) -> None:
    if deed.opinion is Opinion.WAIVE:
        decisions.waive([deed.id], by)
    else:
        amendments.mend(deed, by, bench)


def _held(deed: Deed, by: DecidedBy, bench: Bench) -> None:
    if deed.opinion is Opinion.CONFIRM:
        decisions.release(bench.site, [int(deed.id)], by, bench.again)
    else:
        decisions.dismiss(int(deed.id), by)


def _closure(deed: Deed, by: DecidedBy, _: Bench) -> None:
    act = closure_decisions.confirm if deed.opinion is Opinion.CONFIRM else closure_decisions.send_back
    act(deed.id, by)


def _alert(deed: Deed, by: DecidedBy, _: Bench) -> None:
    act = card.confirm if deed.opinion is Opinion.CONFIRM else card.send_back
    act(deed.id, by)


def _account(deed: Deed, by: DecidedBy, bench: Bench) -> Issue | None:
    if deed.opinion is Opinion.RETURN:
        rulings.refuse(deed.id, by)
        return None
    waits = next((one for one in rulings.waiting(bench.desk.unit) if one.id == deed.id), None)
    if waits is not None and not waits.signed and deed.stamped_on is None:
        raise refusal("filing-unsigned-desk")
    opened = rulings.confirm(deed.id, by, stamped_on=deed.stamped_on)
    bare = sum(one.needs_password for one in opened)
    return Issue("desk-password", details=(("count", str(bare)),)) if bare else None


def _proposal(deed: Deed, by: DecidedBy, _: Bench) -> None:
    if deed.opinion is Opinion.RETURN:
        proposals.refuse(deed.id, by)
        return
    alias = next(iter(deed.cells.values()), "") if deed.opinion is Opinion.MEND else ""
    proposals.confirm(deed.id, by, alias)


def _matter(deed: Deed, by: DecidedBy, bench: Bench) -> None:
    if deed.opinion is Opinion.RETURN:
        rolls.send_back(deed.id, by)
    else:
        rolls.confirm(deed.id, by, bench.site.policy)


def _mailbox(deed: Deed, by: DecidedBy, _: Bench) -> None:
    act = known_mailboxes.refuse if deed.opinion is Opinion.RETURN else known_mailboxes.confirm
    act(deed.id, by)


def _nothing_waits(division: str) -> Sequence[PendingItem]:
    del division
    return ()


def _raised(deed: Deed, by: DecidedBy, bench: Bench) -> None:
    if deed.raised is not None:
        raising.raise_in(bench.desk.unit, deed.raised, by)


BOARDS: Mapping[str, Board] = {
    board.name: board
    for board in (
        Board(
            DeskSheet.TICKETS,
            held_files.tickets,
            _ticket,
            held_files.ticket,
            False,
            held_files.tickets_named,
            held_files.ticket_keys,
            held_files.ticket_count,
        ),
        Board(DeskSheet.HELD, held_files.held_of, _held),
        Board(DeskSheet.CLOSURES, closure_decisions.waiting, _closure),
        Board(DeskSheet.ALERTS, card.waiting, _alert),
        Board(DeskSheet.ACCOUNTS, rulings.waiting, _account),
        Board(DeskSheet.CLASSES, proposals.waiting, _proposal),
        Board(DeskSheet.MATTERS, reconciliation.waiting, _matter),
        Board(DeskSheet.MAILBOXES, known_mailboxes.waiting, _mailbox),
        Board(DeskSheet.RAISED, _nothing_waits, _raised, begins=True),
    )
}
"""By the form's table, in the order of its sheets."""
