"""A file's receipt, and the rows of it that came back, as a form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from pipeline import forms
from pipeline.accounts import visits
from pipeline.console import drops, fields, open_site, typing_in
from pipeline.console.access import Visitor, reader
from pipeline.console.fields import PageField
from pipeline.console.views import sending
from pipeline.console.views.told import told
from pipeline.facts import submitted
from pipeline.forms.base import Column
from pipeline.forms.block import label, labels_of
from pipeline.forms.classes import names_class
from pipeline.forms.whole import FILE
from pipeline.issues import message, remedy
from pipeline.letters import queue
from pipeline.letters.queue import Facts, Returned
from pipeline.model import TicketState
from pipeline.turns import context

_DONE = "这些行已经改好，或已由县里处理。"
_ABOUT = ("class_name", "name", "scope")  # by which a clerk knows his row again


@require_GET
def file(request: HttpRequest, seq: int) -> HttpResponse:
    """One file's receipt, and the rows of it that can be mended here."""
    asking = reader(request)
    facts = _own(asking, seq)
    receipt = drops.receipts_of(asking.code, [seq])[seq]
    visits.note(asking.account.username, "receipt", f"file {seq}", open_site.now())
    row = submitted.one(asking.scope, seq)
    values = {"receipt": receipt, "seq": seq, "rows": list(_to_mend(facts)), "done": _is_done(facts)}
    return render(request, "school_file.html", {**values, "opens": row and submitted.opens(row, asking.scope)})


def _is_done(facts: Facts) -> bool:
    """Whether rows went back, and none of them waits any more."""
    return bool(facts.returned) and not any(one.state is TicketState.OPEN for one in facts.returned)


def _own(asking: Visitor, seq: int) -> Facts:
    """The facts of a file of the school's: one that names it, or one of its folder that names nobody."""
    facts = queue.facts([str(seq)]).get(str(seq))
    if facts is None or (facts.unit or facts.bound) != asking.code:
        raise Http404
    return facts


@dataclass(frozen=True, slots=True)
class RowToMend:
    """A row that came back."""

    ticket: str
    where: str
    about: str
    reasons: tuple[str, ...]
    cells: tuple[PageField, ...]

    @property
    def wrong(self) -> tuple[PageField, ...]:
        return tuple(one for one in self.cells if one.wrong)

    @property
    def others(self) -> tuple[PageField, ...]:
        return tuple(one for one in self.cells if not one.wrong)


def _waits(row: Returned) -> bool:
    """Whether a row can be mended on its file's page; a file that went back whole cannot."""
    return row.state is TicketState.OPEN and row.table != FILE


def _to_mend(facts: Facts) -> Iterator[RowToMend]:
    waiting = [one for one in facts.returned if _waits(one)] if facts.form else []
    if not waiting:
        return
    day = facts.day or open_site.today()
    known = context.schools([facts.unit], [day]).get(facts.unit)
    rooms = tuple(room.name for room in known.classes.values()) if known else ()
    for one in waiting:
        table = forms.form(facts.form).table(one.table)
        cells = tuple(_cell(column, one, rooms) for column in table.columns if _is_shown(column, one))
        beside = {text for cell in cells if cell.wrong for text in cell.told}
        reasons = tuple(text for issue in one.issues if (text := message(issue) + remedy(issue)) not in beside)
        about = " ".join(one.raw[name] for name in _ABOUT if one.raw.get(name))
        yield RowToMend(one.ticket, f"{table.sheet} 第 {one.row} 行", about, reasons, cells)


def _cell(column: Column, row: Returned, rooms: tuple[str, ...]) -> PageField:
    made = fields.of(column, row.raw.get(column.name, ""), _faults(column, row))
    return replace(made, choices=rooms) if names_class(column) else made


def _is_shown(column: Column, row: Returned) -> bool:
    if column.dtype == "secret":  # a password is typed into the 备案表 only
        return False
    return not (column.folded or column.beside) or column.name in row.raw or bool(_faults(column, row))


def _faults(column: Column, row: Returned) -> tuple[str, ...]:
    names = labels_of(column)
    return tuple(message(one) + remedy(one) for one in row.issues if label(one.column) in names)


@require_POST
def mend(request: HttpRequest, seq: int) -> HttpResponse:
    """Rows mended on the page: a return workbook filled in, sent the way all go."""
    facts = _own(reader(request), seq)
    rows = _typed(request.POST.items())
    changed = {one.ticket: cells for one in facts.returned if (cells := _changed(one, rows.get(one.ticket, {})))}
    void = [one.ticket for one in facts.returned if one.ticket in request.POST.getlist("void")]
    if not changed and not void:
        if any(one.ticket in rows and one.state is not TicketState.OPEN for one in facts.returned):
            return told(request, "不用再改", _DONE)
        return told(request, "还没有改", "您没有改动任何一格。红色的格子改好以后再提交。", 400)
    content = typing_in.mended(open_site.site(), facts, changed, void, open_site.now())
    if content is None:
        return told(request, "不用再改", _DONE)
    return sending.put(request, [(f"网页修改 {seq:06d}.xlsx", content)], "mend")


def _typed(posted: object) -> dict[str, dict[str, str]]:
    """What was typed, by ticket and column: fields are called TICKET/column."""
    rows: dict[str, dict[str, str]] = {}
    for name, text in posted:  # type: ignore[attr-defined]  # pairs of Django's
        ticket, _, column = name.partition("/")
        if column:
            rows.setdefault(ticket, {})[column] = str(text).strip()[: fields.LONGEST]
    return rows


def _changed(row: Returned, typed: Mapping[str, str]) -> Mapping[str, str]:
    if row.state is not TicketState.OPEN:
        return {}
    return typed if any(text != row.raw.get(name, "") for name, text in typed.items()) else {}
