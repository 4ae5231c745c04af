"""Closures in force on a day, as digests list them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from django.db.models import Q

from pipeline import short_ids
from pipeline.database.models import Campus, Closure, Decision, SchoolClass
from pipeline.facts import county_day
from pipeline.facts.county_day import CountedCounty
from pipeline.facts.day_rows import closed_on
from pipeline.figures.facts import ClosureLine, PaperDivision
from pipeline.forms import words
from pipeline.model import WHOLE_SCHOOL, ClosureState, DecisionKind
from pipeline.registry import lookup
from pipeline.schooldays import ZONE, school_year, today


def _class_names(schools: Iterable[str]) -> dict[tuple[str, str], str]:
    rows = SchoolClass.objects.filter(school_id__in=list(schools)).order_by("school_year")
    return {(school, key): name for school, key, name in rows.values_list("school_id", "key", "name")}


def _class_rolls(schools: Iterable[str], day: date) -> dict[tuple[str, str, str], int]:
    taught = Q(valid_from__isnull=True) | Q(valid_from__lte=day)
    taught &= Q(valid_to__isnull=True) | Q(valid_to__gt=day)
    rows = SchoolClass.objects.filter(
        taught, school_id__in=list(schools), school_year=school_year(day), roll__isnull=False
    )
    return {
        (school, campus, key): n or 0
        for school, campus, key, n in rows.values_list("school_id", "campus", "key", "roll")
    }


def closures(
    counties: Sequence[str], day: date, counted: Mapping[str, CountedCounty], places: Mapping[str, PaperDivision]
) -> tuple[ClosureLine, ...]:
    """Closures in force on the day, each with its ill pupils found in the day's absences."""
    rows = Closure.objects.filter(closed_on(day), division__in=counties).order_by("start", "id")
    schools = {row.school_id for row in rows}
    names, classes, rolls = lookup.names(schools), _class_names(schools), _class_rolls(schools, day)
    cases = county_day.ill_by_class(day, sorted(schools))
    ended = [_id(row) for row in rows if row.state == ClosureState.ENDED]
    ruled = Decision.objects.filter(what=DecisionKind.CLOSURE_CONFIRM, target__in=ended)
    confirmed = set(ruled.values_list("target", flat=True))
    silent = {s.day.code for one in counted.values() for s in one.silent} if rows else set()
    known = Counter(Campus.objects.filter(school__in=schools).values_list("school_id", flat=True))
    several = {school for school, campuses in known.items() if campuses > 1}
    return tuple(
        ClosureLine(
            school=names.get(row.school_id, row.school_id),
            county=row.division,
            county_name=places[row.division].name,
            scope=row.scope if row.scope == WHOLE_SCHOOL else classes.get((row.school_id, row.scope), row.scope),
            reason=words.closure_reason(row.reason),
            ill=row.ill,
            pupils=row.pupils if row.pupils is not None else rolls.get((row.school_id, row.campus, row.scope)),
            cases=_cases_of(row, cases) if row.school_id not in silent else None,
            approved_on=today(row.approved_at),
            start=row.start.astimezone(ZONE),
            resumes=row.resume_actual or row.resume_planned,
            confirmed=row.state == ClosureState.CONFIRMED or _id(row) in confirmed,
            waits=row.state == ClosureState.DECLARED,
            campus=row.campus if row.school_id in several else "",
        )
        for row in rows
    )


def _id(row: Closure) -> str:
    return short_ids.closure(row.school_id, row.campus, row.scope, row.start)


def _cases_of(row: Closure, cases: Mapping[tuple[str, str, str], int]) -> int:
    if row.scope != WHOLE_SCHOOL:
        return cases.get((row.school_id, row.campus, row.scope), 0)
    return sum(n for (school, campus, _), n in cases.items() if (school, campus) == (row.school_id, row.campus))
