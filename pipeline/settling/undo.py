"""A county takes one roster or calendar back, its word on a new class, or a campus that is none: as if never said.

What came after it was judged by it: `run` reads and folds that again, as after a roster that settles late.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

from pipeline.database import serialise
from pipeline.database.decision_log import decide, order_of
from pipeline.database.models import Decision, Letter, Reject, Submission, Todo, Unit
from pipeline.database.models import Statement as Kept
from pipeline.database.transactions import atomic
from pipeline.figures.words import NOT_GIVEN, joined
from pipeline.issues.refusals import refusal
from pipeline.letters import queue
from pipeline.merge.registry import RegistryStatement, RoomKey
from pipeline.model import (
    HOME_CAMPUS,
    TAKEN,
    DecidedBy,
    DecisionKind,
    Issue,
    LetterKind,
    LetterState,
    Settled,
    State,
    StatementState,
    SubmissionRef,
    TicketState,
    UnitKind,
)
from pipeline.registry import calendar_spans, lookup, statements
from pipeline.schooldays import today
from pipeline.settling import calendar, roster
from pipeline.short_ids import new_class
from pipeline.turns import affected_days
from pipeline.turns.transaction import Writes

_ON_CLASSES = (DecisionKind.CLASS_CONFIRM, DecisionKind.CLASS_RETURN, DecisionKind.CLASS_ALIAS)


def take_back_roster(seq: int, by: DecidedBy) -> Settled:
    """Take one roster back; return it as what came after it must be judged without it.

    Raises UsageError, and changes nothing, if it is not in force, or if a school that only it registered has sent
    anything since.
    """
    with atomic():
        row = _taken(seq, "roster")
        rows = statements.in_force(seq)
        if not rows:
            raise refusal("undo-nothing", number=seq)
        _refuse_in_use(rows)
        _, settled = decide(DecisionKind.ROSTER_UNDO, str(seq), by, submission=seq)
        writes = Writes(by.at)
        _leave(rows, settled, writes)
        writes.flush()
        _told(row, by, settled)
        return _judged(rows[0].order, "roster", row.unit, settled)


def remove_campus(school: str, campus: str, by: DecidedBy) -> Settled:
    """Remove a campus that is none, with all that was stated of it; reports are judged again without it.

    Returns what `take_back_roster` does. Raises UsageError, and changes nothing, where the registry has no such campus,
    or no other of the school.
    """
    with atomic():
        known = statements.units([school], today(by.at)).get(school)
        if known is None:
            raise refusal("school-unknown", school=school)
        there = {*known.campuses, *(room.campus for room in known.rooms)}
        if campus not in there:
            raise refusal("campus-unknown", campus=campus, campuses=joined(known.campuses or (HOME_CAMPUS,)))
        if there == {campus}:
            raise refusal("campus-only", campus=campus)
        order, settled = decide(DecisionKind.CAMPUS_REMOVE, f"{school} {campus}", by)
        first = next(one for one in statements.load([school])[school] if one.names(campus))
        one = RegistryStatement(order, first.day, removed=(campus,))
        return _campus(school, campus, partial(statements.keep, {school: one}, submission=0), (order, settled), by)


def take_back(seq: int, by: DecidedBy) -> Settled:
    """Take back what a number stands for: a roster, or the removal of a campus, which is there again then."""
    removed = Decision.objects.filter(seq=seq, what=DecisionKind.CAMPUS_REMOVE).first()
    if removed is None:
        return take_back_roster(seq, by)
    with atomic():
        school, _, campus = removed.target.partition(" ")
        rows = Kept.objects.filter(order=order_of(removed), unit=school, state=StatementState.STANDING)
        if not rows.exists():
            raise refusal("undo-nothing", number=seq)
        order, settled = decide(DecisionKind.CAMPUS_UNDO, removed.target, by, said={"removed": seq})
        undone = partial(rows.update, state=StatementState.UNDONE.value)
        return _campus(school, campus, undone, (order, settled), by)


def _campus(school: str, campus: str, change: Callable[[], object], decided: tuple[int, int], by: DecidedBy) -> Settled:
    """Change whether what is stated of a campus counts; the school is told."""
    order, settled = decided
    now, writes = today(by.at), Writes(by.at)
    rows = Kept.objects.filter(unit=school, form=statements.FORM, state=StatementState.STANDING).order_by("order")
    since = _since(list(rows))
    before = affected_days.counties([school], since, now)
    stated = statements.load([school])[school]
    change()
    statements.write_again([school], now)
    stated += statements.load([school])[school]
    after = affected_days.counties([school], since, now)
    affected_days.figures({*before.values(), *after.values()}, since, now, settled, writes)
    roster.warn_again([school], since, settled, writes)
    writes.letter(LetterKind.DECIDED, str(order), school)
    writes.flush()
    first = min(one.order for one in stated if one.names(campus))  # either before the change, or after it
    return _judged(first, "roster", school, settled)


def take_back_calendar(seq: int, by: DecidedBy) -> Settled:
    """Take one calendar back likewise. Raises UsageError, and changes nothing, if it is not in force."""
    with atomic():
        row = _taken(seq, "calendar")
        before = calendar_spans.calendar()
        _, settled = decide(DecisionKind.CALENDAR_UNDO, str(seq), by, submission=seq)
        order = calendar_spans.take_back(row.unit, seq)
        if not order:
            raise refusal("undo-nothing", number=seq)
        writes = Writes(by.at)
        calendar.count_again(row.unit, before, settled, writes)
        writes.flush()
        _told(row, by, settled)
        return _judged(order, "calendar", row.unit, settled)


def take_back_class(class_id: str, by: DecidedBy) -> Settled:
    """Take the county's last word on a new class back: it waits again. Raises UsageError if there is none."""
    with atomic():
        rows = Decision.objects.filter(target=class_id, what__in=(*_ON_CLASSES, DecisionKind.CLASS_UNDO))
        last = rows.order_by("seq").last()
        found = _said(class_id, order_of(last)) if last and last.what in _ON_CLASSES else None
        if found is None:
            raise refusal("class-not-decided", proposal=class_id)
        row, rest = found
        order, settled = decide(DecisionKind.CLASS_UNDO, class_id, by)
        writes = Writes(by.at)
        statements.put(row, rest, today(by.at))
        places = affected_days.counties([row.unit], row.day, today(by.at))
        affected_days.figures(places.values(), row.day, today(by.at), settled, writes)
        writes.letter(LetterKind.DECIDED, str(order), row.unit)
        writes.flush()
        return _judged(row.order, "roster", row.unit, settled)


def _taken(seq: int, form: str) -> Submission:
    row = Submission.objects.select_for_update().filter(received_seq=seq, form=form, state__in=TAKEN).first()
    if row is None:
        raise refusal("undo-not-taken", number=seq)
    return row


def _refuse_in_use(rows: list[Kept]) -> None:
    """A school that no other statement knows goes with its roster: not once it has sent anything."""
    codes = {row.unit for row in rows}
    others = Kept.objects.filter(unit__in=codes, form=statements.FORM).exclude(pk__in=[row.pk for row in rows])
    only = codes - set(others.filter(state=StatementState.STANDING).values_list("unit", flat=True))
    used = sorted(set(Submission.objects.filter(unit__in=only).values_list("unit", flat=True)))
    if used:
        names = lookup.names(used)
        raise refusal("undo-in-use", schools=joined(f"{names.get(code, '')} {code}" for code in used[:5]))
    Letter.objects.filter(reader__in=only, state=LetterState.QUEUED).delete()
    Todo.objects.filter(code__in=only).delete()


def _leave(rows: list[Kept], settled: int, writes: Writes) -> None:
    """Take statements back, and leave todos for the figures and warnings that they touched."""
    now = today(writes.now)
    codes = sorted({row.unit for row in rows})
    since = _since(rows)
    before = affected_days.counties(codes, since, now)
    statements.take_back(rows, now)
    after = affected_days.counties(codes, since, now)
    affected_days.figures({*before.values(), *after.values()}, since, now, settled, writes)
    left = Unit.objects.filter(code__in=codes, kind=UnitKind.SCHOOL).order_by("code")
    roster.warn_again(left.values_list("code", flat=True), since, settled, writes)


def _since(rows: list[Kept]) -> date:
    """The first day that the statements may concern: a class without a first day counts for its whole school year."""
    days = [row.day for row in rows]
    for one in (statement for row in rows for statement in statements.of_submission(row.submission).values()):
        days += [value for value in one.unit.values() if isinstance(value, date)]
        days += [day for room in one.rooms for day in (room.first or date(room.year, 9, 1), room.until) if day]
    return min(days)


def _said(class_id: str, order: int) -> tuple[Kept, RegistryStatement] | None:
    """The statement at a place of the sequence that has this class, and what is left of it without the class."""
    for row in Kept.objects.filter(form=statements.FORM, order=order, state=StatementState.STANDING):
        found = statements.stored(order, row.unit)
        if found is None:
            continue
        rest = statements.without(found[1], partial(_is, class_id, row.unit))
        if rest != found[1]:
            return row, rest
    return None


def _is(class_id: str, unit: str, at: RoomKey) -> bool:
    return new_class(unit, *at) == class_id


def _told(row: Submission, by: DecidedBy, settled: int) -> None:
    """The workbook's receipt says that it was taken back; its returned rows need no mending any more."""
    row.state = State.REJECTED.value
    row.effective = False
    row.issues = [serialise.issue(Issue("registry-undone", details=(("why", by.why or NOT_GIVEN),)))]
    row.save(update_fields=["state", "effective", "issues"])
    mine = Reject.objects.filter(submission=row.received_seq, state=TicketState.OPEN)
    mine.update(state=TicketState.VOID.value, closed_by=str(settled))
    queue.queue(LetterKind.RECEIPT, str(SubmissionRef(row.received_seq, settled)), row.unit, by.at, row.day)


def _judged(order: int, form: str, unit: str, settled: int) -> Settled:
    return Settled(order, settled, State.REJECTED, form, unit, None, 0, 0, (), ())
