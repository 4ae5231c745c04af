"""The card as a form: found by its labels wherever they stand, and judged against the alert it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

import pytest

from pipeline import validate
from pipeline.alert_state import AlertFacts, CaseFacts
from pipeline.forms import card as declared
from pipeline.forms import form
from pipeline.forms.base import Bad, Fixed, Frame, Mixed
from pipeline.forms.identify import identify
from pipeline.forms.parse import parse
from pipeline.model import Checked, Claims, Context, Policy, Workbook
from pipeline.xlsx.blank import TemplateFacts, blank
from pipeline.xlsx.fill import Template, fill
from tests import formbooks as books
from tests.formbooks import KEY, NOW, OTHER, SCHOOL, arrival, book, grid, head, headers, reading, said
from tests.reading import take

DAY = date(2026, 11, 20)
MOMENT = datetime(2026, 11, 20, 13, 30)
ALERT, TWIN, FLU, FOREIGN = "2026-0482", "2026-0481", "2026-0480", "2026-0001"
HEADER: Mapping[str, object] = {
    "预警编号": ALERT,
    "签发次数": 1,
    "学校标识码": SCHOOL,
    "学校名称": "示例小学",
    "签发时间": datetime(2026, 11, 20, 9, 0),
}
STANDS: Mapping[str, object] = {
    "核实结论": "不可排除",
    "采取的措施": "通知家长",
    "报告方式": "电话",
    "报告时间": MOMENT,
    "报告对象": "示例区教育局",
    "填报人": "示例甲",
}
A2: Mapping[str, object] = {
    "核实结论": "可排除", "排除理由": "A2 已由专业机构处理完毕", "处理机构": "示例区疾控中心", "处理完毕日期": DAY,
    "填报人": "示例甲",
}  # fmt: skip
A1: Mapping[str, object] = {"核实结论": "可排除", "排除理由": "信息有误", "填报人": "示例甲"}
PUPILS = (
    CaseFacts("三3-A7K3QX9M2T", "三3", "示例童甲", frozenset({DAY})),
    CaseFacts("三3-B8M4RW2N5V", "三3", "示例童乙", frozenset({DAY})),
    CaseFacts("三4-C9N5SX3P6W", "三4", "示例童甲", frozenset({DAY})),
)


def facts(
    number: str = ALERT, school: str = SCHOOL, group: str = "FEV", kin: Sequence[str] = ("FEV", "D02")
) -> AlertFacts:
    return AlertFacts(number, school, "本部", frozenset([group]), DAY, frozenset(kin), PUPILS)


def known() -> Context:
    alerts = (facts(), facts(TWIN), facts(FLU, group="GI"), facts(FOREIGN, OTHER))
    return books.context(alerts={one.id: one for one in alerts})


def card(
    answer: Mapping[str, object],
    days: Sequence[Mapping[str, object]] = (),
    cases: Sequence[Mapping[str, object]] = (),
    **header: object,
) -> Workbook:
    """A card as cells: two labels and their cells to a line."""
    pairs = list(answer.items())
    lines = [[part for pair in pairs[at : at + 2] for part in (*pair, None)] for at in range(0, len(pairs), 2)]
    sheets = [("报告卡", [*head("预警信息报告卡", {**HEADER, **header}), *lines])]
    sheets += [("后续关注", grid(headers("card", "days"), days))] * bool(days)
    sheets += [("病例", grid(headers("card", "cases"), cases))] * bool(cases)
    return book(*sheets, queke_form="card")


def check(made: Workbook, bound: str = SCHOOL) -> Checked:
    got = reading(made)
    came = replace(arrival(bound=bound), first_seen=NOW, received_at=NOW)
    return validate.check([(came, got)], known(), Policy(), KEY)[0]


def answer(checked: Checked) -> Mapping[str, object]:
    (record,) = [one for one in checked.records if one.table == "answer"]
    return record.values


# --------------------------------------------------------------------------- how it is read


def test_a_card_of_ours_filled_in_is_read_back() -> None:
    made = Template(blank(form("card"), TemplateFacts(fields={"alert": ALERT, "unit": SCHOOL}, token="t")))
    rows = {"answer": [{"verdict": "可排除", "reason": "A9 其他", "why": "已核实"}], "days": [{"day": DAY, "fresh": 0}]}
    got = take(fill(made, form("card"), {}, rows))
    assert (got.verdict, got.claims and got.claims.form, got.header["alert"]) == ("parsed", "card", ALERT)
    table = form("card").table("answer")
    (row,) = got.tables["answer"]
    assert [row.values[table.index(name)] for name in ("verdict", "reason", "why")] == ["excluded", "A9", "已核实"]
    assert got.repairs == ()


def test_a_wrong_cell_is_told_by_its_own_address() -> None:
    got = reading(card({"核实人": "示例甲", "核实结论": "也许", "填报人": "示例甲"}))
    (issue,) = [one for one in got.issues if one.code == "verdict-unknown"]
    lines = len(head("预警信息报告卡", HEADER))
    assert (issue.sheet, issue.cell, issue.column) == ("报告卡", f"E{lines + 1}", "核实结论")


def test_labels_may_have_moved_and_say_the_value_themselves() -> None:
    cells = [
        *head("预警信息报告卡", HEADER),
        [],
        [None, None, "核实结论：", None, None, "可以排除"],
        ["理由简述：已核实"],
    ]
    got = reading(book(("Sheet1", [*cells, ["填报人", "示例甲"]]), queke_form="card"))
    (row,) = got.tables["answer"]
    table = form("card").table("answer")
    assert (row.values[0], row.values[table.index("why")]) == ("excluded", "已核实")
    assert [repair.cell for repair in got.repairs if repair.column.startswith("核实结论")] == [f"F{len(cells) - 1}"]


def test_a_cell_with_an_error_is_seen_in_its_place() -> None:
    made = card(STANDS)
    sheet = made.sheets[0]
    line = next(n for n, row in enumerate(sheet.rows) if "采取的措施" in row)
    column = sheet.rows[line].index("采取的措施") + 1
    sheet.rows[line][column] = None
    broken = replace(made, sheets=(replace(sheet, errors={(line + 1, column): "#N/A"}),))
    got = reading(broken)
    assert [one.code for one in got.issues if one.value == "#N/A"] == ["error-cell-left"]


def test_a_sheet_without_its_labels_is_no_card() -> None:
    assert not isinstance(identify(book(("Sheet1", [["预警信息报告卡"], ["核实人", "示例甲"]]))), Claims)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("2026-0482", ALERT),
        ("20260482", ALERT),
        (20260482.0, ALERT),
        ("预警 2026－0482", ALERT),
        ("编号：2026-0482", ALERT),
    ],
)
def test_an_alerts_number_is_understood_as_people_type_it(typed: object, number: str) -> None:
    got = declared.alert_number(typed, Frame())
    assert (got.value if isinstance(got, Fixed) else got) == number
    assert isinstance(declared.alert_number("四百八十二", Frame()), Bad)


def test_an_alerts_number_without_its_year_is_of_the_year_of_the_card() -> None:
    assert declared.alert_number("0482号", Frame(day=date(2026, 11, 20))) == Fixed(ALERT)


@pytest.mark.parametrize(
    ("typed", "code", "why"),
    [
        ("家长说是打疫苗后发热", "A9", "家长说是打疫苗后发热"),
        ("A9 其他：打疫苗", "A9", "其他：打疫苗"),
        ("a2", "A2", ""),
        ("误报", "A1", ""),
        ("重复报了", "", ""),  # perhaps A3, perhaps A1
        ("老师写错了班级", "", ""),
    ],
)
def test_a_reason_in_own_words_is_another_and_its_words_are_kept(typed: str, code: str, why: str) -> None:
    got = declared.exclusion(typed, Frame())
    value = got.value if isinstance(got, Fixed) else ""
    assert ((value.value, value.rest) if isinstance(value, Mixed) else (value, "")) == (code, why)
    kept = check(card({**A2, "排除理由": typed, "处理机构": None, "处理完毕日期": None, "理由简述": "已问家长"}))
    if code == "A9":
        assert answer(kept)["why"] == f"已问家长；{why}"


@pytest.mark.parametrize(
    ("typed", "day", "meant"),
    [
        ("今天下午1点半", 20, datetime(2026, 11, 20, 13, 30)),
        ("今天下午1点半", 23, None),  # filled in on the 20th, or on the 23rd
        ("11.21 9:00", 23, datetime(2026, 11, 21, 9)),
        ("23日9时", 23, datetime(2026, 11, 23, 9)),
    ],
)
def test_today_is_the_day_of_a_card_only_while_it_is_that_day(typed: str, day: int, meant: datetime | None) -> None:
    book = card({**STANDS, "报告时间": typed})
    claims = identify(book)
    assert isinstance(claims, Claims)
    (row,) = parse(book, claims, seen=date(2026, 11, day)).tables["answer"]
    assert row.values[declared.ANSWER.index("reported_at")] == meant


def test_it_was_told_in_several_ways() -> None:
    assert answer(check(card({**STANDS, "报告方式": "电话、网络"})))["report_way"] == "phone net"


def test_a_checksum_is_sixty_four_digits_in_any_grouping() -> None:
    sha = "ab" * 32
    for typed in (sha, sha.upper(), " ".join(sha[at : at + 8] for at in range(0, 64, 8))):
        got = declared.checksum(typed, Frame())
        assert (got.value if isinstance(got, Fixed) else got) == sha
    assert isinstance(declared.checksum(sha[:-1], Frame()), Bad)


# --------------------------------------------------------------------------- how it is judged


def test_a_right_answer_is_a_record_that_json_can_keep() -> None:
    got = check(card(STANDS))
    assert said(got) == []
    values = answer(got)
    assert (values["verdict"], values["reported_at"], values["revision"], values["by"]) == (
        "stands", "2026-11-20T13:30:00+08:00", 1, "",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("base", "change", "code"),
    [
        (STANDS, {"核实结论": None}, "verdict-missing"),
        (STANDS, {"采取的措施": None}, "measures-missing"),
        (STANDS, {"报告方式": None}, "report-way-missing"),
        (STANDS, {"报告时间": None}, "reported-at-missing"),
        (STANDS, {"报告对象": "无"}, "reported-to-missing"),
        (STANDS, {"报告时间": datetime(2026, 11, 21, 9)}, "reported-ahead"),
        (STANDS, {"排除理由": "A9 其他"}, "verdict-both"),
        (A2, {"排除理由": None}, "exclusion-missing"),
        (A2, {"处理机构": None}, "agency-missing"),
        (A2, {"处理完毕日期": None}, "handled-missing"),
        (A2, {"处理完毕日期": date(2026, 11, 22)}, "handled-ahead"),
        (A2, {"采取的措施": "消毒"}, "verdict-both"),
        (A2, {"排除理由": "A9 其他"}, "exclusion-why-missing"),
        (A2, {"排除理由": "A1"}, "exclusion-row-missing"),
        (A2, {"排除理由": "A3 重复预警"}, "other-alert-missing"),
        (A2, {"排除理由": "A3 重复预警", "重复的预警编号": ALERT}, "other-alert-itself"),
        (A2, {"排除理由": "A3 重复预警", "重复的预警编号": FOREIGN}, "other-alert-unknown"),
        (A2, {"排除理由": "A3 重复预警", "重复的预警编号": "2026-0999"}, "other-alert-unknown"),
        (A2, {"排除理由": "A3 重复预警", "重复的预警编号": FLU}, "other-alert-apart"),
    ],
)
def test_what_an_answer_lacks_sends_it_back(
    base: Mapping[str, object], change: Mapping[str, object], code: str
) -> None:
    got = check(card({**base, **change}))
    assert [issue.code for issue in got.refused[0].issues] == [code]
    assert (got.records, got.refused[0].raw["alert"]) == ((), ALERT)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"填报人": None}, "reporter-missing"),
        ({"建议书文件名": "建议书.pdf"}, "document-unproved"),
        ({"采取的措施": "班级停课三天"}, "document-wanted"),
        ({"代填人": "示例乙"}, "filled-by-school"),
    ],
)
def test_what_is_only_asked_or_said_goes_with_a_taken_answer(change: Mapping[str, object], code: str) -> None:
    got = check(card({**STANDS, **change}))
    assert (said(got), len(got.records)) == ([code], 1)


def test_a_repetition_of_the_same_illness_is_taken() -> None:
    got = check(card({**A1, "排除理由": "A3 重复预警", "重复的预警编号": TWIN}))
    assert (said(got), answer(got)["other_alert"]) == ([], TWIN)


def test_another_schools_alert_and_none_at_all_are_refused_in_the_same_words() -> None:
    foreign, nobodys = (check(card(STANDS, 预警编号=number)) for number in (FOREIGN, "2026-0999"))
    assert [issue.code for issue in foreign.issues] == [issue.code for issue in nobodys.issues] == ["card-unknown"]
    assert foreign.verdict == "rejected"


def test_a_county_must_say_whom_it_telephoned_and_when() -> None:
    got = check(card(STANDS), bound="320106")
    assert [issue.code for issue in got.refused[0].issues] == ["filled-by-missing"] * 3
    whole = {**STANDS, "代填人": "县级张某", "联系对象": "示例小学 李某", "联系时间": MOMENT}
    assert answer(check(card(whole), bound="320106"))["by"] == "320106"


ROW: Mapping[str, object] = {"报告日期": DAY, "信息有误": "是"}


@pytest.mark.parametrize(
    ("named", "pupil"),
    [
        ({"学生代码": "三3-A7K3"}, PUPILS[0].pupil),
        ({"学生代码": "三3-a7k3qx9m2t"}, PUPILS[0].pupil),
        ({"班级": "三年级3班", "姓名": "示例童甲"}, PUPILS[0].pupil),
        ({"姓名": "示例童乙"}, PUPILS[1].pupil),
        ({"姓名": "示例童甲"}, None),
        ({"班级": "三(3)班", "姓名": "示例童丙"}, None),
        ({"学生代码": "三3-ZZZZ"}, None),
    ],
)
def test_a_wrong_row_names_one_case_by_code_or_by_class_and_name(
    named: Mapping[str, object], pupil: str | None
) -> None:
    got = check(card(A1, cases=[{**ROW, **named}]))
    rows = [one.values["pupil"] for one in got.records if one.table == "cases"]
    assert rows == ([pupil] if pupil else [])
    assert [issue.code for one in got.refused for issue in one.issues] == ([] if pupil else ["wrong-row-unknown"])


def test_a_wrong_row_is_of_a_day_that_was_reported() -> None:
    got = check(card(A1, cases=[{**ROW, "报告日期": date(2026, 11, 18), "学生代码": "三3-A7K3"}]))
    assert [issue.code for one in got.refused for issue in one.issues] == ["wrong-day-none"]


def test_cases_that_nobody_marked_say_nothing() -> None:
    got = check(card(STANDS, cases=[{"报告日期": DAY, "学生代码": "三3-A7K3"}, {"报告日期": DAY, "信息有误": "否"}]))
    assert (said(got), [one.table for one in got.records]) == ([], ["answer"])
    marked = check(card(STANDS, cases=[{**ROW, "学生代码": "三3-A7K3"}]))
    assert (said(marked), [one.table for one in marked.records]) == (["wrong-unasked"], ["answer"])


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"日期": DAY, "新增病例": 1, "现有病例": 3}, ""),
        ({"日期": "11月20日", "现有病例": "3人"}, ""),
        ({"日期": date(2026, 11, 19), "新增病例": 1}, "follow-day-early"),
        ({"日期": date(2026, 11, 21), "新增病例": 1}, "follow-day-ahead"),
        ({"日期": None, "新增病例": 1}, "follow-day-missing"),
        ({"日期": DAY, "新增病例": "许多"}, "count-unreadable"),
    ],
)
def test_days_that_followed_are_taken_or_go_back(row: Mapping[str, object], code: str) -> None:
    got = check(card(STANDS, days=[row, {"日期": date(2026, 11, 23)}]))
    assert [issue.code for one in got.refused for issue in one.issues] == ([code] if code else [])
    assert [one.table for one in got.records] == ["answer", *([] if code else ["days"])]


def test_the_same_day_twice_is_asked_to_be_one() -> None:
    got = check(card(STANDS, days=[{"日期": DAY, "新增病例": 1}, {"日期": DAY, "现有病例": 3}]))
    assert [issue.code for one in got.refused for issue in one.issues] == ["follow-day-twice"]


def test_days_may_come_without_an_answer_given_before() -> None:
    got = check(card({"核实结论": None, "填报人": "示例甲", "核实人": None}, days=[{"日期": DAY, "新增病例": 0}]))
    assert (said(got), [one.table for one in got.records]) == ([], ["days"])


def test_a_card_with_nothing_in_it_goes_back() -> None:
    got = check(card({"核实结论": None, "填报人": "示例甲", "采取的措施": None}))
    assert (got.verdict, said(got)) == ("rejected", ["rows-none"])


def test_no_pupils_name_stays_in_what_a_county_reads() -> None:
    got = check(
        card({**STANDS, "采取的措施": "示例童甲、示例童乙居家"}, days=[{"日期": DAY, "措施与进展": "示例童乙返校"}])
    )
    texts = [answer(got)["measures"], *(one.values["progress"] for one in got.records if one.table == "days")]
    assert not any("示例童" in str(text) for text in texts)
    assert said(got) == ["card-name-replaced"] * 2
