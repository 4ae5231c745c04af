"""Workbook → claims → rows, whatever people did to the sheet: recognised by labels, answered with coordinates."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import issues
from pipeline.forms.absence import ROWS
from pipeline.forms.identify import identify
from pipeline.forms.look_over import MAX_ROWS
from pipeline.forms.parse import parse
from pipeline.model import Claims, Issue, Sheet, Workbook
from tests import formbooks as books
from tests.formbooks import DAY, GOOD, SCHOOL, absence, book, codes, grid, head, headers, reading, row_of


def claims(workbook: Workbook) -> Claims:
    got = identify(workbook)
    assert isinstance(got, Claims), got
    return got


def refused(workbook: Workbook) -> str:
    got = identify(workbook)
    assert isinstance(got, Issue), got
    return got.code


def with_sheet(workbook: Workbook, at: int, **changes: object) -> Workbook:
    sheets = list(workbook.sheets)
    sheets[at] = replace(sheets[at], **changes)
    return replace(workbook, sheets=tuple(sheets))


# --------------------------------------------------------------------------- which form


def test_a_workbook_without_properties_is_known_by_title_and_heads() -> None:
    got = claims(absence(GOOD))
    assert (got.form, got.unit, got.day, got.campus, got.returned) == ("absence", SCHOOL, DAY, "本部", False)
    assert claims(books.closure(books.CLOSURE_GOOD)).form == "closure"
    assert claims(books.roster({"学校标识码": SCHOOL, "学校名称": "示例小学"})).form == "roster"


def test_a_workbook_without_title_is_known_by_its_heads() -> None:
    made = absence(GOOD)
    assert claims(with_sheet(made, 0, rows=[["我校情况"], *made.sheets[0].rows[1:]])).form == "absence"


def test_the_kindergartens_title_is_the_same_form() -> None:
    made = absence(GOOD)
    rows = [["示例幼儿园幼儿缺勤日报"], *made.sheets[0].rows[1:]]
    rows[4] = [{"姓名": "幼儿姓名", "缺课原因": "缺勤原因"}.get(str(word), word) for word in rows[4]]
    got = reading(with_sheet(made, 0, rows=rows))
    assert got.tables["rows"][0].values[1] == "张小明"
    assert got.issues == ()


def test_two_forms_in_one_file_are_asked_about_never_the_first_taken() -> None:
    made = absence(GOOD)
    both = replace(made, sheets=(*made.sheets, *books.closure(books.CLOSURE_GOOD).sheets))
    assert refused(both) == "form-several"
    assert refused(replace(both, sheets=both.sheets[::-1])) == "form-several"


def test_what_stands_on_the_sheet_outweighs_properties_pasted_over() -> None:
    made = absence(GOOD)
    assert claims(replace(made, properties={"queke_form": "absence"})).form == "absence"
    untitled = with_sheet(made, 0, rows=[["表"], *made.sheets[0].rows[1:]])
    assert claims(replace(untitled, properties={"queke_form": "closure"})).form == "absence"
    assert refused(book(("Sheet1", [["随便什么", 1.0], [2.0, 3.0]]))) == "form-unknown"
    assert refused(Workbook((), {})) == "form-unknown"


def test_a_title_without_its_table_is_said_so() -> None:
    assert refused(book(("缺课登记", [["学生缺课日报"], ["请见附件"]]))) == "form-title-only"


def test_a_hidden_sheet_does_not_make_a_form() -> None:
    made = absence(GOOD)
    hidden = replace(books.closure(books.CLOSURE_GOOD).sheets[0], hidden=True)
    assert claims(replace(made, sheets=(*made.sheets, hidden))).form == "absence"


def test_a_template_newer_than_we_know_is_refused() -> None:
    assert refused(replace(absence(GOOD), properties={"queke_version": "99"})) == "form-too-new"


def test_two_filled_days_in_one_workbook_are_asked_about() -> None:
    made = absence(GOOD)
    second = replace(made.sheets[0], name="11月19日")
    got = reading(replace(made, sheets=(*made.sheets, second)))
    assert got.verdict == "rejected"
    assert "sheet-several" in codes(got)
    kept = replace(made.sheets[1], name="各班人数")
    assert reading(replace(made, sheets=(*made.sheets, kept))).verdict == "parsed"
    empty = replace(second, rows=second.rows[:5])
    assert reading(replace(made, sheets=(*made.sheets, empty))).verdict == "parsed"


# --------------------------------------------------------------------------- the head


def test_reordered_extra_and_renamed_columns_are_read_all_the_same() -> None:
    words = ["家长电话", "性别", "原因", "姓名", "班级名称", "缺课开始日期", "症状", "序号"]
    row = {
        "性别": "男",
        "原因": "因病",
        "姓名": "张小明",
        "班级名称": "三(3)班",
        "缺课开始日期": "11月20日",
        "症状": "发烧",
    }
    top = head("学生缺课日报", {"学校标识码": SCHOOL, "报告日期": datetime(2026, 11, 20)})
    got = reading(book(("Sheet1", [*top, *grid(words, [{**row, "序号": 1.0, "家长电话": "100-0000-0001"}])])))
    parsed = dict(zip(headers(), got.tables["rows"][0].values, strict=False))
    assert (parsed["班级"], parsed["姓名"], parsed["起始日"], parsed["症状1"]) == ("三(3)班", "张小明", DAY, "S01")
    extra = next(issue for issue in got.issues if issue.code == "column-extra")
    assert dict(extra.details)["extra"] == "家长电话"


def test_a_missing_deciding_column_sends_the_file_back_and_names_it() -> None:
    made = absence(GOOD)
    rows = [row[:1] + row[2:] for row in made.sheets[0].rows]
    got = reading(with_sheet(made, 0, rows=[made.sheets[0].rows[0], *made.sheets[0].rows[1:4], *rows[4:]]))
    assert got.verdict == "rejected"
    missing = next(issue for issue in got.issues if issue.code == "column-missing")
    assert "姓名" in issues.message(missing)


def test_a_missing_column_a_row_can_do_without_is_only_asked() -> None:
    words = [word for word in headers() if word != "性别"]
    top = head("学生缺课日报", {"学校标识码": SCHOOL, "报告日期": datetime(2026, 11, 20)})
    got = reading(book(("缺课登记", [*top, *grid(words, [GOOD])])))
    assert got.verdict == "parsed"
    assert codes(got) == ["column-lacking"]


def test_two_columns_of_one_name_are_asked_about_when_both_are_filled() -> None:
    top = head("学生缺课日报", {"学校标识码": SCHOOL, "报告日期": datetime(2026, 11, 20)})
    words = [*headers(), "姓名"]
    lines = grid(words, [GOOD])
    got = reading(book(("缺课登记", [*top, *lines])))
    assert "column-twice" in codes(got)
    lines[1][-1] = None
    assert reading(book(("缺课登记", [*top, *lines]))).verdict == "parsed"


def test_a_head_of_two_rows_with_merged_groups_is_one_head() -> None:
    upper = ["班级", "姓名", "性别", "缺课原因", "起始日", "症状", None, None, "体温"]
    lower = [None, None, None, None, None, 1.0, 2.0, 3.0, None]
    row = ["三(3)班", "张小明", "男", "因病", "11-20", "发热", "咳嗽", "咽痛", 38.5]
    top = head("学生缺课日报", {"学校标识码": SCHOOL, "报告日期": datetime(2026, 11, 20)})
    got = reading(book(("缺课登记", [*top, upper, lower, row])))
    assert [r.values[7:10] for r in got.tables["rows"]] == [("S01", "S02", "S03")]
    assert [row.number for row in got.tables["rows"]] == [6]


def test_a_group_row_above_the_head_changes_nothing() -> None:
    made = absence(GOOD)
    rows = [*made.sheets[0].rows[:4], ["基本情况", None, None, "因病填写"], *made.sheets[0].rows[4:]]
    got = reading(with_sheet(made, 0, rows=rows))
    assert got.tables["rows"][0].number == 7


def test_a_title_moved_down_and_labels_merged_wide_are_found() -> None:
    rows = [[], [], [None, None, "学生缺课日报（2026年11月20日）"], [None, "学校标识码：", None, None, SCHOOL]]
    rows += [[None, "报告日期：2026年11月20日"], [None, *headers()], [None, *grid(headers(), [GOOD])[1]]]
    got = reading(book(("Sheet1", rows)))
    assert got.claims
    assert (got.claims.unit, got.claims.day) == (SCHOOL, DAY)
    assert row_of(book(("Sheet1", rows)))["name"] == "张小明"


def test_the_header_block_is_read_with_its_repairs() -> None:
    got = reading(absence(GOOD, unit=2132000001.0, day="2026年11月20日", 报送方式="更正", 零报告="否", 校区="东校区"))
    assert got.header == {
        "unit": SCHOOL,
        "school": "示例小学",
        "day": DAY,
        "mode": "整份更正",
        "zero": False,
        "campus": "东校区",
    }
    assert got.claims
    assert got.claims.campus == "东校区"
    assert {repair.column for repair in got.repairs} >= {"报告日期", "报送方式"}


@pytest.mark.parametrize("day", ["11.2", "明天", None])
def test_a_report_day_that_cannot_be_read_is_no_day(day: object) -> None:
    got = reading(absence(GOOD, day=day))
    assert got.claims
    assert got.claims.day is None


def test_two_different_days_in_one_header_are_asked_about() -> None:
    made = absence(GOOD)
    rows = [made.sheets[0].rows[0], ["报告日期", datetime(2026, 11, 19)], *made.sheets[0].rows[1:]]
    assert "header-twice" in codes(reading(with_sheet(made, 0, rows=rows)))


# --------------------------------------------------------------------------- rows


def test_every_row_keeps_its_excel_row_and_blank_rows_are_passed_over() -> None:
    made = absence(GOOD, {}, {"姓名": "  ", "班级": "无"}, {**GOOD, "姓名": "李小红"})
    assert [row.number for row in reading(made).tables["rows"]] == [6, 9]


def test_examples_sums_and_lines_to_sign_are_no_pupils() -> None:
    made = absence(
        {**GOOD, "班级": "示例：三(3)班"}, GOOD, {"班级": "合计", "学号": 1.0}, {"班级": "填报人：李老师　审核人："}
    )
    got = reading(made)
    assert [row.number for row in got.tables["rows"]] == [7]
    assert [(issue.code, issue.row) for issue in got.issues] == [("example-row", 6), ("total-row", 8)]


def test_a_row_without_its_class_is_no_example_whatever_the_name_begins_with() -> None:
    got = reading(absence(GOOD, {**GOOD, "班级": None, "姓名": "例如"}))
    assert [row.number for row in got.tables["rows"]] == [6, 7]


def test_what_one_cell_holds_besides_goes_into_its_own_column() -> None:
    row = row_of(absence({**GOOD, "症状1": "发烧、没精神", "缺课原因": "拉肚子", "诊断": "疑似流感", "备注": "在家"}))
    assert row["symptom1"] == "S01 S99 S07"
    assert row["other_symptom"] == "发烧、没精神"
    assert (row["reason"], row["diagnosis"], row["degree"], row["note"]) == ("ill", "D02", "suspected", "在家")


def test_a_row_shows_as_typed_what_it_did_not_take_as_typed() -> None:
    got = reading(absence({**GOOD, "症状1": "发烧", "起始日": "昨天", "性别": "未知"}))
    row = got.tables["rows"][0]
    assert row.raw == {"symptom1": "发烧", "start": "昨天", "sex": "未知"}
    assert [(r.cell, r.was, r.now) for r in got.repairs] == [("F6", "昨天", "2026-11-19"), ("H6", "发烧", "发热")]
    assert [(i.code, i.cell, i.row, i.column, i.value) for i in got.issues] == [
        ("sex-unknown-left", "D6", 6, "性别", "未知")
    ]


def test_a_bad_cell_is_an_error_only_where_the_row_cannot_do_without() -> None:
    got = reading(absence({**GOOD, "班级": datetime(2026, 3, 2), "发病日期": 11.2}))
    severities = {issue.code: issues.severity(issue) for issue in got.issues}
    assert severities == {"class-is-date": "error", "date-ambiguous-left": "query"}


def test_an_identity_number_is_nowhere_in_the_reading() -> None:
    number = "320102201501011234"
    typed = {**GOOD, "学号": number, "备注": f"证件{number}", "姓名": number, "就诊医院": float(number)}
    assert "20150101" not in repr(reading(absence(typed, {**GOOD, "班级": number})))


def test_an_error_cell_and_a_formula_without_value_are_said() -> None:
    made = absence(GOOD, {**GOOD, "姓名": ""}, {**GOOD, "班级": ""})
    sheet = replace(
        made.sheets[0],
        errors={(7, 1): "#N/A", (6, 15): "#REF!"},
        formulas={(8, 0): False, (6, 0): True, (7, 0): True},
    )
    got = reading(replace(made, sheets=(sheet, made.sheets[1])))
    assert [(issue.code, issue.cell) for issue in got.issues] == [
        ("formula-value", "A6"),
        ("error-cell-left", "P6"),
        ("error-cell", "B7"),
        ("formula-uncached", "A8"),
    ]
    assert got.tables["rows"][0].values[0] == "三(3)班"


def test_hidden_rows_are_read_and_said() -> None:
    got = reading(with_sheet(absence(GOOD, {**GOOD, "姓名": "李小红"}), 0, hidden_rows=frozenset({7, 90})))
    assert len(got.tables["rows"]) == 2
    assert [dict(issue.details) for issue in got.issues] == [{"count": "1"}]


def test_ten_thousand_rows_are_not_one_schools_day() -> None:
    made = absence(*[GOOD] * (MAX_ROWS + 1))
    got = reading(made)
    assert (got.verdict, got.tables) == ("rejected", {})
    assert "too-many-rows" in codes(got)


def test_a_return_workbook_is_known_by_its_tickets() -> None:
    words = [*headers(), "作废", "退回原因", "凭单号"]
    rows = [
        {**GOOD, "凭单号": "T7-r6"},
        {**GOOD, "作废": "作废", "凭单号": "T7-r7"},
        {**GOOD, "作废": "?", "凭单号": "T7-r8"},
    ]
    top = head("学生缺课日报 · 退回修正表", {"学校标识码": SCHOOL, "报告日期": datetime(2026, 11, 20)})
    got = reading(book(("缺课登记", [["两法任选：只改本表发回；或改原表后整份重发。"], *top, *grid(words, rows)])))
    assert got.claims
    assert got.claims.returned
    assert [(row.ticket, row.void) for row in got.tables["rows"]] == [
        ("T7-r6", False),
        ("T7-r7", True),
        ("T7-r8", False),
    ]
    assert codes(got) == ["void-unclear"]


def test_nothing_is_asked_of_a_row_that_is_void() -> None:
    wrong = {**GOOD, "缺课原因": "心理", "起始日": "昨天吧", "症状1": "发烧", "凭单号": "T7-r6"}
    words = [*headers(), "作废", "凭单号"]
    top = head("学生缺课日报 · 退回修正表", {"学校标识码": SCHOOL, "报告日期": datetime(2026, 11, 20)})
    asked = reading(book(("缺课登记", [*top, *grid(words, [wrong])])))
    void = reading(book(("缺课登记", [*top, *grid(words, [{**wrong, "作废": "作废"}])])))
    assert "date-unreadable" in codes(asked)
    assert asked.repairs
    assert (codes(void), void.repairs) == ([], ())


def test_a_repair_that_shows_the_same_twice_is_not_told() -> None:
    assert not reading(absence({**GOOD, "备注": "很长的说明" * 60})).repairs


def test_a_workbook_of_the_1904_epoch_has_the_same_days() -> None:
    made = absence({**GOOD, "起始日": 46346.0 - 1462}, day=46346.0 - 1462)
    assert row_of(replace(made, date1904=True))["start"] == DAY


@pytest.mark.parametrize(
    ("column", "written", "heat"),
    [
        ("症状1", "发烧38.5", 38.5),
        ("症状1", "发热39度", 39.0),
        ("症状1", "高烧 39.2℃、咳嗽", 39.2),
        ("症状2", "昨夜烧到39度5", 39.5),
        ("症状1", "38.7℃", 38.7),
        ("症状1", "反复发热38.1-38.9度", 38.9),
        ("其他症状", "夜里发烧38.6", 38.6),
        ("诊断", "流感，发热38.3℃", 38.3),
        ("缺课原因", "发烧38.4", 38.4),
        ("症状1", "发热3天", None),
        ("症状1", "不发烧36.5", None),
        ("症状1", "咳嗽", None),
    ],
)
def test_a_temperature_told_with_the_fever_is_the_temperature(column: str, written: str, heat: float | None) -> None:
    got = reading(absence({**GOOD, "症状1": None, "体温": None, column: written}))
    assert got.tables["rows"][0].values[ROWS.index("temperature")] == heat
    if heat is not None:
        (said,) = [repair for repair in got.repairs if repair.was.startswith(written[:6])]
        assert f"体温：{heat}" in said.now


@pytest.mark.parametrize(("typed", "heat"), [(37.6, 37.6), ("38.0", 38.0), ("385", None)])
def test_what_stands_in_the_column_of_temperatures_goes_before_what_a_symptom_tells(
    typed: object, heat: float | None
) -> None:
    got = reading(absence({**GOOD, "症状1": "发烧38.5", "体温": typed}))
    assert got.tables["rows"][0].values[ROWS.index("temperature")] == heat


# --------------------------------------------------------------------------- laws

cell = st.one_of(st.none(), st.text(max_size=8), st.floats(), st.datetimes(), st.booleans(), st.sampled_from(headers()))


@settings(max_examples=120)
@given(rows=st.lists(st.lists(cell, max_size=12), max_size=12), named=st.booleans())
def test_any_sheet_is_answered(rows: list[list[object]], named: bool) -> None:
    made = Workbook((Sheet("缺课登记", rows),), {"queke_form": "absence"} if named else {})
    got = identify(made)
    if isinstance(got, Claims):
        parse(made, got)
    else:
        assert got.code in issues.CATALOGUE


@settings(max_examples=60)
@given(rows=st.lists(st.dictionaries(st.sampled_from(headers()), cell, max_size=6), max_size=8))
def test_any_cells_in_a_good_sheet_are_read_row_by_row(rows: list[dict[str, object]]) -> None:
    got = reading(absence(*rows))
    assert all(issue.code in issues.CATALOGUE for issue in got.issues)
    numbers = [row.number for row in got.tables.get("rows", ())]
    assert numbers == sorted(set(numbers))
    assert all(6 <= number < 6 + len(rows) for number in numbers)


def own(heads: list[str], *rows: list[object]) -> Workbook:
    """A list with heads of a sender's own below ours."""
    known = {"学校标识码": SCHOOL, "学校名称": "示例小学", "报告日期": DAY}
    return book(("缺课登记", [*head("学生缺课日报", known), heads, *rows]))


@pytest.mark.parametrize(
    ("heads", "grade", "room", "meant"),
    [
        (["年级", "班级"], "三", "1", "三(1)班"),
        (["年级", "班级"], "三年级", "1班", "三(1)班"),
        (["年级", "班"], "3年级", 12.0, "三(12)班"),
        (["年级", "班"], "初一", "二班", "七(2)班"),
        (["所在年级", "班级"], "高一", "3", "高一(3)班"),
        (["年级", "班级"], "中班", "2", "中2班"),
        (["年级", "班级"], "三年级", "三(2)班", "三(2)班"),
        (["年级", "班级"], "三年级", "苹果班", "苹果班"),
        (["年级", "班级"], "小学部", "2班", "2班"),
        (["年级", "班级"], "三(4)班", None, "三(4)班"),
    ],
)
def test_a_grade_in_a_column_of_its_own_is_part_of_the_class(
    heads: list[str], grade: object, room: object, meant: str
) -> None:
    made = own(
        [*heads, "姓名", "性别", "缺课原因", "起始日", "症状"], [grade, room, "张小明", "男", "因病", DAY, "发热"]
    )
    got = reading(made)
    assert got.tables["rows"][0].values[ROWS.index("class_name")] == meant
    assert "column-extra" not in codes(reading(made))
    assert any(repair.now == meant for repair in got.repairs) is (meant != str(room))


def test_symptoms_in_columns_of_their_own_are_symptoms_where_they_are_ticked() -> None:
    heads = ["班级", "姓名", "性别", "缺课原因", "起始日", "发热", "拉肚子", "症状", "其他"]
    rows = [
        ["三(3)班", "张小明", "男", "因病", DAY, "√", "否", "咳嗽", "√"],
        ["三(3)班", "李小红", "女", "因病", DAY, None, "3次", None, None],
    ]
    got = reading(own(heads, *rows))
    at = ROWS.index("symptom1")
    assert [row.values[at] for row in got.tables["rows"]] == ["S02 S01", "S07"]
    assert [repair.now for repair in got.repairs] == ["症状：发热", "症状：腹泻"]
    (extra,) = [issue for issue in got.issues if issue.code == "column-extra"]
    assert dict(extra.details) == {"extra": "其他"}


def test_symptoms_of_morning_and_noon_are_symptoms() -> None:
    heads = ["班级", "姓名", "性别", "缺课原因", "起始日", "晨检症状", "午检症状"]
    made = own(heads, ["三(3)班", "张小明", "男", "因病", DAY, "发热", "呕吐"])
    row = reading(made).tables["rows"][0]
    assert [row.values[ROWS.index(name)] for name in ("symptom1", "symptom2")] == ["S01", "S06"]
    assert "column-extra" not in codes(reading(made))
