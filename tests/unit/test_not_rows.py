"""Lines that people write below and between the rows: what says nothing of a child is no row, what may name one is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.forms.base import Bad, Fixed, Frame
from pipeline.forms.lines import zero_report
from pipeline.model import Issue, Reading
from tests.formbooks import GOOD, SCHOOL, absence, check, codes, headers, reading

FIRST = 6  # the Excel row of the first row
COLUMNS = headers()


def rows_of(*lines: dict[str, object]) -> list[int]:
    return [row.number for row in reading(absence(GOOD, *lines)).tables["rows"]]


NO_ROWS: tuple[dict[str, object], ...] = (
    {"班级": "三(1)班"},
    {"班级": "苹果班"},
    {"班级": 302.0},
    {"班级": "3-2"},
    {"班级": "三(1)班", "起始日": date(2026, 11, 20)},
    {"班级": "三(1)班", "姓名": "无"},
    {"班级": "三(1)班", "姓名": "全勤"},
    {"班级": "三(1)班", "姓名": "今日无缺课"},
    {"班级": "三(1)班", "缺课原因": "今日无人缺课"},
    {"班级": "三(1)班", "备注": "学生全部到校。"},
    {"班级": "三(1)班", "姓名": 0.0, "备注": "本班无缺勤学生"},
    {"班级": "今日无缺课"},
    {"姓名": "今日无学生缺课"},
    {"班级": "三(1)班", "姓名": "正常"},
    {"班级": "三(1)班", "备注": "出勤正常"},
    {"班级": "三(1)班", "姓名": "0人"},
    {"姓名": "共1人"},
    {"备注": "总共3名学生"},
    {"班级": "以下空白"},
    {"姓名": "以下空白"},
    {"班级": "合计", "姓名": 3.0},
    {"班级": "合计：", "姓名": "3人", "缺课原因": "共3人次"},
    {"姓名": "合计", "学号": 4.0},
    {"班级": "三(3)班小计", "姓名": 2.0},
    {"缺课原因": "小计", "体温": 2.0},
    {"班级": "填报单位（盖章）：", "缺课原因": "填报日期：2026年11月20日"},
    {"姓名": "填报单位（公章）", "学号": "示例小学"},
    {"姓名": "校长签字：", "起始日": datetime(2026, 11, 20)},
    {"缺课原因": "制表人", "起始日": "李某", "症状1": "审核人：", "症状2": "王某"},
    {"症状1": "制表日期", "症状2": date(2026, 11, 20)},
    {"备注": "2026年11月20日"},
    {"班级": "（盖章）"},
    {"姓名": "年　月　日"},
    {"起始日": date(2026, 11, 20)},
    {"班级": "/"},
    {"班级": "—"},
    {"班级": "／", "姓名": "／", "缺课原因": "／"},
    {"班级": "/", "起始日": date(2026, 11, 20)},
    {"班级": "无", "姓名": "无"},
    {"姓名": "/"},
)


@pytest.mark.parametrize("line", NO_ROWS, ids=lambda line: "_".join(map(str, line.values())))
def test_a_line_that_tells_of_no_child_is_no_row(line: dict[str, object]) -> None:
    assert rows_of(line) == [FIRST]


CHILDREN: tuple[dict[str, object], ...] = (
    {"班级": "三(1)班", "姓名": "张小明"},
    {"姓名": "张小明"},
    {"班级": "王小宝"},
    {"班级": "中一班 王小宝"},
    {"班级": "三(1)班", "缺课原因": "因病"},
    {"班级": "三(1)班", "症状1": "发热"},
    {"班级": "三(1)班", "备注": "王小宝没来"},
    {"班级": "三(1)班", "缺课原因": "因病", "备注": "家长已签字"},
    {"班级": "合计", "姓名": "王小宝"},
    {"班级": "三(1)班", "姓名": "审核人"},
    {"姓名": "全到", "缺课原因": "因病"},
    {"班级": "三(1)班", "体温": 38.6},
    {"姓名": "王小宝", "备注": "家长签字"},
    {"体温": 38.6},
)


@pytest.mark.parametrize("line", CHILDREN, ids=lambda line: "_".join(map(str, line.values())))
def test_what_may_be_a_child_is_a_row(line: dict[str, object]) -> None:
    assert rows_of(line) == [FIRST, FIRST + 1]


_WORDS = [
    "",
    "全勤",
    "今日无缺课",
    "合计",
    "盖章：",
    "审核人",
    "2026年11月20日",
    3.0,
    "三(1)班",
    "无",
    "填报人：李某",
    "备注：",
]


@settings(max_examples=60)
@given(
    st.dictionaries(st.sampled_from([c for c in COLUMNS if c not in ("班级", "姓名")]), st.sampled_from(_WORDS)),
    st.sampled_from(["三(1)班", "一年级2班", "苹果班"]),
    st.text(st.sampled_from("王小宝合计全勤盖章日期"), min_size=2, max_size=3).filter(
        lambda name: not name.startswith(("合计", "全勤", "盖章"))
    ),
)
def test_a_class_and_a_name_are_a_row_whatever_stands_beside(beside: dict[str, object], room: str, name: str) -> None:
    assert rows_of({**beside, "班级": room, "姓名": name}) == [FIRST, FIRST + 1]


def advised(got: Reading) -> list[Issue]:
    return [issue for issue in got.issues if issue.code == "rows-only-class"]


def test_classes_alone_are_listed_because_a_name_may_have_been_forgotten() -> None:
    room, nobody = {"班级": "三(4)班"}, {"班级": "四(1)班", "姓名": "全勤"}
    got = reading(absence(GOOD, *[room] * 12, nobody, room, nobody))
    assert [dict(issue.details) for issue in advised(got)] == [{"count": "13", "rows": "7–18、20"}]
    scattered = reading(absence(GOOD, *[room, nobody] * 9))
    assert dict(advised(scattered)[0].details)["rows"] == "7、9、11、13、15、17、19、21等"


def test_a_start_and_a_part_of_day_filled_down_beside_a_class_tell_of_nobody() -> None:
    day, filled = "2026-11-20", {"班级": "三(4)班", "起始日": datetime(2026, 11, 20)}
    got = reading(
        absence(GOOD, filled, {**filled, "时段": "全天"}, {"班级": "四(1)班", "起始日": day, "缺课原因": "全勤"})
    )
    assert [row.number for row in got.tables["rows"]] == [FIRST]
    assert [dict(issue.details)["rows"] for issue in advised(got)] == ["7–8"]


def test_a_start_with_anything_of_a_pupil_is_a_row() -> None:
    filled = {"班级": "三(4)班", "起始日": datetime(2026, 11, 20)}
    assert rows_of(
        *({**filled, header: said} for header, said in {"性别": "男", "缺课原因": "因病", "体温": 38.5}.items())
    ) == [FIRST, FIRST + 1, FIRST + 2, FIRST + 3]


def test_classes_alone_do_not_make_a_slipped_column() -> None:
    got = check(absence(GOOD, *({"班级": f"三({n})班"} for n in range(4, 30))), SCHOOL)
    assert "column-slipped" not in {issue.code for issue in got.issues}
    assert [record.values["name"] for record in got.records if record.table == "rows"] == ["张小明"]
    assert not got.refused


def test_words_under_no_header_keep_a_line() -> None:
    made = absence(GOOD, {"班级": "三(1)班"})
    rows = [list(row) for row in made.sheets[0].rows]
    rows[FIRST] = [*rows[FIRST], *[None] * (len(COLUMNS) + 2 - len(rows[FIRST])), "王小宝"]
    got = reading(replace(made, sheets=(replace(made.sheets[0], rows=rows), *made.sheets[1:])))
    assert len(got.tables["rows"]) == 2


# --------------------------------------------------------------------------- merged cells


def merged(*areas: tuple[int, int, str], rows: tuple[dict[str, object], ...]) -> Reading:
    made = absence(*rows)
    places = tuple((top, bottom, COLUMNS.index(header)) for top, bottom, header in areas)
    return reading(replace(made, sheets=(replace(made.sheets[0], merged=places), *made.sheets[1:])))


BLANK = {**GOOD, "班级": None}


def test_a_merged_class_is_of_every_row_it_covers_and_said() -> None:
    rows = (GOOD, {**BLANK, "姓名": "李小红"}, {**BLANK, "姓名": "王小宝"}, {"备注": None})
    got = merged((FIRST, FIRST + 3, "班级"), rows=rows)
    assert [(row.number, row.values[0]) for row in got.tables["rows"]] == [(n, "三(3)班") for n in (6, 7, 8)]
    assert [(r.cell, r.column, r.was, r.now) for r in got.repairs] == [
        ("A7", "班级", "（空）", "三(3)班"),
        ("A8", "班级", "（空）", "三(3)班"),
    ]
    assert "rows-only-class" not in codes(got)


def test_a_merged_name_is_of_one_pupil_only() -> None:
    got = merged((FIRST, FIRST + 1, "姓名"), rows=(GOOD, {**GOOD, "姓名": None}))
    assert [row.values[1] for row in got.tables["rows"]] == ["张小明", None]


def test_cells_merged_above_the_rows_say_nothing_of_them() -> None:
    got = merged((1, FIRST + 1, "班级"), rows=(GOOD, {**BLANK, "姓名": "李小红"}))
    assert got.tables["rows"][1].values[0] is None


# --------------------------------------------------------------------------- 零报告


@pytest.mark.parametrize(
    "cell", ["是（今日全勤）", "是，无缺课", "是(无人缺课)", "是。", "全勤", "今日无缺课", "全部到校"]
)
def test_nobody_is_absent_in_words(cell: str) -> None:
    assert zero_report(cell, Frame()) == Fixed(True)


@pytest.mark.parametrize("cell", ["否（2人缺课）", "否，有病假", "不是（见下表）"])
def test_somebody_is_absent_in_words(cell: str) -> None:
    assert zero_report(cell, Frame()) == Fixed(False)


@pytest.mark.parametrize("cell", ["是（2人缺课）", "否（全勤）", "大概", "是否"])
def test_what_contradicts_itself_is_asked(cell: str) -> None:
    assert isinstance(zero_report(cell, Frame()), Bad)
