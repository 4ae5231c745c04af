"""A school's pages: its day at a glance, and its files. Plain pages that need no script: school computers are old."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from pipeline import forms
from pipeline.console import open_site
from pipeline.console.access import Visitor, reader
from pipeline.database.models import Reject, Report, Submission
from pipeline.facts import alert_list, county_day, school_month
from pipeline.facts.county_day import CountedSchool
from pipeline.figures import receipts
from pipeline.figures.duty import LABELS, SILENT
from pipeline.forms.whole import FILE
from pipeline.model import HOME_CAMPUS, State, TicketState
from pipeline.registry import lookup
from pipeline.schooldays import ZONE, deadline
from pipeline.settling import held_files
from pipeline.turns import context

_HISTORY, _NEWEST = 60, 6


@dataclass(frozen=True, slots=True)
class CampusDay:
    """The day of one campus: whether its report is here, when it came, and what it lacks."""

    name: str
    report: Report | None
    due: bool
    missing: tuple[str, ...]


@require_GET
def day(request: HttpRequest) -> HttpResponse:
    """What is known of the school's day, and what it can do."""
    asking = reader(request)
    today, now, policy = open_site.today(), open_site.now(), open_site.site().policy
    counted = _counted(asking, today)
    standing = counted.day.standing if counted else None
    values = {
        "day": today,
        "standing": LABELS[standing] if standing else "",
        "silent": standing in SILENT,
        "campuses": list(_campus_days(asking.code, today, counted)),
        "until": deadline(today, policy.deadline),
        "alerts": alert_list.listed(now, policy.deadline, unit=asking.code),
        "files": _files(asking.code, _NEWEST),
        "back": _open_files(asking.code),
    }
    return render(request, "school_day.html", values)


def _counted(asking: Visitor, today: date) -> CountedSchool | None:
    tree = lookup.tree([asking.code], day=today)
    return county_day.few(today, [asking.code], tree, context.calendar()).get(asking.code)


def _campus_days(school: str, today: date, counted: CountedSchool | None) -> Iterator[CampusDay]:
    reports = {row.campus: row for row in Report.objects.filter(day=today, school=school)}
    names = lookup.campuses([school]).get(school, (HOME_CAMPUS,))
    for name in names:
        silent = counted.silent_classes if counted else ()
        missing = tuple(counted.name_of(at) for at in silent if at[0] == name) if counted else ()
        yield CampusDay(name, reports.get(name), bool(counted and name in counted.unheard), missing)


@dataclass(frozen=True, slots=True)
class FileLine:
    """One file of the school, in a line."""

    seq: int
    name: str
    form: str
    day: date | None
    received_at: datetime
    outcome: str
    good: bool  # nothing is to be done about it


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file of which something is still back. `rows`: so many rows, 0 if it went back whole."""

    seq: int
    rows: int


def _files(school: str, most: int) -> list[FileLine]:
    mine = Submission.objects.filter(unit=school) | Submission.objects.filter(bound_unit=school, unit="")
    rows = list(mine.order_by("-received_seq")[:most])
    back = Reject.objects.filter(submission__in=[row.received_seq for row in rows])
    waits: dict[int, bool] = {}
    for seq, state in back.values_list("submission", "state"):
        waits[seq] = waits.get(seq, False) or state == TicketState.OPEN
    return [_line(row, mended=not waits.get(row.received_seq, True)) for row in rows]


def _line(row: Submission, *, mended: bool) -> FileLine:
    return FileLine(
        row.received_seq,
        row.name,
        forms.form(row.form).short_title if row.form else "未能识别",
        row.day,
        row.received_at.astimezone(ZONE),
        receipts.outcome(State(row.state), row.accepted, row.refused) + "，已改好" * mended,
        mended or row.state in (State.ACCEPTED, State.DUPLICATE),
    )


def _open_files(school: str) -> list[OpenFile]:
    """The files of which something is still back, the newest first."""
    counts: dict[int, int] = {}
    for one in held_files.rejects(school=school):
        counts[one.submission] = counts.get(one.submission, 0) + (one.returned.table != FILE)
    return [OpenFile(seq, rows) for seq, rows in sorted(counts.items(), reverse=True)]


@require_GET
def files(request: HttpRequest) -> HttpResponse:
    """The school's own files, newest first."""
    return render(request, "school_files.html", {"files": _files(reader(request).code, _HISTORY)})


@require_GET
def month(request: HttpRequest) -> HttpResponse:
    """The school's own month: how it reported, how many were absent."""
    today = open_site.today()
    first = min(_month(request.GET.get("month", "")) or today, today).replace(day=1)
    after = (first + timedelta(days=31)).replace(day=1)
    last = min(after - timedelta(days=1), today)
    found = school_month.month(reader(request).code, first, last)
    values = {"month": found, "first": first, "before": first - timedelta(days=1), "after": after <= today and after}
    return render(request, "school_month.html", values)


def _month(text: str) -> date | None:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
