"""The registry: divisions with their organs, schools, campuses, and classes by school year.

A roster is planned first (`plan_roster`: a value that can be shown) and then applied. A blank in a
roster never erases; what a roster does not list stays as it is.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from django.db import transaction

from pipeline import units
from pipeline.model import HOME_CAMPUS, Checked, Record
from pipeline.schooldays import school_year
from pipeline.store import sql
from pipeline.store.models import Division, SchoolClass, Unit

_SEED = Path(__file__).parent / "seed" / "divisions.csv"
_ORGANS = {"education": ("JY", "教育局"), "health": ("WJ", "卫生健康委员会"), "cdc": ("JK", "疾病预防控制中心")}
_PROVINCE_EDUCATION = "教育厅"

_SCHOOL_TEXTS = ("name", "stages", "reporter", "reporter_phone", "leader", "leader_phone")
_SCHOOL = ("code", "kind", "organ", "division_id", "boarding", "token_serial", *_SCHOOL_TEXTS)
_CLASS = ("school_id", "campus", "school_year", "key", "name", "stage", "roll", "state", "valid_from")

ClassKey = tuple[str, str, int, str]  # school, campus, school year, key


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a roster's preview: what of the registry would be new, or which fields would change."""

    kind: str  # school | campus | class
    school: str
    name: str
    new: bool
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RosterPlan:
    """What a roster would do. `changes` is for people; the rows are for `apply_roster`."""

    changes: tuple[Change, ...] = ()
    schools: tuple[Mapping[str, object], ...] = field(default=(), repr=False)
    campuses: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    classes: tuple[Mapping[str, object], ...] = field(default=(), repr=False)


# --------------------------------------------------------------------------- divisions


def load_divisions() -> int:
    """Put the 109 divisions, the nine function zones and their organs in; return how many places are new.

    May be run again: what an office has changed since stays.
    """
    with _SEED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with transaction.atomic():
        known = set(Division.objects.values_list("code", flat=True))
        fresh = [row for row in rows if row["code"] not in known]
        for kinds in (("province",), ("city",), ("county", "function_zone")):  # parents first
            Division.objects.bulk_create([_division(row) for row in fresh if row["kind"] in kinds])
        Unit.objects.bulk_create([organ for row in fresh for organ in _organs(row)])
    return len(fresh)


def _division(row: Mapping[str, str]) -> Division:
    return Division(
        code=row["code"], name=row["name"], short=row["short"], kind=row["kind"], parent_id=row["parent"] or None
    )


def _organs(row: Mapping[str, str]) -> list[Unit]:
    names = {organ: word for organ, (_, word) in _ORGANS.items()}
    if row["kind"] == "province":
        names["education"] = _PROVINCE_EDUCATION
    return [
        Unit(
            code=organ_code(row["code"], organ),
            kind="organ",
            organ=organ,
            division_id=row["code"],
            name=row["name"] + word,
        )
        for organ, word in names.items()
    ]


def organ_code(division: str, organ: str) -> str:
    """Return the code of a division's organ (education, health, cdc), such as 320106JY."""
    return division + _ORGANS[organ][0]


def tree(of: Iterable[str] | None = None) -> units.Tree:
    """Return all divisions, and where every school and organ lies, for `units.scope`; `of`: these alone."""
    places = {
        code: units.Place(code, kind, parent or "")
        for code, kind, parent in Division.objects.values_list("code", "kind", "parent_id")
    }
    text = "SELECT code, division_id, kind FROM unit"
    found = sql.fetch(text) if of is None else sql.fetch_in(f"{text} WHERE code IN ?", sorted(set(of)))
    organs = frozenset(code for code, _, kind in found if kind == "organ")
    return units.Tree(places, {code: division for code, division, _ in found}, organs)


def division_names() -> dict[str, str]:
    """Return the divisions' full names by code."""
    return dict(Division.objects.values_list("code", "name"))


def names(codes: Iterable[str]) -> dict[str, str]:
    """Return the names of units and divisions by code; unknown codes are left out."""
    wanted = sorted(set(codes))
    found = sql.fetch_in("SELECT code, name FROM unit WHERE code IN ?", wanted)
    found += sql.fetch_in("SELECT code, name FROM division WHERE code IN ?", wanted)
    return dict(found)


# --------------------------------------------------------------------------- roster


def plan_roster(checked: Checked, day: date) -> RosterPlan:
    """Return what a checked roster would change, for the school year of `day` where a class names no date."""
    schools = [record for record in checked.records if record.table == "schools"]
    classes = [record for record in checked.records if record.table == "classes"]
    codes = sorted({str(record.values["code"]) for record in (*schools, *classes)})
    rows, changes = _plan_schools(schools, codes, checked.unit)
    campuses = _plan_campuses(schools, classes, codes)
    changes += [Change("campus", school, name, new=True) for school, name in campuses]
    class_rows, class_changes = _plan_classes(classes, codes, day)
    return RosterPlan(tuple(changes + class_changes), tuple(rows), tuple(campuses), tuple(class_rows))


def apply_roster(plan: RosterPlan) -> None:
    """Write what was planned. Inside the caller's transaction, or its own."""
    with transaction.atomic():
        upsert = sql.upsert("unit", _SCHOOL, ("code",), kept=("kind", "organ", "token_serial"))
        sql.run(upsert, [tuple(row[name] for name in _SCHOOL) for row in plan.schools])
        sql.run(sql.upsert("campus", ("school_id", "name"), ("school_id", "name")), list(plan.campuses))
        put_classes(plan.classes)


def put_classes(rows: Sequence[Mapping[str, object]]) -> None:
    """Write whole rows of school_class, new or known."""
    upsert = sql.upsert("school_class", _CLASS, ("school_id", "campus", "school_year", "key"))
    sql.run(upsert, [tuple(row[name] for name in _CLASS) for row in rows])


def add_class(row: Mapping[str, object], add: Callable[[str, list[sql.Params]], None]) -> None:
    """Collect, for writing, a class found in a report: one not in the registry yet, or known from a later day."""
    text = sql.insert("school_class", _CLASS) + (  # nosec B608  # our own words
        " ON CONFLICT (school_id, campus, school_year, key) DO UPDATE SET valid_from = excluded.valid_from "
        "WHERE school_class.state = 'new' AND excluded.valid_from < school_class.valid_from"
    )
    add(text, [tuple(row[name] for name in _CLASS)])


def class_row(key: ClassKey, name: str, **more: object) -> dict[str, object]:
    """Return a row for `put_classes`: a class found in a report, to be confirmed by the county."""
    school, campus, year, class_key = key
    row: dict[str, object] = {"school_id": school, "campus": campus, "school_year": year, "key": class_key}
    return row | {"name": name, "stage": "", "roll": None, "state": "new", "valid_from": None} | more


def _plan_schools(
    records: Sequence[Record], codes: Sequence[str], owner: str
) -> tuple[list[Mapping[str, object]], list[Change]]:
    before = {row["code"]: row for row in Unit.objects.filter(code__in=codes).values(*_SCHOOL)}
    after: dict[str, dict[str, object]] = {code: dict(row) for code, row in before.items()}
    for record in records:
        code = str(record.values["code"])
        row = after.setdefault(code, _new_school(code, owner))
        row.update(_said(record.values))
    rows: list[Mapping[str, object]] = []
    changes = []
    for code, row in after.items():
        was = before.get(code)
        changed = tuple(name for name in _SCHOOL if was is not None and was[name] != row[name])
        if was is None or changed:
            rows.append(row)
            changes.append(Change("school", code, str(row["name"]), was is None, changed))
    return rows, changes


def _new_school(code: str, owner: str) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(_SCHOOL_TEXTS, "")
    return row | {
        "code": code,
        "kind": "school",
        "organ": "",
        "division_id": owner,
        "boarding": False,
        "token_serial": 1,  # nosec B105  # a serial, not a password
    }


def _said(values: Mapping[str, object]) -> dict[str, object]:
    """Return what a school's row says, by our columns, its blanks left out."""
    said = {name: values.get(name) for name in _SCHOOL_TEXTS}
    stages = said["stages"]
    if stages and not isinstance(stages, str):
        said["stages"] = " ".join(str(stage) for stage in stages) if isinstance(stages, Iterable) else ""
    said["division_id"] = values.get("division")
    said["boarding"] = values.get("boarding")
    return {name: value for name, value in said.items() if value not in (None, "")}


def _plan_campuses(schools: Sequence[Record], classes: Sequence[Record], codes: Sequence[str]) -> list[tuple[str, str]]:
    known = set(sql.fetch_in("SELECT school_id, name FROM campus WHERE school_id IN ?", codes))
    said = {(str(r.values["code"]), str(r.values.get("campus") or HOME_CAMPUS)) for r in (*schools, *classes)}
    return sorted(said - known)


def _plan_classes(
    records: Sequence[Record], codes: Sequence[str], day: date
) -> tuple[list[Mapping[str, object]], list[Change]]:
    before: dict[ClassKey, dict[str, object]] = {}
    for row in SchoolClass.objects.filter(school__in=codes).values(*_CLASS):
        before[row["school_id"], row["campus"], row["school_year"], row["key"]] = dict(row)
    after: dict[ClassKey, dict[str, object]] = {}
    for record in records:
        values = record.values
        first = values.get("from")
        first = first if isinstance(first, date) else None
        campus = str(values.get("campus") or HOME_CAMPUS)
        key = (str(values["code"]), campus, school_year(first or day), _class_key(record))
        row = after.get(key) or before.get(key) or class_row(key, str(values["class_name"]))
        said = {"name": values.get("class_name"), "stage": values.get("stage"), "roll": values.get("roll")}
        said |= {"state": "confirmed", "valid_from": first}
        after[key] = row | {name: value for name, value in said.items() if value not in (None, "")}
    rows: list[Mapping[str, object]] = []
    changes = []
    for key, row in after.items():
        was = before.get(key)
        changed = tuple(name for name in _CLASS if was is not None and was[name] != row[name])
        if was is None or changed:
            rows.append(row)
            changes.append(Change("class", key[0], str(row["name"]), was is None, changed))
    return rows, changes


def _class_key(record: Record) -> str:
    return str(record.values.get("class_key") or record.identity.rpartition("|")[2])
