"""The registry: divisions with their organs, the divisions of units, and the rows of schools and classes.

Rosters and decisions about units are stored and folded in `statements`; here are the rows that result.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.db.models import Q

from pipeline import units
from pipeline.database import sql
from pipeline.database.models import Campus, Decision, Division, SchoolClass, Unit, UnitPlace
from pipeline.database.transactions import atomic
from pipeline.merge.successors import Place, Taught, lineage
from pipeline.model import HOME_CAMPUS, ClassState, DecisionKind, DivisionKind, UnitKind
from pipeline.schooldays import school_year
from pipeline.units import ORGAN_NAMES, organ_code, organ_name

SEED = Path(__file__).parent / "seed" / "divisions.csv"
_PARENTS_FIRST = ((DivisionKind.PROVINCE,), (DivisionKind.CITY,), (DivisionKind.COUNTY, DivisionKind.FUNCTION_ZONE))

_CLASS = ("school_id", "campus", "school_year", "key", "name", "stage", "roll", "state", "valid_from", "alias_of")

ClassKey = tuple[str, str, int, str]  # school, campus, school year, key
RoomPlace = tuple[str, str, str]  # school, campus, key


# --------------------------------------------------------------------------- divisions


def load_divisions() -> int:
    """Enter the 109 divisions, the nine function zones and their organs; return how many divisions are new.

    May be repeated: changes made by an office stay.
    """
    with SEED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with atomic():
        known = set(Division.objects.values_list("code", flat=True))
        fresh = [row for row in rows if row["code"] not in known]
        for kinds in _PARENTS_FIRST:
            Division.objects.bulk_create([_division(row) for row in fresh if row["kind"] in kinds])
        Unit.objects.bulk_create([organ for row in fresh for organ in _organs(row)])
    return len(fresh)


def _division(row: Mapping[str, str]) -> Division:
    return Division(
        code=row["code"], name=row["name"], short=row["short"], kind=row["kind"], parent_id=row["parent"] or None
    )


def _organs(row: Mapping[str, str]) -> list[Unit]:
    return [
        Unit(
            code=organ_code(row["code"], organ),
            kind=UnitKind.ORGAN,
            organ=organ,
            division_id=row["code"],
            name=organ_name(row["name"], row["kind"], organ),
        )
        for organ in ORGAN_NAMES
    ]


def tree(of: Iterable[str] | None = None, day: date | None = None) -> units.Tree:
    """Return all divisions, and that of every school and organ, for `units.scope`; `of`: only these units.

    `day`: their divisions on that day, for schools that have moved since or will move.
    """
    text = "SELECT code, division_id, kind FROM unit"
    found = sql.fetch(text) if of is None else sql.fetch_in(f"{text} WHERE code IN ?", sorted(set(of)))
    organs = frozenset(code for code, _, kind in found if kind == UnitKind.ORGAN)
    lies = {code: division for code, division, _ in found}
    lies |= {code: division for code, division in moved(day).items() if code in lies} if day else {}
    return units.Tree(divisions(), lies, organs)


def divisions() -> dict[str, units.DivisionNode]:
    """Return all divisions, by code."""
    rows = sql.fetch("SELECT code, kind, parent_id FROM division")  # several times a batch: a third of the ORM's CPU
    return {code: units.DivisionNode(code, kind, parent or "") for code, kind, parent in rows}


def moved(day: date) -> dict[str, str]:
    """Return the divisions, on a day, of units that ever moved or will move: they are few."""
    then = Q(first__isnull=True) | Q(first__lte=day)
    still = Q(until__isnull=True) | Q(until__gt=day)
    return dict(UnitPlace.objects.filter(then & still).values_list("unit", "division"))


def counties(codes: Sequence[str], day: date) -> dict[str, str]:
    """Return the county (or zone) of these units on a day."""
    found = dict(sql.fetch_in("SELECT code, division_id FROM unit WHERE code IN ?", codes))
    return found | {code: division for code, division in moved(day).items() if code in found}


def revoked(codes: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Return where in the sequence the tokens of these units and divisions were revoked; most never were."""
    rows = Decision.objects.filter(what=DecisionKind.TOKENS_REVOKE, target__in=sorted(set(codes))).order_by("seq")
    found: dict[str, tuple[int, ...]] = {}
    for code, seq in rows.values_list("target", "seq"):
        found[code] = (*found.get(code, ()), seq)
    return found


def token_serial(code: str) -> int:
    """Return the serial of a unit's tokens that are issued now."""
    return 1 + len(revoked([code]).get(code, ()))


def division_names() -> dict[str, str]:
    """Return the divisions' full names by code."""
    return dict(Division.objects.values_list("code", "name"))


def beginning_with(code: str, most: int) -> list[tuple[str, str]]:
    """Return (code, name) of divisions and units whose code begins so, at most so many."""
    divisions = Division.objects.filter(code__startswith=code).order_by("code").values_list("code", "name")[:most]
    rows = Unit.objects.filter(code__startswith=code).order_by("code").values_list("code", "name")[:most]
    return [*divisions, *rows][:most]


def names(codes: Iterable[str]) -> dict[str, str]:
    """Return the names of units and divisions by code; unknown codes are left out."""
    wanted = sorted(set(codes))
    found = sql.fetch_in("SELECT code, name FROM unit WHERE code IN ?", wanted)
    found += sql.fetch_in("SELECT code, name FROM division WHERE code IN ?", wanted)
    return dict(found)


Clerks = Mapping[str, Sequence[tuple[str, str, str]]]
"""By unit its clerk, then those of campuses that have their own: campus, name, telephone."""


def clerks(codes: Collection[str]) -> Clerks:
    """Return whom to ring about these units, as their rosters say."""
    found = {row.code: [(HOME_CAMPUS, row.reporter, row.reporter_phone)] for row in Unit.objects.filter(code__in=codes)}
    for row in Campus.objects.filter(school__in=codes).exclude(reporter="", reporter_phone="").order_by("id"):
        found[row.school_id].append((row.name, row.reporter, row.reporter_phone))
    return found


@dataclass(frozen=True, slots=True)
class Contact:
    """Who answers for a unit. "" for what is not known."""

    reporter: str = ""
    reporter_phone: str = ""
    leader: str = ""


def contact(code: str) -> Contact:
    """Return whom the registry names for a unit."""
    row = Unit.objects.filter(code=code).values_list("reporter", "reporter_phone", "leader").first()
    return Contact(*row) if row else Contact()


def campuses(schools: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the campuses of those schools that have several, each of which reports separately."""
    text = "SELECT school_id, name FROM campus WHERE school_id IN ? AND valid_to IS NULL ORDER BY id"
    found: dict[str, tuple[str, ...]] = {}
    for school, name in sql.fetch_in(text, sorted(set(schools))):
        found[school] = (*found.get(school, ()), name)
    return {school: known for school, known in found.items() if len(known) > 1}


@dataclass(frozen=True, slots=True)
class Stages:
    """The 学段s of some schools, and of their classes on a day."""

    schools: Mapping[str, tuple[str, ...]]
    classes: Mapping[tuple[str, str, str], str]  # school, campus, class key

    def of(self, school: str, campus: str, key: str) -> tuple[str, ...]:
        """Return the 学段 of a class; those of its school where it is not known, or for no class of it."""
        own = self.classes.get((school, campus, key), "")
        return (own,) if own else self.schools.get(school, ())


def stages(schools: Iterable[str], day: date) -> Stages:
    """Return the 学段s of schools and of their classes in the school year of a day."""
    codes = sorted(set(schools))
    rows = sql.fetch_in("SELECT code, stages FROM unit WHERE code IN ?", codes)
    text = "SELECT school_id, campus, key, stage FROM school_class WHERE school_id IN ? AND school_year IN ?"
    found = sql.fetch_in(text, codes, [school_year(day)])
    classes = {(school, campus, key): stage for school, campus, key, stage in found if stage}
    return Stages({code: tuple(words.split()) for code, words in rows}, classes)


def renamed(schools: Iterable[str], day: date) -> tuple[set[RoomPlace], dict[RoomPlace, str]]:
    """Return classes (school, campus, key) of the school year of a day that have ended by then, and, of those that go
    on under another name or in another class, the key that they have on the day.
    """
    ended: set[RoomPlace] = set()
    now: dict[RoomPlace, str] = {}
    for school, mine in _taught(schools, [school_year(day)]).items():
        past = _past(mine, day)
        ended |= {(school, *place) for place in past}
        now |= {(school, *place): key for place, key in _now(mine, past, day).items()}
    return ended, now


def first_names(schools: Iterable[str], day: date) -> dict[RoomPlace, str]:
    """Return, of the classes of the school year of a day that had another name before, the first key that they had."""
    taught = _taught(schools, [school_year(day)])
    return {(school, *place): key for school, mine in taught.items() for place, key in lineage(mine).former.items()}


def _taught(schools: Iterable[str], years: Sequence[int]) -> dict[str, list[Taught]]:
    """The classes of some schools in some school years, by school."""
    text = (
        "SELECT school_id, campus, key, roll, valid_from, valid_to FROM school_class"
        " WHERE school_id IN ? AND school_year IN ? AND state IN ?"
    )
    rooms: dict[str, list[Taught]] = defaultdict(list)
    states = [ClassState.CONFIRMED.value, ClassState.NEW.value]
    for school, campus, key, roll, first, until in sql.fetch_in(text, sorted(set(schools)), years, states):
        begin, end = (sql.date_of(one) if one else None for one in (first, until))
        rooms[school].append(Taught(campus, key, roll, begin, end))
    return rooms


def _past(mine: Sequence[Taught], day: date) -> set[Place]:
    """The classes that have ended by a day."""
    ended = {room.place for room in mine if room.until is not None and room.until <= day}
    return ended and ended - {room.place for room in mine if room.holds(day)}


def _now(mine: Sequence[Taught], past: Collection[Place], day: date) -> dict[Place, str]:
    """The keys on a day of those past classes that go on under another name or in another class."""
    if not past:
        return {}
    known = lineage(mine)
    named = {(room.campus, known.first(*room.place)): room.key for room in mine if room.holds(day)}
    into = {(campus, key): (campus, known.on(campus, key, day)) for campus, key in past}
    return {place: named[to] for place, to in into.items() if to in named}


@dataclass(frozen=True, slots=True)
class RoomNames:
    """Names of the classes of some schools; `taught`: of those of which a class has ended, its classes by year."""

    names: Mapping[RoomPlace, str]
    taught: Mapping[tuple[str, int], Sequence[Taught]]

    def on(self, school: str, campus: str, day: date) -> dict[str, str]:
        """Return the names of a campus's classes by key; a renamed class has that of the day by each of its keys."""
        found = {key: name for (code, at, key), name in self.names.items() if (code, at) == (school, campus)}
        mine = self.taught.get((school, school_year(day)), ())
        now = _now(mine, _past(mine, day), day)
        return found | {key: found[to] for (at, key), to in now.items() if at == campus and to in found}


def room_names(schools: Iterable[str]) -> RoomNames:
    """Return the names of the classes of some schools."""
    rows = SchoolClass.objects.filter(school__in=set(schools)).order_by("school_year")
    names: dict[RoomPlace, str] = {}
    ended = set()
    for school, campus, key, name, year, until in rows.values_list(
        "school_id", "campus", "key", "name", "school_year", "valid_to"
    ):
        names[school, campus, key] = name
        if until is not None:
            ended.add((school, year))
    taught = {(school, year): _taught([school], [year])[school] for school, year in sorted(ended)}
    return RoomNames(names, taught)


# --------------------------------------------------------------------------- classes that reports name


_Add = Callable[[str, list[sql.Params]], None]
_IS_NEW = f"state = '{ClassState.NEW}'"
_AT = "school_id = %s AND campus = %s AND school_year = %s AND key = %s"
_NAMED = "SELECT MIN(r.day) FROM report_class r WHERE r.school = %s AND r.campus = %s AND r.key = %s AND NOT r.silent"
_IN_YEAR = " AND r.day >= %s AND r.day < %s"


def add_class(row: Mapping[str, object], add: _Add) -> None:
    """Collect, for writing, a class found in a report: one not in the registry yet, or known from a later day."""
    text = sql.insert("school_class", _CLASS) + (  # nosec B608  # our own words
        " ON CONFLICT (school_id, campus, school_year, key, valid_from) DO UPDATE SET roll = excluded.roll, "
        "name = CASE excluded.name WHEN excluded.key THEN school_class.name ELSE excluded.name END "
        f"WHERE school_class.{_IS_NEW}"  # nosec B608  # our own words
    )
    add(text, [tuple(row[name] for name in _CLASS)])
    # if it was found on several days the first stays; nothing if the registry has, or had, such a class
    text = (
        f"DELETE FROM school_class WHERE {_AT} "  # nosec B608  # our own words
        f"AND {_IS_NEW} AND EXISTS (SELECT 1 FROM school_class o WHERE o.school_id = school_class.school_id "
        "AND o.campus = school_class.campus AND o.school_year = school_class.school_year "
        f"AND o.key = school_class.key AND (NOT o.{_IS_NEW} OR o.valid_from < school_class.valid_from))"
    )
    add(text, [tuple(row[name] for name in _CLASS[:4])])


def forget_class(key: ClassKey, day: date, add: _Add) -> None:
    """Collect, for writing, that the report of a day no longer names a class: it is new from
    another day, or not new.
    """
    school, campus, year, class_key = key
    named = (school, campus, class_key, f"{year}-09-01", f"{year + 1}-09-01")
    here = (*key, day.isoformat())
    text = (
        f"UPDATE school_class SET valid_from = COALESCE(({_NAMED}{_IN_YEAR}), valid_from) "  # nosec B608  # our own words
        f"WHERE {_AT} AND {_IS_NEW} AND valid_from = %s"
    )
    add(text, [(*named, *here)])
    text = (
        f"DELETE FROM school_class WHERE {_AT} AND {_IS_NEW} AND valid_from = %s "  # nosec B608  # our own words
        f"AND ({_NAMED}{_IN_YEAR}) IS NULL"
    )
    add(text, [(*here, *named)])


def class_row(key: ClassKey, name: str, **more: object) -> dict[str, object]:
    """Return a row for `add_class`: a class found in a report, to be confirmed by the county."""
    school, campus, year, class_key = key
    row: dict[str, object] = {"school_id": school, "campus": campus, "school_year": year, "key": class_key}
    row |= {"name": name, "stage": "", "roll": None, "valid_from": None, "state": ClassState.NEW.value, "alias_of": ""}
    return row | more
