"""The full pre-check of an odd .xlsx, for a process that may die: is it safe to open, and what do readers hide?

Readers show an error cell and a formula without a cached value as a blank, and know nothing of hidden
rows. So this walks every sheet once with expat, before any reader, and notes them by coordinate.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.parsers import expat  # nosec B407  # no doctype gets here: guard.refuse_by_text

from pipeline.model import Issue
from pipeline.xlsx import guard, listing, package
from pipeline.xlsx.fill import SHARED_STRINGS
from pipeline.xlsx.package import Unsound
from pipeline.xlsx.sheets import HiddenParts

MAX_ROWS, MAX_COLUMNS = 20_000, 256  # of non-empty cells
MAX_TEXT = 64 * 2**20  # bytes that all references to shared strings add up to
MAX_AREA = 2_000_000  # cells that merges and hyperlinks may cover together
MAX_NAMES, MAX_STYLES = 20_000, 65_500

_EXCEL_ROWS, _EXCEL_COLUMNS = 1_048_576, 16_384
_OBJECT = re.compile(rb"<(?:\w+:)?oleObject\b")
_LIVE_LINK = re.compile(rb"<(?:\w+:)?(?:dde|ole)Link\b")


@dataclass(frozen=True, slots=True)
class Findings:
    """The inflated members, the notes by member name, and what the sender should know of the file."""

    parts: Mapping[str, bytes]
    notes: Mapping[str, HiddenParts]
    facts: tuple[Issue, ...] = ()
    elsewhere: bool = False  # texts or styles are stored where calamine does not look


def inspect(content: bytes) -> Findings:
    """Check an odd workbook in full. Raises Unsound with the issue code if it must not be opened."""
    entries = package.directory(content)
    guard.refuse_by_names(entries)
    parts = {e.name: package.inflate(content, e, guard.MAX_INFLATED) for e in entries if guard.is_read(e.name)}
    guard.refuse_by_text(entries, parts)
    for name, part in parts.items():
        linked = name.startswith("xl/externalLinks/")
        if _OBJECT.search(part) or (linked and _LIVE_LINK.search(part)):
            raise Unsound("file-embedded")
    _refuse_swollen(parts)
    strings, elsewhere = _texts_of(parts)
    budget = _Budget(_string_lengths(parts.get(strings)))
    notes = {name: _walk(parts[name], budget) for name in listing.sheets_of(parts).values()}
    linked = any(name.startswith("xl/externalLinks/") for name in parts)
    return Findings(parts, notes, (Issue("file-external-links"),) if linked else (), elsewhere)


def _texts_of(parts: Mapping[str, bytes]) -> tuple[str, bool]:
    """The member that holds the shared strings, and whether it or the styles are stored elsewhere than usual.

    Raises Unsound if they are in both places: readers would take different ones.
    """
    places = dict(listing.related(parts.get(listing.RELATIONS, b"")).values())
    found = {}
    for kind, usual in (("sharedStrings", SHARED_STRINGS), ("styles", "xl/styles.xml")):
        target = next((path for relation, path in places.items() if relation.endswith("/" + kind)), usual)
        found[kind] = target if target.casefold() != usual.casefold() else usual
        if found[kind] != usual and usual in parts:
            raise Unsound("file-damaged")
    return found["sharedStrings"], found != {"sharedStrings": SHARED_STRINGS, "styles": "xl/styles.xml"}


# --------------------------------------------------------------------------- shared strings


class _Budget:
    """How much shared text all sheets together may still refer to."""

    def __init__(self, lengths: list[int]) -> None:
        self.lengths = lengths
        self.left = MAX_TEXT

    def spend(self, text: str) -> None:
        if not text.isascii() or not text.isdigit() or int(text) >= len(self.lengths):
            raise Unsound("file-damaged")
        self.left -= self.lengths[int(text)]
        if self.left < 0:
            raise Unsound("file-bomb")


def _string_lengths(part: bytes | None) -> list[int]:
    """Upper bounds, in bytes, of the shared strings in order."""
    if part is None:
        return []
    return [len(piece) for piece in re.split(rb"</(?:\w+:)?si>|<(?:\w+:)?si\s*/>", part)[:-1]]


_VERY_MANY = re.compile(rb"""<(?:\w+:)?sst\b[^>]*ount\s*=\s*["'][^"']{8}""")
"""A table of texts that says it has ten million or more: a reader makes room for so many before it reads the first."""


def _refuse_swollen(parts: Mapping[str, bytes]) -> None:
    if parts["xl/workbook.xml"].count(b"definedName ") > MAX_NAMES:
        raise Unsound("file-bomb")
    if parts.get("xl/styles.xml", b"").count(b"<xf ") > MAX_STYLES:
        raise Unsound("file-bomb")
    if any(_VERY_MANY.search(part) for part in parts.values()):
        raise Unsound("file-bomb")


# --------------------------------------------------------------------------- sheets


_REF = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")


def _walk(part: bytes, budget: _Budget) -> HiddenParts:
    walker = _Walker(budget)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = walker.start
    parser.EndElementHandler = walker.end
    parser.CharacterDataHandler = walker.text
    listing.parse(parser, part)
    return walker.notes


class _Walker:
    """Follows one sheet cell by cell; raises Unsound at the first thing that no ordinary program writes."""

    def __init__(self, budget: _Budget) -> None:
        self.notes = HiddenParts()
        self._budget = budget
        self._row = 0
        self._column = -1  # 0-based
        self._type = ""
        self._formula = self._valued = False
        self._value: list[str] | None = None  # being collected
        self._area = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = listing.local(name)
        if local == "c":
            self._cell(attributes)
        elif local in ("v", "t"):
            self._valued, self._value = True, []
        elif local == "row":
            self._new_row(attributes)
        elif local == "f":
            self._formula = True
        elif local == "col":
            self._columns(attributes)
        elif local in ("mergeCell", "hyperlink"):
            self._cover(attributes.get("ref", ""), merges=local == "mergeCell")

    def text(self, text: str) -> None:
        if self._value is not None:
            self._value.append(text)

    def end(self, name: str) -> None:
        local = listing.local(name)
        if local == "v" and self._value is not None:
            value = "".join(self._value).strip()
            self._valued = bool(value) or self._type == "str"  # openpyxl writes <v/> where nothing was calculated
            self._typed(value)
        elif local == "c":
            self._end_cell()
        if local in ("v", "t"):
            self._value = None

    def _typed(self, value: str) -> None:
        if self._type == "s" and value:
            self._budget.spend(value)
        elif self._type == "e":
            self.notes.errors[self._row, self._column] = value[:16]

    def _end_cell(self) -> None:
        if self._formula:
            self.notes.formulas[self._row, self._column] = self._valued
        if (self._formula or self._valued) and (self._row > MAX_ROWS or self._column >= MAX_COLUMNS):
            raise Unsound("file-far-cells")

    def _new_row(self, attributes: dict[str, str]) -> None:
        row = _number(attributes.get("r"), self._row + 1)
        if not self._row < row <= _EXCEL_ROWS:
            raise Unsound("file-damaged")
        self._row, self._column = row, -1
        if attributes.get("hidden") in ("1", "true"):
            self.notes.hidden_rows.add(row)

    def _cell(self, attributes: dict[str, str]) -> None:
        column = self._column + 1
        if "r" in attributes:
            row, column = _place(attributes["r"])
            if row != self._row:
                raise Unsound("file-damaged")
        if not self._column < column < _EXCEL_COLUMNS or not self._row:
            raise Unsound("file-damaged")
        self._column = column
        self._type = attributes.get("t", "")
        self._formula = self._valued = False

    def _columns(self, attributes: dict[str, str]) -> None:
        if attributes.get("hidden") in ("1", "true"):
            first, last = _number(attributes.get("min"), 1), _number(attributes.get("max"), 1)
            self.notes.hidden_columns.update(range(first - 1, min(last, MAX_COLUMNS)))

    def _cover(self, ref: str, *, merges: bool) -> None:
        first, _, last = ref.partition(":")
        if not _REF.fullmatch(first) or (last and not _REF.fullmatch(last)):
            return
        (top, left), (bottom, right) = _place(first), _place(last or first)
        self._area += (abs(bottom - top) + 1) * (abs(right - left) + 1)
        if self._area > MAX_AREA:
            raise Unsound("file-far-cells")
        if merges and bottom > top:
            self.notes.merged.append((top, bottom, left))


def _number(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 7:
        raise Unsound("file-damaged")
    return int(text)


def _place(ref: str) -> tuple[int, int]:
    """(Excel row, 0-based column) of a reference such as C7."""
    match = _REF.fullmatch(ref)
    if not match:
        raise Unsound("file-damaged")
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]), column - 1
