"""What a report's turns changed, as it is written: rows with their history, tickets, head and classes, todos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

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
_TEXTS = tuple(name for name in KEEPS if name in _WIDTHS)
_DATES = tuple(name for name, column in KEEPS.items() if column.dtype == "date")
_MOMENTS = tuple(name for name, column in KEEPS.items() if column.dtype == "datetime")
_REST = tuple(name for name in KEEPS if name not in {*_TEXTS, *_DATES, *_MOMENTS})
_SAID = (*_TEXTS, *_DATES, *_MOMENTS, *_REST)
_said = itemgetter(*_SAID)
_TEXT_WIDTHS = tuple(_WIDTHS[name] for name in _TEXTS)
_DATES_AT, _MOMENTS_AT, _REST_AT = (
    slice(_SAID.index(names[0]), _SAID.index(names[0]) + len(names)) if names else slice(0)
    for names in (_DATES, _MOMENTS, _REST)
)
_KEY = ("day", "school", "campus", "pupil")
_ROW = (*_KEY, "division", "from_settled", "origin", "pending", *_SAID)
_ABSENCE = (*_ROW, *cases.COLUMNS)
_PAST = (*_ROW, *cases.COLUMNS, "to_settled", "closed_by", "why")
_REPORT = (
    "day", "school", "campus", "division", "current_seq", "seqs", "zero", "first_seen", "on_time",
    "late_classes", "covered", "rows", "other_absent", "reporter", "reviewer", "from_settled",
)  # fmt: skip
_REPORT_CLASS = ("day", "school", "campus", "key", "silent", *COUNTED, *MORE)


@dataclass(slots=True)
class Fold:
    """One report while its turns are taken: its state at first, its present state, additions to history."""

    key: Key
    before: ReportState
    loaded: LoadedReport
    past: list[sql.Params] = field(default_factory=list)
    own: set[int] = field(default_factory=set)  # submissions that have their turn now
    changed: bool = False  # rows changed
    settled: int = 0  # of the last turn
    changed_by: int = 0  # of the last turn that changed the report
    checked: list[Checked] = field(default_factory=list)  # what was folded, in the order of the turns

    @property
    def standing(self) -> ReportState:
        return self.loaded.standing


def write(fold: Fold, writes: Writes) -> None:
    """Collect what a report's turns changed: rows, tickets and, where it changed, the report itself; todos for them."""
    day, school, _ = fold.key
    before, after = fold.before, fold.standing
    county = fold.loaded.division
    if county:
        writes.todo(TodoKind.FIGURES, county, fold.settled, day)
    _write_rows(fold, writes)
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


def _write_rows(fold: Fold, writes: Writes) -> None:
    before, after, since = fold.before, fold.standing, fold.loaded.since
    hung, hangs = merge.pending(before), merge.pending(after)
    day, school, campus = sql.day(fold.key[0]), *fold.key[1:]
    writes.add(sql.insert("absence_past", _PAST), fold.past)
    cases.keep(fold.key, before.rows, after.rows, {row[3] for row in fold.past}, fold.settled, writes)
    gone = [(day, school, campus, identity) for identity in before.rows if identity not in after.rows]
    writes.add("DELETE FROM absence WHERE day = %s AND school = %s AND campus = %s AND pupil = %s", gone)
    writes.add(
        sql.upsert("absence", _ABSENCE, _KEY),
        [
            absence_row(fold, identity, row, since[identity], pending=identity in hangs)
            for identity, row in after.rows.items()
            if before.rows.get(identity) is not row or (identity in hung) != (identity in hangs)
        ],
    )


def absence_row(fold: Fold, identity: str, row: CurrentRow, settled: int, *, pending: bool) -> sql.Params:
    """A row as it is stored, with what is derived of its case."""
    day, school, campus = fold.key
    said: tuple[Any, ...] = _said(row.values)  # the columns hold what they are declared to hold
    get: Any = row.values.get
    return (
        day.isoformat(), school, campus, identity, fold.loaded.division, settled, str(row.origin), pending,
        *[str(text)[:width] if text else "" for text, width in zip(said, _TEXT_WIDTHS, strict=False)],
        *[None if one is None else one.isoformat() for one in said[_DATES_AT]],
        *[sql.moment(one) for one in said[_MOMENTS_AT]],
        *said[_REST_AT],
        *[sql.day(get(name)) for name in cases.COLUMNS],
    )  # fmt: skip


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
