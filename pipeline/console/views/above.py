"""What city and province see of what lies below them: a place by its tile, who reports in time, closures."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from pipeline.console import below, open_site, today
from pipeline.console.access import reader
from pipeline.facts import conduct
from pipeline.figures.ranking import ranked
from pipeline.model import Level
from pipeline.schooldays import deadline

_WEEK = timedelta(days=6)
_MOST = timedelta(days=91)


@require_GET
def place(request: HttpRequest, place: str) -> HttpResponse:
    """The day of a place below: a city's as its digest has it, a county's part of the day of what lies above it."""
    asking, on = reader(request), day_of(request)
    node = asking.tree.places.get(place)
    if node is None or place == asking.code or place not in asking.scope.divisions:
        raise Http404
    values: dict[str, object] = {"day": on, "is_today": on == open_site.today(), "here": request.get_full_path()}
    values["until"] = deadline(on, open_site.site().policy.deadline)
    if node.level is Level.CITY:
        found = today.of(place, node.level, on)
        values |= {"made": found and found.digest, "charts": found and found.charts, "at": found and found.at}
        return render(request, page_of(request, "office_part.html", "place_city.html"), values)
    above = today.of(node.parent, Level.CITY, on)
    values["seen"] = above and below.county(above, place)
    if values["seen"] is None:
        raise Http404
    return render(request, page_of(request, "place_part.html", "place_county.html"), values)


def page_of(request: HttpRequest, part: str, whole: str) -> str:
    """The template of what is asked for: the part that is looked at again, or the page."""
    return part if request.headers.get("X-Part") else whole


def day_of(request: HttpRequest) -> date:
    """The day that is asked for, today unless it is said."""
    return _date(request.GET.get("day", "")) or open_site.today()


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@require_GET
def ranking(request: HttpRequest) -> HttpResponse:
    """Who reports in time, and of whose files something goes back, over some days; the last week unless said."""
    asking = reader(request)
    last = min(_date(request.GET.get("to", "")) or open_site.today(), open_site.today())
    first = min(max(_date(request.GET.get("from", "")) or last - _WEEK, last - _MOST), last)
    found = conduct.below(asking.scope, asking.tree, first, last)
    values = {"rows": ranked(found.places), "days": found.days, "first": first, "last": last}
    return render(request, "ranking.html", values)


@require_GET
def closed(request: HttpRequest) -> HttpResponse:
    """The closures in force today."""
    asking = reader(request)
    found = today.of(asking.code, asking.level, open_site.today())
    values = {"made": found and found.digest}
    return render(request, page_of(request, "closed_part.html", "closed.html"), values)
