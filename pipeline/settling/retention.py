"""What is kept no longer is removed from the store, a day at a time: each day one transaction, one act, audited.

A run that is cut short leaves whole days, and goes on with the next one. Never removed: what is of a school with an
open alert, and what waits (held, received or failed submissions, letters not sent, mails not answered), with all that
the same school said of the same day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pipeline.database import acts, audit, kept, sql
from pipeline.database.models import Alert, AlertCase, AlertHit, AskedMailbox, CountyDay, Letter, Mail, Submission
from pipeline.database.transactions import atomic
from pipeline.model import ActKind, AskedState, CardRef, LetterKind, LetterState, State, SubmissionRef, UnitKind
from pipeline.schooldays import day_bounds, today

DETAIL, LETTERS, PAGES, PUPILS = "detail", "letters", LetterKind.PAGE.value, "pupils"
TABLES = ("absence", "absence_past", "case_past", "report", "report_class")  # by day and school
WAITS = (State.RECEIVED, State.HELD, State.FAILED)
SCHOOLS = 100  # whose pupils are looked through in one transaction
_MANY = 500
_CARDS = (LetterKind.CARD, LetterKind.CARDBOOK, LetterKind.WORKSHEET)
_ANSWERS = (LetterKind.RECEIPT, LetterKind.GIVEBACK)
_FORMS = ("absence", "")  # "": nothing could be read


@dataclass(frozen=True, slots=True)
class Removal:
    """Who removes, and when."""

    who: str
    at: datetime

    def note(self, kind: str, about: str, counts: Mapping[str, int], **said: object) -> None:
        """Note the act, and its row of the audit: kind, what of it, and how many rows of each table."""
        told = tuple(f"{table} {count}" for table, count in sorted(counts.items()) if count)
        audit.append([audit.AuditEntry(self.who, "retain", f"{kind} {about}", told)], self.at)
        acts.note(ActKind.RETAIN, self.at, kind=kind, who=self.who, **said)


# --------------------------------------------------------------------------- detail


def days(before: date) -> list[date]:
    """Return the days before that one of which something is kept in detail, oldest first; in a look-up a day each."""
    found = {day for table in ("submission", "report", "absence", "reject") for day in _days_of(table, before)}
    return sorted(found.union(_days_of("alert", before, "opened_day")))


def _days_of(table: str, before: date, column: str = "day") -> Iterator[date]:
    text = f'SELECT MIN({column}) FROM "{table}" WHERE {column} > %s AND {column} < %s'  # nosec B608  # our own words
    last = "0001-01-01"
    while (day := sql.fetch(text, [last, sql.day(before)])[0][0]) is not None:
        yield sql.date_of(day)
        last = str(sql.day(sql.date_of(day)))


def waiting(day: date) -> tuple[set[str], set[int]]:
    """Return the schools of which nothing of the day goes, and the numbers of submissions that wait: of the day, and of
    files until then that could not be read.
    """
    since, until = day_bounds(day)
    mine = Submission.objects.filter(day=day)
    mine |= Submission.objects.filter(day__isnull=True, form__in=_FORMS, received_at__lte=until)
    rows = mine.values_list("received_seq", "unit", "bound_unit", "mail", "state", "day", "received_at")
    there = {seq: (unit or bound, mail, of or came >= since) for seq, unit, bound, mail, _, of, came in rows}
    seqs = {seq for seq, *_, state, _, _ in rows if state in WAITS}
    seqs |= {seq for ref in _unsent() if (seq := _number(ref)) in there}
    unanswered = set(
        Mail.objects.filter(answerable=True, answered_at__isnull=True, braked=False).values_list("pk", flat=True)
    )
    seqs |= {seq for seq, (_, mail, _) in there.items() if mail in unanswered}
    asked = AskedMailbox.objects.filter(state=AskedState.WAITING).values_list("pk", flat=True)
    seqs |= {seq for seq in asked if seq in there}
    return {there[seq][0] for seq in seqs if there[seq][2]} | alerted(), seqs


def alerted() -> set[str]:
    """Return the schools with an open alert."""
    return set(Alert.objects.filter(closed_at__isnull=True).values_list("school", flat=True))


@dataclass(frozen=True, slots=True)
class Part:
    """What of a day goes: not of these schools, these submissions, and of these closed alerts whom they list."""

    day: date
    spared: tuple[str, ...]
    seqs: tuple[int, ...]
    alerts: tuple[str, ...]


def part(day: date) -> Part:
    """Return what of a day's detail goes."""
    spared, seqs = waiting(day)
    closed = Alert.objects.filter(opened_day=day, closed_at__isnull=False).order_by("pk").values_list("pk", flat=True)
    return Part(day, tuple(sorted(spared)), tuple(_submissions(day, spared, seqs)), tuple(closed))


def counts(one: Part) -> dict[str, int]:
    """Return how many rows of each table that is."""
    found = {table: _count_of(table, one) for table in TABLES}
    found["reject"] = sum(
        sql.fetch_in("SELECT COUNT(*) FROM reject WHERE submission IN ?", some)[0][0] for some in _parts(one.seqs)
    )
    listed = AlertCase.objects.filter(alert__in=one.alerts).count()
    met = AlertHit.objects.filter(alert__in=one.alerts).exclude(members=[]).count()
    return {**found, "submission": len(one.seqs), "alert_case": listed, "alert_hit": met}


def remove_detail(day: date, by: Removal) -> Mapping[str, int]:
    """Remove what is kept in detail of a day; return how many rows of each table. Its sums must be kept already."""
    with atomic():
        one = part(day)
        gone = {table: _delete_of(table, one) for table in TABLES}
        gone["reject"] = sum(_delete_in("reject", "submission", some) for some in _parts(one.seqs))
        gone["submission"] = sum(_delete_in("submission", "received_seq", some) for some in _parts(one.seqs))
        # the numbers of an alert stay, its pupils go
        gone["alert_case"] = sum(_delete_in("alert_case", "alert_id", some) for some in _parts(one.alerts))
        gone["alert_hit"] = AlertHit.objects.filter(alert__in=one.alerts).exclude(members=[]).update(members=[])
        if any(gone.values()):
            if one.seqs:
                kept.gone(max(one.seqs))
            by.note(DETAIL, day.isoformat(), gone, day=day.isoformat())
    return gone


def begin(day: date, by: Removal) -> None:
    """Say from which day on detail is kept, before the first goes."""
    if kept.since() < day:
        with atomic():
            kept.begin(day)
            by.note(DETAIL, f"before {day}", {}, since=day.isoformat())


def _submissions(day: date, spared: Collection[str], seqs: Collection[int]) -> list[int]:
    """The numbers of a day's reports that go, and of files that came on it and could not be read."""
    until = day_bounds(day)[1]
    text = (
        "SELECT received_seq, unit, bound_unit, state FROM submission WHERE form IN ? AND "
        "(day IN ? OR (day IS NULL AND received_at <= ?)) ORDER BY received_seq"
    )
    rows = sql.fetch_in(text, _FORMS, [sql.day(day)], [sql.moment(until)])
    return [
        seq
        for seq, unit, bound, state in rows
        if seq not in seqs and state not in WAITS and (unit or bound) not in spared
    ]


def _delete_of(table: str, one: Part) -> int:
    return sql.run(f'DELETE FROM "{table}" {_of_day(one)}', [(sql.day(one.day), *one.spared)])  # nosec B608  # our own words


def _count_of(table: str, one: Part) -> int:
    text = f'SELECT COUNT(*) FROM "{table}" {_of_day(one)}'  # nosec B608  # our own words
    return int(sql.fetch(text, [sql.day(one.day), *one.spared])[0][0])


def _of_day(one: Part) -> str:
    marks = ", ".join(["%s"] * len(one.spared))
    return "WHERE day = %s" + (f" AND school NOT IN ({marks})" if one.spared else "")


def _delete_in(table: str, column: str, values: Sequence[object]) -> int:
    marks = ", ".join(["%s"] * len(values))
    return sql.run(f'DELETE FROM "{table}" WHERE {column} IN ({marks})', [tuple(values)])  # nosec B608  # our own words


# --------------------------------------------------------------------------- names


def schools() -> list[str]:
    """Return the codes of all schools that have pupils, in order."""
    return [code for (code,) in sql.fetch("SELECT DISTINCT school FROM pupil ORDER BY school")]


def remove_pupils(codes: Sequence[str], by: Removal) -> int:
    """Remove names of which nothing is kept any more, of some schools; return how many."""
    spared = alerted()
    reported = [sql.day(day) for day in _days_of("report", date.max)]
    count = 0
    with atomic():
        for school in codes:
            if school not in spared:
                count += _unnamed(school, reported)
        if count:
            by.note(PUPILS, f"{codes[0]}–{codes[-1]}", {"pupil": count}, schools=list(codes))
    return count


def named_upto(day: date, by: Removal) -> None:
    """Say that all names were looked through for this day."""
    with atomic():
        kept.done(PUPILS, day)
        by.note(PUPILS, f"before {day}", {}, schools=[], day=day.isoformat())


def _unnamed(school: str, reported: Sequence[object]) -> int:
    known = {code for (code,) in sql.fetch("SELECT code FROM pupil WHERE school = %s", [school])}
    for table in ("absence", "absence_past", "case_past"):
        text = f'SELECT DISTINCT pupil FROM "{table}" WHERE school IN ? AND day IN ?'  # nosec B608  # our own word
        for some in _parts(list(reported)):
            known -= {code for (code,) in sql.fetch_in(text, [school], some)}
    return sum(
        sql.run(
            f"DELETE FROM pupil WHERE school = %s AND code IN ({', '.join(['%s'] * len(some))})",  # nosec B608  # marks only
            [(school, *some)],
        )
        for some in _parts(sorted(known))
    )


# --------------------------------------------------------------------------- letters and pages


def letter_days(before: date) -> list[date]:
    """Return the days before that one on which letters were queued that are still noted, oldest first."""
    found: list[date] = []
    rows = Letter.objects.filter(queued_at__lt=day_bounds(before)[0]).order_by("queued_at")
    while (first := rows.values_list("queued_at", flat=True).first()) is not None:
        found.append(today(first))
        rows = rows.filter(queued_at__gt=day_bounds(found[-1])[1])
    return found


def remove_letters(day: date, by: Removal) -> int:
    """Remove what is noted of the letters that were queued on a day, all but those that are not sent, and those of open
    alerts and of submissions that wait; return how many.
    """
    with atomic():
        gone = letters(day)
        count = sum(_delete_in("letter", "id", some) for some in _parts(gone))
        if count:
            by.note(LETTERS, day.isoformat(), {"letter": count}, day=day.isoformat())
    return count


def letters(day: date) -> list[int]:
    """Return the letters that were queued on a day, and go."""
    open_alerts = set(Alert.objects.filter(closed_at__isnull=True).values_list("pk", flat=True))
    queued = Letter.objects.filter(queued_at__range=day_bounds(day), state=LetterState.DONE)
    rows = list(queued.values_list("pk", "kind", "ref"))
    answers = {_number(ref) for _, kind, ref in rows if kind in _ANSWERS}
    text = "SELECT received_seq FROM submission WHERE received_seq IN ? AND state IN ?"
    waits = {seq for some in _parts(sorted(answers)) for (seq,) in sql.fetch_in(text, some, WAITS)}
    return [
        key
        for key, kind, ref in rows
        if not (kind in _CARDS and CardRef.read(ref).alert in open_alerts)
        and not (kind in _ANSWERS and _number(ref) in waits)
    ]


def page_days(before: date) -> list[date]:
    """Return the days before that one of which schools' pages may be kept, oldest first."""
    begin = kept.upto(PAGES)
    return sorted(set(CountyDay.objects.filter(day__gte=begin, day__lt=before).values_list("day", flat=True)))


def remove_pages(day: date, by: Removal) -> int:
    """Remove the figures of the schools' pages of a day; return how many."""
    spared = alerted()
    text = "DELETE FROM edition WHERE kind = %s AND day = %s AND place IN (SELECT code FROM unit WHERE kind = %s)"
    if spared:
        text += f" AND place NOT IN ({', '.join(['%s'] * len(spared))})"
    with atomic():
        count = sql.run(text, [(LetterKind.PAGE, sql.day(day), UnitKind.SCHOOL, *sorted(spared))])
        if count:
            kept.done(PAGES, day + timedelta(days=1))
            by.note(PAGES, day.isoformat(), {"edition": count}, day=day.isoformat())
    return count


def note_files(kind: str, of: str, files: int, by: Removal) -> None:
    """Note that files are being removed: before the first goes."""
    with atomic():
        by.note(kind, of, {"files": files}, of=of, files=files)


def _unsent() -> list[str]:
    return list(Letter.objects.filter(kind__in=_ANSWERS).exclude(state=LetterState.DONE).values_list("ref", flat=True))


def _number(ref: str) -> int:
    return SubmissionRef.read(ref).seq


def _parts(values: Sequence[object]) -> Iterator[Sequence[object]]:
    return (values[at : at + _MANY] for at in range(0, len(values), _MANY))
