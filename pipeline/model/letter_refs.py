"""What letters are about: by it, its kind and its reader a letter is known, and queued once only.

Each is a value, kept as a text that `str` writes and `read` takes apart.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple


class SubmissionRef(NamedTuple):
    """A submission; `again`: the settled_seq, or the decision's place, by which it is written once more."""

    seq: int
    again: int = 0

    def __str__(self) -> str:
        return f"{self.seq}.{self.again}" if self.again else str(self.seq)

    @classmethod
    def read(cls, text: str) -> SubmissionRef:
        """15482, 15482.20311."""
        seq, _, again = text.partition(".")
        return cls(int(seq), int(again or 0))


class FilingRef(NamedTuple):
    """A 备案, and the place of the decision on it."""

    number: int
    place: int

    def __str__(self) -> str:
        return f"{self.number}.{self.place}"

    @classmethod
    def read(cls, text: str) -> FilingRef:
        """12.15482."""
        number, _, place = text.partition(".")
        return cls(int(number), int(place))


class BatchRef(NamedTuple):
    """What settled from one settled_seq to another."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"

    @classmethod
    def read(cls, text: str) -> BatchRef:
        """15001-15482."""
        first, _, last = text.partition("-")
        return cls(int(first), int(last))


class CardRef(NamedTuple):
    """An alert's card of one revision, 0 for the last; with `why` the same card is sent once more."""

    alert: str
    revision: int = 0
    why: str = ""

    def __str__(self) -> str:
        return ".".join((self.alert, str(self.revision), *([self.why] if self.why else ())))

    @classmethod
    def read(cls, text: str) -> CardRef:
        """2026-0481.2, 2026-0481.2.closed."""
        alert, revision, *why = text.split(".")
        return cls(alert, int(revision), *why)


class EditionRef(NamedTuple):
    """The n-th edition of a day."""

    day: date
    n: int

    def __str__(self) -> str:
        return f"{self.day.isoformat()}.{self.n}"

    @classmethod
    def read(cls, text: str) -> EditionRef:
        """2026-11-20.1."""
        day, _, n = text.partition(".")
        return cls(date.fromisoformat(day), int(n))
