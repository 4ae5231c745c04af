"""What a step of settling needs before it can be taken, and only `run` may do: read and validate again, assess.

A step says so by raising `NeedsAgain`; its transaction undoes whatever it began. `run` sees to it and takes the step
anew, with what it needs at hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.model import Checked


class MendedRow(NamedTuple):
    """A row that went back, as a county mended it: by the 处理单 it typed the cells in."""

    desk: int
    ticket: str


@dataclass(frozen=True, slots=True)
class Needed:
    """What is to be done first."""

    submissions: frozenset[int] = frozenset()  # earlier ones, to be read and validated again
    mended: frozenset[MendedRow] = frozenset()  # rows to be built and validated again
    alerts: frozenset[str] = frozenset()  # schools whose alerts are to be assessed


class NeedsAgain(Exception):  # noqa: N818  # no error: whoever takes the step sees to it
    """The step cannot be taken yet; nothing of it may stay."""

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
        """Return all this, and submissions that have their turn together besides."""
        return AtHand({**self.submissions, **{one.arrival.seq: one for one in together}}, self.mended)


NOTHING = AtHand()
