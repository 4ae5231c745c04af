"""Quarantine: mails of which nobody knows whose word they are, and files that were not opened."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from pipeline.accounts import visits
from pipeline.console import open_site
from pipeline.console.access import reader
from pipeline.console.views.admin import ended
from pipeline.console.views.told import told
from pipeline.errors import TemporaryError
from pipeline.executors import Pool
from pipeline.executors.mails import MailOpener
from pipeline.issues import message
from pipeline.model import Issue, MailState, State
from pipeline.post import mails
from pipeline.post.mails import KeptMail
from pipeline.registry import lookup
from pipeline.run import MailDesk

_PAGE = "/admin/quarantine"
_WHY = {
    "failed": "系统出错，没有读成",
    "forged": "发件地址是冒用的",
    "senders": "没有发件人，或有几个",
    "unknown": "不认识的邮箱",
    "unproved": "邮箱认得，但证明不了确是它发的",
}


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """The mails that wait for an admin, and the files that were not opened."""
    waiting = [(one, _why(one)) for one in mails.quarantined(open_site.site())]
    return render(request, "quarantine.html", {"mails": waiting, "files": ended(State.QUARANTINED)})


def _why(one: KeptMail) -> str:
    return _WHY.get(one.why) or message(Issue(one.why, value="…"))


@require_http_methods(["GET", "POST"])
def one_mail(request: HttpRequest, mail: int) -> HttpResponse:
    """One mail: who it says it is from, its subject, the names of its files, not what is in them; release or drop."""
    kept = mails.find(open_site.site(), mail)
    if kept is None or kept.state is not MailState.QUARANTINED:
        if request.method == "POST":
            return told(request, "已经处理过", "这封邮件已经不在隔离件里。", 409, _PAGE)
        raise Http404
    if request.method == "POST":
        return _decided(request, kept)
    try:
        with MailOpener() as opener:
            found = opener.open(kept.path)
    except TemporaryError:
        return told(request, "现在读不到", "邮件的原件现在读不到，请过一会儿再看；一直这样，请看日志。", 503, _PAGE)
    visits.note(reader(request).account.username, "mail", f"mail {mail}", open_site.now())
    files = [(one.name, len(one.content)) for one in found.parts]
    values = {"mail": kept, "why": _why(kept), "senders": found.senders, "subject": found.subject, "files": files}
    return render(request, "quarantined.html", values)


def _decided(request: HttpRequest, kept: KeptMail) -> HttpResponse:
    asking, site, now = reader(request), open_site.site(), open_site.now()
    if request.POST.get("do") == "drop":
        mails.decide(kept.id, MailState.DROPPED, now, asking.who)
        return HttpResponseRedirect(_PAGE)
    unit = request.POST.get("unit", "").strip()[:20]
    if not lookup.names([unit]):
        return told(request, "没有放行", "单位代码不对：请填学校标识码（10 位）或区划代码（6 位）。", 400, _here(kept))
    with MailOpener() as opener, Pool(1, at_once=False) as readers:
        taken = MailDesk(site, opener, readers).release(kept, unit, now, asking.who)
    if not taken:
        return told(request, "没有放行", "邮件里没有可以收的表，也没有看得懂的一行零报告。", 400, _here(kept))
    numbers = "、".join(f"{one.seq:06d}" for one in taken)
    return told(request, "已放行", f"{numbers} 号文件已交给处理程序，结果见“收文”。", 200, _PAGE)


def _here(kept: KeptMail) -> str:
    return f"{_PAGE}/{kept.id}"
