"""校历登记表: each line must be a possible span, of a place the sender may enter, not in conflict with other lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from pipeline.forms import words
from pipeline.forms.calendar import CALENDAR, SPANS
from pipeline.model import Context, SpanKind, identity_of
from pipeline.schooldays import Calendar, CalendarSpan
from pipeline.validate import channel
from pipeline.validate.case import RowCase, SubmissionCase
from pipeline.validate.checks import RowCheck
from pipeline.validate.judge import Judge, Judgement, Lines

LONGEST = {
    SpanKind.TERM: timedelta(days=200),
    SpanKind.HOLIDAY: timedelta(days=100),
    SpanKind.SCHOOLDAY: timedelta(days=31),
}
RULES = (RowCheck("span-backwards", "last", lambda pl: pl.col("last") >= pl.col("first")),)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What one line of the workbook asks for: the spans it enters, and the 编号 of the line it replaces or ends."""

    line: RowCase
    spans: tuple[CalendarSpan, ...]
    ref: str = ""
    withdraw: bool = False


def _judge(case: SubmissionCase, lines: Lines, by: Judgement) -> None:
    case.refuse_if_blank()
    stand = {span.ref: span for span in _standing(case, by.context)}
    entries = [one for line in lines["spans"] if (one := _entry(case, line, stand))]
    _once(entries)
    # a returned line changes nothing, so the line it would have replaced stays: repeat until no more lines go back
    while True:
        good = [one for one in entries if not one.line.bad]
        _against_each_other(good)
        _against_what_stands(good, stand)
        if all(not one.line.bad for one in good):
            break
    for one in entries:
        _end(one)
    judged = {id(one.line) for one in entries}
    for line in lines["spans"]:
        if id(line) not in judged:
            _refuse(line)
        case.issues.extend(line.new_issues)


def _standing(case: SubmissionCase, context: Context) -> Sequence[CalendarSpan]:
    return context.calendar.of(case.unit) if isinstance(context.calendar, Calendar) else ()


def _entry(case: SubmissionCase, line: RowCase, stand: dict[str, CalendarSpan]) -> _Entry | None:
    """What a line asks for; None if it goes back already."""
    values = line.values
    first, last = values["first"], values["last"] or values["first"]
    kind, ref = values["kind"], str(values["ref"] or "")
    if ref and ref not in stand:
        line.add_issue("span-ref-unknown", "ref")
    if isinstance(first, date) and isinstance(last, date) and kind and (last - first) > LONGEST[SpanKind(str(kind))]:
        line.add_issue("span-long", "last", days=str((last - first).days + 1))
    if line.bad or not isinstance(first, date) or not isinstance(last, date) or last < first:
        return None
    spans = tuple(_spans(case, line, first, last))
    withdraw = values["withdraw"] is True
    if not ref:
        # a span written again without its number is the same span
        ref = next((s.ref for s in stand.values() if any(_same(s, one) for one in spans[:1])), "")
    if withdraw and not ref:
        line.add_issue("span-withdraw-unknown", "withdraw")
        return None
    if ref:  # the line keeps its number, whatever its new content
        spans = (replace(spans[0], ref=ref), *spans[1:])
    return _Entry(line, () if withdraw else spans, ref, withdraw)


def _spans(case: SubmissionCase, line: RowCase, first: date, last: date) -> Iterable[CalendarSpan]:
    """A span for each 学段 in the line; the first keeps the line's number, if it has one."""
    values = line.values
    note, kind = str(values["note"] or ""), SpanKind(str(values["kind"]))
    for n, stage in enumerate(str(values["stage"] or "").split() or [""]):
        suffix = f".{n + 1}" if n else ""
        ref = f"K{case.arrival.seq}-{line.row.number}{suffix}"
        yield CalendarSpan(case.unit, first, last, kind, stage, note, ref)


def _same(one: CalendarSpan, other: CalendarSpan) -> bool:
    return (one.kind, one.stage, one.first, one.last) == (other.kind, other.stage, other.first, other.last)


def _once(entries: Sequence[_Entry]) -> None:
    """No two lines may refer to one existing line."""
    seen: dict[str, _Entry] = {}
    for one in entries:
        if one.ref and seen.setdefault(one.ref, one) is not one:
            one.line.add_issue("span-repeated", "first", first=str(seen[one.ref].line.row.number))


def _against_each_other(entries: Sequence[_Entry]) -> None:
    for n, one in enumerate(entries):
        for other in entries[:n]:
            clash = next((b for a in one.spans for b in other.spans if clashes(a, b)), None)
            if clash is None or one.line.bad or other.line.bad:
                continue
            number = str(other.line.row.number)
            if any(_same(a, clash) for a in one.spans):
                one.line.add_issue("span-repeated", "first", first=number)
            else:
                one.line.add_issue("span-overlaps", "first", first=number, other=in_words(clash))


def _against_what_stands(entries: Sequence[_Entry], stand: dict[str, CalendarSpan]) -> None:
    named = {one.ref for one in entries if one.ref}
    left = [span for ref, span in stand.items() if ref not in named]
    for one in entries:
        clash = next((span for new in one.spans for span in left if clashes(new, span)), None)
        if clash is not None and not one.line.bad:
            one.line.add_issue("span-contradicts", "first", other=in_words(clash), ref=clash.ref)


def clashes(one: CalendarSpan, other: CalendarSpan) -> bool:
    """Two spans of one place that cannot both apply: a day of one 学段 would have two meanings.

    Terms do not conflict with the single days off and on within them; nor a 学段's own entry with one for all.
    """
    same = (one.kind == SpanKind.TERM) == (other.kind == SpanKind.TERM) and one.stage == other.stage
    return same and one.first <= other.last and other.first <= one.last


def in_words(span: CalendarSpan) -> str:
    """A span in the words of its sender: 放假 2026-11-12 至 2026-11-13（小学 秋假）."""
    till = "" if span.first == span.last else f" 至 {span.last}"
    about = " ".join(part for part in (span.stage, span.note) if part)
    return f"{words.SPAN.labels[span.kind]} {span.first}{till}" + (f"（{about}）" if about else "")


def change_in_words(was: CalendarSpan | None, now: CalendarSpan | None) -> str:
    """The change of a span: 新增 …, … 改为 …, 撤销 …."""
    if was is None or now is None:
        return f"撤销 {in_words(was)}" if was else f"新增 {in_words(now)}" if now else ""
    return f"{in_words(was)} 改为 {in_words(now)}"


_KEY = tuple(column.name for column in SPANS.columns if column.key)


def _identity(line: RowCase) -> str:
    return identity_of(*(line.values[name] or None for name in _KEY))[:60]


def _refuse(line: RowCase) -> None:
    """Return a line. If its key was not understood, it would name another line: then it is known by the other cells."""
    values, raw = line.values, line.row.raw
    known = values["kind"] and values["first"] and not raw.keys() & set(_KEY)
    line.refuse(_identity(line) if known else "")


def _end(one: _Entry) -> None:
    if one.line.bad:
        _refuse(one.line)
    else:
        values = {**one.line.values, "spans": one.spans, "ref": one.ref, "withdraw": one.withdraw}
        one.line.accept(_identity(one.line), values)


JUDGE = Judge(CALENDAR, {"spans": RULES}, _judge, whose=channel.settle_place)
