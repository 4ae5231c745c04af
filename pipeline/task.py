"""What a worker does with one workbook's bytes: guard, read, identify, parse. Knows nothing of the store.

Imported by reader processes: cheap, and never Django, pandera or polars (a test checks it).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import orjson

from pipeline.forms import credentials, form, layout, secrets
from pipeline.forms.identify import identify
from pipeline.forms.parse import parse
from pipeline.model import Claims, Issue, Reading, ReadVerdict, Row, ScanKind, Workbook
from pipeline.xlsx import by_pattern, guard, read
from pipeline.xlsx.likeness import looks_like_filing, may_hold_password, says_password
from pipeline.xlsx.package import Unsound

_WORDS = (("密", r"(?:\s|　)*(?:码|碼)"), ("口", r"(?:\s|　)*令"), ("assw", ""), ("pwd", ""), ("mima", ""))
_RARE = (b"\x86", b"\xa3", b"w", b"w", b"m")  # a byte of each: a single byte is found a hundred times faster
_SUSPECT = tuple(
    (rare, start.encode(), re.compile((start + end).encode())) for rare, (start, end) in zip(_RARE, _WORDS, strict=True)
)
_OURS = credentials.OURS.encode()
_SCANS = {
    ScanKind.PDF: (b"%PDF-", b"%%EOF", 2048),
    ScanKind.JPG: (b"\xff\xd8\xff", b"\xff\xd9", 65536),
    ScanKind.PNG: (b"\x89PNG\r\n", b"IEND", 64),
}
"""First bytes, last bytes, and within how many of the last bytes these are searched."""


def read_plain(content: bytes, seen: date | None = None) -> Reading | None:
    """Read a plain workbook, or refuse what is none; None for an odd one, which needs `read_untrusted` in a child.

    `seen`: the day it was first seen, by which dates of a report and of a calendar have a year, if they have none.
    """
    look = guard.look(content)
    if look.issue is not None:
        return refused(content, look.issue)
    if look.verdict == "odd":
        return None
    try:
        book = read.plain(content, look)
    except read.Odd:
        return None
    suspect = any(map(_is_suspect, look.wordy()))
    return _understood(content, book, seen, suspect=suspect)


def read_untrusted(content: bytes, seen: date | None = None) -> Reading:
    """Read an odd workbook with every check. It may end the process; run it in a disposable child."""
    try:
        book = read.careful(content)
    except Unsound as unsound:
        return refused(content, unsound.issue)
    return _understood(content, book, seen, suspect=True)


def refused(content: bytes, issue: Issue) -> Reading:
    """The answer for a file that is not opened, or that ended its reader."""
    scan = scan_of(content) if issue.code == "file-picture" else None
    secret = scan is None and may_hold_password(content)
    return Reading(ReadVerdict.QUARANTINED, issues=(issue,), content_sha=_bytes_sha(content), secret=secret, scan=scan)


def scan_of(content: bytes) -> ScanKind | None:
    """pdf, jpg or png by the first bytes, torn if the last ones are missing; None for all else."""
    for kind, (first, last, within) in _SCANS.items():
        if content.startswith(first):
            return kind if last in content[-within:] else ScanKind.TORN
    return None


@guard.known
def _is_suspect(part: bytes) -> bool:
    """Whether a word for a password is in it, besides what our own forms say of them."""
    if b"<sheetData" in part and b"<t" not in part and b'"str"' not in part:
        return False  # a sheet whose texts are all in the table of texts
    begin = by_pattern.alike(part, _searched.innocent, b"</si>")  # no word goes over the end of a text
    low = part[begin:].replace(_OURS, b"").lower()
    found = any(rare in low and start in low and word.search(low) for rare, start, word in _SUSPECT)
    if not found and begin < len(part) and b"<si>" in part:
        _searched.innocent = part
    return found


class _Searched:
    """The table of texts that was searched last, of those without such a word: most begin alike."""

    innocent = b""


_searched = _Searched()


def _understood(content: bytes, book: Workbook, seen: date | None, *, suspect: bool) -> Reading:
    """`suspect`: it may hold a part of a 备案表, or a password, so it is searched."""
    tops = layout.tops(book)
    claims = identify(book, tops, seen)
    if isinstance(claims, Issue):
        secret = may_hold_password(content) or credentials.in_sheets(book.sheets)
        issues = (*_facts(book, secret=secret), claims)
        return Reading(ReadVerdict.REJECTED, issues=issues, content_sha=_bytes_sha(content), secret=secret)
    if form(claims.form).secret:
        return _whole(book, secrets.without(parse(book, claims, tops, seen)), secret=True)
    if suspect and (code := _password_inside(content, book)):
        return Reading(ReadVerdict.REJECTED, issues=(Issue(code),), content_sha=_bytes_sha(content), secret=True)
    return _whole(book, parse(book, claims, tops, seen))


def _password_inside(content: bytes, book: Workbook) -> str:
    """The code of what is wrong with a workbook of another form that holds a password; "" if it holds none."""
    if looks_like_filing(content):
        return "filing-inside"
    return "password-inside" if credentials.in_sheets(book.sheets) or says_password(content) else ""


def _facts(book: Workbook, *, secret: bool) -> Iterator[Issue]:
    """What reading found in the workbook as a whole; of a secret one nothing that quotes it."""
    return (fact for fact in book.facts if not (secret and fact.value))


def _whole(book: Workbook, reading: Reading, *, secret: bool = False) -> Reading:
    facts = tuple(fact for fact in _facts(book, secret=secret) if fact not in reading.issues)
    return replace(reading, issues=(*facts, *reading.issues), content_sha=content_sha(reading))


def _bytes_sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def content_sha(reading: Reading) -> str:
    """SHA-256 over the content of the workbook, cell by cell as understood: form, header, rows in order.

    The same for a copy that was renamed, re-zipped, saved by another program, moved down a row or stripped of its
    properties; different as soon as a value, a row's ticket or a 作废 differs.
    """
    claims = reading.claims
    content = [
        [claims.form, claims.returned] if claims else [],
        sorted((name, value) for name, value in reading.header.items() if value is not None),
        [[name, _canonical(claims, name, rows)] for name, rows in sorted(reading.tables.items())],
    ]
    return hashlib.sha256(orjson.dumps(content, default=str, option=_AS_TEXT)).hexdigest()


_AS_TEXT = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_SUBCLASS


def _canonical(claims: Claims | None, table: str, rows: Sequence[Row]) -> list[list[object]]:
    # a cell we did not understand counts by its text; one we repaired by its meaning
    places = form(claims.form).table(table).indexes if claims else {}
    return [
        [
            row.values,
            sorted(cell for cell in row.raw.items() if row.values[places[cell[0]]] is None) if row.raw else (),
            row.ticket,
            row.void,
            *([row.mark] if row.mark else ()),
        ]
        for row in rows
    ]
