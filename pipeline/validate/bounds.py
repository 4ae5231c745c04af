"""What is kept and said of a workbook in which very much is wrong: the first of each kind, and how many more there are.

A workbook of 145 KB with every cell wrong has 28,000 issues, 2.8 MB in the store: nobody reads them cell by cell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from pipeline.model import Issue, Repair

MOST = 1000  # issues, or repairs, of which all are kept
FIRST = 100  # of more: so many of each code and column

Placed = TypeVar("Placed", Issue, Repair)


def bounded(issues: Sequence[Issue], repairs: Sequence[Repair]) -> tuple[tuple[Issue, ...], tuple[Repair, ...]]:
    """Return what is kept of both; what is left out is counted, a column each, in issues at the end."""
    found, less = _first(issues, lambda one: (one.code, one.sheet, one.column))
    mended, fewer = _first(repairs, lambda one: ("", one.sheet, one.column))
    more = [
        Issue("issues-more", sheet, column=column, details=(("count", str(count)),))
        for (_, sheet, column), count in less.items()
    ]
    more += [
        Issue("repairs-more", sheet, column=column, details=(("count", str(count)),))
        for (_, sheet, column), count in fewer.items()
    ]
    return (*found, *more), mended


def _first(
    found: Sequence[Placed], kind: Callable[[Placed], tuple[str, str, str]]
) -> tuple[tuple[Placed, ...], Counter[tuple[str, str, str]]]:
    """The first of each kind, in order, and how many more there are of each; one of the file or its head stays."""
    if len(found) <= MOST:
        return tuple(found), Counter()
    seen: Counter[Hashable] = Counter()
    kept, more = [], Counter[tuple[str, str, str]]()
    for one in found:
        key = kind(one)
        seen[key] += 1
        if one.row and seen[key] > FIRST:
            more[key] += 1
        else:
            kept.append(one)
    return tuple(kept), more
