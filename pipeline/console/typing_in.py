"""Workbooks made of what was typed into a page: ours, filled in, as a clerk would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from pipeline import issuing
from pipeline.forms import form
from pipeline.forms.desk import KEY as DESK_KEY
from pipeline.forms.desk import matter_of
from pipeline.issuing import card as cards
from pipeline.issuing import desk as desks
from pipeline.letters.queue import Facts
from pipeline.model import Site, TicketState
from pipeline.xlsx import typed
from pipeline.xlsx.fill import Template, fill
from pipeline.xlsx.marks import TICKET, VOID

Typed = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FilledBy:
    """Whose workbook it is, of which campus and day, and who filled it in."""

    school: str
    campus: str
    day: date
    by: str


@dataclass(frozen=True, slots=True)
class TypedAnswer:
    """What was typed into a card: `said` by column; `days`: rows of 后续关注, their day in ISO.

    `wrong`: the lines of cases that were reported by mistake, from 0.
    """

    said: Typed
    days: tuple[Typed, ...] = ()
    wrong: tuple[int, ...] = ()


def zero(site: Site, one: FilledBy) -> bytes:
    """A 缺课日报 that says 零报告; pupils brought over from yesterday are back by it. UsageError: no such campus."""
    content = issuing.template(site, "absence", one.school, one.day, one.campus)
    return typed.morning(content, {"zero": "是", "reporter": one.by}, [])[0]


def closure(site: Site, one: FilledBy, row: Typed) -> bytes:
    """A 停课报告表 with one line, by column. UsageError: no such campus."""
    content = issuing.template(site, "closure", one.school, one.day, one.campus)
    filled = {name: value for name, value in row.items() if value}
    return fill(Template(content), form("closure"), {"reporter": one.by}, {"rows": [filled]})


def answer(site: Site, unit: str, number: str, day: date, given: TypedAnswer) -> bytes:
    """A 预警信息报告卡 answered. Raises UsageError for an alert that the unit may not answer."""
    book = Template(cards.workbook(site, unit, number, day))
    heads = {column.name: column.header for column in form("card").table("answer").columns}
    said = {heads[name]: value for name, value in given.said.items() if value}
    days = [{**row, "day": date.fromisoformat(row["day"])} for row in given.days]
    return typed.card_of(book, said, days, given.wrong)


def mended(site: Site, facts: Facts, rows: Mapping[str, Typed], void: Sequence[str], now: datetime) -> bytes | None:
    """The return workbook of a submission with cells typed anew, by ticket and column; None if all were mended since.

    `void`: tickets of rows that should not have been there.
    """
    returned = tuple(
        replace(one, raw={**one.raw, **rows.get(one.ticket, {})}, issues=())
        for one in facts.returned
        if one.state is TicketState.OPEN and (one.ticket in rows or one.ticket in void)
    )
    content = issuing.returned(site, replace(facts, returned=returned), now)
    return content if content is None or not void else _voided(content, void)


def _voided(content: bytes, void: Sequence[str]) -> bytes:
    book = Template(content)
    values: dict[str, dict[tuple[int, int], object]] = {}
    for sheet in book.sheets:
        cells = book.cells(sheet)
        heads = {text.strip(): place for place, text in cells.items()}
        if VOID not in heads or TICKET not in heads:
            continue
        for (row, column), text in cells.items():
            if column == heads[TICKET][1] and text in void:
                values.setdefault(sheet, {})[row, heads[VOID][1]] = VOID
    return book.put(values)


def decided(site: Site, division: str, now: datetime, said: Mapping[str, Typed], by: str) -> bytes:
    """A 县级处理单 of a few lines with opinions on them. `said`: by 事项号, the county's cells by header."""
    targets: dict[str, list[str]] = {}
    for key in said:
        board, target, _ = matter_of(key)
        targets.setdefault(board, []).append(target)
    content = desks.some(site, division, now, targets)
    return typed.desk(content, lambda _, line: dict(said.get(line[DESK_KEY], {})), reporter=by)
