"""An upright table on its sheet: what the system says on top, then section by section a label left of each cell.

For the template and for the return workbook alike: the same card, in the latter with the wrong cells marked and the
reasons above it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pipeline.forms.base import Column, Field, Table
from pipeline.xlsx import pen as ink
from pipeline.xlsx import table as tables
from pipeline.xlsx.pen import Pen, Sheet
from pipeline.xlsx.table import Head

Value = str | int | float | date
FIRST_SECTION = "一、预警（系统签发，请勿改动）"

_LABEL, _CELL = 14, 11.5  # widths in Excel characters
_HALF = 4  # sheet columns of a label with its cell
_WHOLE = 2 * _HALF
_WIDE = 20  # a column declared wider than this takes a whole line
_LINE = 21.0  # points
_SIGNS = 72  # half-width signs that a whole line takes
_COMMENT = {"x_scale": 1.6, "y_scale": 0.8, "font_name": ink.FONT, "font_size": 10, "author": "queke"}


@dataclass(frozen=True, slots=True)
class Marked:
    """What is wrong with a cell: the words, and whether it must be mended (else it is only asked)."""

    words: str
    must: bool


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in the table already, by column name; in a return workbook why it went back, and its ticket."""

    values: Mapping[str, Value] = field(default_factory=dict)
    marks: Mapping[str, Marked] = field(default_factory=dict)
    reasons: Sequence[str] = ()
    ticket: tuple[str, str] = ("", "")  # the label it is found by, and the ticket


def write(pen: Pen, table: Table, head: Head, filled: Filled) -> None:
    """Add the sheet of an upright table, the form's fields above it."""
    sheet = pen.sheet(table.sheet)
    sheet.set_default_row(_LINE)
    for at in range(_WHOLE):
        sheet.set_column(at, at, _LABEL if at % _HALF == 0 else _CELL)
    page = _Page(pen, sheet, _write_top(pen, sheet, head, filled))
    page.section(FIRST_SECTION)
    for one in head.fields:
        page.field(one, (head.values or {}).get(one.name))
    first = page.row
    for column in table.columns:
        if column.section:
            page.section(column.section)
        page.column(column, filled.values.get(column.name), filled.marks.get(column.name))
    page.close()
    if filled.ticket[1]:
        _hide_ticket(pen, sheet, page.row, filled.ticket)
    sheet.set_selection(first + 1, 1, first + 1, 1)
    tables.lay_print(sheet, 0, landscape=False)
    sheet.fit_to_pages(1, 1)


def _write_top(pen: Pen, sheet: Sheet, head: Head, filled: Filled) -> int:
    title = pen.style(font_name=ink.TITLE_FONT, font_size=18, align="center", num_format="@")
    note = pen.style(font_size=9, font_color="#52606D", text_wrap=True, num_format="@")
    strong = pen.style(font_name=ink.TITLE_FONT, font_size=12, font_color="#9B1C1C", num_format="@")
    why = pen.style(border=1, border_color=ink.LINE, text_wrap=True, bg_color=ink.REASON, num_format="@")
    sheet.set_row(0, 30)
    sheet.merge_range(0, 0, 0, _WHOLE - 1, head.title, title)
    row = 1
    for text, style in [(head.lead, strong)] * bool(head.lead) + [(text, note) for text in head.notes]:
        sheet.merge_range(row, 0, row, _WHOLE - 1, None, style)
        pen.write(sheet, row, 0, text, style)
        sheet.set_row(row, 13.0 * _lines(text, 1.16 * _SIGNS) + 3)
        row += 1
    if filled.reasons:
        sheet.merge_range(row, 0, row, _WHOLE - 1, None, why)
        pen.write(sheet, row, 0, "\n".join(filled.reasons), why)
        sheet.set_row(row, 15.0 * sum(_lines(text) for text in filled.reasons) + 4)
        row += 1
    return row


class _Page:
    """Lays label and cell beside each other, two to a line, one where a cell is wide or stands alone."""

    def __init__(self, pen: Pen, sheet: Sheet, row: int) -> None:
        self.pen, self.sheet, self.row = pen, sheet, row
        self._waiting: tuple[str, dict[str, object], object, dict[str, object], Marked | None] | None = None

    def section(self, title: str) -> None:
        self.close()
        style = self.pen.style(
            font_name=ink.TITLE_FONT, bold=True, border=1, border_color=ink.LINE, bg_color=ink.SHADE, num_format="@"
        )
        self.sheet.merge_range(self.row, 0, self.row, _WHOLE - 1, title, style)
        self.row += 1

    def field(self, one: Field, value: object) -> None:
        """A field of the head: known to us and shaded, or left blank in the generic form."""
        known = one.known and value not in (None, "")
        look: dict[str, object] = {"num_format": tables.FORMATS.get(one.dtype, "@")}
        rule = tables.field_rule(one, value) if known and isinstance(value, str) and len(value) <= 80 else None
        self._put(one.label, look | ({"bg_color": ink.KNOWN} if known else {}), value, rule or {}, None, wide=one.wide)

    def column(self, column: Column, value: Value | None, mark: Marked | None) -> None:
        look: dict[str, object] = {"num_format": tables.number_format(column)}
        if mark:
            look["bg_color"] = ink.BAD if mark.must else ink.REASON
        star = "*" if column.required else ""
        rule = tables.column_rule(column, classes=False)
        self._put(column.header + star, look, value, rule, mark, wide=column.width > _WIDE)

    def close(self) -> None:
        """Give what still waits for a neighbour the whole line."""
        if self._waiting:
            self._cell(0, _WHOLE, *self._waiting)
            self._waiting = None
            self.row += 1

    def _put(
        self,
        label: str,
        look: dict[str, object],
        value: object,
        rule: dict[str, object],
        mark: Marked | None,
        *,
        wide: bool,
    ) -> None:
        if wide:
            self.close()
            self._cell(0, _WHOLE, label, look, value, rule, mark)
            self.sheet.set_row(self.row, max(_LINE, 15.0 * _lines(str(value or "")) + 6))
            self.row += 1
        elif self._waiting:
            self._cell(0, _HALF, *self._waiting)
            self._cell(_HALF, _WHOLE, label, look, value, rule, mark)
            self._waiting = None
            self.row += 1
        else:
            self._waiting = (label, look, value, rule, mark)

    def _cell(
        self,
        left: int,
        right: int,
        label: str,
        look: dict[str, object],
        value: object,
        rule: dict[str, object],
        mark: Marked | None,
    ) -> None:
        name = self.pen.style(
            border=1, border_color=ink.LINE, align="center", bg_color=ink.SHADE, shrink=True, num_format="@"
        )
        box = self.pen.style(border=1, border_color=ink.LINE, align="left", indent=1, text_wrap=True, **look)
        self.pen.write(self.sheet, self.row, left, label, name)
        self.sheet.merge_range(self.row, left + 1, self.row, right - 1, None, box)
        self.pen.write(self.sheet, self.row, left + 1, value, box)
        if rule:
            self.sheet.data_validation(self.row, left + 1, self.row, left + 1, rule)
        if mark:
            self.sheet.write_comment(self.row, left + 1, ink.clean(mark.words), _COMMENT)


def _hide_ticket(pen: Pen, sheet: Sheet, row: int, ticket: tuple[str, str]) -> None:
    plain = pen.style(num_format="@")
    pen.write(sheet, row, 0, ticket[0], plain)
    pen.write(sheet, row, 1, ticket[1], plain)
    sheet.set_row(row, None, None, {"hidden": True})


def _lines(text: str, signs: float = _SIGNS) -> int:
    """Lines that a text takes on a whole line of the card."""
    return sum(max(1, -(-sum(1 if s.isascii() else 2 for s in part) // int(signs))) for part in text.split("\n")) or 1
