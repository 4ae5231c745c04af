"""The return workbook of a file that was returned whole: our template with everything its sender typed.

Errors above the table are red, and so is a column that was missing. The file's ticket is in a hidden row and in the
properties. It is read back as the whole file, corrected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from pipeline import issues
from pipeline.carry import ANSWER
from pipeline.forms.base import Column, Field, Form, Table, returned_title
from pipeline.forms.block import MARK
from pipeline.forms.whole import MARKED, Whole, unpacked
from pipeline.model import Issue, Refused, Severity, WorkbookKind
from pipeline.xlsx import table as tables
from pipeline.xlsx import upright
from pipeline.xlsx import writer as ink
from pipeline.xlsx.blank import SPARE_CLASSES, names_classes, properties
from pipeline.xlsx.marks import TWO_WAYS, GivebackFacts, colour, issues_of, reason
from pipeline.xlsx.marks import typed as typed_cell
from pipeline.xlsx.table import HeaderBlock
from pipeline.xlsx.writer import Sheet, Writer

_HOW = "您填的内容都在下面，不用重填：只改红色的格子，存盘发回即可。"
_ADDED = "这一列已加在下面（红色），请补填。"
_NOT_THERE = "column-missing"
_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")


def typed_again(form: Form, facts: GivebackFacts, file: Refused) -> bytes:
    """Make the return workbook of a whole file; the same facts give the same bytes."""
    name = form.kindergarten_title if facts.kindergarten and form.kindergarten_title else form.title
    title = returned_title(name)
    typed = unpacked(file.raw)
    above = [issue for issue in file.issues if not issue.row]
    messages = dict.fromkeys(_in_words(issue) for issue in above if issues.severity(issue) is Severity.ERROR)
    reasons = (_HOW, *(f"要改：{text}" for text in messages))
    fields = {**_texts(form, typed), **_known(form, facts, above)}
    about = properties(form, fields, facts.token, kind=WorkbookKind.WHOLE, ticket=file.ticket)
    with ink.writing(about, title=title) as writer:
        own = any(names_classes(table) and typed.rows.get(table.name) for table in form.tables)
        for table in form.tables:
            head = HeaderBlock(f"{title} · {table.sheet}", ())
            if table is form.tables[0]:
                head = HeaderBlock(
                    title, tuple(facts.notes), form.fields, fields, TWO_WAYS, reasons, _wrong(form, above), file.ticket
                )
            classes = (own or bool(facts.classes)) and not names_classes(table)
            _write_table(writer, table, head, (typed, file.issues, facts), classes=classes, own=own)
        tables.write_lists(writer, tables.vocabularies(form), () if own else facts.classes)
    return writer.content


_Said = tuple[Whole, Sequence[Issue], GivebackFacts]


def _write_table(writer: Writer, table: Table, head: HeaderBlock, typed: _Said, *, classes: bool, own: bool) -> None:
    whole, found, facts = typed
    rows = whole.rows.get(table.name, ())
    if table.upright:
        upright.give_back(writer, table, head, rows[0][1] if rows else {}, [issue for issue in found if issue.row])
        return
    used = {name for _, row in rows for name in row} | {c.name for c in table.columns if issues_of(c, found)}
    if any(MARKED in row for _, row in rows):
        used.add(ANSWER)  # rows carried over still need an answer
    columns = [
        replace(column, folded=False) if column.name in used else column
        for column in tables.columns_for(table, boarding=facts.boarding)
    ]
    columns += [column for column in table.columns if column.beside and any(column.name in row for _, row in rows)]
    columns.sort(key=lambda column: column.folded)  # the collapsed group stays at the right
    sheet = writer.sheet(table.sheet)
    tables.format_columns(writer, sheet, columns)
    header = tables.write_head(writer, sheet, head, sum(not c.folded for c in columns))
    tables.write_header(writer, sheet, header, columns, kindergarten=facts.kindergarten)
    _mark_heading(writer, sheet, header, columns, found, kindergarten=facts.kindergarten)
    for down, (number, row) in enumerate(rows, start=header + 1):
        mine = [issue for issue in found if issue.row in (number, 0) and issue.sheet in ("", table.sheet)]
        _write_row(writer, sheet, down, row, columns, mine)
    _write_marks(writer, sheet, header, len(columns) + 1, rows)
    tables.add_rules(sheet, header + 1, columns, rows=len(rows), classes=classes)
    sheet.autofilter(header, 0, header + tables.FILTER_ROWS, len(columns) - 1)
    sheet.freeze_panes(header + 1, 2 if len(columns) > 6 else 1)
    sheet.outline_settings(symbols_right=False)
    tables.set_print(sheet, header, landscape=sum(not c.folded for c in columns) > 6)
    if own and names_classes(table):
        tables.name_classes(writer, table.sheet, (0, header + 1, header + len(rows) + SPARE_CLASSES))


def _in_words(issue: Issue) -> str:
    return issues.message(issue) + _ADDED if issue.code == _NOT_THERE else reason(issue)


def _write_marks(
    writer: Writer, sheet: Sheet, header: int, at: int, rows: Sequence[tuple[int, Mapping[str, str]]]
) -> None:
    """Mark the rows that we had prefilled: left as they are, they add nothing."""
    if not any(MARKED in row for _, row in rows):
        return
    plain = writer.style(num_format="@")
    sheet.set_column(at, at, 4, plain, {"hidden": True})
    writer.write(sheet, header, at, MARK, plain)
    for down, (_, row) in enumerate(rows, start=header + 1):
        writer.write(sheet, down, at, row.get(MARKED), plain)


def _mark_heading(
    writer: Writer, sheet: Sheet, at: int, columns: Sequence[Column], found: Sequence[Issue], *, kindergarten: bool
) -> None:
    """A column that the sender's file did not have: its heading is red and says so."""
    look = {"border": 1, "border_color": ink.LINE, "align": "center", "text_wrap": True, "num_format": "@"}
    style = writer.style(font_name=ink.TITLE_FONT, bg_color=ink.BAD, font_color=ink.RED, **look)
    for place, column in enumerate(columns):
        if lacking := [issue for issue in issues_of(column, found) if issue.code == _NOT_THERE]:
            writer.write(sheet, at, place, tables.header_text(column, kindergarten=kindergarten), style)
            sheet.write_comment(at, place, ink.clean(issues.message(lacking[0])), ink.COMMENT)


def _write_row(
    writer: Writer, sheet: Sheet, at: int, row: Mapping[str, str], columns: Sequence[Column], found: Sequence[Issue]
) -> None:
    for place, column in enumerate(columns):
        here = [issue for issue in issues_of(column, found) if issue.row or issue.code == _NOT_THERE]
        text = row.get(column.name, "")
        lacks = column.decides and column.missing and not text and not here  # its rows have not been checked yet
        if lacks and issues.severity(Issue(column.missing)) is Severity.ERROR:
            here = [Issue(column.missing, row=1)]
        if text or here:
            writer.write(sheet, at, place, typed_cell(column, text), tables.cell_style(writer, column, **colour(here)))
        if messages := [issue for issue in here if issue.row]:
            sheet.write_comment(at, place, ink.clean("\n".join(map(reason, messages))), ink.COMMENT)


def _texts(form: Form, typed: Whole) -> dict[str, str | date]:
    """The header as it was typed; a date as a date."""
    dates = {field.name for field in form.fields if field.dtype == "date"}
    return {name: _date(text) if name in dates else text for name, text in typed.fields.items()}


def _date(text: str) -> str | date:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else text
    except ValueError:
        return text  # 2026-02-30


def _known(form: Form, facts: GivebackFacts, found: Sequence[Issue]) -> dict[str, str | int | date]:
    """What the registry knows of the sender, except fields to be corrected; the day as it was typed."""
    wrong = _wrong(form, found)
    return {name: value for name, value in facts.fields.items() if name not in wrong and name != "day"}


def _wrong(form: Form, found: Sequence[Issue]) -> dict[str, str]:
    """The fields to be corrected, each with its comment."""
    wrong: dict[str, list[str]] = {}
    for issue in found:
        if (field := _field_of(form, issue)) and issues.severity(issue) is Severity.ERROR:
            wrong.setdefault(field.name, []).append(reason(issue))
    return {name: "\n".join(messages) for name, messages in wrong.items()}


def _field_of(form: Form, issue: Issue) -> Field | None:
    return next((field for field in form.fields if issue.column and field.label == issue.column), None)
