"""Draws the return workbook of single rows: what stands in a row is a `Line`, told apart from how it looks.

Columns are found by their headings when it is read back, and the hidden 凭单号 of a row names the row that it corrects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.forms.base import Column, Form, Table, returned_title
from pipeline.forms.block import MARK
from pipeline.model import Refused, WorkbookKind
from pipeline.xlsx import table as tables
from pipeline.xlsx import upright
from pipeline.xlsx import writer as ink
from pipeline.xlsx.blank import TemplateFacts, properties, write_table
from pipeline.xlsx.marks import (
    ORIGINAL,
    REASON,
    TICKET,
    TWO_WAYS,
    VOID,
    GivebackFacts,
    colour,
    issues_of,
    reason,
    typed,
)
from pipeline.xlsx.table import HeaderBlock
from pipeline.xlsx.writer import Sheet, Writer

_HOW = "请改红色的格子，改好后存盘发回；其余行已经收下，不用再报。这一行本不该有的，在“作废”一列选“作废”。"


@dataclass(frozen=True, slots=True)
class Line:
    """A returned row. `cells` by column: the value, its colour ("" for none), its comment."""

    number: str
    why: str
    cells: tuple[tuple[object, str, str], ...]
    ticket: str
    mark: str  # of a row that a template had carried over
    height: int


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What one table gives back."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]


def returned(table: Table, facts: GivebackFacts) -> GivenBack:
    """Return the rows of a table as its sheet shows them, without folded columns that say nothing."""
    rows = [row for row in facts.rows if row.table == table.name]
    columns = [c for c in tables.columns_for(table, boarding=facts.boarding) if not c.folded or _used(c, rows)]
    columns += [c for c in table.columns if c.beside and _used(c, rows)]
    return GivenBack(tuple(columns), tuple(_line(row, columns) for row in rows))


def draw(form: Form, facts: GivebackFacts, given: Mapping[str, GivenBack]) -> bytes:
    """Draw the return workbook of the rows `given`, by table; an upright table gives back its own of `facts`."""
    name = form.kindergarten_title if facts.kindergarten and form.kindergarten_title else form.title
    title = returned_title(name)
    with ink.writing(properties(form, facts.fields, facts.token, kind=WorkbookKind.GIVEBACK), title=title) as writer:
        returned = [t for t in form.tables if any(r.table == t.name for r in facts.rows)]
        # the form's first table stays even when empty: the workbook is recognised by its headings
        for table in [form.tables[0], *(t for t in returned if t is not form.tables[0])]:
            rows = [r for r in facts.rows if r.table == table.name]
            first = table is form.tables[0]
            elsewhere = "、".join(t.sheet for t in returned)
            how = _HOW if rows else f"这一页没有要改的行，请改“{elsewhere}”页。"
            notes = (how, *facts.notes)
            # unit, campus and day only; the other fields of a full report do not belong to single rows
            known = tuple(f for f in form.fields if f.known)
            head = HeaderBlock(title, notes, known, facts.fields, TWO_WAYS)
            if not first:
                head = HeaderBlock(f"{title} · {table.sheet}", (_HOW,), lead=TWO_WAYS)
            if table.upright:
                row = rows[0] if rows else Refused(table.name, 0, {}, ())
                sheet = upright.give_back(writer, table, head, row.raw, row.issues, row.ticket)
            else:
                sheet = _write_table(writer, table, head, given[table.name], facts)
            if rows and table is returned[0]:
                sheet.activate()
        for table in (one for one in form.tables if one.name in facts.beside):
            head = HeaderBlock(f"{title} · {table.sheet}", (table.note,), lead=TWO_WAYS)
            write_table(writer, table, head, TemplateFacts(facts.fields, facts.beside), classes=False)
        tables.write_lists(writer, tables.vocabularies(form), facts.classes)
    return writer.content


def _write_table(writer: Writer, table: Table, head: HeaderBlock, given: GivenBack, facts: GivebackFacts) -> Sheet:
    columns, lines = given.columns, given.lines
    sheet = writer.sheet(table.sheet)
    sheet.set_default_row(tables.ROW_HEIGHT)
    for at, (width, style) in enumerate(_widths(writer, columns)):
        sheet.set_column(at, at, width, style, {"hidden": True} if at == len(columns) + 3 else {})
    header = tables.write_head(writer, sheet, head, len(columns) + 3)
    _write_heading(writer, sheet, header, columns, kindergarten=facts.kindergarten)
    for down, line in enumerate(lines, start=header + 1):
        _write_line(writer, sheet, down, line, columns)
    _write_marks(writer, sheet, (header, len(columns) + 4), lines)
    _add_rules(sheet, (header + 1, header + max(len(lines), 1)), columns, classes=bool(facts.classes))
    sheet.autofilter(header, 0, header + max(len(lines), 1), len(columns) + 2)
    sheet.freeze_panes(header + 1, 2)
    sheet.set_selection(header + 1, 2, header + 1, 2)
    tables.set_print(sheet, header)
    return sheet


def _used(column: Column, rows: Sequence[Refused]) -> bool:
    return any(row.raw.get(column.name) or issues_of(column, row.issues) for row in rows)


def _widths(writer: Writer, columns: Sequence[Column]) -> list[tuple[float, ink.Style]]:
    ours = writer.style(num_format="@")
    middle = [(float(c.width), tables.cell_style(writer, c)) for c in columns]
    return [(9, ours), (42, ours), *middle, (7, ours), (24, ours)]


def _write_heading(writer: Writer, sheet: Sheet, row: int, columns: Sequence[Column], *, kindergarten: bool) -> None:
    texts = [tables.header_text(c, kindergarten=kindergarten) for c in columns]
    style = tables.heading_style(writer)
    for at, text in enumerate((ORIGINAL, REASON, *texts, VOID, TICKET)):
        writer.write(sheet, row, at, text, style)
    sheet.set_row(row, 30)


def _line(row: Refused, columns: Sequence[Column]) -> Line:
    reasons = [reason(issue) for issue in row.issues]
    lines = sum(max(1, -(-2 * len(text) // 42)) for text in reasons)
    cells = []
    for column in columns:
        found = issues_of(column, row.issues)
        look = str(colour(found).get("bg_color", ""))
        cells.append((typed(column, row.raw.get(column.name, "")), look, "\n".join(map(reason, found))))
    mark = row.raw.get(MARK, "")
    return Line(str(row.row), "\n".join(reasons), tuple(cells), row.ticket, mark, max(20, 14 * lines + 4))


def _write_line(writer: Writer, sheet: Sheet, at: int, line: Line, columns: Sequence[Column]) -> None:
    box = writer.style(border=1, border_color=ink.LINE, align="center", num_format="@", font_color="#7B8794")
    why = writer.style(
        border=1, border_color=ink.LINE, text_wrap=True, bg_color=ink.REASON, num_format="@", font_size=10
    )
    writer.write(sheet, at, 0, line.number, box)
    writer.write(sheet, at, 1, line.why, why)
    for place, (column, (value, look, comment)) in enumerate(zip(columns, line.cells, strict=True), start=2):
        style = tables.cell_style(writer, column, **({"bg_color": look} if look else {}))
        writer.write(sheet, at, place, value, style)
        if comment:
            sheet.write_comment(at, place, ink.clean(comment), ink.COMMENT)
    writer.write(sheet, at, len(columns) + 2, None, box)
    writer.write(sheet, at, len(columns) + 3, line.ticket, writer.style(num_format="@"))
    sheet.set_row(at, line.height)


def _write_marks(writer: Writer, sheet: Sheet, at: tuple[int, int], lines: Sequence[Line]) -> None:
    """Mark the rows that a template had carried over, in a hidden column."""
    header, column = at
    if any(line.mark for line in lines):
        plain = writer.style(num_format="@")
        sheet.set_column(column, column, 4, plain, {"hidden": True})
        for down, text in enumerate((MARK, *(line.mark for line in lines))):
            writer.write(sheet, header + down, column, text, plain)


def _add_rules(sheet: Sheet, place: tuple[int, int], columns: Sequence[Column], *, classes: bool) -> None:
    first, last = place
    for at, column in enumerate(columns, start=2):
        rule = tables.column_rule(column, classes=classes)
        if rule:
            sheet.data_validation(first, at, last, at, rule)
    sheet.data_validation(first, len(columns) + 2, last, len(columns) + 2, {"validate": "list", "source": [VOID]})
