"""The cells of a plain sheet, taken from its XML by pattern: each `<` from the first row to the last is accounted for,
or there is no grid.

What ordinary programs write is so regular that no parser is needed: rows and cells in order, each with its place, a
style, a number or a place in the table of texts. All else (formulas, errors, texts in the cell, other quotes or
prefixes) is left to others.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from xml.parsers import expat  # nosec B407  # no doctype gets here: guard.refuse_by_text

MAX_ROWS = 20_000
MAX_BOX = 400_000  # rows × columns

_OPEN, _CLOSE, _VALUE, _ROW, _ROW_END = b"<sheetData>", b"</sheetData>", b"<v>", b'<row r="', b"</row>"
_NAMES = rb"(?: (?:spans|ht|customHeight|s|customFormat|hidden|outlineLevel|collapsed|thickTop|thickBot|%b)"
_ATTRIBUTES = _NAMES % b"x14ac:dyDescent" + rb'="[0-9A-Za-z.: -]*")*'
_ROW_HEAD = re.compile(rb'"' + _NAMES % b"xac:dyDescent" + rb'="[A-Za-z:]*")* ?(/?)>')  # no digits, nor its beginning
_CELL = re.compile(rb'<c r="([A-Z]{1,2})"( s="")?(?:(?: t="[sn]")? ?/>|( t="s"| t="n")?(><v>)</v></c>)')  # no digits
_EMPTY = re.compile(
    rb'([0-9]+)"' + _ATTRIBUTES + rb' ?(?:/>|>((?:<c r="[A-Z]{1,2}\1"(?: s="[0-9]{1,5}")?(?: t="[sn]")? ?/>)*)</row>)'
)  # without its beginning
_DIGITS = 7  # of a row's number
_NUMERIC = b"0123456789."
_APART = bytes(sign if sign in _NUMERIC else 32 for sign in range(256))
_USUAL_SHAPE = 2_000  # bytes of a shape that is cached
_KEPT_BELOW = 128 * 2**10
_LETTERS = [bytes([65 + n]) for n in range(26)]
_COLUMNS = {name: at for at, name in enumerate([*_LETTERS, *(a + b for a in _LETTERS for b in _LETTERS)])}


class UnlikeOthers(Exception):  # noqa: N818  # a verdict, not an error of ours
    """Something is not written as ordinary programs write it."""


Formats = Mapping[bytes, Callable[[bytes], object]]
"""By style (b"" for none) what makes a value of a number; it may raise UnlikeOthers."""


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
    filled, empty = _parted(body)
    try:
        rows, cells, hiding = _rows(filled, texts, formats)
    except (IndexError, KeyError, ValueError, OverflowError):
        raise UnlikeOthers from None
    below = _empty_rows(empty, len(rows))
    hidden = hidden_rows(body) if hiding or below.hiding else frozenset[int]()
    return Grid(rows, cells + empty.count(b"<c "), head, tail, hidden)


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


def _rows(body: bytes, texts: Sequence[object], formats: Formats) -> tuple[list[list[object]], int, bool]:
    """The rows, how many cells, and whether some rows may be hidden. Raises UnlikeOthers, IndexError where a text is
    not there, or KeyError where a style is not.
    """
    between, *written = body.translate(None, _NUMERIC).split(_ROW)
    shapes = [*map(_shape_of, written)]
    numbers = body.translate(_APART).split()
    if between or sum(shape.count for shape in shapes) != len(numbers):
        raise UnlikeOthers
    if b"".join([shape.written for shape in shapes]) % (*numbers,) != body:  # each number is where it must be
        raise UnlikeOthers
    width = max((shape.last for shape in shapes), default=-1) + 1
    rows: list[list[object]] = []
    begin = 0
    for shape in shapes:
        mine = numbers[begin : begin + shape.count]
        begin += shape.count
        row = _opened(rows, int(mine[0]), width)
        if shape.rows(mine).count(mine[0]) != shape.cells + 2:
            raise UnlikeOthers
        for at, place in shape.texts:
            row[at] = texts[int(mine[place])]
        for at, place, style in shape.numbers:
            row[at] = formats[mine[style] if style else b""](mine[place])
    return rows, sum(shape.cells for shape in shapes), any(shape.hiding for shape in shapes)


@dataclass(frozen=True, slots=True)
class _RowShape:
    """How a row is written; most rows of most sheets are written in one of a few ways.

    `written`: with %b for each number, `count` of them, of which the first is the row's. The others say which is what:
    `rows` takes the row's number, twice, and what each cell says it is; cells with text are (column, its place in the
    table of texts), those with a number (column, value, style or 0). `last`: the last column, -1 without cells.
    `hiding`: it may be hidden.
    """

    written: bytes
    count: int
    rows: Callable[[list[bytes]], tuple[bytes, ...]]
    texts: tuple[tuple[int, int], ...]
    numbers: tuple[tuple[int, int, int], ...]
    cells: int
    last: int
    hiding: bool


def _shape_of(written: bytes) -> _RowShape:
    return _shape(written) if len(written) <= _USUAL_SHAPE else _shape.__wrapped__(written)


@lru_cache(maxsize=2048)
def _shape(shape: bytes) -> _RowShape:
    """The shape of a row, from what is written behind its beginning without its numbers. Raises UnlikeOthers."""
    head = _ROW_HEAD.match(shape)
    if head is None:
        raise UnlikeOthers
    written = (
        _ROW + b"%b" + head[0].replace(b'=""', b'="%b"').replace(b'=":"', b'="%b:%b"').replace(b" xac:", b" x%bac:")
    )
    places, texts, numbers, count, last = [0, 0], [], [], written.count(b"%b"), -1
    for cell in _CELL.finditer(shape, head.end()):
        column, style, kind, value = _COLUMNS[cell[1]], cell[2], cell[3], cell[4]
        if column <= last:
            raise UnlikeOthers
        last = column
        written += cell[0].replace(b'" s="', b'%b" s="%b', 1) if style else cell[0].replace(cell[1], cell[1] + b"%b", 1)
        places.append(count)
        count += 2 if style else 1
        if not value:
            continue
        written = written.replace(b"<v></v>", b"<v>%b</v>")
        if kind == b' t="s"':
            texts.append((column, count))
        else:
            numbers.append((column, count, count - 1 if style else 0))
        count += 1
    written += b"" if head[1] else _ROW_END
    if written.replace(b"%b", b"") != _ROW + shape:
        raise UnlikeOthers
    hiding = b' hidden="' in written and b' hidden="false"' not in written
    return _RowShape(written, count, itemgetter(*places), tuple(texts), tuple(numbers), len(places) - 2, last, hiding)


def _opened(rows: list[list[object]], number: int, width: int) -> list[object]:
    """Add the row of this Excel number, and those before it that are not written. Raises UnlikeOthers."""
    if not len(rows) < number <= MAX_ROWS or number * width > MAX_BOX:
        raise UnlikeOthers
    while len(rows) < number:
        rows.append([None] * width)
    return rows[-1]


def _parted(body: bytes) -> tuple[bytes, bytes]:
    """The rows up to the last with a value, and those below: LibreOffice writes hundreds. Raises UnlikeOthers."""
    if _VALUE not in body:
        return b"", body
    end = body.find(_ROW_END, body.rfind(_VALUE))
    if end < 0:
        raise UnlikeOthers
    return body[: end + len(_ROW_END)], body[end + len(_ROW_END) :]


@dataclass(frozen=True, slots=True)
class _EmptyRows:
    """Rows without a value, every one looked at."""

    written: bytes
    hiding: bool  # some are hidden


def _empty_rows(body: bytes, before: int) -> _EmptyRows:
    """Look at rows without a value; most such rows differ in their number only, and in most workbooks of one program
    they are the same. Raises UnlikeOthers.
    """
    if not body:
        return _NONE
    first = body[len(_ROW) : body.find(b'"', len(_ROW))]
    known = next((seen for seen in _below if seen.written.endswith(body)), None) if body.startswith(_ROW) else None
    if known is None or not before < int(first):
        _look_through(body, before)
        known = _EmptyRows(body, hides(body))
        if len(body) <= _KEPT_BELOW:
            _below.append(known)
    return known


_NONE = _EmptyRows(b"", hiding=False)
_below: deque[_EmptyRows] = deque(maxlen=8)  # those of the last workbooks


def _look_through(body: bytes, before: int) -> None:
    between, *chunks = body.split(_ROW)
    if between or b"#" in body:
        raise UnlikeOthers
    seen: set[bytes] = set()
    for chunk in chunks:
        digits = chunk[: chunk.find(b'"')]
        if len(digits) > _DIGITS or not digits.isdigit() or not before < (before := int(digits)) <= MAX_ROWS:
            raise UnlikeOthers
        shape = chunk.replace(digits, b"#")
        if shape not in seen:
            if not _EMPTY.fullmatch(chunk):
                raise UnlikeOthers
            seen.add(shape)


_HIDDEN_ROW = re.compile(rb'<row r="([0-9]+)"[^>]*? hidden="(?:1|true)"')


def hidden_rows(body: bytes) -> frozenset[int]:
    """The Excel numbers of the rows that somebody hid."""
    return frozenset(int(row) for row in _HIDDEN_ROW.findall(body)) if hides(body) else frozenset()


def hides(part: bytes) -> bool:
    """Whether anything in it is hidden."""
    return b' hidden="1"' in part or b' hidden="true"' in part
