"""The registry of a unit: a pure fold of all statements about it.

Each statement is in force from a day on. What holds on a day is the latest statement in force by then: ordered by the
day from which it is in force, then by the order in which it was received. So a change dated ahead waits for its day, a
statement that is read late changes only its own place, and earlier days stay known as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from operator import attrgetter

from pipeline.forms.base import Goes
from pipeline.forms.classes import in_order
from pipeline.forms.roster import OF_UNIT
from pipeline.model import HOME_CAMPUS, ChangeKind
from pipeline.schooldays import school_year

RoomKey = tuple[str, int, str]  # campus, school year, class key


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

    `unit` holds stored columns of the unit and, as "opens" and "closes", the days between which it exists.
    """

    order: int
    day: date
    unit: Mapping[str, object] = field(default_factory=dict)
    campuses: tuple[str, ...] = ()
    rooms: tuple[ClassStatement, ...] = ()
    rulings: tuple[AliasRuling, ...] = ()


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
    """A unit after all its statements: `values` as of the day asked for, all else with its dates.

    `places`: (division, first day there) in order, the first of them without a beginning.
    """

    values: Mapping[str, object] = field(default_factory=dict)
    places: tuple[tuple[str, date | None], ...] = ()
    campuses: tuple[str, ...] = ()
    rooms: tuple[ClassSpan, ...] = ()
    rulings: tuple[AliasRuling, ...] = ()

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
    rooms = _Rooms(found or {})
    for one in ordered:
        # a unit that begins later is shown before its day as it will be on it
        if one.day <= max(day, ordered[0].day):
            values.update(one.unit)
        division = str(one.unit.get("division_id") or "")
        if division and (not places or places[-1][0] != division):
            places.append((division, one.day if places else None))
        campuses.update(dict.fromkeys(one.campuses))
        rooms.take(one)
    return Registered(values, tuple(places), tuple(campuses), rooms.all(), rooms.rulings())


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
    slices = _by_room(before.rooms)
    rooms = (
        _room_news(room, slices.get((room.campus, room.year, room.key), []), statement.day) for room in statement.rooms
    )
    return replace(statement, unit=unit, campuses=campuses, rooms=tuple(room for room in rooms if room is not None))


def has_content(statement: RegistryStatement) -> bool:
    """Tell whether a statement has any content."""
    return bool(statement.unit or statement.campuses or statement.rooms or statement.rulings)


def _room_news(stated: ClassStatement, slices: Sequence[ClassSpan], day: date) -> ClassStatement | None:
    if not slices:
        return stated
    now = next((room for room in reversed(slices) if room.first is None or room.first <= day), slices[0])
    left = replace(
        stated,
        name="" if stated.name == now.name else stated.name,
        stage="" if stated.stage == now.stage else stated.stage,
        roll=None if stated.roll == now.roll else stated.roll,
        first=None if _after(stated.first, stated.year) == slices[0].first else stated.first,
        until=None if stated.until == slices[-1].until else stated.until,
    )
    return None if left == ClassStatement(stated.campus, stated.year, stated.key) else left


def _holds(room: ClassSpan, day: date) -> bool:
    return (room.first is None or room.first <= day) and (room.until is None or day < room.until)


class _Rooms:
    """The classes of one unit while its statements are folded in order."""

    def __init__(self, found: Mapping[RoomKey, date | None]) -> None:
        self._found = found
        self._slices: dict[RoomKey, list[ClassSpan]] = {}
        self._ends: dict[RoomKey, date] = {}
        self._begun: dict[int, date] = {}  # school year → the day of its first list
        self._rulings: dict[RoomKey, AliasRuling] = {}

    def rulings(self) -> tuple[AliasRuling, ...]:
        return tuple(one for key, one in self._rulings.items() if key not in self._slices)

    def all(self) -> tuple[ClassSpan, ...]:
        return tuple(room for key in self._slices for room in self._closed(key))

    def take(self, one: RegistryStatement) -> None:
        self._rulings.update((ruling.at, ruling) for ruling in one.rulings)
        for room in one.rooms:
            key = (room.campus, room.year, room.key)
            if key in self._slices:
                self._change(key, room, one.day)
            else:
                begun = one.day > self._begun.setdefault(room.year, one.day)
                first = self._since(key, room, one, begun=begun)
                self._slices[key] = [ClassSpan(*key, room.name, room.stage, room.roll, first)]
            if room.until is not None:
                self._ends[key] = room.until

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


# --------------------------------------------------------------------------- what a change is, in words


@dataclass(frozen=True, slots=True)
class Added:
    """A new class: school and first day as in its line, its key, name and roll."""

    whose: str
    since: str
    key: str
    name: str
    roll: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a preview: a new or changed part of the registry, `what` in Chinese."""

    kind: ChangeKind
    school: str
    name: str
    new: bool
    what: str = ""
    rolls: bool = False  # a roll changes, perhaps on past days
    added: Added | None = None  # a new class, for those that are listed together


def changes(code: str, before: Registered | None, after: Registered, day: date) -> tuple[Change, ...]:
    """Return what differs in `after`, in force from `day`, in the order of school, campuses, classes."""
    found = [*_unit_changes(code, before, after, day)]
    was = before or Registered()
    campuses = (one for one in after.campuses if one not in was.campuses and (before or one != HOME_CAMPUS))
    name = after.values.get("name")
    whose = f"{name}（{code}）" if name else code
    found += [Change(ChangeKind.CAMPUS, code, one, new=True, what=f"{whose}新增校区 {one}") for one in campuses]
    old = _by_room(was.rooms)
    for key, slices in _by_room(after.rooms).items():
        if slices != old.get(key, []):
            found.append(_room_change(code, whose, old.get(key, []), slices))
    return tuple(found)


def in_lines(found: Sequence[Change]) -> tuple[str, ...]:
    """List changes one by one, but the new classes of a school together: whoever confirms a
    school year sees them all.
    """
    together: dict[tuple[str, str], list[Added]] = {}
    for one in found:
        if one.added:
            together.setdefault((one.added.whose, one.added.since), []).append(one.added)
    lines: dict[object, str] = {}
    for n, one in enumerate(found):
        group = (one.added.whose, one.added.since) if one.added else ("", "")
        rooms = together.get(group, [])
        if len(rooms) > 1:
            lines.setdefault(group, _added(*group, rooms))
        else:
            lines[n] = one.what
    return tuple(lines.values())


def _added(whose: str, since: str, rooms: Sequence[Added]) -> str:
    pupils = sum(room.roll or 0 for room in rooms)
    ordered = sorted(rooms, key=lambda room: in_order(room.key))
    listed = (one.name if one.roll is None else f"{one.name} {one.roll} 人" for one in ordered)
    return f"{whose}新增班级 {len(rooms)} 个，共 {pupils} 人{since}：{'、'.join(listed)}"


def _unit_changes(code: str, before: Registered | None, after: Registered, day: date) -> Iterable[Change]:
    name = str(after.values.get("name") or code)
    if before is None:
        where = after.places[0][0] if after.places else ""
        opens = after.values.get("opens")
        since = f"，自 {opens} 起" if opens else ""
        yield Change(ChangeKind.SCHOOL, code, name, new=True, what=f"新增 {name}（{code}），区划 {where}{since}")
        return
    was, now = {**before.values, "division_id": _last(before)}, {**after.values, "division_id": _last(after)}
    fields = tuple(one for one in OF_UNIT if was.get(one) != now.get(one) and now.get(one) not in (None, ""))
    if fields:
        parts = "；".join(_new_value(one, was.get(one), now[one]) for one in fields)
        yield Change(ChangeKind.SCHOOL, code, name, new=False, what=f"{name}（{code}）{parts}，自 {day} 起")


def _last(one: Registered) -> str:
    return one.places[-1][0] if one.places else ""


def _new_value(name: str, was: object, now: object) -> str:
    label = OF_UNIT[name].title
    if Goes.PAGE not in OF_UNIT[name].goes:  # a person's name or telephone
        return f"{label}更新"
    shown = [str(value).replace(" ", "、") for value in (was, now) if value not in (None, "")]
    return f"{label} {' → '.join(shown)}"


def _by_room(rooms: Iterable[ClassSpan]) -> dict[RoomKey, list[ClassSpan]]:
    found: dict[RoomKey, list[ClassSpan]] = {}
    for room in rooms:
        found.setdefault(room.at, []).append(room)
    return found


def _room_change(code: str, whose: str, old: Sequence[ClassSpan], new: Sequence[ClassSpan]) -> Change:
    last = new[-1]
    place = "" if last.campus == HOME_CAMPUS else f"{last.campus} "
    label = f"{whose}{place}{last.name}"
    if not old:
        since = f"，自 {new[0].first} 起" if new[0].first else f"（{last.year} 学年）"
        roll = f"，{last.roll} 人" if last.roll is not None else ""
        what, added = f"新增班级 {label}{roll}{since}", Added(f"{whose}{place}", since, last.key, last.name, last.roll)
        return Change(ChangeKind.CLASS, code, last.name, new=True, what=what, rolls=True, added=added)
    was, now = next(((was, now) for now in new if _SAYS(was := _at(old, now.first)) != _SAYS(now)), (last, last))
    fields = [one for one in _ROOM if getattr(was, one) != getattr(now, one)]
    parts = [f"{_ROOM[one]} {_shown(getattr(was, one))} → {_shown(getattr(now, one))}" for one in fields]
    if fields and len(new) > 1 and now.first:
        parts[-1] += f"，自 {now.first} 起"
    if old[0].first != new[0].first:
        parts.append(f"启用 {_shown(new[0].first)}")
        if new[0].first and (old[0].first or date.min) < new[0].first:
            parts.append("此前的日子不再算有这个班（只改人数的，请把启用日期清空再发）")
    if old[-1].until != last.until:
        parts.append(f"停用 {_shown(last.until)}")
    # corrections of earlier days are not in the latest values
    words = "；".join(parts) or "更正往日的人数"
    rolls = "roll" in fields or not parts
    return Change(ChangeKind.CLASS, code, last.name, new=False, what=f"{label} {words}", rolls=rolls)


_ROOM = {"name": "名称", "stage": "学段", "roll": "人数"}
_SAYS = attrgetter(*_ROOM)


def _at(slices: Sequence[ClassSpan], day: date | None) -> ClassSpan:
    """The class as it was when a slice begins."""
    return next((one for one in reversed(slices) if one.first is None or (day and one.first <= day)), slices[0])


def _shown(value: object) -> str:
    return "（空）" if value in (None, "") else str(value)
