"""A board of the county's desk as a grid: a page of its lines, each with the cells that may be typed and what may stand
there. Thousands may wait: only the lines of the page are read in full.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from pipeline import units
from pipeline.console import likely
from pipeline.county.boards import BOARDS, Board
from pipeline.database.models import Reject
from pipeline.figures import deskwork
from pipeline.figures.deskwork import WrongCell
from pipeline.forms import form
from pipeline.forms.base import Column, Table
from pipeline.forms.block import label
from pipeline.forms.classes import names_class
from pipeline.forms.desk import DESK, answered, matter
from pipeline.model import DeskSheet, SchoolFacts, Site
from pipeline.registry import lookup
from pipeline.schooldays import short_time
from pipeline.settling.held_files import TicketKey
from pipeline.settling.proposals import NewClass
from pipeline.turns import context
from pipeline.turns.pending_items import PendingItem

PAGE = 50  # lines at once
FEW = 4  # words: all of them are at hand
WHOLE_ROW = "（整行）"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which lines are wanted: of a school, with a wrong cell in a column, which page (from 1)."""

    school: str = ""
    column: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell that may be typed. `key`: its 事项号; `near`: what is likely meant; `words`: all that may stand there."""

    key: str
    header: str
    was: str
    what: str
    mends: bool
    near: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GridLine:
    """A matter that waits. `key`: its 事项号 without a column; `seal`: its version."""

    key: str
    seal: str
    id: str
    school: str
    school_name: str
    day: date | None
    since: str
    what: str
    call: str
    cells: tuple[GridCell, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several lists of lines, and how many are in it."""

    value: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class GridPage:
    """The lines of a page, and among which they were chosen."""

    lines: tuple[GridLine, ...]
    chosen: Chosen
    count: int
    pages: int
    schools: tuple[Choice, ...]
    columns: tuple[Choice, ...]


def page(site: Site, division: str, name: str, chosen: Chosen, today: date) -> GridPage:
    """Return a page of a board."""
    board = BOARDS[name]
    every = _keys(board, division)
    schools, columns = Counter(one.school for one in every), Counter(head for one in every for head in one.heads)
    wanted = [
        one for one in every if chosen.school in {"", one.school} and (not chosen.column or chosen.column in one.heads)
    ]
    pages = max(1, -(-len(wanted) // PAGE))
    at = min(max(1, chosen.page), pages)
    targets = [one.ticket for one in wanted[(at - 1) * PAGE : at * PAGE]]
    names = lookup.names(schools)
    return GridPage(
        tuple(lines(site, division, name, targets, today)),
        replace(chosen, page=at),
        len(wanted),
        pages,
        tuple(Choice(code, names.get(code, code), n) for code, n in sorted(schools.items())),
        tuple(Choice(head, label(head) or WHOLE_ROW, n) for head, n in columns.most_common()) if any(columns) else (),
    )


def _keys(board: Board, division: str) -> list[TicketKey]:
    if board.keys is not None:
        return list(board.keys(division))
    return [TicketKey(one.id, one.school, ()) for one in board.waiting(division)]


def lines(site: Site, division: str, name: str, targets: Sequence[str], today: date) -> list[GridLine]:
    """Return these lines of a board, of those that wait."""
    found = BOARDS[name].find_some(division, targets)
    codes = sorted({one.school for one in found})
    clerks = lookup.clerks(codes)
    known = context.schools(codes, [today]) if name in {DeskSheet.TICKETS, DeskSheet.CLASSES} else {}
    raws = _raws(targets) if name == DeskSheet.TICKETS else {}
    made = []
    for one in found:
        key = matter(name, one.id)
        seal = units.seal(site.key, division, key, units.stamp(site.key, one.stamp))
        cells = tuple(_cells(name, key, one, known.get(one.school), raws.get(one.id)))
        since = short_time(one.since) if one.since else ""
        call = deskwork.whom_to_call(clerks.get(one.school, ()))
        made.append(GridLine(key, seal, one.id, one.school, one.school_name, one.day, since, one.what, call, cells))
    return made


@dataclass(frozen=True, slots=True)
class _Raw:
    """A row that went back, as it was typed. It is compared with, never shown."""

    table: Table
    cells: Mapping[str, str]


def _raws(tickets: Sequence[str]) -> dict[str, _Raw]:
    rows = Reject.objects.filter(ticket__in=tickets).values_list("ticket", "form", "table", "raw")
    tables = {(of, one.name): one for of in {row[1] for row in rows} if of for one in form(of).tables}
    return {ticket: _Raw(tables[of, name], raw) for ticket, of, name, raw in rows if (of, name) in tables}


def _cells(name: str, key: str, line: PendingItem, school: SchoolFacts | None, raw: _Raw | None) -> Iterable[GridCell]:
    if isinstance(line, NewClass):
        rooms = _rooms(school)
        yield GridCell(key, "就是哪个班", line.class_name, "", True, likely.words(line.class_name, rooms), rooms)
    elif name == DeskSheet.TICKETS:
        for cell in getattr(line, "cells", ()):
            yield _ticket_cell(f"{key}/{cell.column}" if cell.column else key, cell, school, raw)


def _as_typed(text: str) -> str:
    return text if text in {"", deskwork.NOT_SHOWN} else f"“{text}”"


def _ticket_cell(key: str, cell: WrongCell, school: SchoolFacts | None, raw: _Raw | None) -> GridCell:
    if not cell.column or raw is None:
        return GridCell(key, cell.header or WHOLE_ROW, _as_typed(cell.was), cell.what, False)
    column = next(one for one in raw.table.columns if one.name == cell.column)
    near, words = _may_stand(column, raw.cells.get(column.name, ""), school)
    near = near or words * (len(words) <= FEW)
    return GridCell(key, cell.header, _as_typed(cell.was), cell.what, True, near, words)


def _may_stand(column: Column, typed: str, school: SchoolFacts | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is likely meant, and all that may stand in a cell: words of our lists, classes of the school."""
    if names_class(column):
        rooms = _rooms(school)
        return likely.words(typed, rooms), rooms
    if column.vocabulary is not None:
        return likely.labels(typed, column.vocabulary), tuple(column.vocabulary.labels.values())
    return (), ()


def _rooms(school: SchoolFacts | None) -> tuple[str, ...]:
    return tuple(room.name for room in school.classes.values() if room.confirmed) if school else ()


def opinions(name: str) -> tuple[str, ...]:
    """The opinions that a board knows, in words."""
    column = next(one for one in DESK.table(name).columns if one.name == "opinion")
    return tuple(column.vocabulary.labels.values()) if column.vocabulary else ()


def asks(name: str, column: str) -> bool:
    """Tell whether a board has this column for the county to fill in."""
    return column in answered(DESK.table(name))
