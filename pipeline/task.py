"""What a worker does with one workbook's bytes: guard, read, identify, parse. Knows nothing of the store.

Imported by reader processes: cheap, and never Django, pandera or polars (a test looks).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace

from pipeline.forms import form, layout
from pipeline.forms.identify import identify
from pipeline.forms.parse import parse
from pipeline.model import Claims, Issue, Reading, Row, Workbook
from pipeline.xlsx import guard, read
from pipeline.xlsx.package import Unsound


def take(content: bytes) -> Reading:
    """Read one workbook, plain or odd. For a process that may die: an odd one can kill or freeze it."""
    reading = glance(content)
    return ponder(content) if reading is None else reading


def glance(content: bytes) -> Reading | None:
    """Read a plain workbook, or refuse what is none; None for an odd one, which wants `ponder` in a child."""
    look = guard.look(content)
    if look.issue is not None:
        return refused(content, look.issue)
    if look.verdict == "odd":
        return None
    try:
        book = read.plain(content, look)
    except read.Odd:
        return None
    return _understood(content, book)


def ponder(content: bytes) -> Reading:
    """Read an odd workbook with every check. May take the process's life; run it in a disposable child."""
    try:
        book = read.careful(content)
    except Unsound as unsound:
        return replace(refused(content, unsound.issue), plain=False)
    return _understood(content, book)


def refused(content: bytes, issue: Issue) -> Reading:
    """The answer to a file that is not opened, or that ended its reader."""
    return Reading("quarantined", issues=(issue,), content_sha=hashlib.sha256(content).hexdigest())


def _understood(content: bytes, book: Workbook) -> Reading:
    tops = layout.tops(book)
    claims = identify(book, tops)
    if isinstance(claims, Issue):
        sha = hashlib.sha256(content).hexdigest()
        return Reading("rejected", issues=(*book.facts, claims), content_sha=sha, plain=book.plain)
    reading = parse(book, claims, tops)
    facts = tuple(fact for fact in book.facts if fact not in reading.issues)
    return replace(reading, issues=(*facts, *reading.issues), content_sha=content_sha(reading), plain=book.plain)


def content_sha(reading: Reading) -> str:
    """SHA-256 over what the workbook says, cell by cell as understood: form, header, rows in order.

    The same for a copy that was renamed, re-zipped, saved by another program, moved down a row or
    stripped of its properties; another one as soon as a value, a row's ticket or a 作废 differs.
    """
    claims = reading.claims
    said = [
        [claims.form, claims.returned] if claims else [],
        sorted((name, value) for name, value in reading.header.items() if value is not None),
        [[name, _canonical(claims, name, rows)] for name, rows in sorted(reading.tables.items())],
    ]
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(claims: Claims | None, table: str, rows: Sequence[Row]) -> list[list[object]]:
    # a cell we did not understand is told by its text; one we repaired by what it means
    places = {column.name: at for at, column in enumerate(form(claims.form).table(table).columns)} if claims else {}
    return [
        [
            row.values,
            sorted(said for said in row.raw.items() if row.values[places[said[0]]] is None),
            row.ticket,
            row.void,
        ]
        for row in rows
    ]
