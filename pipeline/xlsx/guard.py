"""The first check of an incoming file: plain, odd, or refused.

A small legal file can crash or freeze any reader, so nothing is read before this check. It takes about half a
millisecond and looks at bytes only; the file's name never matters.

* plain (nearly all): calamine may read it in a pool's worker.
* odd: legal, but it needs the full pre-check (`precheck`) and a process that may die.
* refused: never opened; the issue's code says why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache
from itertools import pairwise
from typing import Literal, TypeVar

from pipeline.model import Issue
from pipeline.xlsx import by_pattern, formats, package
from pipeline.xlsx.fill import SHARED_STRINGS
from pipeline.xlsx.grid import MAX_BOX as PLAIN_BOX
from pipeline.xlsx.grid import MAX_ROWS as PLAIN_ROWS
from pipeline.xlsx.grid import Grid
from pipeline.xlsx.package import Unsound, ZipMember

MAX_FILE = 20 * 2**20  # bytes; a school's day is 12 KB
MAX_INFLATED = 160 * 2**20  # bytes, all members; 200,000 empty styled cells are about 8 MB
PLAIN_INFLATED = 4 * 2**20  # bytes; above this a file is odd
PLAIN_STRINGS = 64 * 2**20  # bytes that all references to shared strings may add up to
PLAIN_CELLS = 40_000

_T = TypeVar("_T")
Verdict = Literal["plain", "odd", "refused"]


@dataclass(frozen=True, slots=True)
class Look:
    """The result of the first check. `parts`: the inflated members of a plain workbook, by name; `grids`: the cells of
    all its sheets but our lists, if they are written as most programs write them.
    """

    verdict: Verdict
    issue: Issue | None = None
    parts: Mapping[str, bytes] = field(default_factory=dict)
    grids: Mapping[str, Grid] = field(default_factory=dict)

    def wordy(self) -> Iterator[bytes]:
        """The members that may hold words of people."""
        for name, part in self.parts.items():
            grid = self.grids.get(name)
            if grid is None or b"<t" in (around := grid.around) or b'"str"' in around:
                yield part


def look(content: bytes) -> Look:
    """Check a file by its bytes; never raises, never inflates more than 4 MiB."""
    try:
        if not content.startswith(b"PK\x03\x04"):
            foreign = formats.foreign(content)
            if foreign is not None:
                return Look("refused", foreign)
        if len(content) > MAX_FILE:
            return Look("refused", Issue("file-too-large"))
        if not content.startswith(b"PK\x03\x04"):
            return Look("odd")  # an .xls
        entries = package.directory(content)
        refuse_by_names(entries)
        if sum(e.size for e in entries) > PLAIN_INFLATED:
            return Look("odd")
        parts = {e.name: package.inflate(content, e, PLAIN_INFLATED) for e in entries if is_read(e.name)}
        marked = refuse_by_text(entries, parts)
    except Unsound as unsound:
        return Look("refused", unsound.issue)
    if marked:  # no program writes them
        return Look("odd")
    grids = by_pattern.grids(parts)
    return Look("plain", parts=parts, grids=grids) if _is_plain(entries, parts, grids) else Look("odd")


# --------------------------------------------------------------------------- what must not be in a workbook

_ACTIVE = (
    ("xl/vbaproject", "file-macro"),
    ("xl/macrosheets/", "file-macro"),
    ("xl/dialogsheets/", "file-macro"),
    ("customui/", "file-macro"),
    ("xl/activex/", "file-embedded"),
    ("xl/embeddings/", "file-embedded"),
    ("xl/workbook.bin", "file-xlsb"),
    ("xl/worksheets/sheet1.bin", "file-xlsb"),
)


_MAY_BE_ACTIVE = re.compile("|".join(re.escape(start) for start, _ in _ACTIVE))


def refuse_by_names(entries: tuple[ZipMember, ...]) -> None:
    """Raise Unsound if a member's name alone shows that we do not open this file."""
    names = {e.name.casefold() for e in entries}
    for start, code in _ACTIVE if any(map(_MAY_BE_ACTIVE.match, names)) else ():
        if any(name.startswith(start) for name in names):
            raise Unsound(code)
    if "[content_types].xml" not in names or "xl/workbook.xml" not in names:
        if "content.xml" in names and "mimetype" in names:
            raise Unsound("file-ods")
        if any(name.endswith((".iwa", "index.zip")) for name in names):
            raise Unsound("file-numbers")
        if "[content_types].xml" in names:
            raise Unsound("file-not-workbook", "Word 等别的文档")
        raise Unsound("file-archive", "ZIP 压缩包")
    if sum(e.size for e in entries) > MAX_INFLATED:
        raise Unsound("file-bomb")


def refuse_by_text(entries: tuple[ZipMember, ...], parts: Mapping[str, bytes]) -> bool:
    """Raise Unsound if the members' content forbids opening: doctype, other encodings, macros, binaries.

    Return whether any has a comment or CDATA.
    """
    markings = {_marking(part) for part in parts.values()}
    if not _SOUND.issuperset(markings):
        raise Unsound("file-damaged")
    if b"/vbaproject" in parts.get("xl/_rels/workbook.xml.rels", b"").lower():  # whatever the member is called
        raise Unsound("file-macro")
    _refuse_active_types(parts["[Content_Types].xml"], entries)
    return _Marking.MARKED in markings


def known(function: Callable[[bytes], _T]) -> Callable[[bytes], _T]:
    """Cache results for parts of usual size: most parts are the same in every workbook, byte for byte."""
    remembered = lru_cache(maxsize=64)(function)

    def ask(part: bytes) -> _T:
        return remembered(part) if len(part) <= package.KNOWN_BYTES else function(part)

    return ask


class _Marking(Enum):
    """What a member is by its text as a whole."""

    PLAIN = auto()
    MARKED = auto()  # with a comment or CDATA
    DAMAGED = auto()  # with a doctype, or not UTF-8


_SOUND = frozenset((_Marking.PLAIN, _Marking.MARKED))


@known
def _marking(part: bytes) -> _Marking:
    marked = b"!" in part and b"<!" in part  # a single byte is searched much faster
    if (marked and (b"<!DOCTYPE" in part or b"<!ENTITY" in part)) or not _is_text(part):
        return _Marking.DAMAGED
    return _Marking.MARKED if marked else _Marking.PLAIN


def _is_text(part: bytes) -> bool:
    """UTF-8, and declared so."""
    return (part.startswith(_USUAL) or _is_utf8(part)) and (part.isascii() or _decodes(part))


_DEFAULT = re.compile(rb"<(?:\w+:)?default\b[^<>&]*>")
_EXTENSION = re.compile(rb"""\sextension\s*=\s*["']([^"']*)["']""")
_ACTIVE_TYPES = (
    (b"macroenabled", "file-macro"),
    (b"vbaproject", "file-macro"),
    (b"sheet.binary", "file-xlsb"),
    (b"activex", "file-embedded"),
)
_SETTINGS = "xl/printersettings/"  # always .bin, and read by no one but a printer


def _refuse_active_types(types: bytes, entries: tuple[ZipMember, ...]) -> None:
    """A type for an extension damns a file only if a member has it: script libraries announce many that they do not
    write.
    """
    lower = types.lower()
    if not any(word in lower for word, _ in _ACTIVE_TYPES):
        return
    there = {e.name.casefold().rpartition(".")[2] for e in entries if not e.name.casefold().startswith(_SETTINGS)}
    said = _DEFAULT.sub(lambda found: found[0] if _extension(found[0]) in there else b"", lower)
    for word, code in _ACTIVE_TYPES:
        if word in said:
            raise Unsound(code)


def _extension(default: bytes) -> str:
    found = _EXTENSION.search(default)
    return found[1].decode(errors="replace") if found else ""


_USUAL = b'<?xml version="1.0" encoding="UTF-8"'
_ENCODING = re.compile(rb"""<\?xml[^>]{0,60}encoding\s*=\s*["']([A-Za-z0-9._-]+)""")


def _is_utf8(part: bytes) -> bool:
    start = part[:120].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start.startswith(b"<"):
        return not start
    declared = _ENCODING.match(start)
    return not declared or declared[1].lower() in {b"utf-8", b"utf8", b"us-ascii", b"ascii"}


def _decodes(part: bytes) -> bool:
    try:
        part.decode()
    except UnicodeDecodeError:
        return False
    return True


_UNREAD = ("xl/theme/", "customxml/", "__macosx/")  # in any encoding, or none


def is_read(name: str) -> bool:
    """Whether a reader may open the member as text (not pictures, themes, or data of add-ins)."""
    return name.lower().endswith((".xml", ".rels", ".vml")) and not name.lower().startswith(_UNREAD)


# --------------------------------------------------------------------------- plain, or odd

_SHEETS = "xl/worksheets/"
_ROW_DIGITS = 7
_REF = re.compile(rb'<c r="([A-Z]+[0-9]+)"')
_TYPES = (b' t="s"', b' t="n"', b' t="b"', b' t="str"', b' t="inlineStr"', b' t="d"')
_SPACES = (b"\t", b"\n", b"\r")
_ELSEWHERE = (b"\tt", b"\nt", b"\rt")  # no program writes attributes on separate lines
_ERROR = re.compile(rb' t\s*=\s*["\'](?:e["\']|&)')
_COUNT = re.compile(rb"""ount="[0-9]{1,5}\"""")
_RELATION = re.compile(rb"<Relationship [^>]*>")
_USUALLY = ((b'/sharedStrings"', b'sharedStrings.xml"'), (b'/styles"', b'styles.xml"'))
_FROM = (b"", b"/xl/", b"./")


def _is_plain(entries: tuple[ZipMember, ...], parts: Mapping[str, bytes], grids: Mapping[str, Grid]) -> bool:
    cells = 0
    for entry in entries:
        name = entry.name
        part = parts.get(name)
        if part is None:
            continue
        if name.startswith(_SHEETS) and name.endswith(".xml"):
            grid = grids.get(name)
            found = _plain_cells(part) if grid is None else -1 if b"<ole" in grid.tail else grid.cells
            if found < 0:
                return False
            cells += found
        elif b"sheetData" in part or name.startswith(("xl/externalLinks/", "xl/query", "xl/connections")):
            return False
    strings = parts.get(SHARED_STRINGS, b"")
    bounded = _says_few_texts(strings)
    return bounded and cells <= PLAIN_CELLS and _is_plain_book(parts) and _fans_out_little(strings, cells)


@known
def _plain_cells(part: bytes) -> int:
    """Count the cells of a plain sheet; -1 if it is not plain. LibreOffice numbers texts anew in each workbook, so that
    its lists differ in nothing else.
    """
    return _plain_cells_but_values(_VALUES.sub(b"<v></v>", part))


_VALUES = re.compile(rb"<v>[0-9]+</v>")


@known
def _plain_cells_but_values(part: bytes) -> int:
    """Plain: rows and cells as every ordinary program writes them (`<row r="`, `<c r="`, in order, each with its
    position), no error, no formula, nothing beyond column ZZ, a small area of cells, no comment, no object.
    """
    head, opened, rest = part.partition(b"<sheetData")
    body, closed, tail = rest.partition(b"</sheetData>")
    if not closed:
        empty = rest.startswith((b"/>", b" />"))
        return 0 if opened and empty and b"sheetData" not in rest else -1
    if b"<worksheet" not in head or b"sheetData" in tail:
        return -1
    if b"<ole" in tail or b"<f" in body or _may_hold_errors(body):
        return -1
    return _ordered_cells(body)


def _may_hold_errors(body: bytes) -> bool:
    if any(map(body.__contains__, _SPACES)) and any(map(body.__contains__, _ELSEWHERE)):
        return True
    left = body.count(b" t")
    for honest in _TYPES:  # the most common first: usually it is the only one
        if not left:
            return False  # a word that begins with t must be the type of an ordinary cell
        left -= body.count(honest)
    return bool(left) and _ERROR.search(body) is not None


def _ordered_cells(body: bytes) -> int:
    """Count the cells if rows and cells come in strictly rising order, else -1."""
    before, count, width, last = 0, 0, 1, 0
    patterns: set[bytes] = set()  # most rows of a sheet use the same columns
    rows = body.split(b'<row r="')
    if body.count(b"<row") != len(rows) - 1 or b"<c" in rows[0]:
        return -1
    for chunk in rows[1:]:
        number = chunk[: chunk.find(b'"')]
        if len(number) > _ROW_DIGITS or not number.isdigit() or int(number) <= before:
            return -1
        before = int(number)
        refs = _REF.findall(chunk)
        if len(refs) != chunk.count(b"<c"):
            return -1
        if not refs:
            continue  # LibreOffice writes the height of the very last row
        count += len(refs)
        last = before
        columns = b" ".join(refs).replace(number + b" ", b" ").removesuffix(number)
        if columns not in patterns:
            letters = columns.split()
            if not _rises(letters):
                return -1
            patterns.add(columns)
            width = max(width, _position(letters[-1]))
    return count if last <= PLAIN_ROWS and last * width <= PLAIN_BOX else -1


def _position(letters: bytes) -> int:
    """A is 1, Z 26, AA 27."""
    position = 0
    for letter in letters:
        position = position * 26 + letter - 64
    return position


def _rises(columns: list[bytes]) -> bool:
    """Whether these are column letters, at most two each, in strictly rising order."""
    if not all(c.isalpha() and len(c) <= 2 for c in columns):
        return False
    keys = [(len(c), c) for c in columns]
    return all(a < b for a, b in pairwise(keys))


def _is_plain_book(parts: Mapping[str, bytes]) -> bool:
    """The sheets are named by the relations in the usual way, and all are where we looked."""
    book, relations = parts["xl/workbook.xml"], parts.get("xl/_rels/workbook.xml.rels", b"")
    if b"<workbook" not in book:
        return False
    places = _usual_places(relations)
    return bool(places) and parts.keys() >= places


@lru_cache(maxsize=64)
def _usual_places(relations: bytes) -> frozenset[str]:
    """Where the relations say that the sheets are; none if they are unusual."""
    found = set()
    for relation in _RELATION.findall(relations):
        if b'/worksheet"' in relation:
            found.add(_target(relation))
        if b"External" in relation or _elsewhere(relation):
            return frozenset()
    return frozenset(found)


def _elsewhere(relation: bytes) -> bool:
    """Whether texts or styles are stored where calamine does not look for them."""
    for kind, name in _USUALLY:
        if kind in relation and not any(b'Target="' + start + name in relation for start in _FROM):
            return True
    return False


def _target(relation: bytes) -> str:
    """The name of the member that a relation of the workbook points to; "" unless it is a worksheet's place."""
    target = relation.partition(b'Target="')[2].partition(b'"')[0].decode()
    path = target[1:] if target.startswith("/") else "xl/" + target
    return path if path.startswith(_SHEETS) else ""


def _says_few_texts(strings: bytes) -> bool:
    """Whether the table of texts says it has few: a reader makes room for so many before it reads the first."""
    head = strings[: strings.find(b">", strings.find(b"sst"))]
    return head.count(b"ount") == len(_COUNT.findall(head))


def _fans_out_little(strings: bytes, cells: int) -> bool:
    """Whether all cells together refer to at most 64 MiB of text."""
    if len(strings) * cells <= PLAIN_STRINGS:
        return True
    return max(map(len, strings.split(b"</si>"))) * cells <= PLAIN_STRINGS
