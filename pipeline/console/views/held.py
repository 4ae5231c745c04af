"""A held file: its question, and the report as it stands beside the report as it would be with it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from pipeline import run
from pipeline.accounts import visits
from pipeline.console import grid, open_site
from pipeline.console.access import reader
from pipeline.facts.report_rows import CLASS_HEADS, PUPIL_HEADS
from pipeline.figures.side_by_side import pair
from pipeline.model import DeskSheet


@require_GET
def held(request: HttpRequest, seq: int) -> HttpResponse:
    """Both versions side by side, and the county's word on the file."""
    asking, site = reader(request), open_site.site()
    lines = grid.lines(site, asking.code, DeskSheet.HELD, [str(seq)], open_site.today())
    if not lines:
        raise Http404
    found = run.rehearse_release(site, seq, open_site.now())
    visits.note(asking.account.username, "held", f"file {seq}", open_site.now())
    tables = []
    if found is not None:
        tables = [
            ("缺课学生", "代号", pair(PUPIL_HEADS, found.before.pupils, found.after.pupils)),
            ("班级人数", "班级", pair(CLASS_HEADS, found.before.classes, found.after.classes)),
        ]
    values = {"line": lines[0], "seq": seq, "tables": tables, "found": found, "opinions": grid.opinions(DeskSheet.HELD)}
    return render(request, "held.html", values)
