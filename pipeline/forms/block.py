"""What lies on a sheet, as values: a table as it lies there (`Block`), the upper rows in which one is sought (`Top`),
labels, and how a cell is called. How they are found is in `layout` and, for upright tables, in `upright`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache

from pipeline.forms.base import Column, Table
from pipeline.forms.text_normalise import fold
from pipeline.model import Sheet

TICKET = "凭单号"
VOID = "作废"
MARK = "续"
OURS = frozenset(
    (TICKET, VOID, MARK, "序号", "原行号", "退回原因", "原因说明", "问题说明", "问题", "怎么改", "修改建议", "改法")
)
"""Columns that are ours or nobody's: read where they mean something, else let go without a word."""


@lru_cache(maxsize=8192)
def as_label(text: str) -> str:
    return fold(text).replace("*", "").replace("(必填)", "").replace("(选填)", "").strip(":")


def label(cell: object) -> str:
    """A cell as a label: folded, without stars and colons; "" for what cannot be one."""
    return as_label(cell) if type(cell) is str and 0 < len(cell) <= 40 else ""


def letters(column: int) -> str:
    """0 → A, 26 → AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def address(row: int, column: int) -> str:
    """Excel's name of a cell from 0-based row and column."""
    return f"{letters(column)}{row + 1}"


@dataclass(frozen=True, slots=True)
class HeaderValue:
    """A value of the header block. `row` and `column` are 0-based."""

    value: object
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Block:
    """A table as it lies on a sheet. Rows and columns are 0-based; -1 in `places` is a column not there."""

    sheet: Sheet
    table: Table
    head: int
    first: int  # first row below the head
    places: tuple[int, ...]  # by column of the table
    labels: tuple[str, ...]  # the sender's words for it; ours where it is not there
    twice: tuple[tuple[int, int, int], ...] = ()  # (column of the table, first place, second place)
    extra: tuple[str, ...] = ()
    ticket: int = -1
    void: int = -1
    mark: int = -1
    page: Sheet | None = None  # the sheet itself, where `sheet` is an upright table laid flat
    cells: tuple[str, ...] = ()  # then, by column, where its cell really is
    over: dict[str, dict[str, list[HeaderValue]]] = field(
        default_factory=dict, compare=False, repr=False
    )  # see `header_of`

    @property
    def matched(self) -> int:
        return sum(place >= 0 for place in self.places)

    def address(self, row: int, column: int) -> str:
        """Excel's name of a cell of the table, from its 0-based row and column in `sheet`."""
        return self.cells[column] if column < len(self.cells) else address(row, column)

    @property
    def whole(self) -> bool:
        """Every required column is there."""
        return all(place >= 0 for place, column in zip(self.places, self.table.columns, strict=True) if column.required)


@dataclass(frozen=True, slots=True)
class Top:
    """The upper rows of a sheet: by row, (0-based column, folded text) of each cell that may be a table's label,
    and the forms whose titles stand there. All else in these rows is of no use in finding a table.

    It remembers the tables that were looked for in it: identifying and parsing ask for the same ones.
    """

    sheet: Sheet
    words: tuple[tuple[tuple[int, str], ...], ...]
    titles: frozenset[str]
    looked_for: dict[Table, Block | None] = field(default_factory=dict, compare=False, repr=False)


@cache
def labels_of(column: Column) -> tuple[str, ...]:
    """Every label of a column, folded."""
    return tuple(
        dict.fromkeys(as_label(name) for name in (column.header, column.kindergarten, *column.aliases) if name)
    )


@cache
def column_labels(table: Table) -> Mapping[str, tuple[int, ...]]:
    """Every label of a table, folded → the columns it may mean."""
    known: dict[str, list[int]] = {}
    for place, column in enumerate(table.columns):
        for name in labels_of(column):
            known.setdefault(name, []).append(place)
    exact = {as_label(column.header): [place] for place, column in enumerate(table.columns)}
    return {name: tuple(places) for name, places in {**known, **exact}.items()}
