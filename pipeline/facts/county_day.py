"""One day of some counties, counted: the figures kept as CountyDay, and the lists of schools that go with them.

Every query is by day and division, none reads history, and their number does not grow with the schools.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import structlog

from pipeline import duty, faults, rules
from pipeline.database import serialise, sql
from pipeline.database.models import Closure, Counter, CountyDay, Report, Todo
from pipeline.database.transactions import atomic
from pipeline.figures import county
from pipeline.figures.county import AbsentRow, CountyFigures, SchoolDay
from pipeline.figures.duty import REPORTED, SILENT, standing
from pipeline.figures.facts import SchoolLine
from pipeline.figures.words import all_classes
from pipeline.model import HOME_CAMPUS, ClosureFacts, ClosureState, Reason, RowState, State, TodoKind, UnitKind
from pipeline.registry import lookup
from pipeline.rules import Case, groups_of
from pipeline.rules.engine import hints
from pipeline.schooldays import (
    VOID_CLOSURES,
    Calendar,
    UnknownYear,
    closed_campuses,
    closed_classes,
    school_year,
    today,
)
from pipeline.settling import excuses
from pipeline.turns import context
from pipeline.units import Tree

log = structlog.get_logger("queke.figures")

CHUNK = 12  # counties counted together: few queries, and their classes in memory
_ClassKey = tuple[str, str]  # campus, class key


@dataclass(frozen=True, slots=True)
class CountedSchool:
    """One school's day, with the values that the lists print."""

    day: SchoolDay
    county: str
    holder: str
    phone: str
    silent_names: tuple[str, ...]  # classes the report does not mention
    classes: Mapping[_ClassKey, str]  # → name, of those open this school year


@dataclass(frozen=True, slots=True)
class Single:
    """One pupil ill on the day with a 丙类 disease, and the class: the source of 单例提示."""

    school: str
    school_name: str
    class_name: str
    pupil: str
    disease: str
    new: bool


@dataclass(frozen=True, slots=True)
class CountedCounty:
    """A county's figures, its silent schools, those with ill pupils, its cases of 丙类 diseases; and for the series of
    its schools, those that reported in full, and the new cases of each school by group.
    """

    figures: CountyFigures
    silent: tuple[CountedSchool, ...]
    with_ill: tuple[SchoolLine, ...]
    singles: tuple[Single, ...] = ()
    observed: tuple[str, ...] = ()
    new: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def refresh() -> int:
    """Count every county's day again whose records changed; return how many. One transaction.

    A day of a year with unknown holidays is left for later and logged: `doctor` names such a year.
    """
    with atomic():
        by_day: dict[date, list[Todo]] = defaultdict(list)
        for todo in Todo.objects.filter(kind=TodoKind.FIGURES).order_by("code", "day"):
            if todo.day is not None:
                by_day[todo.day].append(todo)
        done = 0
        for day, todos in sorted(by_day.items()):
            try:
                counted = count(day, [todo.code for todo in todos])
            except UnknownYear as error:
                log.warning("figures_left", day=day.isoformat(), **faults.fault(error).fields())
                continue
            keep(counted.values())
            # one that was raised meanwhile stays: it has another settled_seq
            for todo in todos:
                Todo.objects.filter(pk=todo.pk, settled=todo.settled).delete()
            done += len(todos)
    return done


def keep(counted: Iterable[CountedCounty]) -> None:
    """Store counted days as CountyDay rows, replacing older ones."""
    as_of, rows = last_settled(), []
    for one in counted:
        texts = (county.to_json(one.figures), {"observed": one.observed, "new": one.new})
        rows.append((one.figures.day.isoformat(), one.figures.place, as_of, *map(serialise.text, texts)))
    columns = ("day", "division", "as_of_settled", "figures", "schools")
    sql.run(sql.upsert("county_day", columns, ("day", "division")), rows)


def kept(counties: Sequence[str], first: date, last: date) -> dict[str, dict[date, CountyFigures]]:
    """Return the kept figures of these counties, both days included."""
    found: dict[str, dict[date, CountyFigures]] = defaultdict(dict)
    rows = CountyDay.objects.filter(day__range=(first, last), division__in=counties)
    for day, division, figures in rows.values_list("day", "division", "figures"):
        found[division][day] = county.from_json(day, division, figures)
    return found


def last_settled() -> int:
    """Return the settled_seq of the latest settlement: figures counted now are as of it."""
    return Counter.objects.filter(name="settled").values_list("value", flat=True).first() or 0


def count(day: date, counties: Sequence[str]) -> dict[str, CountedCounty]:
    """Count one day of some counties from the current records. Raises UnknownYear."""
    tree, calendar = lookup.tree(day=day), context.calendar()
    found: dict[str, CountedCounty] = {}
    for start in range(0, len(counties), CHUNK):
        part = counties[start : start + CHUNK]
        by_county = schools(day, part, tree, calendar)
        rows = _absences(day, part)
        for code in part:
            found[code] = _counted(day, code, by_county.get(code, []), rows.get(code, []))
    return found


def schools(day: date, counties: Sequence[str], tree: Tree, calendar: Calendar) -> dict[str, list[CountedSchool]]:
    """Return the schools of a few counties as of the day, in order of their codes. Raises UnknownYear."""
    found: dict[str, list[CountedSchool]] = defaultdict(list)
    for school in _schools(day, _load(day, counties), tree, calendar):
        found[school.county].append(school)
    return found


def _counted(day: date, code: str, schools: Sequence[CountedSchool], rows: Sequence[AbsentRow]) -> CountedCounty:
    figures = county.count(day, code, (s.day for s in schools), rows)
    tallies = county.by_school((s.day for s in schools), rows)
    with_ill = [_line(s.day, *tallies[s.day.code]) for s in schools if s.day.code in tallies]
    silent = [s for s in schools if s.day.standing in SILENT]
    observed = tuple(s.day.code for s in schools if s.day.standing in REPORTED)
    new = county.new_by_school((s.day for s in schools), rows)
    return CountedCounty(figures, tuple(silent), tuple(with_ill), tuple(_singles(day, schools, rows)), observed, new)


def _singles(day: date, schools: Sequence[CountedSchool], rows: Sequence[AbsentRow]) -> Iterator[Single]:
    """The 丙类 cases among a day's rows, by the rules, one a pupil and disease."""
    known = rules.load()
    named = {s.day.code: s for s in schools}
    places: dict[tuple[str, str], list[AbsentRow]] = defaultdict(list)
    for row in rows:
        if row.diagnosis and row.school in named:
            places[row.school, row.campus].append(row)
    for (code, campus), found in places.items():
        cases = [
            Case(day, r.pupil, r.class_key, r.row_state, day, diagnosis=r.diagnosis, reason=r.reason) for r in found
        ]
        new = {r.pupil for r in found if r.row_state == RowState.NEW}
        school = named[code]
        for hint in hints(cases, known):
            room = school.classes.get((campus, hint.class_key), hint.class_key)
            yield Single(code, school.day.name, room, hint.pupil, hint.disease, hint.pupil in new)


def _line(school: SchoolDay, ill: int, new: int, halves: int) -> SchoolLine:
    kind, roll = county.kind_of(school.stages), county.roll_of(school)
    return SchoolLine(school.code, school.name, kind, roll, ill, new, halves, school.standing in REPORTED)


# --------------------------------------------------------------------------- loading


@dataclass(slots=True)
class _DayRows:
    """Rows of one day and some counties, by school."""

    schools: list[tuple[str, str, str, str, str, str]] = field(default_factory=list)
    campuses: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    classes: dict[str, dict[_ClassKey, tuple[str, int | None]]] = field(default_factory=lambda: defaultdict(dict))
    heads: dict[str, dict[str, tuple[bool, int]]] = field(default_factory=lambda: defaultdict(dict))
    lines: dict[str, dict[_ClassKey, tuple[int | None, bool]]] = field(default_factory=lambda: defaultdict(dict))
    closures: dict[str, list[ClosureFacts]] = field(default_factory=lambda: defaultdict(list))
    asked: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    excused: dict[str, str] = field(default_factory=dict)


_OPEN = "(u.valid_from IS NULL OR u.valid_from <= %s) AND (u.valid_to IS NULL OR u.valid_to > %s)"


def _load(day: date, counties: Sequence[str]) -> _DayRows:
    found, iso, moved = _DayRows(), day.isoformat(), lookup.moved(day)
    within, places = _within(counties, moved)
    found.schools = [
        (code, name, moved.get(code, division), *rest)
        for code, name, division, *rest in sql.fetch(
            "SELECT u.code, u.name, u.division_id, u.stages, u.reporter, u.reporter_phone FROM unit u "  # nosec B608  # marks only
            f"WHERE {within} AND {_OPEN} ORDER BY u.code",
            (*places, iso, iso),
        )
    ]
    _load_registry(found, day, places, within)
    for school, campus, on_time, others, rows, zero in Report.objects.filter(
        day=day, division__in=counties
    ).values_list("school", "campus", "on_time", "other_absent", "rows", "zero"):
        if rows or zero or others:
            found.heads[school][campus] = (on_time, others)
        else:  # all its rows were returned: it does not report that nobody is absent, and nothing else yet
            found.asked[school].add(State.REJECTED.value)
    for school, campus, key, roll, silent in sql.fetch(
        "SELECT r.school, r.campus, r.key, r.roll, r.silent FROM report_class r JOIN unit u ON u.code = r.school "  # nosec B608  # marks only
        f"WHERE r.day = %s AND {within}",
        (iso, *places),
    ):
        found.lines[school][campus, key] = (roll, bool(silent))
    for row in Closure.objects.filter(division__in=counties).exclude(state__in=VOID_CLOSURES):
        until = row.resume_actual or row.resume_planned
        if today(row.start) <= day < until:
            facts = ClosureFacts(row.campus, row.scope, today(row.start), until, ClosureState(row.state))
            found.closures[row.school_id].append(facts)
    for unit, state in sql.fetch(
        "SELECT s.unit, s.state FROM submission s JOIN unit u ON u.code = s.unit "  # nosec B608  # marks only
        f"WHERE s.day = %s AND s.form = 'absence' AND s.state IN (%s, %s) AND {within}",
        (iso, State.HELD.value, State.REJECTED.value, *places),
    ):
        found.asked[unit].add(state)
    found.excused = excuses.excused(day)
    return found


def _within(counties: Sequence[str], moved: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The condition for a unit `u` to be a school of these counties on a day, and its values."""
    into = [code for code, division in moved.items() if division in counties]
    marks = ", ".join(["%s"] * len(counties))
    schools = f"u.kind = '{UnitKind.SCHOOL}'"
    if not moved:
        return f"{schools} AND u.division_id IN ({marks})", tuple(counties)
    others, here = (", ".join(["%s"] * len(codes)) or "NULL" for codes in (moved, into))
    text = f"{schools} AND (u.division_id IN ({marks}) AND u.code NOT IN ({others}) OR u.code IN ({here}))"
    return text, (*counties, *moved, *into)


def _load_registry(found: _DayRows, day: date, places: Sequence[str], within: str) -> None:
    iso = day.isoformat()
    opened = _OPEN.replace("u.", "c.")
    for school, name in sql.fetch(
        f"SELECT c.school_id, c.name FROM campus c JOIN unit u ON u.code = c.school_id WHERE {within} AND {opened}",  # nosec B608  # marks only
        (*places, iso, iso),
    ):
        found.campuses[school].append(name)
    for school, campus, key, name, roll in sql.fetch(
        "SELECT c.school_id, c.campus, c.key, c.name, c.roll FROM school_class c JOIN unit u ON u.code = c.school_id "  # nosec B608  # marks only
        f"WHERE {within} AND c.school_year = %s AND {opened}",
        (*places, school_year(day), iso, iso),
    ):
        found.classes[school][campus, key] = (name, roll)


def _schools(day: date, found: _DayRows, tree: Tree, calendar: Calendar) -> Iterator[CountedSchool]:
    for code, name, division, stages, holder, phone in found.schools:
        kinds = tuple(stages.split())
        campuses = found.campuses.get(code) or [HOME_CAMPUS]
        closures = found.closures.get(code, [])
        due = calendar.owes(tree.chain(code), kinds, day, closures, campuses)
        classes = found.classes.get(code, {})
        closed = _closed(closures, classes, campuses, day)
        silent = {key for key, (_, mute) in found.lines.get(code, {}).items() if mute and key not in closed}
        status = duty.classify(due, _received(code, found, campuses, closures, silent, day))
        rolls = {key: roll for key, (_, roll) in classes.items() if roll is not None}
        lines = found.lines.get(code, {}).items()
        rolls |= {key: roll for key, (roll, mute) in lines if roll is not None and not mute and key in classes}
        heads = found.heads.get(code, {})
        school = SchoolDay(
            code=code,
            name=name,
            stages=kinds,
            standing=standing(status),
            rolls=rolls,
            closed=frozenset(closed),
            silent=frozenset(silent),
            other_absent=sum(others for _, others in heads.values()),
        )
        mute = sorted({c for c in campuses if heads and c not in heads} - closed_campuses(closures, day))
        names = (*(all_classes(campus) for campus in mute), *_named(silent, classes, campuses))
        yield CountedSchool(school, division, holder, phone, names, {key: room for key, (room, _) in classes.items()})


def _named(
    silent: Iterable[_ClassKey], classes: Mapping[_ClassKey, tuple[str, int | None]], campuses: Sequence[str]
) -> list[str]:
    """The names of classes, with their campus if the school has several."""
    known = [key for key in silent if key in classes]
    return sorted(f"{key[0]} {classes[key][0]}" if len(campuses) > 1 else classes[key][0] for key in known)


def _closed(
    closures: Sequence[ClosureFacts], classes: Iterable[_ClassKey], campuses: Sequence[str], day: date
) -> set[_ClassKey]:
    if not closures:
        return set()
    whole = closed_campuses(closures, day)
    by_campus = {campus: closed_classes(closures, campus, day) for campus in campuses}
    return {(campus, key) for campus, key in classes if campus in whole or key in by_campus.get(campus, ())}


def _received(
    code: str,
    found: _DayRows,
    campuses: Sequence[str],
    closures: Sequence[ClosureFacts],
    silent: set[_ClassKey],
    day: date,
) -> duty.ReceivedReports:
    heads = found.heads.get(code, {})
    shut = closed_campuses(closures, day)
    asked = found.asked.get(code, set())
    return duty.ReceivedReports(
        heads=tuple(on_time for on_time, _ in heads.values()),
        missing=sum(campus not in heads and campus not in shut for campus in campuses),
        silent=len(silent),
        held=State.HELD.value in asked,
        returned=State.REJECTED.value in asked,
        excused=found.excused.get(code, ""),
    )


_ABSENT = (
    "division", "school", "campus", "class_key", "pupil", "reason", "row_state", "part", "symptoms", "diagnosis",
    "temperature",
)  # fmt: skip


def _absences(day: date, counties: Sequence[str]) -> Mapping[str, list[AbsentRow]]:
    names = ", ".join(_ABSENT)
    text = f"SELECT {names} FROM absence WHERE day = '{day.isoformat()}' AND division IN ? ORDER BY id"  # nosec B608  # our own words
    found: dict[str, list[AbsentRow]] = defaultdict(list)
    for division, school, campus, key, pupil, reason, state, *signs in sql.fetch_in(text, counties):
        part, symptoms, diagnosis, heat = signs
        groups = groups_of(symptoms, None if heat is None else float(heat), diagnosis)
        row = AbsentRow(school, campus, key, pupil, reason, state, part, tuple(symptoms.split()), diagnosis, groups)
        found[division].append(row)
    return found


def ill_by_class(day: date, schools: Sequence[str]) -> dict[tuple[str, str, str], int]:
    """Return how many pupils of each (school, campus, class key) are absent ill on the day; for few schools."""
    text = (
        "SELECT school, campus, class_key, COUNT(*) FROM absence WHERE day IN ? AND school IN ? "
        f"AND reason = '{Reason.ILL}' AND row_state <> '{RowState.RETURNED}' "  # nosec B608  # our own words
        "GROUP BY school, campus, class_key"
    )
    return {(school, campus, key): n for school, campus, key, n in sql.fetch_in(text, [day.isoformat()], schools)}


# --------------------------------------------------------------------------- silence, backwards


def silent_days(schools: Mapping[str, tuple[str, ...]], day: date, most: int = 10) -> dict[str, int]:
    """Return for how many school days in a row each school has not reported, `day` included, at most `most`.

    `schools`: code → its 学段s. Only a little more than two weeks are searched, and only for these schools. A day
    without figures anywhere was before the site's time and does not count.
    """
    tree, calendar = lookup.tree(), context.calendar()
    past = [day - timedelta(days=n) for n in range(1, 2 * most)]
    in_use = set(CountyDay.objects.filter(day__in=past).values_list("day", flat=True).distinct())
    text = "SELECT DISTINCT day, school FROM report WHERE day IN ? AND school IN ?"
    codes = list(schools)
    reported = set()
    for start in range(0, len(codes), 500):
        rows = sql.fetch_in(text, [d.isoformat() for d in past], codes[start : start + 500])
        reported |= {(school, str(when)[:10]) for when, school in rows}
    found = {}
    for code, stages in schools.items():
        chain, run = tree.chain(code), 1
        for when in past:
            if (code, when.isoformat()) in reported or run >= most:
                break
            due = calendar.owes(chain, stages, when)
            run += when in in_use and due.known and due.yes
        found[code] = run
    return found
