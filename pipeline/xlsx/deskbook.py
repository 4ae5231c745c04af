"""县级处理单 as a workbook: a first sheet with an overview, then one sheet a board, one line a matter.

Only the few white cells are the county's to fill; ours are grey. Two hidden columns identify the matter of a line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pipeline.figures.words import printed_width
from pipeline.forms.base import Column, Table, returned_title
from pipeline.forms.desk import DESK, answered, matter_of
from pipeline.model import WorkbookKind
from pipeline.xlsx import table as tables
from pipeline.xlsx import writer as ink
from pipeline.xlsx.blank import properties
from pipeline.xlsx.table import HeaderBlock
from pipeline.xlsx.writer import Sheet, Writer

SUMMARY = "说明"
_NUMBER, _REASON = "序号", "退回原因"
_OWN = frozenset(name for table in DESK.tables for name in answered(table))  # the county's cells
_REASON_WIDTH = 32
_LINE = 14.5  # points a line of text takes
_LEAD = "只处理您想处理的行：选“意见”，写“理由”，存盘，放回本县（市、区）的文件夹。没有填的行明天还在。"
_LEAD_BACK = "这些行没有办成，原因写在“退回原因”一列。改好后存盘发回；不想办的删去即可。"
_HOW: Mapping[str, str] = {
    "tickets": "电话问清学校后：把对的写在“改为”，意见选“代改”；不用再催的选“豁免”。",
    "held": "照这份收下选“确认”；不采用选“退回”，理由会转告学校。",
    "closures": "核实无误选“确认”；不属实或手续不全选“退回”，退回后不再算作停课。",
    "alerts": "学校的核实结果属实选“确认”；要学校重新核实选“退回”。",
    "accounts": "纸质备案表签字盖章齐全选“确认”，没有扫描件的填盖章日期；不同意选“退回”。",
    "classes": "确有此班选“确认”，登记入册；其实是另一个班选“代改”，写明是哪个班；没有此班选“退回”。",
    "mailboxes": "向学校核实过选“确认”，以后从那里来的邮件就算学校的；不是学校的选“退回”。",
    "raised": "学校出了食物中毒、群体性不明原因疾病或其他突发事件，报表看不出来的：一起填一行，系统即发预警卡。",
    "matters": "已经核实清楚选“确认”，理由里写核实的结果。应到与名册不同的：“确认”即按日报改名册，“退回”仍以名册为准。",
}


@dataclass(frozen=True, slots=True)
class DeskRow:
    """One line: its cells by the form's column name, as they are shown; `reason`: why the line comes back."""

    cells: Mapping[str, str | date]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DeskFacts:
    """One county's desk. `rows` by the form's table name; a board without rows has no sheet."""

    code: str
    place: str
    made: datetime
    token: str
    rows: Mapping[str, Sequence[DeskRow]]
    back: bool = False  # a return workbook
    notes: tuple[str, ...] = ()


def deskbook(facts: DeskFacts) -> bytes:
    """Make the workbook; the same facts give the same bytes."""
    title = returned_title(DESK.title) if facts.back else DESK.title
    fields = {"unit": facts.code, "day": facts.made.date().isoformat()}
    kind = WorkbookKind.GIVEBACK if facts.back else WorkbookKind.BLANK
    with ink.writing(properties(DESK, fields, facts.token, kind=kind), title=title) as writer:
        _write_summary(writer, facts, title)
        for table in DESK.tables:
            if facts.rows.get(table.name):
                _write_board(writer, table, facts, title)
        tables.write_lists(writer, tables.vocabularies(DESK))
    return writer.content


# --------------------------------------------------------------------------- the first sheet


def _write_summary(writer: Writer, facts: DeskFacts, title: str) -> None:
    sheet = writer.sheet(SUMMARY)
    for at, width in enumerate((16, 10, 14, 78)):
        sheet.set_column(at, at, width, writer.style(num_format="@"))
    waiting = sum(_matters(rows) for rows in facts.rows.values())
    lead = _LEAD_BACK if facts.back else _LEAD if waiting else "现在没有等您处理的事。"
    where = f"{facts.place}（{facts.code}）　{facts.made:%Y-%m-%d %H:%M} 制表　共 {waiting} 件"
    row = tables.write_head(writer, sheet, HeaderBlock(title, (where, *facts.notes), lead=lead), 4)
    head = writer.style(
        font_name=ink.TITLE_FONT, border=1, border_color=ink.LINE, align="center", bg_color=ink.SHADE, num_format="@"
    )
    for at, text in enumerate(("工作表", "件数", "最早一件", "怎么办")):
        writer.write(sheet, row, at, text, head)
    sheet.set_row(row, 22)
    for down, table in enumerate(DESK.tables, start=row + 1):
        _write_count(writer, sheet, down, table, facts.rows.get(table.name, ()))
    _write_notes(writer, sheet, row + len(DESK.tables) + 2)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.activate()


def _write_count(writer: Writer, sheet: Sheet, row: int, table: Table, rows: Sequence[DeskRow]) -> None:
    grey = {} if rows else {"font_color": "#9AA5B1"}
    blank = bool(rows) and not _matters(rows)  # lines for the county's own use
    box = writer.style(border=1, border_color=ink.LINE, align="center", num_format="@", **grey)
    count = writer.style(border=1, border_color=ink.LINE, align="center", num_format="0", bold=bool(rows), **grey)
    text = writer.style(border=1, border_color=ink.LINE, align="left", indent=1, text_wrap=True, num_format="@", **grey)
    oldest = min((str(one.cells["since"]) for one in rows if one.cells.get("since")), default="")
    writer.write(sheet, row, 0, table.sheet, box)
    writer.write(sheet, row, 1, "" if blank else _matters(rows), count)
    writer.write(sheet, row, 2, oldest, box)
    writer.write(sheet, row, 3, _HOW[table.name] if rows else "没有", text)
    sheet.set_row(row, 22)


def _write_notes(writer: Writer, sheet: Sheet, row: int) -> None:
    style = writer.style(font_size=10, font_color="#52606D", num_format="@")
    for down, text in enumerate(DESK.notes, start=row):
        writer.write(sheet, down, 0, text, style)
        sheet.set_row(down, 18)


def _matters(rows: Sequence[DeskRow]) -> int:
    """How many matters these rows are about: a ticket with two wrong cells has two lines, a blank line has none."""
    return len({matter_of(str(one.cells["key"]))[:2] for one in rows if one.cells.get("key")})


# --------------------------------------------------------------------------- a board


def _write_board(writer: Writer, table: Table, facts: DeskFacts, title: str) -> None:
    rows = facts.rows[table.name]
    columns = _columns(table, facts, rows)
    sheet = writer.sheet(table.sheet)
    sheet.set_default_row(tables.ROW_HEIGHT)
    for at, column in enumerate(columns):
        hidden = {"hidden": True} if column.folded else {}
        sheet.set_column(at, at, column.width, _cell(writer, column), hidden)
    shown = sum(not column.folded for column in columns)
    values = {"unit": facts.code, "school": facts.place, "day": facts.made.date()}
    lead = _LEAD_BACK if facts.back else _HOW[table.name]
    count = f"（{_matters(rows)} 件）" if _matters(rows) else ""
    head = HeaderBlock(f"{title} · {table.sheet}{count}", (), DESK.fields, values, lead)
    header = tables.write_head(writer, sheet, head, shown)
    _write_heading(writer, sheet, header, columns)
    for down, row in enumerate(rows, start=header + 1):
        _write_row(writer, sheet, down, columns, row, down - header)
    last = header + len(rows)
    for at, column in enumerate(columns):
        rule = tables.column_rule(column, classes=False) if column.name in _OWN else {}
        if rule:
            sheet.data_validation(header + 1, at, last, at, rule)
    sheet.autofilter(header, 0, last, shown - 1)
    sheet.freeze_panes(header + 1, 2)
    at = next(place for place, column in enumerate(columns) if column.name in _OWN)
    sheet.set_selection(header + 1, at, header + 1, at)
    tables.set_print(sheet, header, signed=False)
    sheet.set_footer("&L经办人：　　　　　　&C审核人签字：　　　　　　　　盖章：&R第 &P 页　共 &N 页", {"margin": 0.3})


def _columns(table: Table, facts: DeskFacts, rows: Sequence[DeskRow]) -> list[Column]:
    """The table's columns with our own first, without those that are empty on this sheet."""
    lead = [_ours(_NUMBER, 7), *([_ours(_REASON, _REASON_WIDTH)] if facts.back else [])]
    silent = {name for name in ("day", "since") if not any(row.cells.get(name) for row in rows)}
    school, *rest = (column for column in table.columns if column.name not in silent)
    return [lead[0], school, *lead[1:], *rest]


def _ours(header: str, width: int) -> Column:
    return Column("", header, "text", lambda cell, _: cell, width=width)


def _cell(writer: Writer, column: Column) -> ink.Style:
    own = column.name in _OWN
    wide = column.width > 16
    look = {"align": "left", "indent": 1} if wide else {"align": "center"}
    return writer.style(
        border=1,
        border_color=ink.LINE,
        num_format=tables.number_format(column),
        text_wrap=True,
        **look,
        **({} if own else {"bg_color": ink.KNOWN, "font_size": 10}),
    )


def _write_heading(writer: Writer, sheet: Sheet, row: int, columns: Sequence[Column]) -> None:
    for at, column in enumerate(columns):
        style = tables.heading_style(
            writer,
            bg_color=ink.REASON if column.name in _OWN else ink.SHADE,
            font_color=ink.RED if column.name == "opinion" else ink.INK,
        )
        writer.write(sheet, row, at, column.header, style)
    sheet.set_row(row, 26)


def _write_row(writer: Writer, sheet: Sheet, at: int, columns: Sequence[Column], row: DeskRow, number: int) -> None:
    lines = 1
    for place, column in enumerate(columns):
        value = _value(column, row, number)
        writer.write(sheet, at, place, value, _style(writer, column))
        if isinstance(value, str) and not column.folded:
            lines = max(lines, -(-printed_width(value) // max(column.width - 3, 4)))
    sheet.set_row(at, max(tables.ROW_HEIGHT, _LINE * lines + 5))


def _value(column: Column, row: DeskRow, number: int) -> str | int | date:
    if column.name:
        return row.cells.get(column.name, "")
    return number if column.header == _NUMBER else row.reason


def _style(writer: Writer, column: Column) -> ink.Style:
    if column.name:
        return _cell(writer, column)
    box = {"border": 1, "border_color": ink.LINE, "font_size": 10}
    if column.header == _NUMBER:
        return writer.style(align="center", num_format="0", bg_color=ink.KNOWN, **box)
    return writer.style(text_wrap=True, num_format="@", bg_color=ink.REASON, **box)
