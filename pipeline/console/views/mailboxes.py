"""Whose mailbox is whose: listed, bound and unbound, as by `queke mailboxes`."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from pipeline.console import open_site
from pipeline.console.access import reader
from pipeline.console.views.told import told
from pipeline.mail_settings import ADDRESS
from pipeline.model import MailboxOrigin, MailboxRole
from pipeline.registry import lookup, mailboxes

_PAGE = "/admin/mailboxes"
_MOST = 200
ROLES = {MailboxRole.SPEAKER: "代本单位报送", MailboxRole.LEADER: "分管领导", MailboxRole.READER: "只收文件"}
_ORIGINS = {
    MailboxOrigin.ROSTER: "名册",
    MailboxOrigin.FILING: "备案",
    MailboxOrigin.DESK: "县级确认",
    MailboxOrigin.COMMAND: "管理员",
}


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The mailboxes of a unit, or the first of all; one is bound or unbound."""
    if request.method == "POST":
        return _changed(request)
    unit = request.GET.get("unit", "").strip()[:20]
    found = mailboxes.bound([unit] if unit else [])
    names = lookup.names(one.unit for one in found[:_MOST])
    rows = [(one, names.get(one.unit, ""), ROLES[one.role], _ORIGINS[one.origin]) for one in found[:_MOST]]
    values = {"rows": rows, "rest": len(found) - len(rows), "unit": unit, "roles": list(ROLES.items())}
    return render(request, "mailboxes.html", values)


def _changed(request: HttpRequest) -> HttpResponse:
    who, now = reader(request).who, open_site.now()
    address, unit = (request.POST.get(name, "").strip()[:254] for name in ("address", "unit"))
    if request.POST.get("do") == "unbind":
        if not mailboxes.unbind(address, unit, now, who):
            return told(request, "没有改动", "这个邮箱已经不在这个单位名下。", 409, _PAGE)
        return HttpResponseRedirect(_PAGE)
    role = request.POST.get("role", "")
    if not lookup.names([unit]) or not ADDRESS.fullmatch(address) or role not in set(MailboxRole):
        text = "邮箱要写成 name@example.edu.cn；单位填学校标识码（10 位）或区划代码（6 位）。"
        return told(request, "没有绑定", text, 400, _PAGE)
    mailboxes.bind(address, unit, MailboxRole(role), MailboxOrigin.COMMAND, now, who)
    return HttpResponseRedirect(f"{_PAGE}?unit={unit}")
