"""One field that finds a school, a file, a ticket, an alert, a pupil's code, an edition: within one's own scope."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from pipeline.accounts import visits
from pipeline.console import open_site
from pipeline.console.access import reader
from pipeline.facts import search

_PUPILS = frozenset({"pupil", "alert", "ticket"})


@require_GET
def found(request: HttpRequest) -> HttpResponse:
    """What was found, and where it leads."""
    asking, asked = reader(request), request.GET.get("q", "").strip()[: search.LONGEST]
    things = search.search(asked, asking.scope)
    for one in things:
        if one.kind in _PUPILS:
            visits.note(asking.account.username, "search", f"{one.kind} {one.code}", open_site.now())
    return render(request, "search.html", {"asked": asked, "things": things})
