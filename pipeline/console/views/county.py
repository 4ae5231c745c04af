"""What a county does besides its boards: excuse a school from a day, sum up a week, name who was often late."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from pipeline.accounts import visits
from pipeline.console import open_site
from pipeline.console.access import reader
from pipeline.console.views import sending
from pipeline.console.views.told import told
from pipeline.errors import UsageError
from pipeline.facts import periods
from pipeline.figures.periods import PeriodTable
from pipeline.model import DecidedBy
from pipeline.registry import prefill
from pipeline.settling import excuses
from pipeline.xlsx import lists

_OFTEN = 2  # days on which a school was silent, late or wrong


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
    """The schools that need not report today, and the field to excuse another."""
    asking, today = reader(request), open_site.today()
    schools = {one.code: one.name for one in prefill.schools(asking.code, today)}
    mine = {code: why for code, why in excuses.excused(today).items() if code in schools}
    rows = [(code, schools[code], why) for code, why in sorted(mine.items())]
    values = {"day": today, "rows": rows, "schools": [one for one in schools.items() if one[0] not in mine]}
    return render(request, "excuses.html", values)


@require_POST
def excuse(request: HttpRequest) -> HttpResponse:
    """Excuse a school from today's report, or ask for it after all: a decision, like the command's."""
    asking, today = reader(request), open_site.today()
    school, why = request.POST.get("school", ""), request.POST.get("why", "").strip()[:200]
    if school not in {one.code for one in prefill.schools(asking.code, today)}:
        raise Http404
    undo = request.POST.get("undo") == "1"
    if not undo and not why:
        return told(request, "没有写理由", "免报要写理由，学校会收到。", 400, "/office/excuses")
    act = excuses.take_back if undo else excuses.excuse
    try:
        act(school, today, DecidedBy(asking.who, why, open_site.now()))
    except UsageError:  # done meanwhile by somebody else
        return told(request, "没有改动", "别人刚刚改过，请刷新后再看。", 409, "/office/excuses")
    return HttpResponseRedirect("/office/excuses")
