"""An upright table on its sheet: what the system filled in on top, then sections with a label left of each cell.

The same for the template and the return workbook; the latter has the wrong cells marked and the reasons on top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from pipeline import issues
from pipeline.forms.base import Column, Field, Table
from pipeline.forms.block import TICKET
from pipeline.model import Issue, Severity
from pipeline.xlsx import table as tables
from pipeline.xlsx import writer as ink
from pipeline.xlsx.marks import issues_of, reason, typed
from pipeline.xlsx.table import HeaderBlock
from pipeline.xlsx.writer import Sheet, Writer

Value = str | int | float | date
FIRST_SECTION = "一、预警（系统签发，请勿改动）"

_HOW = "请改红色的格子，改好后存盘发回；其余已经填好，不用再填。"
_LABEL, _CELL = 14, 11.5  # widths in Excel characters
_HALF = 4  # sheet columns of a label and its cell
_WHOLE = 2 * _HALF
_WIDE = 20  # a column with a greater width takes a whole line
_LINE = 25.5  # points
_CHARACTERS = 72  # half-width characters of a whole line
_HELD = 80  # characters of a known value that its rule can hold


@dataclass(frozen=True, slots=True)
class Marked:
    """What is wrong with a cell: the text, and whether it must be corrected (else it is only asked about)."""

    words: str
    must: bool


@dataclass(frozen=True, slots=True)
class Filled:
    """Values already in the table, by column name; in a return workbook the reason, and the ticket."""

    values: Mapping[str, Value] = field(default_factory=dict)
    marks: Mapping[str, Marked] = field(default_factory=dict)
    ticket: str = ""


def write(writer: Writer, table: Table, head: HeaderBlock, filled: Filled) -> Sheet:
    """Add the sheet of an upright table, the form's fields above it."""
    sheet = writer.sheet(table.sheet)
    sheet.set_default_row(_LINE)
    for at in range(_WHOLE):
        sheet.set_column(at, at, _LABEL if at % _HALF == 0 else _CELL)
    page = _Page(writer, sheet, _write_top(writer, sheet, head))
    page.section(FIRST_SECTION)
    for one in head.fields:
        page.field(one, (head.values or {}).get(one.name), (head.wrong or {}).get(one.name))
    first = page.row
    for column in table.columns:
        if column.section:
            page.section(column.section)
        page.column(column, filled.values.get(column.name), filled.marks.get(column.name))
    page.close()
    if filled.ticket:
        _hide_ticket(writer, sheet, page.row, filled.ticket)
    sheet.set_selection(first + 1, 1, first + 1, 1)
    tables.set_print(sheet, 0, landscape=False)
    sheet.fit_to_pages(1, 1)
    return sheet


def give_back(
    writer: Writer, table: Table, head: HeaderBlock, raw: Mapping[str, str], found: Sequence[Issue], ticket: str = ""
) -> Sheet:
    """Add the sheet of a return workbook: what was typed, the wrong cells marked, the reasons on top."""
    marks = {}
    for column in table.columns:
        if here := issues_of(column, found):
            must = any(issues.severity(issue) is Severity.ERROR for issue in here)
            marks[column.name] = Marked("\n".join(map(reason, here)), must)
    reasons = tuple(f"【{issue.column}】{reason(issue)}" if issue.column else reason(issue) for issue in found)
    notes = (_HOW,) if found else head.notes
    values = {column.name: typed(column, raw[column.name]) for column in table.columns if raw.get(column.name)}
    marked = replace(head, reasons=(*head.reasons, *reasons), notes=notes)
    return write(writer, table, marked, Filled(values, marks, ticket))


def _write_top(writer: Writer, sheet: Sheet, head: HeaderBlock) -> int:
    title = writer.style(font_name=ink.TITLE_FONT, font_size=18, align="center", num_format="@")
    note = writer.style(font_size=9, font_color="#52606D", text_wrap=True, num_format="@")
    strong = writer.style(font_name=ink.TITLE_FONT, font_size=12, font_color="#9B1C1C", num_format="@")
    why = writer.style(border=1, border_color=ink.LINE, text_wrap=True, bg_color=ink.REASON, num_format="@")
    lines = [(head.lead, strong, 20.0)] * bool(head.lead) + [(head.title, title, 30.0)]
    lines += [(text, why, 15.0 * _lines(text) + 4) for text in head.reasons]
    lines += [(text, note, 13.0 * _lines(text, 1.16 * _CHARACTERS) + 3) for text in head.notes]
    for row, (text, style, height) in enumerate(lines):
        sheet.merge_range(row, 0, row, _WHOLE - 1, None, style)
        writer.write(sheet, row, 0, text, style)
        sheet.set_row(row, height)
    return len(lines)


@dataclass(frozen=True, slots=True)
class _Item:
    """A label and its cell, before their position is known."""

    label: str
    value: object
    look: dict[str, object]
    rule: dict[str, object]
    comment: str
    wide: bool


class _Page:
    """Places label and cell beside each other, two to a line; one to a line if a cell is wide or alone."""

    def __init__(self, writer: Writer, sheet: Sheet, row: int) -> None:
        self.writer, self.sheet, self.row = writer, sheet, row
        self._waiting: _Item | None = None

    def section(self, title: str) -> None:
        self.close()
        style = self.writer.style(
            font_name=ink.TITLE_FONT, bold=True, border=1, border_color=ink.LINE, bg_color=ink.SHADE, num_format="@"
        )
        self.sheet.merge_range(self.row, 0, self.row, _WHOLE - 1, title, style)
        self.row += 1

    def field(self, one: Field, value: object, wrong: str | None) -> None:
        """A field of the head: known and shaded, red if it is to be corrected, blank in the generic form."""
        known = one.known and value not in (None, "") and wrong is None
        look: dict[str, object] = {"num_format": tables.FORMATS.get(one.dtype, "@")}
        if known or wrong is not None:
            look["bg_color"] = ink.KNOWN if known else ink.BAD
        rule = tables.field_rule(one, value) if known and isinstance(value, str) and len(value) <= _HELD else None
        self._put(_Item(one.label, value, look, rule or {}, wrong or "", one.wide))

    def column(self, column: Column, value: Value | None, mark: Marked | None) -> None:
        look: dict[str, object] = {"num_format": tables.number_format(column)}
        if mark:
            look["bg_color"] = ink.BAD if mark.must else ink.REASON
        label = tables.header_text(column, kindergarten=False)
        rule = tables.column_rule(column, classes=False)
        self._put(_Item(label, value, look, rule, mark.words if mark else "", column.width > _WIDE))

    def close(self) -> None:
        """Give a label that still waits for a neighbour the whole line."""
        if self._waiting:
            self._cell(0, _WHOLE, self._waiting)
            self._waiting = None
            self.row += 1

    def _put(self, item: _Item) -> None:
        if item.wide:
            self.close()
            self._cell(0, _WHOLE, item)
            self.sheet.set_row(self.row, max(1.3 * _LINE, 15.0 * _lines(str(item.value or "")) + 6))
            self.row += 1
        elif self._waiting:
            self._cell(0, _HALF, self._waiting)
            self._cell(_HALF, _WHOLE, item)
            self._waiting = None
            self.row += 1
        else:
            self._waiting = item

    def _cell(self, left: int, right: int, item: _Item) -> None:
        writer, sheet, row = self.writer, self.sheet, self.row
        name = writer.style(
            border=1, border_color=ink.LINE, align="center", bg_color=ink.SHADE, shrink=True, num_format="@"
        )
        box = writer.style(border=1, border_color=ink.LINE, align="left", indent=1, text_wrap=True, **item.look)
        writer.write(sheet, row, left, item.label, name)
        sheet.merge_range(row, left + 1, row, right - 1, None, box)
        writer.write(sheet, row, left + 1, item.value, box)
        if item.rule:
            sheet.data_validation(row, left + 1, row, left + 1, item.rule)
        if item.comment:
            sheet.write_comment(row, left + 1, ink.clean(item.comment), ink.COMMENT)


def _hide_ticket(writer: Writer, sheet: Sheet, row: int, ticket: str) -> None:
    plain = writer.style(num_format="@")
    writer.write(sheet, row, 0, TICKET, plain)
    writer.write(sheet, row, 1, ticket, plain)
    sheet.set_row(row, None, None, {"hidden": True})


def _lines(text: str, characters: float = _CHARACTERS) -> int:
    """How many lines a text takes at the full width of the card."""
    return sum(max(1, -(-sum(1 if s.isascii() else 2 for s in part) // int(characters))) for part in text.split("\n"))
