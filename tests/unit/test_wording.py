"""A row whose columns say different things: what is kept, what its receipt says, what is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline import issues
from pipeline.model import Checked, Workbook
from tests.formbooks import GOOD, absence, check

PLAIN = {**GOOD, "症状1": None, "症状2": None, "体温": None, "诊断": None, "备注": None}


def row(**cells: object) -> Checked:
    return check(absence({**PLAIN, **cells}))


def kept(got: Checked) -> tuple[object, ...]:
    values = got.records[0].values
    return tuple(values[name] for name in ("reason", "symptoms", "diagnosis", "degree"))


def asked(got: Checked) -> list[str]:
    return [issue.code for issue in got.issues]


def repaired(got: Checked) -> list[str]:
    return [f"{one.column}：{one.was} → {one.now}" for one in got.repairs]


@pytest.mark.parametrize(
    ("cells", "values", "repairs"),
    [
        ({"症状1": "呕吐3次"}, ("ill", "S06", "", ""), ["症状1：呕吐3次 → 呕吐"]),
        ({"症状1": "手足口"}, ("ill", "", "D10", ""), ["症状1：手足口 → 诊断：手足口病"]),
        ({"症状1": "水痘？"}, ("ill", "", "D05", "suspected"), ["症状1：水痘？ → 诊断：水痘；病例分类：疑似"]),
        (
            {"缺课原因": "流感", "症状1": "发热"},
            ("ill", "S01", "D02", ""),
            ["缺课原因：流感 → 因病；诊断：流行性感冒"],
        ),
        (
            {"症状1": "其他", "其他症状": "呕吐、腹泻"},
            ("ill", "S06 S07", "", ""),
            ["其他症状：呕吐、腹泻 → 症状1：呕吐、腹泻"],
        ),
        (
            {"症状1": "发热", "诊断": "甲流阳性"},
            ("ill", "S01", "D02", "confirmed"),
            ["诊断：甲流阳性 → 流行性感冒；病例分类：确诊"],
        ),
        ({"症状1": "发热", "诊断": "发热"}, ("ill", "S01", "", ""), []),
        ({"症状1": "发热", "诊断": "腹泻4次"}, ("ill", "S01 S07", "", ""), ["诊断：腹泻4次 → 症状1：腹泻"]),
    ],
)
def test_what_a_cell_says_goes_where_it_belongs_and_is_listed(
    cells: dict[str, str], values: tuple[str, ...], repairs: list[str]
) -> None:
    got = row(**cells)
    assert kept(got) == values
    assert repaired(got) == repairs or repairs == []
    assert [code for code in asked(got) if code != "reason-from-symptom"] == []


def test_a_row_brought_along_is_not_repaired_again() -> None:
    got = row(症状1="呕吐", 症状2="腹泻", 其他症状="呕吐、腹泻4次")
    assert (got.records[0].values["symptoms"], repaired(got)) == ("S06 S07", [])


def test_what_leaves_a_cell_empty_says_where_its_words_are() -> None:
    assert repaired(row(症状1="发热", 诊断="排除流感")) == ["诊断：排除流感 → （空）；原话记在备注里"]


def test_own_words_stay_beside_the_symptoms_they_name() -> None:
    got = row(症状1="其他", 其他症状="呕吐4次、腿疼").records[0].values
    assert (got["symptoms"], got["other_symptom"]) == ("S06 S99", "呕吐4次、腿疼")


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"缺课原因": "事假", "症状1": "发热"}, "reason-not-illness"),
        ({"缺课原因": "其他", "诊断": "水痘"}, "reason-not-illness"),
        ({"缺课原因": "其他", "其他症状": "拉肚子"}, "reason-not-illness"),
        ({"缺课原因": "因伤", "诊断": "手足口"}, "reason-not-illness"),
        ({"症状1": "发热", "备注": "水痘"}, "note-names-disease"),
        ({"症状1": "发热", "诊断": "感冒", "备注": "疑似甲流"}, "note-names-disease"),
        ({"症状1": "发热", "备注": "同桌得了流感"}, "note-names-disease"),
        ({"症状1": "其他", "备注": "昨晚上吐下泻"}, "note-names-symptom"),
        ({"症状1": "手足口", "诊断": "水痘"}, "diagnosis-several"),
        ({"症状1": "发热", "诊断": "甲流、支原体"}, "diagnosis-several"),
        ({"症状1": "怪瘟"}, "words-unread"),
        ({"症状1": "发热", "诊断": "病毒性感冒"}, "disease-which"),
        ({"症状1": "发热", "诊断": "妈妈流感"}, "disease-whose"),
        ({"缺课原因": "甲流病毒感染？怪事", "症状1": "发热"}, "words-unread"),
    ],
)
def test_what_could_lose_a_disease_is_asked_once_and_in_a_clerks_words(cells: dict[str, str], code: str) -> None:
    got = row(**cells)
    assert asked(got) == [code]
    assert got.refused == ()
    text = issues.message(got.issues[0]) + issues.remedy(got.issues[0])
    assert "{" not in text
    assert "“”" not in text


@pytest.mark.parametrize(
    "cells",
    [
        {"缺课原因": "事假"},
        {"缺课原因": "其他", "备注": "回老家"},
        {"缺课原因": "因伤", "症状1": "受伤", "诊断": "骨折"},
        {"缺课原因": "因伤", "症状1": "头痛"},
        {"症状1": "发热", "备注": "妈妈来接，已打流感疫苗"},
        {"症状1": "发热", "诊断": "水痘", "备注": "水痘，医院诊断"},
        {"症状1": "发热", "备注": "排除流感"},
        {"症状1": "发热", "诊断": "流感", "备注": "鼻炎"},
        {"症状1": "水痘"},
        {"症状1": "发热", "备注": "发烧38.5在家休息"},
        {"症状1": "发热", "备注": "见 https://example.invalid/campus"},  # mp is an abbreviation, there it is letters
    ],
)
def test_what_agrees_is_not_asked_about(cells: dict[str, str]) -> None:
    assert asked(row(**cells)) == []


def test_a_doctors_word_gives_way_to_a_graver_one_only_with_a_question() -> None:
    got = row(症状1="发热，疑似甲流", 诊断="感冒")
    assert kept(got) == ("ill", "S01", "D02", "suspected")
    assert asked(got) == ["diagnosis-several"]
    assert kept(row(症状1="发热，感冒", 诊断="流感")) == ("ill", "S01", "D02", "")


def test_a_disease_that_gives_way_to_another_is_kept_in_words() -> None:
    got = row(症状1="扁桃体发炎", 诊断="猩红热")
    assert kept(got) == ("ill", "", "D09", "")
    assert got.records[0].values["note"] == "扁桃体发炎"
    assert repaired(got) == ["症状1：扁桃体发炎 → （空）；原话记在备注里"]


def test_a_degree_its_clerk_chose_stays() -> None:
    assert kept(row(症状1="发热", 诊断="水痘？", 病例分类="确诊")) == ("ill", "S01", "D05", "confirmed")


def test_an_illness_beside_another_reason_is_no_case() -> None:
    assert kept(row(缺课原因="事假", 症状1="发热"))[0] == "other"


# --------------------------------------------------------------------------- 缺课原因 told by the other cells


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"症状1": "发热"}, "ill"),
        ({"诊断": "水痘"}, "ill"),
        ({"体温": 38.5}, "ill"),
        ({"症状1": "受伤"}, "injured"),
        ({"备注": "病假"}, "ill"),
        ({"备注": "事假"}, "other"),
    ],
)
def test_a_blank_reason_is_what_the_row_leaves_no_doubt_of(cells: dict[str, object], reason: str) -> None:
    got = row(缺课原因=None, **cells)
    assert kept(got)[0] == reason
    assert repaired(got)[-1].startswith("缺课原因：（空） → ")


@pytest.mark.parametrize(
    "cells",
    [
        {},
        {"备注": "请假"},
        {"体温": 36.5},
        {"症状1": "其他"},
        {"症状1": "发热", "备注": "回老家"},
        {"症状1": "受伤", "诊断": "水痘"},
        {"症状1": "发热", "备注": "事假"},
        {"诊断": "其他"},
    ],
)
def test_a_blank_reason_that_the_row_leaves_open_goes_back(cells: dict[str, object]) -> None:
    assert "reason-missing" in asked(row(缺课原因=None, **cells))


def test_a_reason_nobody_can_read_is_asked_about_where_the_row_tells_it() -> None:
    got = row(缺课原因="随便", 症状1="发热")
    assert kept(got)[0] == "ill"
    assert asked(got) == ["reason-told"]
    assert "先按因病收下" in issues.message(got.issues[0])


def without(header: str, book: Workbook) -> Workbook:
    """A workbook whose first sheet has no such column."""
    first, *others = book.sheets
    head = next(row for row in first.rows if header in row)
    rows = [[cell for at, cell in enumerate(row) if at != head.index(header)] for row in first.rows]
    return replace(book, sheets=(replace(first, rows=rows), *others))


def test_a_list_without_the_column_is_taken_where_its_rows_tell_the_reason() -> None:
    got = check(without("缺课原因", absence({**PLAIN, "症状1": "发热"}, {**PLAIN, "姓名": "李小红"})))
    assert [record.values["reason"] for record in got.records if record.table == "rows"] == ["ill"]
    assert asked(got)[0] == "column-lacking"
    assert "reason-missing" in asked(got)
