"""A right workbook of every form, as cells: what a clerk types into our template, and where.

Forms with a sample of their own are filled in full; any other form by the examples it declares, so that a new
form is in these tests from its first day.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from openpyxl import Workbook, load_workbook

from pipeline.forms import FORMS
from pipeline.forms import form as form_named
from pipeline.forms.base import Column, Field, Form, Table
from pipeline.model import Issue, Refused
from pipeline.xlsx import fill
from pipeline.xlsx.blank import TemplateFacts, blank
from pipeline.xlsx.giveback import GivebackFacts, giveback

DAY, BEFORE = date(2026, 11, 20), date(2026, 11, 18)
SCHOOL, COUNTY = "2132000001", "320106"
RETURNED = "absence, returned"  # our return workbook, mended
NAMES = [*(form.name for form in FORMS), RETURNED]
TABLES = [*(form.name for form in FORMS if not form.tables[0].upright), RETURNED]
CLASSES = ({"class_name": "三(3)班", "roll": 45}, {"class_name": "三(4)班", "roll": 44}, {"class_name": "一(2)班"})

Row = Mapping[str, object]
Cells = Mapping[tuple[int, int], object]
"""(Excel row, 0-based column) → text, number, date or datetime."""


@dataclass(frozen=True)
class Sample:
    """One form filled in. `typed`: by sheet, every cell that is put into the template."""

    form: Form
    template: bytes
    typed: Mapping[str, Cells]
    content: bytes  # saved by openpyxl


_PUPIL: Row = {"class_name": "三(3)班", "sex": "男", "reason": "因病", "start": DAY}
_ABSENT: tuple[Row, ...] = (
    {**_PUPIL, "name": "张小明", "number": "0012", "symptom1": "发热", "symptom2": "咳嗽", "temperature": 38.5,
     "onset": BEFORE, "visited": "是", "diagnosis": "流行性感冒", "note": "在家休息", "hospital": "示例医院"},
    {**_PUPIL, "name": "李小红", "sex": "女", "symptom1": "呕吐、腹泻、没精神", "temperature": 37},
    {**_PUPIL, "class_name": "三(4)班", "name": "王五一", "reason": "因伤", "injury_cause": "跌倒坠落",
     "injury_place": "学校", "injury_part": "上肢", "admitted": "否"},
    {**_PUPIL, "class_name": "一(2)班", "name": "赵六月", "reason": "其他", "part": "上午", "note": "= 家中有事 <&>"},
)  # fmt: skip
_CLOSED: tuple[Row, ...] = (
    {"kind": "首报", "scope": "三(3)班", "reason": "流行性感冒", "ill": 8, "pupils": 45, "first_onset": BEFORE,
     "start": datetime(2026, 11, 20, 13), "resume_planned": date(2026, 11, 24),
     "approved_at": datetime(2026, 11, 20, 11, 30), "approved_how": "电话", "approved_by": "示例区教育局 王某",
     "document": "示教〔2026〕5号"},
    {"kind": "首报", "scope": "全校", "reason": "手足口病", "ill": 30, "start": datetime(2026, 11, 20, 16, 45),
     "resume_planned": date(2026, 12, 1), "approved_at": datetime(2026, 11, 20, 8), "approved_how": "书面",
     "approved_by": "示例区疾控中心 李某", "note": "连同本部\n一起"},
)  # fmt: skip
_SCHOOLS: tuple[Row, ...] = (
    {"code": SCHOOL, "name": "示例小学", "division": COUNTY, "stages": "小学、初中", "boarding": "否",
     "reporter": "李老师", "reporter_phone": "100-0000-0001", "leader": "王校长", "leader_phone": "10000000002"},
    {"code": "1132000003", "name": "示例幼儿园", "stages": "幼儿园"},
)  # fmt: skip
_ROOMS: tuple[Row, ...] = (
    {"code": SCHOOL, "class_name": "三(3)班", "stage": "小学", "roll": 45, "from": date(2026, 9, 1)},
    {"code": "1132000003", "class_name": "苹果班", "roll": 28},
)
_FULL: Mapping[str, Mapping[str, Sequence[Row]]] = {
    "absence": {"rows": _ABSENT, "classes": ({**CLASSES[0], "other_absent": 2}, {**CLASSES[1], "present": 43})},
    "closure": {"rows": _CLOSED},
    "roster": {"schools": _SCHOOLS, "classes": _ROOMS},
}
FREE = frozenset(_FULL)
"""Forms with a sample of their own: of a template's table, nothing is filled beforehand."""
_HEADER: Row = {"mode": "首次报送", "zero": "否", "reporter": "示例甲", "reviewer": "示例乙"}


def facts(form: Form) -> TemplateFacts:
    """What we know beforehand of the unit whose template it is."""
    own = form.of == "school"
    known = {"unit": SCHOOL, "school": "示例小学", "campus": "本部"} if own else {"unit": COUNTY, "school": "鼓楼区"}
    return TemplateFacts(fields={**known, "day": DAY}, rows={"classes": CLASSES} if own else {}, token="t-1.ABC")


@cache
def sample(name: str) -> Sample:
    """The form of that name, filled in; of RETURNED, a return workbook mended."""
    if name == RETURNED:
        return _returned()
    form = form_named(name)
    template = blank(form, facts(form))
    said = fill.Template(template)
    typed: dict[str, dict[tuple[int, int], object]] = {}
    rows = _FULL.get(name) or {table.name: (_example(table),) * 2 for table in form.tables}
    for table in form.tables:
        cells = said.cells(table.sheet)
        typed.setdefault(table.sheet, {}).update(_table(cells, table, rows.get(table.name, ())))
    first = form.tables[0].sheet
    typed[first] = {**_header(said.cells(first), form), **typed[first]}
    return Sample(form, template, typed, by_openpyxl(template, typed))


def _returned() -> Sample:
    """One row has its name put in, one is struck out, and one is left as it came."""
    form = form_named("absence")
    raw = {"class_name": "三(3)班", "sex": "男", "reason": "因病", "start": str(DAY), "symptom1": "发热"}
    missing = Issue("name-missing", "缺课登记", "B8", 8, "姓名")
    rows = [Refused("rows", 8 + n, raw, (missing,), f"T7-r{8 + n}") for n in range(3)]
    known = {**facts(form).fields, "day": DAY}
    template = giveback(form, GivebackFacts(known, rows, [str(one["class_name"]) for one in CLASSES], "t-1.ABC"))
    cells = fill.Template(template).cells(form.tables[0].sheet)
    top, columns = fill.heads(cells, form.tables[0])
    void = next(column for (row, column), text in cells.items() if (row, text) == (top, "作废"))
    typed = {form.tables[0].sheet: {(top + 1, columns["name"]): "张小明", (top + 2, void): "作废"}}
    return Sample(form, template, typed, by_openpyxl(template, typed))


def by_openpyxl(template: bytes, typed: Mapping[str, Cells]) -> bytes:
    """The template with these cells, as openpyxl saves it."""
    book = load_workbook(io.BytesIO(template))
    for sheet, cells in typed.items():
        for (row, column), value in cells.items():
            cell = book[sheet].cell(row, column + 1, value)
            if isinstance(value, str):
                cell.data_type = "s"  # a text may begin with =
    return saved(book)


def saved(book: Workbook) -> bytes:
    """The bytes openpyxl saves."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def head(name: str) -> tuple[str, int, Mapping[str, int]]:
    """The first table of a form in its template: its sheet, the Excel row of its headers, their columns by name."""
    table = sample(name).form.tables[0]
    return (table.sheet, *fill.heads(fill.Template(sample(name).template).cells(table.sheet), table))


def _table(cells: Mapping[tuple[int, int], str], table: Table, rows: Sequence[Row]) -> dict[tuple[int, int], object]:
    """Cells of the rows: from the first line below the head, over what is prefilled there; right of its labels
    in an upright table.
    """
    if table.upright:
        labels = _labels(cells)
        said = {column.header: rows[0].get(column.name) for column in table.columns}
        return {(labels[name][0], labels[name][1] + 1): value for name, value in said.items() if value is not None}
    top, columns = fill.heads(cells, table)
    return {
        (row, columns[name]): value
        for row, said in enumerate(rows, start=top + 1)
        for name, value in said.items()
        if name in columns
    }


def _header(cells: Mapping[tuple[int, int], str], form: Form) -> dict[tuple[int, int], object]:
    labels = _labels(cells)
    found = {}
    for field in form.fields:
        value = _HEADER.get(field.name)
        if value is not None and _takes(field, value) and field.label in labels:
            row, column = labels[field.label]
            found[row, column + 1] = value
    return found


def _labels(cells: Mapping[tuple[int, int], str]) -> dict[str, tuple[int, int]]:
    return {text.strip("*"): where for where, text in sorted(cells.items(), reverse=True)}


def _takes(field: Field, value: object) -> bool:
    return field.vocabulary is None or value in field.vocabulary.labels.values()


def _example(table: Table) -> Row:
    """A row of the examples the form declares; of anything, where it declares none."""
    said = {column.name: _typed(column) for column in table.columns if column.example}
    return said or {column.name: _anything(column) for column in table.columns if column.dtype in _ANYTHING}


_ANYTHING = {"text": "甲", "integer": 1, "number": 1.5, "date": DAY, "flag": "是", "choice": ""}


def _anything(column: Column) -> object:
    return next(iter(column.vocabulary.labels.values())) if column.vocabulary else _ANYTHING[column.dtype]


def _typed(column: Column) -> object:
    """The example as a program keeps it that was typed into the column: dates as dates, numbers as numbers."""
    if column.dtype in ("date", "datetime"):
        try:
            return datetime.fromisoformat(column.example)
        except ValueError:
            return column.example
    if column.dtype in ("integer", "number") and column.example.replace(".", "", 1).isdigit():
        return float(column.example)
    return column.example
