"""Closures, rosters, the frame that judges a batch, and the laws that hold of every batch."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.errors import SchemaErrors

from pipeline import issues, validate
from pipeline.errors import PermanentError
from pipeline.forms import form
from pipeline.model import Arrival, Checked, Policy, Reading
from pipeline.validate import absence as absence_rules
from pipeline.validate import frames, roster
from tests import formbooks as books
from tests.formbooks import (
    DAY,
    GOOD,
    KEY,
    KINDERGARTEN,
    OTHER,
    SCHOOL,
    absence,
    arrival,
    check,
    context,
    headers,
    reading,
    said,
)

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
    assert closure(报告类别="延长", 批准时间=datetime(2026, 11, 20, 13, 30)).records, "approved while it lasts"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"批准时间": datetime(2026, 11, 21), "停课开始时间": datetime(2026, 11, 22)}, "approval-after-now"),
        ({"批准人及单位": None}, "approver-missing"),
        ({"批准时间": None}, "approval-missing"),
        ({"批准时间": datetime(1933, 11, 19, 16, 0)}, "approval-far"),
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
        ({"批准时间": datetime(2026, 11, 20, 13, 30)}, "approval-after-start"),
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


@pytest.mark.parametrize(
    ("typed", "code"),
    [("疱疹性咽颊炎", "D11"), ("甲型流感H1N1", "D02"), ("上吐下泻", "GI"), ("不明原因发热", "FEV"), ("出疹子", "RASH"),
     ("水痘疫情", "D05"), ("流感、水痘", ""), ("台风", "")],
)  # fmt: skip
def test_why_a_class_is_closed_is_read_in_the_words_for_a_pupils_illness(typed: str, code: str) -> None:
    got = closure(停课原因=typed)
    assert [record.values["reason"] for record in got.records] == ([code] if code else [])


def test_a_hurried_head_is_understood_and_told_how() -> None:
    first = {
        **books.CLOSURE_GOOD,
        "报告类别": "新增停课",
        "停课开始时间": "今天下午",
        "拟复课日期": "24日",
        "批准时间": "今天上午",
    }
    ditto = {**dict.fromkeys(first, "同上"), "停课范围": "三(4)班"}
    got = check(books.closure(first, ditto))
    assert [(one.values["scope"], one.values["start"].hour) for one in got.records] == [("三3", 13), ("三4", 13)]
    assert {repair.was for repair in got.reading.repairs} >= {"今天下午", "同上", "24日"}


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
    assert got.day == date(2026, 11, 20)  # when it came; each of its changes has its own first day


def test_a_school_that_has_a_name_need_not_be_named_again() -> None:
    new, known = {"学校标识码": "2132000009"}, {"学校标识码": SCHOOL, "填报人": "李老师"}
    got = check(books.roster({**new, "学校名称": "新小学"}, {**new, "校区": "东校区"}, known))
    assert got.refused == ()
    assert [record.values["name"] for record in got.records] == ["新小学", "新小学", "示例小学"]
    assert said(check(books.roster(new, {**new, "校区": "东校区"}))) == ["school-name-missing"] * 2


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
        frames.failures(table, (), [("三(3)班", "四十五人", *[None] * (len(table.columns) - 2))], {})
    assert "四十五" not in str(raised.value)


def test_a_code_outside_its_vocabulary_is_our_fault() -> None:
    table = form("absence").table("rows")
    row = [None] * len(table.columns)
    row[table.index("sex")] = "7"
    with pytest.raises(PermanentError):
        frames.failures(table, absence_rules.RULES, [row], {"_day": [DAY]})


def test_a_rule_that_crashes_is_our_fault() -> None:
    table = form("absence").table("classes")
    broken = (frames.RowCheck("present-over-roll", "present", lambda pl: pl.col("nowhere") <= pl.col("_roll")),)
    with pytest.raises(PermanentError):
        frames.failures(table, broken, [("三(3)班", 45, None, 44, *[None] * (len(table.columns) - 4))], {"_roll": [45]})


@given(
    st.lists(
        st.tuples(
            *[
                st.sampled_from(values)
                for values in (("1", "2", None), ("ill", "other", None), (36.5, 55.0, None), (-1, 0, 400))
            ]
        ),
        min_size=1,
        max_size=6,
    )
)
def test_what_one_pass_finds_is_what_pandera_finds_with_all_conditions(cells: list[tuple[Any, ...]]) -> None:
    table, rules = form("absence").table("rows"), absence_rules.RULES
    rows = []
    for sex, reason, temperature, days in cells:
        row: list[object] = [None] * len(table.columns)
        said = {"class_name": "三1", "name": "示例甲", "sex": sex, "reason": reason, "temperature": temperature}
        for name, value in {**said, "start": DAY - timedelta(days=days)}.items():
            row[table.index(name)] = value
        rows.append(row)
    found = frames.failures(table, rules, rows, {"_day": [DAY] * len(rows)})
    frame = frames._frame(table, rows, {"_day": [DAY] * len(rows)})
    try:
        frames._schema(frames._conditions(table, rules)).validate(frame, lazy=True)
        everything = []
    except SchemaErrors as errors:
        everything = frames._adapted(table, errors.failure_cases)
    assert found == everything


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
    read = [reading(absence(*rows, unit=unit)) for rows, unit in files]
    return [(arrival(n, books.home(got)), got) for n, got in enumerate(read)]


def namesakes(checked: Checked) -> set[tuple[str, str, str]]:
    """Names that several pupils of a class bear in one file."""
    rows = [record for record in checked.records if record.table == "rows"]
    pupils = {(str(r.values["class_key"]), str(r.values["name"]), r.identity) for r in rows}
    borne = Counter((key, name) for key, name, _ in pupils)
    return {(checked.unit, *named) for named, count in borne.items() if count > 1}


@settings(max_examples=12)
@given(files=st.lists(file, min_size=1, max_size=4))
def test_every_row_ends_accepted_or_refused_and_alone_as_in_a_batch(
    files: list[tuple[list[dict[str, object]], str | None]],
) -> None:
    read = batch(files)
    together = validate.check(read, context(), Policy(), KEY)
    alone: list[Checked] = []
    for one in read:  # the store would know by then who shares a name
        known = context(namesakes=frozenset(shared for before in alone for shared in namesakes(before)))
        alone += validate.check([one], known, Policy(), KEY)
    assert together == alone
    for (_, got), checked in zip(read, together, strict=True):
        assert all(issue.code in issues.CATALOGUE for issue in checked.issues)
        if checked.verdict != "merge":
            assert (checked.records, checked.refused) == ((), ())
            continue
        ends = sorted([(r.table, r.row) for r in checked.records] + [(r.table, r.row) for r in checked.refused])
        assert ends == sorted((name, line.number) for name, lines in got.tables.items() for line in lines)
        assert all(any(issues.severity(i) == "error" for i in r.issues) for r in checked.refused)


def test_judged_again_next_week_a_file_gets_the_same_answer() -> None:
    for made in (absence(GOOD), absence(GOOD, day=datetime(2026, 11, 21)), books.closure(books.CLOSURE_GOOD)):
        read = [(arrival(), reading(made))]
        first = validate.check(read, context(), Policy(), KEY)
        with time_machine.travel("2026-11-27 09:00 +0800"):
            assert validate.check(read, context(), Policy(), KEY) == first


@pytest.mark.parametrize("blank", [books.closure(), books.roster()])
def test_a_form_that_nobody_filled_in_goes_back(blank: object) -> None:
    got = check(blank)
    assert got.verdict == "rejected"
    assert said(got) == ["rows-none"]
