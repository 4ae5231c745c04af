"""What a change of the registry is, in words: the lines of a roster's preview and receipt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

from pipeline.forms.base import Goes
from pipeline.forms.classes import in_order
from pipeline.forms.roster import OF_CAMPUS, OF_UNIT
from pipeline.merge.registry import ClassSpan, Registered, by_room, runs
from pipeline.merge.successors import NOTHING_CHANGED, Lineage, Taught, lineage
from pipeline.model import HOME_CAMPUS, ChangeKind


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
    for campus in (one for one in after.contacts if one in was.campuses):
        own, old_ones = after.contacts[campus], was.contacts.get(campus, {})
        if named := [OF_UNIT[one].title for one in OF_CAMPUS if own.get(one) != old_ones.get(one)]:
            what = f"{whose}{campus} {'、'.join(named)}更新，自 {day} 起"
            found.append(Change(ChangeKind.CAMPUS, code, campus, new=False, what=what))
    old = by_room(was.rooms)
    for key, slices in by_room(after.rooms).items():
        if slices != old.get(key, []):
            found.append(_room_change(code, whose, old.get(key, []), slices))
    found += _renamed(code, whose, was, after)
    return tuple(found)


def _renamed(code: str, whose: str, was: Registered, after: Registered) -> Iterable[Change]:
    """Which new classes are taken to be old ones under another name, and which old ones to be joined or divided."""
    known, names = _lineages(was.rooms), {room.at: room.name for room in after.rooms}
    for year, one in _lineages(after.rooms).items():
        before = known.get(year, NOTHING_CHANGED)

        def line(campus: str, key: str, what: str, others: Iterable[str], year: int = year) -> Change:
            place = "" if campus == HOME_CAMPUS else f"{campus} "
            name = names[campus, year, key]
            old = "、".join(names[campus, year, other] for other in others)
            return Change(ChangeKind.CLASS, code, name, new=False, what=f"{whose}{place}{name} {what.format(old)}")

        for (campus, key), first in one.former.items():
            if before.former.get((campus, key)) != first:
                yield line(campus, key, "就是原来的 {}：缺课的学生接着算，不算新发", [first])
        for place, (_, into) in one.joined.items():
            if before.joined.get(place) != one.joined[place]:
                yield line(*place, "并入 {}：缺课的学生接着算，不算新发", [into])
        for place, olds in one.sources.items():
            divided = [old for old in olds if (place[0], old) not in one.joined]
            if divided and before.sources.get(place) != olds:
                yield line(*place, "有从 {} 分来的学生：同名的接着算，不算新发", divided)


def _lineages(rooms: Sequence[ClassSpan]) -> dict[int, Lineage]:
    years: dict[int, list[Taught]] = {}
    for room in rooms:
        years.setdefault(room.year, []).append(Taught(room.campus, room.key, room.roll, room.first, room.until))
    return {year: lineage(mine) for year, mine in years.items()}


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
    again = runs(new)[-1][0]
    if again and len(runs(new)) > len(runs(old)):
        parts.append(f"{runs(new)[-2][1]} 停用，自 {again} 起重新启用")
    if old[-1].until != last.until and (last.until or len(runs(new)) == len(runs(old))):
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
