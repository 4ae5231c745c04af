"""The sheets of a workbook as values, and what clerks do to them before they send them."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from openpyxl import load_workbook

from pipeline.forms.block import letters
from pipeline.forms.our_sheets import HELP_SHEET, LISTS_SHEET

Cells = Mapping[tuple[int, int], object]
"""(Excel row, 0-based column) → text, number, date, datetime, bool; None: a cell with a style and nothing in it."""


@dataclass(frozen=True)
class Page:
    """One sheet. Hidden rows are Excel's numbers, hidden columns 0-based; `tail` is XML behind the cells."""

    name: str
    cells: Cells
    merges: tuple[str, ...] = ()
    state: Literal["visible", "hidden", "veryHidden"] = "visible"
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    tail: str = ""
    before: str = ""  # XML between sheet properties and columns
    filtered: str = ""  # area under a filter

    def at(self, text: str) -> tuple[int, int]:
        """Where a text stands; the first of several."""
        return min(place for place, value in self.cells.items() if value == text)


def pages(content: bytes) -> tuple[Page, ...]:
    """The sheets of a workbook we made, in the order of their tabs."""
    book = load_workbook(io.BytesIO(content))
    return tuple(
        Page(
            sheet.title,
            {(c.row, c.column - 1): _plain(c.value) for row in sheet.iter_rows() for c in row if c.value is not None},
            tuple(str(area) for area in sheet.merged_cells.ranges),
            sheet.sheet_state,
            hidden_columns=_hidden_columns(sheet),
        )
        for sheet in book.worksheets
    )


def _hidden_columns(sheet: object) -> frozenset[int]:
    found: set[int] = set()
    for shape in sheet.column_dimensions.values():  # type: ignore[attr-defined]  # openpyxl says nothing of it
        if shape.hidden:
            found.update(range(shape.min - 1, shape.max))
    return frozenset(found)


def _plain(value: object) -> object:
    midnight = isinstance(value, datetime) and not (value.hour or value.minute)
    return value.date() if isinstance(value, datetime) and midnight else value


# --------------------------------------------------------------------------- what clerks do

Deed = Callable[[tuple[Page, ...], int], tuple[Page, ...]]
"""(sheets, Excel row of the first sheet's table head) → sheets"""


def _first(book: tuple[Page, ...], change: Callable[[Page], Page]) -> tuple[Page, ...]:
    return (change(book[0]), *book[1:])


def _moved(page: Page, where: Callable[[int, int], tuple[int, int]]) -> dict[tuple[int, int], object]:
    return {where(*place): value for place, value in page.cells.items()}


def _mapped(page: Page, head: int, change: Callable[[object], object]) -> dict[tuple[int, int], object]:
    return {(row, column): change(value) if row > head else value for (row, column), value in page.cells.items()}


def dragged(book: tuple[Page, ...], head: int) -> tuple[Page, ...]:
    """Every column of the table at another place: as one drags them, one after the other."""
    last = max(column for row, column in book[0].cells if row == head)
    order = [*range(last, -1, -2), *range(last - 1, -1, -2)]
    hidden = frozenset(order.index(c) for c in book[0].hidden_columns if c <= last)

    def where(row: int, column: int) -> tuple[int, int]:
        return row, order.index(column) if row >= head and column <= last else column

    return _first(book, lambda page: replace(page, cells=_moved(page, where), hidden_columns=hidden))


def moved_down(book: tuple[Page, ...], head: int) -> tuple[Page, ...]:
    """Three rows and a column put in before everything, for a letterhead."""
    title = {(1, 1): "示例市示例区", (2, 1): "（内部资料　注意保管）"}

    def shift(page: Page) -> Page:
        hidden = frozenset(c + 1 for c in page.hidden_columns)
        cells = {**title, **_moved(page, lambda r, c: (r + 3, c + 1))}
        return replace(page, cells=cells, hidden_columns=hidden, merges=())

    return _first(book, shift)


def extra_sheets(book: tuple[Page, ...], head: int) -> tuple[Page, ...]:
    """A list of pupils before ours, notes and WPS's own sheet of pictures behind."""
    names = {(1, 0): "花名册", **{(2, c): word for c, word in enumerate(("班级", "姓名", "性别", "学号", "家长电话"))}}
    names |= {(row, c): word for row in range(3, 60) for c, word in enumerate(("三(3)班", f"某{row}", "男", row, "无"))}
    notes = {(1, 0): "备忘", (3, 1): "周五前交", (4, 1): date(2026, 11, 27)}
    return (
        Page("学生名单", names),
        *book,
        Page("Sheet1", notes),
        Page("空表", {}),
        Page("WpsReserved_CellImgList", {(1, 0): "ID_0001"}, state="veryHidden"),
    )


def renamed_sheets(book: tuple[Page, ...], head: int) -> tuple[Page, ...]:
    """As a phone's program names them."""
    ours = [page for page in book if page.name != LISTS_SHEET]
    return tuple(replace(page, name=f"表格 {n} - 1" if n else "20日 (交)") for n, page in enumerate(ours))


def alone(book: tuple[Page, ...], head: int) -> tuple[Page, ...]:
    """Lost what is hidden, and the page of explanation."""
    return tuple(page for page in book if page.name not in (LISTS_SHEET, HELP_SHEET) and page.state == "visible")


def filter_on(book: tuple[Page, ...], head: int) -> tuple[Page, ...]:
    """A filter that shows none but the first row."""
    last = max(row for row, _ in book[0].cells)
    hidden = frozenset(range(head + 2, last + 1))
    return _first(book, lambda page: replace(page, hidden_rows=hidden, filtered=f"A{head}:P{last}"))


def hidden_column(book: tuple[Page, ...], head: int) -> tuple[Page, ...]:
    """Columns folded away that we show: the second to the fourth that are filled in the first row."""
    some = sorted(column for row, column in book[0].cells if row == head + 1)[1:4]
    return _first(book, lambda page: replace(page, hidden_columns=page.hidden_columns.union(some)))


def numbers_as_text(book: tuple[Page, ...], head: int) -> tuple[Page, ...]:
    """Pasted as text: numbers and dates too."""

    def change(value: object) -> object:
        if isinstance(value, datetime):
            return f"{value:%Y-%m-%d %H:%M}"
        return str(value) if isinstance(value, int | float | date) else value

    return tuple(replace(page, cells=_mapped(page, 0, change)) for page in book)


def text_as_numbers(book: tuple[Page, ...], head: int) -> tuple[Page, ...]:
    """Everything that can be a number has become one, codes too; zeros at the front are kept out of it."""

    def change(value: object) -> object:
        numeric = isinstance(value, str) and value.isascii() and value.isdigit() and not value.startswith("0")
        return int(str(value)) if numeric else value

    return tuple(replace(page, cells=_mapped(page, 0, change)) for page in book)


def other_dates(book: tuple[Page, ...], head: int) -> tuple[Page, ...]:
    """Dates typed as people type them."""

    def change(value: object) -> object:
        if isinstance(value, datetime):
            return f"{value.year}年{value.month}月{value.day}日 {value.hour}:{value.minute:02d}"
        return f"{value.year}/{value.month}/{value.day}" if isinstance(value, date) else value

    return tuple(replace(page, cells=_mapped(page, 0, change)) for page in book)


def full_width(book: tuple[Page, ...], head: int) -> tuple[Page, ...]:
    """Typed with the input method left on: full-width digits and brackets, blanks, signs nobody sees, line breaks."""

    wide = {ord(sign): chr(ord(sign) + 0xFEE0) for sign in "0123456789()"}

    def change(value: object) -> object:
        if not isinstance(value, str) or len(value) > 10 or "-" in value or any(s in value for s in "<&"):
            return value
        return f" {value.translate(wide)}\u200b\n"

    return _first(book, lambda page: replace(page, cells=_mapped(page, head, change)))


def merged_title(book: tuple[Page, ...], head: int) -> tuple[Page, ...]:
    """The title merged over the page, and the notes too; it is on the sheet already: one row more of it."""
    last = letters(max(column for _, column in book[0].cells))
    areas = tuple(f"A{row}:{last}{row}" for row in (1, 2, 3))
    title = next(value for (row, _), value in sorted(book[0].cells.items()) if row == 1)
    # the cells under a merged area that were filled before
    under = {(1, column): title for column in range(3)}
    kept = tuple(area for area in book[0].merges if int("".join(filter(str.isdigit, area.split(":")[0]))) > 3)
    return _first(book, lambda page: replace(page, cells={**page.cells, **under}, merges=(*areas, *kept)))


def broken_dropdowns(book: tuple[Page, ...], head: int) -> tuple[Page, ...]:
    """A block pasted over rules: they are in pieces, some point nowhere, some stand in the extension list."""
    rules = (
        f'<dataValidations count="3"><dataValidation type="list" allowBlank="1" sqref="D{head + 3}:D90 D100">'
        '<formula1>#REF!</formula1></dataValidation><dataValidation type="list" errorStyle="warning" allowBlank="1" '
        f'error="2026" sqref="A{head + 1}"><formula1>"三(3)班,三(4)班"</formula1></dataValidation>'
        f'<dataValidation type="custom" sqref="B{head + 1}:B99"><formula1>COUNTIF($B:$B,B{head + 1})=1</formula1>'
        "</dataValidation></dataValidations>"
    )
    more = (
        '<extLst><ext xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main" '
        'uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}"><x14:dataValidations '
        'xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main" count="1"><x14:dataValidation type="list" '
        'allowBlank="1" xr:uid="{00000000-0002-0000-0000-000000000000}" '
        'xmlns:xr="http://schemas.microsoft.com/office/spreadsheetml/2014/revision"><x14:formula1><xm:f>选项!$A$1:$A$9'
        "</xm:f></x14:formula1><xm:sqref>E9:E99</xm:sqref></x14:dataValidation></x14:dataValidations></ext></extLst>"
    )
    return _first(book, lambda page: replace(page, tail=rules + more))


def coloured_columns(book: tuple[Page, ...], rows: int) -> tuple[Page, ...]:
    """Whole columns coloured: below everything, so many rows of sixteen cells with a style and nothing in them."""
    last = max(row for row, _ in book[0].cells)
    empty = {(row, column): None for row in range(last + 1, last + 1 + rows) for column in range(16)}
    return _first(book, lambda page: replace(page, cells={**page.cells, **empty}))


def blank_rows(book: tuple[Page, ...], head: int) -> tuple[Page, ...]:
    """Two empty rows after every row of the table, and a stray blank far below."""

    def where(row: int, column: int) -> tuple[int, int]:
        return (head + 1 + (row - head - 1) * 3, column) if row > head else (row, column)

    return _first(book, lambda page: replace(page, cells={**_moved(page, where), (3000, 1): " "}))


DEEDS: Mapping[str, Deed] = {
    deed.__name__: deed
    for deed in (
        dragged,
        moved_down,
        extra_sheets,
        renamed_sheets,
        alone,
        filter_on,
        hidden_column,
        numbers_as_text,
        text_as_numbers,
        other_dates,
        full_width,
        merged_title,
        broken_dropdowns,
        blank_rows,
    )
}
