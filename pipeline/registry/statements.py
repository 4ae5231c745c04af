"""The statements about units, stored; and their rows in the registry, folded from them (`merge.registry`).

The rows of unit, campus, school_class and unit_place are the result of all statements in force. The state at an earlier
place of the received sequence, or on a future day, is folded from the statements themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from pipeline.database import acts, serialise, sql
from pipeline.database.models import Absence, Campus, Counter, ReportClass, SchoolClass, Submission, Unit, UnitPlace
from pipeline.database.models import Statement as Kept
from pipeline.database.transactions import atomic
from pipeline.forms.roster import OF_CAMPUS, OF_UNIT, SCHOOLS
from pipeline.merge.registry import (
    AliasRuling,
    ClassSpan,
    ClassStatement,
    Registered,
    RegistryStatement,
    RoomKey,
    both,
    counting,
    registered,
)
from pipeline.model import ActKind, ClassState, StatementState, UnitKind
from pipeline.registry import mailboxes, statement_rows
from pipeline.schooldays import ZONE, today

FORM = "roster"
_STANDING = StatementState.STANDING
BEFORE = date(2000, 1, 1)  # in force from: for what existed before any statement
_UNIT = (*SCHOOLS.keeps, "kind", "organ", "token_serial")
_CLASS = ("school_id", "campus", "school_year", "key", "name", "stage", "roll", "state", "valid_from", "valid_to")
_DAYS = {name: one.stored or one.name for name, one in OF_UNIT.items() if one.dtype == "date"}
_NEVER_BLANK = frozenset({"name", "division_id"})
_DONE = "registry-day"  # counter: the day up to which changes dated ahead have taken effect


def load(codes: Iterable[str], upto: int | None = None) -> dict[str, list[RegistryStatement]]:
    """Return the statements about these units that are in force, with the state before them; `upto`: only to that
    place.

    A unit that is not known, or was not by then, is left out.
    """
    wanted = sorted(set(codes))
    every: dict[str, list[RegistryStatement]] = {}
    for row in Kept.objects.filter(unit__in=wanted, form=FORM).order_by("order"):
        every.setdefault(row.unit, []).extend([_statement(row)] if row.state == _STANDING else [])
    by_then = {code: [one for one in counting(its) if upto is None or one.order <= upto] for code, its in every.items()}
    silent = _before([code for code in wanted if code not in every])
    return {**{code: its for code, its in by_then.items() if its}, **{code: [one] for code, one in silent.items()}}


def units(codes: Iterable[str], day: date, upto: int | None = None) -> dict[str, Registered]:
    """Return units by the statements about them, as of a day and, with `upto`, as of a place of the sequence."""
    return fold(load(codes, upto), day)


def fold(statements: Mapping[str, Sequence[RegistryStatement]], day: date) -> dict[str, Registered]:
    """Return units, by these statements."""
    found = _found(statements)
    return {code: registered(its, day, found.get(code)) for code, its in statements.items() if its}


def later_than(seq: int) -> list[int]:
    """Return the later places at which there are statements about the registry or the calendar, in order."""
    text = 'SELECT DISTINCT "order" FROM statement WHERE "order" > %s AND state = %s ORDER BY 1'
    return [int(order) for (order,) in sql.fetch(text, (seq, _STANDING))]


def keep(new: Mapping[str, RegistryStatement], *, submission: int, state: StatementState = _STANDING) -> None:
    """Store statements, by unit, replacing those of the same order; the state before them is stored first."""
    stated = set(Kept.objects.filter(unit__in=list(new), form=FORM, order=0).values_list("unit", flat=True))
    stated |= set(Kept.objects.filter(unit__in=list(new), form=FORM, state=_STANDING).values_list("unit", flat=True))
    before = _before([code for code in new if code not in stated])
    rows = [_row(code, one, 0, _STANDING) for code, one in before.items()]
    rows += [_row(code, one, submission, state) for code, one in new.items()]
    statement_rows.put(rows)


def joined(code: str, one: RegistryStatement) -> RegistryStatement:
    """Return a statement joined with the earlier one of the same place: one 处理单 decides many things."""
    row = Kept.objects.filter(unit=code, form=FORM, order=one.order, state=_STANDING).first()
    if row is None:
        return one
    was = _statement(row)
    return RegistryStatement(
        one.order,
        min(was.day, one.day),
        {**was.unit, **one.unit},
        (*was.campuses, *one.campuses),
        (*was.rooms, *one.rooms),
        (*was.rulings, *one.rulings),
        both(was.contacts, one.contacts),
        (*was.removed, *one.removed),
    )


def first_known(codes: Iterable[str]) -> dict[str, date]:
    """Return since when the site knows these units: from the day of the first roster, never before it was received.

    Units that were there before any roster are left out.
    """
    first: dict[str, tuple[int, date, int]] = {}
    wanted = sorted(set(codes))
    for start in range(0, len(wanted), 500):
        mine = Kept.objects.filter(unit__in=wanted[start : start + 500], form=FORM, state=_STANDING).order_by("order")
        for unit, order, day, seq in mine.values_list("unit", "order", "day", "submission"):
            first.setdefault(unit, (order, day, seq))
    seqs = {seq for order, _, seq in first.values() if order}
    received = dict(Submission.objects.filter(received_seq__in=seqs).values_list("received_seq", "received_at"))
    return {
        unit: max(day, today(received[seq])) if seq in received else day
        for unit, (order, day, seq) in first.items()
        if order
    }


def of_submission(submission: int) -> dict[str, RegistryStatement]:
    """Return the statements of one workbook, by unit, whatever their state."""
    return {row.unit: _statement(row) for row in Kept.objects.filter(submission=submission, form=FORM)}


def waiting(submission: int) -> bool:
    """Tell whether the statements of a workbook wait for the county."""
    return Kept.objects.filter(submission=submission, form=FORM, state=StatementState.PROPOSED).exists()


def in_force(submission: int) -> list[Kept]:
    """Return the stored statements of one workbook that are in force."""
    return list(Kept.objects.filter(submission=submission, form=FORM, state=_STANDING).order_by("order", "unit"))


def take_back(rows: Sequence[Kept], day: date) -> None:
    """Take statements back, as if they had never been made; the rows of their units are written again."""
    Kept.objects.filter(pk__in=[row.pk for row in rows]).update(state=StatementState.UNDONE.value)
    codes = sorted({row.unit for row in rows})
    was = mailboxes.stated(codes)
    write_again(codes, day)
    mailboxes.follow(was, codes, day)


def write_again(codes: Sequence[str], day: date) -> None:
    """Write the rows of units again, and remove those that no statement makes any more."""
    _let_go(codes, units(codes, day))
    project(codes, day)


def put(row: Kept, one: RegistryStatement, day: date) -> None:
    """Write another content for a stored statement; the rows of its unit are written again."""
    statement_rows.put([_row(row.unit, one, row.submission, _STANDING)])
    write_again([row.unit], day)


def stored(order: int, unit: str) -> tuple[Kept, RegistryStatement] | None:
    """Return the statement in force about a unit at one place of the sequence."""
    row = Kept.objects.filter(order=order, unit=unit, form=FORM, state=_STANDING).first()
    return (row, _statement(row)) if row else None


def without(one: RegistryStatement, drops: Callable[[RoomKey], bool]) -> RegistryStatement:
    """Return a statement without the classes, and rulings on classes, that `drops` names by campus, year and key."""
    rooms = tuple(room for room in one.rooms if not drops((room.campus, room.year, room.key)))
    return replace(one, rooms=rooms, rulings=tuple(ruling for ruling in one.rulings if not drops(ruling.at)))


def _let_go(codes: Sequence[str], left: Mapping[str, Registered]) -> None:
    """Remove the rows that no statement makes any more. A class that reports name waits for the county again."""
    for row in SchoolClass.objects.filter(school__in=codes).exclude(state=ClassState.NEW).order_by("pk"):
        one = left.get(row.school_id, Registered())
        at = (row.campus, row.school_year, row.key)
        if at in {room.at for room in one.rooms} | {ruling.at for ruling in one.rulings}:
            continue
        first = _first_reported(row)
        twin = SchoolClass.objects.filter(
            school=row.school_id, campus=row.campus, school_year=row.school_year, key=row.key, state=ClassState.NEW
        )
        if first is None or twin.exists():
            row.delete()
            continue
        again = {"state": ClassState.NEW.value, "alias_of": "", "valid_from": first, "valid_to": None}
        SchoolClass.objects.filter(pk=row.pk).update(**again)
    for campus in Campus.objects.filter(school__in=codes):
        if campus.name not in left.get(campus.school_id, Registered()).campuses:
            campus.delete()
    for code, one in left.items():
        blank = {name: column.blank for name, column in OF_UNIT.items()} | {"boarding": False}
        unsaid = {_DAYS.get(name, name): blank[name] for name in blank.keys() - one.values.keys() - _NEVER_BLANK}
        Unit.objects.filter(code=code).update(**unsaid)
    gone = [code for code in codes if code not in left]
    UnitPlace.objects.filter(unit__in=gone).delete()
    Unit.objects.filter(code__in=gone).delete()


def _first_reported(row: SchoolClass) -> date | None:
    """The first day on which a report of its school year names a class."""
    first, last = date(row.school_year, 9, 1), date(row.school_year + 1, 8, 31)
    mine = {"school": row.school_id, "campus": row.campus, "day__range": (first, last)}
    named = ReportClass.objects.filter(**mine, key=row.key, silent=False).values_list("day", flat=True)
    absent = Absence.objects.filter(**mine, class_key=row.key).values_list("day", flat=True)
    days = [day for rows in (named, absent) if (day := rows.order_by("day").first())]
    return min(days, default=None)


def take_effect(day: date) -> int:
    """Apply statements whose day has come; return how many units they changed. One transaction.

    After a clock that was ahead, those whose day has not come after all are taken back.
    """
    with atomic():
        done = Counter.objects.filter(name=_DONE).values_list("value", flat=True).first() or 0
        if done == day.toordinal():
            return 0
        sql.run(sql.upsert("counter", ("name", "value"), ("name",)), [(_DONE, day.toordinal())])
        acts.note(ActKind.EFFECT, datetime.combine(day, time(), ZONE), day=day.isoformat())
        if not done:
            return 0
        first, last = sorted((date.fromordinal(done), day))
        between = Kept.objects.filter(form=FORM, state=_STANDING, day__gt=first, day__lte=last)
        codes = sorted(set(between.values_list("unit", flat=True)))
        project(codes, day)
        return len(codes)


# --------------------------------------------------------------------------- the rows


def project(codes: Iterable[str], day: date) -> None:
    """Write the rows of these units again, by all statements about them and as of `day`."""
    wanted = units(codes, day)
    was = mailboxes.stated(wanted)
    known = {row["code"]: row for row in Unit.objects.filter(code__in=list(wanted)).values(*_UNIT)}
    rows = [_unit_row(code, one, known.get(code), day) for code, one in wanted.items()]
    sql.run(sql.upsert("unit", _UNIT, ("code",), kept=("kind", "organ", "token_serial")), rows)
    mailboxes.follow(was, wanted, day)
    campuses = [
        (code, name, *(one.contacts.get(name, {}).get(column, "") for column in OF_CAMPUS))
        for code, one in wanted.items()
        for name in one.campuses
    ]
    sql.run(sql.upsert("campus", ("school_id", "name", *OF_CAMPUS), ("school_id", "name")), campuses)
    _put_rooms(wanted)
    _put_rulings(wanted)
    moved = {code: one.places for code, one in wanted.items() if len(one.places) > 1}
    UnitPlace.objects.filter(unit__in=list(wanted)).delete()
    UnitPlace.objects.bulk_create(
        UnitPlace(unit_id=code, division_id=division, first=first, until=until)
        for code, places in moved.items()
        for (division, first), until in zip(places, [*(first for _, first in places[1:]), None], strict=True)
    )


def _unit_row(code: str, one: Registered, known: Mapping[str, Any] | None, day: date) -> sql.Params:
    blank = {name: column.blank for name, column in SCHOOLS.keeps.items()}
    new = {**blank, "code": code, "kind": UnitKind.SCHOOL.value, "organ": "", "boarding": False, "token_serial": 1}  # nosec B105  # a number
    row: dict[str, Any] = {**new, **(known or {})}
    row.update({_DAYS.get(name, name): value for name, value in one.values.items() if value or name not in _DAYS})
    row["division_id"] = one.division_on(day) or row["division_id"]
    return tuple(sql.day(row[name]) if isinstance(row[name], date) else row[name] for name in _UNIT)


def _put_rooms(wanted: Mapping[str, Registered]) -> None:
    """Write the classes' slices, each over the row with the same beginning, so that rows keep their order."""
    codes = list(wanted)
    stand: dict[tuple[object, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in SchoolClass.objects.filter(school__in=codes).order_by("id").values("id", *_CLASS):
        stand[row["school_id"], row["campus"], row["school_year"], row["key"]].append(row)
    fresh: list[sql.Params] = []
    gone: list[int] = []
    for code, one in wanted.items():
        for key, slices in _slices(one.rooms).items():
            spare = stand.get((code, *key), [])
            for room in slices:
                values = _room_row(code, room)
                if not spare:
                    fresh.append(values)
                    continue
                old = spare.pop(0)
                if values != _kept_row(old):
                    gone.append(old["id"])
                    fresh.append(values)
            gone += [row["id"] for row in spare]
    for start in range(0, len(gone), 500):
        SchoolClass.objects.filter(id__in=gone[start : start + 500]).delete()
    sql.run(sql.insert("school_class", (*_CLASS, "alias_of")), [(*row, "") for row in fresh])


def _put_rulings(wanted: Mapping[str, Registered]) -> None:
    """A class that was refused, or has another name, keeps its row and is never taught: no report creates it again."""
    for code, one in wanted.items():
        for ruling in one.rulings:
            place = {"school_id": code, "campus": ruling.campus, "school_year": ruling.year, "key": ruling.key}
            SchoolClass.objects.filter(**place).delete()
            state = ClassState.ALIAS if ruling.of else ClassState.REFUSED
            days = {"valid_from": BEFORE, "valid_to": BEFORE}
            SchoolClass.objects.create(**place, name=ruling.name, state=state, alias_of=ruling.of, **days)


def _slices(rooms: Iterable[ClassSpan]) -> dict[RoomKey, list[ClassSpan]]:
    found: dict[RoomKey, list[ClassSpan]] = defaultdict(list)
    for room in rooms:
        found[room.at].append(room)
    return found


def _room_row(code: str, room: ClassSpan) -> sql.Params:
    days = (sql.day(room.first), sql.day(room.until))
    return (code, room.campus, room.year, room.key, room.name, room.stage, room.roll, ClassState.CONFIRMED.value, *days)


def _kept_row(row: Mapping[str, Any]) -> sql.Params:
    return tuple(sql.day(row[name]) if name in ("valid_from", "valid_to") else row[name] for name in _CLASS)


# --------------------------------------------------------------------------- loading and keeping


def _before(codes: Sequence[str]) -> dict[str, RegistryStatement]:
    """The state of units without any statement, from the registry's rows: entered otherwise, or long ago."""
    if not codes:
        return {}
    rooms: dict[str, list[ClassStatement]] = defaultdict(list)
    for row in SchoolClass.objects.filter(school__in=codes, state=ClassState.CONFIRMED).order_by("id").values(*_CLASS):
        rooms[row["school_id"]].append(
            ClassStatement(
                campus=row["campus"],
                year=row["school_year"],
                key=row["key"],
                name=row["name"],
                stage=row["stage"],
                roll=row["roll"],
                first=row["valid_from"],
                until=row["valid_to"],
            )
        )
    campuses: dict[str, list[str]] = defaultdict(list)
    contacts: dict[str, dict[str, dict[str, str]]] = defaultdict(dict)
    for campus in Campus.objects.filter(school__in=codes).order_by("id").values("school", "name", *OF_CAMPUS):
        school, name = campus["school"], campus["name"]
        campuses[school].append(name)
        if own := {column: campus[column] for column in OF_CAMPUS if campus[column]}:
            contacts[school][name] = own
    found = {}
    for row in Unit.objects.filter(code__in=codes).values(*_UNIT):
        stored = {name: row[_DAYS.get(name, name)] for name in OF_UNIT}
        unit = {name: value for name, value in stored.items() if value not in (None, "")}
        code = row["code"]
        found[code] = RegistryStatement(
            0, BEFORE, unit, tuple(campuses[code]), tuple(rooms[code]), contacts=contacts[code]
        )
    return found


def _found(codes: Iterable[str]) -> dict[str, dict[RoomKey, date | None]]:
    """Classes that reports named before any roster, with their first day."""
    found: dict[str, dict[RoomKey, date | None]] = defaultdict(dict)
    rows = SchoolClass.objects.filter(school__in=list(codes), state=ClassState.NEW)
    for school, campus, year, key, first in rows.values_list("school", "campus", "school_year", "key", "valid_from"):
        found[school][campus, year, key] = first
    return found


def _row(code: str, one: RegistryStatement, submission: int, state: StatementState) -> sql.Params:
    rooms = [
        [room.campus, room.year, room.key, room.name, room.stage, room.roll, sql.day(room.first), sql.day(room.until)]
        for room in one.rooms
    ]
    unit = {name: value.isoformat() if isinstance(value, date) else value for name, value in one.unit.items()}
    rulings = [[ruling.campus, ruling.year, ruling.key, ruling.name, ruling.of] for ruling in one.rulings]
    campuses, removed = list(one.campuses), list(one.removed)
    content = {"unit": unit, "campuses": campuses, "rooms": rooms, "rulings": rulings, "removed": removed}
    content["contacts"] = {campus: dict(own) for campus, own in one.contacts.items()}
    return (one.order, code, FORM, sql.day(one.day), serialise.text(content), state, submission)


def _statement(row: Kept) -> RegistryStatement:
    content = row.content
    unit = {name: date.fromisoformat(value) if name in _DAYS else value for name, value in content["unit"].items()}
    rooms = tuple(_room(one) for one in content["rooms"])
    rulings = tuple(AliasRuling(*one) for one in content["rulings"])
    campuses, removed = tuple(content["campuses"]), tuple(content["removed"])
    return RegistryStatement(row.order, row.day, unit, campuses, rooms, rulings, content["contacts"], removed)


def _room(values: Sequence[Any]) -> ClassStatement:
    campus, year, key, name, stage, roll, first, until = values
    return ClassStatement(campus, year, key, name, stage, roll, _date(first), _date(until))


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
