"""What a reader remembers of workbooks says nothing of the next one, holds nobody's name, and does not grow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.forms import FORMS, absence, clinical, looks
from pipeline.forms.base import Frame
from pipeline.forms.meanings import FRAMES, MOST, meanings
from pipeline.model import Reading, Workbook
from tests import formbooks as books

_COLUMNS = ("班级", "姓名", "缺课原因", "起始日", "症状1", "症状2", "体温", "发病日期", "就诊", "诊断", "宿舍", "备注")
_CELLS = (
    *(
        "三(3)班",
        "3-2",
        "中一班",
        "中一",
        "王小宝",
        "因病",
        "病假",
        "事假",
        "11.2",
        "11-19",
        "昨天",
        "周四",
        "30日",
        "是",
        "否",
    ),
    *(
        "发热",
        "发烧咳嗽",
        "水痘",
        "疑似水痘",
        "38.6",
        "无",
        "/",
        "１",
        "1",
        "合计",
        "同上",
        "√",
        "201室",
        '=DISPIMG("ID_1",1)',
    ),
    *(None, "", True, False, 1, 0, 1.0, 38, 38.5, 385, 11.2, 46346, 46346.5),
    *(date(2026, 11, 19), datetime(2026, 11, 19, 16), date(1900, 2, 7), date(2026, 11, 20), datetime(2026, 11, 20, 8)),
)
_ROW = st.dictionaries(st.sampled_from(_COLUMNS), st.sampled_from(_CELLS), max_size=8)
_BOOK = st.tuples(
    st.lists(_ROW, max_size=5),
    st.sampled_from((date(2026, 11, 20), date(2026, 11, 30), date(2027, 1, 4))),
    st.sampled_from((books.SCHOOL, "1132000001")),  # of a kindergarten
)


def forget() -> None:
    meanings.cache_clear()
    looks.LOOKS.clear()


def made(rows: list[Mapping[str, object]], day: date, unit: str) -> Workbook:
    return books.absence(books.GOOD, *({**books.GOOD, **row} for row in rows), day=day, unit=unit)


@settings(max_examples=40, deadline=None)
@given(st.lists(_BOOK, min_size=2, max_size=4))
def test_a_workbook_is_read_alike_whatever_was_read_before(
    given_books: list[tuple[list[Mapping[str, object]], date, str]],
) -> None:
    forget()
    together = [read(made(*one)) for one in given_books]
    for one, before in zip(given_books, together, strict=True):
        forget()
        assert read(made(*one)) == before


def read(workbook: Workbook) -> tuple[Reading, str]:
    got = books.reading(workbook)
    return got, repr(got)  # 1 is not True


def test_a_word_that_the_site_learns_is_read_from_then_on() -> None:
    made_of = books.absence({**books.GOOD, "症状1": "疰夏热"})
    before = books.row_of(made_of)["symptom1"]
    clinical.learn({"疰夏热": "S01"})
    try:
        assert books.row_of(made_of)["symptom1"] == "S01" != before
    finally:
        clinical.learn({})
    assert books.row_of(made_of)["symptom1"] == before


@pytest.mark.parametrize("name", ["name", "number", "note", "other_symptom", "diagnosis"])
def test_no_name_and_no_sentence_is_remembered(name: str) -> None:
    forget()
    books.reading(
        books.absence({**books.GOOD, "备注": "由奶奶接回", "学号": "20260101", "诊断": "水痘", "其他症状": "没精神"})
    )
    kept = {
        column.name: [*held] for column, held in zip(absence.ROWS.columns, meanings(absence.ROWS, _FRAME), strict=True)
    }
    assert kept[name] == [None, ""]
    assert "因病" in kept["reason"]


_FRAME = Frame(day=books.DAY)


def test_what_is_remembered_is_as_large_as_what_people_write_and_no_larger() -> None:
    start = meanings(absence.ROWS, _FRAME)[absence.ROWS.index("class_name")]
    for number in range(2 * MOST):
        assert start[f"{number}班"] == f"{number}班"
    assert len(start) <= MOST
    assert start["x" * 30] == "x" * 30
    assert "x" * 30 not in start, "a long text is no word"
    lists = [
        column.vocabulary for form in FORMS for table in form.tables for column in table.columns if column.vocabulary
    ]
    assert max(len(one.labels) + len(one.words) for one in lists) < MOST
    assert len([table for form in FORMS for table in form.tables]) <= FRAMES
    for number in range(looks.MOST + 10):
        looks.LOOKS[f"示例{number}"]
    assert len(looks.LOOKS) <= looks.MOST
