"""The 备案表 drawn as in annex 3 of the notice: an office prints it on A4, signs it and stamps it.

Only the block above the table and the signature block have merged cells; the table has none, so that pasting works.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.forms.base import Form
from pipeline.forms.filing import BLANK_COUNT, COUNT_FIELDS, EMPTY, LEVEL, SYSTEM, TICKED
from pipeline.xlsx import table as tables
from pipeline.xlsx import writer as ink
from pipeline.xlsx.writer import Sheet, Style, Writer

ROWS = 8  # table lines to print
REACH = 200  # rows below the heading whose password cells show stars
_SPLIT = 3  # column where the second half of the signature block begins
_LAST = 4
_SIGNED = "本人签字：\n\n\n\n　　　　　　　　　　　　　　年　　　月　　　日"
_STAMPED = "单位领导签字：\n（盖章处）\n\n\n　　　　　　　　年　　　月　　　日"
_STARS = ';;;"＊＊＊＊＊＊＊＊"'
_PASSWORD = {
    "validate": "length",
    "criteria": "between",
    "minimum": 8,
    "maximum": 20,
    "error_type": "warning",
    "error_title": "初始密码",
    "error_message": "初始密码要 8 到 20 位，数字、字母和符号都要有；也可以空着，由系统发放。确定要这样填吗？",
}

Values = Mapping[str, Any]


def draw(writer: Writer, form: Form, fields: Values, rows: tuple[Values, ...], token: str) -> None:
    """Add the form as the workbook's next sheet. `fields` by field name (level as its code), `rows` by column."""
    table = form.tables[0]
    sheet = writer.sheet(table.sheet)
    for at, column in enumerate(table.columns):
        sheet.set_column(at, at, column.width, writer.style(num_format="@"))
    _write_title(writer, sheet, form.title, fields, token)
    row = _write_applicant(writer, sheet, fields)
    row = _write_asked(writer, sheet, row, fields)
    _write_table(writer, sheet, row, form, rows)
    last = row + max(ROWS, len(rows))
    _write_signatures(writer, sheet, last + 1)
    sheet.set_selection(3, 1, 3, 1)
    _set_print(sheet, last + 1)


def _box(writer: Writer, **more: object) -> Style:
    return writer.style(**{"border": 1, "num_format": "@", "text_wrap": True, "font_size": 11, **more})


def _label(writer: Writer) -> Style:
    return _box(writer, align="center", font_name=ink.TITLE_FONT)


def _write_title(writer: Writer, sheet: Sheet, title: str, fields: Values, token: str) -> None:
    style = writer.style(font_name=ink.TITLE_FONT, font_size=17, align="center", num_format="@")
    sheet.set_row(0, 42)
    sheet.merge_range(0, 0, 0, _LAST, None, style)
    writer.write(sheet, 0, 0, title, style)
    small = writer.style(font_size=9, font_color="#52606D", num_format="@", align="right")
    value = writer.style(font_size=9, font_color="#52606D", num_format="@", align="left", shrink=True)
    sheet.set_row(1, 18)
    sheet.merge_range(1, 3, 1, _LAST, None, value)
    for at, text, style in (
        (0, "单位代码：", small),
        (1, fields.get("unit"), value),
        (2, "防伪编号：", small),
        (3, token, value),
    ):
        writer.write(sheet, 1, at, text, style)
        if at in (1, 3) and text and (rule := tables.held("单位代码和防伪编号", str(text))):
            sheet.data_validation(1, at, 1, at, rule)


def _write_applicant(writer: Writer, sheet: Sheet, fields: Values) -> int:
    value, label = _box(writer, align="left", indent=1), _label(writer)
    _line(sheet, 2)
    writer.write(sheet, 2, 0, "单位名称：", label)
    sheet.merge_range(2, 1, 2, _LAST, None, value)
    writer.write(sheet, 2, 1, fields.get("school"), value)
    pairs = (
        (3, "申请人姓名：", "applicant", "所在部门：", "department"),
        (4, "联系电话：", "phone", "电子邮箱：", "email"),
    )
    for row, first, one, second, other in pairs:
        _line(sheet, row)
        writer.write(sheet, row, 0, first, label)
        writer.write(sheet, row, 1, fields.get(one), value)
        writer.write(sheet, row, 2, second, label)
        sheet.merge_range(row, 3, row, _LAST, None, value)
        writer.write(sheet, row, 3, fields.get(other), value)
    return 5


def _write_asked(writer: Writer, sheet: Sheet, row: int, fields: Values) -> int:
    """单位级别, 申请系统, 申请账号类别: tick boxes chosen from a list, and counts. Returns the row of the heading."""
    label, centred = _label(writer), _box(writer, align="center")
    _line(sheet, row)
    writer.write(sheet, row, 0, "单位级别：", label)
    for at, (code, words) in enumerate(LEVEL.labels.items(), start=1):
        _tick(writer, sheet, (row, at), words, ticked=fields.get("level") == code)
    _line(sheet, row + 1)
    writer.write(sheet, row + 1, 0, "申请系统：", label)
    sheet.merge_range(row + 1, 1, row + 1, _LAST, None, _box(writer, align="left", indent=1))
    _tick(writer, sheet, (row + 1, 1), SYSTEM, ticked=bool(fields.get("system")), align="left", indent=1)
    sheet.merge_range(row + 2, 0, row + 3, 0, None, label)
    writer.write(sheet, row + 2, 0, "申请账号类别：", label)
    for place, (code, words) in enumerate(LEVEL.labels.items()):
        down, at = row + 2 + place // 2, 1 + place % 2 * 2
        _line(sheet, down)
        count = fields.get(COUNT_FIELDS[code])
        _tick(writer, sheet, (down, at), words + "账号", ticked=fields.get("level") == code or bool(count))
        writer.write(sheet, down, at + 1, count or BLANK_COUNT, _box(writer, align="center", num_format='0"个"'))
        sheet.data_validation(down, at + 1, down, at + 1, _count_rule())
    _line(sheet, row + 4)
    sheet.merge_range(row + 4, 0, row + 4, _LAST, None, centred)
    writer.write(sheet, row + 4, 0, "账号明细：", _box(writer, align="left", indent=1, font_name=ink.TITLE_FONT))
    return row + 5


def _tick(writer: Writer, sheet: Sheet, at: tuple[int, int], words: str, *, ticked: bool, **look: object) -> None:
    """A tick box with its label: chosen from a list of two, or typed over."""
    row, column = at
    style = _box(writer, **{"align": "center", **look})
    writer.write(sheet, row, column, (TICKED if ticked else EMPTY) + words, style)
    rule = {"validate": "list", "source": [EMPTY + words, TICKED + words], "error_type": "information"}
    hint = {"input_title": "勾选", "input_message": f"点右边的箭头选 {TICKED}{words}；也可以直接打 √。"[:255]}
    sheet.data_validation(row, column, row, column, rule | hint)


def _count_rule() -> dict[str, object]:
    return {
        "validate": "integer",
        "criteria": "between",
        "minimum": 0,
        "maximum": 999,
        "error_type": "warning",
        "error_message": "请填个数，如 1。确定要这样填吗？",
        "input_title": "个数",
        "input_message": "填数字，与账号明细的行数一致。",
    }


def _write_table(writer: Writer, sheet: Sheet, row: int, form: Form, rows: tuple[Values, ...]) -> None:
    columns = form.tables[0].columns
    _line(sheet, row)
    head = _box(writer, align="center", font_name=ink.TITLE_FONT, bg_color=ink.SHADE)
    for at, column in enumerate(columns):
        writer.write(sheet, row, at, column.header, head)
        for down in range(max(ROWS, len(rows))):
            value = rows[down].get(column.name) if down < len(rows) else None
            writer.write(sheet, row + 1 + down, at, value, _box(writer, align="center", text_wrap=False, shrink=True))
            sheet.set_row(row + 1 + down, 26)
        rule = {**_PASSWORD} if column.dtype == "secret" else {"validate": "any"}
        rule |= {"input_title": column.header, "input_message": column.help[:255]} if column.help else {}
        if len(rule) > 1:
            sheet.data_validation(row + 1, at, row + REACH, at, rule)
        if column.dtype == "secret":
            # shown as stars; a cell's own format must stay text, or 1e5 becomes a number
            stars = writer.book.add_format({"num_format": _STARS})
            last = row + max(ROWS, len(rows))
            sheet.conditional_format(row + 1, at, last, at, {"type": "no_blanks", "format": stars})


def _write_signatures(writer: Writer, sheet: Sheet, row: int) -> None:
    style = _box(writer, align="left", valign="top", indent=1)
    sheet.set_row(row, 112)
    sheet.merge_range(row, 0, row, _SPLIT - 1, None, style)
    sheet.merge_range(row, _SPLIT, row, _LAST, None, style)
    writer.write(sheet, row, 0, _SIGNED, style)
    writer.write(sheet, row, _SPLIT, _STAMPED, style)


def _line(sheet: Sheet, row: int) -> None:
    sheet.set_row(row, 28)


def _set_print(sheet: Sheet, last: int) -> None:
    sheet.set_portrait()
    sheet.print_area(0, 0, last, _LAST)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.6, right=0.6, top=0.8, bottom=0.6)
    sheet.center_horizontally()
