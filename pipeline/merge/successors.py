"""Which class goes on under another name, or in another class: by what ends and opens in the same campus and grade.

A pupil is known by his class and name. A class that is closed under one name and opened under another would have all
its pupils fall ill anew: so they keep the codes of the class that it was. Of classes that are joined (并班), or of one
that is divided (分班), nobody says which pupil went where: that shows when he is absent in the other class.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise, product

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
    slices = _slices(rooms)
    ended: dict[str, list[Taught]] = defaultdict(list)
    opened: dict[str, list[Taught]] = defaultdict(list)
    for (campus, _), mine in slices.items():
        if mine[-1].until is not None and (mine[-1].first or date.min) < mine[-1].until:
            ended[campus].append(mine[-1])
        if mine[0].first is not None and mine[0].first < (mine[0].until or date.max):
            opened[campus].append(mine[0])
    became = {new.place: old.key for campus in ended for old, new in _matched(ended[campus], opened[campus])}
    return {place: _first(place, became) for place in became}


@dataclass(frozen=True, slots=True)
class Lineage:
    """What became of the classes of one school in one school year. Keys are first names (`former`) throughout.

    `joined`: a class that went wholly into another one, since a day. `sources`: where the pupils of a class may have
    been before, besides in itself.
    """

    former: Mapping[Place, str]
    joined: Mapping[Place, tuple[date, str]]
    sources: Mapping[Place, tuple[str, ...]]

    def first(self, campus: str, key: str) -> str:
        """Return the first name of a class."""
        return self.former.get((campus, key), key)

    def on(self, campus: str, key: str, day: date) -> str:
        """Return the first name of the class in which the pupils of a class are on a day."""
        key, seen = self.first(campus, key), set[str]()
        while key not in seen and (to := self.joined.get((campus, key))) and to[0] <= day:
            seen.add(key)
            key = to[1]
        return key

    def joined_in(self, campus: str, day: date) -> dict[str, tuple[date, str]]:
        """Return what had been joined in a campus by a day."""
        return {key: to for (at, key), to in self.joined.items() if at == campus and to[0] <= day}


NOTHING_CHANGED = Lineage({}, {}, {})


def lineage(rooms: Iterable[Taught]) -> Lineage:
    """Return what became of the classes of one school and school year, in whatever order they are given.

    Classes that end without one that is theirs alone, and those that open so or grow by half of one that ended, on the
    same day or within two weeks, in one campus and grade: if there is one to go to, all went there; else a pupil may be
    in any of them. A class that opens on a day on which others shrink may have their pupils, too.
    """
    found = list(rooms)
    if all(room.until is None for room in found):
        return NOTHING_CHANGED
    names = former(found)
    slices = _slices(found)
    last = _last_names(names, slices)
    joined: dict[Place, tuple[date, str]] = {}
    sources: dict[Place, set[str]] = defaultdict(set)
    for place, mine in slices.items():
        old = mine[-1]
        if old.until is None or last.get(_first_of(place, names), place) != place:
            continue
        near = [(day, to) for to, days in slices.items() if to != place and (day := _took(old, days, to in names))]
        for _, to in near:
            sources[_first_of(to, names)].add(names.get(place, place[1]))
        if len(near) == 1:
            ((day, to),) = near
            joined[_first_of(place, names)] = (day, names.get(to, to[1]))
    for place, mine in slices.items():
        if mine[0].first is not None and place not in names:
            for other, rooms_of in slices.items():
                if other != place and _alike(mine[0], rooms_of[0]) and _change(rooms_of, mine[0].first) < 0:
                    sources[place].add(names.get(other, other[1]))
    return Lineage(names, joined, {place: tuple(sorted(found)) for place, found in sources.items()})


def _slices(rooms: Iterable[Taught]) -> dict[Place, list[Taught]]:
    found: dict[Place, list[Taught]] = defaultdict(list)
    for room in rooms:
        found[room.place].append(room)
    for mine in found.values():
        mine.sort(key=lambda one: one.first or date.min)
    return found


def _first_of(place: Place, names: Mapping[Place, str]) -> Place:
    return place[0], names.get(place, place[1])


def _last_names(names: Mapping[Place, str], slices: Mapping[Place, Sequence[Taught]]) -> dict[Place, Place]:
    """The last name of each class that was renamed, by its first."""
    found: dict[Place, Place] = {}
    for place in sorted(names, key=lambda one: slices[one][0].first or date.min):
        found[_first_of(place, names)] = place
    return found


def _took(old: Taught, mine: Sequence[Taught], renamed: bool) -> date | None:
    """The day on which a class opened, or grew by half of one that ended, within two weeks of its end."""
    if old.until is None or not _alike(old, mine[0]):
        return None
    if not renamed and mine[0].first is not None and _follows(old, mine[0], GAP):
        return mine[0].first
    least = (old.roll or 2) / 2
    days = (one.first for one in mine[1:] if one.first and old.until <= one.first <= old.until + GAP)
    return next((day for day in days if _change(mine, day) >= least), None)


def _alike(one: Taught, other: Taught) -> bool:
    """Whether two classes are of one campus and grade."""
    mine, yours = split_key(one.key)[0], split_key(other.key)[0]
    return one.campus == other.campus and bool(mine) and mine == yours


def _change(mine: Sequence[Taught], day: date) -> int:
    """By how many pupils a class grew on a day on which it went on; 0 where a roll is not known."""
    for before, after in pairwise(mine):
        if after.first == day and before.until == day and before.roll is not None and after.roll is not None:
            return after.roll - before.roll
    return 0


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
