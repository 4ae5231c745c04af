"""What a report's sender is asked of the cases in it: for a batch of receipts, by what the store knows when they are
written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property

from pipeline.database import sql
from pipeline.facts.carried import last_reports
from pipeline.forms.absence import ABSENCE, ROWS
from pipeline.model import Issue, Origin, RowState
from pipeline.registry import lookup
from pipeline.schooldays import Calendar
from pipeline.turns import context
from pipeline.units import Tree

LATE_DAYS = 2  # school days missed before the first report of a case, from which on it is asked about
LONG_AGO = timedelta(days=60)
_HEADER = ROWS.columns[ROWS.index("start")].header

Report = tuple[str, str, date]  # school, campus, day


def asked(reports: Mapping[int, Report], tree: Tree) -> dict[int, tuple[Issue, ...]]:
    """Return, by submission, what is asked of the beginnings in its rows."""
    if not reports:
        return {}
    days = sorted({day for *_, day in reports.values()})
    schools = sorted({school for school, *_ in reports.values()})
    latest = days[-1] - timedelta(days=LATE_DAYS)  # of what began later nothing is asked, on whichever of the days
    text = (
        "SELECT day, school, campus, class_key, origin, row_state, start, began FROM absence"
        f" WHERE day IN ? AND school IN ? AND ((row_state = '{RowState.NEW}' AND start <= '{latest}')"  # nosec B608  # our own words
        f" OR (row_state = '{RowState.ONGOING}' AND start = day))"
    )
    rows = sql.fetch_in(text, [day.isoformat() for day in days], schools)
    if not rows:
        return {}
    found: dict[int, list[Issue]] = defaultdict(list)
    late = _Late(tree, schools, days[-1])
    last = {day: last_reports(schools, day) for day in days}
    for when, school, campus, key, origin, state, start, began in rows:
        seq, row = Origin.read(origin)
        day = _date(when)
        if reports.get(seq) != (school, campus, day):
            continue
        if state == RowState.NEW:
            issue = late.question((school, campus, key), _date(start), day, row)
        else:
            issue = _goes_on(last[day].get((school, campus)), _date(began), row)
        found[seq] += [issue] if issue else []
    return {seq: tuple(sorted(issues, key=lambda one: one.row)) for seq, issues in found.items()}


class _Late:
    """Asks about cases first reported long after they began. The calendar is loaded once, if it is needed."""

    def __init__(self, tree: Tree, schools: Sequence[str], day: date) -> None:
        self._tree, self._schools, self._day = tree, schools, day
        self._missed: dict[tuple[str, tuple[str, ...], date, date], int] = {}

    def question(self, at: tuple[str, str, str], start: date, day: date, row: int) -> Issue | None:
        """Return the question about a row of a class (school, campus, class key)."""
        if day - start > LONG_AGO:
            return Issue("start-long-ago", *_at(row), details=(("start", start.isoformat()),))
        if (day - start).days < LATE_DAYS or self._school_days(at, start, day) < LATE_DAYS:
            return None
        return Issue("first-heard-late", *_at(row), details=(("start", f"{start:%m-%d}"),))

    def _school_days(self, at: tuple[str, str, str], start: date, day: date) -> int:
        stages = self._stages.of(*at)
        key = (at[0], stages, start, day)
        if key not in self._missed:
            self._missed[key] = len(list(self._calendar.missed(self._tree.chain(at[0]), stages, start, day)))
        return self._missed[key]

    @cached_property
    def _calendar(self) -> Calendar:
        return context.calendar()

    @cached_property
    def _stages(self) -> lookup.Stages:
        return lookup.stages(self._schools, self._day)


def _goes_on(since: date | None, began: date, row: int) -> Issue | None:
    if since is None:
        return None
    return Issue("start-goes-on", *_at(row), details=(("since", f"{since:%m-%d}"), ("began", f"{began:%m-%d}")))


def _at(row: int) -> tuple[str, str, int, str]:
    """Where the beginning of a row is, as the first fields of an issue after its code."""
    return ABSENCE.table(ROWS.name).sheet, "", row, _HEADER


def _date(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value
