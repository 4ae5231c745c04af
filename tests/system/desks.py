"""A county's 处理单 as it is made, read, filled in by another program, and sent."""

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

import openpyxl

from pipeline import issuing
from pipeline.county import build_desk
from pipeline.database.models import Submission
from pipeline.forms import form
from pipeline.model import Site
from pipeline.xlsx.deskbook import deskbook
from pipeline.xlsx.fill import Template, fill
from tests.sites import COUNTY, DAY, NOW
from tests.system.posting import drop, work

FIRST, SECOND = "2132010001", "2132010002"
Answers = Mapping[str, Mapping[str, object]]
"""The line → header → what is typed."""


def closure(site: Site, school: str, **more: object) -> bytes:
    row = {
        "kind": "首报",
        "scope": "三(4)班",
        "reason": "流行性感冒",
        "ill": 9,
        "pupils": 40,
        "start": datetime(2026, 11, 20, 8, 0),
        "resume_planned": date(2026, 11, 24),
        "approved_at": datetime(2026, 11, 19, 16, 0),
        "approved_how": "电话",
        "approved_by": "示例区教育局",
    }
    content = issuing.template(site, "closure", school, DAY)
    return fill(Template(content), form("closure"), {}, {"rows": [{**row, **more}]})


def made(site: Site, division: str = COUNTY) -> bytes:
    return deskbook(build_desk.desk(site, division, NOW))


def lines(content: bytes) -> dict[str, dict[str, object]]:
    """Every line of a 处理单 by its 事项号, but for what reconciliation found."""
    found = {}
    for _, heads, row in rows(openpyxl.load_workbook(io.BytesIO(content))):
        told = {head: cell.value for head, cell in zip(heads, row, strict=True)}
        found[called(str(told["事项号"]))] = told
    return {key: told for key, told in found.items() if not key.startswith("matters/")}


def called(key: str) -> str:
    """A line's name in these tests: a ticket's by its column, because its number is the template's affair."""
    board, _, rest = key.partition("/")
    return f"{board}/{rest.partition('/')[2]}" if board == "tickets" else key


def rows(book: openpyxl.Workbook):
    for sheet in book.worksheets:
        head = next((r for r in sheet.iter_rows() if any(cell.value == "事项号" for cell in r)), None)
        if head is not None:
            heads = [str(cell.value or "") for cell in head]
            for row in sheet.iter_rows(min_row=head[0].row + 1):
                if any(cell.value is not None for cell in row):
                    yield sheet, heads, row


def answered(content: bytes, answers: Answers, keep: Sequence[str] = ()) -> bytes:
    """The 处理单 as an admin sends it: filled in and saved by another program. `keep`: these sheets alone."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    left = set(answers)
    for _, heads, row in rows(book):
        key = called(str(row[heads.index("事项号")].value))
        left.discard(key)
        for head, value in answers.get(key, {}).items():
            row[heads.index(head)].value = value
    assert not left, f"no such lines: {left}"
    for sheet in [one for one in book.worksheets if keep and one.title not in keep]:
        book.remove(sheet)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def sent(site: Site, content: bytes, folder: str = f"{COUNTY} 示例区", name: str = "处理单.xlsx"):
    drop(site, {f"{folder}/{name}" if folder else name: content})
    work(site)
    return Submission.objects.order_by("-received_seq").first()


def papers(site: Site, name: str) -> list[Path]:
    return sorted(site.outbox.rglob(name))
