"""Rosters and calendars as their senders fill them in, and what the registry holds after them."""

import io
from collections.abc import Mapping
from datetime import date, datetime

import openpyxl

from pipeline import issuing, run
from pipeline.database.models import SchoolClass
from pipeline.model import Site
from pipeline.registry import lookup
from pipeline.turns import context
from tests.inprocess import InProcess
from tests.sites import DAY, NOW
from tests.system.posting import drop

HEADS = ("类别*", "学校标识码*", "班级*")  # what a table's head begins with


def edited(content: bytes, sheet: str, rows: Mapping[int, Mapping[str, object]]) -> bytes:
    """A workbook with cells of a table typed over: row 1 is the first below its head; new rows go below."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    page = book[sheet]
    head = next(row for row in page.iter_rows() if any(str(c.value or "").startswith(HEADS) for c in row))
    columns = {str(cell.value).rstrip("*"): cell.column for cell in head if cell.value}
    for number, cells in rows.items():
        for name, value in cells.items():
            page.cell(head[0].row + number, columns[name], value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def table(content: bytes, sheet: str) -> list[list[object]]:
    """The rows of a table below its head, blank ones left out."""
    page = openpyxl.load_workbook(io.BytesIO(content))[sheet]
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    head = next(n for n, row in enumerate(rows) if any(str(v or "").startswith(HEADS) for v in row))
    return [row for row in rows[head + 1 :] if any(value is not None for value in row)]


def template(site: Site, form: str, unit: str, day: date = DAY, year: int = 0) -> bytes:
    return issuing.template(site, form, unit, day, year=year)


def sent(site: Site, name: str, content: bytes, now: datetime = NOW) -> str:
    """Drop a workbook, let it be worked on, and return the receipt it got."""
    before = set(site.outbox.rglob("回执*.txt"))
    drop(site, {name: content})
    with InProcess() as readers:
        run.drain(site, readers, lambda: now)
    (receipt,) = set(site.outbox.rglob("回执*.txt")) - before
    return receipt.read_text(encoding="utf-8-sig")


def owed(unit: str, day: date) -> bool:
    return context.calendar().owes(lookup.tree([unit]).chain(unit), ("小学",), day).yes


def registry_rows() -> list[object]:
    return sorted(SchoolClass.objects.values_list("school", "key", "roll", "state", "valid_from", "valid_to"), key=repr)
