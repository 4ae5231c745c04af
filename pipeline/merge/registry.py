"""The registry of a unit: a pure fold of all statements about it.

Each statement is in force from a day on. What holds on a day is the latest statement in force by then: ordered by the
day from which it is in force, then by the order in which it was received. So a change dated ahead waits for its day, a
statement that is read late changes only its own place, and earlier days stay known as they were.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from pipeline.schooldays import school_year

RoomKey = tuple[str, int, str]  # campus, school year, class key
Contacts = Mapping[str, Mapping[str, str]]  # campus → its own 填报人 and 填报人电话, by the names of their columns


@dataclass(frozen=True, slots=True)
class ClassStatement:
    """The statement about one class. `first`, `until`: the days between which it is taught, if stated."""

    campus: str
    year: int
    key: str
    name: str = ""
    stage: str = ""
    roll: int | None = None
    first: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class AliasRuling:
    """A county's ruling on a class that only a report names: another name of `of`, or, with "", not a class."""

    campus: str
    year: int
    key: str
    name: str
    of: str = ""

    @property
    def at(self) -> RoomKey:
        return self.campus, self.year, self.key


@dataclass(frozen=True, slots=True)
class RegistryStatement:
    """The statement of one roster about one unit, in force from `day`; blanks are left out. `order` 0: before any
    roster.

    `unit` holds stored columns of the unit and, as "opens" and "closes", the days between which it exists; `contacts`
    what further campuses have of their own; `removed` campuses of which nothing counts that was stated before.
    """

    order: int
    day: date
    unit: Mapping[str, object] = field(default_factory=dict)
    campuses: tuple[str, ...] = ()
    rooms: tuple[ClassStatement, ...] = ()
    rulings: tuple[AliasRuling, ...] = ()
    contacts: Contacts = field(default_factory=dict)
    removed: tuple[str, ...] = ()

    def names(self, campus: str) -> bool:
        """Tell whether it states anything of a campus."""
        of_classes = {room.campus for room in self.rooms} | {ruling.campus for ruling in self.rulings}
        return campus in of_classes | {*self.campuses, *self.contacts}

    def without(self, campuses: Collection[str]) -> RegistryStatement:
        """Return it without what it states of these campuses."""
        return replace(
            self,
            campuses=tuple(one for one in self.campuses if one not in campuses),
            rooms=tuple(one for one in self.rooms if one.campus not in campuses),
            rulings=tuple(one for one in self.rulings if one.campus not in campuses),
            contacts={campus: own for campus, own in self.contacts.items() if campus not in campuses},
        )


@dataclass(frozen=True, slots=True)
class ClassSpan:
    """A class as it is from `first` (None: since its school year began) to before `until`."""

    campus: str
    year: int
    key: str
    name: str
    stage: str
    roll: int | None
    first: date | None = None
    until: date | None = None

    @property
    def at(self) -> RoomKey:
        return self.campus, self.year, self.key


@dataclass(frozen=True, slots=True)
class Registered:
    """A unit after all its statements: `values` and `contacts` as of the day asked for, all else with its dates.

    `places`: (division, first day there) in order, the first of them without a beginning.
    """

    values: Mapping[str, object] = field(default_factory=dict)
    places: tuple[tuple[str, date | None], ...] = ()
    campuses: tuple[str, ...] = ()
    rooms: tuple[ClassSpan, ...] = ()
    rulings: tuple[AliasRuling, ...] = ()
    contacts: Contacts = field(default_factory=dict)

    def rooms_on(self, day: date) -> list[ClassSpan]:
        """The classes that are taught on a day."""
        year = school_year(day)
        return [room for room in self.rooms if room.year == year and _holds(room, day)]

    def division_on(self, day: date) -> str:
        """The unit's division on a day; "" if none was ever stated."""
        found = ""
        for division, first in self.places:
            if first is None or first <= day or not found:
                found = division
        return found


def registered(
    statements: Iterable[RegistryStatement], day: date, found: Mapping[RoomKey, date | None] | None = None
) -> Registered:
    """Fold the statements about one unit. `found`: classes that reports named before
    any
    roster, with their first day.
    """
    ordered = sorted(statements, key=lambda one: (one.day, one.order))
    values: dict[str, object] = {}
    places: list[tuple[str, date | None]] = []
    campuses: dict[str, None] = {}
    contacts: Contacts = {}
    rooms = _Rooms(found or {})
    for one in ordered:
        # a unit that begins later is shown before its day as it will be on it
        if one.day <= max(day, ordered[0].day):
            values.update(one.unit)
            contacts = both(contacts, one.contacts)
        division = str(one.unit.get("division_id") or "")
        if division and (not places or places[-1][0] != division):
            places.append((division, one.day if places else None))
        campuses.update(dict.fromkeys(one.campuses))
        rooms.take(one)
    return Registered(values, tuple(places), tuple(campuses), rooms.all(), rooms.rulings(), contacts)


def counting(statements: Sequence[RegistryStatement]) -> list[RegistryStatement]:
    """Return statements without what they state of campuses that a later one removes: as if it had never been said."""
    gone = {campus: one.order for one in statements for campus in one.removed}
    return [
        one.without({campus for campus, order in gone.items() if one.order < order}) if gone else one
        for one in statements
    ]


def both(was: Contacts, now: Contacts) -> Contacts:
    """Return the contacts of campuses, the later ones upon the earlier."""
    return {campus: {**was.get(campus, {}), **now.get(campus, {})} for campus in {**was, **now}}


def news(statement: RegistryStatement, before: Registered | None) -> RegistryStatement:
    """Return the part of a statement that is new on its day; `before`: the unit as of that day.

    A template carries over the present values: a row left as it was states nothing, and must not fix later days.
    """
    if before is None:
        return statement
    unit = {name: value for name, value in statement.unit.items() if before.values.get(name) != value}
    if statement.unit.get("division_id") == before.division_on(statement.day):
        unit.pop("division_id", None)
    campuses = tuple(one for one in statement.campuses if one not in before.campuses)
    slices = by_room(before.rooms)
    rooms = (
        _room_news(room, slices.get((room.campus, room.year, room.key), []), statement.day) for room in statement.rooms
    )
    contacts = {
        campus: fresh
        for campus, own in statement.contacts.items()
        if (
            fresh := {
                name: one
                for name, one in own.items()
                if one != before.contacts.get(campus, {}).get(name, before.values.get(name))
            }
        )
    }
    left = tuple(room for room in rooms if room is not None)
    return replace(statement, unit=unit, campuses=campuses, rooms=left, contacts=contacts)


def has_content(statement: RegistryStatement) -> bool:
    """Tell whether a statement has any content."""
    one = statement
    return bool(one.unit or one.campuses or one.rooms or one.rulings or one.contacts or one.removed)


def _room_news(stated: ClassStatement, slices: Sequence[ClassSpan], day: date) -> ClassStatement | None:
    if not slices:
        return stated
    now = next((room for room in reversed(slices) if room.first is None or room.first <= day), slices[0])
    terms = runs(slices)
    left = replace(
        stated,
        name="" if stated.name == now.name else stated.name,
        stage="" if stated.stage == now.stage else stated.stage,
        roll=None if stated.roll == now.roll else stated.roll,
        first=None if _after(stated.first, stated.year) in [first for first, _ in terms] else stated.first,
        until=None if stated.until in [until for _, until in terms] else stated.until,
    )
    return None if left == ClassStatement(stated.campus, stated.year, stated.key) else left


def runs(slices: Sequence[ClassSpan]) -> list[tuple[date | None, date | None]]:
    """The days between which a class is taught without a break: it may end and be opened again."""
    found: list[tuple[date | None, date | None]] = []
    for room in slices:
        if found and room.first == found[-1][1] and room.first is not None:
            found[-1] = (found[-1][0], room.until)
        else:
            found.append((room.first, room.until))
    return found


def _holds(room: ClassSpan, day: date) -> bool:
    return (room.first is None or room.first <= day) and (room.until is None or day < room.until)


def by_room(rooms: Iterable[ClassSpan]) -> dict[RoomKey, list[ClassSpan]]:
    """Return classes with their slices, in order."""
    found: dict[RoomKey, list[ClassSpan]] = {}
    for room in rooms:
        found.setdefault(room.at, []).append(room)
    return found


class _Rooms:
    """The classes of one unit while its statements are folded in order."""

    def __init__(self, found: Mapping[RoomKey, date | None]) -> None:
        self._found = found
        self._slices: dict[RoomKey, list[ClassSpan]] = {}  # since it was last opened
        self._past: dict[RoomKey, list[ClassSpan]] = {}  # before that
        self._ends: dict[RoomKey, date] = {}
        self._begun: dict[int, date] = {}  # school year → the day of its first list
        self._rulings: dict[RoomKey, AliasRuling] = {}

    def rulings(self) -> tuple[AliasRuling, ...]:
        return tuple(one for key, one in self._rulings.items() if key not in self._slices)

    def all(self) -> tuple[ClassSpan, ...]:
        return tuple(room for key in self._slices for room in (*self._past.get(key, ()), *self._closed(key)))

    def take(self, one: RegistryStatement) -> None:
        self._rulings.update((ruling.at, ruling) for ruling in one.rulings)
        for room in one.rooms:
            key = (room.campus, room.year, room.key)
            if key in self._slices and self._opens_again(key, room):
                last = self._slices[key][-1]
                self._past[key] = [*self._past.get(key, ()), *self._closed(key)]
                roll = last.roll if room.roll is None else room.roll
                self._slices[key] = [
                    ClassSpan(*key, room.name or last.name, room.stage or last.stage, roll, room.first)
                ]
                del self._ends[key]
            elif key in self._slices:
                self._change(key, room, one.day)
            else:
                begun = one.day > self._begun.setdefault(room.year, one.day)
                first = self._since(key, room, one, begun=begun)
                self._slices[key] = [ClassSpan(*key, room.name, room.stage, room.roll, first)]
            if room.until is not None:
                self._ends[key] = room.until

    def _opens_again(self, key: RoomKey, room: ClassStatement) -> bool:
        """Whether a class that has ended, or will, is opened again on a later day: it was not taught in between."""
        first, end = _after(room.first, room.year), self._ends.get(key)
        began = self._slices[key][0].first
        return end is not None and first is not None and end <= first and (began is None or began < end)

    def _since(self, key: RoomKey, room: ClassStatement, one: RegistryStatement, *, begun: bool) -> date | None:
        """The first day of a new class: the first list of a school year counts for the whole year.

        Statements for the same day belong to that list: a returned row that came back corrected.
        """
        if room.first is not None or one.order == 0 or not begun:
            return _after(room.first, room.year)
        met = self._found.get(key)
        return _after(min(one.day, met) if met else one.day, room.year)

    def _change(self, key: RoomKey, room: ClassStatement, day: date) -> None:
        slices = self._slices[key]
        if room.first is not None:
            first = _after(room.first, room.year)
            # statements about days before it begins are about days on which it is not taught
            slices[:] = [one for one in slices if one.until is None or first is None or one.until > first]
            slices[0] = replace(slices[0], first=first)
        last = slices[-1]
        new = replace(last, name=room.name or last.name, stage=room.stage or last.stage)
        new = new if room.roll is None else replace(new, roll=room.roll)
        if new == last:
            return
        begin = _after(day, room.year)
        if begin is None or (last.first is not None and begin <= last.first):
            slices[-1] = new
        else:
            slices[-1:] = [replace(last, until=begin), replace(new, first=begin)]

    def _closed(self, key: RoomKey) -> list[ClassSpan]:
        """The slices of a class, cut where it ends."""
        end = self._ends.get(key)
        if end is None:
            return self._slices[key]
        kept = [room for room in self._slices[key] if room.first is None or room.first < end]
        # a class that ends before it began was entered by mistake: it is kept, never taught
        kept = kept or self._slices[key][:1]
        last = kept[-1]
        return [*kept[:-1], replace(last, until=min(last.until or end, end))]


def _after(day: date | None, year: int) -> date | None:
    """The first day of a class: None if the school year had not begun by then, for it begins with it."""
    return None if day is None or day <= date(year, 9, 1) else day
