"""Similar issues and repairs of one column, put together as one with all their cells.

A column shifted by one gives one line, not one for each of its rows: 缺课登记 H6–H17（12 处）.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from pipeline import issues
from pipeline.model import Issue, Repair

LEAST = 3  # from so many on they are put together
RUNS = 6  # ranges of rows listed; for more "等"
VALUES = 3  # different cells quoted; for more "等"

Placed = TypeVar("Placed", Issue, Repair)


def issues_together(found: Sequence[Issue]) -> Iterator[tuple[str, Issue]]:
    """Yield (where to look, the issue) in the order found; similar ones of a column as one that quotes them."""
    for group in _groups(found, lambda issue: (issue.code, issue.sheet, issue.column, issue.details)):
        first = group[0]
        if len(group) == 1:
            yield issues.place(first), first
        else:
            yield _where(group), replace(first, value=_quoted(issue.value for issue in group))


def repairs_together(found: Sequence[Repair]) -> Iterator[tuple[str, Repair]]:
    """Yield (where it was, the repair) in the order found; similar ones of a column as one."""
    for group in _groups(found, lambda repair: (repair.sheet, repair.column, repair.was, repair.now)):
        first = group[0]
        yield (_where(group) if len(group) > 1 else f"{first.sheet} {first.cell}".strip()), first


def _groups(found: Iterable[Placed], likeness: Callable[[Placed], Hashable]) -> Iterator[list[Placed]]:
    groups: dict[Hashable, list[Placed]] = {}
    for place, one in enumerate(found):
        # an issue of the file or its head is never put together with those of rows
        groups.setdefault(likeness(one) if one.row else place, []).append(one)
    for group in groups.values():
        yield from [group] if len(group) >= LEAST else [[one] for one in group]


def _where(group: Sequence[Issue] | Sequence[Repair]) -> str:
    letters = group[0].cell.rstrip("0123456789")
    named = [_named(letters, first, last) for first, last in _runs(sorted({one.row for one in group}))]
    shown = "、".join(named[:RUNS]) + ("等" if len(named) > RUNS else "")
    return f"{group[0].sheet} {shown}（{len(group)} 处）".strip()


def _runs(rows: Iterable[int]) -> list[tuple[int, int]]:
    """Ranges of rows without a gap, as (first, last)."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs


def _named(letters: str, first: int, last: int) -> str:
    if first == last:
        return f"{letters}{first}" if letters else f"第 {first} 行"
    return f"{letters}{first}–{letters}{last}" if letters else f"第 {first}–{last} 行"


def _quoted(values: Iterable[str]) -> str:
    different = list(dict.fromkeys(value for value in values if value))
    return "、".join(different[:VALUES]) + ("等" if len(different) > VALUES else "")
