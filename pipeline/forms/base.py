"""What a form declares: columns, header fields, tables. The template, the header match, the schema, the stored columns,
what is compared, carried over, printed and exported, the return workbook and the reference page follow from one
declaration. Plain values, cheap to import; `columns` makes the usual kinds of column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Flag, auto
from functools import cache, cached_property
from types import MappingProxyType
from typing import Literal

Dtype = Literal["text", "date", "datetime", "number", "integer", "choice", "flag", "secret"]


class Goes(Flag):
    """Where a column goes besides the store. Nowhere by default: adding a column shows it to nobody."""

    NOWHERE = 0
    NEXT = auto()  # into the next template its sender gets
    PAGE = auto()  # in words onto the paper made of its form: a school's page, an alert's card, a roster's preview
    EXPORT = auto()  # into the export: a pupil's to school and county, a closure's above them too, but no words there
    COUNTY = auto()  # onto the county's desk, as typed: never if it may hold a name or a clerk's own words


NEXT, PAGE, EXPORT, COUNTY = Goes.NEXT, Goes.PAGE, Goes.EXPORT, Goes.COUNTY


@dataclass(frozen=True, slots=True)
class Fixed:
    """A parser's answer if it understood a cell that was not typed as asked: listed in the receipt."""

    value: object
    issue: str = ""  # a further advice or query code, "" for a plain repair
    details: tuple[tuple[str, str], ...] = ()  # of that issue


@dataclass(frozen=True, slots=True)
class Bad:
    """A parser's answer if it did not understand a cell. `issue` is a code of `issues.CATALOGUE`."""

    issue: str
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Mixed:
    """A value, and what else the cell says: text for `Column.spill`, and codes or text for other columns by name."""

    value: object
    rest: str = ""
    also: tuple[tuple[str, str], ...] = ()


Parser = Callable[[object, "Frame"], object]
"""(cell value as read, frame) → the typed value, None for blank, `Fixed` or `Bad`. Never raises."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a cell parser may use besides the cell: the report's day and the workbook's date epoch.

    `among`: the days, first and last, one of which a date without a year is, if not those about `day`. `spoken`:
    whether 今天 and 周四 are told from `day`; not where the file may have been filled in on another.
    """

    day: object = None  # date | None
    date1904: bool = False
    kindergarten: bool = False
    among: tuple[date, date] | None = None
    spoken: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """A closed list: code → label in order of frequency; `words` are people's words → code."""

    name: str  # a legal Excel name in Latin letters, for the dropdown's list
    labels: Mapping[str, str]
    words: Mapping[str, str] = field(default_factory=dict)
    beyond: Mapping[str, str] = field(default_factory=dict)  # understood, but not allowed here: for messages


def vocabulary(name: str, labels: Mapping[str, str], words: Mapping[str, str] | None = None) -> Vocabulary:
    """`words`: code → people's words for it, separated by blanks. Codes are kept as plain texts."""
    plain = {str(code): label for code, label in labels.items()}
    spelled = {word: str(code) for code, line in (words or {}).items() for word in line.split()}
    return Vocabulary(name, MappingProxyType(plain), MappingProxyType(spelled))


Join = Callable[[str, str], tuple[str, str]]
"""(code of the cell, code that another cell says) → the one that is kept, and the issue to be asked, or ""."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column, declared once: the content of its cells, where they are kept, and where they go."""

    name: str  # our name
    header: str  # the header the sender sees
    dtype: Dtype
    parse: Parser
    required: bool = False
    vocabulary: Vocabulary | None = None
    strict: bool = True  # False: the dropdown warns, does not block (symptoms)
    aliases: tuple[str, ...] = ()
    width: int = 10  # Excel characters
    help: str = ""
    example: str = ""
    key: bool = False
    folded: bool = False  # in the collapsed group at the right
    only: str = ""  # "boarding": only for boarding schools
    decides: bool = False  # a cell not understood returns the row; in other columns it is left blank and asked about
    missing: str = ""  # issue code when blank; "" if it may be blank
    spill: str = ""  # the column that takes further text of this cell (`Mixed.rest`)
    join: Join | None = None  # of a code in this cell and one another cell says; None: both are kept
    kindergarten: str = ""  # header in kindergarten templates, if it differs
    section: str = ""  # in an upright table: the heading above it
    kept: bool = True  # stored; False if it is only read, or only shown
    stored: str = ""  # the stored name, if different; "pupil.name": in another table than its row
    length: int = 0  # characters stored; of a number, its digits, one of them after the point
    compared: bool = True  # rows are compared by it
    goes: Goes = Goes.NOWHERE
    coded: bool = False  # exported by its code, not in words
    label: str = ""  # its name on a paper, if not its header
    later: bool = False  # on a card: may still be filled in after the county has confirmed the answer
    plain: bool = False  # on a card: holds no sentence, so it is not searched for pupils' names
    told_by: tuple[str, ...] = ()  # columns of which one may tell it: a sheet that has one of them may lack it
    lacking: str = ""  # how rows are taken whose sheet lacks it
    since: int = 1  # the version of the form that first had it
    beside: bool = False  # on no template: a column that senders add, saying whose or of which day a row is

    @property
    def personal(self) -> bool:
        """It may hold a name, or a clerk's own words: no county sees what was typed."""
        return Goes.COUNTY not in self.goes

    @property
    def title(self) -> str:
        """Its name on a paper."""
        return self.label or self.header

    @property
    def blank(self) -> object:
        """The stored value of a blank."""
        return "" if self.dtype in ("text", "choice") else None


Find = Callable[[Sequence[Sequence[object]]], Iterable[tuple[int, int, object]]]
"""Rows above the table's head → (0-based row, column, content). For a field that is not a cell right of its label."""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One field of the header block above the table."""

    name: str
    label: str
    parse: Parser
    dtype: Dtype = "text"
    required: bool = False
    known: bool = False  # prefilled by us and locked (school, day)
    vocabulary: Vocabulary | None = None
    aliases: tuple[str, ...] = ()
    help: str = ""
    wide: bool = False  # takes a whole line, where fields are beside each other
    kept: bool = False  # stored under its own name with the subject of the form
    find: Find | None = None  # how its cell is found, if not by its label


@dataclass(frozen=True, eq=False)
class Table:
    """One table of a form on its own sheet."""

    name: str  # our name: rows, classes …
    sheet: str  # the sheet's name
    columns: tuple[Column, ...]
    needed: bool = True
    note: str = ""  # printed above it, if it is not the first
    upright: bool = False  # one row, each label left of its cell: a card to be read and signed
    ditto: bool = False  # 同上 is the cell above: rows of our own template, which nobody sorts
    store: str = ""  # the database's table that keeps its rows; "" if they are kept as a whole, or not at all

    @cached_property
    def keeps(self) -> Mapping[str, Column]:
        """By stored name, the column of the row that is kept there (the first, if several are kept as one)."""
        found: dict[str, Column] = {}
        for column in self.columns:
            if column.kept and "." not in column.stored:
                found.setdefault(column.stored or column.name, column)
        return found

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """Rows are equal if these are equal, by stored name."""
        return tuple(name for name, column in self.keeps.items() if column.compared)

    def going(self, where: Goes) -> tuple[Column, ...]:
        """The columns that go there, in order."""
        return tuple(column for column in self.columns if where in column.goes)

    @cached_property
    def indexes(self) -> Mapping[str, int]:
        """Position of each column in `Row.values`."""
        return {column.name: at for at, column in enumerate(self.columns)}

    def index(self, name: str) -> int:
        return self.indexes[name]


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """One form: what is asked, of whom, in which tables."""

    name: str  # our name: absence
    title: str  # 学生缺课日报
    fields: tuple[Field, ...]
    tables: tuple[Table, ...]
    kindergarten_title: str = ""
    notes: tuple[str, ...] = ()  # printed under the title
    of: Literal["school", "division", "unit"] = "school"  # whose it is; a unit is a school or an organ
    dated: bool = True  # for a reporting day, which must be given; else its day is that of arrival
    alone: bool = False  # changes how other files are validated: settled alone
    mended: bool = False  # a county may type a cell of its rows, after a telephone call (代改)
    pupils: bool = True  # its cells may be about pupils; else they are quoted to every reader of the receipt
    secret: bool = False  # holds passwords: removed from all other cells, the original bytes never archived
    signed: bool = False  # looks like the paper form, to be signed and stamped
    short: str = ""  # its name within a sentence; "": its title without 学生 and 表

    @property
    def short_title(self) -> str:
        """Its name within a sentence: not its title, which would make a sheet look like it."""
        return self.short or self.title.removeprefix("学生").removesuffix("表")

    @property
    def version(self) -> str:
        """The highest `since` of its columns."""
        return _version(self)

    def table(self, name: str) -> Table:
        return next(t for t in self.tables if t.name == name)


@cache
def _version(form: Form) -> str:
    return str(max(column.since for table in form.tables for column in table.columns))


_RETURNED = "退回修正表"


def returned_title(title: str) -> str:
    """Return the title of a form's return workbook."""
    return f"{title} · {_RETURNED}"


def returned_name(title: str, seq: int) -> str:
    """Return the name of a submission's return workbook, as receipts and files have it; `title`: of its form."""
    return f"{_RETURNED} {title} {seq:06d}"
