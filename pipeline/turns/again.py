"""What a step of settling needs before it can be taken, and only `run` can do: read and validate again, assess.

A step says so by raising `NeedsAgain`; its transaction undoes what it began. `run` does it and takes the step again,
with what it needs at hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.model import Checked


class MendedRow(NamedTuple):
    """A returned row as a county corrected it: with the 处理单 that has the cells."""

    desk: int
    ticket: str


@dataclass(frozen=True, slots=True)
class Needed:
    """What must be done first."""

    submissions: frozenset[int] = frozenset()  # earlier ones, to be read and validated again
    mended: frozenset[MendedRow] = frozenset()  # rows to be built and validated again
    alerts: frozenset[str] = frozenset()  # schools whose alerts must be assessed


class NeedsAgain(Exception):  # noqa: N818  # not an error: whoever takes the step handles it
    """The step cannot be taken yet; all of it must be undone."""

    def __init__(self, needed: Needed) -> None:
        super().__init__(needed)
        self.needed = needed


@dataclass(frozen=True, slots=True)
class AtHand:
    """What was read and validated again for a step; nearly always nothing."""

    submissions: Mapping[int, Checked] = field(default_factory=dict)  # by received_seq
    mended: Mapping[MendedRow, Checked] = field(default_factory=dict)

    def require(self, *needed: Needed) -> None:
        """Raise NeedsAgain for the submissions and rows that are not here."""
        submissions = {seq for one in needed for seq in one.submissions} - self.submissions.keys()
        mended = {row for one in needed for row in one.mended} - self.mended.keys()
        if submissions or mended:
            raise NeedsAgain(Needed(frozenset(submissions), frozenset(mended)))

    def joined(self, together: Iterable[Checked]) -> AtHand:
        """Return all this, with submissions that have their turn together."""
        return AtHand({**self.submissions, **{one.arrival.seq: one for one in together}}, self.mended)


NOTHING = AtHand()
