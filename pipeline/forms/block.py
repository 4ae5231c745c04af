"""Parts of a sheet, as values: a table where it was found (`Block`), the upper rows in which one is searched (`Top`),
labels, and names of cells. The search itself is in `layout` and, for upright tables, in `upright`.
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
"""Columns that are ours or unknown: read if they mean something, otherwise ignored."""


# the traditional characters of our labels and titles
_SIMPLE = str.maketrans(
    "別註確癥長學級課報診斷備體溫狀發熱時間醫療處應實數園區號類檢測結傷離復歲齡標識碼稱審寫單電話聯係導責說請釋續廢憑兒開現態絡縣對負",
    "别注确症长学级课报诊断备体温状发热时间医疗处应实数园区号类检测结伤离复岁龄标识码称审写单电话联系导责说请释续废凭儿开现态络县对负",
)
TRADITIONAL = frozenset(map(chr, _SIMPLE))


@lru_cache(maxsize=8192)
def as_label(text: str) -> str:
    return fold(text).translate(_SIMPLE).replace("*", "").replace("(必填)", "").replace("(选填)", "").strip(":")


def plain_label(text: str) -> str:
    """`as_label` of a text of Chinese characters only, which folding leaves as they are."""
    return text.translate(_SIMPLE)


def label(cell: object) -> str:
    """A cell as a label: folded, without stars and colons; "" if it cannot be one."""
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


def unturned(row: int, column: int, turned: tuple[int, int] | None) -> tuple[int, int]:
    """Where a cell stood before its list was laid flat; 0-based row and column."""
    return (row, column) if turned is None or row < turned[0] else (turned[0] + column, turned[1] + row - turned[0])


@dataclass(frozen=True, slots=True)
class HeaderValue:
    """A value of the header block. `row` and `column` are 0-based."""

    value: object
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Block:
    """A table as it was found on a sheet. Rows and columns are 0-based; -1 in `places` is a missing column."""

    sheet: Sheet
    table: Table
    head: int
    first: int  # first row below the head
    places: tuple[int, ...]  # position of each column of the table
    labels: tuple[str, ...]  # the sender's labels; ours if the column is missing
    twice: tuple[tuple[int, int, int], ...] = ()  # (column of the table, first position, second position)
    extra: tuple[str, ...] = ()
    ticket: int = -1
    void: int = -1
    mark: int = -1
    page: Sheet | None = None  # the sheet itself, if `sheet` is an upright table made flat
    cells: tuple[str, ...] = ()  # then, by column, the real address of its cell
    over: dict[str, dict[str, list[HeaderValue]]] = field(
        default_factory=dict, compare=False, repr=False
    )  # see `header_of`
    again: dict[int, list[int]] = field(default_factory=dict, compare=False, repr=False)  # see `heads_again`

    @property
    def matched(self) -> int:
        """How many of the form's own columns are present."""
        return _own(self.table, self.places)

    def address(self, row: int, column: int) -> str:
        """Excel's name of a cell of the table, from its 0-based row and column in `sheet`."""
        return self.cells[column] if column < len(self.cells) else address(*unturned(row, column, self.sheet.turned))

    @property
    def whole(self) -> bool:
        """Whether every column is present without which its rows would not be taken."""
        return _whole(self.table, self.places)

    def may_lack(self, column: Column) -> bool:
        """Whether rows are taken though this column is missing."""
        return _may_lack(self.table, self.places, column)


# cached: nearly all heads are those of our templates
@lru_cache(maxsize=512)
def _own(table: Table, places: tuple[int, ...]) -> int:
    return sum(place >= 0 and not column.beside for place, column in zip(places, table.columns, strict=True))


@lru_cache(maxsize=512)
def _whole(table: Table, places: tuple[int, ...]) -> bool:
    return all(
        place >= 0 or not column.decides or _may_lack(table, places, column)
        for place, column in zip(places, table.columns, strict=True)
        if column.required
    )


def _may_lack(table: Table, places: tuple[int, ...], column: Column) -> bool:
    told = any(places[table.index(name)] >= 0 for name in column.told_by)
    return bool(column.lacking) and (told or not column.told_by)


@dataclass(frozen=True, slots=True)
class Top:
    """The upper rows of a sheet: by row, (0-based column, folded text) of each cell that may be a table's label, and
    the forms whose titles are found. Other cells in these rows do not help to find a table.

    It caches the tables that were searched, and the first of a workbook's the tables of a form: identifying and parsing
    ask for the same ones.
    """

    sheet: Sheet
    words: tuple[tuple[tuple[int, str], ...], ...]
    titles: frozenset[str]
    looked_for: dict[Table, Block | None] = field(default_factory=dict, compare=False, repr=False)
    of_form: dict[str, dict[str, Block]] = field(
        default_factory=dict, compare=False, repr=False
    )  # see `identify.blocks`


@cache
def labels_of(column: Column) -> tuple[str, ...]:
    """Every label of a column, folded."""
    return tuple(
        dict.fromkeys(as_label(name) for name in (column.header, column.kindergarten, *column.aliases) if name)
    )


@cache
def column_labels(table: Table) -> Mapping[str, tuple[int, ...]]:
    """Every label of a table, folded → the columns it may mean. Not those beside it: a header block has the same."""
    known: dict[str, list[int]] = {}
    columns = [(place, column) for place, column in enumerate(table.columns) if not column.beside]
    for place, column in columns:
        for name in labels_of(column):
            known.setdefault(name, []).append(place)
    exact = {as_label(column.header): [place] for place, column in columns}
    return {name: tuple(places) for name, places in {**known, **exact}.items()}


@cache
def labels_beside(table: Table) -> Mapping[str, int]:
    """Every label of a column that senders add to a table, folded → that column."""
    beside = [(place, column) for place, column in enumerate(table.columns) if column.beside]
    return {name: place for place, column in beside for name in labels_of(column)}
