"""An office's pages: the day in figures, who is silent, what waits for a county's word, and its decisions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from pipeline.accounts import visits
from pipeline.console import open_site, today, typing_in
from pipeline.console.access import Visitor, reader
from pipeline.console.views import sending
from pipeline.console.views.told import told
from pipeline.county import build_desk
from pipeline.county.boards import BOARDS
from pipeline.forms.base import Table
from pipeline.forms.desk import DESK, answered
from pipeline.issuing import desk as desks
from pipeline.model import Level
from pipeline.schooldays import deadline


@require_GET
def day(request: HttpRequest) -> HttpResponse:
    """The day at a glance."""
    asking = reader(request)
    on = _day(request)
    found = today.of(asking.code, on)
    boards = _counts(asking.code) if asking.level is Level.COUNTY and on == open_site.today() else ()
    values = {
        "day": on,
        "is_today": on == open_site.today(),
        "made": found and found.digest,
        "charts": found and found.charts,
        "boards": boards,
        "until": deadline(on, open_site.site().policy.deadline),
        "county": asking.level is Level.COUNTY,
    }
    return render(request, "office_part.html" if request.headers.get("X-Part") else "office_day.html", values)


def _day(request: HttpRequest) -> date:
    try:
        return date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return open_site.today()


@dataclass(frozen=True, slots=True)
class BoardCount:
    """A board of the county's desk, and how many lines wait on it."""

    name: str
    sheet: str
    count: int


def _counts(division: str) -> tuple[BoardCount, ...]:
    return tuple(
        BoardCount(name, DESK.table(name).sheet, len(board.waiting(division)))
        for name, board in BOARDS.items()
        if not board.begins
    )


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """A line that waits, as the 处理单 has it."""

    key: str
    seal: str
    cells: Mapping[str, object]


@require_http_methods(["GET", "POST"])
def board(request: HttpRequest, name: str) -> HttpResponse:
    """One board: its lines, and the county's word on each."""
    asking = reader(request)
    if name not in BOARDS or BOARDS[name].begins:
        raise Http404
    if request.method == "POST":
        return _decide(request, asking, name)
    table = DESK.table(name)
    visits.note(asking.account.username, "board", f"{name} {asking.code}", open_site.now())
    values = {
        "name": name,
        "sheet": table.sheet,
        "lines": list(_lines(asking.code, name)),
        "opinions": _opinions(table),
        "mends": "now" in answered(table),
        "stamps": "stamped_on" in answered(table),
        "boards": _counts(asking.code),
        "help": next(one.help for one in table.columns if one.name == "opinion"),
        "typed": {},
    }
    return render(request, "board.html", values)


def _lines(division: str, name: str) -> Iterator[WaitingLine]:
    made = build_desk.desk(open_site.site(), division, open_site.now())
    for row in made.rows.get(name, ()):
        cells = row.cells
        yield WaitingLine(str(cells["key"]), str(cells["seal"]), cells)


def _opinions(table: Table) -> list[str]:
    column = next(one for one in table.columns if one.name == "opinion")
    return list(column.vocabulary.labels.values()) if column.vocabulary else []


def _decide(request: HttpRequest, asking: Visitor, name: str) -> HttpResponse:
    """Put the words into a 处理单; a line that has changed since the page was made is not decided, and shown again."""
    table = DESK.table(name)
    heads = {one.name: one.header for one in table.columns}
    lines = {line.key: line for line in _lines(asking.code, name)}
    said: dict[str, dict[str, str]] = {}
    stale: list[str] = []
    for key, seal in zip(request.POST.getlist("key"), request.POST.getlist("seal"), strict=False):
        typed = {one: request.POST.get(f"{one}|{key}", "").strip()[:200] for one in answered(table)}
        if not typed.get("opinion"):
            continue
        if key not in lines or lines[key].seal != seal:
            stale.append(key)
            continue
        said[key] = {heads[one]: text for one, text in typed.items() if text}
    if not said:
        text = (
            "这些事项在您打开页面以后已经变了，请重新看过再定。"
            if stale
            else "没有选意见。请在要办的行选好意见再提交。"
        )
        return told(request, "没有提交", text, 409 if stale else 400, f"/office/{name}")
    content = typing_in.decided(open_site.site(), asking.code, open_site.now(), said, asking.who)
    return sending.put(request, [(f"处理单（网页）{table.sheet}.xlsx", content)], "decide")


@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """The 县级处理单 as it is now, as a workbook."""
    asking = reader(request)
    content = desks.workbook(open_site.site(), asking.code, open_site.now())
    visits.note(asking.account.username, "desk", asking.code, open_site.now())
    return sending.workbook(content, f"县级处理单 {asking.name} {open_site.now():%Y-%m-%d %H%M}.xlsx")


@require_GET
def alerts(request: HttpRequest) -> HttpResponse:
    """The warnings of the division, the most pressing first."""
    asking = reader(request)
    found = today.of(asking.code, open_site.today())
    values = {"made": found and found.digest, "classes": asking.scope.classes}
    return render(request, "alerts.html", values)


@require_http_methods(["GET", "POST"])
def heap(request: HttpRequest) -> HttpResponse:
    """Many workbooks at once, of schools below or of the office itself."""
    if request.method == "POST":
        return sending.put_files(request, "heap")
    return render(request, "heap.html")
