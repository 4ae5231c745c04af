"""What a county does besides its boards: excuse a school from a day, sum up a week, name who was often late."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from pipeline.accounts import visits
from pipeline.console import open_site
from pipeline.console.access import reader
from pipeline.console.views import sending
from pipeline.console.views.told import told
from pipeline.database.transactions import atomic
from pipeline.errors import UsageError
from pipeline.facts import periods
from pipeline.figures.periods import PeriodTable
from pipeline.model import DecidedBy
from pipeline.registry import prefill
from pipeline.settling import calls, excuses
from pipeline.xlsx import lists

_OFTEN = 2  # days on which a school was silent, late or wrong
_AHEAD = 8  # days for which schools may be excused, today the first


@require_GET
def over(request: HttpRequest, kind: str) -> HttpResponse:
    """Some days of the division in one table, on the page or as a workbook."""
    if kind not in {"days", "often"}:
        raise Http404
    asking, policy = reader(request), open_site.site().policy
    first, last = (_day(request.GET.get(name, "")) for name in ("from", "to"))
    try:
        days = periods.days_over(first, last, open_site.now(), policy.deadline)
    except UsageError:
        return told(
            request, "没有可以汇总的日子", "起止日期不对，或者那几天还没有过报告时限。", 400, f"/office/over/{kind}"
        )
    if kind == "days":
        table = periods.summary(asking.scope, days, policy, _quietly)
    else:
        table = periods.bulletin(asking.scope, days, _OFTEN, _quietly)
    if request.GET.get("as") == "xlsx":
        visits.note(asking.account.username, kind, f"{asking.code} {days[0]} {days[-1]}", open_site.now())
        return sending.workbook(lists.build(table.title, table.header, table.rows, table.notes), f"{table.title}.xlsx")
    return render(request, "over.html", _values(kind, table, days[0], days[-1]))


def _values(kind: str, table: PeriodTable, first: date, last: date) -> dict[str, object]:
    return {"kind": kind, "table": table, "first": first, "last": last}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _quietly(_: int) -> None:
    """Nobody looks at a bar."""


@require_GET
def excused(request: HttpRequest) -> HttpResponse:
    """The schools that need not report a day, and the field to excuse others."""
    asking, today = reader(request), open_site.today()
    day = _ahead(request.GET.get("day", ""), today)
    schools = {one.code: one.name for one in prefill.schools(asking.code, day)}
    mine = {code: why for code, why in excuses.excused(day).items() if code in schools}
    rows = [(code, schools[code], why) for code, why in sorted(mine.items())]
    others = [one for one in schools.items() if one[0] not in mine]
    days = [today + timedelta(days=n) for n in range(_AHEAD)]
    return render(request, "excuses.html", {"day": day, "days": days, "rows": rows, "schools": others})


def _ahead(text: str, today: date) -> date:
    """A day for which schools may be excused: today or soon."""
    day = _day(text) or today
    return day if timedelta(0) <= day - today < timedelta(days=_AHEAD) else today


@require_POST
def excuse(request: HttpRequest) -> HttpResponse:
    """Excuse one school, several or all from a day's report, or ask for it after all: decisions, like the command's."""
    asking, today = reader(request), open_site.today()
    day = _ahead(request.POST.get("day", ""), today)
    back = f"/office/excuses?day={day}"
    known = {one.code for one in prefill.schools(asking.code, day)}
    free = known - excuses.excused(day).keys()
    named = sorted(free) if request.POST.get("all") == "1" else request.POST.getlist("school")
    why, undo = request.POST.get("why", "").strip()[:200], request.POST.get("undo") == "1"
    if not known.issuperset(named):
        raise Http404
    if not undo and not (why and named):
        return told(request, "没有提交", "免报要选学校、写理由，学校会收到。", 400, back)
    act = excuses.take_back if undo else excuses.excuse
    try:
        with atomic():
            for school in named:
                act(school, day, DecidedBy(asking.who, why, open_site.now()))
    except UsageError:  # done meanwhile by somebody else
        return told(request, "没有改动", "别人刚刚改过，请刷新后再看。", 409, back)
    return HttpResponseRedirect(back)


@require_POST
def called(request: HttpRequest) -> HttpResponse:
    """Note that silent schools were rung about today's report: decisions, like the command's."""
    asking, today = reader(request), open_site.today()
    named = request.POST.getlist("school")
    if not {one.code for one in prefill.schools(asking.code, today)}.issuperset(named):
        raise Http404
    if not named:
        return told(request, "没有提交", "请先勾选打过电话的学校。", 400, "/office")
    by = DecidedBy(asking.who, request.POST.get("why", "").strip()[:200], open_site.now())
    with atomic():
        for school in named:
            calls.note(school, today, by)
    return HttpResponseRedirect("/office#silent")
