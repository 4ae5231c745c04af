"""What a report's turns changed, as it is written: rows with their history, tickets, head and classes, todos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

from pipeline import merge, reconcile
from pipeline.database import serialise, sql
from pipeline.database.models import Absence
from pipeline.forms.absence import ROWS
from pipeline.merge import CurrentRow, ReportState
from pipeline.merge.standing import COUNTED, MORE
from pipeline.model import Checked, Reason, Record, RowState, TodoKind
from pipeline.registry import lookup
from pipeline.schooldays import school_year, today
from pipeline.settling import cases
from pipeline.turns import reconciliation_facts, report_state
from pipeline.turns.report_state import Key, LoadedReport
from pipeline.turns.transaction import Writes

_ILL, _RETURNED = Reason.ILL, RowState.RETURNED  # looked up once, not for every row
_WIDTHS = sql.widths(Absence)
KEEPS = ROWS.keeps
_SAID = (*KEEPS, *cases.COLUMNS)
_said = itemgetter(*KEEPS)  # the columns hold what they are declared to hold
_KEY = ("day", "school", "campus", "pupil")
_ABSENCE = (*_KEY, "division", "from_settled", "origin", "pending", *_SAID)
_PAST = (*_ABSENCE, "to_settled", "closed_by", "why")
_REPORT = (
    "day", "school", "campus", "division", "current_seq", "seqs", "zero", "first_seen", "on_time",
    "late_classes", "covered", "rows", "other_absent", "reporter", "reviewer", "from_settled",
)  # fmt: skip
_REPORT_CLASS = ("day", "school", "campus", "key", "silent", *COUNTED, *MORE)

Cells = Sequence[Any]


class StoredRow(NamedTuple):
    """A row as it is to be stored: what is known of it beside its values, its values, and what ended it."""

    head: sql.Params
    values: Mapping[str, object]
    end: sql.Params = ()


@dataclass(slots=True)
class Fold:
    """One report while its turns are taken: its state at first, its present state, additions to history."""

    key: Key
    before: ReportState
    loaded: LoadedReport
    past: list[StoredRow] = field(default_factory=list)
    own: set[int] = field(default_factory=set)  # submissions that have their turn now
    changed: bool = False  # rows changed
    settled: int = 0  # of the last turn
    changed_by: int = 0  # of the last turn that changed the report
    checked: list[Checked] = field(default_factory=list)  # what was folded, in the order of the turns

    @property
    def standing(self) -> ReportState:
        return self.loaded.standing


def write(fold: Fold, writes: Writes) -> None:
    """Collect what a report's turns changed besides its rows: tickets and, where it changed, the report; todos."""
    day, school, _ = fold.key
    before, after = fold.before, fold.standing
    county = fold.loaded.division
    if county:
        writes.todo(TodoKind.FIGURES, county, fold.settled, day)
    _write_tickets(fold, writes)
    if fold.changed:
        writes.todo(TodoKind.WARN, school, fold.settled, day)
    if after.head is not before.head or fold.changed:
        _write_head(fold, writes)
        _write_lines(fold, writes)
        _write_effective(fold, writes)


def leave_to_compare(folds: Sequence[Fold], writes: Writes) -> None:
    """Leave todos for 待对账: schools with a closure or an open matter, and those whose report alone may be one."""
    changed = [fold for fold in folds if fold.changed or fold.standing.head is not fold.before.head]
    watched = (
        reconciliation_facts.watched(sorted({fold.key[1] for fold in changed}), today(writes.now)) if changed else set()
    )
    for fold in changed:
        school = fold.key[1]
        if school in watched or _concerns(fold.standing) or (fold.before.head and _concerns(fold.before)):
            writes.todo(TodoKind.RECONCILE, school, fold.settled)


def _concerns(standing: ReportState) -> bool:
    ill = Counter(
        str(row.values["class_key"])
        for row in standing.rows.values()
        if row.values["reason"] == _ILL and row.values["row_state"] != _RETURNED
    )
    return reconcile.concerns(ill, standing.classes, {key: line.roll for key, line in standing.lines.items()})


def write_rows(folds: Sequence[Fold], writes: Writes) -> None:
    """Collect the rows that came, changed or went, of all reports of a batch."""
    writes.add(sql.insert("absence_past", _PAST), _stored([past for fold in folds for past in fold.past]))
    put: list[StoredRow] = []
    for fold in folds:
        before, after, since = fold.before, fold.standing, fold.loaded.since
        hung, hangs = merge.pending(before), merge.pending(after)
        day, school, campus = sql.day(fold.key[0]), *fold.key[1:]
        replaced = {past.head[3] for past in fold.past}
        cases.keep(fold.key, before.rows, after.rows, replaced, fold.settled, writes)
        gone = [(day, school, campus, identity) for identity in before.rows if identity not in after.rows]
        writes.add("DELETE FROM absence WHERE day = %s AND school = %s AND campus = %s AND pupil = %s", gone)
        put += [
            stored_row(fold, identity, row, since[identity], pending=identity in hangs)
            for identity, row in after.rows.items()
            if before.rows.get(identity) is not row or (identity in hung) != (identity in hangs)
        ]
    writes.add(sql.upsert("absence", _ABSENCE, _KEY), _stored(put))


def stored_row(
    fold: Fold, identity: str, row: CurrentRow, settled: int, *, pending: bool, end: sql.Params = ()
) -> StoredRow:
    day, school, campus = fold.key
    head = (day.isoformat(), school, campus, identity, fold.loaded.division, settled, str(row.origin), pending)
    return StoredRow(head, row.values, end)


def _stored(rows: Sequence[StoredRow]) -> list[sql.Params]:
    """Rows as they are stored, with what is derived of their cases. By column: most are blank in all of them."""
    if not rows:
        return []
    columns = [*zip(*[_said(row.values) for row in rows], strict=True)]
    columns += [tuple([row.values.get(name) for row in rows]) for name in cases.COLUMNS]
    cells = [put(column) for put, column in zip(_PUT, columns, strict=True)]
    return [(*row.head, *one, *row.end) for row, one in zip(rows, zip(*cells, strict=True), strict=True)]


def _put_texts(width: int, cells: Cells) -> Cells:
    return [str(one)[:width] if one else "" for one in cells] if any(cells) else ("",) * len(cells)


def _put_days(cells: Cells) -> Cells:
    return [one and one.isoformat() for one in cells] if any(cells) else cells


def _put_moments(cells: Cells) -> Cells:
    return [sql.moment(one) for one in cells]


def _put_as_they_are(cells: Cells) -> Cells:
    return cells


def _put(name: str) -> Callable[[Cells], Cells]:
    """How the cells of a column are stored."""
    if name in _WIDTHS:
        return partial(_put_texts, _WIDTHS[name])
    if name in cases.COLUMNS or KEEPS[name].dtype == "date":
        return _put_days
    return _put_moments if KEEPS[name].dtype == "datetime" else _put_as_they_are


_PUT = [_put(name) for name in _SAID]


def _write_tickets(fold: Fold, writes: Writes) -> None:
    day, school, campus = fold.key
    for name, ticket in fold.standing.tickets.items():
        old = fold.before.tickets.get(name)
        if old is None and ticket.refused is not None:
            writes.reject(ticket, form="absence", school=school, campus=campus, day=day)
        elif old is not None and ticket != old:
            writes.note_ticket(ticket)


def _write_head(fold: Fold, writes: Writes) -> None:
    day, school, campus = fold.key
    standing, head = fold.standing, fold.standing.head
    if head is None:
        for table in ("report", "report_class"):
            text = f"DELETE FROM {table} WHERE day = %s AND school = %s AND campus = %s"  # nosec B608  # our two tables
            writes.add(text, [(sql.day(day), school, campus)])
        return
    others = sum(line.other_absent for line in standing.lines.values())
    row = (
        day.isoformat(), school, campus, fold.loaded.division, head.seqs[-1], serialise.text(list(head.seqs)),
        head.zero,
        sql.moment(head.first_seen), head.on_time, serialise.text(sorted(head.late_classes)),
        len(standing.lines), len(standing.rows), others,
        head.reporter[:40], head.reviewer[:40], fold.changed_by,
    )  # fmt: skip
    writes.add(sql.upsert("report", _REPORT, _KEY[:3]), [row])


def _write_lines(fold: Fold, writes: Writes) -> None:
    day, school, campus = sql.day(fold.key[0]), *fold.key[1:]
    before = fold.loaded.lines  # not as seen with today's classes: a row may equal them
    after = report_state.line_rows(fold.standing) if fold.standing.head else {}
    text = "DELETE FROM report_class WHERE day = %s AND school = %s AND campus = %s AND key = %s"
    writes.add(text, [(day, school, campus, key) for key in before if key not in after])
    rows = [
        (day, school, campus, key, silent, line.roll, line.present, line.other_absent, *map(sql.param, line.more))
        for key, (line, silent) in after.items()
        if before.get(key) != (line, silent)
    ]
    writes.add(sql.upsert("report_class", _REPORT_CLASS, (*_KEY[:3], "key")), rows)


def _write_effective(fold: Fold, writes: Writes) -> None:
    was = set(fold.before.head.seqs if fold.before.head else ())
    now = set(fold.standing.head.seqs if fold.standing.head else ())
    text = "UPDATE submission SET effective = %s WHERE received_seq = %s"
    mine = {one.seq for one in fold.standing.earlier}  # not those of which another campus is meant now
    writes.add(text, [(seq in now, seq) for seq in sorted(((was ^ now) & mine) - fold.own)])


def write_new_classes(fold: Fold, writes: Writes) -> None:
    """A class that is not in the registry is entered as new, from this day on, for the county to confirm."""
    standing = fold.standing
    day, school, campus = fold.key
    year = school_year(day)
    new = [(key, line) for key, line in standing.lines.items() if key not in standing.classes]
    names = _names(fold.checked) if new else {}
    for key, line in new:
        row = lookup.class_row((school, campus, year, key), names.get(key) or key)
        lookup.add_class(row | {"valid_from": day.isoformat(), "roll": line.roll}, writes.add)
    # a line that says what the registry said is not stored: of a class taken back, only its rows tell
    named = {*fold.before.lines, *(str(row.values["class_key"]) for row in fold.before.rows.values())}
    for key in sorted(named - standing.lines.keys() - standing.classes.keys()):
        lookup.forget_class((school, campus, year, key), day, writes.add)


def _names(told: Sequence[Checked]) -> dict[str, str]:
    """Class key → as the last workbook that names it writes it."""
    records = (record for checked in told for record in checked.records)
    return {_class_of(r): str(r.values["class_name"]) for r in records if r.values.get("class_name")}


def _class_of(record: Record) -> str:
    return record.identity if record.table == "classes" else str(record.values.get("class_key") or "")
