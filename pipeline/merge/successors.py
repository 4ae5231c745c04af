"""Which class goes on under another name: the one that opens where another ends, in the same campus and grade.

A pupil is known by his class and name. A class that is closed under one name and opened under another would have all
its pupils fall ill anew: so they keep the codes of the class that it was.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

from pipeline.forms.classes import split_key

GAP = timedelta(days=14)  # between the end of one and the beginning of the other: a weekend, a holiday

Place = tuple[str, str]  # campus, class key


@dataclass(frozen=True, slots=True)
class Taught:
    """A class as the registry has it for a while; `first` None: since the school year began."""

    campus: str
    key: str
    roll: int | None
    first: date | None
    until: date | None

    @property
    def place(self) -> Place:
        return self.campus, self.key

    def holds(self, day: date) -> bool:
        """Tell whether it is taught on a day."""
        return (self.first is None or self.first <= day) and (self.until is None or day < self.until)


def former(rooms: Iterable[Taught]) -> dict[Place, str]:
    """Return, for the classes of one school and school year, class → the key of the class that it was at first.

    One that ends and one that opens, from the same day or within two weeks, in one campus and grade, are one class.
    Where several do, those with one roll that no other has; what is not certain is left out.
    """
    slices: dict[Place, list[Taught]] = defaultdict(list)
    for room in rooms:
        slices[room.place].append(room)
    ended: dict[str, list[Taught]] = defaultdict(list)
    opened: dict[str, list[Taught]] = defaultdict(list)
    for (campus, _), mine in slices.items():
        mine.sort(key=lambda one: one.first or date.min)
        if mine[-1].until is not None and (mine[-1].first or date.min) < mine[-1].until:
            ended[campus].append(mine[-1])
        if mine[0].first is not None and mine[0].first < (mine[0].until or date.max):
            opened[campus].append(mine[0])
    became = {new.place: old.key for campus in ended for old, new in _matched(ended[campus], opened[campus])}
    return {place: _first(place, became) for place in became}


def _first(place: Place, became: Mapping[Place, str]) -> str:
    """The first name of a class that was renamed more than once."""
    campus, key = place
    while (campus, key) in became:
        key = became[campus, key]
    return key


def _matched(olds: Sequence[Taught], news: Sequence[Taught]) -> list[tuple[Taught, Taught]]:
    """Pairs of one grade first, then those of which one has no grade in its name (小一班, 苹果班); each time those that
    follow each other on the day itself before those with a gap.
    """
    found: list[tuple[Taught, Taught]] = []
    for alike, gap in product((True, False), (timedelta(), GAP)):
        old_left = [one for one in olds if all(one != old for old, _ in found)]
        new_left = [one for one in news if all(one != new for _, new in found)]
        near = [(old, new) for old in old_left for new in new_left if _follows(old, new, gap)]
        found += _certain([pair for pair in near if _of_one_grade(*pair, alike=alike)])
    return found


def _of_one_grade(old: Taught, new: Taught, *, alike: bool) -> bool:
    mine, yours = (split_key(one.key)[0] for one in (old, new))
    return mine == yours if alike else not (mine and yours)


def _certain(near: Sequence[tuple[Taught, Taught]]) -> list[tuple[Taught, Taught]]:
    """The pairs of which neither side has another; else of which it has no other with the same roll."""
    alike = [(old, new) for old, new in near if old.roll is not None and old.roll == new.roll]
    alone, of_roll = _alone(near), _alone(alike)
    return [pair for pair in near if pair in alone or pair in of_roll]


def _alone(pairs: Sequence[tuple[Taught, Taught]]) -> set[tuple[Taught, Taught]]:
    olds, news = Counter(old for old, _ in pairs), Counter(new for _, new in pairs)
    return {(old, new) for old, new in pairs if olds[old] == news[new] == 1}


def _follows(old: Taught, new: Taught, gap: timedelta) -> bool:
    if old.until is None or new.first is None or old.place == new.place:
        return False
    return old.until <= new.first <= old.until + gap
