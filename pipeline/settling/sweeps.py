"""A roster or calendar that takes away much is held with its preview, until somebody says that it is meant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pipeline.database import sql
from pipeline.database.models import Report
from pipeline.figures.words import clauses, days_lost, joined, some_days
from pipeline.forms import words
from pipeline.merge.sweep import Swept, beyond
from pipeline.model import ClassState, Issue, Policy, UnitKind
from pipeline.registry import lookup
from pipeline.schooldays import Calendar, Off, school_year
from pipeline.units import is_division

_DAYS = 10  # days, and changes, that a question lists
_YEARS = 3  # school years that are looked at: a slip of the year must not cost a century
_SCHOOLS = f"""
    SELECT division_id, COUNT(*) FROM unit
    WHERE kind = '{UnitKind.SCHOOL}'
      AND (valid_to IS NULL OR valid_to > %s) AND (valid_from IS NULL OR valid_from <= %s)
    GROUP BY division_id"""  # nosec B608  # our own words
_CLASSES = f"""
    SELECT division_id, COUNT(*) FROM (
        SELECT DISTINCT u.division_id, c.school_id, c.campus, c.key
        FROM school_class c JOIN unit u ON u.code = c.school_id
        WHERE c.school_year = %s AND c.state = '{ClassState.CONFIRMED}'
    ) AS one GROUP BY division_id"""  # nosec B608  # our own words


def of_roster(found: Sequence[Swept], unit: str, day: date, policy: Policy) -> Issue | None:
    """Return the question about a roster of `unit` that takes away, or changes, more than policy allows, else None."""
    if len(found) < policy.sweep_least:
        return None
    schools = dict(sql.fetch(_SCHOOLS, (sql.day(day), sql.day(day))))
    classes = dict(sql.fetch(_CLASSES, (school_year(day),)))
    places = lookup.tree(()).below(unit) | {one.division for one in found}
    bases = {place: (schools.get(place, 0), classes.get(place, 0)) for place in places}
    much = beyond(found, least=policy.sweep_least, share=policy.sweep_share, bases=bases)
    if not much:
        return None
    head, what = joined(one.head() for one in much), clauses(one.listed() for one in much)
    return Issue("roster-sweeps", details=(("head", head), ("what", what)))


def of_calendar(
    place: str, before: Calendar, after: Calendar, years: tuple[int, int], changes: Sequence[str], policy: Policy
) -> Issue | None:
    """Return the question about a calendar that takes away more school days than policy allows, else None.

    `years`: the first and last school year that it touches. A first term table takes nothing away by saying when
    vacations are, unless schools have reported on such a day.
    """
    chain = lookup.tree([place]).chain(place)
    stages = ("", *words.STAGE.labels)
    lost: list[tuple[date, bool]] = []
    for day in sql.each_day(date(years[0], 9, 1), date(min(years[1], years[0] + _YEARS - 1) + 1, 8, 31)):
        gone = [
            now.reason == Off.VACATION and not _has_terms(before, chain)
            for stage in stages
            if before.owes(chain, (stage,), day).yes and not (now := after.owes(chain, (stage,), day)).yes
        ]
        if gone:
            lost.append((day, all(gone)))
    reported = _reported(place, [day for day, new in lost if new])
    days = [day for day, new in lost if not new or day in reported]
    if len(days) <= policy.sweep_days:
        return None
    head, shown, what = days_lost(len(days)), some_days(days, _DAYS), clauses(changes[:_DAYS])
    return Issue("calendar-sweeps", details=(("head", head), ("days", shown), ("what", what)))


def _has_terms(calendar: Calendar, chain: Sequence[str]) -> bool:
    return any(calendar.has_terms(place) for place in chain)


def _reported(place: str, days: Sequence[date]) -> set[date]:
    if not days:
        return set()
    rows = Report.objects.filter(day__in=days)
    rows = rows.filter(division__in=lookup.tree(()).below(place)) if is_division(place) else rows.filter(school=place)
    return set(rows.values_list("day", flat=True))
