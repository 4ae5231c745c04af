"""Which rows stand and which go back, and who may speak for whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from pipeline import issues, units, validate
from pipeline.forms.absence import ABSENCE
from pipeline.model import Checked, ClassFacts, Context, Mode, Policy, Workbook
from tests import formbooks as books
from tests.formbooks import (
    DAY,
    GOOD,
    KEY,
    KINDERGARTEN,
    SCHOOL,
    absence,
    arrival,
    check,
    context,
    headers,
    reading,
    said,
)

# --------------------------------------------------------------------------- what a row stands on


def test_a_right_row_becomes_a_whole_record() -> None:
    got = check(absence({**GOOD, "症状2": "咳嗽、流鼻涕", "时段": "上午", "就诊": "是", "诊断": "流感"}))
    assert (got.verdict, got.unit, got.day, got.campus, got.mode) == ("merge", SCHOOL, DAY, "本部", Mode.FIRST)
    record = next(r for r in got.records if r.table == "rows")
    assert record.identity == units.pupil_code(KEY, SCHOOL, "三3", "张小明")
    assert record.row == 6
    assert {name: value for name, value in record.values.items() if value not in ("", None)} == {
        "campus": "本部",
        "class_key": "三3",
        "class_name": "三(3)班",
        "name": "张小明",
        "sex": "1",
        "reason": "ill",
        "row_state": "new",
        "start": DAY,
        "part": "am",
        "symptoms": "S01 S02 S04",
        "temperature": Decimal("38.5"),
        "visited": True,
        "diagnosis": "D02",
    }
    assert issues_of_rows(got) == []


def issues_of_rows(checked: Checked) -> list[str]:
    return [issue.code for issue in checked.issues if issue.row]


def test_a_record_has_every_stored_column_of_an_absence() -> None:
    got = check(absence(GOOD)).records[0]
    asked = {column.name for column in ABSENCE.table("rows").columns if not column.beside}
    assert asked - set(got.values) == {"symptom1", "symptom2", "symptom3", "state"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"班级": None}, "class-missing"),
        ({"班级": datetime(2026, 3, 2)}, "class-is-date"),
        ({"姓名": None}, "name-missing"),
        ({"姓名": 12345.0}, "name-is-number"),
        ({"缺课原因": None, "症状1": None, "体温": None}, "reason-missing"),
        ({"缺课原因": "随便", "症状1": None, "体温": None}, "reason-unknown"),
        ({"起始日": 11.2}, "date-ambiguous"),
        ({"起始日": datetime(2026, 11, 21)}, "start-after-day"),
        ({"起始日": datetime(2025, 11, 18)}, "start-too-old"),
        ({"发病日期": datetime(2026, 11, 21)}, "onset-after-day"),
    ],
)
def test_only_these_send_a_row_back(change: dict[str, object], code: str) -> None:
    got = check(absence({**GOOD, **change}, {**GOOD, "姓名": "李小红"}))
    assert [refused.row for refused in got.refused] == [6]
    assert [issue.code for issue in got.refused[0].issues if issues.severity(issue) == "error"] == [code]
    assert [record.row for record in got.records if record.table == "rows"] == [7]


@pytest.mark.parametrize(
    ("change", "code", "cell"),
    [
        ({"性别": None}, "sex-missing", "D6"),
        ({"性别": "不知"}, "sex-unknown-left", "D6"),
        ({"起始日": None}, "start-missing", "F6"),
        ({"症状1": None}, "symptom-missing", "H6"),
        ({"体温": 44.0}, "temperature-range", "L6"),
        ({"体温": "三八五"}, "temperature-unreadable-left", "L6"),
        ({"发病日期": datetime(2026, 8, 1)}, "onset-too-old", "M6"),
        ({"发病日期": datetime(2026, 11, 19), "起始日": datetime(2026, 11, 18)}, "onset-after-start", "M6"),
        ({"返校日期": datetime(2026, 11, 30)}, "returned-after-day", "U6"),
        ({"返校日期": datetime(2026, 11, 2)}, "returned-before-start", "U6"),
        ({"班级": "六(6)班"}, "class-new", "A6"),
        ({"学号": 1.2345678901234567e17}, "number-lost-digits-left", "C6"),
    ],
)
def test_nothing_else_loses_a_sick_childs_row(change: dict[str, object], code: str, cell: str) -> None:
    got = check(absence({**GOOD, **change}))
    assert got.refused == ()
    assert [r.row for r in got.records if r.table == "rows"] == [6]
    assert [(issue.code, issue.cell) for issue in got.issues if issue.row] == [(code, cell)]
    assert issues.severity(next(i for i in got.issues if i.code == code)) != "error"


def test_what_is_false_is_not_stored() -> None:
    values = (
        check(absence({**GOOD, "体温": 44.0, "返校日期": datetime(2026, 11, 30), "起始日": None})).records[0].values
    )
    assert (values["temperature"], values["returned"], values["start"]) == (None, None, DAY)


def test_a_refused_row_shows_every_cell_as_typed() -> None:
    got = check(absence({**GOOD, "姓名": None, "症状1": "发烧", "体温": "38.5℃", "性别": "男生"}))
    assert got.refused[0].raw == {
        "class_name": "三(3)班",
        "sex": "男生",
        "reason": "因病",
        "start": "2026-11-20",
        "symptom1": "发烧",
        "temperature": "38.5℃",
    }


def test_a_refused_row_still_says_which_pupil_it_means() -> None:
    got = check(absence({**GOOD, "缺课原因": None, "症状1": None, "体温": None}))
    assert got.refused[0].identity == units.pupil_code(KEY, SCHOOL, "三3", "张小明")


# --------------------------------------------------------------------------- new or not


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, "new"),
        ({"起始日": datetime(2026, 11, 19)}, "ongoing"),
        ({"状态": "已返校"}, "returned"),
        ({"返校日期": datetime(2026, 11, 20), "起始日": datetime(2026, 11, 18)}, "returned"),
        ({"状态": "仍缺课", "起始日": datetime(2026, 11, 18)}, "ongoing"),
    ],
)
def test_a_row_is_new_ongoing_or_returned(change: dict[str, object], state: str) -> None:
    assert check(absence({**GOOD, **change})).records[0].values["row_state"] == state


def test_a_weekend_between_does_not_make_an_absence_ongoing() -> None:
    monday = datetime.fromisoformat("2026-11-23T14:00:00+08:00")
    made = absence({**GOOD, "起始日": datetime(2026, 11, 21)}, day=datetime(2026, 11, 23))
    assert check(made, came=monday).records[0].values["row_state"] == "new"
    assert check(made, came=monday, known=context(calendar=None)).records[0].values["row_state"] == "new"


def test_a_returned_pupil_needs_no_symptom() -> None:
    assert issues_of_rows(check(absence({**GOOD, "症状1": None, "状态": "已返校"}))) == []


# --------------------------------------------------------------------------- who is who


def test_a_class_is_the_same_by_any_of_its_names() -> None:
    got = check(
        absence(*({**GOOD, "班级": name, "姓名": f"张{n}明"} for n, name in enumerate(["三(3)班", "三年级3班", "三3"])))
    )
    assert {record.values["class_key"] for record in got.records if record.table == "rows"} == {"三3"}
    nursery = check(absence({**GOOD, "班级": "中2班"}, unit=KINDERGARTEN))
    assert nursery.records[0].values["class_key"] == "中二"


def test_the_registrys_spelling_is_known_though_it_has_no_normal_form() -> None:
    got = check(absence({**GOOD, "班级": "苹果"}))
    assert got.records[0].values["class_key"] == "苹果班"
    assert issues_of_rows(got) == []


def test_a_new_class_is_asked_about_once() -> None:
    got = check(
        absence({**GOOD, "班级": "六(6)班"}, {**GOOD, "班级": "六(6)班", "姓名": "李小红"}, classes=[("六(6)班", 40.0)])
    )
    assert issues_of_rows(got) == ["class-new"]


@pytest.mark.parametrize("written", ["中一班 王小宝", "王小宝", "三(3)班张小明", "王小宝班"])
def test_a_class_that_may_hold_a_name_goes_back_and_is_named_nowhere(written: str) -> None:
    got = check(absence({**GOOD, "班级": written}, classes=[(written, 40.0), *books.CLASSES]))
    assert [one.table for one in got.refused] == ["rows", "classes"]
    assert issues_of_rows(got) == ["class-unlikely", "class-unlikely"]
    assert not any("王小宝" in one.identity or "张小明" in one.identity for one in got.refused)


def test_class_and_name_that_have_changed_places_go_back() -> None:
    got = check(absence({**GOOD, "班级": "王小宝", "姓名": "三(3)班"}))
    assert issues_of_rows(got) == ["name-is-class", "class-unlikely"]
    assert not any(record.table == "rows" for record in got.records)


def test_a_grade_alone_is_its_one_class_or_goes_back() -> None:
    got = check(absence({**GOOD, "班级": "三年级"}, {**GOOD, "班级": "一年级"}, classes=[]))
    asked = [(i.code, dict(i.details)) for i in got.issues if i.row]
    assert asked == [("class-grade-only", {"classes": "三(3)班、三(4)班"})]
    assert [r.values["class_key"] for r in got.records if r.table == "rows"] == ["一2"]


def test_a_class_of_another_campus_goes_back() -> None:
    there = {
        ("东校区", key): ClassFacts("东校区", key, name, 40) for key, name in (("五1", "五(1)班"), ("三7", "三(7)班"))
    }
    known = replace(books.school(), campuses=("本部", "东校区"))
    known = replace(known, classes={**known.classes, **there})
    rows = [GOOD, {**GOOD, "班级": "五(1)班"}, {**GOOD, "班级": "三(7)班"}]
    got = check(absence(*rows, 校区="本部"), known=books.context(schools={SCHOOL: known}))
    asked = [(i.code, dict(i.details)) for i in got.issues if i.row]
    assert asked == [
        ("class-of-other-campus", {"other": "东校区", "campus": "本部"}),
        ("class-new", {}),  # 三(7)班 may be one of 本部, which has other classes of this grade
    ]


def keys_of(*classes: object, known: Context | None = None) -> list[object]:
    rows = [{**GOOD, "班级": name, "姓名": f"张{place}明"} for place, name in zip("甲乙丙丁", classes, strict=False)]
    got = check(absence(*rows, classes=[]), known=known or context())
    assert issues_of_rows(got) == []
    return [record.values["class_key"] for record in got.records]


def test_301_is_the_class_that_the_registry_has() -> None:
    assert keys_of("303", "303班", 303.0) == ["三3"] * 3
    named = {"301": "301班", "混龄1班": "混龄（1）班"}
    rooms = {("本部", key): ClassFacts("本部", key, name, None) for key, name in named.items()}
    known = context(schools={SCHOOL: replace(books.school(), classes=rooms)})
    assert keys_of("三(1)班", "301", "混龄一班", "混龄1班", known=known) == ["301", "301", "混龄1班", "混龄1班"]


def test_a_picture_in_a_cell_is_no_name_and_no_diagnosis() -> None:
    picture = '=DISPIMG("ID_4E0B5F0D2A",1)'
    got = check(absence({**GOOD, "姓名": picture}, {**GOOD, "姓名": "李小红", "诊断": picture}))
    assert issues_of_rows(got) == ["cell-is-picture", "cell-is-picture-left"]
    assert [record.values["diagnosis"] for record in got.records if record.table == "rows"] == [""]


def test_the_same_row_twice_is_one_pupil_and_said_so() -> None:
    got = check(absence(GOOD, GOOD))
    assert len({record.identity for record in got.records if record.table == "rows"}) == 1
    assert issues_of_rows(got) == ["row-repeated"]


def test_two_pupils_of_one_name_are_told_apart_by_their_numbers() -> None:
    twins = {**GOOD, "学号": "01"}, {**GOOD, "学号": "02", "症状1": "腹泻"}
    got = check(absence(*twins))
    rows = [record for record in got.records if record.table == "rows"]
    assert [r.identity for r in rows] == [units.pupil_code(KEY, SCHOOL, "三3", "张小明", n) for n in ("01", "02")]
    assert issues_of_rows(got) == []
    alone = check(absence({**GOOD, "学号": "01"}), known=context(namesakes=frozenset({(SCHOOL, "三3", "张小明")})))
    assert alone.records[0].identity == rows[0].identity
    later = absence({**GOOD, "学号": "02"})
    batch = [(arrival(n, SCHOOL), reading(made)) for n, made in enumerate((absence(*twins), later))]
    assert validate.check(batch, context(), Policy(), KEY)[1].records[0].identity == rows[1].identity


def test_two_rows_of_one_name_without_numbers_are_kept_and_asked_about() -> None:
    got = check(absence(GOOD, {**GOOD, "症状1": "腹泻"}, {**GOOD, "症状1": "呕吐"}))
    assert len({record.identity for record in got.records if record.table == "rows"}) == 3
    assert issues_of_rows(got) == ["pupil-unnumbered", "pupil-unnumbered"]


def test_one_pupil_with_two_stories_keeps_the_first() -> None:
    got = check(absence({**GOOD, "学号": "01"}, {**GOOD, "学号": "01", "症状1": "腹泻"}))
    assert [refused.row for refused in got.refused] == [7]
    assert issues_of_rows(got) == ["pupil-twice"]


# --------------------------------------------------------------------------- zero, classes, slipped


def test_a_zero_report_stands_and_silence_is_asked() -> None:
    assert check(absence(零报告="是")).verdict == "merge"
    silent = check(absence())
    assert (silent.verdict, said(silent)) == ("rejected", ["nothing-reported"])


def test_a_zero_report_with_pupils_takes_the_pupils() -> None:
    got = check(absence(GOOD, 零报告="是"))
    assert len([r for r in got.records if r.table == "rows"]) == 1
    assert said(got) == ["zero-with-rows"]


def beside(workbook: Workbook, text: object, place: int = 30) -> Workbook:
    """The sheet with a text far right of the table, in the row below its head."""
    rows = [list(row) for row in workbook.sheets[0].rows] + [[]]
    at = len(rows) - 1
    rows[at] = [*rows[at], *[None] * (place - len(rows[at])), text]
    return replace(workbook, sheets=(replace(workbook.sheets[0], rows=books.even(rows)), *workbook.sheets[1:]))


def test_text_under_no_header_is_said_and_beside_a_zero_report_asked() -> None:
    got = check(beside(absence(GOOD), "李小红也发热 38.9"))
    assert (got.verdict, said(got)) == ("merge", ["text-unread"])
    assert dict(got.issues[0].details)["texts"] == "AE7“李小红也发热 38.9”"
    assert said(check(beside(absence(零报告="是"), "三(4)班李小红发热"))) == ["zero-with-text"]
    for quiet in ("√", "制表人：李老师", "全勤", 38.5, "2026年11月20日", None):
        assert said(check(beside(absence(零报告="是"), quiet))) == []


def test_a_zero_report_that_contradicts_itself_is_asked_once() -> None:
    def zero(**line: object) -> list[str]:
        return said(check(class_sheet(absence(零报告="是"), {"班级": "三(3)班", "应到人数": 45.0, **line})))

    assert zero() == zero(实到人数=45.0) == zero(其他缺课人数=0.0) == []
    assert zero(其他缺课人数=2.0) == zero(其他缺课人数=2.0, 实到人数=43.0) == ["zero-with-others"]
    assert zero(实到人数=40.0) == ["zero-with-missing"]


def class_sheet(workbook: Workbook, *rows: dict[str, object]) -> Workbook:
    lines = books.grid(headers(table="classes"), rows)
    return replace(workbook, sheets=(workbook.sheets[0], replace(workbook.sheets[1], rows=lines)))


def test_classes_with_others_absent_are_a_report_without_rows() -> None:
    got = check(class_sheet(absence(), {"班级": "三(3)班", "应到人数": 45.0, "其他缺课人数": 2.0}))
    assert got.verdict == "merge"
    assert (got.records[0].table, got.records[0].identity, got.records[0].values["other_absent"]) == (
        "classes",
        "三3",
        2,
    )


def test_counts_are_held_against_the_roll() -> None:
    made = class_sheet(
        absence(GOOD, {**GOOD, "姓名": "李小红"}),
        {"班级": "三(3)班", "应到人数": 3.0, "其他缺课人数": 2.0},
        {"班级": "三(4)班", "应到人数": 40.0, "实到人数": 41.0},
        {"班级": "三4", "应到人数": 40.0},
    )
    got = check(made)
    assert issues_of_rows(got) == ["absent-over-roll", "present-over-roll", "class-row-repeated"]
    assert [(refused.table, refused.row) for refused in got.refused] == [("classes", 4)]


@pytest.mark.parametrize(
    ("present", "line", "header", "asked"),
    [
        (30, {}, {}, True),  # five are away, one is listed
        (34, {}, {}, False),
        (35, {}, {}, True),  # nobody is away, one is listed
        (32, {"其他缺课人数": 2.0}, {}, False),
        (30, {"其他缺课人数": 2.0}, {}, True),
        (30, {}, {"报送方式": "补充（只加不减）"}, False),  # it lists those who were forgotten
        (36, {}, {}, False),  # asked as more than the roll
    ],
)
def test_present_pupils_that_the_rows_contradict_are_asked_about(
    present: int, line: dict[str, float], header: dict[str, object], *, asked: bool
) -> None:
    counts = {"班级": "三(3)班", "应到人数": 35.0, "实到人数": float(present), **line}
    found = [one for one in check(class_sheet(absence(GOOD, **header), counts)).issues if one.code == "present-differs"]
    told = {"roll": "35", "away": str(35 - present), "absent": str(1 + int(line.get("其他缺课人数", 0)))}
    assert [dict(one.details) for one in found] == ([told] if asked else [])


def test_whoever_was_away_for_half_a_day_or_goes_back_may_be_counted_either_way() -> None:
    half, bad = {**GOOD, "姓名": "李小红", "时段": "上午"}, {**GOOD, "姓名": None}

    def asked(present: int) -> bool:
        counts = {"班级": "三(3)班", "应到人数": 35.0, "实到人数": float(present)}
        return "present-differs" in issues_of_rows(check(class_sheet(absence(GOOD, half, bad), counts)))

    assert [asked(present) for present in (35, 34, 33, 32, 31)] == [True, False, False, False, True]


def test_a_slipped_column_sends_the_whole_file_back() -> None:
    slipped = [{**GOOD, "姓名": 38.5, "体温": "张小明"} for _ in range(6)] + [
        {**GOOD, "姓名": f"李{n}红"} for n in "一二三四五"
    ]
    got = check(absence(*slipped))
    assert (got.verdict, got.records, got.refused) == ("rejected", (), ())
    first = got.issues[0]
    assert (first.code, first.column) == ("column-slipped", "姓名")
    assert "11 行" in issues.message(first)
    assert "6 行" in issues.message(first)
    assert check(absence(*slipped), policy=Policy(slipped_share=0.6)).verdict == "merge"
    assert check(absence(*slipped[:6], *slipped[6:9])).verdict == "merge"  # nine rows are too few to tell


# --------------------------------------------------------------------------- day and mode


def test_a_day_ahead_or_long_ago_is_not_taken() -> None:
    assert said(check(absence(GOOD, day=datetime(2026, 11, 21)))) == ["day-future"]
    assert said(check(absence(GOOD, day=datetime(2025, 11, 1)))) == ["day-too-old"]
    assert said(check(absence(GOOD, day=None))) == ["day-missing"]
    assert check(absence(GOOD, day="11.2")).verdict == "rejected"


def test_a_past_day_is_taken_and_asked_about_unless_it_says_so() -> None:
    row = {**GOOD, "起始日": datetime(2026, 11, 19)}
    yesterday = datetime(2026, 11, 19)
    assert said(check(absence(row, day=yesterday))) == ["mode-late-assumed"]
    assert said(check(absence(row, day=yesterday, 报送方式="逾期补报"))) == []
    reported = frozenset({(date(2026, 11, 19), SCHOOL, "本部")})
    assert said(check(absence(row, day=yesterday), known=context(reported=reported))) == []
    assert said(check(absence(GOOD, 报送方式="逾期补报"))) == ["mode-late-today"]
    assert check(absence(GOOD, 报送方式="更正")).mode is Mode.FULL


def test_a_day_without_school_is_taken_and_said() -> None:
    sunday = datetime.fromisoformat("2026-11-22T14:00:00+08:00")
    got = check(absence({**GOOD, "起始日": None}, day=datetime(2026, 11, 22)), came=sunday)
    assert "day-off" in said(got)
    assert got.verdict == "merge"


def test_a_day_older_than_a_year_by_one_day_is_the_first_not_taken() -> None:
    edge = DAY - timedelta(days=366)
    moment = datetime.combine(edge, datetime.min.time())
    assert check(absence({**GOOD, "起始日": None}, day=moment)).verdict == "merge"
    assert check(absence({**GOOD, "起始日": None}, day=moment - timedelta(days=1))).verdict == "rejected"


def test_a_row_marked_void_is_not_judged() -> None:
    words = [*headers(), "作废", "凭单号"]
    top = books.head("学生缺课日报 · 退回修正表", {"学校标识码": SCHOOL, "报告日期": datetime(2026, 11, 20)})
    rows = [
        {"作废": "作废", "凭单号": "T7-r7"},
        {**GOOD, "姓名": None, "作废": "是", "凭单号": "T7-r8"},
        {**GOOD, "凭单号": "T7-r9"},
    ]
    got = check(books.book(("缺课登记", [*top, *books.grid(words, rows)])))
    assert got.voided == ("T7-r7", "T7-r8")
    assert [record.ticket for record in got.records] == ["T7-r9"]
    assert got.refused == ()


def test_a_morning_and_an_afternoon_are_one_child_unless_two_are_known_by_the_name() -> None:
    halves = ({**GOOD, "时段": "上午"}, {**GOOD, "时段": "下午"})
    one = check(absence(*halves))
    two = check(absence(*halves), known=context(namesakes=frozenset({(SCHOOL, "三3", "张小明")})))
    rows = [[record for record in got.records if record.table == "rows"] for got in (one, two)]
    assert [len({record.identity for record in mine}) for mine in rows] == [1, 2]
    assert {record.values["part"] for record in rows[0]} == {""}
