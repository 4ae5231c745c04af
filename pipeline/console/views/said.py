"""What a school says without a workbook of its own: zero report, closure."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from pipeline.console import fields, open_site, typing_in
from pipeline.console.access import reader
from pipeline.console.views import sending
from pipeline.errors import UsageError
from pipeline.forms.closure import ROWS
from pipeline.registry import lookup
from pipeline.turns import context


@require_POST
def zero(request: HttpRequest) -> HttpResponse:
    """零报告 with one tap."""
    asking = reader(request)
    filled = typing_in.FilledBy(asking.code, request.POST.get("campus", ""), open_site.today(), asking.who)
    try:
        content = typing_in.zero(open_site.site(), filled)
    except UsageError:
        raise Http404 from None
    return sending.put(request, [("零报告（网页）.xlsx", content)], "zero")


@require_http_methods(["GET", "POST"])
def closure(request: HttpRequest) -> HttpResponse:
    """停课报告 as a form of one line."""
    asking, today = reader(request), open_site.today()
    if request.method == "GET":
        known = context.schools([asking.code], [today]).get(asking.code)
        values = {
            "cells": [fields.filled(one) for one in ROWS.columns],
            "rooms": [room.name for room in known.classes.values()] if known else [],
            "campuses": lookup.campuses([asking.code]).get(asking.code, ()),
        }
        return render(request, "closure.html", values)
    row = {one.name: fields.typed(one, request.POST.get(one.name, "")) for one in ROWS.columns}
    filled = typing_in.FilledBy(asking.code, request.POST.get("campus", ""), today, asking.who)
    try:
        content = typing_in.closure(open_site.site(), filled, row)
    except UsageError:
        raise Http404 from None
    return sending.put(request, [("停课报告（网页）.xlsx", content)], "closure")
