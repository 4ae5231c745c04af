"""备案表 as people fill it: on our template, cell by cell, as a spreadsheet program saves it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

from pipeline.forms import form
from pipeline.xlsx.fill import Cells, Template

SHEET = "备案表"
PASSWORD = "Qw7!silence"
ROW: Mapping[str, object] = {
    "username": "GL_SL01",
    "password": PASSWORD,
    "holder": "李老师",
    "phone": "100-0000-0001",
}
SAID: Mapping[str, object] = {
    "申请人姓名：": "李老师",
    "所在部门：": "办公室",
    "联系电话：": "100-0000-0002",
    "电子邮箱：": "office@example.org",
    "☑学校账号": 1,
}


def filled(blank: bytes, rows: Sequence[Mapping[str, object]] = (ROW,), **changes: object) -> bytes:
    """The template with what a clerk types: values right of labels, rows by our column names.

    `changes`: by label without its colon or box; a count of None stays blank. 单位级别 etc. are cells of their own.
    """
    template = Template(blank)
    cells = template.cells(SHEET)
    labels = {text: where for where, text in sorted(cells.items(), reverse=True)}
    told = {**SAID, "☑学校账号": len(rows)}
    values: dict[tuple[int, int], object] = {}
    for label, value in told.items():
        if label in labels and label.strip("：☑") not in changes:
            values[_right(labels[label])] = value
    for label, value in changes.items():
        where = next(at for text, at in labels.items() if text.strip("：☑☐") == label)
        values[_right(where)] = value
    head = next(row for (row, _), text in sorted(cells.items()) if text == "用户名")
    columns = [column.name for column in form("filing").tables[0].columns]
    for down, row in enumerate(rows, start=1):
        values |= {(head + down, columns.index(name)): value for name, value in row.items()}
    return template.put({SHEET: values})


def typed(content: bytes, cells: Cells) -> bytes:
    """The same workbook with some cells of the form typed over: (Excel row, 0-based column) → value."""
    return Template(content).put({SHEET: cells})


def place(content: bytes, text: str) -> tuple[int, int]:
    """Where a text stands on the form."""
    return next(where for where, said in Template(content).cells(SHEET).items() if said == text)


def _right(where: tuple[int, int]) -> tuple[int, int]:
    return where[0], where[1] + 1


def smuggled(content: bytes, secret: str) -> bytes:
    """The workbook with the secret in a comment, a hidden sheet, a defined name and the document's properties too."""
    from openpyxl import load_workbook
    from openpyxl.comments import Comment
    from openpyxl.workbook.defined_name import DefinedName

    book = load_workbook(io.BytesIO(content))
    sheet = book[SHEET]
    sheet["B3"].comment = Comment(f"初始密码 {secret}", "李老师")
    hidden = book.create_sheet("草稿")
    hidden["C7"] = secret
    hidden.sheet_state = "hidden"
    book.defined_names["SECRET"] = DefinedName("SECRET", attr_text=f'"{secret}"')
    book.properties.keywords = secret
    book.properties.description = f"密码 {secret}"
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def holds(content: bytes, secret: str) -> bool:
    """Whether a file holds a text, in any usual encoding, in the open or in a member of a zip."""
    needles = [secret.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be")]
    pieces = [content]
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            pieces += [package.read(entry) for entry in package.infolist()]
    return any(needle in piece for needle in needles for piece in pieces)
