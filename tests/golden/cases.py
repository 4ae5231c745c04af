"""The workbooks of the golden cases, as people and their programs make them. Written once, then kept as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any

import xlsxwriter

from tests.formbooks import CLOSURE_GOOD, GOOD, SCHOOL, grid, head, headers

Rows = list[list[object]]
Finish = Callable[[Any, Any], None]  # (workbook, first sheet): what a program adds beside the values

_MADE = datetime(2026, 11, 20)
_HEAD: Mapping[str, object] = {"学校标识码": SCHOOL, "学校名称": "示例小学", "报告日期": date(2026, 11, 20)}
_CLASSES: Rows = [headers(table="classes"), ["三(3)班", 45], ["三(4)班", 44], ["一(2)班", 40]]
_NAMES = (
    *("张小明", "李小红", "王五一", "赵六月", "钱七星", "孙八方"),
    *("周九思", "吴十全", "郑小二", "冯小三", "陈小四", "褚小五"),
)


def saved(sheets: Mapping[str, Rows], finish: Finish | None = None, **options: object) -> bytes:
    """An .xlsx of these cells; dates get a date format, the file has no clock in it."""
    out = BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, **options}) as made:
        made.set_properties({"created": _MADE})
        formats = {date: made.add_format({"num_format": "yyyy-mm-dd"})}
        formats[datetime] = made.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for name, rows in sheets.items():
            sheet = made.add_worksheet(name)
            for r, row in enumerate(rows):
                for c, cell in enumerate(row):
                    if cell is not None:
                        sheet.write(r, c, cell, formats.get(type(cell)))
        if finish:
            finish(made, made.worksheets()[0])
    return out.getvalue()


def absence(rows: Sequence[Mapping[str, object]], header: Mapping[str, object] | None = None) -> dict[str, Rows]:
    top = head("学生缺课日报", {**_HEAD, **(header or {})})
    return {"缺课登记": [*top, *grid(headers(), rows)], "班级": _CLASSES}


def pupils(*changes: Mapping[str, object]) -> list[dict[str, object]]:
    """A right row for each change, each another pupil, the change made."""
    right = {**GOOD, "起始日": date(2026, 11, 20)}
    return [{**right, "姓名": name, **change} for name, change in zip(_NAMES, changes, strict=False)]


def _two_head_rows() -> dict[str, Rows]:
    upper: list[object] = ["班级", "姓名", "性别", "缺课原因", "起始日", "症状", None, None, "体温", "备注"]
    lower: list[object] = [None, None, None, None, None, 1, 2, 3, None, None]
    row: list[object] = ["三(3)班", "张小明", "男", "因病", date(2026, 11, 20), "发热", "咳嗽", "咽痛", 38.5, "在家"]
    return {"缺课登记": [*head("学生缺课日报", _HEAD), upper, lower, row]}


def _merge_two_head_rows(_: object, sheet: Any) -> None:
    top = len(head("学生缺课日报", _HEAD))
    for c, word in enumerate(["班级", "姓名", "性别", "缺课原因", "起始日"]):
        sheet.merge_range(top, c, top + 1, c, word)
    sheet.merge_range(top, 5, top, 7, "症状")


def _other_programs_sheet() -> dict[str, Rows]:
    words = ["序号", "姓名", "班级名称", "性别", "家长电话", "原因", "缺课开始日期", "症状", "体温(℃)"]
    rows = [
        [1, "张小明", "三（3）班", "男", "100-0000-0001", "病假", "11月20日", "发烧、咳嗽", "38.5℃"],
        [2, "李小红", "三年级4班", "女生", "100-0000-0002", "事假", "2026.11.20", None, None],
    ]
    return {"Sheet1": [[None, "示例小学学生缺课日报（11月20日）"], [None, f"学校标识码：{SCHOOL}"],
                       [None, "报告日期：2026年11月20日", None, "零报告", "否"], [], words, *rows]}  # fmt: skip


def _odd_cells(_: object, sheet: Any) -> None:
    sheet.write_formula(5, 0, '="三(3)"&"班"', None, "三(3)班")
    sheet.write_formula(6, 1, "=VLOOKUP(1,A1:A2,2)", None, "#N/A")
    sheet.write_formula(7, 11, "=1/0", None, "#DIV/0!")


def _hide_a_row(_: object, sheet: Any) -> None:
    sheet.set_row(6, None, None, {"hidden": True})


def _giveback() -> dict[str, Rows]:
    words = [*headers()[:16], "作废", "退回原因", "凭单号"]
    rows = [
        {**row, "凭单号": f"T7-r{n}"} for n, row in enumerate(pupils({}, {"姓名": None}, {"作废": "作废"}), start=6)
    ]
    top = [["两法任选：只改本表发回；或改原表后整份重发。"], *head("学生缺课日报 · 退回修正表", _HEAD)]
    return {"缺课登记": [*top, *grid(words, rows)]}


def _closure() -> dict[str, Rows]:
    good = {**CLOSURE_GOOD, "拟复课日期": date(2026, 11, 24)}
    bad = {**good, "停课范围": "全校", "批准时间": datetime(2026, 11, 20, 13, 30), "批准人及单位": None}
    resumed = {**good, "报告类别": "复课", "停课范围": "三(4)班", "实际复课日期": date(2026, 11, 25)}
    return {"停课报告": [*head("停课报告表", _HEAD), *grid(headers("closure"), [good, bad, resumed])]}


def _roster() -> dict[str, Rows]:
    top = head("学校名册", {"名册区划代码": "320106", "生效日期": date(2026, 9, 1)})
    schools = [
        {
            "学校标识码": 2132000009,
            "学校名称": "新小学",
            "学段": "小学/初中",
            "寄宿": "√",
            "填报人电话": "１００-0000-0009",
        },
        {"学校标识码": "99320000AB", "学校名称": "错"},
        {"学校标识码": "2132000010", "学校名称": "别县", "区划代码": "320302"},
    ]
    classes = [
        {"学校标识码": "2132000009", "班级": "七年级（1）班", "学生人数": "45人"},
        {"学校标识码": "2132000009", "班级": None},
    ]
    return {
        "学校": [*top, *grid(headers("roster", "schools"), schools)],
        "班级": grid(headers("roster", "classes"), classes),
    }


_ID = "320102201501011234"


def cases() -> dict[str, bytes]:
    """Every case by name."""
    words = pupils(
        {"症状1": "发烧", "性别": "男生", "缺课原因": "病假", "诊断": "甲流"},
        {"症状1": "拉肚子+吐", "体温": "38。5", "就诊": "没有"},
        {"症状1": "发热咳嗽、没精神", "诊断": "疑似水痘", "备注": "在家"},
        {"缺课原因": "摔伤", "症状1": None, "伤害原因": "摔倒", "伤害地点": "操场"},
        {"班级": "三年级（3）班", "姓名": "钱 七\u200b星", "体温": "未测"},
    )
    dates = pupils(
        *(
            {"起始日": typed}
            for typed in ("2026年11月20日", "11.19", "20261120", "昨天", 46346, "11/18", "2026-11-20 00:00")
        ),
        *({"起始日": typed} for typed in (11.2, "12-30", "2026-13-01", date(2026, 11, 21))),
    )
    hidden_ids = pupils({"学号": _ID}, {"备注": f"证件{_ID}"}, {"姓名": _ID}, {"学号": 12345678901234567})
    wrong = [{"姓名": 38.5, "体温": name, "症状1": "发热"} for name in _NAMES[:11]]
    return {
        "right-day": saved(absence(pupils(*[{}] * 8, {"缺课原因": "其他", "症状1": None}), {"填报人": "李老师"})),
        "zero-report": saved(absence([], {"零报告": "是", "填报人": "李老师"})),
        "says-nothing": saved(absence([])),
        "peoples-words": saved(absence(words, {"报送方式": "首报", "零报告": "否"})),
        "dates-as-typed": saved(absence(dates)),
        "epoch-1904": saved(absence(pupils({}, {"发病日期": date(2026, 11, 19)})), date_1904=True),
        "two-head-rows": saved(_two_head_rows(), _merge_two_head_rows),
        "another-programs-sheet": saved(_other_programs_sheet()),
        "class-became-a-date": saved(
            absence(pupils({}, {"班级": date(2026, 3, 2)}, {"班级": "六(6)班"}, {"班级": 3.2}))
        ),
        "odd-cells": saved(absence(pupils({}, {}, {}, {})), _odd_cells),
        "hidden-row": saved(absence(pupils({}, {}, {})), _hide_a_row),
        "identity-numbers": saved(absence(hidden_ids)),
        "slipped-column": saved(absence([{**GOOD, "起始日": date(2026, 11, 20), **row} for row in wrong])),
        "twins": saved(absence([*pupils({}), *pupils({}), *pupils({"症状1": "腹泻"})])),
        "return-workbook": saved(_giveback()),
        "column-missing": saved({"缺课登记": [[c for i, c in enumerate(r) if i != 1 or n < 4]
                                              for n, r in enumerate(absence(pupils({}))["缺课登记"])]}),
        "two-forms": saved({**absence(pupils({})), **_closure()}),
        "closure": saved(_closure()),
        "roster": saved(_roster()),
    }  # fmt: skip
