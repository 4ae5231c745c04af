"""代改: a row that went back, built again with the cells that its county was told by telephone.

The row goes the way of a return workbook: laid out on our own form, read, judged. It is kept nowhere but in the
处理单 it came in, so whoever folds a report again builds it again from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from pipeline import task
from pipeline.database.decision_log import order_of
from pipeline.database.models import Decision, Reject
from pipeline.errors import PermanentError
from pipeline.forms import form as form_named
from pipeline.forms.base import Form, returned_title
from pipeline.forms.block import TICKET
from pipeline.forms.identify import identify
from pipeline.forms.parse import parse
from pipeline.merge import Event
from pipeline.merge.desk import Deed
from pipeline.merge.desk import deeds as desk_deeds
from pipeline.model import Checked, Claims, DecisionKind, DeskSheet, Sheet, Site, Workbook
from pipeline.turns import validate_as_of
from pipeline.turns.transaction import Reread, Turn

FORMS = frozenset({"absence", "closure"})
"""Forms whose rows a county may mend for the school."""


def mendable(ticket: Reject) -> bool:
    """Tell whether the row of a ticket is one that a county may mend cell by cell."""
    return ticket.form in FORMS and ticket.table in {table.name for table in form_named(ticket.form).tables}


def rebuilt(site: Site, desk: Checked, ticket: Reject, deed: Deed) -> Checked:
    """Return the row of a ticket with some cells replaced, judged as if it came home in a return workbook.

    Its row number is that of the 处理单's line, so that its record's origin leads there.
    """
    form = form_named(ticket.form)
    book = _laid_out(form, ticket, {**ticket.raw, **deed.cells}, deed.row)
    claims = identify(book)
    if not isinstance(claims, Claims):
        raise PermanentError("a row laid out on our own form is not recognised")
    reading = parse(book, claims)
    reading = replace(reading, content_sha=task.content_sha(reading))
    arrival = replace(desk.arrival, bound=desk.unit)
    (checked,) = validate_as_of.judge(site, [(arrival, reading)], arrival.received_at)
    return checked


def mends(tickets: Sequence[str], site: Site, reread: Reread, but: Turn) -> list[tuple[int, Event]]:
    """Return what counties mended of these tickets: (the decision's number, the row's turn).

    `but`: left out, because it is being taken just now.
    """
    found = Decision.objects.filter(what=DecisionKind.MEND, target__in=list(tickets)).order_by("seq") if tickets else ()
    now = {record.ticket for record in but.checked.records}
    rows = [row for row in found if (order_of(row), row.target in now) != (but.event.order, True)]
    if not rows:
        return []
    desks = {checked.arrival.seq: deeds_of(checked) for checked in reread(sorted({order_of(row) for row in rows}))}
    back = {one.ticket: one for one in Reject.objects.filter(ticket__in=[row.target for row in rows])}
    turns = []
    for row in rows:
        desk, deeds = desks[order_of(row)]
        turns.append((row.seq, Event(order_of(row), rebuilt(site, desk, back[row.target], deeds[row.target]))))
    return turns


def deeds_of(desk: Checked) -> tuple[Checked, Mapping[str, Deed]]:
    """Return a 处理单 with what it asks for of tickets, by ticket."""
    return desk, {deed.id: deed for deed in desk_deeds(desk) if deed.board is DeskSheet.TICKETS}


def _laid_out(form: Form, ticket: Reject, raw: Mapping[str, str], number: int) -> Workbook:
    """A return workbook with one row, as a value: its table's row stands at Excel row `number`."""
    head: Sequence[list[object]] = [[returned_title(form.title)], _header_block(form, ticket)]
    sheets = []
    for table in form.tables:
        mine = table.name == ticket.table
        if not mine and table is not form.tables[0]:
            continue
        rows: list[list[object]] = [*head, [*(column.header for column in table.columns), TICKET]]
        if mine:
            rows += [[] for _ in range(number - 1 - len(rows))]
            rows.append([*(raw.get(column.name, "") or None for column in table.columns), ticket.ticket])
        sheets.append(Sheet(table.sheet, rows))
    properties = {"queke_form": form.name, "queke_version": form.version, "queke_kind": "giveback"}
    return Workbook(tuple(sheets), properties)


def _header_block(form: Form, ticket: Reject) -> list[object]:
    told: dict[str, str | date | None] = {"unit": ticket.school, "campus": ticket.campus, "day": ticket.day}
    cells: list[object] = []
    for field in form.fields:
        if told.get(field.name):
            cells += [field.label, told[field.name]]
    return cells
