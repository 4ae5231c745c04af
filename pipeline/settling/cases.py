"""The cases of a batch's reports: the spell of each row, and the changes in rows of later reports."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from operator import itemgetter
from typing import Any

from pipeline.database import sql
from pipeline.merge import CurrentRow, ReportState
from pipeline.model import TodoKind
from pipeline.schooldays import today
from pipeline.turns.cases import SIGNS, Changed, Derived, SpellRow, derive, signs_of
from pipeline.turns.report_state import Key
from pipeline.turns.transaction import Writes

_signs = itemgetter(*SIGNS)
COLUMNS = ("began",)
"""Stored with a row but derived from earlier reports, not written by its sender: never compared."""
_PAST = ("day", "school", "campus", "pupil", "began", "row_state", "to_settled")


@dataclass(frozen=True, slots=True)
class ReportChange:
    """A report before and after its turns. `division`: in whose figures it counts."""

    before: ReportState
    after: ReportState
    division: str
    settled: int

    @property
    def changed(self) -> bool:
        """Whether its rows changed, or whether it exists."""
        return self.before.rows is not self.after.rows or (self.before.head is None) != (self.after.head is None)


def place(reports: Mapping[Key, ReportChange], writes: Writes) -> dict[Key, dict[str, Derived]]:
    """Return the derived values of the rows of changed reports; collect for writing the changes in rows of later
    reports, and todos to warn of the days of all cases that changed.
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
        _rewrite((day, school, campus), derived, near.settled, writes)
        writes.todo(TodoKind.WARN, school, near.settled, day)
        if near.division:
            writes.todo(TodoKind.FIGURES, near.division, near.settled, day)
        for began in {began for one in derived.values() for began in (one.began, one.was) if began}:
            writes.todo(TodoKind.WARN, school, near.settled, began)
    return found


def placed(standing: ReportState, derived: Mapping[str, Derived]) -> ReportState:
    """Return a report with its rows' derived values; an unchanged row stays the same value."""
    rows = {pupil: _placed(row, derived.get(pupil)) for pupil, row in standing.rows.items()}
    same = all(rows[pupil] is row for pupil, row in standing.rows.items())
    return standing if same else replace(standing, rows=rows)


def _placed(row: CurrentRow, now: Derived | None) -> CurrentRow:
    if now is None or (row.values.get("began"), row.values["row_state"]) == (now.began, now.state):
        return row
    return CurrentRow({**row.values, "began": now.began, "row_state": now.state}, row.origin)


def _changed(standing: ReportState) -> Changed:
    rows = {pupil: case_row(row.values) for pupil, row in standing.rows.items()}
    return Changed(rows, frozenset(standing.classes.keys() - standing.lines.keys()), stands=standing.head is not None)


def case_row(values: Mapping[str, object]) -> SpellRow:
    """Return the values of a stored row that concern its case."""
    get: Callable[[str], Any] = values.get  # the columns hold what SpellRow says
    signs = signs_of(*_signs(values))
    return SpellRow(
        get("class_key"), get("start"), get("onset"), get("row_state"), get("returned"), get("began"), signs
    )


def _day(value: object) -> date | None:
    return value if isinstance(value, date) else None


def _leave_cases(school: str, folded: ReportChange, derived: Mapping[str, Derived], writes: Writes) -> None:
    """Leave todos to warn of the days of cases that came, went, or of which more is known."""
    before, after = folded.before.rows, folded.after.rows
    days = {now.began for pupil, now in derived.items() if after[pupil] is not before.get(pupil) and not now.known}
    days |= {
        began
        for pupil, was in before.items()
        if after.get(pupil) is not was and (began := _day(was.values.get("began")))
    }
    for began in sorted(days):
        writes.todo(TodoKind.WARN, school, folded.settled, began)


def keep(
    key: Key,
    before: Mapping[str, CurrentRow],
    after: Mapping[str, CurrentRow],
    replaced: Collection[object],
    settled: int,
    writes: Writes,
) -> None:
    """Keep what the case of a row was, where the row stays and its case does not."""
    both = ((n, before[n].values, row.values) for n, row in after.items() if n in before and before[n] is not row)
    moved = [
        (name, was["began"], was["row_state"])
        for name, was, now in both
        if name not in replaced and (was["began"], was["row_state"]) != (now["began"], now["row_state"])
    ]
    _keep(key, moved, settled, writes)


def _keep(key: Key, moved: Iterable[tuple[str, object, object]], settled: int, writes: Writes) -> None:
    day, place = sql.day(key[0]), key[1:]
    rows = [(day, *place, pupil, sql.param(began), state, settled) for pupil, began, state in moved]
    writes.add(sql.insert("case_past", _PAST), rows)


def _rewrite(key: Key, derived: Mapping[str, Derived], settled: int, writes: Writes) -> None:
    _keep(key, [(pupil, one.was, one.state_was) for pupil, one in derived.items() if one.was], settled, writes)
    text = "UPDATE absence SET began = %s, row_state = %s WHERE day = %s AND school = %s AND campus = %s AND pupil = %s"
    day, school, campus = sql.day(key[0]), *key[1:]
    writes.add(text, [(sql.day(one.began), one.state, day, school, campus, pupil) for pupil, one in derived.items()])
