"""Lists of a school's own making: other heads, other shapes, a title in place of our header block."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import pytest

from pipeline.forms.absence import ROWS
from pipeline.forms.identify import identify
from pipeline.forms.parse import parse
from pipeline.model import Claims, Reading, Sheet, Workbook
from tests.formbooks import DAY, SCHOOL, check, even

Line = Sequence[object]
Lines = Sequence[Line]

TOP: Lines = [["学生缺课日报"], ["学校标识码", SCHOOL, "报告日期", datetime(2026, 11, 20)]]
NAMES = ("班级", "姓名", "性别", "缺课原因", "起始日", "症状", "体温")
ONE: list[object] = ["三(3)班", "张小明", "男", "因病", datetime(2026, 11, 20), "发热", 38.5]
TWO: list[object] = ["三(4)班", "李小红", "女", "因病", datetime(2026, 11, 19), "咳嗽", None]


def book(*sheets: Lines) -> Workbook:
    return Workbook(tuple(Sheet(f"Sheet{n}", even(rows)) for n, rows in enumerate(sheets, 1)), {})


def read(*sheets: Lines) -> Reading:
    made = book(*sheets)
    claims = identify(made, seen=DAY)
    assert isinstance(claims, Claims), claims
    return parse(made, claims)


def told(reading: Reading) -> list[tuple[object, ...]]:
    columns = [column.name for column in ROWS.columns]
    wanted = [columns.index(name) for name in ("class_name", "name", "reason", "start", "symptom1", "temperature")]
    return [tuple(row.values[at] for at in wanted) for row in reading.tables["rows"]]


BOTH = [
    ("三(3)班", "张小明", "ill", date(2026, 11, 20), "S01", 38.5),
    ("三(4)班", "李小红", "ill", date(2026, 11, 19), "S02", None),
]


def test_a_head_of_three_lines_is_one_head() -> None:
    head: list[Line] = [
        ["班级", "学生", None, "缺课", None, "病情", None],
        [None, "姓名", "性别", "缺课原因", "起始日", "现在的", None],
        [None, None, None, None, None, "症状", "体温"],
    ]
    assert told(read([*TOP, *head, ONE, TWO])) == BOTH


def test_no_row_of_a_pupil_is_taken_for_a_line_of_the_head() -> None:
    rows: list[Line] = [["小一班", "张小明", "男", "就诊", "发热"], ["小二班", "李小红", "女", "住院", "咳嗽"]]
    got = read([*TOP, ["班级", "姓名", "性别", "缺课原因", "症状"], *rows])
    assert [row.number for row in got.tables["rows"]] == [4, 5]


def test_heads_in_traditional_characters_are_ours() -> None:
    top: list[Line] = [["學生缺課日報"], ["學校標識碼", SCHOOL, "報告日期", datetime(2026, 11, 20)]]
    head = ["班級", "姓名", "性別", "缺課原因", "起始日", "症狀", "體溫"]
    assert told(read([*top, head, ONE, TWO])) == BOTH


def test_an_upright_list_is_read_and_its_cells_keep_their_addresses() -> None:
    upright: list[Line] = [list(line) for line in zip(NAMES, ONE, [*TWO[:4], "11.2", *TWO[5:]], strict=True)]
    got = read([*TOP, *upright])
    assert [row[:2] for row in told(got)] == [("三(3)班", "张小明"), ("三(4)班", "李小红")]
    assert [(one.code, one.cell) for one in got.issues] == [("date-ambiguous", "C7")]
    checked = check(book([*TOP, *upright[:2], *upright[3:]]))
    assert ("sex-missing", "B3") not in {(one.code, one.cell) for one in checked.issues}


def test_an_upright_list_beside_other_rows_is_not_laid_flat() -> None:
    upright: list[Line] = [list(line) for line in zip(NAMES, ONE, TWO, strict=True)]
    assert not isinstance(identify(book([*TOP, *upright, [None, "合计"]]), seen=DAY), Claims)


@pytest.mark.parametrize(
    ("title", "day"),
    [
        ("示例小学缺课登记表（2026年11月20日）", DAY),
        ("2026-11-20", DAY),
        ("日期：2026.11.20", DAY),
        ("根据2026年9月1日的通知", None),
        ("缺课登记 2026年11月16日至2026年11月20日", None),
    ],
)
def test_the_one_day_of_a_title_is_the_day_where_the_head_has_none(title: str, day: date | None) -> None:
    made = book([[title], ["学校标识码", SCHOOL], list(NAMES), ONE])
    claims = identify(made, seen=DAY)
    assert isinstance(claims, Claims)
    assert claims.day == day


def test_the_day_that_all_rows_name_is_the_day_where_the_head_has_none() -> None:
    heads: list[object] = ["日期", *NAMES]
    first: list[object] = [datetime(2026, 11, 20), *ONE]
    same: list[object] = [datetime(2026, 11, 20), *TWO]
    other: list[object] = [datetime(2026, 11, 19), *TWO]
    days = [read([["学校标识码", SCHOOL], heads, first, second]).claims for second in (same, other)]
    assert [claims and claims.day for claims in days] == [DAY, None]


def test_a_list_without_the_first_day_counts_from_the_day_and_says_so() -> None:
    got = check(book([*TOP, [n for n in NAMES if n != "起始日"], [*ONE[:4], *ONE[5:]]]))
    assert [one.values["start"] for one in got.records if one.table == "rows"] == [DAY]
    assert [one.code for one in got.issues if one.code == "column-lacking"] == ["column-lacking"]


def test_rows_on_a_sheet_without_a_head_are_said_and_beside_a_zero_report_asked() -> None:
    more: list[Line] = [ONE, TWO]
    assert ("sheet-unread", "Sheet2") in {(i.code, i.sheet) for i in read([*TOP, list(NAMES), ONE], more).issues}
    assert "sheet-unread" not in {i.code for i in read([*TOP, list(NAMES), ONE], [["各班请按时上报"]]).issues}
    zero = check(book([*TOP, ["零报告", "是"], list(NAMES)], more))
    assert "zero-with-sheet" in {i.code for i in zero.issues}


@pytest.mark.parametrize("text", ["今日全校无缺课", "本日零报告", "全校学生全部到校", "今日无缺勤幼儿"])
def test_nobody_absent_said_in_the_table_is_a_zero_report(text: str) -> None:
    got = read([*TOP, list(NAMES), [text, *[None] * 6]])
    assert got.header.get("zero") is True
    assert [(one.was, one.now) for one in got.repairs] == [(text, "是")]
    assert read([*TOP, list(NAMES), [text, *[None] * 6], ONE]).header.get("zero") is None


@pytest.mark.parametrize("text", ["零报告", "今日零报告", "本日无", "零", "全校无缺课"])
def test_a_zero_report_in_words_is_one(text: str) -> None:
    assert read([*TOP, ["零报告", text], list(NAMES)]).header.get("zero") is True


@pytest.mark.parametrize(
    "written",
    ["叁(3)班", "三〔3〕班", "三【3】班", "3—3", "三/3班", "(3)3班", "三年级第3班", "三年级第三班", "３（３）班"],
)
def test_one_class_however_it_is_written(written: str) -> None:
    got = check(book([*TOP, list(NAMES), [written, *ONE[1:]]]))
    assert [one.values["class_key"] for one in got.records if one.table == "rows"] == ["三3"]


def test_two_classes_in_one_cell_are_none() -> None:
    got = check(book([*TOP, list(NAMES), ["三、四班", *ONE[1:]], ["三/四班", *ONE[1:]]]))
    assert [one for one in got.records if one.table == "rows"] == []


def test_symptoms_below_their_heading_are_ticked() -> None:
    head: list[Line] = [["班级", "姓名", "缺课原因", "症状", None, None], [None, None, None, "发热", "咳嗽", "呕吐"]]
    rows: list[Line] = [["三(3)班", "张小明", "因病", "√", "√", None], ["三(4)班", "李小红", "因病", None, None, "是"]]
    assert [line[4] for line in told(read([*TOP, *head, *rows]))] == ["S01 S02", "S06"]


def test_a_list_of_three_columns_is_enough_where_they_tell_all() -> None:
    got = read([*TOP, ["班级", "姓名", "症状"], ["三(3)班", "张小明", "发热"]])
    assert told(got) == [("三(3)班", "张小明", "ill", None, "S01", None)]


def test_a_start_nearly_a_year_ago_is_asked_about() -> None:
    year_ago: Line = [*ONE[:4], datetime(2025, 11, 20), *ONE[5:]]
    long_ago: Line = [*TWO[:4], datetime(2026, 3, 2), *TWO[5:]]
    got = check(book([*TOP, list(NAMES), year_ago, long_ago]))
    assert [one.row for one in got.issues if one.code == "start-last-year"] == [4]
    assert len([one for one in got.records if one.table == "rows"]) == 2


@pytest.mark.parametrize(
    ("typed", "heat"), [("37.8°", 37.8), ("37.2 正常", 37.2), ("36.5℃（正常）", 36.5), ("正常", None), ("已退", None)]
)
def test_a_temperature_with_a_word_beside_it_is_one(typed: str, heat: float | None) -> None:
    got = read([*TOP, list(NAMES), [*ONE[:6], typed]])
    assert told(got)[0][5] == heat
    assert [one.code for one in got.issues] == []
