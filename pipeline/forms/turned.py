"""A list that was typed upright, its heads below each other and a pupil a column, laid flat before it is read.

What stands above it stays where it is; `Sheet.turned` keeps where the list was, for the real address of each cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.forms.block import label
from pipeline.model import Sheet

_DEEP, WIDE = 40, 4  # rows and columns in which its heads are searched
LEAST = 4  # heads below each other
_FLAT = 2  # heads beside each other, from which on the list is not upright
_MOST = 300  # pupils


def laid_flat(sheet: Sheet, known: Mapping[str, tuple[int, ...]], needed: frozenset[int]) -> Sheet:
    """The sheet with its upright list laid flat; itself if it has none. `needed`: places of heads it must have."""
    rows = sheet.rows
    for column in range(min(WIDE, max(map(len, rows[:_DEEP]), default=0))):
        first, last = _heads(rows, column, known)
        found = {place for r in range(first, last) for place in known.get(label(_at(rows, r, column)), ())}
        if last - first < LEAST or not needed <= found or _beside(rows[first:last], known):
            continue
        if rows[last:] and any(cell not in (None, "") for row in rows[last:] for cell in row[column + 1 :]):
            continue  # more stands below it
        width = max(map(len, rows[first:last]))
        if width - column > _MOST:
            continue
        flat = [[_at(rows, r, c) for r in range(first, last)] for c in range(column, width)]
        across = {
            (first + c - column + 1, r - 1 - first): (r, c) for r in range(first + 1, last + 1) for c in range(width)
        }
        errors = {new: sheet.errors[old] for new, old in across.items() if old in sheet.errors}
        formulas = {new: sheet.formulas[old] for new, old in across.items() if old in sheet.formulas}
        return replace(
            sheet, rows=[*rows[:first], *flat], errors=errors, formulas=formulas, merged=(), hidden_rows=frozenset(),
            hidden_columns=frozenset(), turned=(first, column),
        )  # fmt: skip
    return sheet


def _heads(rows: Sequence[list[object]], column: int, known: Mapping[str, tuple[int, ...]]) -> tuple[int, int]:
    """The longest run of heads below each other in a column: its first row, and the row behind its last."""
    best = (0, 0)
    first = 0
    for r in range(min(len(rows), _DEEP) + 1):
        if r < len(rows) and label(_at(rows, r, column)) in known:
            continue
        if r - first > best[1] - best[0]:
            best = (first, r)
        first = r + 1
    return best


def _beside(rows: Sequence[list[object]], known: Mapping[str, tuple[int, ...]]) -> bool:
    return any(sum(label(cell) in known for cell in row) >= _FLAT for row in rows)


def _at(rows: Sequence[list[object]], r: int, c: int) -> object:
    return rows[r][c] if r < len(rows) and c < len(rows[r]) else None
