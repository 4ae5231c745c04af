"""校历登记表, and 学校名册 of a school itself and with its organs: row by row."""

from collections.abc import Mapping
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model import Checked, Context, SpanKind, Workbook
from pipeline.schooldays import Calendar, CalendarSpan
from pipeline.validate.calendar import clashes
from tests import formbooks as books
from tests.formbooks import OTHER, SCHOOL, calendar, check, context, said

COUNTY = "320106"
TERM = CalendarSpan(COUNTY, date(2026, 9, 1), date(2027, 1, 29), SpanKind.TERM, "", "第一学期", "K1-9")
AUTUMN = CalendarSpan(COUNTY, date(2026, 11, 26), date(2026, 11, 27), SpanKind.HOLIDAY, "小学", "秋假", "K1-10")


def off(first: int, last: int = 0, **more: object) -> dict[str, object]:
    """A day off, or some, in November 2026."""
    till = {"结束日期": datetime(2026, 11, last)} if last else {}
    return {"类别": "放假", "开始日期": datetime(2026, 11, first), **till, **more}


def standing(*spans: CalendarSpan) -> Context:
    return context(calendar=Calendar(spans or (TERM, AUTUMN)))


def back(checked: Checked) -> dict[int, list[str]]:
    return {refused.row: [issue.code for issue in refused.issues] for refused in checked.refused}


def puts(checked: Checked) -> list[tuple[object, ...]]:
    found = (span for record in checked.records for span in record.values["spans"])
    return [(span.ref, span.kind, span.stage, span.first, span.last) for span in found]


def test_a_line_is_a_span_for_each_of_its_stages_and_a_day_alone_ends_where_it_begins() -> None:
    got = check(calendar(off(12, 13, 学段="小学、初中", 说明="运动会"), {"类别": "补课", "开始日期": "2026-11-14"}))
    assert puts(got) == [
        ("K1-5", "holiday", "小学", date(2026, 11, 12), date(2026, 11, 13)),
        ("K1-5.2", "holiday", "初中", date(2026, 11, 12), date(2026, 11, 13)),
        ("K1-6", "schoolday", "", date(2026, 11, 14), date(2026, 11, 14)),
    ]
    assert (got.unit, got.day) == (COUNTY, date(2026, 11, 20))


def test_a_calendars_days_without_a_year_are_of_its_school_year() -> None:
    term = {"类别": "学期", "学段": "全部", "开始日期": "3月1日", "结束日期": "7月3日"}
    new_year = {"类别": "放假", "开始日期": "12月31日至1月3日"}
    got = check(calendar(term, new_year))
    assert [one[3:] for one in puts(got)] == [
        (date(2027, 3, 1), date(2027, 7, 3)),
        (date(2026, 12, 31), date(2027, 1, 3)),
    ]
    assert {(one.was, one.now) for one in got.reading.repairs} >= {("3月1日", "2027-03-01"), ("7月3日", "2027-07-03")}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (off(13, 12), "span-backwards"),
        ({"开始日期": datetime(2026, 11, 12)}, "span-kind-missing"),
        ({"类别": "放假"}, "span-first-missing"),
        ({"类别": "停电", "开始日期": datetime(2026, 11, 12)}, "span-kind-unknown"),
        ({"类别": "放假", "开始日期": datetime(2026, 11, 12), "结束日期": datetime(2027, 11, 12)}, "span-long"),
        (off(12, 编号="K9-9"), "span-ref-unknown"),
        (off(12, 撤销="是"), "span-withdraw-unknown"),
        (off(26, 27, 学段="小学", 编号=""), ""),  # the standing line written out again
        (off(27, 学段="小学"), "span-contradicts"),
        ({"类别": "上课", "开始日期": datetime(2026, 11, 27), "学段": "小学"}, "span-contradicts"),
        (off(27), ""),  # of all stages: the stage's own word comes first
        ({"类别": "学期", "开始日期": datetime(2027, 1, 20), "结束日期": datetime(2027, 6, 30)}, "span-contradicts"),
        (off(12, 学段="幼儿班"), "stage-unknown"),
    ],
)
def test_a_line_that_cannot_be_goes_back_with_its_reason(row: dict[str, object], code: str) -> None:
    got = check(calendar(row), known=standing())
    assert back(got) == ({5: [code]} if code else {})


def test_a_standing_line_is_changed_by_its_number_and_withdrawn_by_it() -> None:
    rows = [
        off(26, 30, 学段="小学", 编号="K1-10"),
        {
            "类别": "学期",
            "开始日期": datetime(2026, 9, 1),
            "结束日期": datetime(2027, 1, 29),
            "撤销": "是",
            "编号": "K1-9",
        },
        {"类别": "学期", "开始日期": datetime(2026, 9, 2), "结束日期": datetime(2027, 1, 31)},
    ]
    got = check(calendar(*rows), known=standing())
    assert back(got) == {}
    assert puts(got) == [
        ("K1-10", "holiday", "小学", date(2026, 11, 26), date(2026, 11, 30)),
        ("K1-7", SpanKind.TERM, "", date(2026, 9, 2), date(2027, 1, 31)),
    ]
    assert [(r.values["ref"], r.values["withdraw"]) for r in got.records] == [
        ("K1-10", False),
        ("K1-9", True),
        ("", False),
    ]


def test_lines_of_one_workbook_do_not_contradict_each_other() -> None:
    got = check(calendar(off(12, 13), off(13, 16), off(12, 13), {"类别": "上课", "开始日期": datetime(2026, 11, 16)}))
    assert back(got) == {6: ["span-overlaps"], 7: ["span-repeated"]}


def test_what_a_line_that_goes_back_would_have_made_room_for_goes_back_too() -> None:
    # the standing line would be moved away, but its new days clash with another line's
    rows = [off(2, 3, 学段="小学"), off(3, 4, 学段="小学", 编号="K1-10"), off(26, 学段="小学")]
    assert back(check(calendar(*rows), known=standing())) == {6: ["span-overlaps"], 7: ["span-contradicts"]}


def test_a_calendar_is_of_a_place_within_the_senders_reach() -> None:
    assert said(check(calendar(off(12)), bound="320302")) == ["unit-not-yours"]
    assert said(check(calendar(off(12)), bound=SCHOOL)) == ["unit-not-yours"]
    assert check(calendar(off(12)), bound="320100").unit == COUNTY
    mine = check(calendar(off(12), unit=SCHOOL), bound=SCHOOL)
    assert (mine.verdict, mine.unit, puts(mine)[0][0]) == ("merge", SCHOOL, "K1-5")
    assert said(check(calendar(off(12), unit=OTHER), bound=SCHOOL)) == ["unit-not-yours"]
    assert said(check(calendar(off(12), unit="2132999999"))) == ["unit-unknown"]
    assert said(check(calendar())) == ["rows-none"]


stage = st.sampled_from(["", "小学", "初中"])
kind = st.sampled_from(["放假", "上课", "学期"])
line = st.builds(
    lambda kind, stage, first, days, ref: {
        "类别": kind,
        "学段": stage,
        "开始日期": datetime(2026, 11, first),
        "结束日期": datetime(2026, 11, first + days),
        "编号": ref,
    },
    kind,
    stage,
    st.integers(1, 25),
    st.integers(0, 5),
    st.sampled_from(["", "", "K1-9", "K1-10"]),
)


@settings(max_examples=25)
@given(st.lists(line, min_size=1, max_size=6))
def test_what_stands_after_a_calendar_never_contradicts_itself(rows: list[dict[str, object]]) -> None:
    before = {span.ref: span for span in (TERM, AUTUMN)}
    after = dict(before)
    for record in check(calendar(*rows), known=standing()).records:
        after.update((span.ref, span) for span in record.values["spans"])
    lines = list(after.values())
    assert not [(a, b) for n, a in enumerate(lines) for b in lines[:n] if clashes(a, b)]


# --------------------------------------------------------------------------- a school's own roster, and organs


def own(*classes: Mapping[str, object], unit: str = SCHOOL, schools: tuple[Mapping[str, object], ...] = ()) -> Workbook:
    return books.roster(*schools, classes=classes, division=unit)


def test_a_school_speaks_for_itself_and_needs_no_code_in_its_rows() -> None:
    got = check(own({"班级": "三(3)班", "学生人数": 44.0}, {"学校标识码": SCHOOL, "班级": "五(1)班"}), bound=SCHOOL)
    assert (got.verdict, got.unit, back(got)) == ("merge", SCHOOL, {})
    assert [(r.values["code"], r.values["class_key"]) for r in got.records] == [(SCHOOL, "三3"), (SCHOOL, "五1")]


def test_a_school_speaks_for_no_other_school_no_other_county_and_no_organ() -> None:
    rows = (
        {"学校标识码": OTHER, "学校名称": "别校"},
        {"学校标识码": SCHOOL, "学校名称": "示例小学", "区划代码": "320302"},
    )
    got = check(own({"学校标识码": OTHER, "班级": "三(3)班"}, schools=rows), bound=SCHOOL)
    assert back(got) == {5: ["school-elsewhere"], 6: ["division-not-yours"], 2: ["school-elsewhere"]}
    made = own({"班级": "三(3)班"})
    organs = books.grid(books.headers("roster", "organs"), [{"机构": "教育局", "联系人": "某人"}])
    got = check(books.book(*((one.name, one.rows) for one in made.sheets), ("机构", organs)), bound=SCHOOL)
    assert [[issue.code for issue in one.issues] for one in got.refused] == [["organ-not-schools"]]


def test_a_county_says_whom_to_call_in_its_organs() -> None:
    made = books.roster({"学校标识码": SCHOOL, "学校名称": "示例小学"})
    rows = [{"机构": "疾控", "联系人": "某人", "联系人电话": "100-0000-0003"}, {"机构": "CDC"}, {"机构": "妇联"}]
    organs = books.grid(books.headers("roster", "organs"), rows)
    got = check(books.book(*((one.name, one.rows) for one in made.sheets), ("机构", organs)))
    kept = [record for record in got.records if record.table == "organs"]
    assert [(r.values["organ"], r.values["division"], r.values["reporter_phone"]) for r in kept] == [
        ("cdc", COUNTY, "100-0000-0003")
    ]
    assert back(got) == {3: ["organ-repeated"], 4: ["organ-unknown"]}


def test_a_class_that_excel_made_a_number_of_is_asked_about() -> None:
    got = check(
        books.roster(classes=[{"学校标识码": SCHOOL, "班级": name} for name in ("11.2", "3。2", "302", "苹果班")])
    )
    assert back(got) == {2: ["class-unreadable"], 3: ["class-unreadable"]}
    assert said(got).count("class-number-unclear") == 1


def test_a_roll_that_no_class_has_is_taken_and_asked_about() -> None:
    rolls = {"一(1)班": 45, "一(2)班": 0, "一(3)班": 99999}
    got = check(books.roster(classes=[{"学校标识码": SCHOOL, "班级": k, "学生人数": n} for k, n in rolls.items()]))
    assert (back(got), said(got).count("class-roll-unlikely")) == ({}, 2)


def test_a_row_of_a_further_campus_closes_renames_and_leads_no_school() -> None:
    home = {"学校标识码": SCHOOL, "学校名称": "示例小学", "填报人": "示例甲", "分管领导": "示例丙"}
    branch = {
        "学校标识码": SCHOOL,
        "学校名称": "示例小学东校区",
        "校区": "东校区",
        "填报人": "示例乙",
        "分管领导": "示例丁",
        "停办日期": date(2026, 12, 1),
    }
    got = check(books.roster(home, branch))
    assert [issue.column for issue in got.issues if issue.code == "campus-row-whole"] == [
        "停办日期",
        "学校名称",
        "分管领导",
    ]
    told = [record.values for record in got.records if record.table == "schools"]
    assert [(one["campus"], one["name"], one["reporter"], one["until"]) for one in told] == [
        ("本部", "示例小学", "示例甲", None),
        ("东校区", None, "示例乙", None),
    ]


def test_the_stages_of_a_school_are_those_of_all_its_campuses() -> None:
    new = "2132109999"
    home = {"学校标识码": new, "学校名称": "示例双区学校", "学段": "小学"}
    for branch, stages in (("初中", "小学 初中"), (None, "小学")):
        got = check(books.roster(home, {**home, "校区": "东校区", "学段": branch}))
        assert {record.values["stages"] for record in got.records if record.table == "schools"} == {stages}


def test_a_blank_of_a_known_school_says_nothing_of_its_stages_or_its_county() -> None:
    made = books.roster({"学校标识码": SCHOOL, "学校名称": "示例小学"}, division="320100")
    (record,) = check(made).records
    assert (record.values["stages"], record.values["division"]) == (None, None)


def test_a_class_of_another_countys_school_goes_back_though_that_school_is_listed_too() -> None:
    made = books.roster({"学校标识码": OTHER, "学校名称": "别校"}, classes=[{"学校标识码": OTHER, "班级": "三(3)班"}])
    assert back(check(made)) == {5: ["school-elsewhere"], 2: ["school-elsewhere"]}
