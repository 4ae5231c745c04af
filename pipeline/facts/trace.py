"""Where something comes from: a submission, a ticket, a pupil's code, an alert, a report, an edition's figures.

For whoever operates the site. Codes and cells are named; a pupil's name is in the workbook, not here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from pipeline.alerts import alert_labels
from pipeline.database.decision_log import about
from pipeline.database.models import (
    Absence,
    AbsencePast,
    Alert,
    AlertCase,
    AlertEvent,
    AlertHit,
    Card,
    CardDay,
    Decision,
    Edition,
    Letter,
    Pupil,
    Reject,
    Report,
    Submission,
    Unit,
)
from pipeline.facts import spells
from pipeline.figures import notices
from pipeline.issues.refusals import refusal
from pipeline.model import Origin
from pipeline.schooldays import local_time

Trail = Iterator[str]


def trace(code: str) -> list[str]:
    """Return what is known of a code, as lines. Raises UsageError for an unknown code."""
    for pattern, follow in _KINDS:
        found = re.fullmatch(pattern, code)
        lines = list(follow(*found.groups())) if found else []
        if lines:
            return lines
    raise refusal("trace-unknown", code=code)


def _submission(number: str) -> Trail:
    row = Submission.objects.filter(received_seq=int(number)).first()
    if row is None:
        yield from _decision(number)
        return
    yield f"submission {row.received_seq}: {row.name}, {row.size} bytes, {row.sha256}"
    received = f"{local_time(row.received_at)}"
    yield f"  came {received} by {row.channel}, folder {row.folder or '-'}; lies in {row.path}"
    about = " ".join(str(part) for part in (row.form, row.unit, row.campus, row.day, row.mode) if part)
    yield f"  says {about or 'nothing we could read'}; {row.versions}"
    yield f"  {row.state} as {row.settled_seq}: {row.accepted} taken, {row.refused} back, {row.withdrawn} withdrawn"
    for letter in Letter.objects.filter(ref__in=(number, *_refs(number))).order_by("id"):
        yield f"  {letter.kind} to {letter.reader or 'nobody known'}: {letter.path or letter.state}"
    for reject in Reject.objects.filter(submission=int(number)).order_by("table", "row"):
        yield f"  ticket {reject.ticket}: row {reject.row} of {reject.table}, {reject.state}"


def _refs(number: str) -> Sequence[str]:
    return list(Letter.objects.filter(ref__startswith=f"{number}.").values_list("ref", flat=True))


def _decision(number: str) -> Trail:
    for row in Decision.objects.filter(seq=int(number)):
        yield f"decision {row.seq}: {row.who} {row.what} {about(row)}, {local_time(row.at)}"
        yield f"  why: {notices.reason(row.place, row.row, row.why)}"


def _ticket(code: str) -> Trail:
    for row in Reject.objects.filter(ticket=code):
        issues = " ".join(str(issue.get("code", "")) for issue in row.issues)
        yield f"ticket {row.ticket}: {row.state} {row.closed_by and f'by {row.closed_by}'}; {issues}"
        yield f"  {row.school} {row.campus} {row.day or ''}, {row.form} {row.table}, Excel row {row.row}"
        yield from _submission(str(row.submission_id))


def _pupil(code: str) -> Trail:
    pupils = list(Pupil.objects.filter(code__startswith=code).values_list("school", "code"))
    current = [row for one in pupils for row in spells.rows_of(Absence, *one)]
    past = [row for one in pupils for row in spells.rows_of(AbsencePast, *one)]
    for row in sorted(current, key=lambda row: (row.day, row.from_settled)):
        words = " ".join(part for part in (row.reason, row.row_state, row.symptoms, row.diagnosis) if part)
        yield f"{row.school} {row.day} {row.pupil}: {words}"
        yield f"  stands from {row.from_settled} on, {_origin(row.origin)}"
    for gone in sorted(past, key=lambda row: (row.day, row.from_settled)):
        yield f"{gone.school} {gone.day} {gone.pupil}: {gone.reason} {gone.row_state}, {gone.why}"
        yield f"  stood from {gone.from_settled} to {gone.to_settled}, {_origin(gone.origin)}"
    for school, pupil in sorted({(row.school, row.pupil) for row in current}):
        yield from _spells(school, pupil)
    schools, codes = {school for school, _ in pupils}, {pupil for _, pupil in pupils}
    for case in AlertCase.objects.filter(alert__school__in=schools, pupil__in=codes).order_by("alert_id"):
        yield f"  a case of alert {case.alert_id}, onset {case.onset}"


def _spells(school: str, pupil: str) -> Trail:
    for one in spells.of_pupil(school, pupil):
        until = f"back {one.end}" if one.returned else f"last said {one.end - timedelta(days=1)}"
        yield f"  spell from {one.start}, {until}: {one.days} school days"


def _origin(origin: str) -> str:
    place = Origin.read(origin)
    name = Submission.objects.filter(received_seq=place.seq).values_list("name", flat=True).first()
    return f"from submission {place.seq} ({name}), Excel row {place.row}" if name else f"from {origin}"


def _alert(code: str) -> Trail:
    for row in Alert.objects.filter(pk=code):
        named = f"{' '.join(alert_labels.codes(row))} {row.stage} {row.state}"
        yield f"alert {row.id}: {named}, {row.school_id} {row.campus}, {row.cases} cases"
        for hit in AlertHit.objects.filter(alert=row).order_by("from_settled", "id"):
            until = f"to {hit.to_settled}" if hit.to_settled else "still"
            met = f"{hit.rule} ({hit.rule_version}) {hit.group} {hit.scope or 'school'}: {hit.n}, asked {hit.threshold}"
            yield f"  {hit.day} {met}; from {hit.from_settled} {until}"
        for case in AlertCase.objects.filter(alert=row).order_by("onset", "pupil"):
            until = f"to {case.to_settled}" if case.to_settled else "still"
            known = f", {case.diagnosis}" if case.diagnosis else ""
            yield f"  case {case.pupil}, onset {case.onset}{known}; from {case.from_settled} {until}"
        for event in AlertEvent.objects.filter(alert=row).order_by("id"):
            details = " ".join(f"{name} {value}" for name, value in event.details.items() if value not in ("", None))
            by = "rule" if "as_of" in event.details else event.origin
            yield f"  {local_time(event.at)} {event.what} ({by}) {details}".rstrip()
        for card in Card.objects.filter(alert=row).order_by("submission"):
            by = f" for the school by {card.by}" if card.by else ""
            late = " late" * card.late + " reported late" * card.report_late
            yield f"  card from submission {card.submission}: {card.verdict} {card.reason} {card.state}{by}{late}"
        for day in CardDay.objects.filter(alert=row).order_by("day"):
            yield f"  followed {day.day}: {day.fresh} new, {day.present} present; {_origin(day.origin)}"


def _report(school: str, day: str) -> Trail:
    for row in Report.objects.filter(school=school, day=day).order_by("campus"):
        name = Unit.objects.filter(pk=school).values_list("name", flat=True).first()
        zero = row.zero and not row.other_absent
        yield f"{school} {name} {row.campus} {day}: {row.rows} rows, {row.covered} classes, zero {zero}"
        yield f"  first seen {local_time(row.first_seen)}, on time {row.on_time}"
        for seq in row.seqs:
            yield from _submission(str(seq))


def _edition(place: str, day: str, n: str) -> Trail:
    for row in Edition.objects.filter(place=place, day=f"{day[:4]}-{day[4:6]}-{day[6:]}", n=int(n)).order_by("kind"):
        yield f"{row.kind} of {row.place} {row.day} n {row.n}, made {local_time(row.made_at)}"
        yield f"  as of settling {row.as_of_settled}: every record with from ≤ {row.as_of_settled} < to"
        sums = row.figures.get("sums", {})
        yield from (f"  {name}: {value}" for name, value in sums.items() if isinstance(value, int | float | str))


_KINDS: Sequence[tuple[str, Callable[..., Trail]]] = (
    (r"([0-9]{1,9})", _submission),
    (r"(T[0-9]+-.+)", _ticket),
    (r"([0-9]{4}-[0-9]{3,})", _alert),
    (r"([0-9]{10})[ :/]([0-9]{4}-[0-9]{2}-[0-9]{2})", _report),
    (r"[DPW]-([0-9]{6,10})-([0-9]{8})-([0-9]+)", _edition),
    (r"(.+-[0-9A-Z]{2,10})", _pupil),
)
