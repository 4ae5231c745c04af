"""An office's pages: the day in figures, who is silent, and what it sends in itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from pipeline.accounts import visits
from pipeline.console import open_site, today
from pipeline.console.access import reader
from pipeline.console.today import Day
from pipeline.console.views import boards, sending
from pipeline.figures.lines import SilentRow
from pipeline.issuing import desk as desks
from pipeline.model import Level
from pipeline.schooldays import deadline
from pipeline.settling import calls
from pipeline.settling.calls import Call


@require_GET
def day(request: HttpRequest) -> HttpResponse:
    """The day at a glance."""
    asking = reader(request)
    on = _day(request)
    found = today.of(asking.code, asking.level, on)
    counts = boards.counts(asking.code) if asking.level is Level.COUNTY and on == open_site.today() else ()
    values = {
        "silent": _rung(found, on) if asking.level is Level.COUNTY else (),
        "day": on,
        "is_today": on == open_site.today(),
        "made": found and found.digest,
        "charts": found and found.charts,
        "at": found and found.at,
        "boards": counts,
        "until": deadline(on, open_site.site().policy.deadline),
        "county": asking.level is Level.COUNTY,
    }
    return render(request, "office_part.html" if request.headers.get("X-Part") else "office_day.html", values)


@dataclass(frozen=True, slots=True)
class Rung:
    """A silent school, and the latest call to it about the day."""

    row: SilentRow
    call: Call | None


def _rung(found: Day | None, on: date) -> list[Rung]:
    rows = found.digest.silence.rows if found else ()
    known = calls.of([one.code for one in rows], on) if rows else {}
    return [Rung(one, known.get(one.code)) for one in rows]


def _day(request: HttpRequest) -> date:
    try:
        return date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return open_site.today()


@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """The 县级处理单 as it is now, as a workbook."""
    asking = reader(request)
    content = desks.workbook(open_site.site(), asking.code, open_site.now())
    visits.note(asking.account.username, "desk", asking.code, open_site.now())
    return sending.workbook(content, f"县级处理单 {asking.name} {open_site.now():%Y-%m-%d %H%M}.xlsx")


@require_GET
def alerts(request: HttpRequest) -> HttpResponse:
    """The warnings of the division, the most pressing first."""
    asking = reader(request)
    found = today.of(asking.code, asking.level, open_site.today())
    values = {"made": found and found.digest, "classes": asking.scope.classes}
    return render(request, "alerts_part.html" if request.headers.get("X-Part") else "alerts.html", values)


@require_http_methods(["GET", "POST"])
def heap(request: HttpRequest) -> HttpResponse:
    """Many workbooks at once, of schools below or of the office itself."""
    if request.method == "POST":
        return sending.put_files(request, "heap")
    return render(request, "heap.html")
