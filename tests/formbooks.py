"""Workbooks as values, for tests of forms and validation: no spreadsheet file is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from pipeline import validate
from pipeline.forms import form as form_named
from pipeline.forms.identify import identify
from pipeline.forms.parse import parse
from pipeline.model import (
    Arrival,
    Checked,
    Claims,
    ClassFacts,
    Context,
    Policy,
    Reading,
    SchoolFacts,
    Sheet,
    Workbook,
)
from pipeline.schooldays import Calendar

DAY = date(2026, 11, 20)
NOW = datetime.fromisoformat("2026-11-20T14:00:00+08:00")
SCHOOL = "2132000001"
OTHER = "2132000002"
KINDERGARTEN = "1132000003"
KEY = b"k" * 32
GOOD: Mapping[str, object] = {
    "班级": "三(3)班",
    "姓名": "张小明",
    "性别": "男",
    "缺课原因": "因病",
    "起始日": datetime(2026, 11, 20),
    "症状1": "发热",
    "体温": 38.5,
}
CLOSURE_GOOD: Mapping[str, object] = {
    "报告类别": "首报",
    "停课范围": "三(3)班",
    "停课原因": "流行性感冒",
    "患病学生数": 8.0,
    "涉及学生数": 40.0,
    "停课开始时间": datetime(2026, 11, 20, 13),
    "拟复课日期": datetime(2026, 11, 24),
    "批准时间": datetime(2026, 11, 20, 11),
    "批准方式": "电话",
    "批准人及单位": "示例区教育局 王某",
}
CLASSES = (("三(3)班", 45.0), ("三(4)班", 44.0), ("一(2)班", 40.0))


def even(rows: Sequence[Sequence[object]]) -> list[list[object]]:
    """Rows of one length, as readers give them."""
    width = max(map(len, rows))
    return [[*row, *[None] * (width - len(row))] for row in rows]


def grid(headers: Sequence[str], rows: Sequence[Mapping[str, object]]) -> list[list[object]]:
    """A head and its rows, by header text."""
    return [list(headers), *([row.get(header) for header in headers] for row in rows)]


def head(title: str, fields: Mapping[str, object]) -> list[list[object]]:
    """A title, and label / value pairs two to a row."""
    pairs = list(fields.items())
    lines = [[part for pair in pairs[at : at + 2] for part in (*pair, None)] for at in range(0, len(pairs), 2)]
    return [[title], *lines, []]


def book(*sheets: tuple[str, list[list[object]]], **properties: str) -> Workbook:
    return Workbook(tuple(Sheet(name, rows) for name, rows in sheets), properties)


def headers(form: str = "absence", table: str = "rows") -> list[str]:
    return [column.header for column in form_named(form).table(table).columns if not column.beside]


def absence(
    *rows: Mapping[str, object],
    classes: Sequence[tuple[str, object]] = CLASSES,
    day: object = datetime(2026, 11, 20),
    unit: object = SCHOOL,
    **fields: object,
) -> Workbook:
    """A 缺课日报. `fields`: zero, mode, campus … by label."""
    known = {"学校标识码": unit, "学校名称": "示例小学", "报告日期": day, **fields}
    lines = [{"班级": name, "应到人数": roll} for name, roll in classes]
    return book(
        ("缺课登记", [*head("学生缺课日报", known), *grid(headers(), rows)]),
        ("班级", grid(headers(table="classes"), lines)),
    )


def closure(*rows: Mapping[str, object], day: object = datetime(2026, 11, 20), unit: object = SCHOOL) -> Workbook:
    known = {"学校标识码": unit, "学校名称": "示例小学", "报告日期": day}
    return book(("停课报告", [*head("停课报告表", known), *grid(headers("closure"), rows)]))


def roster(
    *schools: Mapping[str, object], classes: Sequence[Mapping[str, object]] = (), division: object = "320106"
) -> Workbook:
    known = {"名册区划代码": division, "生效日期": datetime(2026, 9, 1)}
    return book(
        ("学校", [*head("学校名册", known), *grid(headers("roster", "schools"), schools)]),
        ("班级", grid(headers("roster", "classes"), classes)),
    )


def calendar(*rows: Mapping[str, object], unit: str = "320106") -> Workbook:
    """A 校历登记表 of a county or a school."""
    top = head("校历登记表", {"区划或学校代码": unit, "单位名称": "鼓楼区"})
    return book(("校历", [*top, *grid(headers("calendar", "spans"), rows)]))


def reading(workbook: Workbook) -> Reading:
    """Identify and parse; the workbook must be one of ours."""
    claims = identify(workbook)
    assert isinstance(claims, Claims), claims
    return parse(workbook, claims, seen=date(2026, 11, 20))


def row_of(workbook: Workbook, number: int = 0, table: str = "rows") -> dict[str, object]:
    """One parsed row by column name, blanks left out."""
    got = reading(workbook)
    assert got.claims
    columns = form_named(got.claims.form).table(table).columns
    row = got.tables[table][number]
    return {column.name: value for column, value in zip(columns, row.values, strict=True) if value is not None}


def codes(got: Reading) -> list[str]:
    return [issue.code for issue in got.issues]


def arrival(seq: int = 1, bound: str = "", name: str = "缺课日报.xlsx") -> Arrival:
    return Arrival("0" * 64, 1, name, "folder", "", bound, NOW, NOW, Path("spool") / str(seq), seq)


# --------------------------------------------------------------------------- a registry to judge by


def school(code: str = SCHOOL, county: str = "320106", stages: tuple[str, ...] = ("小学",)) -> SchoolFacts:
    named = {"三3": "三(3)班", "三4": "三(4)班", "一2": "一(2)班", "苹果班": "苹果班"}
    return SchoolFacts(
        code,
        "示例小学",
        county,
        stages,
        boarding=False,
        campuses=("本部",),
        classes={("本部", key): ClassFacts("本部", key, name, None) for key, name in named.items()},
    )


def context(**changes: object) -> Context:
    known = Context(
        schools={
            SCHOOL: school(),
            OTHER: school(OTHER, "320302"),
            KINDERGARTEN: school(KINDERGARTEN, stages=("幼儿园",)),
        },
        divisions={"320000": "江苏省", "320100": "南京市", "320106": "鼓楼区", "320300": "徐州市", "320302": "鼓楼区"},
        parents={"320106": "320100", "320302": "320300", "320100": "320000", "320300": "320000"},
        calendar=Calendar(),
    )
    return replace(known, **changes)


def home(got: Reading, known: Context | None = None) -> str:
    """The folder of the unit that a workbook names, "" if there is none such."""
    named, known = got.claims.unit if got.claims else "", known or context()
    return named if named in known.schools or named in known.divisions else ""


def check(
    workbook: Workbook,
    bound: str | None = None,
    known: Context | None = None,
    policy: Policy | None = None,
    *,
    came: datetime = NOW,
    **claims: str,
) -> Checked:
    """Check a workbook that lies in a folder; without one, in that of the unit it names, if there is such a unit."""
    got = reading(workbook)
    assert got.claims
    got = replace(got, claims=replace(got.claims, **claims))
    known = known or context()
    file = replace(arrival(bound=home(got, known) if bound is None else bound), first_seen=came, received_at=came)
    return validate.check([(file, got)], known, policy or Policy(), KEY)[0]


def said(checked: Checked) -> list[str]:
    """Codes of all its issues."""
    return [issue.code for issue in checked.issues]
