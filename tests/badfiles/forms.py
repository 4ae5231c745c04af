"""Files that are no workbook of ours, or another form or version."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date
from functools import cache

from msoffcrypto.format.ooxml import OOXMLFile

from pipeline.demo.mistakes import without_properties
from tests.badfiles.made import (
    DAY,
    FIRST,
    SECOND,
    Case,
    Dropped,
    good,
    name_of,
    one,
    sheets,
    template,
    typed,
)
from tests.formbooks import CLOSURE_GOOD, grid, head, headers
from tests.golden.cases import Rows, pupils, saved
from tests.hostile import hostile

# --------------------------------------------------------------------------- not a workbook, or not to be opened


@cache
def _all_hostile() -> Mapping[str, tuple[bytes, str]]:
    return {name: (content, code) for name, content, code in hostile()}


def _hostile(what: str) -> Case:
    def case(_: str) -> Dropped:
        content, code = _all_hostile()[what]
        return one(content, "quarantined", code)

    return case


def _encrypted(code: str) -> Dropped:
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(good(code, FIRST))).encrypt("1", out)
    return one(out.getvalue(), "quarantined", "file-encrypted", "密码")


def unreadable() -> dict[str, Case]:
    named = (
        *("zero bytes", "pdf", "html", "csv", "rar", "zip of a workbook", "zip bomb", "entity bomb", "xlsm", "xlsb"),
        *("value at XFD1048576", "password zip", "ods", "word, wps, et", "torn xls", "embedded object"),
        "two names by case",
    )
    return {
        **{what: _hostile(what) for what in named},
        "truncated": lambda code: one(good(code, FIRST)[:3000], "quarantined", "file-damaged", "没有传完"),
        "encrypted": _encrypted,
    }


# --------------------------------------------------------------------------- another form, another version


def _closure(code: str) -> Dropped:
    top = head("停课报告表", {"学校标识码": code, "学校名称": name_of(code), "报告日期": DAY})
    rows = grid(headers("closure"), [{**CLOSURE_GOOD, "拟复课日期": date(2026, 11, 24)}])
    return one(saved({"停课报告": [*top, *rows]}), "accepted", rows=1, name="学生缺课日报.xlsx")


def _foreign(_: str) -> Dropped:
    lessons: Rows = [["三(3)班课程表"], ["节次", "周一", "周二"], [1, "语文", "数学"], [2, "体育", "班会"]]
    return one(saved({"Sheet1": lessons}), "rejected", "form-unknown", "请用本系统的模板填报")


def forms() -> dict[str, Case]:
    return {
        "closure in place of absence": _closure,
        "foreign workbook": _foreign,
        "too new a template": lambda code: one(
            template(code, [typed(FIRST)], version="9"), "rejected", "form-too-new", "比系统认识的新"
        ),
        "old template": lambda code: one(
            template(code, [typed(FIRST)], version="0"), "accepted", "form-old", "旧版模板", rows=1, stands=(FIRST,)
        ),
        "two forms in one file": lambda code: one(
            saved({**sheets(code, pupils({})), "停课": [*head("停课报告表", {}), headers("closure"), ["首报"]]}),
            "rejected",
            "form-several",
        ),
        "lost its properties": lambda code: one(
            without_properties(template(code, [typed(FIRST), typed(SECOND)])),
            "accepted",
            rows=2,
            stands=(FIRST, SECOND),
        ),
        "says nothing": lambda code: one(saved(sheets(code, [])), "rejected", "nothing-reported", "零报告"),
    }
