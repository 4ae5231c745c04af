"""Accounts of the tier below: a first password given out, an account closed or confirmed for another year."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_POST

from pipeline.accounts import accounts, holders, visits
from pipeline.console import open_site
from pipeline.console.access import Visitor, reader
from pipeline.console.views.told import told
from pipeline.errors import UsageError
from pipeline.model import DecidedBy

_NEEDS = {
    "issue": "还没有密码，请发放",
    "unused": "初始密码还没有用，{on} 作废",
    "expired": "初始密码 {on} 已作废，请重发",
    "confirm": "{on} 满一年，请确认仍由本人使用",
    "overdue": "满一年没有确认，已停用",
}
_BACK = "/office/people"


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """The accounts that this office looks after, those that need something first."""
    asking = reader(request)
    found = holders.below(asking.code, open_site.now())
    visits.note(asking.account.username, "people", asking.code, open_site.now())
    rows = [(one, _NEEDS.get(one.why, "").format(on=f"{one.on:%m-%d}" if one.on else "")) for one in found]
    return render(request, "people.html", {"rows": rows, "needing": sum(bool(one.why) for one in found)})


@sensitive_variables("secret")
@require_POST
def issue(request: HttpRequest) -> HttpResponse:
    """Give out a new first password: shown on this page, once, and nowhere else."""
    asking = reader(request)
    username = _named(request, asking)
    try:
        secret = accounts.issue(username, _by(request, asking))
    except UsageError as error:
        return told(request, "没有办成", str(error), 409, _BACK)
    return render(request, "issued.html", {"username": username, "password": secret.reveal()})


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Close the account of somebody who left."""
    asking = reader(request)
    username = _named(request, asking)
    if not request.POST.get("why", "").strip():
        return told(request, "没有写理由", "停用账号要写理由，如“已调离”。", 400, _BACK)
    try:
        accounts.leave(username, _by(request, asking))
    except UsageError as error:
        return told(request, "没有办成", str(error), 409, _BACK)
    return HttpResponseRedirect(_BACK)


@require_POST
def reconfirm(request: HttpRequest) -> HttpResponse:
    """Say for another year that an account is still its holder's."""
    asking = reader(request)
    username = _named(request, asking)
    try:
        accounts.reconfirm(username, _by(request, asking))
    except UsageError as error:
        return told(request, "没有办成", str(error), 409, _BACK)
    return HttpResponseRedirect(_BACK)


def _named(request: HttpRequest, asking: Visitor) -> str:
    """The account of a form, if this office looks after it; else there is none."""
    username = request.POST.get("username", "")
    if not holders.is_below(asking.code, username):
        raise Http404
    return username


def _by(request: HttpRequest, asking: Visitor) -> DecidedBy:
    return DecidedBy(asking.who, request.POST.get("why", "").strip()[:200], open_site.now())
