"""Rows that a template carries over: absences that still need an answer, and returned rows that were not corrected.

The column 状态 is shown for them, its cells yellow until answered. Errors of a returned row are red, as in its return
workbook. A hidden column marks each such row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from pipeline.carry import ANSWER, Prefilled, PrefillKind
from pipeline.forms.base import Column
from pipeline.forms.block import MARK
from pipeline.xlsx import table as tables
from pipeline.xlsx import writer as ink
from pipeline.xlsx.marks import colour, issues_of, reason
from pipeline.xlsx.writer import Sheet, Writer

_PLEASE = "状态(请选)"  # known to the form as another name of the column
_BROUGHT = "#52606D"  # colour of text that we wrote and the clerk has not checked


def in_view(columns: Sequence[Column]) -> list[Column]:
    """The columns with the answer column visible and marked as one to choose from."""
    return [replace(c, folded=False, header=_PLEASE, width=10) if c.name == ANSWER else c for c in columns]


def lead(rows: Sequence[Prefilled], since: date) -> str:
    """The warning above the title."""
    count = sum(row.kind is PrefillKind.OPEN for row in rows)
    if count:
        return f"下面带入 {count} 名 {since:%m-%d} 缺课、还没有返校的学生：请在黄色的“状态”列逐人选 仍缺课 或 已返校。"
    return f"下面带入 {_to_mend(len(rows), since)}"


def notes(rows: Sequence[Prefilled], since: date) -> tuple[str, ...]:
    """Further notes about these rows."""
    count = sum(row.kind is PrefillKind.OPEN for row in rows)
    back = len(rows) - count
    lines = ["带入的学生都已返校，又没有新的缺课：“零报告”选“是”，“状态”可以不选。新的缺课接着往下填。"] * bool(count)
    return (*lines, *[f"另带入 {_to_mend(back, since)}"] * bool(count and back))


def _to_mend(count: int, since: date) -> str:
    return f"{count} 行 {since:%m-%d} 退回、还没有改好的（红格有说明）：仍缺课的请改好，不再缺课的请整行删去。"


def write(writer: Writer, sheet: Sheet, header: int, columns: Sequence[Column], rows: Sequence[Prefilled]) -> None:
    """Write the rows below `header` (0-based), with their marks in a hidden column."""
    sheet.set_column(len(columns), len(columns), 4, writer.style(num_format="@"), {"hidden": True, "collapsed": True})
    writer.write(sheet, header, len(columns), MARK, writer.style(num_format="@"))
    for down, row in enumerate(rows, start=header + 1):
        for at, column in enumerate(columns):
            _write_cell(writer, sheet, (down, at), column, row)
        writer.write(sheet, down, len(columns), row.mark, writer.style(num_format="@"))


def _write_cell(writer: Writer, sheet: Sheet, at: tuple[int, int], column: Column, row: Prefilled) -> None:
    found = issues_of(column, row.issues)
    look: dict[str, object] = {"font_color": _BROUGHT, **colour(found)}
    if column.name == ANSWER and row.kind is PrefillKind.OPEN:
        look = {"bg_color": ink.REASON, "bold": True}
    writer.write(sheet, *at, row.cells.get(column.name), tables.cell_style(writer, column, **look))
    if found:
        sheet.write_comment(*at, ink.clean("\n".join(map(reason, found))), ink.COMMENT)
