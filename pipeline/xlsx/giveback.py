"""The return workbook (退回修正表): only the rows that were not taken, each with its reason and a ticket.

Built from our own form, never from the sender's file. The same identify and parse read it back: columns are found by
their headings, and the hidden 凭单号 of a row names the rejected row that it corrects.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.forms.base import Column, Form, Table, returned_title
from pipeline.forms.block import MARK
from pipeline.forms.whole import FILE
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
from pipeline.xlsx.whole import typed_again
from pipeline.xlsx.writer import Sheet, Writer

__all__ = ["TWO_WAYS", "GivebackFacts", "giveback"]

_HOW = "请改红色的格子，改好后存盘发回；其余行已经收下，不用再报。这一行本不该有的，在“作废”一列选“作废”。"


def giveback(form: Form, facts: GivebackFacts) -> bytes:
    """Make the return workbook of one submission; the same facts give the same bytes.

    If the whole file was returned (a ticket of table "file"), it holds all rows as they were typed.
    """
    file = next((row for row in facts.rows if row.table == FILE), None)
    return typed_again(form, facts, file) if file else _rows_only(form, facts)


def _rows_only(form: Form, facts: GivebackFacts) -> bytes:
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
            sheet = _write_table(writer, table, head, rows, facts)
            if rows and table is returned[0]:
                sheet.activate()
        for table in (one for one in form.tables if one.name in facts.beside):
            head = HeaderBlock(f"{title} · {table.sheet}", (table.note,), lead=TWO_WAYS)
            write_table(writer, table, head, TemplateFacts(facts.fields, facts.beside), classes=False)
        tables.write_lists(writer, tables.vocabularies(form), facts.classes)
    return writer.content


def _write_table(
    writer: Writer, table: Table, head: HeaderBlock, rows: Sequence[Refused], facts: GivebackFacts
) -> Sheet:
    if table.upright:
        row = rows[0] if rows else Refused(table.name, 0, {}, ())
        return upright.give_back(writer, table, head, row.raw, row.issues, row.ticket)
    columns = [c for c in tables.columns_for(table, boarding=facts.boarding) if not c.folded or _used(c, rows)]
    columns += [c for c in table.columns if c.beside and _used(c, rows)]
    sheet = writer.sheet(table.sheet)
    sheet.set_default_row(tables.ROW_HEIGHT)
    for at, (width, style) in enumerate(_widths(writer, columns)):
        sheet.set_column(at, at, width, style, {"hidden": True} if at == len(columns) + 3 else {})
    header = tables.write_head(writer, sheet, head, len(columns) + 3)
    _write_heading(writer, sheet, header, columns, kindergarten=facts.kindergarten)
    for down, row in enumerate(rows, start=header + 1):
        _write_row(writer, sheet, down, row, columns)
    _write_marks(writer, sheet, (header, len(columns) + 4), rows)
    _add_rules(sheet, (header + 1, header + max(len(rows), 1)), columns, classes=bool(facts.classes))
    sheet.autofilter(header, 0, header + max(len(rows), 1), len(columns) + 2)
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


def _write_row(writer: Writer, sheet: Sheet, at: int, row: Refused, columns: Sequence[Column]) -> None:
    box = writer.style(border=1, border_color=ink.LINE, align="center", num_format="@", font_color="#7B8794")
    why = writer.style(
        border=1, border_color=ink.LINE, text_wrap=True, bg_color=ink.REASON, num_format="@", font_size=10
    )
    reasons = [reason(issue) for issue in row.issues]
    writer.write(sheet, at, 0, str(row.row), box)
    writer.write(sheet, at, 1, "\n".join(reasons), why)
    for place, column in enumerate(columns, start=2):
        found = issues_of(column, row.issues)
        look = tables.cell_style(writer, column, **colour(found))
        writer.write(sheet, at, place, typed(column, row.raw.get(column.name, "")), look)
        if found:
            sheet.write_comment(at, place, ink.clean("\n".join(map(reason, found))), ink.COMMENT)
    writer.write(sheet, at, len(columns) + 2, None, box)
    writer.write(sheet, at, len(columns) + 3, row.ticket, writer.style(num_format="@"))
    lines = sum(max(1, -(-2 * len(reason) // 42)) for reason in reasons)
    sheet.set_row(at, max(20, 14 * lines + 4))


def _write_marks(writer: Writer, sheet: Sheet, at: tuple[int, int], rows: Sequence[Refused]) -> None:
    """Mark the rows that a template had carried over, in a hidden column."""
    header, column = at
    marks = [row.raw.get(MARK, "") for row in rows]
    if any(marks):
        plain = writer.style(num_format="@")
        sheet.set_column(column, column, 4, plain, {"hidden": True})
        for down, text in enumerate((MARK, *marks)):
            writer.write(sheet, header + down, column, text, plain)


def _add_rules(sheet: Sheet, place: tuple[int, int], columns: Sequence[Column], *, classes: bool) -> None:
    first, last = place
    for at, column in enumerate(columns, start=2):
        rule = tables.column_rule(column, classes=classes)
        if rule:
            sheet.data_validation(first, at, last, at, rule)
    sheet.data_validation(first, len(columns) + 2, last, len(columns) + 2, {"validate": "list", "source": [VOID]})
