"""What is known of the schools of one day, as rows: read for whole counties, or for a few schools by their codes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from django.db.models import Q

from pipeline.database import serialise, sql
from pipeline.database.models import Closure, Report
from pipeline.merge.standing import UNPROVED
from pipeline.model import ClosureFacts, ClosureState, State, UnitKind
from pipeline.schooldays import VOID_CLOSURES, ClassAt, day_bounds, school_year, today
from pipeline.settling import excuses


class Room(NamedTuple):
    """A class of the registry. A tuple, because a province has a quarter of a million."""

    name: str
    roll: int | None
    stage: str


@dataclass(slots=True)
class DayRows:
    """Rows of one day and some counties, by school."""

    schools: list[tuple[str, str, str, str, str, str]] = field(default_factory=list)
    campuses: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    contacts: dict[ClassAt, tuple[str, str]] = field(default_factory=dict)  # (school, campus) → its own, if it has one
    classes: dict[str, dict[ClassAt, Room]] = field(default_factory=lambda: defaultdict(dict))
    heads: dict[str, dict[str, bool]] = field(default_factory=lambda: defaultdict(dict))  # campus → on time
    late: dict[ClassAt, frozenset[str]] = field(
        default_factory=dict
    )  # (school, campus) → the classes that make it late
    others: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    lines: dict[str, dict[ClassAt, tuple[int | None, bool]]] = field(default_factory=lambda: defaultdict(dict))
    closures: dict[str, list[ClosureFacts]] = field(default_factory=lambda: defaultdict(list))
    asked: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    excused: dict[str, str] = field(default_factory=dict)


_OPEN = "(u.valid_from IS NULL OR u.valid_from <= %s) AND (u.valid_to IS NULL OR u.valid_to > %s)"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which schools are loaded: the condition for a unit `u` with its values, and for rows that have it as a column."""

    within: str
    values: tuple[str, ...]
    rows: Mapping[str, Sequence[str]]  # of reports
    closures: Mapping[str, Sequence[str]]
    moved: Mapping[str, str]


def load(day: date, wanted: Wanted) -> DayRows:
    """Return the rows of the schools wanted, as of the day."""
    found, iso = DayRows(), day.isoformat()
    within, places = wanted.within, wanted.values
    found.schools = [
        (code, name, wanted.moved.get(code, division), *rest)
        for code, name, division, *rest in sql.fetch(
            "SELECT u.code, u.name, u.division_id, u.stages, u.reporter, u.reporter_phone FROM unit u "  # nosec B608  # marks only
            f"WHERE {within} AND {_OPEN} ORDER BY u.code",
            (*places, iso, iso),
        )
    ]
    _load_registry(found, day, places, within)
    for school, campus, on_time, late, others, rows, zero in Report.objects.filter(day=day, **wanted.rows).values_list(
        "school", "campus", "on_time", "late_classes", "other_absent", "rows", "zero"
    ):
        found.others[school] += others
        if rows or zero:
            found.heads[school][campus] = on_time
            if late:
                found.late[school, campus] = frozenset(late)
        else:  # all its rows were returned: it does not report that nobody is absent, and nothing else yet
            found.asked[school].add(State.REJECTED.value)
    for school, campus, key, roll, silent in sql.fetch(
        "SELECT r.school, r.campus, r.key, r.roll, r.silent FROM report_class r JOIN unit u ON u.code = r.school "  # nosec B608  # marks only
        f"WHERE r.day = %s AND {within}",
        (iso, *places),
    ):
        found.lines[school][campus, key] = (roll, bool(silent))
    for row in Closure.objects.filter(closed_on(day), **wanted.closures):
        until = row.resume_actual or row.resume_planned
        facts = ClosureFacts(row.campus, row.scope, today(row.start), until, ClosureState(row.state))
        found.closures[row.school_id].append(facts)
    for unit, state, said in sql.fetch(
        "SELECT s.unit, s.state, s.issues FROM submission s JOIN unit u ON u.code = s.unit "  # nosec B608  # marks only
        f"WHERE s.day = %s AND s.form = 'absence' AND s.state IN (%s, %s) AND {within}",
        (iso, State.HELD.value, State.REJECTED.value, *places),
    ):
        if state == State.HELD or not any(one["code"] in UNPROVED for one in serialise.read(said)):
            found.asked[unit].add(state)
    found.excused = excuses.excused(day)
    return found


def closed_on(day: date) -> Q:
    """The condition for a closure by which something is closed on the day, as `schooldays.closed_campuses` counts them:
    those of years are not loaded.
    """
    goes_on = Q(resume_actual__gt=day) | Q(resume_actual__isnull=True, resume_planned__gt=day)
    return goes_on & Q(start__lte=day_bounds(day)[1]) & ~Q(state__in=VOID_CLOSURES)


_SCHOOLS = f"u.kind = '{UnitKind.SCHOOL}'"


def of_counties(counties: Sequence[str], moved: Mapping[str, str]) -> Wanted:
    """The schools that lie in these counties on a day; `moved`: the divisions, that day, of units that ever moved."""
    into = [code for code, division in moved.items() if division in counties]
    marks = ", ".join(["%s"] * len(counties))
    text, values = f"{_SCHOOLS} AND u.division_id IN ({marks})", tuple(counties)
    if moved:
        others, here = (", ".join(["%s"] * len(codes)) or "NULL" for codes in (moved, into))
        text = f"{_SCHOOLS} AND (u.division_id IN ({marks}) AND u.code NOT IN ({others}) OR u.code IN ({here}))"
        values = (*counties, *moved, *into)
    mine = {"division__in": counties}
    return Wanted(text, values, mine, mine, moved)


def of_codes(codes: Sequence[str], moved: Mapping[str, str]) -> Wanted:
    """These schools, wherever they lie; `moved` as above."""
    text = f"{_SCHOOLS} AND u.code IN ({', '.join(['%s'] * len(codes))})"
    return Wanted(text, tuple(codes), {"school__in": codes}, {"school_id__in": codes}, moved)


def _load_registry(found: DayRows, day: date, places: Sequence[str], within: str) -> None:
    iso = day.isoformat()
    opened = _OPEN.replace("u.", "c.")
    for school, name, *contact in sql.fetch(
        "SELECT c.school_id, c.name, c.reporter, c.reporter_phone "  # nosec B608  # marks only
        f"FROM campus c JOIN unit u ON u.code = c.school_id WHERE {within} AND {opened}",
        (*places, iso, iso),
    ):
        found.campuses[school].append(name)
        if any(contact):
            found.contacts[school, name] = (contact[0], contact[1])
    for school, campus, key, *room in sql.fetch(
        "SELECT c.school_id, c.campus, c.key, c.name, c.roll, c.stage "
        "FROM school_class c JOIN unit u ON u.code = c.school_id "  # nosec B608  # marks only
        f"WHERE {within} AND c.school_year = %s AND {opened}",
        (*places, school_year(day), iso, iso),
    ):
        found.classes[school][campus, key] = Room._make(room)
