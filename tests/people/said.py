"""What was read of a workbook, as far as records are made of it: the same for the same cells, whoever saved them."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from datetime import date

from pipeline.forms import form
from pipeline.forms.identify import identify
from pipeline.forms.parse import parse
from pipeline.model import Claims, Reading, Row, Workbook
from pipeline.xlsx import by_pattern, precheck, read
from tests.people.scribe import packed
from tests.reading import take


@dataclass(frozen=True)
class Said:
    """Claims, header and rows as values, and the text of cells that were not understood; blanks left out."""

    form: str
    unit: str
    campus: str
    day: date | None
    header: dict[str, object]
    rows: dict[str, list[dict[str, object]]]


def said(reading: Reading, *, lost: bool = False) -> Said:
    """Raise AssertionError if the workbook was not taken; its issues tell why.

    `lost`: what it would say without its properties, which alone name the unit where a form has no cell for it.
    """
    assert reading.verdict == "parsed", reading.issues
    claims = reading.claims
    assert claims is not None
    header = {name: value for name, value in sorted(reading.header.items()) if value is not None}
    rows = {name: [_row(claims.form, name, row) for row in table] for name, table in reading.tables.items() if table}
    unit = claims.unit if not lost or "unit" in reading.header else ""
    return Said(claims.form, unit, claims.campus, claims.day, header, rows)


def _row(name: str, table: str, row: Row) -> dict[str, object]:
    names = [column.name for column in form(name).table(table).columns]
    values = dict(zip(names, row.values, strict=True))
    unread = {f"unread {name}": text for name, text in row.raw.items() if values[name] is None}
    ours = {"ticket": row.ticket, "void": row.void} if row.ticket or row.void else {}
    return {name: value for name, value in values.items() if value is not None} | unread | ours


def of(content: bytes) -> Said:
    """What our own readers say of the bytes."""
    return said(take(content))


def by_openpyxl(content: bytes) -> Reading:
    """The same path with the other library under it, which knows nothing of the guard's two speeds."""
    parts = unpacked(content)
    if any(b"purl.oclc.org" in part for part in parts.values()):  # the strict dialect, which it does not know
        parts = {name: _loosened(part) for name, part in parts.items()}
        content = packed(parts, "deflated")
    found = precheck.inspect(content)
    sheets = read.by_openpyxl(content, found)
    book = Workbook(sheets, read.properties(found.parts), by_pattern.date1904(found.parts), facts=found.facts)
    claims = identify(book)
    assert isinstance(claims, Claims), claims
    return parse(book, claims)


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


def _loosened(part: bytes) -> bytes:
    for strict, usual in _STRICT.items():
        part = part.replace(strict, usual)
    return part


_STRICT = {
    b"http://purl.oclc.org/ooxml/spreadsheetml/main": b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    b"http://purl.oclc.org/ooxml/officeDocument/": b"http://schemas.openxmlformats.org/officeDocument/2006/",
}
