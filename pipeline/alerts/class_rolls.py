"""The classes of schools as warnings count them: their rolls, and which of them are one class, or were joined."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from pipeline.database import sql
from pipeline.merge.successors import Lineage, Taught, lineage
from pipeline.model import ClassState
from pipeline.rules import Case
from pipeline.rules.rooms import Joined
from pipeline.schooldays import school_year

CampusKey = tuple[str, str]  # (school, campus)


class RollRow(NamedTuple):
    """The roll of one class of a school year, from a day (None: the beginning of the year) to before another."""

    school: str
    campus: str
    key: str
    roll: int | None
    year: int
    since: date | None
    until: date | None


@dataclass(frozen=True, slots=True)
class SchoolClasses:
    """The classes of some schools in some school years, in the order of time. `changed`: what became of those of a
    school and year, where any was renamed, joined or divided.
    """

    rows: Sequence[RollRow]
    changed: Mapping[tuple[str, int], Lineage]

    def rolls_on(self, days: Collection[date]) -> dict[CampusKey, dict[str, int | None]]:
        """Return the rolls by class's first name, of the school years of some days, as they are on the latest."""
        years, last = {school_year(day) for day in days}, max(days)
        found: dict[CampusKey, dict[str, int | None]] = defaultdict(dict)
        for row in self.rows:
            if row.year in years and (row.since is None or row.since <= last):
                key = self._first(row.school, row.campus, row.key, row.year) if self.changed else row.key
                found[row.school, row.campus][key] = row.roll
        return found

    def by_first_name(self, cases: dict[CampusKey, list[Case]]) -> dict[CampusKey, list[Case]]:
        """Give each row the first name of its class; return the same rows."""
        for school in {school for school, _ in self.changed}:
            for place in [place for place in cases if place[0] == school]:
                cases[place] = [self.named_first(*place, case) for case in cases[place]]
        return cases

    def named_first(self, school: str, campus: str, case: Case) -> Case:
        """Return a row with the first name of its class."""
        first = self._first(school, campus, case.class_key, school_year(case.day))
        return case if first == case.class_key else case._replace(class_key=first)

    def joined_by(self, day: date) -> dict[CampusKey, Joined]:
        """Return the classes that had been joined by a day, in its school year."""
        found: dict[CampusKey, dict[str, tuple[date, str]]] = defaultdict(dict)
        for (school, year), one in self.changed.items():
            if year == school_year(day):
                for campus in {campus for campus, _ in one.joined}:
                    found[school, campus] = one.joined_in(campus, day)
        return {place: joined for place, joined in found.items() if joined}

    def _first(self, school: str, campus: str, key: str, year: int) -> str:
        known = self.changed.get((school, year))
        return key if known is None else known.first(campus, key)


def load(schools: Sequence[str], years: Sequence[int]) -> SchoolClasses:
    """Return the classes of schools in some school years."""
    text = (
        "SELECT school_id, campus, key, roll, school_year, CAST(valid_from AS TEXT), CAST(valid_to AS TEXT)"
        " FROM school_class WHERE school_id IN ? AND school_year IN ?"
        f" AND state IN ('{ClassState.CONFIRMED}', '{ClassState.NEW}')"
        " ORDER BY school_year, COALESCE(CAST(valid_from AS TEXT), '')"  # nosec B608  # our own words
    )
    return of_rows(_row(row) if row[5] or row[6] else RollRow._make(row) for row in sql.fetch_in(text, schools, years))


def _row(fetched: Sequence[Any]) -> RollRow:
    row = RollRow._make(fetched)
    return row._replace(since=_day(fetched[5]), until=_day(fetched[6]))


def of_rows(rows: Iterable[RollRow]) -> SchoolClasses:
    """Return classes from their rows, in the order of time."""
    kept = list(rows)
    dated = {(row.school, row.year) for row in kept if row.until is not None}
    taught: dict[tuple[str, int], list[Taught]] = defaultdict(list)
    for row in kept:
        if (row.school, row.year) in dated:
            taught[row.school, row.year].append(Taught(row.campus, row.key, row.roll, row.since, row.until))
    return SchoolClasses(kept, {at: lineage(mine) for at, mine in taught.items()})


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
