"""The records compared in 待对账, loaded for a batch of schools in a handful of queries: closures, reports, rolls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from django.db.models import Q

from pipeline import reconcile
from pipeline.database import sql
from pipeline.database.models import Closure, Report
from pipeline.model import WHOLE_SCHOOL, ClosureKind, ClosureState, MatterState, Policy, Reason, RowState
from pipeline.reconcile import CLOSURE_NOTE, ClassKnown, ClosureKnown, RoomKnown, SchoolClock, SchoolKnown
from pipeline.registry import lookup
from pipeline.schooldays import VOID_CLOSURES, ReportDue, today
from pipeline.turns import context

_Place = tuple[date, str, str]  # day, campus, class key


@dataclass(frozen=True, slots=True)
class ReconciliationFacts:
    """One school with its clock."""

    known: SchoolKnown
    clock: SchoolClock
    division: str


def load(codes: Sequence[str], now: datetime, policy: Policy) -> dict[str, ReconciliationFacts]:
    """Return what is compared of these schools, without those that are not in the registry."""
    tree, calendar = lookup.tree(codes), context.calendar()
    schools = context.schools(codes, [today(now)])
    rooms = {
        code: {place: RoomKnown(one.name, one.roll) for place, one in school.classes.items()}
        for code, school in schools.items()
    }
    closures = _closures(codes, rooms, today(now))
    clocks = {}
    for code, school in schools.items():

        @lru_cache(maxsize=128)
        def owes(
            day: date, stage: str, chain: tuple[str, ...] = tree.chain(code), stages: tuple[str, ...] = school.stages
        ) -> ReportDue:
            return calendar.owes(chain, (stage,) if stage else stages, day)

        of_classes = {place: one.stage for place, one in school.classes.items() if one.stage}
        clocks[code] = SchoolClock(now, policy.deadline, owes, of_classes)
    days = sorted({day for code, clock in clocks.items() for day in reconcile.days_needed(closures[code], clock)})
    reported, classes = _reported(codes, days), _classes(codes, days)
    return {
        code: ReconciliationFacts(
            SchoolKnown(code, tuple(closures[code]), frozenset(reported[code]), classes[code], rooms[code]),
            clocks[code],
            school.county,
        )
        for code, school in schools.items()
    }


def of_interest(day: date, codes: Sequence[str] | None = None) -> set[str]:
    """Return the schools whose closures are still asked about; `codes`: only among these."""
    rows = Closure.objects.filter(_watched(day)).exclude(state__in=VOID_CLOSURES)
    if codes is not None:
        rows = rows.filter(school__in=list(codes))
    return set(rows.values_list("school", flat=True))


def watched(codes: Sequence[str], day: date) -> set[str]:
    """Return those of the schools whose report may change a matter: with a closure, or with an open matter."""
    text = "SELECT DISTINCT school FROM matter WHERE state IN ? AND school IN ?"
    return of_interest(day, codes) | {school for (school,) in sql.fetch_in(text, [MatterState.OPEN], list(codes))}


def speaking(days: Sequence[date]) -> set[str]:
    """Return the schools with a class of which so many are ill on one of these days that it may be closed."""
    text = (
        "SELECT DISTINCT school FROM absence WHERE day IN ? "
        f"AND reason = '{Reason.ILL}' AND row_state <> '{RowState.RETURNED}' "
        f"GROUP BY day, school, campus, class_key HAVING COUNT(*) >= {reconcile.MANY}"  # nosec B608  # our own number
    )
    return {school for (school,) in sql.fetch_in(text, [day.isoformat() for day in days])}


def _watched(day: date) -> Q:
    since = day - reconcile.WATCHED
    return Q(resume_actual__gte=since) | Q(resume_actual__isnull=True, resume_planned__gte=since)


def _closures(
    codes: Sequence[str], rooms: Mapping[str, Mapping[tuple[str, str], RoomKnown]], day: date
) -> Mapping[str, list[ClosureKnown]]:
    found: dict[str, list[ClosureKnown]] = defaultdict(list)
    rows = Closure.objects.filter(_watched(day), school__in=list(codes)).exclude(state__in=VOID_CLOSURES)
    for row in rows.order_by("school", "campus", "scope", "start"):
        room = rooms.get(row.school_id, {}).get((row.campus, row.scope))
        place = row.scope if row.scope == WHOLE_SCHOOL or room is None else room.name
        found[row.school_id].append(
            ClosureKnown(
                campus=row.campus,
                scope=row.scope,
                place=place,
                start=row.start,
                resumes=row.resume_planned,
                resumed=row.resume_actual if row.state == ClosureState.ENDED else None,
                ill=row.ill,
                pupils=row.pupils,
                approved_at=row.approved_at,
                extended=row.kind == ClosureKind.EXTEND,
            )
        )
    return found


def _reported(codes: Sequence[str], days: Iterable[date]) -> Mapping[str, set[tuple[date, str]]]:
    found: dict[str, set[tuple[date, str]]] = defaultdict(set)
    rows = Report.objects.filter(day__in=list(days), school__in=list(codes))
    for day, school, campus in rows.values_list("day", "school", "campus"):
        found[school].add((day, campus))
    return found


def _classes(codes: Sequence[str], days: Sequence[date]) -> Mapping[str, dict[_Place, ClassKnown]]:
    """Absences and class lines of the days, by school; a class without any is left out."""
    absent = (
        f"SELECT day, school, campus, class_key, SUM(CASE WHEN reason = '{Reason.ILL}' THEN 1 ELSE 0 END), COUNT(*), "
        "MAX(CASE WHEN note LIKE ? THEN 1 ELSE 0 END) FROM absence "  # nosec B608  # our own words
        f"WHERE day IN ? AND school IN ? AND row_state <> '{RowState.RETURNED}' GROUP BY day, school, campus, class_key"
    )
    lines = (
        "SELECT day, school, campus, key, roll, present, other_absent FROM report_class "
        "WHERE day IN ? AND school IN ? AND NOT silent"
    )
    when = [day.isoformat() for day in days]
    noted = _rows(absent, [f"%{CLOSURE_NOTE}%"], when, codes)
    counted = {(s, sql.date_of(d), c, k): (ill, rows, mentions) for d, s, c, k, ill, rows, mentions in noted}
    reported = {
        (s, sql.date_of(d), c, k): (roll, there, more) for d, s, c, k, roll, there, more in _rows(lines, when, codes)
    }
    found: dict[str, dict[_Place, ClassKnown]] = defaultdict(dict)
    for place in sorted(counted.keys() | reported.keys()):
        ill, rows, mentions = counted.get(place, (0, 0, 0))
        roll, present, more = reported.get(place, (None, None, 0))
        found[place[0]][place[1:]] = ClassKnown(ill, rows + more, roll, present, bool(mentions))
    return found


def _rows(text: str, *lists: Sequence[str]) -> list[tuple]:  # type: ignore[type-arg]  # rows of either table
    return sql.fetch_in(text, *lists)
