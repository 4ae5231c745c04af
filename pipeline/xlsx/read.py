"""From a workbook's bytes to `model.Workbook`: cells as values, with what the file hides beside them.

Two speeds, one answer. `plain` is for what the guard called plain and runs in a pool's worker; `careful`
is for the odd ones and runs in a process that may die.
"""

from __future__ import annotations

import html
import re
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from io import BytesIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from pipeline.model import Sheet, Workbook
from pipeline.xlsx import precheck
from pipeline.xlsx.guard import Look
from pipeline.xlsx.package import Unsound
from pipeline.xlsx.precheck import Findings, HiddenParts

LISTS_SHEET = "选项"  # our hidden sheet of dropdown values: never read
HELP_SHEET = "填表说明"  # our page of explanation: never read

_OLE = b"\xd0\xcf\x11\xe0"
_EXACT = 10**15  # whole numbers below are exact in a float


class Odd(Exception):  # noqa: N818  # a verdict, not an error of ours
    """A workbook that looked plain turned out not to be: read it with care."""


def plain(content: bytes, look: Look) -> Workbook:
    """Read a plain workbook. Raises Odd if calamine does not take it."""
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        notes = _cheap_notes(look.parts)
        sheets = sheets_in(book, notes)
    except (CalamineError, OSError, Unsound, ValueError):  # the latter two: what lies beside the cells is crooked
        raise Odd from None
    parts = look.parts
    return Workbook(sheets, properties(parts), date1904(parts), plain=True)


def careful(content: bytes) -> Workbook:
    """Read an odd workbook (or an .xls) in a process that may die. Raises Unsound with the issue's code."""
    if content.startswith(_OLE):
        from pipeline.xlsx import xls

        return xls.read(content)
    found = precheck.inspect(content)
    names = precheck.sheets_of(found.parts)
    notes = {name: found.notes[path] for name, path in names.items()}
    try:
        sheets = () if found.elsewhere else sheets_in(CalamineWorkbook.from_filelike(BytesIO(content)), notes)
    except (CalamineError, OSError):
        sheets = ()
    sheets = sheets or by_openpyxl(content, found)
    return Workbook(sheets, properties(found.parts), date1904(found.parts), plain=False, facts=found.facts)


def by_openpyxl(content: bytes, found: Findings) -> tuple[Sheet, ...]:
    """Read with openpyxl what calamine does not take; 20 times slower, the same answer."""
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what it does not keep; they may quote cells
            # not read-only: that mode believes <dimension> and drops rows
            book = load_workbook(BytesIO(_unmerged(content, found.parts)), data_only=True)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, SyntaxError, OverflowError):
        raise Unsound("file-damaged") from None  # its ways to say that a part is not as it should be
    names = precheck.sheets_of(found.parts)
    if any(sheet.title not in names for sheet in book.worksheets):
        raise Unsound("file-damaged")  # it has made a name of its own
    sheets = []
    for sheet in book.worksheets:
        hidden = sheet.sheet_state != "visible"
        ours = _is_ours(sheet.title, hidden=hidden)
        rows = [] if ours else [[_unescaped(v) for v in row] for row in sheet.iter_rows(values_only=True)]
        sheets.append(_sheet(sheet.title, rows, found.notes[names[sheet.title]], hidden=hidden))
    return tuple(sheets)


_MERGES = re.compile(rb"<(?:\w+:)?mergeCells\b.*?</(?:\w+:)?mergeCells>", re.DOTALL)


def _unmerged(content: bytes, parts: Mapping[str, bytes]) -> bytes:
    """The workbook with no cell merged: openpyxl drops what lies below the first, which others keep and show."""
    if not any(_MERGES.search(part) for part in parts.values()):
        return content
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, part in parts.items():
            package.writestr(name, _MERGES.sub(b"", part))
    return out.getvalue()


_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


def _unescaped(value: object) -> object:
    """Signs that XML cannot hold are written _x000D_; calamine knows, openpyxl does not."""
    if isinstance(value, str) and "_x" in value:
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)
    return value


# --------------------------------------------------------------------------- sheets


def sheets_in(book: CalamineWorkbook, notes: Mapping[str, HiddenParts]) -> tuple[Sheet, ...]:
    sheets = []
    for index, meta in enumerate(book.sheets_metadata):
        if meta.typ != SheetTypeEnum.WorkSheet:
            continue
        hidden = meta.visible != SheetVisibleEnum.Visible
        rows = [] if _is_ours(meta.name, hidden=hidden) else _rows(book.get_sheet_by_index(index))
        sheets.append(_sheet(meta.name, rows, notes.get(meta.name, _NOTHING), hidden=hidden))
    return tuple(sheets)


def _is_ours(name: str, *, hidden: bool) -> bool:
    return name == HELP_SHEET or (hidden and name == LISTS_SHEET)


def _rows(sheet: CalamineSheet) -> list[list[object]]:
    rows: list[list[object]] = sheet.to_python(skip_empty_area=False)  # type: ignore[assignment]  # its own union
    return rows


_NOTHING = HiddenParts()


def _sheet(name: str, rows: Sequence[Sequence[object]], notes: HiddenParts, *, hidden: bool) -> Sheet:
    # most cells are text or nothing: those are spared the call
    cells = _trimmed([[(v or None) if v.__class__ is str else _cell(v) for v in row] for row in rows])
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
    )


def _trimmed(rows: list[list[object]]) -> list[list[object]]:
    """Without empty rows at the end and empty columns at the right: readers differ in how many they show."""
    while rows and rows[-1].count(None) == len(rows[-1]):
        rows.pop()
    width = 0
    for row in rows:
        last = len(row)
        while last > width and row[last - 1] is None:
            last -= 1
        width = max(width, last)
    return [row if len(row) == width else row[:width] + [None] * (width - len(row)) for row in rows]


def _cell(value: object) -> object:
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


# --------------------------------------------------------------------------- what lies beside the cells

_SHEET_TAG = re.compile(rb"<sheet [^>]*>")
_HIDDEN_ROW = re.compile(rb'<row r="([0-9]+)"[^>]*? hidden="(?:1|true)"')
_COLUMN_TAG = re.compile(rb"<col [^>]*>")


def _cheap_notes(parts: Mapping[str, bytes]) -> dict[str, HiddenParts]:
    """Hidden rows and columns of a plain workbook, by sheet name; errors and formulas it has none."""
    found = {}
    hiding = [n for n, part in parts.items() if n.startswith("xl/worksheets/") and _hides(part)]
    if not hiding:
        return {}
    for name, path in precheck.sheets_of(parts).items():
        if path in hiding:
            found[name] = _hidden(parts[path])
    return found


def _hides(part: bytes) -> bool:
    return b' hidden="1"' in part or b' hidden="true"' in part


def _hidden(part: bytes) -> HiddenParts:
    notes = HiddenParts()
    head, _, body = part.partition(b"<sheetData")
    if _hides(body):
        notes.hidden_rows.update(int(row) for row in _HIDDEN_ROW.findall(body))
    notes.hidden_columns.update(_hidden_columns(head))
    return notes


@lru_cache(maxsize=64)
def _hidden_columns(head: bytes) -> frozenset[int]:
    """0-based. Remembered: nearly all sheets have the columns of our templates."""
    hidden: set[int] = set()
    for tag in _COLUMN_TAG.findall(head):
        if _hides(tag):
            first, last = int(_attribute(tag, b"min")), int(_attribute(tag, b"max"))
            hidden.update(range(first - 1, min(last, precheck.MAX_COLUMNS)))
    return frozenset(hidden)


def _attribute(tag: bytes, name: bytes) -> bytes:
    return tag.partition(b" " + name + b'="')[2].partition(b'"')[0] or b"1"


_EPOCH_1904 = re.compile(rb"""\sdate1904\s*=\s*["'](?:1|true|on)["']""")


def date1904(parts: Mapping[str, bytes]) -> bool:
    """Whether the workbook counts its days from 1904, as Excel for Mac did."""
    return _EPOCH_1904.search(parts["xl/workbook.xml"]) is not None


_PROPERTY = re.compile(
    rb"""<(?:\w+:)?property\b[^>]*?\bname=["'](queke_[a-z]{1,20})["'][^>]*>\s*"""
    rb"""<(?:\w+:)?(?:lpwstr|lpstr|i4|bstr)>([^<]{0,200})<"""
)


def properties(parts: Mapping[str, bytes]) -> dict[str, str]:
    """Our own custom document properties; foreign ones are nobody's business."""
    custom = parts.get("docProps/custom.xml", b"")
    if b"queke_" not in custom:
        return {}
    return {name.decode(): html.unescape(value.decode()) for name, value in _PROPERTY.findall(custom)}
