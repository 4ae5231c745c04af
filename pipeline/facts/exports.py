"""Records as one reader may see them, as plain tables: single pupils down to the county, sums above it.

Which columns of a form are exported is in their declaration; only the first ones are chosen here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from gettext import gettext as say
from itertools import groupby
from typing import Any

from django.db.models import Max, Min, Q, QuerySet

from pipeline import alert_state
from pipeline.alerts import alert_labels
from pipeline.database import kept, sql
from pipeline.database.models import Absence, Alert, Closure, Report
from pipeline.errors import UsageError
from pipeline.facts import county_day, receipt_facts, small_counts, unknown_years
from pipeline.figures.suppression import Suppression
from pipeline.figures.words import A_CLASS, CLOSURE_STATES, EXPORT_TITLES, NOTHING, joined, kept_from, left_out
from pipeline.forms import absence, closure, words
from pipeline.forms.base import Column, Goes, Table
from pipeline.model import WHOLE_SCHOOL, Reason, RowState
from pipeline.registry import lookup
from pipeline.rules.values import Stage
from pipeline.schooldays import local_time
from pipeline.units import Scope

Value = str | int | float | date | None


@dataclass(frozen=True, slots=True)
class ExportTable:
    """The content of an export. `rows` can be read once, directly from the store."""

    title: str
    header: tuple[str, ...]
    rows: Iterator[tuple[Value, ...]]
    notes: tuple[str, ...] = ()  # what its reader must know of it


@dataclass(frozen=True, slots=True)
class DayRange:
    """Which days, both ends included; None is open."""

    first: date | None = None
    last: date | None = None

    def within(self, name: str) -> Q:
        asked = Q()
        if self.first:
            asked &= Q(**{f"{name}__gte": self.first})
        if self.last:
            asked &= Q(**{f"{name}__lte": self.last})
        return asked


def export(records: str, scope: Scope, span: DayRange) -> ExportTable:
    """Return the records of one kind. Raises UsageError for an unknown kind, or a day that is kept as sums only."""
    if records not in _KINDS:
        raise UsageError(
            say("{records}: no such records; choose one of {names}").format(records=records, names=", ".join(_KINDS))
        )
    since = kept.since() if records in _OF_DAYS else kept.ALL
    if span.last is not None:
        county_day.check(span.last, since)
    table = _KINDS[records](scope, span)
    less = (kept_from(since),) if (span.first or date.min) < since else ()
    shown = (left_out(scope.small),) if scope.masks else ()
    return replace(table, notes=(*shown, *less, *_years(scope, span)))


def _years(scope: Scope, span: DayRange) -> tuple[str, ...]:
    """What is to be said of the years of the days reported."""
    days = Report.objects.filter(span.within("day")).aggregate(first=Min("day"), last=Max("day"))
    if days["first"] is None:
        return ()
    between = (date(year, 1, 1) for year in range(days["first"].year + 1, days["last"].year))
    return unknown_years.notes(scope.code, days["first"], *between, days["last"])


def _absence(scope: Scope, span: DayRange) -> ExportTable:
    rows = Absence.objects.filter(_seen(scope), span.within("day")).order_by("day", "school", "class_key", "pupil")
    if not scope.codes:
        return ExportTable(EXPORT_TITLES["counts"], ("day", "school", "school_name", *_REASONS), _counted(rows, scope))
    names = ("name",) if scope.names else ()
    header = ("day", "school", "school_name", "campus", "class", "pupil", *names, *_ABSENCE.values())
    return ExportTable(EXPORT_TITLES["absence"], header, _pupils(rows, scope))


_REASONS = tuple(one.value for one in Reason)


def _exported(table: Table, *first: str) -> dict[str, str]:
    """The exported columns of a form by stored name, each with its head: its own name or that of several as one."""
    kept = {name: column for name, column in table.keeps.items() if Goes.EXPORT in column.goes}
    as_one = Counter(column.stored for column in table.columns)
    order = [*first, *(name for name in kept if name not in first)]
    return {name: name if as_one[kept[name].stored] > 1 else kept[name].name for name in order}


_ABSENCE = _exported(absence.ROWS, "sex", "reason", "row_state")
_CLOSURE = _exported(closure.ROWS, "scope", "start") | {"resume_planned": "resume"}  # the actual day, if it is known


def _pupils(rows: QuerySet[Absence], scope: Scope) -> Iterator[tuple[Value, ...]]:
    schools = _school_names(scope)
    for school, mine in groupby(
        rows.order_by("school", "day", "class_key", "pupil").iterator(), lambda row: row.school
    ):
        names = dict(sql.fetch("SELECT code, name FROM pupil WHERE school = %s", [school])) if scope.names else {}
        for row in mine:
            who = (row.pupil, names.get(row.pupil, "")) if scope.names else (row.pupil,)
            yield (
                row.day,
                school,
                schools.get(school, ""),
                row.campus,
                scope.class_name(row.class_key),
                *who,
                *_values_of(row),
            )


def _values_of(row: Absence) -> tuple[Value, ...]:
    return tuple(_in_words(absence.ROWS.keeps[name], getattr(row, name)) for name in _ABSENCE)


def _in_words(column: Column, value: Any) -> Value:
    """A stored value as it is exported: labels for codes, unless the column is exported by its code."""
    if value is None:
        return None
    if column.dtype == "flag":
        return words.yes_no(value)
    if column.dtype == "number":
        return float(value)
    if column.dtype == "datetime":
        return local_time(value)
    if column.vocabulary is None or column.coded:
        return value  # type: ignore[no-any-return]  # a text, a day or a count
    return joined(column.vocabulary.labels.get(code, code) for code in value.split())


@dataclass(frozen=True, slots=True)
class _DayCounts:
    """What an export above county says of one day: schools with their absent, and what is left out."""

    absent: Mapping[str, Counter[str]]  # school → reason → pupils
    left_out: Suppression

    def said(self, school: str, reason: str, scope: Scope) -> str:
        n = self.absent[school][reason]
        if reason != Reason.ILL:
            return scope.count(n)
        return self.left_out.school(school, n)

    def is_open(self, school: str, scope: Scope) -> bool:
        """Whether all its counts are numbers: then their sum says nothing more."""
        return all(self.said(school, reason, scope).isdecimal() for reason in _REASONS)


def _of_day(day: date, scope: Scope) -> _DayCounts:
    absent: dict[str, Counter[str]] = defaultdict(Counter)
    rows = Absence.objects.filter(_seen(scope), day=day).exclude(row_state=RowState.RETURNED).order_by("school", "id")
    seen = set()
    for school, pupil, reason in rows.values_list("school", "pupil", "reason").iterator():
        if (school, pupil) not in seen:  # once, even if two campuses report the pupil: as totals count
            absent[school][reason] += 1
        seen.add((school, pupil))
    return _DayCounts(absent, small_counts.load(day, scope.small))


def _counted(rows: QuerySet[Absence], scope: Scope) -> Iterator[tuple[Value, ...]]:
    schools = _school_names(scope)
    rows = rows.exclude(row_state=RowState.RETURNED)
    for day in rows.order_by("day").values_list("day", flat=True).distinct():
        counts = _of_day(day, scope)
        for school in counts.absent:
            yield (day, school, schools.get(school, ""), *(counts.said(school, one, scope) for one in _REASONS))


def _reports(scope: Scope, span: DayRange) -> ExportTable:
    header = (
        "day",
        "school",
        "school_name",
        "campus",
        "first_seen",
        "on_time",
        "zero",
        "classes",
        "rows",
        "submission",
    )
    rows = Report.objects.filter(_seen(scope), span.within("day")).order_by("day", "school", "campus")
    schools = _school_names(scope)
    # as the digest counts them: blank where nobody asked for the report
    late = receipt_facts.lateness(rows.filter(on_time=False).values_list("school", "campus", "day"))
    found: Iterator[tuple[Value, ...]] = (
        (
            row.day,
            row.school,
            schools.get(row.school, ""),
            row.campus,
            local_time(row.first_seen),
            ""
            if (on_time := late.get((row.school, row.campus, row.day), row.on_time)) is None
            else words.yes_no(on_time),
            words.yes_no(row.zero and not row.other_absent),
            row.covered,
            said,
            row.current_seq,
        )
        for row, said in _rows_said(rows, scope)
    )
    return ExportTable(EXPORT_TITLES["reports"], header, found)


def _rows_said(rows: QuerySet[Report], scope: Scope) -> Iterator[tuple[Report, str]]:
    """Each report with its number of rows, as the reader may see it: above county only where it gives no count away."""
    for day, found in groupby(rows.iterator(), lambda row: row.day):
        mine = list(found)
        if not scope.masks:
            yield from ((row, str(row.rows)) for row in mine)
            continue
        counts = _of_day(day, scope)
        few = {row.school for row in mine if scope.count(row.rows) != str(row.rows)}
        for row in mine:
            plain = row.school not in few and (row.school not in counts.absent or counts.is_open(row.school, scope))
            yield row, str(row.rows) if plain or not row.rows else NOTHING


def _closures(scope: Scope, span: DayRange) -> ExportTable:
    header = ("school", "school_name", "campus", *_CLOSURE.values(), "state")
    rows = Closure.objects.filter(_seen(scope), span.within("start__date")).order_by("start", "school", "scope")
    schools = _school_names(scope)
    found: Iterator[tuple[Value, ...]] = (
        (
            row.school_id,
            schools.get(row.school_id, ""),
            row.campus,
            *(_of_closure(name, row, scope) for name in _CLOSURE),
            CLOSURE_STATES.get(row.state, row.state),
        )
        for row in rows.iterator()
    )
    return ExportTable(EXPORT_TITLES["closures"], header, found)


def _of_closure(name: str, row: Closure, scope: Scope) -> Value:
    """One exported value; above the county no class, no text from a school, and few pupils as "<3"."""
    column = closure.ROWS.keeps[name]
    if name == "scope":
        return row.scope if scope.classes or row.scope == WHOLE_SCHOOL else A_CLASS
    if name == "reason":
        return words.closure_reason(row.reason)
    if name == "resume_planned":
        return row.resume_actual or row.resume_planned
    value = getattr(row, name)
    if column.dtype == "integer":
        return None if value is None else scope.count(value)
    return "" if column.dtype == "text" and not scope.classes else _in_words(column, value)


def _alerts(scope: Scope, span: DayRange) -> ExportTable:
    header = ("alert", "school", "school_name", "campus", "group", "stage", "state", "opened", "due", "cases", "closed")
    rows = Alert.objects.filter(_seen(scope), span.within("opened_day")).order_by("opened_at", "id")
    schools = _school_names(scope)
    least = small_counts.least(rows.values_list("id", flat=True), scope.small)
    found: Iterator[tuple[Value, ...]] = (
        (
            row.id,
            row.school_id,
            schools.get(row.school_id, ""),
            row.campus,
            alert_labels.groups(row),
            Stage(row.stage).label,
            alert_state.STATES.get(row.state, row.state),
            local_time(row.opened_at),
            local_time(row.due_at),
            scope.count(row.cases, least.get(row.id, 1)),
            local_time(row.closed_at) if row.closed_at else "",
        )
        for row in rows.iterator()
    )
    return ExportTable(EXPORT_TITLES["alerts"], header, found)


_KINDS: Mapping[str, Callable[[Scope, DayRange], ExportTable]] = {
    "absence": _absence,
    "reports": _reports,
    "closures": _closures,
    "alerts": _alerts,
}
_OF_DAYS = frozenset({"absence", "reports"})  # of which old days are kept as sums only


def _seen(scope: Scope) -> Q:
    """The rows of any table with `school` and `division` that the reader may see."""
    return Q(division__in=scope.divisions) if scope.divisions else Q(school=scope.code)


def _school_names(scope: Scope) -> dict[str, str]:
    tree = lookup.tree()
    return lookup.names(code for code, division in tree.units.items() if scope.covers(code, division))
