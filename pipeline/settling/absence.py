"""Settle 缺课日报: fold the turns of each report in order, and write what changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

from pipeline import merge, reconcile
from pipeline.database import serialise, sql
from pipeline.database.decision_log import order_of
from pipeline.database.models import Absence, Decision
from pipeline.forms.absence import ABSENCE, ROWS
from pipeline.merge import CurrentRow, Event, ReportState, ReportStep
from pipeline.merge.standing import COUNTED, MORE
from pipeline.model import (
    Checked,
    DecisionKind,
    PastReason,
    Policy,
    Reason,
    Record,
    RowState,
    Site,
    State,
    TicketState,
    TodoKind,
)
from pipeline.registry import lookup
from pipeline.schooldays import school_year, today
from pipeline.settling import cases, pupils
from pipeline.settling.settler import Settler
from pipeline.turns import reconciliation_facts, replay, report_state, revised_outcomes
from pipeline.turns.replay import Act
from pipeline.turns.report_state import Key, LoadedReport, Then
from pipeline.turns.transaction import Outcome, Turn, Writes

_ILL, _RETURNED = Reason.ILL, RowState.RETURNED  # looked up once, not for every row
_WIDTHS = sql.widths(Absence)
_KEEPS = ROWS.keeps
_TEXTS = tuple((name, _WIDTHS[name]) for name in _KEEPS if name in _WIDTHS)
_DATES = tuple(name for name, column in _KEEPS.items() if column.dtype == "date")
_MOMENTS = tuple(name for name, column in _KEEPS.items() if column.dtype == "datetime")
_REST = tuple(name for name in _KEEPS if name not in {*dict(_TEXTS), *_DATES, *_MOMENTS})
_SAID = (*(name for name, _ in _TEXTS), *_DATES, *_MOMENTS, *_REST)
_KEY = ("day", "school", "campus", "pupil")
_ROW = (*_KEY, "division", "from_settled", "origin", "pending", *_SAID)
_ABSENCE = (*_ROW, *cases.COLUMNS)
_PAST = (*_ROW, *cases.COLUMNS, "to_settled", "closed_by", "why")
_REPORT = (
    "day", "school", "campus", "division", "current_seq", "seqs", "zero", "first_seen", "on_time", "covered", "rows",
    "other_absent", "reporter", "reviewer", "from_settled",
)  # fmt: skip
_REPORT_CLASS = ("day", "school", "campus", "key", "silent", *COUNTED, *MORE)


@dataclass(slots=True)
class _Fold:
    """One report while its turns are taken: its state at first, its present state, additions to history."""

    key: Key
    before: ReportState
    loaded: LoadedReport
    past: list[sql.Params] = field(default_factory=list)
    own: set[int] = field(default_factory=set)  # submissions that have their turn now
    changed: bool = False  # rows changed
    settled: int = 0  # of the last turn
    changed_by: int = 0  # of the last turn that changed the report
    names: dict[str, str] = field(default_factory=dict)  # class key → as the turn's workbook writes it

    @property
    def standing(self) -> ReportState:
        return self.loaded.standing


def settle(turns: Sequence[Turn], site: Site, writes: Writes) -> list[tuple[Turn, Outcome]]:
    """Take the turns of absence reports, in order; collect what they change; return their outcomes.

    Raises NeedsAgain, with nothing collected, for what must be read and validated again.
    """
    policy = site.policy
    by_key: dict[Key, list[Turn]] = defaultdict(list)
    for turn in turns:
        by_key[key_of(turn.checked)].append(turn)
    found = report_state.load(sorted(by_key), lock=True)
    latest = replay.latest(loaded.standing for loaded in found.values())
    _require(by_key, found, latest)
    earlier_seqs = [one.seq for loaded in found.values() for one in loaded.standing.earlier]
    then = Then(by_key, min([*earlier_seqs, *(turn.event.seq for turn in turns)]))
    outcomes: list[tuple[Turn, Outcome]] = []
    folds = []
    for key, mine in by_key.items():
        fold = _Fold(key, found[key].standing, found[key])
        folds.append(fold)
        fold.own = {turn.event.seq for turn in mine if not turn.anew}
        for turn in mine:
            kept = fold.loaded.lines if fold.standing is fold.before else None
            fold.loaded.standing = then.classes(fold.standing, turn.event.seq, kept)
            fold.names |= _names(turn.checked)
            if _late(turn, latest[key]):
                step = _replay(fold, turn, policy, writes, then)
            else:
                step = merge.step(fold.standing, turn.event, policy)
            _take(fold, step, turn.settled, by=str(turn.event.order), voided=bool(turn.checked.voided))
            outcomes.append((turn, _outcome(step)))
    _place_cases(folds, writes)
    for fold in folds:
        _write(fold, writes)
        pupils.write(by_key[fold.key], writes)
        _write_new_classes(fold, writes)
    _leave_to_compare(folds, writes)
    return [(turn, _as_it_stands(outcome, turn, found)) for turn, outcome in outcomes]


def key_of(checked: Checked) -> Key:
    """Return the key of the report a submission is about."""
    if checked.day is None:
        raise ValueError("a report has a day")
    return (checked.day, checked.unit, checked.campus)


def takes(turn: Turn) -> bool:
    """Tell whether a submission is about a report we can name, in any state."""
    checked = turn.checked
    return bool(checked.unit) and checked.day is not None


def waive(key: Key, ticket: str, *, by: str, settled: int, writes: Writes) -> bool:
    """Close a ticket by a decision; return False if it was no longer open."""
    loaded = report_state.load([key], lock=True)[key]
    fold = _Fold(key, loaded.standing, loaded)
    after = merge.waive(fold.standing, ticket, by)
    if after is fold.standing:
        return False
    _take(fold, ReportStep(State.ACCEPTED, after), settled, by=by)
    _write(fold, writes)
    return True


# --------------------------------------------------------------------------- the fold


def _late(turn: Turn, latest: int) -> bool:
    return turn.anew or latest > turn.event.order


def _require(
    by_key: Mapping[Key, Sequence[Turn]], found: Mapping[Key, LoadedReport], latest: Mapping[Key, int]
) -> None:
    """Make sure that everything is at hand for replaying late turns."""
    late = [(key, turn) for key, turns in by_key.items() for turn in turns if _late(turn, latest[key])]
    if late:
        late_ones = [(turn, found[key].standing) for key, turn in late]
        needed = [replay.needed(turn, one.earlier, one.tickets) for turn, one in late_ones]
        late[0][1].again.require(*needed)


@dataclass(frozen=True, slots=True)
class _Waived:
    """A county waived a returned row, at this place of the sequence."""

    ticket: str
    place: int


def _replay(fold: _Fold, turn: Turn, policy: Policy, writes: Writes, then: Then) -> ReportStep:
    """Replay a whole report, because a later submission or decision was settled before this turn.

    Makes the store depend on the received order only.
    """
    before = fold.standing
    empty = replace(before, head=None, rows={}, lines={}, tickets={}, earlier=())
    again = replay.replay(empty, _acts(before, turn), partial(_step, policy, then))
    for does, _ in again.taken:
        if isinstance(does, Event):
            fold.names |= _names(does.checked)
    revised_outcomes.revise_others(again, before.earlier, turn, writes, effective=False)
    standing: ReportState = again.after
    dropped = {
        name: replace(ticket, state=TicketState.SUPERSEDED, closed_by=str(turn.event.order))
        for name, ticket in before.tickets.items()
        if name not in standing.tickets
    }
    return replace(again.of(turn.event), after=replace(standing, tickets={**dropped, **standing.tickets}))


def _acts(before: ReportState, turn: Turn) -> list[Act[Event | _Waived]]:
    waived = Decision.objects.filter(what=DecisionKind.WAIVE, target__in=list(before.tickets))
    return [
        *replay.submissions(before.earlier, turn),
        *replay.mended(before.tickets, turn),
        *(replay.decided(row, _Waived(row.target, order_of(row))) for row in waived),
    ]


def _step(policy: Policy, then: Then, standing: ReportState, does: Event | _Waived) -> ReportStep:
    if isinstance(does, _Waived):
        return ReportStep(State.ACCEPTED, merge.waive(standing, does.ticket, str(does.place)))
    seen = then.classes(standing, does.seq)
    step = merge.step(seen, does, policy)
    if step.after.head is not seen.head or step.after.rows is not seen.rows:
        return step
    # a submission without effect leaves the report as it was written, with the classes of that time
    return replace(step, after=replace(step.after, lines=standing.lines, classes=standing.classes))


def _take(fold: _Fold, step: ReportStep, settled: int, *, by: str, voided: bool = False) -> None:
    """Take over the result of a step, with history as of this settled_seq."""
    before, after, since = fold.standing, step.after, fold.loaded.since
    hung = merge.pending(before)
    changed = False
    for identity, old in before.rows.items():
        new = after.rows.get(identity)
        if new is old or (new is not None and merge.same(old.values, new.values, _KEEPS)):
            continue
        gone = PastReason.VOIDED if voided else PastReason.WITHDRAWN
        why = (PastReason.CHANGED if new else gone).value
        row = _absence_row(fold, identity, old, since.pop(identity), pending=identity in hung)
        began = (sql.day(old.values.get(name)) for name in cases.COLUMNS)  # type: ignore[arg-type]  # the columns hold dates
        fold.past.append((*row, *began, settled, by, why))
        changed = True
    for identity in after.rows.keys() - since.keys():
        since[identity] = settled
        changed = True
    fold.settled = settled
    fold.changed = fold.changed or changed
    if before.head is not after.head or changed:
        fold.changed_by = settled
    fold.loaded.standing = after


def _outcome(step: ReportStep) -> Outcome:
    return Outcome(step.state, step.issues, step.accepted, step.refused, step.withdrawn, opened=step.opened)


def _as_it_stands(outcome: Outcome, turn: Turn, found: Mapping[Key, LoadedReport]) -> Outcome:
    head = found[key_of(turn.checked)].standing.head
    effective = head is not None and turn.event.seq in head.seqs
    return replace(outcome, effective=effective, on_time=head.on_time if head and effective else None)


def _place_cases(folds: Sequence[_Fold], writes: Writes) -> None:
    """Find the case of each row, once all reports of the batch are final."""
    reports = {
        fold.key: cases.ReportChange(fold.before, fold.standing, fold.loaded.division, fold.settled) for fold in folds
    }
    derived = cases.place(reports, writes)
    for fold in folds:
        fold.loaded.standing = cases.placed(fold.standing, derived.get(fold.key, {}))


# --------------------------------------------------------------------------- what is written


def _write(fold: _Fold, writes: Writes) -> None:
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


def _leave_to_compare(folds: Sequence[_Fold], writes: Writes) -> None:
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


def _write_rows(fold: _Fold, writes: Writes) -> None:
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
            (
                *_absence_row(fold, identity, row, since[identity], pending=identity in hangs),
                *(sql.day(row.values.get(name)) for name in cases.COLUMNS),  # type: ignore[arg-type]  # the columns hold dates
            )
            for identity, row in after.rows.items()
            if before.rows.get(identity) is not row or (identity in hung) != (identity in hangs)
        ],
    )


def _absence_row(fold: _Fold, identity: str, row: CurrentRow, settled: int, *, pending: bool) -> sql.Params:
    get = row.values.get
    day, school, campus = fold.key
    dates: list[date | None] = [get(name) for name in _DATES]  # type: ignore[misc]  # the columns hold dates
    return (
        day.isoformat(), school, campus, identity, fold.loaded.division, settled, str(row.origin), pending,
        *[str(text)[:width] if (text := get(name)) else "" for name, width in _TEXTS],
        *[None if one is None else one.isoformat() for one in dates],
        *[sql.moment(get(name)) for name in _MOMENTS],  # type: ignore[arg-type]  # the columns hold moments
        *[get(name) for name in _REST],
    )  # fmt: skip


def _write_tickets(fold: _Fold, writes: Writes) -> None:
    day, school, campus = fold.key
    for name, ticket in fold.standing.tickets.items():
        old = fold.before.tickets.get(name)
        if old is None and ticket.refused is not None:
            writes.reject(ticket, form="absence", school=school, campus=campus, day=day)
        elif old is not None and ticket != old:
            writes.note_ticket(ticket)


def _write_head(fold: _Fold, writes: Writes) -> None:
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
        sql.moment(head.first_seen), head.on_time, len(standing.lines), len(standing.rows), others,
        head.reporter[:40], head.reviewer[:40], fold.changed_by,
    )  # fmt: skip
    writes.add(sql.upsert("report", _REPORT, _KEY[:3]), [row])


def _write_lines(fold: _Fold, writes: Writes) -> None:
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


def _write_effective(fold: _Fold, writes: Writes) -> None:
    was = set(fold.before.head.seqs if fold.before.head else ())
    now = set(fold.standing.head.seqs if fold.standing.head else ())
    text = "UPDATE submission SET effective = %s WHERE received_seq = %s"
    writes.add(text, [(seq in now, seq) for seq in sorted((was ^ now) - fold.own)])


def _write_new_classes(fold: _Fold, writes: Writes) -> None:
    """A class that is not in the registry is entered as new, from this day on, for the county to confirm."""
    standing = fold.standing
    day, school, campus = fold.key
    year = school_year(day)
    for key, line in standing.lines.items():
        if key not in standing.classes:
            row = lookup.class_row((school, campus, year, key), fold.names.get(key) or key)
            lookup.add_class(row | {"valid_from": day.isoformat(), "roll": line.roll}, writes.add)
    gone = [key for key in fold.before.lines if key not in standing.lines and key not in standing.classes]
    for key in gone:
        lookup.forget_class((school, campus, year, key), day, writes.add)


def _names(checked: Checked) -> dict[str, str]:
    """Class key → as the sender writes it."""
    return {_class_of(r): str(r.values["class_name"]) for r in checked.records if r.values.get("class_name")}


def _class_of(record: Record) -> str:
    return record.identity if record.table == "classes" else str(record.values.get("class_key") or "")


SETTLER = Settler(ABSENCE, takes, settle, folded_by=("unit", "day", "campus"))
