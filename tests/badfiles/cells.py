"""Workbooks whose columns, heads or cells are not as asked."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import xlsxwriter

from tests.badfiles.made import (
    DAY,
    FIRST,
    NO_ROLL,
    SECOND,
    THIRD,
    Case,
    Dropped,
    one,
    sheets,
)
from tests.formbooks import GOOD, head
from tests.golden.cases import Rows, pupils, saved

# --------------------------------------------------------------------------- columns and heads


def _table(cells: dict[str, Rows]) -> int:
    """The place of the head row."""
    return next(r for r, row in enumerate(cells["缺课登记"]) if "班级" in row)


def _reshaped(code: str, change: Callable[[list[object]], list[object]]) -> bytes:
    """The report with every row from the head on changed."""
    cells = sheets(code, pupils({}, {}))
    at = _table(cells)
    main = cells["缺课登记"]
    return saved({**cells, "缺课登记": [*main[:at], *(change(row) for row in main[at:])]})


def _renamed(code: str) -> Dropped:
    words = {"姓名": "学生姓名", "缺课原因": "请假原因", "起始日": "缺课日期", "体温": "体温(℃)"}
    content = _reshaped(code, lambda row: [words.get(str(cell), cell) for cell in row])
    return one(content, "accepted", rows=2, stands=(FIRST, SECOND))


def _extra(code: str) -> Dropped:
    content = _reshaped(code, lambda row: [*row, "家长电话" if "班级" in row else "100-0000-0001"])
    return one(content, "accepted", "column-extra", "家长电话", rows=2, stands=(FIRST, SECOND))


def _two_heads(code: str) -> Dropped:
    upper: list[object] = ["班级", "姓名", "性别", "缺课原因", "起始日", "症状", None, None, "体温"]
    lower: list[object] = [None, None, None, None, None, 1, 2, 3, None]
    rows = [["三(3)班", name, "男", "因病", DAY, "发热", None, None, 38.5] for name in (FIRST, SECOND)]
    top = head("学生缺课日报", {"学校标识码": code, "报告日期": DAY})

    def merge(_: object, sheet: Any) -> None:
        for c, word in enumerate(upper[:5]):
            sheet.merge_range(len(top), c, len(top) + 1, c, word)
        sheet.merge_range(len(top), 5, len(top), 7, "症状")

    return one(saved({"缺课登记": [*top, upper, lower, *rows]}, merge), "accepted", rows=2, stands=(FIRST, SECOND))


def _merged(code: str) -> Dropped:
    cells = sheets(code, pupils({}, {"班级": None}, {"班级": None}))
    at = _table(cells) + 1

    def merge(_: object, sheet: Any) -> None:
        sheet.merge_range(at, 0, at + 2, 0, "三(3)班")

    return one(saved(cells, merge), "accepted", "", "代为规范", rows=3, stands=(FIRST, SECOND, THIRD))


def _hidden(code: str) -> Dropped:
    cells = sheets(code, pupils({}, {}, {}))
    at = _table(cells) + 1

    def hide(_: object, sheet: Any) -> None:
        sheet.set_row(at + 1, None, None, {"hidden": True})
        sheet.set_column(11, 11, None, None, {"hidden": True})

    return one(saved(cells, hide), "accepted", "rows-hidden", "1 行被隐藏", rows=3, stands=(FIRST, SECOND, THIRD))


def columns() -> dict[str, Case]:
    return {
        "column of names missing": lambda code: one(
            _reshaped(code, lambda row: [row[0], *row[2:]]), "rejected", "column-missing", "姓名"
        ),
        "column of sex missing": lambda code: one(
            _reshaped(code, lambda row: [*row[:3], *row[4:]]),
            "accepted",
            "column-lacking",
            "性别",
            rows=2,
            stands=(FIRST, SECOND),
        ),
        "columns renamed": _renamed,
        "columns reordered": lambda code: one(
            _reshaped(code, lambda row: row[::-1]), "accepted", rows=2, stands=(FIRST, SECOND)
        ),
        "columns extra": _extra,
        "two columns of names": lambda code: one(
            _reshaped(code, lambda row: [*row, "学生姓名" if "班级" in row else "别人"]),
            "rejected",
            "column-twice",
            "两列",
        ),
        "two header rows": _two_heads,
        "merged cells": _merged,
        "hidden rows and columns": _hidden,
    }


# --------------------------------------------------------------------------- cells


def _formulas(code: str) -> Dropped:
    cells = sheets(code, pupils({}, {}, {}))
    at = _table(cells) + 1

    def write(_: object, sheet: Any) -> None:
        sheet.write_formula(at, 11, "=38+0.5", None, 38.5)
        sheet.write_formula(at + 1, 1, '=""&A1', None, "")

    content = saved(cells, write)
    return one(_uncached(content), "partial", "formula-uncached", "不要用公式", rows=3, stands=(FIRST, THIRD))


def _uncached(content: bytes) -> bytes:
    """Formulas whose cached text is empty have none, as programs write them that do not calculate."""
    return _edited(content, "xl/worksheets/sheet1.xml", lambda text: text.replace("<v></v>", ""))


def _edited(content: bytes, part: str, change: Callable[[str], str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            whole = old.read(name)
            new.writestr(name, change(whole.decode()).encode() if name == part else whole)
    return out.getvalue()


def _errors(code: str) -> Dropped:
    cells = sheets(code, pupils({}, {}, {}))
    at = _table(cells) + 1

    def write(_: object, sheet: Any) -> None:
        sheet.write_formula(at, 1, "=VLOOKUP(1,A1:A2,2)", None, "#N/A")
        sheet.write_formula(at + 1, 7, "=1/0", None, "#DIV/0!")

    return one(saved(cells, write), "partial", "error-cell", "#N/A", rows=3, stands=(SECOND, THIRD))


def _empty_styled(code: str) -> Dropped:
    """A clerk coloured whole columns: 200,000 cells with a style and nothing in them."""
    cells = sheets(code, pupils({}, {}))
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as made:
        yellow, day = made.add_format({"bg_color": "yellow"}), made.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in cells.items():
            sheet = made.add_worksheet(name)
            for r, row in enumerate(rows):
                for c, cell in enumerate(row):
                    if cell is not None:
                        sheet.write(r, c, cell, day if isinstance(cell, date) else None)
            if name == "缺课登记":
                for r in range(len(rows), len(rows) + 12_500):
                    for c in range(16):
                        sheet.write_blank(r, c, None, yellow)
    return one(out.getvalue(), "accepted", rows=2, stands=(FIRST, SECOND))


def _slipped(code: str) -> Dropped:
    wrong = [{**row, "姓名": 38.5, "体温": row["姓名"], "症状1": "发烧"} for row in pupils(*[{}] * 12)]
    return one(saved(sheets(code, wrong)), "rejected", "column-slipped", "共 12 行", rows=0)


def _many(code: str, count: int, **only: str) -> bytes:
    """So many pupils; with `only`, rows in which nothing else is written."""
    rows = [only or {**GOOD, "起始日": DAY, "姓名": f"童{_chinese(n)}"} for n in range(count)]
    return saved(sheets(code, rows))


def _chinese(n: int) -> str:
    return "".join("零一二三四五六七八九"[int(digit)] for digit in f"{n:05d}")


def _spaced(rows: Rows) -> Rows:
    return [*rows[:-1], [], [], rows[-1]]


def _heads_again(code: str) -> Dropped:
    cells = sheets(code, pupils({}, {}))
    at, main = _table(cells), cells["缺课登记"]
    return one(
        saved({**cells, "缺课登记": [*main[: at + 1], main[at], main[at + 1], main[at], main[at + 2]]}),
        "accepted",
        rows=2,
        stands=(FIRST, SECOND),
    )


def _two_reports_in_a_sheet(code: str) -> Dropped:
    cells, others = sheets(code, pupils({})), sheets("2132010099", pupils({}, {}))
    content = saved({**cells, "缺课登记": [*cells["缺课登记"], [], *others["缺课登记"]]})
    return one(content, "rejected", "table-again", "两份表", rows=0)


def _ditto(code: str) -> Dropped:
    rows = pupils({}, {"班级": "同上"}, {"班级": "〃", "缺课原因": "同上"})
    return one(saved(sheets(code, rows)), "partial", "class-unreadable", "不像班级名称", rows=3, stands=(FIRST,))


def _odd_names(code: str) -> Dropped:
    odd = {"张\n小明": "张小明", "李小红😷": "李小红😷", "-王五": "-王五", "阿卜·买买提": "阿卜·买买提",
           "=1+1": None, "张三、李四": "张三、李四", "字" * 85: "字" * 60}  # fmt: skip
    rows = [{**row, "姓名": name} for row, name in zip(pupils(*[{}] * 7), odd, strict=True)]
    stands = [name for name in odd.values() if name]
    return one(saved(sheets(code, rows)), "partial", "name-several", "几个人", rows=7, stands=stands)


def _protected(code: str) -> Dropped:
    return one(
        saved(sheets(code, pupils({})), lambda _, sheet: sheet.protect("1")), "accepted", rows=1, stands=(FIRST,)
    )


def cells() -> dict[str, Case]:
    return {
        "formulas with and without values": _formulas,
        "error cells": _errors,
        "200,000 empty styled cells": _empty_styled,
        "a column slipped": _slipped,
        "10,000 rows": lambda code: one(_many(code, 10_000), "rejected", "rows-over-roll", "只有 129 人", rows=0),
        NO_ROLL: lambda code: one(
            _many(code, 10_000),
            "accepted",
            "absent-over-roll",
            rows=10_000,
            stands=[f"童{_chinese(n)}" for n in range(10_000)],
        ),
        "10,001 rows": lambda code: one(_many(code, 10_001, 姓名="童"), "rejected", "too-many-rows", "10000 行"),
        "sheet protected": _protected,
        "the head pasted with the rows": _heads_again,
        "two reports in a sheet": _two_reports_in_a_sheet,
        "as above": _ditto,
        "odd names of pupils": _odd_names,
        "nobody written as nobody": lambda code: one(
            saved(sheets(code, [dict.fromkeys(("班级", "姓名", "缺课原因"), "无")], 零报告="是")), "accepted", rows=0
        ),
        "sheets renamed, blank rows between": lambda code: one(
            saved({f"Sheet{n}": _spaced(rows) for n, rows in enumerate(sheets(code, pupils({}, {})).values())}),
            "accepted",
            rows=2,
            stands=(FIRST, SECOND),
        ),
    }
