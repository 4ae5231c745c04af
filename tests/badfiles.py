"""What clerks really send: each case by name, for a school of its own, with what must become of every file.

A case is a function from the school's code to the files dropped for it, in order. The parts that harm are
in tests/hostile.py; here are the honest mistakes, and both as files in an inbox.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

import xlsxwriter
from msoffcrypto.format.ooxml import OOXMLFile

from pipeline.demo.mistakes import without_properties
from pipeline.forms import form
from pipeline.xlsx.blank import TemplateFacts, blank
from pipeline.xlsx.fill import Template, fill
from tests.formbooks import CLOSURE_GOOD, GOOD, grid, head, headers
from tests.golden.cases import Rows, absence, pupils, saved
from tests.hostile import hostile

DAY, YESTERDAY = date(2026, 11, 20), date(2026, 11, 19)
CLASSES = {"三3": ("三(3)班", 45), "三4": ("三(4)班", 44), "一2": ("一(2)班", 40)}
NO_ROLL = "10,000 rows, no roll known"  # of a school whose classes are not counted in the registry
FIRST, SECOND, THIRD = "张小明", "李小红", "王五一"


@dataclass(frozen=True)
class File:
    """One file and its one outcome. `issue`: a code that must be said, and `says`: words of the receipt.

    `rows`: how many rows were typed, where the file is taken: so many are accepted or refused.
    """

    content: bytes
    state: str
    issue: str = ""
    says: str = ""
    name: str = "缺课日报.xlsx"
    rows: int | None = None


@dataclass(frozen=True)
class Dropped:
    """The files of one school, in the order dropped, and whose names then stand for it."""

    files: tuple[File, ...]
    stands: tuple[str, ...] = ()


Case = Callable[[str], Dropped]


def name_of(code: str) -> str:
    return f"示例{code[-3:]}小学"


def sheets(code: str, rows: Sequence[Mapping[str, object]], **header: object) -> dict[str, Rows]:
    """A school's report as cells."""
    return absence(rows, {"学校标识码": code, "学校名称": name_of(code), **header})


def good(code: str, *names: str, **header: object) -> bytes:
    """A report with nothing wrong in it."""
    return saved(
        sheets(code, [{**one, "姓名": name} for one, name in zip(pupils(*[{}] * 9), names, strict=False)], **header)
    )


def yesterdays(code: str) -> bytes:
    return saved(sheets(code, pupils({"起始日": YESTERDAY}), 报告日期=YESTERDAY))


def one(content: bytes, state: str, issue: str = "", says: str = "", *, rows: int | None = None,
        stands: Sequence[str] = (), name: str = "缺课日报.xlsx") -> Dropped:  # fmt: skip
    return Dropped((File(content, state, issue, says, name, rows),), tuple(stands))


def template(code: str, rows: Sequence[Mapping[str, object]], version: str = "") -> bytes:
    """The school's own template, filled as a spreadsheet program fills it."""
    told = TemplateFacts(fields={"unit": code, "school": name_of(code), "campus": "本部", "day": DAY})
    declared = replace(form("absence"), version=version) if version else form("absence")
    header = {"reporter": "示例甲", "zero": "否"}
    return fill(Template(blank(declared, told)), form("absence"), header, {"rows": rows})


def typed(name: str) -> dict[str, object]:
    """The right row by our names of the columns."""
    return {"class_name": "三(3)班", "name": name, "sex": "男", "reason": "因病", "start": DAY, "symptom1": "发热",
            "temperature": 38.5}  # fmt: skip


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


def _unreadable() -> dict[str, Case]:
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


def _forms() -> dict[str, Case]:
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

    return one(saved(cells, merge), "partial", "class-missing", "合并", rows=3, stands=(FIRST,))


def _hidden(code: str) -> Dropped:
    cells = sheets(code, pupils({}, {}, {}))
    at = _table(cells) + 1

    def hide(_: object, sheet: Any) -> None:
        sheet.set_row(at + 1, None, None, {"hidden": True})
        sheet.set_column(11, 11, None, None, {"hidden": True})

    return one(saved(cells, hide), "accepted", "rows-hidden", "1 行被隐藏", rows=3, stands=(FIRST, SECOND, THIRD))


def _columns() -> dict[str, Case]:
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


def _cells() -> dict[str, Case]:
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


# --------------------------------------------------------------------------- again, older, of another day


def _again() -> dict[str, Case]:
    return {
        "the same file twice": lambda code: Dropped(
            (
                File(good(code, FIRST), "accepted", rows=1),
                File(good(code, FIRST), "duplicate", "duplicate", "无需再发", "副本缺课日报(1).xlsx"),
            ),
            (FIRST,),
        ),
        "edited, not said": lambda code: Dropped(
            (
                File(good(code, FIRST, SECOND), "accepted", rows=2),
                File(good(code, FIRST), "held", "would-withdraw", "整份更正", "b.xlsx"),
            ),
            (FIRST, SECOND),
        ),
        "edited, older again": lambda code: Dropped(
            (
                File(good(code, FIRST, SECOND), "accepted", rows=2),
                File(good(code, FIRST, THIRD, 报送方式="整份更正"), "accepted", rows=2, name="b.xlsx"),
                File(good(code, FIRST, SECOND), "held", "older-again", "早先收到", "c.xlsx"),
            ),
            (FIRST, THIRD),
        ),
        "yesterday's file with today's children": lambda code: Dropped(
            (
                File(yesterdays(code), "accepted", "mode-late-assumed", rows=1),
                File(good(code, SECOND, 报告日期=YESTERDAY), "held", "past-day-reported", "请改日期", "b.xlsx"),
            ),
            (FIRST,),
        ),
        "two campuses under one code": lambda code: Dropped(
            (
                File(good(code, FIRST, 校区="本部"), "accepted", rows=1),
                File(good(code, SECOND, 校区="东校区"), "accepted", rows=1, name="b.xlsx"),
            ),
            (FIRST, SECOND),
        ),
    }


# --------------------------------------------------------------------------- file names


NAMES = {
    "newline in the name": "缺课\n日报.xlsx",
    "emoji in the name": "🤒缺课😷日报.xlsx",
    "255 bytes": "缺" * 83 + "x.xlsx",
    "leading dash": "--help.xlsx",
    "a copy's name": "副本缺课日报(1).xlsx",
    "no ending": "缺课日报",
    "spaces and dots": " .. .xlsx",
    "markup in the name": "<b>&amp;{{ 7*7 }}.xlsx",
}


def _named(name: str) -> Case:
    return lambda code: one(good(code, FIRST), "accepted", rows=1, stands=(FIRST,), name=name)


CASES: Mapping[str, Case] = {
    **_unreadable(),
    **_forms(),
    **_columns(),
    **_cells(),
    **_again(),
    **{what: _named(name) for what, name in NAMES.items()},
}
