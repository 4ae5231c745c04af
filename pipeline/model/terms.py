"""States of a submission, levels and severities, and the issue: one thing a sender must know."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple, Self

HOME_CAMPUS = "本部"
WHOLE_SCHOOL = "全校"
KINDERGARTEN = "幼儿园"


class State(StrEnum):
    """The state of a submission. All but `received` are outcomes."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    PARTIAL = "partial"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    HELD = "held"
    QUARANTINED = "quarantined"
    FAILED = "failed"


TAKEN = (State.ACCEPTED, State.PARTIAL)
"""Of such a submission all rows or some count."""


class Mode(StrEnum):
    """报送方式 of a 缺课日报."""

    FIRST = "首次报送"
    FULL = "整份更正"
    ADD = "补充"
    LATE = "逾期补报"


class Level(StrEnum):
    """The levels of a reader, top down."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    SCHOOL = "school"


class Severity(StrEnum):
    """error: the row (or file) goes back; advice: accepted as it is, with a hint; query:
    accepted, the sender is asked.
    """

    ERROR = "error"
    ADVICE = "advice"
    QUERY = "query"


class Origin(NamedTuple):
    """Where a value comes from: a submission's number and the Excel row; 0 if not known."""

    seq: int = 0
    row: int = 0

    def __str__(self) -> str:
        return f"{self.seq}:{self.row}"

    @classmethod
    def read(cls, text: str) -> Origin:
        """Return the origin that `str` wrote."""
        seq, _, row = text.partition(":")
        return cls(int(seq), int(row))


NOWHERE = Origin()


@dataclass(frozen=True, slots=True)
class DecidedBy:
    """Who decides, why (as typed) and when; of a line of a 处理单, its workbook and row."""

    who: str
    why: str
    at: datetime
    desk: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Raised:
    """A warning that a person raises: a rule that only people can say is met, of a school campus and day.

    `school`: its code. `room`: the class, as people write it; "" for the whole campus. `n`: pupils concerned, `deaths`
    among them.
    """

    rule: str
    school: str
    campus: str
    day: date
    n: int
    room: str = ""
    deaths: int = 0


@dataclass(frozen=True, slots=True)
class FileRows:
    """Rows of one file that an issue is about: codes and Excel rows. `name`: the reader's name of the file."""

    seq: int
    rows: tuple[tuple[str, int], ...]
    name: str = ""


class ByFields:
    """What goes to another process many times a second: as its class and its fields, half the work of a state."""

    __slots__: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[type[Self], tuple[object, ...]]:
        return type(self), tuple([getattr(self, name) for name in self.__slots__])


@dataclass(frozen=True, slots=True)
class Issue(ByFields):
    """One thing the sender must know. `code` is a key of `issues.CATALOGUE`, which has the texts.

    `value` is the cell as typed (at most 60 characters); it is personal data and never logged. `rows_of`: rows of
    earlier files it is about, named in a message by `{who}`.
    """

    code: str
    sheet: str = ""
    cell: str = ""  # "C7"; "" for the whole file
    row: int = 0  # Excel row, 1-based; 0 for the header block or the whole file
    column: str = ""  # header text the sender sees
    value: str = field(default="", repr=False)
    details: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # filled into the catalogue's message by name
    rows_of: tuple[FileRows, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Repair(ByFields):
    """A cell we understood though it was not typed as asked; listed in the receipt."""

    sheet: str
    cell: str
    column: str
    was: str = field(repr=False)
    now: str = field(repr=False)
    row: int = 0
