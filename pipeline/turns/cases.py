"""The case of each row of a report, from the reports of earlier days about its pupil.

Derived from the final rows, day by day: `began` (the day of the case) and new or ongoing. A changed report may change
what later reports of its campus mean: these are derived again, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from pipeline.database import sql
from pipeline.model import RowState
from pipeline.registry import lookup
from pipeline.spells import EarlierRow, case_of

LOOK_BACK = 14  # days; an older report is not the last before this one: a break lay between
DEEP = 120  # days in which the beginning is searched, for a pupil whom the last report does not name

_NEW, _ONGOING, _RETURNED = (one.value for one in RowState)  # plain texts, looked up once

Campus = tuple[str, str]  # school, campus
Key = tuple[date, str, str]  # day, school, campus

SIGNS = ("reason", "symptoms", "temperature", "diagnosis", "admitted", "test_result", "severe", "shared_meal")
"""The columns by which a row may meet a rule, besides its days and places; 因病 or not is the first."""


class SpellRow(NamedTuple):
    """One row as far as its case needs it. `began`, `state`: as stored; `signs`: what its groups follow from. A tuple,
    because a batch makes tens of thousands.
    """

    class_key: str
    start: date
    onset: date | None
    state: str  # new | ongoing | returned
    returned: date | None
    began: date | None
    signs: tuple[object, ...]

    @property
    def reason(self) -> object:
        return self.signs[0]

    @property
    def back(self) -> bool:
        return self.state == _RETURNED or self.returned is not None


@dataclass(frozen=True, slots=True)
class Changed:
    """One report as it is now: its rows by pupil's code; `silent`: classes it does not mention."""

    rows: Mapping[str, SpellRow]
    silent: frozenset[str] = frozenset()
    stands: bool = True  # False: there is no report of the day any more


class Derived(NamedTuple):
    """The derived values of a row: the day of its case, new or ongoing.

    `known`: an earlier row showed the same signs of the same case, so this one adds nothing to warn of.
    """

    began: date
    state: str
    known: bool = False
    was: date | None = None  # the day of the case it belonged to before, and what it was: new or ongoing
    state_was: str = ""


@dataclass(slots=True)
class _Line:
    """One campus, its present reports by day."""

    days: set[date] = field(default_factory=set)
    silent: dict[date, frozenset[str]] = field(default_factory=dict)  # by the first names of the classes
    once: dict[str, str] = field(default_factory=dict)  # a renamed class → its first name
    rows: dict[date, dict[str, SpellRow]] = field(default_factory=dict)
    _reported: dict[tuple[date, str], date | None] = field(default_factory=dict)

    def last(self, day: date) -> date | None:
        """The last day before `day` that has a report."""
        return max((one for one in self.days if one < day), default=None)

    def reported(self, day: date, class_key: str) -> date | None:
        """The last day before `day` whose report covers the class, under whatever name. Asked for every row: kept once
        known.
        """
        key = (day, class_key)
        if key not in self._reported:
            first = self.once.get(class_key, class_key)
            spoke = (one for one in self.days if one < day and first not in self.silent.get(one, frozenset()))
            self._reported[key] = max(spoke, default=None)
        return self._reported[key]

    def earlier(self, day: date, pupil: str) -> tuple[date, SpellRow] | None:
        found = None
        for one, rows in self.rows.items():
            if one < day and pupil in rows and (found is None or one > found):
                found = one
        return None if found is None else (found, self.rows[found][pupil])


def derive(changed: Mapping[Key, Changed], today: date) -> dict[Key, dict[str, Derived]]:
    """Return the derived values of the rows of these reports, and of those rows of later reports that change.

    A handful of queries, however many reports. In the transaction that locks the reports' heads.
    """
    lines, begins = _lines(changed, today), _begins(changed)
    found: dict[Key, dict[str, Derived]] = {}
    for (school, campus), line in lines.items():
        days = sorted(line.rows)
        for day in days:
            key = (day, school, campus)
            if key in changed or begins[school, campus] < day:
                was = line.rows[day]
                derived = {pupil: _derived(line, day, pupil, row) for pupil, row in was.items()}
                if day != days[-1]:  # later days follow from it
                    line.rows[day] = {
                        pupil: row._replace(began=derived[pupil].began, state=derived[pupil].state)
                        for pupil, row in was.items()
                    }
                if key not in changed:
                    derived = {pupil: one for pupil, one in derived.items() if _moved(one, was[pupil])}
                found[key] = derived
    return {key: derived for key, derived in found.items() if derived or key in changed}


def _begins(changed: Mapping[Key, Changed]) -> dict[Campus, date]:
    """The first day of each campus that changed."""
    found: dict[Campus, date] = {}
    for day, school, campus in changed:
        found[school, campus] = min(day, found.get((school, campus), day))
    return found


def _moved(now: Derived, row: SpellRow) -> bool:
    return (now.began, now.state) != (row.began, row.state)


def _derived(line: _Line, day: date, pupil: str, row: SpellRow) -> Derived:
    before = line.earlier(day, pupil)
    earlier = None
    if before is not None:
        told, was = before
        earlier = EarlierRow(told, was.began or told, was.back, was.reason == row.reason)
    began, first = case_of(day, row.start, row.state, row.onset, earlier, line.reported(day, row.class_key))
    state = row.state if row.state == _RETURNED else _NEW if first else _ONGOING
    known = not first and before is not None and before[1].signs == row.signs
    return Derived(began, state, known, row.began, row.state)


# --------------------------------------------------------------------------- what must be known


def _lines(changed: Mapping[Key, Changed], today: date) -> dict[Campus, _Line]:
    lines: dict[Campus, _Line] = defaultdict(_Line)
    first = min((day for day, *_ in changed), default=today)
    days = sql.each_day(first - timedelta(days=LOOK_BACK), max(today, first))
    schools = sorted({school for _, school, _ in changed})
    mine = {(school, campus) for _, school, campus in changed}
    for day, school, campus in _reports(days, schools):
        if (school, campus) in mine and (day, school, campus) not in changed:
            lines[school, campus].days.add(day)
    for day, school, campus, key in _silent(days, schools):
        if (school, campus) in mine and (day, school, campus) not in changed:
            known = lines[school, campus].silent.get(day, frozenset())
            lines[school, campus].silent[day] = known | {key}
    for (day, school, campus), report in changed.items():
        line = lines[school, campus]
        line.rows[day] = dict(report.rows)
        if report.stands:
            line.days.add(day)
            line.silent[day] = report.silent
    _name(lines, first)
    _fill(lines, changed)
    return lines


def _name(lines: Mapping[Campus, _Line], day: date) -> None:
    """Let a class that is silent on some days have one name on all of them; nothing is read where none is."""
    schools = {school for (school, _), line in lines.items() if any(line.silent.values())}
    for (school, campus, key), first in (lookup.first_names(schools, day) if schools else {}).items():
        if (school, campus) in lines:
            lines[school, campus].once[key] = first
    for line in lines.values():
        if line.once:
            line.silent = {one: frozenset(line.once.get(key, key) for key in keys) for one, keys in line.silent.items()}


def _fill(lines: Mapping[Campus, _Line], changed: Mapping[Key, Changed]) -> None:
    """Add the rows of the last reports before the changed ones, of all later ones, and of pupils not found there."""
    wanted: dict[date, set[str]] = defaultdict(set)
    for day, school, campus in changed:
        line = lines[school, campus]
        last = line.last(day)
        for one in {last, *(later for later in line.days if later > day)} - {None}:
            if one is not None and one not in line.rows:
                wanted[one].add(school)
    for day, schools in wanted.items():
        _add(lines, changed, [day], sorted(schools))
    for (first, day), pupils in _missing(lines, changed).items():
        before = sql.each_day(first, day - timedelta(days=1))
        _add(lines, changed, before, *map(sorted, map(set, zip(*pupils, strict=True))))


def _missing(
    lines: Mapping[Campus, _Line], changed: Mapping[Key, Changed]
) -> dict[tuple[date, date], set[tuple[str, str]]]:
    """The pupils (school, code) whose earlier rows are still to be read, by the days between which to look."""
    found: dict[tuple[date, date], set[tuple[str, str]]] = defaultdict(set)
    begins = _begins(changed)
    for (school, campus), line in lines.items():
        for day, rows in line.rows.items():
            if day < begins[school, campus]:
                continue
            last = line.last(day)
            for pupil, row in rows.items():
                if line.earlier(day, pupil) is None and (first := _looked_from(line, day, last, row)) is not None:
                    found[first, day].add((school, pupil))
    return found


def _looked_from(line: _Line, day: date, last: date | None, row: SpellRow) -> date | None:
    """The day from which a row's pupil is searched; None if the last report has shown all that counts."""
    spoke = line.reported(day, row.class_key)
    first = row.start if row.onset is None or row.start < row.onset else row.onset
    if last is not None and first >= last:
        first = day
    if spoke is not None and spoke != last and spoke < first:
        first = spoke
    return max(first, day - timedelta(days=DEEP)) if first < day else None


def _add(
    lines: Mapping[Campus, _Line],
    changed: Mapping[Key, Changed],
    days: Sequence[date],
    schools: Sequence[str],
    pupils: Sequence[str] = (),
) -> None:
    """Add stored rows. What is stored of a changed report is what it was: a row withdrawn from it stands no more."""
    for day, school, campus, pupil, row in _rows(days, schools, pupils):
        line = lines.get((school, campus))
        if line is not None and (day, school, campus) not in changed:
            line.rows.setdefault(day, {}).setdefault(pupil, row)


def _reports(days: Sequence[date], schools: Sequence[str]) -> Iterable[tuple[date, str, str]]:
    text = "SELECT day, school, campus FROM report WHERE day IN ? AND school IN ?"
    for day, school, campus in sql.fetch_in(text, [one.isoformat() for one in days], schools):
        yield _date(day), school, campus


def _silent(days: Sequence[date], schools: Sequence[str]) -> Iterable[tuple[date, str, str, str]]:
    text = "SELECT day, school, campus, key FROM report_class WHERE day IN ? AND school IN ? AND silent"
    for day, school, campus, key in sql.fetch_in(text, [one.isoformat() for one in days], schools):
        yield _date(day), school, campus, key


def _rows(
    days: Sequence[date], schools: Sequence[str], pupils: Sequence[str]
) -> Iterable[tuple[date, str, str, str, SpellRow]]:
    text = (
        "SELECT day, school, campus, pupil, class_key, start, onset, row_state, returned, began, "  # nosec B608  # our own words
        f"{', '.join(SIGNS)} FROM absence WHERE day IN ? AND school IN ?"
    )
    lists: list[Sequence[object]] = [[one.isoformat() for one in days], schools]
    if pupils:
        text, lists = f"{text} AND pupil IN ?", [*lists, pupils]
    for day, school, campus, pupil, key, start, onset, state, returned, began, *signs in sql.fetch_in(text, *lists):
        yield (
            _date(day),
            school,
            campus,
            pupil,
            SpellRow(
                key,
                _date(start),
                onset and _date(onset),
                state,
                returned and _date(returned),
                _date(began),
                signs_of(*signs),
            ),
        )


def signs_of(*values: object) -> tuple[object, ...]:
    """Return the values of `SIGNS`, the same for a row just read and a stored one."""
    return tuple([float(one) if one.__class__ is Decimal else one or None for one in values])


def _date(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value
