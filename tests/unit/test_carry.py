"""Rows that a template carries over: their marks, what reading makes of them, and the many templates of a morning."""

import pickle
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from io import BytesIO

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import carry
from pipeline.carry import CampusClasses, CarriedOver, Marks, Open, PrefillKind
from pipeline.forms import form, words
from pipeline.model import Checked, Issue, Reading, ReadVerdict, Row, Workbook
from pipeline.schooldays import Calendar
from pipeline.xlsx.blank import TemplateFacts, blank
from pipeline.xlsx.template_cache import from_cache
from tests.formbooks import GOOD, KEY, SCHOOL, absence, check, context, headers, said
from tests.reading import take

FORM = form("absence")
ROWS = FORM.table("rows")
FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)
ROOMS = CampusClasses({"三3": "三(3)班", "三4": "三(4)班", "一2": "一(2)班"})
MARKS = Marks(KEY, SCHOOL, "本部")


def opened(name: str = "示例甲", class_key: str = "三3", **values: object) -> Open:
    known = {"sex": "1", "reason": "ill", "start": FRIDAY, "symptoms": "S01 S02", "temperature": 38.5, "visited": None}
    return Open(class_key, name, "", known | values)


def monday(*opens: Open, rows: Mapping[int, Mapping[str, object] | None] | None = None, **fields: object) -> Workbook:
    """Monday's workbook with these carried over; `rows`: what is typed into each, None: the row is deleted."""
    made = carry.prefilled(ROWS, CarriedOver(FRIDAY, opens), MARKS, ROOMS, MONDAY)
    by_name = {column.name: column.header for column in ROWS.columns}
    lines = []
    for number, one in enumerate(made):
        typed = (rows or {}).get(number, {})
        if typed is not None:
            lines.append({**{by_name[name]: cell for name, cell in one.cells.items()}, "续": one.mark, **typed})
    lines += [row for number, row in (rows or {}).items() if number >= len(made) and row]
    book = absence(*lines, day=datetime(2026, 11, 23), **fields)
    sheet = book.sheets[0]
    head = next(n for n, row in enumerate(sheet.rows) if row and row[0] == "班级")
    sheet.rows[head].append("续")
    for row, line in zip(sheet.rows[head + 1 :], lines, strict=True):
        row.append(line.get("续"))
    return book


def judged(book: Workbook) -> Checked:
    monday = datetime.fromisoformat("2026-11-23T14:00:00+08:00")
    return check(book, known=context(calendar=Calendar()), came=monday)


def states(checked: Checked) -> dict[str, str]:
    return {str(r.values["name"]): str(r.values["row_state"]) for r in checked.records if r.table == "rows"}


def test_the_builder_has_a_head_as_the_template_has() -> None:
    assert headers()[0] == "班级"


def test_a_mark_is_known_again_and_only_for_its_pupil_and_its_words() -> None:
    text = MARKS.make(PrefillKind.OPEN, FRIDAY, ("三3", "示例甲"), ("三(3)班", "示例甲"))
    mark = carry.read(text)
    assert mark is not None
    assert (mark.kind, mark.since) == (PrefillKind.OPEN, FRIDAY)
    assert MARKS.about(mark, ("三3", "示例甲"))
    assert not MARKS.about(mark, ("三3", "示例乙"))
    assert MARKS.unchanged(mark, ("三(3)班", "示例甲"))
    assert not MARKS.unchanged(mark, ("三(3)班", "示例", "甲"))
    for other in (replace(MARKS, school="2132000002"), replace(MARKS, campus="东校区"), replace(MARKS, key=b"x" * 32)):
        assert not other.about(mark, ("三3", "示例甲"))
        assert not other.unchanged(mark, ("三(3)班", "示例甲"))


@given(st.text(max_size=30))
def test_any_text_is_a_mark_or_none(text: str) -> None:
    mark = carry.read(text)
    assert mark is None or text[0] in "KT"


@pytest.mark.parametrize("text", ["K261320-AAAAAA-BBBBBB", "K260230-AAAAAA-BBBBBB", "X261120-AAAAAA-BBBBBB", "K261120"])
def test_what_names_no_day_or_kind_is_no_mark(text: str) -> None:
    assert carry.read(text) is None


_row_values = st.tuples(*[st.one_of(st.none(), st.just(0), st.just(""), st.booleans(), st.text(max_size=3))] * 3)


@given(st.lists(st.tuples(_row_values, st.booleans()), max_size=4))
def test_rows_go_to_another_process_with_their_marks(made: list[tuple[tuple[object, ...], bool]]) -> None:
    more = ({"a": "b"}, "T1-2", True, "K261120-AAAAAA-BBBBBB")
    rows = tuple(Row(n, cells, *(more if told else ({},))) for n, (cells, told) in enumerate(made))
    reading = Reading(ReadVerdict.PARSED, tables={"rows": rows, "classes": ()})
    assert pickle.loads(pickle.dumps(reading)) == reading


_CHOICES = {
    "sex": words.SEX,
    "reason": words.REASON,
    "diagnosis": words.DISEASE,
    "injury_cause": words.INJURY_CAUSE,
    "injury_place": words.INJURY_PLACE,
    "injury_activity": words.INJURY_ACTIVITY,
    "injury_part": words.INJURY_PART,
}
absences = st.builds(
    lambda symptoms, temperature, flags, codes, texts: opened(
        symptoms=" ".join(sorted(symptoms)), temperature=temperature, **flags, **codes, **texts
    ),
    st.sets(st.sampled_from(sorted(words.SYMPTOM.labels)), max_size=6),
    st.none() | st.integers(350, 420).map(lambda n: n / 10),
    st.fixed_dictionaries({name: st.none() | st.booleans() for name in ("visited", "isolated", "admitted")}),
    st.fixed_dictionaries({name: st.sampled_from(sorted(found.labels)) for name, found in _CHOICES.items()}),
    st.fixed_dictionaries({name: st.sampled_from(["", "胸闷", "示例医院"]) for name in ("hospital", "other_symptom")}),
)


@given(absences)
@settings(max_examples=30)
def test_an_absence_brought_along_and_left_as_it_was_is_told_from_one_that_was_typed(one: Open) -> None:
    """Through a real workbook and our reader: whatever the absence said."""
    made = carry.prefilled(ROWS, CarriedOver(FRIDAY, (one,)), MARKS, ROOMS, MONDAY)
    facts = TemplateFacts(
        fields={"unit": SCHOOL, "day": MONDAY}, rows={}, carried=made, since=FRIDAY, kindergarten=False
    )
    reading = take(blank(FORM, facts))
    [row] = reading.tables["rows"]
    mark = carry.read(row.mark)
    assert mark is not None
    assert MARKS.unchanged(mark, carry.content_of(ROWS, row))
    place = ROWS.index("reason")
    other = row._replace(values=(*row.values[:place], None, *row.values[place + 1 :]))
    assert not MARKS.unchanged(mark, carry.content_of(ROWS, other))


def test_answers_are_what_stands_and_what_was_brought_along_is_not_new() -> None:
    saturday = opened("示例乙", start=date(2026, 11, 21))
    book = monday(
        opened(), saturday, opened("示例丙"), rows={0: {"状态": "仍缺课"}, 1: {"状态": "仍缺课"}, 2: {"状态": "已返校"}}
    )
    done = judged(book)
    assert states(done) == {"示例甲": "ongoing", "示例乙": "ongoing", "示例丙": "returned"}
    assert done.refused == ()


def test_a_row_left_as_it_was_goes_back_to_be_answered() -> None:
    done = judged(monday(opened(), opened("示例乙"), rows={0: {"状态": "仍缺课"}}, 零报告="否"))
    assert states(done) == {"示例甲": "ongoing"}
    [back] = done.refused
    assert [issue.code for issue in back.issues] == ["carried-unanswered"]
    assert back.raw["续"].startswith("K261120-")
    assert back.identity


def test_many_rows_left_as_they_were_are_no_slipped_column() -> None:
    opens = [opened(f"示例{sign}") for sign in "甲乙丙丁戊己庚辛壬癸子丑"]
    done = judged(monday(*opens, rows={0: {"状态": "仍缺课"}}, 零报告="否"))
    assert (done.verdict, len(done.refused)) == ("merge", 11)


def test_in_a_zero_report_all_have_come_back() -> None:
    done = judged(monday(opened(), opened("示例乙"), 零报告="是"))
    assert states(done) == {"示例甲": "returned", "示例乙": "returned"}
    assert said(done) == ["carried-returned"]
    mixed = judged(monday(opened(), opened("示例乙"), rows={1: {"状态": "已返校"}}, 零报告="是"))
    assert set(states(mixed).values()) == {"returned"}


def test_a_zero_report_that_names_somebody_is_asked_and_tells_nothing_of_the_others() -> None:
    done = judged(monday(opened(), opened("示例乙"), rows={1: {"状态": "仍缺课"}}, 零报告="是"))
    assert states(done) == {"示例乙": "ongoing"}
    assert set(said(done)) == {"zero-with-rows", "carried-unanswered"}


def test_a_template_sent_back_as_it_was_says_nothing() -> None:
    assert said(judged(monday(opened()))) == ["carried-nothing"]
    assert said(judged(monday())) == ["nothing-reported"]


def test_a_pupil_written_anew_needs_no_answer_in_the_row_brought_along() -> None:
    again = {
        "班级": "三(3)班",
        "姓名": "示例甲",
        "性别": "男",
        "缺课原因": "因病",
        "起始日": datetime(2026, 11, 23),
        "症状1": "呕吐",
    }
    done = judged(monday(opened(), rows={1: again}))
    assert states(done) == {"示例甲": "new"}
    assert said(done) == ["carried-again"]


def test_a_pupil_said_to_be_back_and_written_below_as_absent_is_one_pupil_and_absent() -> None:
    again = {"班级": "三(3)班", "姓名": "示例甲", "性别": "男", "缺课原因": "因病", "起始日": datetime(2026, 11, 20)}
    done = judged(monday(opened(), rows={0: {"状态": "已返校"}, 1: {**again, "症状1": "呕吐"}}))
    assert states(done) == {"示例甲": "ongoing"}
    assert said(done) == ["carried-absent-again"]
    back = judged(monday(opened(), rows={0: {"状态": "已返校"}}, 零报告="是"))
    identity = [record.identity for record in back.records if record.table == "rows"]
    assert identity == [record.identity for record in done.records if record.table == "rows"]
    two = judged(
        monday(opened(), rows={0: {"状态": "已返校", "学号": "1"}, 1: {**again, "症状1": "呕吐", "学号": "2"}})
    )
    assert len([record for record in two.records if record.table == "rows"]) == 2


def test_a_changed_row_says_what_its_cells_say() -> None:
    done = judged(monday(opened(), rows={0: {"诊断": "流行性感冒"}}))
    assert states(done) == {"示例甲": "ongoing"}
    assert said(done) == ["carried-changed"]
    other = judged(monday(opened(), rows={0: {"姓名": "示例丁"}}))
    assert states(other) == {"示例丁": "ongoing"}
    assert said(other) == [], "another pupil was typed over it: the mark is nobody's"


def test_a_mark_of_another_school_or_of_today_means_nothing() -> None:
    book = monday(opened(), 零报告="否")
    foreign = Marks(KEY, "2132000002", "本部").make(PrefillKind.OPEN, FRIDAY, ("三3", "示例甲"), ())
    book.sheets[0].rows[-1][-1] = foreign
    assert states(judged(book)) == {"示例甲": "ongoing"}


def test_a_row_that_went_back_and_was_left_is_no_absence_of_today() -> None:
    raw = {"class_name": "三(3)班", "sex": "男", "reason": "因病", "symptom1": "疑似水痘", "start": "2026-11-20"}
    back = carry.Back(raw, (Issue("name-missing", "缺课登记", "B12", 12, "姓名"),), asked=False)
    [made] = carry.prefilled(ROWS, CarriedOver(FRIDAY, (), (back,)), MARKS, ROOMS, MONDAY)
    assert made.kind is PrefillKind.BACK
    facts = TemplateFacts(fields={"unit": SCHOOL, "day": MONDAY}, carried=(made,), since=FRIDAY)
    reading = take(blank(FORM, facts))
    [row] = reading.tables["rows"]
    mark = carry.read(row.mark)
    assert mark is not None
    assert MARKS.unchanged(mark, carry.content_of(ROWS, row))


done_with = st.sampled_from(["仍缺课", "已返校", "left", "deleted", "changed", "again"])


@given(
    st.lists(done_with, min_size=1, max_size=6), st.sampled_from([None, "是", "否"]), st.randoms(use_true_random=False)
)
@settings(max_examples=30)
def test_whatever_a_clerk_does_nobody_is_made_absent_who_was_not_said_to_be(
    done: list[str], zero: str | None, shuffle: object
) -> None:
    names = [f"示例{sign}" for sign in "甲乙丙丁戊己"[: len(done)]]
    typed: dict[int, Mapping[str, object] | None] = {}
    for number, (name, act) in enumerate(zip(names, done, strict=True)):
        if act in ("仍缺课", "已返校"):
            typed[number] = {"状态": act}
        elif act in ("deleted", "changed"):
            typed[number] = None if act == "deleted" else {"就诊": "是"}
        elif act == "again":
            start = datetime(2026, 11, 23)
            typed[len(names) + number] = {**GOOD, "姓名": name, "起始日": start}
    book = monday(*[opened(name) for name in names], rows=typed, **({"零报告": zero} if zero else {}))
    table = book.sheets[0].rows
    head = next(n for n, row in enumerate(table) if row and row[0] == "班级")
    below = table[head + 1 :]
    shuffle.shuffle(below)  # type: ignore[attr-defined]  # a Random
    table[head + 1 :] = below
    found = judged(book)
    absent = {"仍缺课": "ongoing", "changed": "ongoing", "again": "new"}
    spoken = [act for act in done if act not in ("left", "deleted")]
    nobody = zero == "是" and not any(act in absent for act in done)
    if not spoken and not (zero == "是" or (zero == "否" and "left" in done)):
        assert found.verdict == "rejected"
        return
    expected = {
        name: "returned" if act == "已返校" or (act == "left" and nobody) else absent[act]
        for name, act in zip(names, done, strict=True)
        if act in ("已返校", *absent) or (act == "left" and nobody)
    }
    assert states(found) == expected
    assert len(found.refused) == (0 if nobody else done.count("left"))


# --------------------------------------------------------------------------- a morning's templates


def look(content: bytes) -> dict[str, object]:
    """All that a person or we can see of a workbook."""
    book = openpyxl.load_workbook(BytesIO(content))
    seen: dict[str, object] = {
        "names": sorted(book.defined_names),
        "said": {p.name: p.value for p in book.custom_doc_props},
    }
    for sheet in book.worksheets:
        cells = {}
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None:
                    cells[cell.coordinate] = (
                        cell.value,
                        cell.number_format,
                        cell.fill.fgColor.rgb,
                        cell.font.color.rgb,
                    )
        rules = sorted((str(rule.sqref), rule.type, rule.formula1) for rule in sheet.data_validations.dataValidation)
        hidden = sorted(name for name, column in sheet.column_dimensions.items() if column.hidden)
        seen[sheet.title] = (cells, rules, hidden, sheet.freeze_panes, sheet.auto_filter.ref)
    return seen


def facts_of(number: int, *, classes: int, opens: int, kindergarten: bool = False) -> TemplateFacts:
    names = [f"{'一二三四五六'[n % 6]}({n // 6 + 1})班" for n in range(classes)]
    brought = CarriedOver(
        FRIDAY, tuple(opened(f"示例{n}号" if n else "示例甲", temperature=38.0 + n / 10) for n in range(opens))
    )
    code = f"21320{number:05d}"
    made = carry.prefilled(ROWS, brought, Marks(KEY, code, "本部"), ROOMS, MONDAY)
    lines = tuple({"class_name": name} | ({"roll": 40 + n} if n % 3 else {}) for n, name in enumerate(names))
    return TemplateFacts(
        fields={
            "unit": code, "school": f"示例<{number}>&小学", "campus": "本部", "day": MONDAY, "mode": "首次报送",
            "reporter": "示例甲" if number % 2 else "",
        },
        rows={"classes": lines},
        token=f"2026-1.TOKEN{number}",
        kindergarten=kindergarten,
        boarding=False,
        carried=made,
        since=FRIDAY if made else None,
    )  # fmt: skip


@pytest.mark.parametrize(("classes", "opens"), [(3, 0), (12, 1), (12, 7), (3, 2)])
def test_a_template_from_the_mould_is_the_one_that_would_be_drawn(classes: int, opens: int) -> None:
    for number in (1, 2):
        facts = facts_of(number, classes=classes, opens=opens, kindergarten=number == 2)
        assert look(from_cache(FORM, facts)) == look(blank(FORM, facts))
        one, other = take(from_cache(FORM, facts)), take(blank(FORM, facts))
        assert one == other


def test_what_is_drawn_for_one_school_alone_needs_no_mould() -> None:
    facts = facts_of(1, classes=3, opens=1)
    back = carry.Prefilled(PrefillKind.BACK, {"class_name": "三(3)班"}, "", (Issue("name-missing", column="姓名"),))
    for odd in (
        replace(facts, carried=(*facts.carried, back)),
        replace(facts, fields={**facts.fields, "school": "一,二"}),
        replace(facts, fields={**facts.fields, "school": '一"二"小学'}),
        replace(facts, fields={**facts.fields, "reporter": "示例_x0041_"}),
    ):
        assert from_cache(FORM, odd) == blank(FORM, odd)
