"""The one way a cell is written: as text, number or date, never as a formula or a link.

Same input, same bytes: the creation date is fixed. A warning of XlsxWriter is an error here, because it drops the
content it warns about.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from functools import partial
from io import BytesIO
from typing import Any, TypeAlias

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pipeline.xlsx.comments import AUTHOR

FONT = "宋体"  # every Windows and every WPS has it
TITLE_FONT = "黑体"
MAX_CHARACTERS = 4_000  # in one cell; Excel takes 32,767
CREATED = datetime(2026, 9, 1)  # noqa: DTZ001  # a document property has no zone

INK, LINE, SHADE, KNOWN = "#1F2933", "#9AA5B1", "#DCE6F1", "#F2F2F2"
BAD, REASON, RED = "#FFD6D6", "#FFF4CC", "#9B1C1C"
COMMENT = {"x_scale": 1.6, "y_scale": 0.8, "font_name": FONT, "font_size": 10, "author": AUTHOR}

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


Sheet: TypeAlias = Worksheet
Style: TypeAlias = Format


class Writer:
    """One workbook being written. Use `with writing(…) as writer`, then `writer.content`."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.book = book
        self.content = b""
        self.style = partial(_style, book, {})

    def sheet(self, name: str) -> Sheet:
        sheet = self.book.add_worksheet(name)
        sheet.set_paper(9)  # A4
        sheet.hide_gridlines(2)
        return sheet

    def write(self, sheet: Sheet, row: int, column: int, value: object, style: Style | None = None) -> None:
        """Write one cell (0-based). Text stays text whatever it begins with; None is a styled blank."""
        if value is None or value == "":
            sheet.write_blank(row, column, None, style)
        elif isinstance(value, str):
            sheet.write_string(row, column, clean(value), style)
        elif isinstance(value, bool):
            raise TypeError("a cell holds text, a number or a date; say 是 or 否")
        elif isinstance(value, int | float):
            sheet.write_number(row, column, value, style)
        elif isinstance(value, date):
            sheet.write_datetime(row, column, value, style)
        else:
            raise TypeError(f"a cell holds text, a number or a date, not {type(value).__name__}")


def clean(text: str) -> str:
    """Without characters that XML forbids, at most 4,000 characters."""
    return _FORBIDDEN.sub("", text)[:MAX_CHARACTERS]


@contextmanager
def writing(properties: Mapping[str, str], *, title: str) -> Iterator[Writer]:
    """Open a new workbook in memory; `writer.content` has its bytes after the block."""
    buffer = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        book = xlsxwriter.Workbook(buffer, options)
        book.set_properties({"title": title, "author": "queke", "created": CREATED})
        for name, value in properties.items():
            book.set_custom_property(name, value, "text")
        writer = Writer(book)
        yield writer
        book.close()
    writer.content = buffer.getvalue()


def _style(book: xlsxwriter.Workbook, known: dict[tuple[tuple[str, object], ...], Style], **wishes: object) -> Style:
    """A cell format with these properties; the same properties give the same format."""
    key = tuple(sorted(wishes.items(), key=lambda wish: wish[0]))
    if key not in known:
        look: dict[str, Any] = {"font_name": FONT, "font_size": 10.5, "font_color": INK, "valign": "vcenter", **wishes}
        known[key] = book.add_format(look)
    return known[key]
