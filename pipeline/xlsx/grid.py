"""The cells of a plain sheet, taken from its XML by pattern: each `<` from the first row to the last is accounted for,
or there is no grid.

What ordinary programs write is so regular that no parser is needed: rows and cells in order, each with its place, a
style, a number or a place in the table of texts. All else (formulas, errors, texts in the cell, other quotes or
prefixes) is left to others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol
from xml.parsers import expat  # nosec B407  # no doctype gets here: guard.refuse_by_text

MAX_ROWS = 20_000
MAX_BOX = 400_000  # rows × columns

_OPEN, _CLOSE, _VALUE, _ROW, _ROW_END = b"<sheetData>", b"</sheetData>", b"<v>", b'<row r="', b"</row>"
_ATTRIBUTES = (
    rb"(?: (?:spans|ht|customHeight|s|customFormat|hidden|outlineLevel|collapsed|thickTop|thickBot|x14ac:dyDescent)"
    rb'="[0-9A-Za-z.: -]*")*'
)
_TOKEN = re.compile(
    rb'<c r="([A-Z]{1,2})([0-9]{1,7})"(?: s="([0-9]{1,5})")?(?:(?: t="[sn]")? ?/>| t="s"><v>([0-9]{1,9})</v></c>'
    rb'|(?: t="n")?><v>(-?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:E[+-]?[0-9]{1,3})?)</v></c>)'
    rb'|<row r="([0-9]{1,7})"' + _ATTRIBUTES + rb" ?(/?)>|</row>"
)
_EMPTY = re.compile(
    rb'([0-9]+)"' + _ATTRIBUTES + rb' ?(?:/>|>((?:<c r="[A-Z]{1,2}\1"(?: s="[0-9]{1,5}")?(?: t="[sn]")? ?/>)*)</row>)'
)  # without its beginning
_DIGITS = 7  # of a row's number
_MORE_TAGS = 3  # `<` that a cell with a value has besides its own
_USUAL, _WIDEST = 32, 702  # columns to begin with; A to ZZ
_LETTERS = [bytes([65 + n]) for n in range(26)]
_COLUMNS = {name: at for at, name in enumerate([*_LETTERS, *(a + b for a in _LETTERS for b in _LETTERS)])}


class UnlikeOthers(Exception):  # noqa: N818  # a verdict, not an error of ours
    """Something is not written as ordinary programs write it."""


class Formats(Protocol):
    """What a number means in each style."""

    def value(self, value: bytes, style: bytes) -> object:
        """A cell's value. Raises UnlikeOthers."""
        ...


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one sheet from A1 on, and the sheet around them. `cells` counts the empty ones, too."""

    rows: list[list[object]]
    cells: int
    head: bytes
    tail: bytes
    hidden: frozenset[int]  # Excel numbers of rows

    @property
    def around(self) -> bytes:
        """All of the sheet but its rows, which hold no words."""
        return self.head + self.tail


def scan(part: bytes, texts: Sequence[object], formats: Formats) -> Grid:
    """Take a sheet's cells. Raises UnlikeOthers."""
    head, opened, rest = part.partition(_OPEN)
    body, closed, tail = rest.partition(_CLOSE)
    if not opened or not closed or b"sheetData" in tail or not _is_whole(head, tail):
        raise UnlikeOthers
    if body.count(b"<") != body.count(b">"):
        raise UnlikeOthers
    filled, empty = _parted(body)
    try:
        try:
            rows, cells = _rows(filled, texts, formats, _USUAL)
        except IndexError:
            rows, cells = _rows(filled, texts, formats, _WIDEST)
    except (IndexError, ValueError, OverflowError):
        raise UnlikeOthers from None
    cells += _empty_cells(empty, len(rows))
    return Grid(rows, cells, head, tail, hidden_rows(body))


_ROOT = re.compile(rb"\?>\s*<worksheet[ >]")
_AREA = rb'"[A-Z]{1,3}[0-9]{1,7}(?::[A-Z]{1,3}[0-9]{1,7})?" ?/>'
_AREAS = {part: re.compile(b"<" + part + b" ref=" + _AREA) for part in (b"dimension", b"mergeCell")}


@lru_cache(maxsize=64)
def _is_whole(head: bytes, tail: bytes) -> bool:
    """Whether this is a well-formed worksheet without its rows."""
    try:
        expat.ParserCreate().Parse(b"%b%b/>%b" % (head, _OPEN[:-1], tail), True)
    except expat.ExpatError:
        return False
    around = head + tail
    if any(len(area.findall(around)) != around.count(b"<" + name + b" ") for name, area in _AREAS.items()):
        return False
    return _ROOT.search(head) is not None and b"sheetData" not in head


def _rows(body: bytes, texts: Sequence[object], formats: Formats, width: int) -> tuple[list[list[object]], int]:
    """The rows, and how many cells. Raises UnlikeOthers, or IndexError where a column or a text is not there."""
    rows: list[list[object]] = []
    row: list[object] = []
    open_row, last, cells, values, widest = b"", -1, 0, 0, -1
    tokens = _TOKEN.findall(body)
    for letters, number, style, text, value, row_number, slash in tokens:
        if letters:
            at = _COLUMNS[letters]
            if number != open_row or at <= last:
                raise UnlikeOthers
            last = at
            cells += 1
            if text:
                row[at] = texts[int(text)]
                values += 1
            elif value:
                row[at] = formats.value(value, style)
                values += 1
        elif row_number and not open_row:
            row, last = _opened(rows, int(row_number), width), -1
            open_row = b"" if slash else row_number
        elif open_row and not row_number:
            open_row, widest = b"", max(widest, last)
        else:
            raise UnlikeOthers
    if open_row or body.count(b"<") != len(tokens) + _MORE_TAGS * values:
        raise UnlikeOthers
    for row in rows:
        del row[widest + 1 :]
    return rows, cells


def _opened(rows: list[list[object]], number: int, width: int) -> list[object]:
    """Add the row of this Excel number, and those before it that are not written. Raises UnlikeOthers."""
    if not len(rows) < number <= MAX_ROWS or number * width > MAX_BOX:
        raise UnlikeOthers
    rows.extend([None] * width for _ in range(len(rows), number))
    return rows[-1]


def _parted(body: bytes) -> tuple[bytes, bytes]:
    """The rows up to the last with a value, and those below: LibreOffice writes hundreds. Raises UnlikeOthers."""
    if _VALUE not in body:
        return b"", body
    end = body.find(_ROW_END, body.rfind(_VALUE))
    if end < 0:
        raise UnlikeOthers
    return body[: end + len(_ROW_END)], body[end + len(_ROW_END) :]


def _empty_cells(body: bytes, before: int) -> int:
    """How many cells are in rows without a value; most such rows differ in their number only. Raises UnlikeOthers."""
    between, *chunks = body.split(_ROW)
    if between or b"#" in body:
        raise UnlikeOthers
    count = 0
    seen: dict[bytes, int] = {}
    for chunk in chunks:
        digits = chunk[: chunk.find(b'"')]
        if len(digits) > _DIGITS or not digits.isdigit() or not before < (before := int(digits)) <= MAX_ROWS:
            raise UnlikeOthers
        shape = chunk.replace(digits, b"#")
        if shape not in seen:
            if not (found := _EMPTY.fullmatch(chunk)):
                raise UnlikeOthers
            seen[shape] = (found[2] or b"").count(b"<")
        count += seen[shape]
    return count


_HIDDEN_ROW = re.compile(rb'<row r="([0-9]+)"[^>]*? hidden="(?:1|true)"')


def hidden_rows(body: bytes) -> frozenset[int]:
    """The Excel numbers of the rows that somebody hid."""
    return frozenset(int(row) for row in _HIDDEN_ROW.findall(body)) if hides(body) else frozenset()


def hides(part: bytes) -> bool:
    """Whether anything in it is hidden."""
    return b' hidden="1"' in part or b' hidden="true"' in part
