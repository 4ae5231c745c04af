"""The present registry and calendar as the rows of a template: a row left as it is changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.database.models import Unit
from pipeline.figures.words import joined
from pipeline.forms import words
from pipeline.forms.base import Column
from pipeline.forms.classes import in_order, promoted
from pipeline.forms.roster import OF_ORGAN, OF_UNIT
from pipeline.forms.words import yes_no
from pipeline.merge.registry import ClassSpan, Registered, RoomKey, runs
from pipeline.model import HOME_CAMPUS, KINDERGARTEN, UnitKind
from pipeline.registry import calendar_spans, lookup, statements
from pipeline.schooldays import school_year
from pipeline.units import ORGAN_LETTERS, organ_code

Row = Mapping[str, str | int | float | date]


@dataclass(frozen=True, slots=True)
class RosterHead:
    """One school of a roster: the head of its own workbook."""

    code: str
    name: str
    token_serial: int


def schools(division: str, day: date) -> list[RosterHead]:
    """Return the schools of a division and all below it that exist on a day, by code."""
    places = lookup.tree(()).below(division)
    rows = Unit.objects.filter(kind=UnitKind.SCHOOL, division__in=places).order_by("code")
    return [_school(row) for row in rows if row.valid_to is None or row.valid_to > day]


def school(code: str) -> RosterHead | None:
    """Return one school, None if the code is unknown."""
    row = Unit.objects.filter(code=code, kind=UnitKind.SCHOOL).first()
    return _school(row) if row else None


def roster(codes: Sequence[str], day: date, *, up: bool = False) -> dict[str, tuple[Row, ...]]:
    """Return schools and their classes as of a day; `up`: of the school year that begins then, every class a grade up.

    Classes that were entered for that year already stay as they are.
    """
    found = statements.units(codes, day)
    listed = [(code, found[code]) for code in sorted(found)]
    rows = [row for code, one in listed for row in _school_rows(code, one, day)]
    rooms = [row for code, one in listed for row in (_promoted(code, one, day) if up else _rooms(code, one, day))]
    return {"schools": tuple(rows), "classes": tuple(rooms)}


def organs(division: str) -> tuple[Row, ...]:
    """Return a division's organs with their contacts."""
    codes = {organ_code(division, organ): organ for organ in ORGAN_LETTERS}
    rows = {row.code: row for row in Unit.objects.filter(code__in=list(codes), kind=UnitKind.ORGAN)}
    return tuple(
        _filled(organ=words.ORGAN.labels[organ], **{name: getattr(rows[code], name) for name in OF_ORGAN})
        for code, organ in codes.items()
        if code in rows
    )


def calendar(place: str) -> tuple[Row, ...]:
    """Return the lines of a place's calendar."""
    return tuple(
        _filled(
            kind=words.SPAN.labels[line.kind],
            stage=line.stage,
            first=line.first,
            last=line.last if line.last != line.first else None,
            note=line.note,
            ref=line.ref,
        )
        for line in calendar_spans.standing(place)
    )


def _school(row: Unit) -> RosterHead:
    return RosterHead(row.code, row.name, row.token_serial)


def _school_rows(code: str, one: Registered, day: date) -> Iterable[Row]:
    """The school, a row a campus; values of the whole school are in the first."""
    values = {**one.values, "division_id": one.division_on(day)}
    whole = {column.name: _cell(column, values.get(name)) for name, column in OF_UNIT.items()}
    for n, campus in enumerate(one.campuses or (HOME_CAMPUS,)):
        place = "" if campus == HOME_CAMPUS else campus
        mine = whole if n == 0 else {"name": whole["name"]}
        yield _filled(**{**mine, **one.contacts.get(campus, {}), "code": code, "campus": place})


def _cell(column: Column, value: object) -> object:
    if column.dtype == "flag":
        return yes_no(None if value is None else bool(value))
    return joined(str(value or "").split()) if column.dtype == "choice" else value


def _rooms(code: str, one: Registered, day: date) -> Iterable[Row]:
    """Each class as it is on the day, with its own first and last day; those of a roll are not for people to type."""
    classes: dict[RoomKey, list[ClassSpan]] = {}
    for room in one.rooms:
        if room.year == school_year(day):
            classes.setdefault(room.at, []).append(room)
    lasting = [slices for slices in classes.values() if slices[-1].until is None or slices[-1].until > day]
    for slices in sorted(lasting, key=lambda slices: _place(slices[0])):
        # changes from a later day on are not carried over: sent back untouched, they would count from this day
        now = next((room for room in reversed(slices) if room.first is None or room.first <= day), slices[0])
        first, until = runs(slices)[-1]
        yield _room(code, one, now, now.name, first=first, until=until)


def _promoted(code: str, one: Registered, day: date) -> Iterable[Row]:
    year = school_year(day)
    if any(room.year == year for room in one.rooms):
        yield from _rooms(code, one, day)
        return
    stages = str(one.values.get("stages") or "").split()
    last = date(year, 8, 31)
    for room in sorted((room for room in one.rooms_on(last)), key=_place):
        name = promoted(room.name, kindergarten=KINDERGARTEN in stages)
        if name:
            yield _room(code, one, room, name)


def _place(room: ClassSpan) -> tuple[object, ...]:
    return (room.campus != HOME_CAMPUS, room.campus, in_order(room.key), room.name)


def _room(
    code: str, one: Registered, room: ClassSpan, name: str, *, first: date | None = None, until: date | None = None
) -> Row:
    campus = "" if room.campus == HOME_CAMPUS else room.campus
    cells = {"code": code, "school_name": one.values.get("name"), "campus": campus, "class_name": name}
    return _filled(**cells, stage=room.stage, roll=room.roll, **{"from": first}, until=until)


def _filled(**cells: object) -> Row:
    return {name: value for name, value in cells.items() if isinstance(value, str | int | float | date) and value != ""}
