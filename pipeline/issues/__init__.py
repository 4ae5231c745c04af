"""The one catalogue of what a sender must know: code → severity, message, remedy, cost.

Codes are permanent. Texts are for a tired clerk: what we saw, and what to do now. A code that ends in
`-left` is the milder twin of a cell error: in a column the row can do without, the cell is left blank,
the row is taken, and the sender is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pipeline.issues import batches, card, carried, desk, fields, files, filing, registry, rows
from pipeline.issues.entry import Message
from pipeline.model import Issue, Severity

LEFT = "-left"


def _catalogue() -> Mapping[str, Message]:
    entries: dict[str, Message] = {}
    for part in (files, fields, rows, batches, card, carried, desk, filing, registry):
        twice = entries.keys() & part.ENTRIES.keys()
        if twice:
            raise KeyError(", ".join(sorted(twice)))
        entries.update(part.ENTRIES)
    for code, entry in fields.ENTRIES.items():
        if entry.severity is Severity.ERROR:
            entries[code + LEFT] = Message(
                Severity.QUERY,
                entry.message + "这一格先按空白算。",
                entry.remedy,
                details=entry.details,
            )
    return MappingProxyType(entries)


CATALOGUE: Mapping[str, Message] = _catalogue()


class _Blank(dict[str, str]):
    """What a message asks for and the issue does not have prints as nothing."""

    def __missing__(self, _: str) -> str:
        return ""


def severity(issue: Issue) -> Severity:
    """KeyError for a code the catalogue does not have."""
    return CATALOGUE[issue.code].severity


def message(issue: Issue) -> str:
    """What we saw, in one Chinese sentence."""
    return _filled(CATALOGUE[issue.code].message, issue)


def remedy(issue: Issue) -> str:
    """What to do now; "" where nothing is to be done."""
    return _filled(CATALOGUE[issue.code].remedy, issue)


def cost(issue: Issue) -> str:
    """What happens if nothing is done; "" where nothing does."""
    return _filled(CATALOGUE[issue.code].cost, issue)


def left(code: str) -> str:
    """The twin of a cell error for a column the row can do without; other codes are their own."""
    twin = code + LEFT
    return twin if twin in CATALOGUE else code


def place(issue: Issue) -> str:
    """Where to look, as the sender's program calls it: 缺课登记 C7, 缺课登记 第 7 行; "" for the whole file."""
    where = issue.cell or (f"第 {issue.row} 行" if issue.row else "")
    return " ".join(part for part in (issue.sheet, where) if part)


def _filled(text: str, issue: Issue) -> str:
    if "{" not in text:
        return text
    known = _Blank(sheet=issue.sheet, cell=issue.cell, column=issue.column, value=issue.value, row=str(issue.row or ""))
    known.update(issue.details)
    return text.format_map(known)
