"""What a roster takes away from the registry, or changes beyond recognition, by kind. One filled-down
date would close a county.

Only what existed counts: a first roster adds, and takes nothing away. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pipeline.merge.registry import ClassSpan, Registered
from pipeline.model import HOME_CAMPUS

_SHOWN = 6  # names of a kind that are listed


class SweepKind(StrEnum):
    """What happens to a school or a class, in the words of the receipt."""

    CLOSED = "停办学校"
    MOVED = "迁出学校"
    RENAMED = "改名学校"
    STAGES = "改学段的学校"
    ENDED = "停用班级"
    CLASS_RENAMED = "改名班级"
    CLASS_STAGE = "改学段的班级"
    ROLL = "人数改动一半以上的班级"

    @property
    def of_schools(self) -> bool:
        return self in {SweepKind.CLOSED, SweepKind.MOVED, SweepKind.RENAMED, SweepKind.STAGES}


@dataclass(frozen=True, slots=True)
class Swept:
    """One school or class that loses something, the division in which it lay, and its name before."""

    kind: SweepKind
    division: str
    name: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """All of one kind: names as they were, and how many there are altogether in the roster's scope."""

    kind: SweepKind
    names: tuple[str, ...]
    of: int

    def head(self) -> str:
        """停办学校 8 所（共 8 所）."""
        return f"{self.kind} {len(self.names)} {self._unit}（共 {self.of} {self._unit}）"

    def listed(self) -> str:
        """The head with the first names."""
        more = f"等 {len(self.names)} {self._unit}" if len(self.names) > _SHOWN else ""
        return f"{self.head()}：{'、'.join(self.names[:_SHOWN])}{more}"

    @property
    def _unit(self) -> str:
        return "所" if self.kind.of_schools else "个"


def swept(before: Mapping[str, Registered], after: Mapping[str, Registered]) -> tuple[Swept, ...]:
    """Return all that units lose or that becomes another thing, by unit as it was and as it would be."""
    return tuple(one for code, now in after.items() if code in before for one in _of_unit(before[code], now, code))


def beyond(found: Iterable[Swept], *, least: int, share: float, bases: Mapping[str, tuple[int, int]]) -> list[Sweep]:
    """Return the kinds of which at least `least` are swept and more than `share` of all, in one division or altogether.

    `bases`: (schools, classes) that there are, by division; all that lie in the roster's scope.
    """
    by_kind: dict[SweepKind, list[Swept]] = {}
    for one in found:
        by_kind.setdefault(one.kind, []).append(one)
    result = []
    for kind in SweepKind:
        mine = by_kind.get(kind, [])
        at = 0 if kind.of_schools else 1
        whole = sum(base[at] for base in bases.values())
        places = {place: bases.get(place, (0, 0))[at] for place in {one.division for one in mine}}
        by_place = Counter(one.division for one in mine)
        over = {place for place, count in by_place.items() if _over(count, places[place], least, share)}
        if over or _over(len(mine), whole, least, share):
            result.append(Sweep(kind, tuple(one.name for one in mine), max(whole, len(mine))))
    return result


def _over(count: int, base: int, least: int, share: float) -> bool:
    return count >= least and count > share * base


def _of_unit(was: Registered, now: Registered, code: str) -> Iterator[Swept]:
    division = was.places[-1][0] if was.places else ""
    name = str(was.values.get("name") or code)
    old, new = was.values, now.values
    if _ends_sooner(old.get("closes"), new.get("closes")) or _ends_sooner(new.get("opens"), old.get("opens")):
        yield Swept(SweepKind.CLOSED, division, name)
    if was.places and now.places[-1][0] != division:
        yield Swept(SweepKind.MOVED, division, name)
    if old.get("name") and old["name"] != new.get("name"):
        yield Swept(SweepKind.RENAMED, division, name)
    if old.get("stages") and old["stages"] != new.get("stages"):
        yield Swept(SweepKind.STAGES, division, name)
    mine = _last_slices(was)
    for key, room in _last_slices(now).items():
        if key in mine:
            place = "" if room.campus == HOME_CAMPUS else f"{room.campus} "
            label = f"{name}{place}{mine[key].name}"
            yield from (Swept(kind, division, label) for kind in _of_room(mine[key], room))


def _of_room(was: ClassSpan, now: ClassSpan) -> Iterator[SweepKind]:
    if _ends_sooner(was.until, now.until):
        yield SweepKind.ENDED
    if was.name and was.name != now.name:
        yield SweepKind.CLASS_RENAMED
    if was.stage and was.stage != now.stage:
        yield SweepKind.CLASS_STAGE
    if was.roll and now.roll is not None and abs(now.roll - was.roll) * 2 >= was.roll:
        yield SweepKind.ROLL


def _last_slices(one: Registered) -> dict[tuple[str, int, str], ClassSpan]:
    return {room.at: room for room in one.rooms}


def _ends_sooner(was: object, now: object) -> bool:
    """Whether a day is set, or set earlier than before."""
    return isinstance(now, date) and (not isinstance(was, date) or now < was)
