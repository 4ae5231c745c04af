"""A plain workbook read without a parser, from the parts that the guard has inflated: the same as calamine reads.

Where anything is not as ordinary programs write it, nothing is returned, and calamine reads the file. What a style
means (a number, a date) is calamine's word, too: it is asked once for each table of styles.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import AnyStr

from python_calamine import CalamineError, CalamineWorkbook

from pipeline.xlsx import listing
from pipeline.xlsx.fill import SHARED_STRINGS
from pipeline.xlsx.grid import MAX_BOX, Formats, Grid, UnlikeOthers, scan
from pipeline.xlsx.package import KNOWN_BYTES, Unsound
from pipeline.xlsx.sheets import is_ours, value_of

_STYLES = "xl/styles.xml"
_EPOCH = date(1899, 12, 30)
_FIRST_DAY, _LAST_DAY = 61, 2_958_465  # 1900-03-01: before it Excel counts a day that never was; 9999-12-31
_EXACT_DIGITS = 15
_MOST_STYLES = 2_000


def grids(parts: Mapping[str, bytes]) -> Mapping[str, Grid]:
    """The cells of all worksheets but our own lists, by member; {} if anything is unusual. No part has a doctype."""
    try:
        names, states = listing.sheets_of(parts), _states(parts["xl/workbook.xml"])
        if [name for name, _ in states] != [*names] or date1904(parts):
            return {}
        texts, formats = _texts(parts.get(SHARED_STRINGS)), _formats(parts.get(_STYLES))
        read = [names[name] for name, hidden in states if not is_ours(name, hidden=hidden)]
        return _scanned({path: parts[path] for path in read}, texts, formats)
    except (UnlikeOthers, Unsound, UnicodeDecodeError):
        return {}


def _scanned(parts: Mapping[str, bytes], texts: Sequence[object], formats: Formats) -> dict[str, Grid]:
    found, room = dict[str, Grid](), MAX_BOX
    for path, part in parts.items():
        found[path] = grid = scan(part, texts, formats)
        room -= len(grid.rows) * len(grid.rows[0]) if grid.rows else 0
        if room < 0:
            raise UnlikeOthers
    return found


def hidden_sheets(parts: Mapping[str, bytes]) -> Mapping[str, bool]:
    """Whether each sheet is hidden, by name, of a workbook that has grids."""
    return dict(_states(parts["xl/workbook.xml"]))


_EPOCH_1904 = re.compile(rb"""\sdate1904\s*=\s*["'](?:1|true|on)["']""")


def date1904(parts: Mapping[str, bytes]) -> bool:
    """Whether days are counted from 1904, as in Excel for Mac."""
    return _EPOCH_1904.search(parts["xl/workbook.xml"]) is not None


_SHEETS = re.compile(rb"<sheets>(.*?)</sheets>", re.DOTALL)
_SHEET = re.compile(
    rb'<sheet name="([^"&<>]*)" sheetId="[0-9]+"(?: state="(visible|hidden|veryHidden)")? r:id="[^"&<>]+" ?/>'
)


_ROOTS = re.compile(rb"</?workbook[ />]")


@lru_cache(maxsize=64)
def _states(book: bytes) -> tuple[tuple[str, bool], ...]:
    """The sheets in their order, and whether each is hidden. Raises UnlikeOthers."""
    listed = _SHEETS.findall(book)
    if len(listed) != 1 or book.count(b"<sheet ") != len(found := _SHEET.findall(listed[0])):
        raise UnlikeOthers
    if listed[0].count(b"<") != len(found) or len(_ROOTS.findall(book)) != 2:
        raise UnlikeOthers
    return tuple((name.decode(), state not in (b"", b"visible")) for name, state in found)


# --------------------------------------------------------------------------- the table of texts

_NAMED = r'(?: [A-Za-z][A-Za-z0-9:]*="[^"<>&]*")*'
_TABLE = re.compile(rf'(?:<\?xml version="1.0" encoding="UTF-8"(?: standalone="(?:yes|no)")? ?\?>)?\s*<sst{_NAMED} ?>')
_T = r"<t(?: xml:space=\"preserve\")?>([^<]*)</t>"
_CUT = re.compile(r"<t>\s|<t>[^<]*\s</t>")  # calamine cuts such blanks off
_PIECE = re.compile(rf"<r>(?:<rPr>(?:<[A-Za-z][A-Za-z0-9]*{_NAMED} ?/>)*</rPr>)?{_T}</r>")
_TEXT = re.compile(rf"<si>(?:{_T}|((?:{_PIECE.pattern.replace('([^', '[^').replace('*)</t>', '*</t>')})+))")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))
_OTHER_ENTITY = re.compile("&(?!(?:lt|gt|quot|apos|amp);)")


def _texts(part: bytes | None) -> Sequence[str | None]:
    """The texts in order, None for an empty one. Raises UnlikeOthers."""
    if part is None:
        return ()
    table = part.decode()
    head = _TABLE.match(table)
    if head is None:
        raise UnlikeOthers
    body = table[head.end() :]
    known, begin = _shared(body, *_last.table)
    *entries, end = body[begin:].split(_ENTRY_END)
    if end.strip() != "</sst>":
        raise UnlikeOthers
    texts = [*known, *map(_text, entries)]
    _last.table = body, texts
    return texts


def _shared(body: str, before: str, texts: Sequence[str | None]) -> tuple[Sequence[str | None], int]:
    """The texts of the entries with which this table and the one before begin alike, and where the others begin."""
    begin = alike(body, before, _ENTRY_END)
    return texts[: body.count(_ENTRY_END, 0, begin)], begin


def alike(one: AnyStr, other: AnyStr, end: AnyStr) -> int:
    """How much of two texts is the same at their beginning, up to the last `end` in it."""
    least, most = 0, min(len(one), len(other))
    while least < most:
        half = (least + most + 1) // 2
        if one.startswith(other[least:half], least):
            least = half
        else:
            most = half - 1
    return one.rfind(end, 0, least) + len(end) if end in one[:least] else 0


_ENTRY_END = "</si>"


class _Last:
    """The table of texts that was read last: most begin alike, with what our template says."""

    table: tuple[str, Sequence[str | None]] = ("", ())


_last = _Last()


@lru_cache(maxsize=8192)
def _text(entry: str) -> str | None:
    """One text; the pieces of one that look different are joined. Cached: most are those of our templates. Raises
    UnlikeOthers.
    """
    found = _TEXT.fullmatch(entry)
    if found is None or "\r" in entry or "_x" in entry or _CUT.search(entry):  # _x: an escaped character
        raise UnlikeOthers
    text = "".join(_PIECE.findall(found[2])) if found[2] else found[1]
    if "&" in text:
        if _OTHER_ENTITY.search(text):
            raise UnlikeOthers
        for entity, sign in _ENTITIES:
            text = text.replace(entity, sign)
    return text or None


# --------------------------------------------------------------------------- numbers


def _number(value: bytes) -> object:
    return int(value) if len(value) <= _EXACT_DIGITS and value.isdigit() else value_of(float(value))


def _formats(styles: bytes | None) -> Formats:
    """What a number means in each style of a workbook. Raises UnlikeOthers."""
    if styles is None:
        return _UNSTYLED
    if len(styles) > KNOWN_BYTES or len(found := _formats_of(styles)) == len(_UNSTYLED):
        raise UnlikeOthers
    return found


@lru_cache(maxsize=64)
def _formats_of(styles: bytes) -> Formats:
    return {**_UNSTYLED, **{style: _MAKERS.get(kind, _time) for style, kind in _kinds(styles).items()}}


def _time(_: bytes) -> object:
    """What is neither a number nor a day."""
    raise UnlikeOthers


@lru_cache(maxsize=4096)
def _day(value: bytes) -> date:
    if not value.isdigit() or not _FIRST_DAY <= int(value) <= _LAST_DAY:
        raise UnlikeOthers
    return _EPOCH + timedelta(days=int(value))


_UNSTYLED: Formats = {b"": _number}
_MAKERS: Mapping[type, Callable[[bytes], object]] = {float: _number, datetime: _day}


_MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
_PROBE = b"45000.5"


def _kinds(styles: bytes) -> Mapping[bytes, type]:
    """What calamine makes of a number in each style: float, datetime, or another class; {} if it cannot read them."""
    count = styles.count(b"<xf ")
    if not 0 < count <= _MOST_STYLES:
        return {}
    row = b'<row r="%d"><c r="A%d" s="%d"><v>%b</v></c></row>'
    rows = b"".join(row % (n + 1, n + 1, n, _PROBE) for n in range(count))
    relation = b'<Relationship Id="rId%d" Type="' + _OFFICE + b'/%b" Target="%b"/>'
    parts = {
        "_rels/.rels": _PACKAGE + relation % (1, b"officeDocument", b"xl/workbook.xml") + b"</Relationships>",
        "xl/workbook.xml": b"<workbook " + _MAIN + b' xmlns:r="' + _OFFICE + b'"><sheets>'
        b'<sheet name="1" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _PACKAGE
        + relation % (1, b"worksheet", b"worksheets/sheet1.xml")
        + relation % (2, b"styles", b"styles.xml")
        + b"</Relationships>",
        "xl/worksheets/sheet1.xml": b"<worksheet " + _MAIN + b"><sheetData>" + rows + b"</sheetData></worksheet>",
        _STYLES: styles,
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        for name, part in parts.items():
            package.writestr(name, part)
    try:
        found = CalamineWorkbook.from_filelike(io.BytesIO(content.getvalue())).get_sheet_by_index(0).to_python()
    except (CalamineError, OSError):
        return {}
    return {b"%d" % n: type(row[0]) for n, row in enumerate(found)}
