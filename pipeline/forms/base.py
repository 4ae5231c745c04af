"""What a form declares: columns, header fields, tables. From one declaration come the template, the
header match, the schema, the return workbook and the reference page. Plain values, cheap to import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Dtype = Literal["text", "date", "datetime", "number", "integer", "choice", "flag", "secret"]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A parser's answer when it understood a cell that was not typed as asked: said in the receipt."""

    value: object
    issue: str = ""  # an advice or query code to say besides, "" for a plain repair


@dataclass(frozen=True, slots=True)
class Bad:
    """A parser's answer when it did not understand a cell. `issue` is a code of `issues.CATALOGUE`."""

    issue: str
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Mixed:
    """A value with something left over that belongs into another column of the row (`Column.spill`)."""

    value: object
    rest: str


Parser = Callable[[object, "Frame"], object]
"""(cell value as read, frame) → the typed value, None for blank, `Fixed` or `Bad`. Never raises."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a cell parser may know besides the cell: the report's day and the workbook's date epoch."""

    day: object = None  # date | None
    date1904: bool = False
    kindergarten: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """A closed list: code → label in order of frequency; `words` are people's words → code."""

    name: str  # a legal Excel name in Latin letters, for the dropdown's list
    labels: Mapping[str, str]
    words: Mapping[str, str] = field(default_factory=dict)
    beyond: Mapping[str, str] = field(default_factory=dict)  # understood, though not legal here: to be shown in words


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column, declared once."""

    name: str  # ours
    header: str  # the sender's
    dtype: Dtype
    parse: Parser
    required: bool = False
    vocabulary: Vocabulary | None = None
    strict: bool = True  # False: the dropdown warns, does not stop (symptoms)
    aliases: tuple[str, ...] = ()
    width: int = 10  # Excel characters
    help: str = ""
    example: str = ""
    key: bool = False
    folded: bool = False  # in the collapsed group at the right
    only: str = ""  # "boarding": shown for boarding schools alone
    decides: bool = False  # a cell not understood sends the row back; elsewhere it is left blank and asked
    missing: str = ""  # issue code when blank; "" if it may be blank
    spill: str = ""  # the column that takes what this cell holds besides its own value (`Mixed.rest`)
    kindergarten: str = ""  # header in kindergarten templates, if it differs
    section: str = ""  # in an upright table: the heading that stands above it


Find = Callable[[Sequence[Sequence[object]]], Iterable[tuple[int, int, object]]]
"""Rows above the table's head → (0-based row, column, what stands there). For a field that is no cell
right of its label.
"""


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
    wide: bool = False  # a whole line, where fields stand beside each other
    find: Find | None = None  # how its cell is found, if not by its label


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One table of a form on its own sheet."""

    name: str  # ours: rows, classes …
    sheet: str  # the sheet's name
    columns: tuple[Column, ...]
    needed: bool = True
    note: str = ""  # printed above it, where it is not the first
    upright: bool = False  # one row, each label left of its cell: a card to be read and signed

    def index(self, name: str) -> int:
        """Position of a column in `Row.values`."""
        return next(i for i, c in enumerate(self.columns) if c.name == name)


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """One form: what is asked, of whom, in which tables."""

    name: str  # ours: absence
    title: str  # 学生缺课日报
    version: str  # raised when a column changes
    fields: tuple[Field, ...]
    tables: tuple[Table, ...]
    kindergarten_title: str = ""
    notes: tuple[str, ...] = ()  # printed under the title
    of: Literal["school", "division", "unit"] = "school"  # whose it is; a unit is a school or an organ
    dated: bool = True  # speaks of a reporting day, which must be told; else its day is that of arrival

    def table(self, name: str) -> Table:
        return next(t for t in self.tables if t.name == name)


def returned_title(title: str) -> str:
    """Return the title of a form's return workbook."""
    return f"{title} · 退回修正表"
