"""代改: a returned row, built again with the cells that its county was told by telephone.

The row goes the way of a return workbook: put on our own form and read here, validated by `run`. It is kept only in the
处理单 it came in, so whoever replays a report has it built again from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from pipeline import task
from pipeline.database.models import Reject
from pipeline.errors import PermanentError
from pipeline.forms import form as form_named
from pipeline.forms.base import Form, returned_title
from pipeline.forms.block import TICKET
from pipeline.forms.identify import identify
from pipeline.forms.parse import parse
from pipeline.merge.desk import Deed
from pipeline.merge.desk import deeds as desk_deeds
from pipeline.model import Arrival, Checked, Claims, DeskSheet, Reading, Sheet, Workbook, WorkbookKind
from pipeline.turns.again import MendedRow


def mendable(ticket: Reject) -> bool:
    """Tell whether the row of a ticket is one that a county may correct cell by cell."""
    form = form_named(ticket.form)
    return form.mended and ticket.table in {table.name for table in form.tables}


def rebuilt(mended: Iterable[MendedRow], desks: Mapping[int, Checked]) -> dict[MendedRow, tuple[Arrival, Reading]]:
    """Return returned rows with some cells replaced, as if each came back in a return workbook.

    `desks`: the 处理单 with the cells, by received_seq. A row's number is that of the 处理单's line, so that its
    record's origin leads there.
    """
    wanted = sorted(mended)
    tickets = {one.ticket: one for one in Reject.objects.filter(ticket__in=[one.ticket for one in wanted])}
    deeds = {seq: _deeds_of(desks[seq]) for seq in {one.desk for one in wanted}}
    return {one: _rebuilt(desks[one.desk], tickets[one.ticket], deeds[one.desk][one.ticket]) for one in wanted}


def _rebuilt(desk: Checked, ticket: Reject, deed: Deed) -> tuple[Arrival, Reading]:
    form = form_named(ticket.form)
    book = _on_form(form, ticket, {**ticket.raw, **deed.cells}, deed.row)
    claims = identify(book)
    if not isinstance(claims, Claims):
        raise PermanentError("a row laid out on our own form is not recognised")
    reading = parse(book, claims)
    reading = replace(reading, content_sha=task.content_sha(reading))
    return replace(desk.arrival, bound=desk.unit), reading


def _deeds_of(desk: Checked) -> Mapping[str, Deed]:
    """The decisions of a 处理单 on tickets, by ticket."""
    return {deed.id: deed for deed in desk_deeds(desk) if deed.board is DeskSheet.TICKETS}


def _on_form(form: Form, ticket: Reject, raw: Mapping[str, str], number: int) -> Workbook:
    """A return workbook with one row, as a value: its table's row is Excel row `number`."""
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
    properties = {"queke_form": form.name, "queke_version": form.version, "queke_kind": WorkbookKind.GIVEBACK.value}
    return Workbook(tuple(sheets), properties)


def _header_block(form: Form, ticket: Reject) -> list[object]:
    values: dict[str, str | date | None] = {"unit": ticket.school, "campus": ticket.campus, "day": ticket.day}
    cells: list[object] = []
    for field in form.fields:
        if values.get(field.name):
            cells += [field.label, values[field.name]]
    return cells
