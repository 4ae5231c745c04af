"""The values of a merge: the records of one report, and what one submission makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from pipeline.forms.absence import CLASSES
from pipeline.model import TAKEN, Checked, CheckVerdict, Issue, Origin, Refused, RowState, State, TicketState

UNPROVED = frozenset(("sender-unproved", "folder-not-believed", "returned-unproved"))
"""What is said of a submission of which nothing shows who sent it: questions that hold it, or it went back anyway."""

_TABLE_LETTERS = {"rows": "", "classes": "C", "schools": "S", "file": "F"}


@dataclass(frozen=True, slots=True)
class Event:
    """One submission's turn. `order` is its received_seq or, if a person released it, the decision's seq."""

    order: int
    checked: Checked
    forced: bool = False  # released: no question is asked a second time

    @property
    def seq(self) -> int:
        return self.checked.arrival.seq

    def earlier(self, state: State) -> Earlier:
        """Return the submission as those after it see it."""
        checked = self.checked
        proved = all(issue.code not in UNPROVED for issue in checked.issues)
        return Earlier(self.seq, checked.reading.content_sha, state, checked.arrival.first_seen, proved)

    @property
    def decided(self) -> bool:
        """Whether validation settled it."""
        return self.checked.verdict != CheckVerdict.MERGE

    @classmethod
    def released(cls, order: int, checked: Checked) -> Event:
        """Return the turn of a submission that a person released: that answers a question of validation too."""
        if checked.verdict == CheckVerdict.HELD:
            left = tuple(issue for issue in checked.issues if issue.code not in UNPROVED)
            checked = replace(checked, verdict=CheckVerdict.MERGE, issues=left)
        return cls(order, checked, forced=True)


class CurrentRow(NamedTuple):
    """One current row: its values by stored column name, and its origin. A tuple, because a batch makes thousands."""

    values: Mapping[str, object]
    origin: Origin


COUNTED = ("roll", "present", "other_absent")
MORE = {name: one for name, one in CLASSES.keeps.items() if name not in COUNTED and not one.key}
"""Further values of a line of the 班级 sheet, besides its counts."""
_NO_MORE = tuple(column.blank for column in MORE.values())


class ClassCount(NamedTuple):
    """The report's line of one class it covers; `more`: by the columns of `MORE`. A tuple, as `CurrentRow`."""

    roll: int | None = None
    present: int | None = None
    other_absent: int = 0
    more: tuple[object, ...] = _NO_MORE


@dataclass(frozen=True, slots=True)
class Ticket:
    """A row that was returned. `behind` names the old record that is kept meanwhile (待改), if there is one; `key`
    recognises the row when it comes again without its ticket; `closed_by` is a submission's or decision's place in the
    received sequence, or the ticket under which the row was returned again.
    """

    ticket: str
    seq: int
    table: str
    behind: str = ""
    state: TicketState = TicketState.OPEN
    closed_by: str = ""
    refused: Refused | None = None  # known only for those opened in this merge
    key: str = ""
    row: int = 0  # Excel row


@dataclass(frozen=True, slots=True)
class Earlier:
    """A submission of the same report that had its turn before."""

    seq: int
    content_sha: str
    state: State
    first_seen: datetime
    proved: bool = True  # not: whoever sent it, it makes no report on time


@dataclass(frozen=True, slots=True)
class ReportHead:
    """The current report. `seqs`: the submissions it is made of, in the order of their turns."""

    seqs: tuple[int, ...]
    zero: bool
    first_seen: datetime
    on_time: bool
    reporter: str = ""
    reviewer: str = ""
    late_classes: frozenset[str] = frozenset()  # those that alone make it late: what was there before them was on time


@dataclass(frozen=True, slots=True)
class ReportState:
    """All current records of one report: (day, school, campus).

    `classes` are the registry's classes of that campus with their rolls; `lines` the classes the report covers.
    """

    day: date
    school: str
    campus: str
    head: ReportHead | None = None
    rows: Mapping[str, CurrentRow] = field(default_factory=dict)  # identity →
    lines: Mapping[str, ClassCount] = field(default_factory=dict)  # class key →
    tickets: Mapping[str, Ticket] = field(default_factory=dict)
    earlier: tuple[Earlier, ...] = ()
    classes: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportStep:
    """The outcome of one submission. `issues` are those that merge adds to validation's."""

    state: State
    after: ReportState
    issues: tuple[Issue, ...] = ()
    opened: tuple[Ticket, ...] = ()
    accepted: int = 0
    refused: int = 0
    withdrawn: int = 0


def ticket_code(seq: int, table: str, row: int) -> str:
    """Return a ticket's code: T, the submission, the table's letter and Excel row. Not readable as a date."""
    return f"T{seq}-{_TABLE_LETTERS.get(table, table)}{row}"


def pending(standing: ReportState) -> frozenset[str]:
    """Return the identities of rows kept only for now, because their newest version was returned (待改)."""
    return frozenset(t.behind for t in standing.tickets.values() if t.state is TicketState.OPEN and t.behind)


def same(one: Mapping[str, object], other: Mapping[str, object], columns: Iterable[str]) -> bool:
    """Tell whether two rows are equal in these columns; a blank is a blank, 38.2 is 38.2 in any type.

    New and ongoing count as equal here: which of them an absence is follows from the reports before it.
    """
    return all(_plain(name, one.get(name)) == _plain(name, other.get(name)) for name in columns)


def repeated(earlier: Iterable[Earlier], content_sha: str, current: Iterable[int]) -> State | None:
    """Return the state of a submission whose cells were sent before: duplicate, held, or None (to be tried).

    Duplicate only while the earlier one was accepted and is part of the current report; held once it was superseded,
    because an old version must never overwrite a newer one.
    """
    twins = [one.seq for one in earlier if content_sha and one.content_sha == content_sha and one.state in TAKEN]
    if not twins:
        return None
    return State.DUPLICATE if set(twins) & set(current) else State.HELD


def _plain(name: str, value: object) -> object:
    if name == "row_state":
        return value == RowState.RETURNED
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return float(value)
    return value
