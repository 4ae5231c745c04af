"""A roster or calendar that is a workbook already: what it would change is shown first, then it is sent."""

from __future__ import annotations

import base64
import binascii

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from pipeline import forms, issuing
from pipeline.accounts import visits
from pipeline.console import open_site, previews
from pipeline.console.access import reader
from pipeline.console.views import sending
from pipeline.console.views.told import told
from pipeline.forms.calendar import CALENDAR
from pipeline.forms.roster import ROSTER
from pipeline.outbox.folder import legal

_BACK = "/office/registry"
_MOST = 2**20  # bytes: it goes with the page and comes back with the click; a county's roster is 200 KB
_KINDS = frozenset({ROSTER.name, CALENDAR.name})


@require_GET
def template(request: HttpRequest, form: str) -> HttpResponse:
    """Roster or calendar of the county as it stands, as a workbook to be changed."""
    if form not in _KINDS:
        raise Http404
    asking, today = reader(request), open_site.today()
    content = issuing.template(open_site.site(), form, asking.code, today)
    visits.note(asking.account.username, "template", f"{form} {asking.code}", open_site.now())
    return sending.workbook(content, f"{forms.form(form).title} {asking.name} {today:%Y-%m-%d}.xlsx")


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """What the chosen workbook would change."""
    asking, given = reader(request), request.FILES.get("files")
    if given is None:
        return told(request, "没有收到文件", "没有选文件。请先选填好的名册或校历。", 400, _BACK)
    if (given.size or 0) > _MOST:
        text = f"《{given.name}》超过 1 MB，这里看不了。请从“交表”交，回执写明改了什么。"
        return told(request, "文件太大", text, 413, _BACK)
    content, name = given.read(), legal(given.name or "未命名.xlsx")
    found = previews.of(asking, content, name)
    if found.form and found.form not in _KINDS:
        text = f"这是{forms.form(found.form).title}，不是名册或校历。请从“交表”交。"
        return told(request, "不是名册或校历", text, 400, _BACK)
    visits.note(asking.account.username, f"preview {found.form}", asking.code, open_site.now())
    values = {"found": found, "name": name, "title": forms.form(found.form).title if found.form else "未能识别"}
    values["content"] = base64.b64encode(content).decode() if found.goes else ""
    return render(request, "previewed.html", values, status=200 if found.goes else 400)


@require_POST
def send(request: HttpRequest) -> HttpResponse:
    """The workbook that was looked at goes the way of all."""
    try:
        content = base64.b64decode(request.POST.get("content", ""), validate=True)
    except (binascii.Error, ValueError):
        raise Http404 from None
    if not content:
        raise Http404
    return sending.put(request, [(request.POST.get("name", "")[:200] or "未命名.xlsx", content)], "upload")
