"""Which rows stand and which go back, and who may speak for whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import issues, units, validate
from pipeline.errors import PermanentError
from pipeline.forms import form
from pipeline.model import (
    Arrival,
    Checked,
    ClassFacts,
    Context,
    HeadFacts,
    Mode,
    Policy,
    Reading,
    SchoolFacts,
    Workbook,
)
from pipeline.schooldays import Calendar
from pipeline.validate import absence as absence_rules
from pipeline.validate import frames, roster
from tests import formbooks as books
from tests.formbooks import DAY, GOOD, SCHOOL, absence, arrival, headers, reading

KEY = b"k" * 32
OTHER = "2132000002"
KINDERGARTEN = "1132000003"


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
        now=datetime.fromisoformat("2026-11-20T14:00:00+08:00"),
        schools={
            SCHOOL: school(),
            OTHER: school(OTHER, "320302"),
            KINDERGARTEN: school(KINDERGARTEN, stages=("幼儿园",)),
        },
        divisions={"320000": "江苏省", "320100": "南京市", "320106": "鼓楼区", "320300": "徐州市", "320302": "鼓楼区"},
        parents={"320106": "320100", "320302": "320300", "320100": "320000", "320300": "320000"},
        calendar=Calendar(),
    )
    return replace(known, **changes)  # type: ignore[arg-type]


def check(
    workbook: Workbook, bound: str = "", known: Context | None = None, policy: Policy | None = None, **claims: str
) -> Checked:
    got = reading(workbook)
    assert got.claims
    got = replace(got, claims=replace(got.claims, **claims))  # type: ignore[arg-type]
    return validate.check([(arrival(bound=bound), got)], known or context(), policy or Policy(), KEY)[0]


def said(checked: Checked) -> list[str]:
    return [issue.code for issue in checked.issues]


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
    from pipeline.forms.absence import ABSENCE

    got = check(absence(GOOD)).records[0]
    asked = {column.name for column in ABSENCE.table("rows").columns}
    assert asked - set(got.values) == {"symptom1", "symptom2", "symptom3", "state"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"班级": None}, "class-missing"),
        ({"班级": datetime(2026, 3, 2)}, "class-is-date"),
        ({"姓名": None}, "name-missing"),
        ({"姓名": 12345.0}, "name-is-number"),
        ({"缺课原因": None}, "reason-missing"),
        ({"缺课原因": "随便"}, "reason-unknown"),
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
        ({"体温": "三十八度"}, "temperature-unreadable-left", "L6"),
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
    got = check(absence({**GOOD, "缺课原因": None}))
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
    monday = context(now=datetime.fromisoformat("2026-11-23T14:00:00+08:00"))
    made = absence({**GOOD, "起始日": datetime(2026, 11, 21)}, day=datetime(2026, 11, 23))
    assert check(made, known=monday).records[0].values["row_state"] == "new"
    assert check(made, known=replace(monday, calendar=None)).records[0].values["row_state"] == "new"


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


def test_the_same_row_twice_is_one_pupil_and_said_so() -> None:
    got = check(absence(GOOD, GOOD))
    assert len({record.identity for record in got.records if record.table == "rows"}) == 1
    assert issues_of_rows(got) == ["row-repeated"]


def test_two_pupils_of_one_name_are_told_apart_by_their_numbers() -> None:
    got = check(absence({**GOOD, "学号": "01"}, {**GOOD, "学号": "02", "症状1": "腹泻"}))
    rows = [record for record in got.records if record.table == "rows"]
    assert [r.identity for r in rows] == [units.pupil_code(KEY, SCHOOL, "三3", "张小明", n) for n in ("01", "02")]
    assert issues_of_rows(got) == []
    alone = check(absence({**GOOD, "学号": "01"}), known=context(namesakes=frozenset({(SCHOOL, "三3", "张小明")})))
    assert alone.records[0].identity == rows[0].identity


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
    head = {(date(2026, 11, 19), SCHOOL, "本部"): HeadFacts(1, 3, zero=False)}
    assert said(check(absence(row, day=yesterday), known=context(heads=head))) == []
    assert said(check(absence(GOOD, 报送方式="逾期补报"))) == ["mode-late-today"]
    assert check(absence(GOOD, 报送方式="更正")).mode is Mode.FULL


def test_a_day_without_school_is_taken_and_said() -> None:
    sunday = context(now=datetime.fromisoformat("2026-11-22T14:00:00+08:00"))
    made = replace(reading(absence({**GOOD, "起始日": None}, day=datetime(2026, 11, 22))))
    late = replace(arrival(), first_seen=sunday.now)
    got = validate.check([(late, made)], sunday, Policy(), KEY)[0]
    assert "day-off" in said(got)
    assert got.verdict == "merge"


# --------------------------------------------------------------------------- channel


@pytest.mark.parametrize(
    ("bound", "verdict"),
    [
        ("", "merge"),
        (SCHOOL, "merge"),
        ("320106", "merge"),
        ("320100", "merge"),
        ("320000", "merge"),
        (OTHER, "rejected"),
        ("320302", "rejected"),
        ("320300", "rejected"),
        ("9999999999", "rejected"),
    ],
)
def test_a_folder_speaks_only_for_its_own(bound: str, verdict: str) -> None:
    assert check(absence(GOOD), bound=bound).verdict == verdict


def test_a_refusal_says_nothing_of_the_other_unit() -> None:
    foreign = check(absence(GOOD, unit=OTHER), bound=SCHOOL)
    unknown = check(absence(GOOD, unit="2132999999"), bound=SCHOOL)
    county = check(absence(GOOD, unit=OTHER), bound="320106")
    nowhere = check(absence(GOOD, unit="2132999999"), bound="320106")
    answers = {(tuple(got.issues), got.unit, got.records) for got in (foreign, unknown, county, nowhere)}
    assert len(answers) == 1
    assert said(foreign) == ["unit-not-yours"]


def test_the_folder_of_a_school_stands_in_for_a_lost_code() -> None:
    assert check(absence(GOOD, unit=None), bound=SCHOOL).unit == SCHOOL
    assert check(absence(GOOD, unit="2.132E+09"), bound=SCHOOL).verdict == "merge"
    assert said(check(absence(GOOD, unit=None))) == ["unit-missing"]
    assert said(check(absence(GOOD, unit="2.132E+09"))) == ["unit-code-unreadable"]
    assert said(check(absence(GOOD, unit="2132999999"))) == ["unit-unknown"]


def test_a_token_must_be_of_this_school_and_form() -> None:
    own = units.token(KEY, SCHOOL, "absence", "2026-1", 1)
    assert check(absence(GOOD), token=own).verdict == "merge"
    for wrong in (
        units.token(KEY, OTHER, "absence", "2026-1", 1),
        units.token(KEY, SCHOOL, "closure", "2026-1", 1),
        units.token(KEY, SCHOOL, "absence", "2026-1", 2),
        "乱写",
    ):
        assert said(check(absence(GOOD), token=wrong)) == ["token-wrong"]


def test_a_file_that_goes_back_still_finds_its_sender() -> None:
    words = [word for word in headers() if word != "姓名"]
    top = books.head("学生缺课日报", {"学校标识码": SCHOOL, "报告日期": datetime(2026, 11, 20)})
    got = check(books.book(("缺课登记", [*top, *books.grid(words, [GOOD])])))
    assert (got.verdict, got.unit, got.day) == ("rejected", SCHOOL, DAY)
    assert said(got) == ["column-missing"]


def test_what_could_not_be_read_stays_as_it_is() -> None:
    dead = Reading("quarantined")
    got = validate.check([(arrival(), dead)], context(), Policy(), KEY)[0]
    assert (got.verdict, got.unit, got.records) == ("quarantined", "", ())


def test_an_unknown_campus_is_taken_and_asked_about() -> None:
    got = check(absence(GOOD, 校区="东校区"))
    assert got.campus == "东校区"
    assert "campus-unknown" in said(got)


def test_another_schools_name_over_this_code_is_asked_about() -> None:
    assert "school-name-differs" in said(check(absence(GOOD, 学校名称="别的小学")))


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


# --------------------------------------------------------------------------- closure


def closure(**changes: object) -> Checked:
    return check(books.closure({**books.CLOSURE_GOOD, **changes}))


def test_a_right_closure_is_a_record_with_aware_moments() -> None:
    got = closure()
    values = got.records[0].values
    assert values["scope"] == "三3"
    assert str(values["start"]) == "2026-11-20 13:00:00+08:00"
    assert (values["kind"], values["reason"], values["ill"], values["approved_how"]) == ("first", "D02", 8, "phone")
    assert got.issues == ()
    assert closure(停课范围="全园").records[0].values["scope"] == "全校"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"批准时间": datetime(2026, 11, 20, 13, 30)}, "approval-after-start"),
        ({"批准时间": datetime(2026, 11, 21), "停课开始时间": datetime(2026, 11, 22)}, "approval-after-now"),
        ({"批准人及单位": None}, "approver-missing"),
        ({"批准时间": None}, "approval-missing"),
        ({"停课开始时间": None}, "closure-start-missing"),
        ({"停课开始时间": datetime(2025, 11, 20), "批准时间": datetime(2025, 11, 19)}, "closure-start-far"),
        ({"拟复课日期": datetime(2026, 11, 20)}, "resume-before-start"),
        ({"报告类别": "复课"}, "resumed-missing"),
        ({"患病学生数": 41.0}, "ill-over-pupils"),
        ({"患病学生数": "若干"}, "count-unreadable"),
        ({"停课范围": "三3、三4"}, "scope-several"),
        ({"停课范围": None}, "scope-missing"),
        ({"停课原因": "心情"}, "closure-reason-unknown"),
        ({"报告类别": None}, "closure-kind-missing"),
        ({"拟复课日期": None}, "resume-missing"),
        ({"患病学生数": None}, "ill-missing"),
    ],
)
def test_a_closure_that_contradicts_itself_goes_back(change: dict[str, object], code: str) -> None:
    got = closure(**change)
    assert [issue.code for issue in got.refused[0].issues if issues.severity(issue) == "error"][:1] == [code]
    assert got.records == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"拟复课日期": datetime(2027, 2, 20)}, "closure-long"),
        (
            {"首例发病日期": datetime(2026, 11, 21), "停课开始时间": datetime(2026, 11, 20, 14)},
            "first-onset-after-start",
        ),
        ({"批准方式": "托梦"}, "approved-how-unknown-left"),
        ({"停课范围": "六(6)班"}, "class-new"),
    ],
)
def test_a_closure_with_a_question_is_taken(change: dict[str, object], code: str) -> None:
    got = closure(**change)
    assert got.refused == ()
    assert said(got) == [code]


def test_a_closure_said_twice_in_one_file_stands_once() -> None:
    got = check(books.closure(books.CLOSURE_GOOD, books.CLOSURE_GOOD, {**books.CLOSURE_GOOD, "报告类别": "更正"}))
    assert [record.row for record in got.records] == [6, 8]
    assert said(got) == ["closure-repeated"]


# --------------------------------------------------------------------------- roster


def test_a_roster_is_taken_row_by_row() -> None:
    got = check(
        books.roster(
            {"学校标识码": 2132000009.0, "学校名称": "新小学", "寄宿": "否"},
            {"学校标识码": "9932000001", "学校名称": "错"},
            {"学校标识码": "2199000001", "学校名称": "外省"},
            {"学校标识码": "2132000010", "学校名称": "别县", "区划代码": "320302"},
            {"学校标识码": OTHER, "学校名称": "别县的学校"},
            {"学校标识码": "2132000009", "学校名称": "新小学"},
            classes=[
                {"学校标识码": "2132000009", "班级": "三(3)班", "学生人数": 45.0},
                {"学校标识码": "2132000009", "班级": "三年级3班"},
                {"学校标识码": "2132000077", "班级": "三(3)班"},
                {"学校标识码": SCHOOL, "班级": "苹果班"},
            ],
        )
    )
    assert [(r.row, [i.code for i in r.issues]) for r in got.refused] == [
        (6, ["unit-code-category"]),
        (7, ["unit-code-province"]),
        (8, ["division-not-yours"]),
        (9, ["school-elsewhere"]),
        (10, ["school-repeated"]),
        (3, ["class-repeated"]),
        (4, ["class-without-school"]),
    ]
    kept = {record.identity: record.values for record in got.records}
    assert kept["2132000009|本部"]["stages"] == "小学"
    assert kept["2132000009|本部"]["division"] == "320106"
    assert kept["2132000009|本部|三3"]["stage"] == "小学"
    assert got.day == date(2026, 9, 1)


def test_a_roster_is_a_countys_word() -> None:
    made = books.roster({"学校标识码": "2132000009", "学校名称": "新小学"})
    assert check(made, bound="320106").verdict == check(made, bound="320100").verdict == "merge"
    assert said(check(made, bound="320302")) == said(check(made, bound=SCHOOL)) == ["unit-not-yours"]
    assert said(check(books.roster(division="320999"))) == ["division-unknown"]
    assert said(check(books.roster(division=None))) == ["division-missing"]


@pytest.mark.parametrize(
    ("key", "of_school", "stage"),
    [
        ("三3", "小学 初中", "小学"),
        ("八2", "小学 初中", "初中"),
        ("小一", "小学 幼儿园", "幼儿园"),
        ("高一2", "初中 高中", "高中"),
        ("中职一3", "高中 中职", "中职"),
        ("苹果班", "幼儿园", "幼儿园"),
        ("苹果班", "幼儿园 小学", ""),
    ],
)
def test_a_class_tells_its_stage(key: str, of_school: str, stage: str) -> None:
    assert roster.stage_of(key, of_school.split()) == stage


# --------------------------------------------------------------------------- the frame


def test_a_value_of_a_wrong_type_is_our_fault_and_quotes_no_cell() -> None:
    table = form("absence").table("classes")
    with pytest.raises(PermanentError) as raised:
        frames.failures(table, (), [("三(3)班", "四十五人", None, None)], {})
    assert "四十五" not in str(raised.value)


def test_a_code_outside_its_vocabulary_is_our_fault() -> None:
    table = form("absence").table("rows")
    row = [None] * len(table.columns)
    row[table.index("sex")] = "7"  # type: ignore[call-overload]
    with pytest.raises(PermanentError):
        frames.failures(table, absence_rules.RULES, [row], {"_day": [DAY]})


def test_a_rule_that_crashes_is_our_fault() -> None:
    table = form("absence").table("classes")
    broken = (frames.Rule("present-over-roll", "present", lambda pl: pl.col("nowhere") <= pl.col("_roll")),)
    with pytest.raises(PermanentError):
        frames.failures(table, broken, [("三(3)班", 45, None, 44)], {"_roll": [45]})


# --------------------------------------------------------------------------- laws

loose = st.one_of(
    st.none(),
    st.sampled_from(
        [
            "三(3)班",
            "六(6)班",
            "张小明",
            "李小红",
            "因病",
            "发烧、吐",
            "男",
            "今天",
            "11.2",
            "38.5",
            "是",
            "无",
            "已返校",
        ]
    ),
    st.sampled_from([11.2, 38.5, 46340.0, datetime(2026, 11, 19), datetime(2027, 1, 1), datetime(1926, 11, 20), True]),
    st.text(max_size=5),
    st.floats(),
)
row = st.one_of(
    st.fixed_dictionaries({}, optional=dict.fromkeys(headers(), loose)),
    st.fixed_dictionaries(
        {name: st.just(value) for name, value in GOOD.items()}, optional={"学号": loose, "发病日期": loose}
    ),
)
file = st.tuples(st.lists(row, max_size=14), st.sampled_from([SCHOOL, OTHER, KINDERGARTEN, None, "2132999999"]))


def batch(files: list[tuple[list[dict[str, object]], str | None]]) -> list[tuple[Arrival, Reading]]:
    return [(arrival(n), reading(absence(*rows, unit=unit))) for n, (rows, unit) in enumerate(files)]


@settings(max_examples=12, deadline=None)
@given(files=st.lists(file, min_size=1, max_size=4))
def test_every_row_ends_accepted_or_refused_and_alone_as_in_a_batch(
    files: list[tuple[list[dict[str, object]], str | None]],
) -> None:
    read = batch(files)
    together = validate.check(read, context(), Policy(), KEY)
    assert together == [validate.check([one], context(), Policy(), KEY)[0] for one in read]
    for (_, got), checked in zip(read, together, strict=True):
        assert all(issue.code in issues.CATALOGUE for issue in checked.issues)
        if checked.verdict != "merge":
            assert (checked.records, checked.refused) == ((), ())
            continue
        ends = sorted([(r.table, r.row) for r in checked.records] + [(r.table, r.row) for r in checked.refused])
        assert ends == sorted((name, line.number) for name, lines in got.tables.items() for line in lines)
        assert all(any(issues.severity(i) == "error" for i in r.issues) for r in checked.refused)


def test_a_day_older_than_a_year_by_one_day_is_the_first_not_taken() -> None:
    edge = DAY - timedelta(days=366)
    moment = datetime.combine(edge, datetime.min.time())
    assert check(absence({**GOOD, "起始日": None}, day=moment)).verdict == "merge"
    assert check(absence({**GOOD, "起始日": None}, day=moment - timedelta(days=1))).verdict == "rejected"
