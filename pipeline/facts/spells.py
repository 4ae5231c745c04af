"""Pupils' spells of absence, from the current records: for a county's school pages, and for one pupil's trail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import TypeVar

from pipeline import spells
from pipeline.database import sql
from pipeline.database.models import Absence, AbsencePast, Submission
from pipeline.registry import lookup
from pipeline.schooldays import Calendar
from pipeline.spells import AbsenceSpell, PupilDay, SchoolDays
from pipeline.turns import context

LONGEST = 120  # days; older rows are not searched
_PROBES = 200  # rows searched by their whole key at a time

Pupil = tuple[str, str, str]  # school, campus, pupil's code


def on(day: date, rows: Sequence[Absence]) -> dict[Pupil, AbsenceSpell]:
    """Return the spell that each of these rows of one day belongs to, as of that day."""
    by_pupil: dict[Pupil, list[PupilDay]] = defaultdict(list)
    for row in rows:
        by_pupil[row.school, row.campus, row.pupil].append(_pupil_day(row))
    for pupil, one in _before(day, rows):
        by_pupil[pupil].append(one)
    calendar, tree = context.calendar(), lookup.tree({row.school for row in rows})
    stages = lookup.stages({row.school for row in rows}, day)
    rooms = {(row.school, row.campus, row.pupil): row.class_key for row in rows}
    found = {}
    for pupil, mine in by_pupil.items():
        days = school_days(calendar, tree.chain(pupil[0]), stages.of(pupil[0], pupil[1], rooms.get(pupil, "")))
        made = spells.spells(mine, days)
        if made:
            found[pupil] = made[-1]
    return found


def of_pupil(school: str, code: str) -> tuple[AbsenceSpell, ...]:
    """Return all spells of one pupil."""
    rows = sorted(rows_of(Absence, school, code), key=lambda row: (row.day, row.pk))
    if not rows:
        return ()
    last = rows[-1]
    stages = lookup.stages({school}, last.day).of(school, last.campus, last.class_key)
    days = school_days(context.calendar(), lookup.tree({school}).chain(school), stages)
    by_day = {row.day: _pupil_day(row) for row in rows}
    return spells.spells(by_day.values(), days)


_Rows = TypeVar("_Rows", Absence, AbsencePast)


def rows_of(table: type[_Rows], school: str, code: str) -> list[_Rows]:
    """Return one pupil's rows of all days, searched by the days on which the school sent anything: there is no other
    way to find them in years of a whole province.
    """
    sent = Submission.objects.filter(unit=school, form="absence", day__isnull=False)
    return list(table.objects.filter(day__in=sent.values("day"), school=school, pupil=code))


def school_days(calendar: Calendar, chain: Sequence[str], stages: Sequence[str]) -> SchoolDays:
    """Return the school days of one school, in which spells are counted."""
    return lambda first, last: calendar.school_days_between(chain, stages, first, last)


def _before(day: date, rows: Sequence[Absence]) -> Iterable[tuple[Pupil, PupilDay]]:
    """The reports about these pupils from the beginning of their absence to the day before."""
    keys = [
        (str(past), row.school, row.campus, row.pupil)
        for row in rows
        for past in (row.start + timedelta(days=n) for n in range(min((day - row.start).days, LONGEST)))
    ]
    columns = "day, school, campus, pupil, start, row_state, part, returned"
    for at in range(0, len(keys), _PROBES):
        part = keys[at : at + _PROBES]
        marks = " OR ".join(["(day = %s AND school = %s AND campus = %s AND pupil = %s)"] * len(part))
        text = f"SELECT {columns} FROM absence WHERE {marks}"  # nosec B608  # marks only
        for when, school, campus, pupil, start, state, piece, returned in sql.fetch(text, [v for k in part for v in k]):
            yield (
                (school, campus, pupil),
                PupilDay(sql.date_of(when), sql.date_of(start), state, piece, returned and sql.date_of(returned)),
            )


def _pupil_day(row: Absence) -> PupilDay:
    return PupilDay(row.day, row.start, row.row_state, row.part, row.returned)
