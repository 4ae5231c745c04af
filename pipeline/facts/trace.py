"""Where something comes from: a submission, a ticket, a pupil's code, an alert, a report, an edition's figures.

For whoever operates the site. Codes and cells are named; a pupil's name is in the workbook, not here. A file's name is
its sender's own word, and left out where `files` is not asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from gettext import gettext as say

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
    Pupil,
    Reject,
    Report,
    Submission,
    Unit,
)
from pipeline.facts import spells
from pipeline.issues.refusals import refusal
from pipeline.letters import queue
from pipeline.model import Origin
from pipeline.schooldays import local_time

Trail = Iterator[str]
_UNNAMED = "…"  # in place of a file's name


def trace(code: str, *, files: bool = True) -> list[str]:
    """Return what is known of a code, as lines. Raises UsageError for an unknown code."""
    for pattern, follow in _KINDS:
        found = re.fullmatch(pattern, code)
        lines = list(follow(*found.groups(), files=files)) if found else []
        if lines:
            return lines
    raise refusal("trace-unknown", code=code)


def _submission(number: str, *, files: bool) -> Trail:
    row = Submission.objects.filter(received_seq=int(number)).first()
    if row is None:
        yield from _decision(number)
        return
    yield say("submission {number}: {name}, {size} bytes, {sha256}").format(
        number=row.received_seq, name=row.name if files else _UNNAMED, size=row.size, sha256=row.sha256
    )
    yield say("  came {at} by {channel}, folder {folder}; lies in {path}").format(
        at=local_time(row.received_at), channel=row.channel, folder=row.folder or "-", path=row.path
    )
    about = " ".join(str(part) for part in (row.form, row.unit, row.campus, row.day, row.mode) if part)
    yield say("  says {what}; {versions}").format(what=about or say("nothing we could read"), versions=row.versions)
    yield say("  {state} as {settled}: {taken} taken, {back} back, {withdrawn} withdrawn").format(
        state=row.state, settled=row.settled_seq, taken=row.accepted, back=row.refused, withdrawn=row.withdrawn
    )
    for letter in queue.of_submission(int(number)):
        yield say("  {kind} to {reader}: {where}").format(
            kind=letter.kind, reader=letter.reader or say("nobody known"), where=letter.path or letter.state
        )
    for reject in Reject.objects.filter(submission=int(number)).order_by("table", "row"):
        yield say("  ticket {ticket}: row {row} of {table}, {state}").format(
            ticket=reject.ticket, row=reject.row, table=reject.table, state=reject.state
        )


def _decision(number: str) -> Trail:
    for row in Decision.objects.filter(seq=int(number)):
        yield say("decision {number}: {who} {what} {about}, {at}").format(
            number=row.seq, who=row.who, what=row.what, about=about(row), at=local_time(row.at)
        )
        yield say("  why: {why}").format(why=_reason(row))


def _reason(row: Decision) -> str:
    where = say("desk {number} row {row}: ").format(number=row.place, row=row.row) if row.place else ""
    return where + row.why


def _until(end: int | None) -> str:
    return say("to {end}").format(end=end) if end else say("still")


def _ticket(code: str, *, files: bool) -> Trail:
    for row in Reject.objects.filter(ticket=code):
        issues = " ".join(str(issue.get("code", "")) for issue in row.issues)
        yield say("ticket {ticket}: {state} {by}; {issues}").format(
            ticket=row.ticket, state=row.state, by=row.closed_by, issues=issues
        )
        yield say("  {school} {campus} {day}, {form} {table}, Excel row {row}").format(
            school=row.school, campus=row.campus, day=row.day or "", form=row.form, table=row.table, row=row.row
        )
        yield from _submission(str(row.submission_id), files=files)


def _pupil(code: str, *, files: bool) -> Trail:
    pupils = list(Pupil.objects.filter(code__startswith=code).values_list("school", "code"))
    current = [row for one in pupils for row in spells.rows_of(Absence, *one)]
    past = [row for one in pupils for row in spells.rows_of(AbsencePast, *one)]
    for row in sorted(current, key=lambda row: (row.day, row.from_settled)):
        words = " ".join(part for part in (row.reason, row.row_state, row.symptoms, row.diagnosis) if part)
        yield f"{row.school} {row.day} {row.pupil}: {words}"
        yield say("  stands from {begin} on, {origin}").format(
            begin=row.from_settled, origin=_origin(row.origin, files=files)
        )
    for gone in sorted(past, key=lambda row: (row.day, row.from_settled)):
        yield f"{gone.school} {gone.day} {gone.pupil}: {gone.reason} {gone.row_state}, {gone.why}"
        yield say("  stood from {begin} to {end}, {origin}").format(
            begin=gone.from_settled, end=gone.to_settled, origin=_origin(gone.origin, files=files)
        )
    for school, pupil in sorted({(row.school, row.pupil) for row in current}):
        yield from _spells(school, pupil)
    schools, codes = {school for school, _ in pupils}, {pupil for _, pupil in pupils}
    for case in AlertCase.objects.filter(alert__school__in=schools, pupil__in=codes).order_by("alert_id"):
        yield say("  a case of alert {alert}, onset {onset}").format(alert=case.alert_id, onset=case.onset)


def _spells(school: str, pupil: str) -> Trail:
    for one in spells.of_pupil(school, pupil):
        until = (
            say("back {day}").format(day=one.end)
            if one.returned
            else say("last said {day}").format(day=one.end - timedelta(days=1))
        )
        yield say("  spell from {begin}, {until}: {days} school days").format(
            begin=one.start, until=until, days=one.days
        )


def _origin(origin: str, *, files: bool) -> str:
    place = Origin.read(origin)
    name = Submission.objects.filter(received_seq=place.seq).values_list("name", flat=True).first()
    return (
        say("from submission {number} ({name}), Excel row {row}").format(
            number=place.seq, name=name if files else _UNNAMED, row=place.row
        )
        if name
        else say("from {origin}").format(origin=origin)
    )


def _alert(code: str, *, files: bool) -> Trail:
    for row in Alert.objects.filter(pk=code):
        named = f"{' '.join(alert_labels.codes(row))} {row.stage} {row.state}"
        yield say("alert {alert}: {named}, {school} {campus}, {cases} cases").format(
            alert=row.id, named=named, school=row.school_id, campus=row.campus, cases=row.cases
        )
        for hit in AlertHit.objects.filter(alert=row).order_by("from_settled", "id"):
            until = _until(hit.to_settled)
            met = say("{rule} ({version}) {group} {place}: {n}, asked {threshold}").format(
                rule=hit.rule,
                version=hit.rule_version,
                group=hit.group,
                place=hit.scope or say("school"),
                n=hit.n,
                threshold=hit.threshold,
            )
            yield say("  {day} {met}; from {begin} {until}").format(
                day=hit.day, met=met, begin=hit.from_settled, until=until
            )
        for case in AlertCase.objects.filter(alert=row).order_by("onset", "pupil"):
            until = _until(case.to_settled)
            known = f", {case.diagnosis}" if case.diagnosis else ""
            yield say("  case {pupil}, onset {onset}{known}; from {begin} {until}").format(
                pupil=case.pupil, onset=case.onset, known=known, begin=case.from_settled, until=until
            )
        for event in AlertEvent.objects.filter(alert=row).order_by("id"):
            details = " ".join(f"{name} {value}" for name, value in event.details.items() if value not in ("", None))
            by = say("rule") if "as_of" in event.details else event.origin
            yield f"  {local_time(event.at)} {event.what} ({by}) {details}".rstrip()
        for card in Card.objects.filter(alert=row).order_by("submission"):
            by = say(" for the school by {who}").format(who=card.by) if card.by else ""
            late = say(" late") * card.late + say(" reported late") * card.report_late
            yield say("  card from submission {number}: {answer}{by}{late}").format(
                number=card.submission, answer=f"{card.verdict} {card.reason} {card.state}", by=by, late=late
            )
        for day in CardDay.objects.filter(alert=row).order_by("day"):
            yield say("  followed {day}: {fresh} new, {present} present; {origin}").format(
                day=day.day, fresh=day.fresh, present=day.present, origin=_origin(day.origin, files=files)
            )


def _report(school: str, day: str, *, files: bool) -> Trail:
    for row in Report.objects.filter(school=school, day=day).order_by("campus"):
        name = Unit.objects.filter(pk=school).values_list("name", flat=True).first()
        zero = say(", nobody absent") * (row.zero and not row.other_absent)
        yield say("{school} {name} {campus} {day}: {rows} rows, {classes} classes{zero}").format(
            school=school, name=name, campus=row.campus, day=day, rows=row.rows, classes=row.covered, zero=zero
        )
        yield say("  first seen {at}, {when}").format(
            at=local_time(row.first_seen), when=say("on time") if row.on_time else say("too late")
        )
        for seq in row.seqs:
            yield from _submission(str(seq), files=files)


def _edition(place: str, day: str, n: str, *, files: bool) -> Trail:
    del files  # it has none
    for row in Edition.objects.filter(place=place, day=f"{day[:4]}-{day[4:6]}-{day[6:]}", n=int(n)).order_by("kind"):
        yield say("{kind} of {place} {day}, edition {n}, made {at}").format(
            kind=row.kind, place=row.place, day=row.day, n=row.n, at=local_time(row.made_at)
        )
        yield say("  as of settling {n}: every record with from ≤ {n} < to").format(n=row.as_of_settled)
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
