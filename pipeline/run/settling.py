"""From readings to records, one part of a batch after the other: context → validate → fold → write.

Validation, and the assessment of alerts during settling, happen only here. A step that needs something only `run` can
do says so, as a value (`NeedsAgain`): its changes are undone, what it needs is read and validated, and it is taken
again, within the transaction of its part. Nearly always nothing is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from pipeline import validate
from pipeline.county import settle_desk
from pipeline.database import acts, errors, journal, transactions
from pipeline.executors import Readers
from pipeline.faults import stage
from pipeline.inbox import archive, packed
from pipeline.merge.desk import deeds
from pipeline.model import ActKind, Checked, Settled, Site
from pipeline.registry import statements
from pipeline.run import warning
from pipeline.run.parts import Read, parts
from pipeline.run.read_queue import job_of
from pipeline.schooldays import today
from pipeline.settling import known_mailboxes, late, submissions
from pipeline.turns import context, rebuild_row
from pipeline.turns.again import NOTHING, AtHand, Needed, NeedsAgain

T = TypeVar("T")


@dataclass(frozen=True)
class Settling:
    """A site, its readers, and the time now."""

    site: Site
    readers: Readers
    now: datetime

    def settle(self, batch: Sequence[Read]) -> Iterator[list[Settled]]:
        """Settle a batch, in received order, part by part; what a part settled stays settled if a later one fails."""
        with stage("settle", [arrival.seq for arrival, _ in batch]), errors.temporary():
            statements.take_effect(today(self.now))
        for part in parts(batch):
            with stage("settle", [arrival.seq for arrival, _ in part]), errors.temporary():
                settled = self.fold(self.validate(part))
            yield settled

    def validate(self, batch: Sequence[Read], now: datetime | None = None) -> list[Checked]:
        """Validate each of a batch by the statements up to its own place in the sequence; in the order given."""
        found: dict[int, Checked] = {}
        for upto, part in context.by_place(batch):
            seqs = [arrival.seq for arrival, _ in part]
            with stage("context", seqs):
                known = context.load(part, now or self.now, upto)
            with stage("validate", seqs):
                checked = validate.check(part, known, self.site.policy, self.site.key)
            found |= {id(arrival): one for (arrival, _), one in zip(part, checked, strict=True)}
        return [found[id(arrival)] for arrival, _ in batch]

    def fold(self, checked: Sequence[Checked]) -> list[Settled]:
        """Let a part have its turns and write the results: all of them, or nothing."""
        with transactions.atomic():
            settled = self._desk(checked[0]) if settle_desk.decides(checked[0]) else self._forms(checked)
            for done in settled:
                self.judge_later(done)
            seqs, states = [done.seq for done in settled], [done.state.value for done in settled]
            acts.note(ActKind.SETTLE, self.now, seqs=seqs, states=states)
            return settled

    def _forms(self, checked: Sequence[Checked]) -> list[Settled]:
        with stage("fold"):
            folded = self.take(partial(submissions.fold, checked, self.site, self.now))
        with stage("write"):
            settled = submissions.write(folded)
            known_mailboxes.ask(checked, settled, self.site, self.now)
            return settled

    def _desk(self, desk: Checked) -> list[Settled]:
        """Pass a 处理单 to `county`: its deeds one after the other, each on the result of those before it."""
        turn, bench = settle_desk.begin(desk, self.site, self.now)
        own = AtHand({desk.arrival.seq: desk})
        with stage("desk"):
            done = [self.take(partial(settle_desk.carry_out, deed, bench), own) for deed in deeds(desk)]
        with stage("write"):
            return [settle_desk.finish(turn, bench, done)]

    def judge_later(self, done: Settled) -> None:
        """Validate again the rosters, calendars and reports that came after this
        submission
        but were settled before it.
        """
        later = late.after(done)
        for checked in map(self._read_again, later.registry):  # each by the results of those before it
            late.apply_again(checked, done, self.now)
        for seqs in _slices(later.reports, self.site.policy.batch):
            self.take(partial(late.fold, self.read_again(seqs), done, self.site, self.now))
        for checked in map(self._read_again, later.unplaced):
            self.take(partial(late.place, checked, self.site, self.now))

    # ---------------------------------------------------------------- again

    def take(self, step: Callable[[AtHand], T], at_hand: AtHand = NOTHING) -> T:
        """Take a step; as long as it reports that it needs something first, do that and take it again."""
        while True:
            try:
                return step(at_hand)
            except NeedsAgain as missing:
                at_hand = self._with(missing.needed, at_hand)

    def _with(self, needed: Needed, at_hand: AtHand) -> AtHand:
        if needed.alerts:
            warning.assess(self.site, needed.alerts, self.now)
        desks = {row.desk for row in needed.mended}
        again = self.read_again(sorted((needed.submissions | desks) - at_hand.submissions.keys()))
        submitted = at_hand.joined(again).submissions
        rows = rebuild_row.rebuilt(needed.mended, submitted)
        mended = {row: self.validate([read], read[0].received_at)[0] for row, read in rows.items()}
        found = AtHand(submitted, {**at_hand.mended, **mended})
        found.require(needed)
        return found

    def read_again(self, seqs: Sequence[int]) -> list[Checked]:
        """Read and validate earlier submissions once more, in received order."""
        return self.validate(self.read(seqs)) if seqs else []

    def read(self, seqs: Sequence[int]) -> list[Read]:
        """Read earlier submissions once more, from wherever their bytes are now."""
        with stage("read", seqs):
            arrivals = journal.arrivals(self.site, seqs)
            try:
                readings = dict(self.readers.read([job_of(one, archive.find(self.site, one)) for one in arrivals]))
            finally:
                packed.put_away(self.site)
            return [(one, readings[one.seq]) for one in arrivals]

    def _read_again(self, seq: int) -> Checked:
        return self.read_again([seq])[0]


def _slices(groups: Iterable[Sequence[int]], size: int) -> Iterator[list[int]]:
    """Submissions in lots of about this size, in order; those of a group stay together."""
    lot: list[int] = []
    for group in groups:
        lot += group
        if len(lot) >= size:
            yield sorted(lot)
            lot = []
    if lot:
        yield sorted(lot)
