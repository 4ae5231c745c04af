"""Two versions of one report beside each other, line by line: what stands, and what would stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

GONE, NEW, CHANGED = "没有了", "新加", "有改动"
_ORDER = (GONE, NEW, CHANGED)

Lines = Mapping[str, tuple[str, ...]]
"""By what each line is of (a pupil's code, a class): its cells."""


@dataclass(frozen=True, slots=True)
class PairedCell:
    """One cell in both versions; "" in one that does not have the line."""

    before: str
    after: str

    @property
    def differs(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class PairedLine:
    """One line. `change`: 没有了, 新加 or 有改动."""

    of: str
    change: str
    cells: tuple[PairedCell, ...]

    @property
    def has_before(self) -> bool:
        return self.change != NEW

    @property
    def has_after(self) -> bool:
        return self.change != GONE


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The lines that differ: those that would be gone first, then new ones, then changed ones; how many are equal."""

    heads: tuple[str, ...]
    lines: tuple[PairedLine, ...]
    equal: int
    before: int
    after: int


def pair(heads: Sequence[str], before: Lines, after: Lines) -> SideBySide:
    """Put two versions beside each other; columns that are empty in all lines that differ are left out."""
    found = [_line(of, before.get(of), after.get(of)) for of in [*before, *(of for of in after if of not in before)]]
    lines = sorted((one for one in found if one is not None), key=lambda one: _ORDER.index(one.change))
    used = [n for n in range(len(heads)) if any(one.cells[n].before or one.cells[n].after for one in lines)]
    narrow = tuple(replace(one, cells=tuple(one.cells[n] for n in used)) for one in lines)
    equal = sum(one is None for one in found)
    return SideBySide(tuple(heads[n] for n in used), narrow, equal, len(before), len(after))


def _line(of: str, was: tuple[str, ...] | None, now: tuple[str, ...] | None) -> PairedLine | None:
    if was == now:
        return None
    change = GONE if now is None else NEW if was is None else CHANGED
    width = len(was or now or ())
    cells = zip(was or ("",) * width, now or ("",) * width, strict=True)
    return PairedLine(of, change, tuple(PairedCell(*both) for both in cells))
