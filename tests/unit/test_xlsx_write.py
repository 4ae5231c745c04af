"""What we write: templates, return workbooks, lists."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from pipeline.forms import FORMS, form
from pipeline.model import Issue, Refused
from pipeline.xlsx import blank as blanks
from pipeline.xlsx import guard
from pipeline.xlsx.blank import TemplateFacts, blank
from pipeline.xlsx.giveback import TWO_WAYS, GivebackFacts, giveback
from pipeline.xlsx.lists import ListColumn, build
from pipeline.xlsx.writer import writing
from tests.reading import take

DAY = date(2026, 11, 20)
FIELDS = {"unit": "2132000001", "school": "示例小学", "campus": "本部", "day": DAY}
ROW = {"class_name": "三(3)班", "name": "某甲", "sex": "男", "reason": "因病", "start": DAY, "symptom1": "发热"}
CLASSES = ({"class_name": "三(3)班", "roll": 45}, {"class_name": "三(4)班", "roll": 44})


@pytest.mark.parametrize("each", FORMS, ids=lambda f: f.name)
def test_the_committed_blanks_equal_the_code(each, repo: Path) -> None:
    committed = repo / "templates" / "xlsx" / blanks.file_name(each)
    assert committed.read_bytes() == blank(each), "run `make templates`"


def test_no_other_blank_is_committed(repo: Path) -> None:
    assert {p.name for p in (repo / "templates" / "xlsx").glob("*.xlsx")} == {blanks.file_name(f) for f in FORMS}


def test_make_templates_writes_every_form(tmp_path: Path) -> None:
    blanks.main([str(tmp_path)])
    assert len(list(tmp_path.iterdir())) == len(FORMS)


@pytest.mark.parametrize("each", FORMS, ids=lambda f: f.name)
@pytest.mark.parametrize("kindergarten", [False, True])
def test_a_template_is_recognised_and_says_whose_it_is(each, kindergarten: bool) -> None:
    facts = TemplateFacts(fields=FIELDS, token="t-1", kindergarten=kindergarten, rows={"classes": CLASSES})
    reading = take(blank(each, facts))
    assert reading.claims is not None
    assert (reading.claims.form, reading.claims.token, reading.claims.version) == (each.name, "t-1", each.version)
    assert not reading.repairs


@pytest.mark.parametrize("each", [each for each in FORMS if each.name != "filing"], ids=lambda f: f.name)
def test_a_template_has_no_formula_no_protection_and_no_merge_in_its_table(each) -> None:
    book = load_workbook(io.BytesIO(blank(each)))
    for table in each.tables:
        sheet = book[table.sheet]
        assert not sheet.protection.sheet
        assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)
        if table.upright:  # a card of its own: labels beside their cells, on one sheet of paper
            assert sheet.page_setup.orientation == "portrait"
            assert sheet.page_setup.fitToHeight != "0"
            continue
        head = int(sheet.auto_filter.ref.split(":")[0].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        assert all(area.max_row < head for area in sheet.merged_cells.ranges)
        assert sheet.freeze_panes is not None
        assert sheet.print_title_rows == f"${head}:${head}"
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) in {("landscape", 9), ("portrait", 9)}


def test_at_most_sixteen_columns_are_in_view() -> None:
    for each in FORMS:
        for table in each.tables:
            assert table.upright or sum(not (column.folded or column.beside) for column in table.columns) <= 16


def test_what_is_folded_begins_at_its_left_and_spills_into_no_column_in_view() -> None:
    sheet = load_workbook(io.BytesIO(blank(form("absence"))))["缺课登记"]
    hidden = [dimension for dimension in sheet.column_dimensions.values() if dimension.hidden]
    assert hidden
    assert {dimension.alignment.horizontal for dimension in hidden} == {"left"}


def test_what_must_be_filled_in_is_not_said_to_be_free() -> None:
    columns = [column for each in FORMS for table in each.tables for column in table.columns if column.required]
    assert not [column.header for column in columns if "空着按" in column.help]


def test_dormitories_are_asked_of_boarding_schools_only() -> None:
    def headings(*, boarding: bool) -> set[object]:
        book = load_workbook(io.BytesIO(blank(form("absence"), TemplateFacts(boarding=boarding))))
        return {cell.value for row in book["缺课登记"].iter_rows(max_row=8) for cell in row}

    assert "宿舍" in headings(boarding=True)
    assert "宿舍" not in headings(boarding=False)


def test_kindergartens_are_asked_in_their_own_words() -> None:
    book = load_workbook(io.BytesIO(blank(form("absence"), TemplateFacts(kindergarten=True))))
    texts = {cell.value for row in book["缺课登记"].iter_rows(max_row=8) for cell in row}
    assert {"幼儿缺勤日报", "幼儿姓名*", "缺勤原因*"} <= texts


def test_a_known_fact_is_held_by_a_rule_of_its_cell() -> None:
    book = load_workbook(io.BytesIO(blank(form("absence"), TemplateFacts(fields=FIELDS))))
    rules = {str(r.sqref): r for r in book["缺课登记"].data_validations.dataValidation}
    held = [r for r in rules.values() if r.formula1 == '"2132000001"']
    assert len(held) == 1
    assert held[0].errorStyle in (None, "stop")
    assert any(r.type == "date" and r.errorStyle == "warning" for r in rules.values())


def test_a_template_is_the_same_byte_for_byte() -> None:
    facts = TemplateFacts(fields=FIELDS, rows={"classes": CLASSES, "rows": (ROW,)}, token="t")
    assert blank(form("absence"), facts) == blank(form("absence"), facts)


# --------------------------------------------------------------------------- return workbooks

REFUSED = (
    Refused(
        "rows",
        12,
        {"class_name": "三(3)班", "name": "", "sex": "男", "reason": "因病", "start": "2026-11-20", "symptom1": "发热"},
        (Issue("name-missing", "缺课登记", "B12", 12, "姓名"),),
        "2611-7-001",
    ),
    Refused(
        "rows",
        15,
        {"class_name": "三(4)班", "name": "=1+1", "sex": "女", "reason": "因病", "start": "11.2", "symptom1": "咳嗽"},
        (Issue("date-ambiguous", "缺课登记", "F15", 15, "起始日", "11.2"),),
        "2611-7-002",
    ),
)
GIVEN = GivebackFacts(FIELDS, REFUSED, ("三(3)班", "三(4)班"), "t-1")


def test_a_return_workbook_is_plain_and_read_back_row_by_row_with_its_tickets() -> None:
    content = giveback(form("absence"), GIVEN)
    assert guard.look(content).verdict == "plain"
    reading = take(content)
    assert reading.verdict == "parsed"
    assert reading.claims is not None
    assert reading.claims.returned
    assert (reading.claims.unit, reading.claims.day, reading.claims.token) == ("2132000001", DAY, "t-1")
    assert [row.ticket for row in reading.tables["rows"]] == ["2611-7-001", "2611-7-002"]
    table = form("absence").table("rows")
    first, second = reading.tables["rows"]
    assert (first.values[table.index("start")], first.values[table.index("name")]) == (DAY, None)
    assert (second.raw["start"], second.raw["name"]) == ("11.2", "=1+1")
    assert not reading.repairs


def test_a_return_workbook_says_first_that_there_are_two_ways() -> None:
    sheet = load_workbook(io.BytesIO(giveback(form("absence"), GIVEN)))["缺课登记"]
    assert sheet["A1"].value == TWO_WAYS


def test_bad_cells_are_coloured_and_say_why() -> None:
    sheet = load_workbook(io.BytesIO(giveback(form("absence"), GIVEN)))["缺课登记"]
    noted = {cell.coordinate: cell for row in sheet.iter_rows() for cell in row if cell.comment}
    assert len(noted) == 2
    assert all(cell.fill.fgColor.rgb == "FFFFD6D6" for cell in noted.values())


def test_a_cell_that_is_only_asked_about_is_yellow_under_whatever_name_its_column_had() -> None:
    asked = Issue("temperature-unreadable-left", "缺课登记", "L12", 12, "最高体温(℃)", "385")
    row = Refused("rows", 12, {"class_name": "三(3)班", "temperature": "385"}, (*REFUSED[0].issues, asked), "t")
    sheet = load_workbook(io.BytesIO(giveback(form("absence"), GivebackFacts(FIELDS, (row,)))))["缺课登记"]
    colours = [cell.fill.fgColor.rgb for line in sheet.iter_rows() for cell in line if cell.comment]
    assert colours == ["FFFFD6D6", "FFFFF4CC"]


def test_tickets_survive_lost_properties_and_are_out_of_sight() -> None:
    book = load_workbook(io.BytesIO(giveback(form("absence"), GIVEN)))
    for name in list(book.custom_doc_props.names):
        del book.custom_doc_props[name]
    del book["选项"]
    book.defined_names.clear()
    sheet = book["缺课登记"]
    assert sheet.column_dimensions[sheet.cell(6, sheet.max_column).column_letter].hidden
    buffer = io.BytesIO()
    book.save(buffer)
    reading = take(buffer.getvalue())
    assert reading.claims is not None
    assert reading.claims.returned
    assert [row.ticket for row in reading.tables["rows"]] == ["2611-7-001", "2611-7-002"]


def test_a_row_marked_void_is_read_as_void() -> None:
    book = load_workbook(io.BytesIO(giveback(form("absence"), GIVEN)))
    sheet = book["缺课登记"]
    head = next(row for row in sheet.iter_rows() if row[0].value == "原行号")
    void = next(cell.column for cell in head if cell.value == "作废")
    sheet.cell(head[0].row + 1, void, "作废")
    buffer = io.BytesIO()
    book.save(buffer)
    assert [row.void for row in take(buffer.getvalue()).tables["rows"]] == [True, False]


def test_rows_of_the_second_table_go_back_on_their_own_sheet() -> None:
    issue = Issue("count-unreadable", "班级", "B5", 5, "应到人数", "四十五个")
    row = Refused("classes", 5, {"class_name": "三(3)班", "roll": "四十五个"}, (issue,), "2611-7-003")
    reading = take(giveback(form("absence"), GivebackFacts(FIELDS, (row,), ("三(3)班",))))
    assert [r.ticket for r in reading.tables["classes"]] == ["2611-7-003"]


# --------------------------------------------------------------------------- lists and the one cell writer


@settings(max_examples=60)
@given(st.lists(st.text(max_size=12), min_size=1, max_size=8))
def test_no_text_becomes_a_formula_a_link_or_a_number(texts: list[str]) -> None:
    starts = ("=", "+", "-", "@", "http://", "internal:", "0")
    content = build("清单", ["甲"], [[start + text] for text in texts for start in starts])
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        body = package.read("xl/worksheets/sheet1.xml")
    assert b"<f" not in body.partition(b"<sheetData>")[2].partition(b"</sheetData>")[0]
    assert b"<hyperlink" not in body
    assert all(cell.data_type in "sn" and not isinstance(cell.value, int | float) for cell in _cells(content))


def _cells(content: bytes) -> list:
    return [c for row in load_workbook(io.BytesIO(content)).active.iter_rows() for c in row if c.value is not None]


def test_a_list_holds_text_numbers_and_dates_and_nothing_else() -> None:
    columns = [ListColumn("学校", 20), ListColumn("人数", 8, "number"), ListColumn("日期", 12, "date")]
    content = build("未报清单", columns, [["示例小学", 3, DAY], [None, None, None]], ["截至 15:00"])
    assert guard.look(content).verdict == "plain"
    assert build("未报清单", columns, [["示例小学", 3, DAY], [None, None, None]], ["截至 15:00"]) == content
    with pytest.raises(TypeError):
        build("x", ["甲"], [[True]])
    with pytest.raises(TypeError):
        build("x", ["甲"], [[b"x"]])


def test_what_xlsxwriter_only_warns_of_is_an_error_here() -> None:
    with pytest.raises(UserWarning), writing({}, title="x") as writer:
        writer.book.define_name("1x", "=甲!$A$1")


def test_a_list_makes_room_for_what_wraps() -> None:
    made = build("收件汇总", ["文件", ListColumn("要做什么", 20)], [["甲.xlsx", "请改" * 12], ["乙.xlsx", "好"]])
    sheet = load_workbook(io.BytesIO(made)).active
    tall, plain = (sheet.row_dimensions[row].height or 0 for row in (sheet.max_row - 1, sheet.max_row))
    assert tall >= 3 * 14 > plain


def test_a_list_shows_dates_as_dates() -> None:
    sheet = load_workbook(io.BytesIO(build("缺课登记", ["day", "school", "n"], [[DAY, "2132000001", 3]]))).active
    day, school, n = sheet[sheet.max_row]
    assert (day.value.date(), day.number_format) == (DAY, "yyyy-mm-dd")
    assert (school.value, school.number_format, n.value) == ("2132000001", "@", 3)
