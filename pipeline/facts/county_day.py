"""One day of some counties, counted: the figures kept as CountyDay, and the lists of schools that go with them.

Every query is by day and division, none reads history, and their number does not grow with the schools.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from pipeline import duty, rules
from pipeline.database import kept as kept_days
from pipeline.database import serialise, sql
from pipeline.database.models import Counter, CountyDay, Todo
from pipeline.database.transactions import atomic
from pipeline.facts import day_rows
from pipeline.facts.day_rows import DayRows, Room
from pipeline.figures import county
from pipeline.figures.count_network import IllCell
from pipeline.figures.county import AbsentRow, CountyFigures, SchoolDay
from pipeline.figures.duty import REPORTED, SILENT, standing
from pipeline.figures.facts import SchoolLine
from pipeline.figures.words import all_classes, clauses
from pipeline.forms.classes import in_order
from pipeline.issues.refusals import refusal
from pipeline.model import HOME_CAMPUS, Reason, RowState, State, TodoKind
from pipeline.registry import lookup
from pipeline.rules import Case, groups_of
from pipeline.rules.engine import hints
from pipeline.schooldays import Calendar, ClassAt, SchoolDue
from pipeline.turns import context
from pipeline.units import Tree

_FEW = 500  # schools searched by their codes at a time
CHUNK = 12  # counties counted together: few queries, and their classes in memory


@dataclass(frozen=True, slots=True)
class CountedSchool:
    """One school's day, with the values that the lists print."""

    day: SchoolDay
    county: str
    holder: str
    phone: str
    silent_campuses: tuple[str, ...]  # due, and without a report though others have one
    silent_classes: tuple[ClassAt, ...]  # due, and not mentioned by the report of their campus; the youngest first
    rooms: Mapping[ClassAt, Room]  # the classes open this school year
    assumed: int = 0  # the year, if only the weekday says that the day is, or is no, school day
    unheard: frozenset[str] = frozenset()  # campuses due, and without a report
    with_campus: bool = False  # whether a class is named with its campus: the school has several
    in_time: Mapping[str, bool] = field(default_factory=dict)  # the campuses due that have a report → whether on time

    def name_of(self, at: ClassAt) -> str:
        """Return the name of a class; of one that the registry does not have, its key."""
        return self.rooms[at].name if at in self.rooms else at[1]

    @property
    def silent_names(self) -> tuple[str, ...]:
        """The classes the report does not mention, as the lists print them."""
        names = ((at[0], self.rooms[at].name) for at in self.silent_classes)
        named = (f"{campus} {name}" if self.with_campus else name for campus, name in names)
        return (*(all_classes(campus) for campus in self.silent_campuses), *named)


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
    assumed: int = 0  # the year, if the day of any of its schools is by weekday only
    ill: tuple[IllCell, ...] = ()


def refresh() -> int:
    """Count every county's day again whose records changed; return how many. One transaction."""
    with atomic():
        by_day: dict[date, list[Todo]] = defaultdict(list)
        for todo in Todo.objects.filter(kind=TodoKind.FIGURES).order_by("code", "day"):
            if todo.day is not None:
                by_day[todo.day].append(todo)
        done, since = 0, kept_days.since()
        for day, todos in sorted(by_day.items()):
            if day >= since:  # what the sums of older days were made of is not kept
                keep(recount(day, [todo.code for todo in todos]).values())
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


def check(day: date, since: date | None = None) -> None:
    """Raise Refusal if the day is kept as sums only: nothing can be counted any more. `since`: where that is known."""
    since = kept_days.since() if since is None else since
    if day < since:
        raise refusal("day-not-kept", day=day, since=since)


def count(day: date, counties: Sequence[str]) -> dict[str, CountedCounty]:
    """Count one day of some counties from the current records. Raises Refusal if they are not kept."""
    check(day)
    return recount(day, counties)


def recount(day: date, counties: Sequence[str]) -> dict[str, CountedCounty]:
    """Likewise, of a day whose records are about to go."""
    tree, calendar = lookup.tree(day=day), context.calendar()
    found: dict[str, CountedCounty] = {}
    for start in range(0, len(counties), CHUNK):
        part = counties[start : start + CHUNK]
        by_county = _of_counties(day, part, tree, calendar)
        rows = _absences(day, part)
        for code in part:
            found[code] = _counted(day, code, by_county.get(code, []), rows.get(code, []))
    return found


def schools(day: date, counties: Sequence[str], tree: Tree, calendar: Calendar) -> dict[str, list[CountedSchool]]:
    """Return the schools of a few counties as of the day, in order of their codes. Raises Refusal if it is not kept."""
    check(day)
    return _of_counties(day, counties, tree, calendar)


def _of_counties(day: date, counties: Sequence[str], tree: Tree, calendar: Calendar) -> dict[str, list[CountedSchool]]:
    found: dict[str, list[CountedSchool]] = defaultdict(list)
    for school in _schools(day, day_rows.load(day, day_rows.of_counties(counties, lookup.moved(day))), tree, calendar):
        found[school.county].append(school)
    return found


def few(day: date, codes: Sequence[str], tree: Tree, calendar: Calendar) -> dict[str, CountedSchool]:
    """Return a few schools as of the day, by code; those that did not exist then are left out."""
    found = {}
    for start in range(0, len(codes), _FEW):
        wanted = day_rows.of_codes(codes[start : start + _FEW], lookup.moved(day))
        found.update({one.day.code: one for one in _schools(day, day_rows.load(day, wanted), tree, calendar)})
    return found


def _counted(day: date, code: str, schools: Sequence[CountedSchool], rows: Sequence[AbsentRow]) -> CountedCounty:
    tallies = county.tally((s.day for s in schools), rows)
    with_ill = [_line(one.school, *one.line) for one in tallies.values() if one.ill]
    return CountedCounty(
        figures=county.count(day, code, tallies),
        silent=tuple(s for s in schools if s.day.standing in SILENT),
        with_ill=tuple(with_ill),
        singles=tuple(_singles(day, schools, rows)),
        observed=tuple(s.day.code for s in schools if s.day.standing in REPORTED),
        new={school: dict(sorted(one.new_groups.items())) for school, one in tallies.items() if one.new_groups},
        ill=county.ill_cells(code, tallies),
        assumed=max((s.assumed for s in schools), default=0),
    )


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
            room = school.name_of((campus, hint.class_key))
            yield Single(code, school.day.name, room, hint.pupil, hint.disease, hint.pupil in new)


def _line(school: SchoolDay, ill: int, new: int, halves: int) -> SchoolLine:
    kind, roll = county.kind_of(school.stages), county.roll_of(school)
    return SchoolLine(school.code, school.name, kind, roll, ill, new, halves, school.standing in REPORTED)


# --------------------------------------------------------------------------- loading


def _schools(day: date, found: DayRows, tree: Tree, calendar: Calendar) -> Iterator[CountedSchool]:
    for code, name, division, stages, *contact in found.schools:
        kinds = tuple(stages.split())
        campuses = found.campuses.get(code) or [HOME_CAMPUS]
        closures = found.closures.get(code, [])
        rooms = found.classes.get(code, {})
        their_stages = {at: room.stage for at, room in rooms.items()}
        owed = calendar.of_school(tree.chain(code), kinds, day, their_stages, campuses, closures)
        out = owed.closed | owed.off
        lines = found.lines.get(code, {})
        silent = {at for at, (_, mute) in lines.items() if mute and at not in out and at[0] in owed.campuses}
        in_time = _in_time(code, found, owed)
        status = duty.classify(owed.due, _received(code, found, owed, silent, in_time))
        school = SchoolDay(
            code=code,
            name=name,
            stages=kinds,
            standing=standing(status),
            rolls=_rolls(rooms, lines),
            closed=owed.closed,
            off=owed.off,
            silent=frozenset(silent),
            other_absent=found.others.get(code, 0),
        )
        heads = found.heads.get(code, {})
        unheard = owed.campuses - heads.keys()
        own = {campus: found.contacts[code, campus] for campus in campuses if (code, campus) in found.contacts}
        holder, phone = _whom((contact[0], contact[1]), own, unheard | {at[0] for at in silent})
        yield CountedSchool(
            day=school,
            county=division,
            holder=holder,
            phone=phone,
            silent_campuses=tuple(sorted(unheard)) if heads else (),
            silent_classes=tuple(sorted(silent.intersection(rooms), key=class_order)),
            rooms=rooms,
            assumed=owed.due.assumed,
            unheard=unheard,
            with_campus=len(campuses) > 1,
            in_time=in_time,
        )


_Contact = tuple[str, str]  # 填报人, telephone


def _whom(school: _Contact, own: Mapping[str, _Contact], silent: Collection[str]) -> _Contact:
    """Whom to telephone: of each silent campus its own clerk and telephone, else the school's; each with its campus
    where they are several.
    """
    holder, phone = school
    asked = {campus: own[campus] for campus in sorted(silent) if campus in own}
    if not asked:
        return holder, phone
    asked = {campus: (name or holder, number or phone) for campus, (name, number) in asked.items()}
    if len(silent) == 1:
        return next(iter(asked.values()))
    rest = [(holder, phone)] if any(campus not in own for campus in silent) else []
    holders = [holder for holder, _ in rest] + [f"{campus} {name}" for campus, (name, _) in asked.items()]
    phones = [phone for _, phone in rest] + [f"{campus} {number}" for campus, (_, number) in asked.items()]
    return clauses(filter(None, holders)), clauses(filter(None, phones))


def _rolls(rooms: Mapping[ClassAt, Room], lines: Mapping[ClassAt, tuple[int | None, bool]]) -> dict[ClassAt, int]:
    """The registry's rolls; that of a report only for a class whose roll the registry does not know: another one is
    asked about, and counts once its county has confirmed it.
    """
    rolls = {at: room.roll for at, room in rooms.items() if room.roll is not None}
    if len(rolls) == len(rooms):
        return rolls
    typed = {at: roll for at, (roll, mute) in lines.items() if roll is not None and not mute and at in rooms}
    return typed | rolls


def class_order(at: ClassAt) -> tuple[object, ...]:
    """Classes from the youngest up, campus by campus."""
    return at[0] != HOME_CAMPUS, at[0], in_order(at[1])


def _in_time(code: str, found: DayRows, owed: SchoolDue) -> dict[str, bool]:
    """Of the campuses due that have a report, whether it was on time. A class that is closed, or has no school, makes
    none late.
    """
    out = owed.closed | owed.off
    heads = {campus: on_time for campus, on_time in found.heads.get(code, {}).items() if campus in owed.campuses}
    late = {campus: found.late.get((code, campus), frozenset[str]()) for campus in heads}
    return {
        campus: on_time or (bool(late[campus]) and all((campus, key) in out for key in late[campus]))
        for campus, on_time in heads.items()
    }


def _received(
    code: str, found: DayRows, owed: SchoolDue, silent: Collection[ClassAt], in_time: Mapping[str, bool]
) -> duty.ReceivedReports:
    asked = found.asked.get(code, set())
    return duty.ReceivedReports(
        heads=tuple(in_time.values()),
        missing=len(owed.campuses - in_time.keys()),
        silent=len(silent),
        held=State.HELD.value in asked,
        returned=State.REJECTED.value in asked,
        excused=found.excused.get(code, ""),
    )


_ABSENT = (
    "division, school, campus, class_key, pupil, reason, row_state, part, symptoms, diagnosis,"
    " CAST(temperature AS DOUBLE PRECISION)"
)


def _absences(day: date, counties: Sequence[str]) -> Mapping[str, list[AbsentRow]]:
    text = f"SELECT {_ABSENT} FROM absence WHERE day = '{day.isoformat()}' AND division IN ? ORDER BY id"  # nosec B608  # our own words
    return _by_county(sql.fetch_in(text, counties))


def absences_as_of(day: date, schools: Sequence[str], settled: int) -> Mapping[str, list[AbsentRow]]:
    """Return by county the rows of a day that stood of these schools after a settlement."""
    rows = list[tuple[Any, ...]]()
    for table, gone in (("absence", ""), ("absence_past", f" AND to_settled > {settled}")):
        text = f"SELECT {_ABSENT} FROM {table} WHERE day IN ? AND school IN ? AND from_settled <= {settled}{gone}"  # nosec B608  # our own words
        rows += sql.fetch_in(text, [day.isoformat()], schools)
    return _by_county(rows)


def _by_county(rows: Iterable[tuple[Any, ...]]) -> Mapping[str, list[AbsentRow]]:
    found: dict[str, list[AbsentRow]] = defaultdict(list)
    for division, school, campus, key, pupil, reason, state, part, symptoms, diagnosis, heat in rows:
        groups = groups_of(symptoms, heat, diagnosis)
        row = AbsentRow(school, campus, key, pupil, reason, state, part, _signs(symptoms), diagnosis, groups)
        found[division].append(row)
    return found


@lru_cache(maxsize=4096)
def _signs(symptoms: str) -> tuple[str, ...]:
    return tuple(symptoms.split())


def ill_by_class(day: date, schools: Sequence[str]) -> dict[tuple[str, str, str], int]:
    """Return how many pupils of each (school, campus, class key) are absent ill on the day; for few schools."""
    text = (
        "SELECT school, campus, class_key, COUNT(*) FROM absence WHERE day IN ? AND school IN ? "
        f"AND reason = '{Reason.ILL}' AND row_state <> '{RowState.RETURNED}' "  # nosec B608  # our own words
        "GROUP BY school, campus, class_key"
    )
    return {(school, campus, key): n for school, campus, key, n in sql.fetch_in(text, [day.isoformat()], schools)}
