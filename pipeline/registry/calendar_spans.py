"""The school calendar, kept: what was said of each place's terms and days off, and the lines that stand by it.

The rows of calendar_day are what stands by all that was said; what stood at a place of the received sequence is
folded from the statements: a line is put or withdrawn by its 编号, the last word counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipeline.database import serialise, sql
from pipeline.database.models import CalendarDay, Statement
from pipeline.model import SpanKind, StatementState
from pipeline.schooldays import Calendar, CalendarSpan

FORM = "calendar"
_KEPT = ("order", "unit", "form", "day", "said", "state", "submission")


@dataclass(frozen=True, slots=True)
class CalendarWords:
    """What one workbook says of one place: lines to put, by their 编号, and 编号 of lines to withdraw."""

    order: int
    put: tuple[CalendarSpan, ...] = ()
    withdrawn: tuple[str, ...] = ()


def calendar(upto: int | None = None) -> Calendar:
    """Return the school calendar of all places as it stands or, with `upto`, as it stood at that place."""
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
    """Return the lines of one place as they stand, or stood at a place of the sequence, by their first day."""
    found: dict[str, CalendarSpan] = {}
    for said in _load(place):
        if upto is None or said.order <= upto:
            found.update((line.ref, line) for line in said.put)
            for ref in said.withdrawn:
                found.pop(ref, None)
    return sorted(found.values(), key=lambda line: (line.first, line.last, line.kind, line.stage))


def keep(place: str, said: CalendarWords, day: date, submission: int) -> None:
    """Keep what was said of a place, in place of what had the same order, and write its lines anew."""
    kept = [one for one in _load(place) if one.order == 0]
    rows = [_row(place, one, day, 0) for one in kept]
    rows.append(_row(place, said, day, submission))
    sql.run(sql.upsert("statement", _KEPT, ("order", "unit", "form")), rows)
    lines = standing(place)
    CalendarDay.objects.filter(place=place).delete()
    CalendarDay.objects.bulk_create(
        CalendarDay(
            place=place, stage=one.stage, first=one.first, last=one.last, kind=one.kind, note=one.note, ref=one.ref
        )
        for one in lines
    )


def _load(place: str) -> list[CalendarWords]:
    """What was said of a place, in order; first what was there before anything was said here."""
    rows = list(Statement.objects.filter(unit=place, form=FORM).order_by("order"))
    if rows:
        return [_said(row, place) for row in rows]
    before = [_span(row) for row in CalendarDay.objects.filter(place=place).order_by("id")]
    return [CalendarWords(0, tuple(before))] if before else []


def _span(row: CalendarDay) -> CalendarSpan:
    kind, ref = SpanKind(row.kind), row.ref or f"K0-{row.pk}"
    return CalendarSpan(row.place, row.first, row.last, kind, row.stage, row.note, ref)


def _row(place: str, said: CalendarWords, day: date, submission: int) -> sql.Params:
    put = [[one.ref, one.kind, one.stage, one.first.isoformat(), one.last.isoformat(), one.note] for one in said.put]
    text = serialise.text({"put": put, "withdrawn": list(said.withdrawn)})
    return (said.order, place, FORM, sql.day(day), text, StatementState.STANDING, submission)


def _said(row: Statement, place: str) -> CalendarWords:
    put = tuple(
        CalendarSpan(place, date.fromisoformat(first), date.fromisoformat(last), SpanKind(kind), stage, note, ref)
        for ref, kind, stage, first, last, note in row.said["put"]
    )
    return CalendarWords(row.order, put, tuple(row.said["withdrawn"]))
