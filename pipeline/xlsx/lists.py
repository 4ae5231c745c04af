"""Workbooks that are only read: the missing list, 收件汇总, and other lists that an office keeps as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pipeline.figures.words import printed_width
from pipeline.xlsx import table as tables
from pipeline.xlsx import writer as ink
from pipeline.xlsx.table import HeaderBlock
from pipeline.xlsx.writer import Sheet, Writer

Value = str | int | float | date | None
Kind = Literal["text", "number", "date", "datetime", "share"]
_FORMATS = {"text": "@", "number": "General", "date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm", "share": "0.0%"}
_LINE = 14  # points a line of wrapped text takes


@dataclass(frozen=True, slots=True)
class ListColumn:
    """One column of a list: its heading, width in Excel characters, and how its values show."""

    header: str
    width: int = 12
    kind: Kind = "text"


def build(
    title: str,
    columns: Sequence[ListColumn | str],
    rows: Sequence[Sequence[Value]],
    notes: Sequence[str] = (),
    *,
    sheet: str = "清单",
) -> bytes:
    """Make a list of text, numbers and dates under a title; the same input gives the same bytes.

    A column given as a string gets its width and format from its values.
    """
    wide = [c if isinstance(c, ListColumn) else _fitted(c, [row[at] for row in rows]) for at, c in enumerate(columns)]
    with ink.writing({}, title=title) as writer:
        page = writer.sheet(sheet)
        _set_up(writer, page, wide)
        header = tables.write_head(writer, page, HeaderBlock(title, tuple(notes)), max(len(wide), 2))
        _write_heading(writer, page, header, wide)
        _write_rows(writer, page, header + 1, wide, rows)
        page.autofilter(header, 0, header + max(len(rows), 1), len(wide) - 1)
        page.freeze_panes(header + 1, 0)
        tables.set_print(page, header, landscape=sum(c.width for c in wide) > 90, signed=False)
    return writer.content


def _fitted(header: str, values: Sequence[Value]) -> ListColumn:
    longest = max((printed_width(str(v)) for v in values if v is not None), default=0)
    return ListColumn(header, min(50, max(printed_width(header) + 4, longest + 2)), _kind(values))


def _kind(values: Sequence[Value]) -> Kind:
    """The kind of a column's values. A date in a text cell would show as a number of days."""
    kinds = {type(value) for value in values if value is not None}
    if kinds and kinds <= {int, float}:
        return "number"
    return "date" if kinds == {date} else "text"


def _set_up(writer: Writer, page: Sheet, columns: Sequence[ListColumn]) -> None:
    page.set_default_row(tables.ROW_HEIGHT)
    for at, column in enumerate(columns):
        page.set_column(at, at, column.width, writer.style(num_format=_FORMATS[column.kind]))


def _write_heading(writer: Writer, page: Sheet, row: int, columns: Sequence[ListColumn]) -> None:
    style = writer.style(
        font_name=ink.TITLE_FONT, border=1, border_color=ink.LINE, align="center", text_wrap=True, bg_color=ink.SHADE
    )
    for at, column in enumerate(columns):
        writer.write(page, row, at, column.header, style)
    page.set_row(row, 24)


def _write_rows(
    writer: Writer, page: Sheet, first: int, columns: Sequence[ListColumn], rows: Sequence[Sequence[Value]]
) -> None:
    styles = [
        writer.style(
            border=1,
            border_color=ink.LINE,
            text_wrap=column.kind == "text",
            align="left" if column.kind == "text" and column.width > 16 else "center",
            num_format=_FORMATS[column.kind],
        )
        for column in columns
    ]
    for down, row in enumerate(rows, start=first):
        for at, (value, style) in enumerate(zip(row, styles, strict=True)):
            writer.write(page, down, at, value, style)
        lines = max((_lines(v, c) for c, v in zip(columns, row, strict=True) if isinstance(v, str)), default=1)
        if lines > 1:  # the default height is fixed, so no program adjusts it by itself
            page.set_row(down, max(tables.ROW_HEIGHT, _LINE * lines + 5))


def _lines(text: str, column: ListColumn) -> int:
    return -(-printed_width(text) // max(column.width - 2, 4)) if column.kind == "text" else 1
