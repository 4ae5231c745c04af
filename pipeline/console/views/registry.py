"""Roster and calendar typed over on a page: first what would change, as before a workbook is taken; then it is sent."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from pipeline.accounts import visits
from pipeline.console import open_site, previews, registry_forms
from pipeline.console.access import Visitor, reader
from pipeline.console.registry_forms import RegistryForm
from pipeline.console.views import sending
from pipeline.forms.roster import ROSTER
from pipeline.registry import prefill


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """The schools whose roster and calendar this county keeps."""
    asking = reader(request)
    schools = prefill.schools(asking.code, open_site.today())
    return render(request, "registry.html", {"schools": schools, "code": asking.code})


@require_http_methods(["GET", "POST"])
def roster(request: HttpRequest, place: str) -> HttpResponse:
    """A school's roster, or the contacts of the county's own organs."""
    asking = _at_home(request, place)
    day = _day(request.POST.get("day", ""))
    edited = registry_forms.roster(place, day, request.POST.dict())
    return _page(request, asking, edited, day)


@require_http_methods(["GET", "POST"])
def calendar(request: HttpRequest, place: str) -> HttpResponse:
    """The calendar of the county, or of one of its schools."""
    asking = _at_home(request, place)
    edited = registry_forms.calendar(place, request.POST.dict())
    return _page(request, asking, edited, open_site.today())


def _at_home(request: HttpRequest, place: str) -> Visitor:
    """Who asks, if the place is his own or a school of his; else there is no such page."""
    asking = reader(request)
    if place != asking.code and place not in {one.code for one in prefill.schools(asking.code, open_site.today())}:
        raise Http404
    return asking


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return open_site.today()


def _page(request: HttpRequest, asking: Visitor, edited: RegistryForm, day: date) -> HttpResponse:
    what = edited.form.name
    values: dict[str, object] = {"edited": edited, "day": day, "dated": what == ROSTER.name, "address": request.path}
    if request.method == "GET":
        return render(request, "registry_form.html", values)
    if request.POST.get("version") != edited.version:
        return render(request, "registry_form.html", {**values, "moved_on": True}, status=409)
    if not edited.is_changed:
        return render(request, "registry_form.html", {**values, "nothing": True}, status=400)
    content = registry_forms.workbook(open_site.site(), edited, asking.code, day, asking.who)
    name = f"{edited.form.title}（网页）{edited.name}.xlsx"
    if request.POST.get("do") == "send":
        return sending.put(request, [(name, content)], what)
    preview = previews.of(asking, content)
    visits.note(asking.account.username, f"preview {what}", edited.place, open_site.now())
    return render(request, "registry_form.html", {**values, "preview": preview}, status=200 if preview.fine else 400)
