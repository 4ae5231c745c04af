"""What templates and return workbooks share: the sheet's head, its table, its dropdowns, its print set-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pipeline.forms.base import Column, Field, Form, Table, Vocabulary
from pipeline.forms.block import TICKET, letters
from pipeline.forms.classes import names_class
from pipeline.forms.our_sheets import LISTS_SHEET
from pipeline.xlsx import writer as ink
from pipeline.xlsx.writer import Sheet, Style, Writer

FILTER_ROWS = 500  # rows below the header that the filter covers
REACH = 300  # rows that have rules: web editors keep one for each cell, LibreOffice saves a few cells of every such row
ROW_HEIGHT = 19.5  # points
PAIR = 4  # sheet columns of one label with its value
CLASS_NAMES = "L_ClassNames"  # the 班级 sheet's names, as a dropdown

FORMATS = {"text": "@", "choice": "@", "flag": "@", "date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm"}
_ACROSS = 9  # least width in Latin characters


@dataclass(frozen=True, slots=True)
class HeaderBlock:
    """The block above a table: `values` by field name; `lead` is a warning above the title.

    In a return workbook: `reasons` say why, `wrong` (comments by field name) marks the fields to be corrected, `ticket`
    is that of the whole file, in a hidden row.
    """

    title: str
    notes: tuple[str, ...]
    fields: tuple[Field, ...] = ()
    values: Mapping[str, object] | None = None
    lead: str = ""
    reasons: tuple[str, ...] = ()
    wrong: Mapping[str, str] | None = None
    ticket: str = ""


def number_format(column: Column) -> str:
    """How Excel shows the column; as text where zeros and letters must stay."""
    return FORMATS.get(column.dtype, "General")


def header_text(column: Column, *, kindergarten: bool) -> str:
    """The column's heading; required ones end in *."""
    text = column.kindergarten if kindergarten and column.kindergarten else column.header
    return text + "*" if column.required else text


def write_head(writer: Writer, sheet: Sheet, head: HeaderBlock, width: int) -> int:
    """Write title, notes and fields over `width` columns; return the row (0-based) below them."""
    title = writer.style(font_name=ink.TITLE_FONT, font_size=18, align="center", num_format="@")
    note = writer.style(font_size=9, font_color="#52606D", num_format="@")
    row = 0
    if head.lead:
        strong = writer.style(font_name=ink.TITLE_FONT, font_size=12, font_color=ink.RED, num_format="@")
        sheet.set_row(row, 20, strong)
        writer.write(sheet, row, 0, head.lead, strong)
        row += 1
    sheet.set_row(row, 30, title)
    sheet.merge_range(row, 0, row, width - 1, head.title, title)
    row += 1
    row = _write_reasons(writer, sheet, row, head.reasons, width)
    for text in head.notes:
        sheet.set_row(row, 15, note)
        writer.write(sheet, row, 0, text, note)
        row += 1
    pairs = max(1, width // PAIR)
    for at, field in enumerate(head.fields):
        if at % pairs == 0:
            sheet.set_row(row + at // pairs, 21, note)
        left = at % pairs * PAIR
        right = width - 1 if (at + 1) % pairs == 0 else left + PAIR - 1
        place = (row + at // pairs, left, right)
        _write_field(
            writer, sheet, place, field, (head.values or {}).get(field.name), (head.wrong or {}).get(field.name)
        )
    row += -(-len(head.fields) // pairs)
    if head.ticket:
        sheet.set_row(row, None, None, {"hidden": True})
        writer.write(sheet, row, 0, TICKET, note)
        writer.write(sheet, row, 1, head.ticket, note)
        row += 1
    if head.fields:
        sheet.set_row(row, 6, note)
        row += 1
    return row


def _write_reasons(writer: Writer, sheet: Sheet, row: int, reasons: Sequence[str], width: int) -> int:
    style = writer.style(
        font_size=11, font_color=ink.RED, bg_color=ink.REASON, text_wrap=True, align="left", num_format="@"
    )
    for text in reasons:
        lines = -(-2 * len(text) // (_ACROSS * min(width, 12)))
        sheet.set_row(row, 18 * lines, style)
        sheet.merge_range(row, 0, row, width - 1, None, style)
        writer.write(sheet, row, 0, text, style)
        row += 1
    return row


def _write_field(
    writer: Writer, sheet: Sheet, at: tuple[int, int, int], field: Field, value: object, wrong: str | None = None
) -> None:
    row, column, right = at
    label = writer.style(
        border=1, border_color=ink.LINE, align="center", bg_color=ink.SHADE, shrink=True, num_format="@"
    )
    fixed = field.known and value not in (None, "") and wrong is None
    box = writer.style(
        border=1,
        border_color=ink.LINE,
        align="left",
        indent=1,
        num_format=FORMATS.get(field.dtype, "@"),
        bg_color=ink.KNOWN if fixed else "#FFFFFF" if wrong is None else ink.BAD,
    )
    if wrong:
        sheet.write_comment(row, column + 1, ink.clean(wrong), ink.COMMENT)
    writer.write(sheet, row, column, field.label + ("*" if field.required and not fixed else ""), label)
    sheet.merge_range(row, column + 1, row, right, None, box)
    writer.write(sheet, row, column + 1, value, box)
    rule = field_rule(field, value if fixed else None)
    if rule:
        sheet.data_validation(row, column + 1, row, column + 1, rule)


def field_rule(field: Field, fixed: object) -> dict[str, object] | None:
    """The validation rule of a field. A known value is protected by its rule; sheets are not protected."""
    if fixed is not None and isinstance(fixed, date):
        return {
            "validate": "date",
            "criteria": "==",
            "value": datetime(fixed.year, fixed.month, fixed.day),  # noqa: DTZ001  # a cell has no zone
            "error_type": "warning",
            "error_title": "报告日期",
            "error_message": "日期已按当天填好。补报往日才需要改，确定要改吗？",
        }
    if fixed is not None:
        return held(field.label, str(fixed))
    if field.vocabulary:
        rule = dropdown(field.vocabulary)
        if field.help:
            rule |= {"input_title": field.label, "input_message": field.help[:255]}
        return rule
    return None


def held(label: str, text: str) -> dict[str, object] | None:
    """A rule that accepts only the value we filled in; None for one that a list in a formula cannot hold."""
    quoted = ink.clean(text).replace('"', '""')
    if "," in quoted or len(quoted) > _LONGEST_LIST:
        return None
    return {
        "validate": "list",
        "source": [quoted],
        "dropdown": False,
        "error_title": label,
        "error_message": "此格已由系统填好，请不要改动。如有错误请告诉县（市、区）管理员。",
    }


_LONGEST_LIST = 255  # characters of a list that stands in its rule


# --------------------------------------------------------------------------- dropdowns


def list_name(vocabulary: Vocabulary) -> str:
    return "L_" + vocabulary.name


def dropdown(vocabulary: Vocabulary, *, strict: bool = True) -> dict[str, object]:
    """A dropdown of the vocabulary's labels; not strict: another text is asked about, not blocked."""
    return {
        "validate": "list",
        "source": "=" + list_name(vocabulary),
        "error_type": "stop" if strict else "warning",
        "error_title": "请从列表中选",
        "error_message": "请从下拉列表中选一项。" if strict else "列表里没有这一项。确定要这样填吗？",
    }


def column_rule(column: Column, *, classes: bool) -> dict[str, object]:
    """What a cell of the column accepts, and the hint that is shown when it is selected; may be empty.

    `classes`: the workbook has class names to choose from.
    """
    rule: dict[str, object] = {}
    if classes and names_class(column):
        rule = {
            "validate": "list",
            "source": "=" + CLASS_NAMES,
            "error_type": "warning",
            "error_title": "班级",
            "error_message": "“班级”表里没有这个班。是新增的班级吗？",
        }
    elif column.vocabulary:
        rule = dropdown(column.vocabulary, strict=column.strict)
    elif column.dtype == "integer":
        rule = {
            "validate": "integer",
            "criteria": "between",
            "minimum": 0,
            "maximum": 9999,
            "error_message": "请填人数（0 或正整数）。",
        }
    if column.help:
        rule |= {"input_title": column.header[:32], "input_message": column.help[:255]}
        rule.setdefault("validate", "any")
    return rule


def vocabularies(form: Form) -> list[Vocabulary]:
    """Every list that the form's dropdowns need, each once."""
    found = {f.vocabulary.name: f.vocabulary for f in form.fields if f.vocabulary}
    found |= {c.vocabulary.name: c.vocabulary for t in form.tables for c in t.columns if c.vocabulary}
    return list(found.values())


def write_lists(writer: Writer, lists: Sequence[Vocabulary], classes: Sequence[str] = ()) -> None:
    """The hidden sheet of dropdown values, each list with its name; class names if no sheet has them."""
    sheet = writer.sheet(LISTS_SHEET)
    plain = writer.style(num_format="@")
    for column, vocabulary in enumerate(lists):
        for row, label in enumerate(vocabulary.labels.values()):
            writer.write(sheet, row, column, label, plain)
        place = f"'{LISTS_SHEET}'!${letters(column)}$1:${letters(column)}${len(vocabulary.labels)}"
        writer.book.define_name(list_name(vocabulary), "=" + place)
    for row, name in enumerate(classes):
        writer.write(sheet, row, len(lists), name, plain)
    if classes:
        name_classes(writer, LISTS_SHEET, (len(lists), 0, len(classes) - 1))
    sheet.hide()


def name_classes(writer: Writer, sheet: str, place: tuple[int, int, int]) -> None:
    """Name the range of a sheet's class names (column, first and last row, 0-based) for the dropdown."""
    column, first, last = place
    letter = letters(column)
    writer.book.define_name(CLASS_NAMES, f"='{sheet}'!${letter}${first + 1}:${letter}${last + 1}")


# --------------------------------------------------------------------------- the table


def columns_for(table: Table, *, boarding: bool) -> list[Column]:
    """The columns a unit fills in: dormitories only where pupils board."""
    return [c for c in table.columns if not c.beside and (c.only != "boarding" or boarding)]


def format_columns(writer: Writer, sheet: Sheet, columns: Sequence[Column]) -> list[Style]:
    """Set width and format of whole columns, so that blank rows need no style; return the cell styles."""
    styles = []
    sheet.set_default_row(ROW_HEIGHT)
    for at, column in enumerate(columns):
        style = cell_style(writer, column)
        fold = {"level": 1, "hidden": True} if column.folded else {}
        sheet.set_column(at, at, column.width, style, fold)
        styles.append(style)
    if any(c.folded for c in columns):
        sheet.set_column(len(columns), len(columns), 4, None, {"collapsed": True})
    return styles


def cell_style(writer: Writer, column: Column, **more: object) -> Style:
    look: dict[str, object] = {"align": "center"}
    if column.folded:  # centred, LibreOffice lets it overflow into the column before
        look = {"align": "left"}
    elif column.width > 12 and column.dtype == "text":
        look = {"align": "left", "indent": 1}
    return writer.style(border=1, border_color=ink.LINE, num_format=number_format(column), **look, **more)


def heading_style(writer: Writer, **more: object) -> ink.Style:
    """The look of a column's heading; `more` differs."""
    look: dict[str, object] = {"font_name": ink.TITLE_FONT, "border": 1, "border_color": ink.LINE, "align": "center"}
    return writer.style(**(look | {"text_wrap": True, "bg_color": ink.SHADE, "num_format": "@"} | more))


def write_header(writer: Writer, sheet: Sheet, row: int, columns: Sequence[Column], *, kindergarten: bool) -> None:
    for at, column in enumerate(columns):
        style = heading_style(writer, font_size=10.5, font_color="#9B1C1C" if column.required else ink.INK)
        writer.write(sheet, row, at, header_text(column, kindergarten=kindergarten), style)
    sheet.set_row(row, 30)


def add_rules(sheet: Sheet, first: int, columns: Sequence[Column], *, rows: int, classes: bool) -> None:
    """Dropdowns and hints over the table's rows, from row `first` (0-based); `rows` are filled in already."""
    last = first + rows + REACH - 1
    for at, column in enumerate(columns):
        rule = column_rule(column, classes=classes)
        if rule:
            sheet.data_validation(first, at, last, at, rule)


def set_print(sheet: Sheet, header: int, *, landscape: bool = True, signed: bool = True) -> None:
    """A4, the table's heading on every page, one page wide, a line to sign at the foot."""
    if landscape:
        sheet.set_landscape()
    sheet.repeat_rows(header)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.75)
    sheet.center_horizontally()
    left = "&L填报人：　　　　　　&C审核人（分管领导）签字：　　　　　　　　盖章：" if signed else "&L"
    sheet.set_footer(left + "&R第 &P 页　共 &N 页", {"margin": 0.3})
