"""The school calendar in the store: the statements about each place's terms and days off, and their result.

The rows of calendar_day are the result of all statements; the state at an earlier place of the received sequence is
folded from the statements: a line is put or withdrawn by its 编号, the latest counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipeline.database import serialise, sql
from pipeline.database.models import CalendarDay, Statement
from pipeline.model import SpanKind, StatementState
from pipeline.registry import statement_rows
from pipeline.schooldays import Calendar, CalendarSpan

FORM = "calendar"


@dataclass(frozen=True, slots=True)
class CalendarChange:
    """One workbook's changes for one place: lines to put, by their 编号, and 编号 of lines to withdraw."""

    order: int
    put: tuple[CalendarSpan, ...] = ()
    withdrawn: tuple[str, ...] = ()


def calendar(upto: int | None = None) -> Calendar:
    """Return the present school calendar of all places or, with `upto`, that of an earlier place of the sequence."""
    lines: list[CalendarSpan] = []
    later: set[str] = set()
    if upto is not None:
        rows = Statement.objects.filter(form=FORM, order__gt=upto).values_list("unit", flat=True)
        later = set(rows.distinct())
        lines = [line for place in sorted(later) for line in standing(place, upto)]
    lines += [_span(row) for row in CalendarDay.objects.order_by("place", "first", "last", "kind", "stage")
              if row.place not in later]  # fmt: skip
    return Calendar(tuple(lines))


def standing(place: str, upto: int | None = None) -> list[CalendarSpan]:
    """Return the lines of one place, now or at an earlier place of the sequence, by their first day."""
    found: dict[str, CalendarSpan] = {}
    for one in _load(place):
        if upto is None or one.order <= upto:
            found.update((line.ref, line) for line in one.put)
            for ref in one.withdrawn:
                found.pop(ref, None)
    return sorted(found.values(), key=lambda line: (line.first, line.last, line.kind, line.stage))


def keep(place: str, change: CalendarChange, day: date, submission: int) -> None:
    """Store the changes for a place, replacing those of the same order, and write its lines again."""
    kept = [one for one in _load(place) if one.order == 0]
    rows = [_row(place, one, day, 0) for one in kept]
    rows.append(_row(place, change, day, submission))
    statement_rows.put(rows)
    _write(place)


def take_back(place: str, submission: int) -> int:
    """Take the changes of one workbook back; return their place in the sequence, 0 if none is in force."""
    rows = Statement.objects.filter(unit=place, form=FORM, submission=submission, state=StatementState.STANDING)
    order = rows.values_list("order", flat=True).first() or 0
    rows.update(state=StatementState.UNDONE.value)
    _write(place)
    return order


def _write(place: str) -> None:
    lines = standing(place)
    CalendarDay.objects.filter(place=place).delete()
    CalendarDay.objects.bulk_create(
        CalendarDay(
            place=place, stage=one.stage, first=one.first, last=one.last, kind=one.kind, note=one.note, ref=one.ref
        )
        for one in lines
    )


def _load(place: str) -> list[CalendarChange]:
    """The statements about a place that are in force, in order; first the lines that existed before any statement."""
    rows = list(Statement.objects.filter(unit=place, form=FORM).order_by("order"))
    if rows:
        return [_change_of(row, place) for row in rows if row.state == StatementState.STANDING]
    before = [_span(row) for row in CalendarDay.objects.filter(place=place).order_by("id")]
    return [CalendarChange(0, tuple(before))] if before else []


def _span(row: CalendarDay) -> CalendarSpan:
    kind, ref = SpanKind(row.kind), row.ref or f"K0-{row.pk}"
    return CalendarSpan(row.place, row.first, row.last, kind, row.stage, row.note, ref)


def _row(place: str, change: CalendarChange, day: date, submission: int) -> sql.Params:
    put = [[one.ref, one.kind, one.stage, one.first.isoformat(), one.last.isoformat(), one.note] for one in change.put]
    text = serialise.text({"put": put, "withdrawn": list(change.withdrawn)})
    return (change.order, place, FORM, sql.day(day), text, StatementState.STANDING, submission)


def _change_of(row: Statement, place: str) -> CalendarChange:
    put = tuple(
        CalendarSpan(place, date.fromisoformat(first), date.fromisoformat(last), SpanKind(kind), stage, note, ref)
        for ref, kind, stage, first, last, note in row.content["put"]
    )
    return CalendarChange(row.order, put, tuple(row.content["withdrawn"]))
