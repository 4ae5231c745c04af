"""The cases of a batch's reports: which spell each row goes on with, and what the rows of later reports are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from pipeline.database import sql
from pipeline.merge import CurrentRow, ReportState
from pipeline.model import TodoKind
from pipeline.schooldays import today
from pipeline.turns.cases import Changed, Derived, SpellRow, derive, signs_of
from pipeline.turns.report_state import Key
from pipeline.turns.transaction import Writes

COLUMNS = ("began",)
"""Stored with a row and derived of what was reported before, so no word of its sender's: never compared."""


@dataclass(frozen=True, slots=True)
class ReportChange:
    """A report before and after its turns. `division`: whose figures it counts in."""

    before: ReportState
    after: ReportState
    division: str
    settled: int

    @property
    def changed(self) -> bool:
        """Did its rows, or that it stands at all, change?"""
        return self.before.rows is not self.after.rows or (self.before.head is None) != (self.after.head is None)


def place(reports: Mapping[Key, ReportChange], writes: Writes) -> dict[Key, dict[str, Derived]]:
    """Return what the rows of changed reports are; leave to be written what rows of later reports are now, and to be
    warned of the days of all cases that changed.
    """
    changed = {key: _changed(one.after) for key, one in reports.items() if one.changed}
    found = derive(changed, today(writes.now)) if changed else {}
    by_campus = {key[1:]: one for key, one in reports.items()}
    for (day, school, campus), derived in found.items():
        folded = reports.get((day, school, campus))
        if folded is not None:
            _leave_cases(school, folded, derived, writes)
            continue
        near = by_campus[school, campus]
        _rewrite((day, school, campus), derived, writes)
        writes.todo(TodoKind.WARN, school, near.settled, day)
        if near.division:
            writes.todo(TodoKind.FIGURES, near.division, near.settled, day)
        for began in {began for one in derived.values() for began in (one.began, one.was) if began}:
            writes.todo(TodoKind.WARN, school, near.settled, began)
    return found


def placed(standing: ReportState, derived: Mapping[str, Derived]) -> ReportState:
    """Return a report with what its rows are; a row that is what it was stays the same value."""
    rows = {pupil: _placed(stood, derived.get(pupil)) for pupil, stood in standing.rows.items()}
    same = all(rows[pupil] is stood for pupil, stood in standing.rows.items())
    return standing if same else replace(standing, rows=rows)


def _placed(stood: CurrentRow, now: Derived | None) -> CurrentRow:
    if now is None or (stood.values.get("began"), stood.values["row_state"]) == (now.began, now.state):
        return stood
    return CurrentRow({**stood.values, "began": now.began, "row_state": now.state}, stood.origin)


def _changed(standing: ReportState) -> Changed:
    rows = {pupil: case_row(stood.values) for pupil, stood in standing.rows.items()}
    return Changed(rows, frozenset(standing.classes.keys() - standing.lines.keys()), stands=standing.head is not None)


def case_row(values: Mapping[str, object]) -> SpellRow:
    """Return what a stored row says of its case."""
    get = values.get
    signs = signs_of(get("reason"), get("symptoms"), get("temperature"), get("diagnosis"))
    return SpellRow(
        str(get("class_key")),
        _day(get("start")) or date.min,
        _day(get("onset")),
        str(get("row_state")),
        _day(get("returned")),
        _day(get("began")),
        signs,
    )


def _day(value: object) -> date | None:
    return value if isinstance(value, date) else None


def _leave_cases(school: str, folded: ReportChange, derived: Mapping[str, Derived], writes: Writes) -> None:
    """Leave to be warned of the days of cases that came, went, or are known of more."""
    before, after = folded.before.rows, folded.after.rows
    days = {now.began for pupil, now in derived.items() if after[pupil] is not before.get(pupil) and not now.known}
    days |= {
        began
        for pupil, was in before.items()
        if after.get(pupil) is not was and (began := _day(was.values.get("began")))
    }
    for began in sorted(days):
        writes.todo(TodoKind.WARN, school, folded.settled, began)


def _rewrite(key: Key, derived: Mapping[str, Derived], writes: Writes) -> None:
    text = "UPDATE absence SET began = %s, row_state = %s WHERE day = %s AND school = %s AND campus = %s AND pupil = %s"
    day, school, campus = sql.day(key[0]), *key[1:]
    writes.add(text, [(sql.day(one.began), one.state, day, school, campus, pupil) for pupil, one in derived.items()])
