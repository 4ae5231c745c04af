"""The cells of a workbook as every reader returns them: equal sheets, whichever library gave the values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from pipeline.forms.our_sheets import HELP_SHEET, LISTS_SHEET
from pipeline.model import Sheet

_EXACT = 10**15  # whole numbers below are exact in a float


@dataclass(slots=True)
class HiddenParts:
    """What one sheet hides; coordinates are (Excel row, 0-based column)."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    formulas: dict[tuple[int, int], bool] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[tuple[int, int, int]] = field(default_factory=list)  # over rows: first, last, column


NOTHING_HIDDEN = HiddenParts()


def sheets_in(book: CalamineWorkbook, notes: Mapping[str, HiddenParts]) -> tuple[Sheet, ...]:
    """The worksheets that calamine found; `notes` by sheet name. Our own help sheets come empty."""
    sheets = []
    for index, meta in enumerate(book.sheets_metadata):
        if meta.typ != SheetTypeEnum.WorkSheet:
            continue
        hidden = meta.visible != SheetVisibleEnum.Visible
        rows = [] if is_ours(meta.name, hidden=hidden) else _rows(book.get_sheet_by_index(index))
        sheets.append(made_sheet(meta.name, rows, notes.get(meta.name, NOTHING_HIDDEN), hidden=hidden))
    return tuple(sheets)


def is_ours(name: str, *, hidden: bool) -> bool:
    """Whether a sheet is one that we add to our templates, and never read."""
    return name == HELP_SHEET or (hidden and name == LISTS_SHEET)


def _rows(sheet: CalamineSheet) -> list[list[object]]:
    rows: list[list[object]] = sheet.to_python(skip_empty_area=False)  # type: ignore[assignment]  # its own union
    return rows


def made_sheet(name: str, rows: Sequence[Sequence[object]], notes: HiddenParts, *, hidden: bool) -> Sheet:
    """One sheet from a reader's values."""
    # most cells are text or empty: no call for them
    cells = [[(v or None) if v.__class__ is str else value_of(v) for v in row] for row in rows]
    return sheet_of(name, cells, notes, hidden=hidden)


def sheet_of(name: str, rows: list[list[object]], notes: HiddenParts, *, hidden: bool) -> Sheet:
    """One sheet from `value_of` each cell: trimmed, without cells that hold an error."""
    cells = _trimmed(rows)
    for row, column in notes.errors:
        if row <= len(cells) and column < len(cells[row - 1]):
            cells[row - 1][column] = None
    return Sheet(
        name=name,
        rows=cells,
        hidden=hidden,
        hidden_rows=frozenset(notes.hidden_rows),
        hidden_columns=frozenset(notes.hidden_columns),
        errors=notes.errors,
        formulas=notes.formulas,
        merged=tuple(notes.merged),
    )


def _trimmed(rows: list[list[object]]) -> list[list[object]]:
    """Without empty rows at the end and empty columns at the right: readers differ in how many they return."""
    while rows and rows[-1].count(None) == len(rows[-1]):
        rows.pop()
    width = 0
    for row in rows:
        last = len(row)
        while last > width and row[last - 1] is None:
            last -= 1
        width = max(width, last)
    return [row if len(row) == width else row[:width] + [None] * (width - len(row)) for row in rows]


def value_of(value: object) -> object:
    """One value, the same whichever reader gave it: whole numbers as int, midnight as a date, blank as None."""
    if value is None or value.__class__ is str:
        return value or None
    if isinstance(value, float):
        return int(value) if value.is_integer() and -_EXACT < value < _EXACT else value
    if isinstance(value, datetime):
        return value.date() if value.time() == time.min else value
    if isinstance(value, bool | int | date):
        return value
    if isinstance(value, time):
        return value.isoformat("minutes") if not value.second else value.isoformat("seconds")
    if isinstance(value, timedelta):
        return value.total_seconds() / 86_400
    return str(value)
