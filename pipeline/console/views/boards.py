"""The boards of a county's desk as grids: many rows mended at once, or one by one, each with its version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from pipeline.accounts import visits
from pipeline.console import drops, editing, grid, open_site, opinions, typing_in
from pipeline.console.access import Visitor, reader
from pipeline.console.grid import Chosen, GridCell, GridLine, GridPage
from pipeline.console.opinions import Problems, Theirs, TypedLine
from pipeline.console.views.told import told
from pipeline.county.boards import BOARDS
from pipeline.database import serialise
from pipeline.database.models import DeskLine, Reject
from pipeline.forms.desk import DESK, matter, matter_of
from pipeline.issues import message, remedy
from pipeline.run import is_held


@dataclass(frozen=True, slots=True)
class BoardCount:
    """A board of the county's desk, and how many matters wait on it."""

    name: str
    sheet: str
    count: int


def counts(division: str) -> tuple[BoardCount, ...]:
    """How many matters wait for a division, by board."""
    return tuple(
        BoardCount(name, DESK.table(name).sheet, board.count(division))
        for name, board in BOARDS.items()
        if not board.begins
    )


@require_http_methods(["GET", "POST"])
def board(request: HttpRequest, name: str) -> HttpResponse:
    """One board: a page of its lines, and the county's word on each."""
    asking = reader(request)
    if name not in BOARDS or BOARDS[name].begins:
        raise Http404
    if request.method == "POST":
        return _decide(request, asking, name)
    chosen = Chosen(request.GET.get("school", ""), request.GET.get("column", ""), _number(request.GET.get("page", "")))
    shown = grid.page(open_site.site(), asking.code, name, chosen, open_site.today())
    visits.note(asking.account.username, "board", f"{name} {asking.code}", open_site.now())
    return render(request, "board.html", {**_frame(asking, name, shown.lines), **_among(shown)})


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else 1


def _among(shown: GridPage) -> dict[str, object]:
    """Where in the list a page stands, and how to go on."""
    at = shown.chosen.page
    return {
        "shown": shown,
        "kept": urlencode({"school": shown.chosen.school, "column": shown.chosen.column}),
        "before": at - 1,
        "after": at + 1 if at < shown.pages else 0,
    }


@dataclass(frozen=True, slots=True)
class CellField:
    """A cell on the page: what was typed into it, and the list of what may stand there."""

    cell: GridCell
    typed: str
    list_id: str


@dataclass(frozen=True, slots=True)
class GridRow:
    """A line on the page, with what was typed into it before and why it did not go."""

    line: GridLine
    cells: tuple[CellField, ...]
    typed: TypedLine | None = None
    wrong: str = ""
    theirs: Theirs | None = None


def _frame(
    asking: Visitor, name: str, lines: Iterable[GridLine], problems: Problems | None = None
) -> dict[str, object]:
    """What the page of a board is made of, whatever lines it shows."""
    table = DESK.table(name)
    found = list(lines)
    cells = [cell for line in found for cell in line.cells if cell.mends]
    lists = {
        words: f"words-{place}" for place, words in enumerate(dict.fromkeys(cell.words for cell in cells)) if words
    }
    return {
        "name": name,
        "sheet": table.sheet,
        "rows": [_row(line, lists, problems or Problems()) for line in found],
        "opinions": grid.opinions(name),
        "mends": grid.asks(name, "now"),
        "stamps": grid.asks(name, "stamped_on"),
        "heads": _heads(cells, lists),
        "lists": [(list_id, words) for words, list_id in lists.items()],
        "boards": counts(asking.code),
        "help": next(one.help for one in table.columns if one.name == "opinion"),
    }


@dataclass(frozen=True, slots=True)
class WrongColumn:
    """A column that is wrong in some line. `list_id`: the words for it, where they are the same for all lines."""

    name: str
    header: str
    list_id: str


def _heads(cells: Sequence[GridCell], lists: Mapping[tuple[str, ...], str]) -> list[WrongColumn]:
    """The columns that are wrong, the one that is most often first."""
    counts = Counter((matter_of(cell.key)[2], cell.header) for cell in cells)
    found = []
    for (name, header), _ in counts.most_common():
        words = {cell.words for cell in cells if matter_of(cell.key)[2] == name}
        found.append(WrongColumn(name, header, lists.get(words.pop(), "") if len(words) == 1 else ""))
    return found


def _row(line: GridLine, lists: Mapping[tuple[str, ...], str], problems: Problems) -> GridRow:
    typed = problems.typed.get(line.key)
    now = typed.now if typed else {}
    cells = tuple(CellField(cell, now.get(cell.key, ""), lists.get(cell.words, "")) for cell in line.cells)
    return GridRow(line, cells, typed, problems.wrong.get(line.key, ""), problems.changed.get(line.key))


def _decide(request: HttpRequest, asking: Visitor, name: str) -> HttpResponse:
    """Put the words into a 处理单; a line that is not complete, or has changed, is shown again with what was typed."""
    given = opinions.typed(request.POST, name)
    problems, lines = opinions.sort(asking, name, given)
    sent = problems.again or _send(asking, name, problems.good, lines)
    if request.headers.get("X-Part"):
        return _answer(problems, sent)
    if not given:
        text = "没有选意见。请在要办的行选好意见再提交。"
        return told(request, "没有提交", text, 400, f"/office/{name}")
    if problems.again or not (problems.wrong or problems.changed):
        return HttpResponseRedirect(f"/sent/{quote(sent)}?board={name}")
    open_lines = [lines[one.key] for one in given if one.key in lines and one not in problems.good]
    gone = [(one, problems.changed[one.key]) for one in given if one.key in problems.changed and one.key not in lines]
    values = _frame(asking, name, open_lines, problems)
    said = {"sent": sent, "done": len(problems.good), "left": len(given) - len(problems.good), "gone": gone}
    return render(request, "board.html", {**values, **said}, status=409 if problems.changed else 400)


def _send(asking: Visitor, name: str, good: Sequence[TypedLine], lines: Mapping[str, GridLine]) -> str:
    """Send the lines that are complete; return the key of their drop, "" if there is none."""
    if not good:
        return ""
    try:
        said = opinions.workbook_cells(name, good, lines)
        content = typing_in.decided(open_site.site(), asking.code, open_site.now(), said, asking.who)
        key = drops.put(asking, [(f"处理单（网页）{DESK.table(name).sheet}.xlsx", content)], "decide").key
    except OSError:
        for one in good:
            editing.give_back(one.key, one.seal)
        raise
    for one in good:
        editing.sent(one.key, one.seal, key)
    return key


def _answer(problems: Problems, sent: str) -> JsonResponse:
    """What a script is told of the lines it sent."""
    lines: dict[str, dict[str, object]] = {
        key: {"state": "wrong", "text": text} for key, text in problems.wrong.items()
    }
    if not problems.again:
        lines |= {
            key: {"state": "changed", "text": one.sentence, "typed": list(one.typed)}
            for key, one in problems.changed.items()
        }
    lost = bool(problems.changed) and not problems.again
    return JsonResponse({"sent": sent, "lines": lines}, status=409 if lost else 400 if problems.wrong else 200)


@require_GET
def saved(request: HttpRequest, key: str) -> JsonResponse:
    """What became of lines that were sent: for a script, which asks until all are decided."""
    drop = drops.found(key, reader(request))
    if drop is None:
        raise Http404
    seqs = list(drops.settled(drop))
    done = DeskLine.objects.filter(submission__in=seqs, done=True).values_list("board", "target")
    lines = {matter(name, target): {"state": "done", "text": ""} for name, target in done}
    for row in Reject.objects.filter(submission__in=seqs, form=DESK.name).order_by("row"):
        found = [serialise.as_issue(one) for one in row.issues]
        text = "".join(dict.fromkeys(message(one) + remedy(one) for one in found))
        lines[row.key] = {"state": "back", "text": text}
    serving = is_held(open_site.site())
    return JsonResponse({"waiting": drop.count - len(seqs), "serving": serving, "lines": lines})
