"""What was sent in: the list of imports, and the file of each, for whom it may be opened."""

from __future__ import annotations

from datetime import date
from pathlib import PurePosixPath

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from pipeline.accounts import visits
from pipeline.console import open_site
from pipeline.console.access import reader
from pipeline.facts import submitted
from pipeline.facts.submitted import SubmittedWhich
from pipeline.figures.batch_summary import OUTCOMES
from pipeline.model import State


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """The files of the reader's units, newest first, by page."""
    asked = {name: request.GET.get(name, "").strip()[:20] for name in ("day", "unit", "state", "below")}
    which = SubmittedWhich(
        _day(asked["day"]),
        asked["unit"],
        asked["state"] if asked["state"] in set(State) else "",
        int(asked["below"]) if asked["below"].isdecimal() else None,
    )
    found = submitted.listed(reader(request).scope, which)
    more = found[submitted.PAGE - 1].seq if len(found) > submitted.PAGE else 0
    states = [(state.value, label) for state, label in OUTCOMES.items()]
    values = {"files": found[: submitted.PAGE], "more": more, "asked": asked, "states": states}
    return render(request, "history.html", values)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@require_GET
def original(request: HttpRequest, seq: int) -> HttpResponseBase:
    """One file as it is kept."""
    asking = reader(request)
    row = submitted.one(asking.scope, seq)
    if row is None or not submitted.opens(row, asking.scope):
        raise Http404
    path = open_site.site().root / row.path
    if not path.is_file() or path.is_symlink():
        raise Http404
    visits.note(asking.account.username, "file", f"file {seq}", open_site.now())
    kept = PurePosixPath(row.path).suffix
    name = f"{seq:06d} {PurePosixPath(row.name).stem}{kept}"
    return FileResponse(path.open("rb"), content_type="application/octet-stream", as_attachment=True, filename=name)
