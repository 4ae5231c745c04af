"""The help page 填表说明: how to fill in the form, in words, with one example row. Made to be printed."""

from __future__ import annotations

from pipeline.figures.words import printed_width
from pipeline.forms.base import Column, Form, Table
from pipeline.forms.our_sheets import HELP_SHEET
from pipeline.xlsx import table as tables
from pipeline.xlsx import writer as ink
from pipeline.xlsx.writer import Sheet, Writer

_STEPS = (
    "带 * 的列必填，其余按实际情况填，没有就空着。",
    "可以从别的表格复制粘贴；粘贴后不合适的格子，系统会说明并退回那一行，其余照常收下。",
    "只改内容，不要改表头。多出的列、换过的列序不影响。文件名随意。",
    "存为 .xlsx（WPS：另存为 → Microsoft Excel 文件），不要加密码，不要压缩。",
    "发出后会收到回执；有问题的行会连同原因退回，只改那几行即可。",
)
_WIDTHS = (14, 44, 34, 16)
_HEADINGS = ("列", "怎么填", "可以选的内容", "例子")
_MAX_LISTED = 12


def write_help(writer: Writer, form: Form, *, kindergarten: bool, boarding: bool) -> None:
    """Add the page as the workbook's next sheet."""
    sheet = writer.sheet(HELP_SHEET)
    for at, width in enumerate(_WIDTHS):
        sheet.set_column(at, at, width)
    title = form.kindergarten_title if kindergarten and form.kindergarten_title else form.title
    sheet.set_row(0, 30)
    sheet.merge_range(0, 0, 0, 3, None, writer.style(font_name=ink.TITLE_FONT, font_size=16, align="center"))
    writer.write(
        sheet, 0, 0, title + " · 填表说明", writer.style(font_name=ink.TITLE_FONT, font_size=16, align="center")
    )
    row = _write_steps(writer, sheet, form)
    for table in form.tables:
        row = _write_table(writer, sheet, row + 1, table, (kindergarten, boarding))
    sheet.set_portrait()
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    sheet.set_footer("&R第 &P 页　共 &N 页")


def _write_steps(writer: Writer, sheet: Sheet, form: Form) -> int:
    words = writer.style(text_wrap=True, num_format="@")
    row = 1
    explained = any("带 *" in note for note in form.notes)
    for number, step in enumerate((*form.notes, *_STEPS[explained:]), start=1):
        sheet.set_row(row, 32 if len(step) > 50 else 18)
        sheet.merge_range(row, 0, row, 3, None, words)
        writer.write(sheet, row, 0, f"{number}. {step}", words)
        row += 1
    return row


def _write_table(writer: Writer, sheet: Sheet, row: int, table: Table, kind: tuple[bool, bool]) -> int:
    kindergarten, boarding = kind
    writer.write(sheet, row, 0, f"“{table.sheet}”表", writer.style(font_name=ink.TITLE_FONT, font_size=12))
    row += 1
    heading = writer.style(
        font_name=ink.TITLE_FONT, border=1, border_color=ink.LINE, bg_color=ink.SHADE, align="center"
    )
    for at, text in enumerate(_HEADINGS):
        writer.write(sheet, row, at, text, heading)
    box = writer.style(border=1, border_color=ink.LINE, text_wrap=True, num_format="@")
    for column in tables.columns_for(table, boarding=boarding):
        row += 1
        texts = _explained(column, kindergarten=kindergarten)
        sheet.set_row(row, 16 * max(-(-printed_width(t) // w) for t, w in zip(texts, _WIDTHS, strict=True)) + 2)
        for at, text in enumerate(texts):
            writer.write(sheet, row, at, text, box)
    return row + 1


def _explained(column: Column, *, kindergarten: bool) -> tuple[str, str, str, str]:
    labels = list(column.vocabulary.labels.values()) if column.vocabulary else []
    listed = "、".join(labels[:_MAX_LISTED]) + (" 等" if len(labels) > _MAX_LISTED else "")
    must = "必填。" if column.required else ""
    return (tables.header_text(column, kindergarten=kindergarten), must + column.help, listed, column.example)
