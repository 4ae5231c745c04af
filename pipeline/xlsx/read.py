"""From a workbook's bytes to `model.Workbook`: the values of cells, and what the file hides.

Two ways, one result. `plain` is for files that the guard found plain and runs in a pool's worker; `careful` is for odd
ones and runs in a process that may die.
"""

from __future__ import annotations

import html
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from io import BytesIO

from python_calamine import CalamineError, CalamineWorkbook

from pipeline.forms.block import TICKET
from pipeline.model import Issue, Sheet, Workbook
from pipeline.xlsx import by_pattern, comments, listing, precheck
from pipeline.xlsx.grid import hidden_rows, hides
from pipeline.xlsx.guard import Look
from pipeline.xlsx.package import Unsound
from pipeline.xlsx.precheck import Findings
from pipeline.xlsx.sheets import NOTHING_HIDDEN, HiddenParts, is_ours, made_sheet, sheet_of, sheets_in

_OLE = b"\xd0\xcf\x11\xe0"


class Odd(Exception):  # noqa: N818  # a verdict, not an error of ours
    """A workbook that looked plain is not: it must be read with `careful`."""


def plain(content: bytes, look: Look) -> Workbook:
    """Read a plain workbook. Raises Odd if calamine does not take it."""
    try:
        notes = _cheap_notes(look)
        if look.grids:
            return _workbook(_of_grids(look, notes), look.parts)
        sheets = sheets_in(CalamineWorkbook.from_filelike(BytesIO(content)), notes)
    except (CalamineError, OSError, Unsound, ValueError):  # the last two: data beside the cells is invalid
        raise Odd from None
    return _workbook(sheets, look.parts)


def _of_grids(look: Look, notes: Mapping[str, HiddenParts]) -> tuple[Sheet, ...]:
    names, found = listing.sheets_of(look.parts), []
    for name, hidden in by_pattern.hidden_sheets(look.parts).items():
        grid = look.grids.get(names[name])
        found.append(sheet_of(name, grid.rows if grid else [], notes.get(name, NOTHING_HIDDEN), hidden=hidden))
    return tuple(found)


def careful(content: bytes) -> Workbook:
    """Read an odd workbook (or an .xls) in a process that may die. Raises Unsound with the issue's code."""
    if content.startswith(_OLE):
        from pipeline.xlsx import xls  # imports msoffcrypto: only a child that reads an .xls pays for it

        return xls.read(content)
    found = precheck.inspect(content)
    names = listing.sheets_of(found.parts)
    notes = {name: found.notes[path] for name, path in names.items()}
    try:
        sheets = () if found.elsewhere else sheets_in(CalamineWorkbook.from_filelike(BytesIO(content)), notes)
    except (CalamineError, OSError):
        sheets = ()
    return _workbook(sheets or by_openpyxl(content, found), found.parts, found.facts)


def _workbook(sheets: tuple[Sheet, ...], parts: Mapping[str, bytes], facts: tuple[Issue, ...] = ()) -> Workbook:
    ours = properties(parts)
    if any("comments" in name for name in parts):  # few have any
        # a return workbook is known by its column of tickets, too: web editors lose the properties
        mine = bool(ours) or any(TICKET in row for sheet in sheets for row in sheet.rows)
        facts = (*facts, *comments.unread(parts, ours=mine))
    return Workbook(sheets, ours, by_pattern.date1904(parts), facts=facts)


def by_openpyxl(content: bytes, found: Findings) -> tuple[Sheet, ...]:
    """Read with openpyxl what calamine does not take; 20 times slower, the same result."""
    from openpyxl import load_workbook  # heavy, and rarely needed: a reader stays light

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about content it drops; the texts may quote cells
            # not read-only: that mode believes <dimension> and drops rows
            book = load_workbook(BytesIO(_unmerged(content, found.parts)), data_only=True)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, SyntaxError, OverflowError):
        raise Unsound("file-damaged") from None  # what it raises for invalid parts
    names = listing.sheets_of(found.parts)
    if any(sheet.title not in names for sheet in book.worksheets):
        raise Unsound("file-damaged")  # it has made up a name
    sheets = []
    for sheet in book.worksheets:
        hidden = sheet.sheet_state != "visible"
        ours = is_ours(sheet.title, hidden=hidden)
        rows = [] if ours else [[_unescaped(v) for v in row] for row in sheet.iter_rows(values_only=True)]
        sheets.append(made_sheet(sheet.title, rows, found.notes[names[sheet.title]], hidden=hidden))
    return tuple(sheets)


_MERGES = re.compile(rb"<(?:\w+:)?mergeCells\b.*?</(?:\w+:)?mergeCells>", re.DOTALL)


def _unmerged(content: bytes, parts: Mapping[str, bytes]) -> bytes:
    """The workbook without merged cells: openpyxl drops all but the first cell of a merge, other readers keep them."""
    if not any(_MERGES.search(part) for part in parts.values()):
        return content
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, part in parts.items():
            package.writestr(name, _MERGES.sub(b"", part))
    return out.getvalue()


_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


def _unescaped(value: object) -> object:
    """Characters that XML cannot hold are written _x000D_; calamine decodes them, openpyxl does not."""
    if isinstance(value, str) and "_x" in value:
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)
    return value


# --------------------------------------------------------------------------- what is beside the cells

_MERGE = b"<mergeCell "
_MERGE_REF = re.compile(rb'<mergeCell [^>]*?ref="([A-Z]{1,3})([0-9]{1,7}):[A-Z]{1,3}([0-9]{1,7})"')
_COLUMN_TAG = re.compile(rb"<col [^>]*>")


def _cheap_notes(look: Look) -> dict[str, HiddenParts]:
    """Hidden rows and columns and merged cells of a plain workbook, by sheet name; it has no errors and no formulas."""
    found = {}
    telling = look.grids or {name for name, part in look.parts.items() if _tells(name, part)}
    for name, path in listing.sheets_of(look.parts).items() if telling else ():
        if path in look.grids:
            grid = look.grids[path]
            found[name] = _notes(grid.head, grid.hidden, grid.tail)
        elif path in telling:
            head, _, body = look.parts[path].partition(b"<sheetData")
            found[name] = _notes(head, hidden_rows(body), body.rpartition(b"</sheetData>")[2])
    return found


def _tells(name: str, part: bytes) -> bool:
    return name.startswith("xl/worksheets/") and (hides(part) or _MERGE in part)


def _notes(head: bytes, rows: frozenset[int], tail: bytes) -> HiddenParts:
    merged = list(_merged(tail)) if _MERGE in tail else []
    return HiddenParts(hidden_rows={*rows}, hidden_columns={*_hidden_columns(head)}, merged=merged)


@lru_cache(maxsize=64)
def _merged(tail: bytes) -> tuple[tuple[int, int, int], ...]:
    """Cells merged over rows: first and last Excel row, 0-based column. Cached: mostly those of our templates."""
    found = ((int(a), int(b), column) for column, a, b in _merge_refs(tail))
    return tuple((top, bottom, column) for top, bottom, column in found if bottom > top)


def _merge_refs(tail: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    for letters, top, bottom in _MERGE_REF.findall(tail):
        column = 0
        for letter in letters:
            column = column * 26 + letter - 64
        yield column - 1, top, bottom


@lru_cache(maxsize=64)
def _hidden_columns(head: bytes) -> frozenset[int]:
    """Hidden columns, 0-based. Cached: nearly all sheets have the columns of our templates."""
    hidden: set[int] = set()
    for tag in _COLUMN_TAG.findall(head):
        if hides(tag):
            first, last = int(_attribute(tag, b"min")), int(_attribute(tag, b"max"))
            hidden.update(range(first - 1, min(last, precheck.MAX_COLUMNS)))
    return frozenset(hidden)


def _attribute(tag: bytes, name: bytes) -> bytes:
    return tag.partition(b" " + name + b'="')[2].partition(b'"')[0] or b"1"


_PROPERTY = re.compile(
    rb"""<(?:\w+:)?property\b[^>]*?\bname=["'](queke_[a-z]{1,20})["'][^>]*>\s*"""
    rb"""<(?:\w+:)?(?:lpwstr|lpstr|i4|bstr)(?:\s[^>]*)?>([^<]{0,200})<"""
)


def properties(parts: Mapping[str, bytes]) -> dict[str, str]:
    """Our own custom document properties; others are ignored."""
    custom = parts.get("docProps/custom.xml", b"")
    if b"queke_" not in custom:
        return {}
    return {name.decode(): _as_written(html.unescape(value.decode())) for name, value in _PROPERTY.findall(custom)}


def _as_written(text: str) -> str:
    """A property as we wrote it: SheetJS saves each byte of its UTF-8 as a character."""
    if text.isascii() or max(text) > "\xff":
        return text
    try:
        return text.encode("latin-1").decode()
    except UnicodeDecodeError:
        return text
