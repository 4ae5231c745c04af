"""Reading: two speeds and two libraries, one answer."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook as OpenpyxlWorkbook

from pipeline.forms import FORMS, form
from pipeline.forms.identify import identify
from pipeline.forms.parse import parse
from pipeline.model import Issue, Workbook
from pipeline.xlsx import guard, precheck, read
from pipeline.xlsx.blank import TemplateFacts, blank
from tests.hostile import number, packed, parts, sheet, strings
from tests.reading import take

DAY = date(2026, 11, 20)
ROW = {"class_name": "三(3)班", "name": "某甲", "sex": "男", "reason": "因病", "start": DAY, "symptom1": "发热"}
FACTS = TemplateFacts(
    fields={"unit": "2132000001", "school": "示例小学", "campus": "本部", "day": DAY},
    rows={"rows": ({**ROW, "temperature": 38.5}, {**ROW, "name": "某乙"}), "classes": ({"class_name": "三(3)班"},)},
)


def by_calamine(content: bytes) -> Workbook:
    return read.plain(content, guard.look(content))


def by_openpyxl(content: bytes) -> Workbook:
    found = precheck.inspect(content)
    return Workbook(read.by_openpyxl(content, found), read.properties(found.parts))


def written(cells: list[list[object]], **options: object) -> bytes:
    """A workbook of one sheet, saved by openpyxl."""
    book = OpenpyxlWorkbook()
    for row in cells:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def goldens() -> list[Path]:
    return sorted((Path(__file__).parents[1] / "golden").glob("*/in.xlsx"))


@pytest.mark.parametrize("path", goldens(), ids=lambda p: p.parent.name)
def test_both_libraries_read_every_golden_alike(path: Path) -> None:
    content = path.read_bytes()
    if guard.look(content).verdict == "refused":
        return
    careful = read.careful(content)
    other = Workbook(by_openpyxl(content).sheets, careful.properties, careful.date1904, facts=careful.facts)
    claims = identify(careful)
    assert identify(other) == claims
    if not isinstance(claims, Issue):
        assert parse(other, claims) == parse(careful, claims)


@pytest.mark.parametrize("each", FORMS, ids=lambda f: f.name)
def test_both_libraries_read_our_templates_alike(each) -> None:
    content = blank(each, FACTS)
    assert by_openpyxl(content).sheets == by_calamine(content).sheets
    assert read.careful(content).sheets == by_calamine(content).sheets
    assert by_openpyxl(content).properties == by_calamine(content).properties


texts = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), min_size=1, max_size=9
)
values = st.one_of(
    st.none(),
    texts.filter(lambda text: not text.startswith("=") and text == text.strip()),
    st.integers(-(10**14), 10**14),
    st.booleans(),
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.floats(-1e9, 1e9).map(lambda x: round(x, 6)),
)


@settings(max_examples=60)
@given(st.lists(st.lists(values, min_size=1, max_size=6), min_size=1, max_size=6))
def test_both_libraries_read_any_cells_alike(cells: list[list[object]]) -> None:
    content = written(cells)
    look = guard.look(content)
    ours = read.plain(content, look) if look.verdict == "plain" else read.careful(content)
    assert by_openpyxl(content).sheets == ours.sheets


def test_cells_come_as_plain_values_with_blanks_as_none() -> None:
    content = written([[1, 2.5, "文", True, date(2026, 11, 20), datetime(2026, 11, 20, 13, 5), time(13, 5), None, ""]])
    assert by_calamine(content).sheets[0].rows == [
        [1, 2.5, "文", True, date(2026, 11, 20), datetime(2026, 11, 20, 13, 5), "13:05"]
    ]


def test_row_numbers_stay_excel_s_though_the_first_rows_are_empty() -> None:
    content = packed(parts(number("C5")))
    assert by_calamine(content).sheets[0].rows == [[None] * 3] * 4 + [[None, None, 1]]


def test_an_error_cell_and_a_formula_are_noted_and_never_a_blank() -> None:
    rows = '<row r="1"><c r="A1" t="e"><v>#N/A</v></c><c r="B1"><f>1+1</f></c><c r="C1"><f>1+1</f><v>2</v></c></row>'
    got = read.careful(packed(parts(rows))).sheets[0]
    assert got.errors == {(1, 0): "#N/A"}
    assert got.formulas == {(1, 1): False, (1, 2): True}
    assert got.rows == [[None, None, 2]]


@pytest.mark.parametrize("value", ["<v/>", "<v></v>", "<v> </v>"])
def test_a_formula_with_an_empty_value_was_never_calculated(value: str) -> None:
    """So openpyxl writes it. An empty text is another thing: =IF(A1="","",1) has been calculated."""
    rows = f'<row r="1"><c r="A1"><f>1+1</f>{value}</c><c r="B1" t="str"><f>""</f><v></v></c></row>'
    assert read.careful(packed(parts(rows))).sheets[0].formulas == {(1, 0): False, (1, 1): True}


def test_hidden_rows_and_columns_are_read_and_said_in_both_speeds() -> None:
    rows = '<row r="1" hidden="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>'
    content = packed(parts(sheet=sheet(rows, before='<cols><col min="2" max="3" hidden="1" width="9"/></cols>')))
    for book in (by_calamine(content), read.careful(content)):
        got = book.sheets[0]
        assert (got.rows, got.hidden_rows, got.hidden_columns) == ([[1], [2]], {1}, {1, 2})


def test_a_hidden_sheet_is_read_and_said() -> None:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    book.add_worksheet("甲").write_string(0, 0, "在")
    hidden = book.add_worksheet("乙")
    hidden.write_string(0, 0, "藏")
    hidden.hide()
    book.close()
    got = by_calamine(buffer.getvalue()).sheets
    assert [(s.name, s.rows, s.hidden) for s in got] == [("甲", [["在"]], False), ("乙", [["藏"]], True)]


def test_dates_of_both_epochs_are_told_apart() -> None:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"date_1904": True})
    cells = book.add_worksheet()
    cells.write_datetime(0, 0, datetime(2026, 11, 20), book.add_format({"num_format": "yyyy-mm-dd"}))
    book.close()
    got = by_calamine(buffer.getvalue())
    assert got.date1904
    assert got.sheets[0].rows == [[date(2026, 11, 20)]]


def test_zh_cn_built_in_date_formats_are_read_as_dates() -> None:
    styles = (
        '<?xml version="1.0" encoding="UTF-8"?><styleSheet xmlns="http://schemas.openxmlformats.org/'
        'spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="31"/></cellXfs></styleSheet>'
    )
    members = parts('<row r="1"><c r="A1" s="1"><v>46346</v></c></row>', more={"xl/styles.xml": styles})
    members["xl/_rels/workbook.xml.rels"] = str(members["xl/_rels/workbook.xml.rels"]).replace(
        "</Relationships>",
        '<Relationship Id="rId9" Target="styles.xml" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/styles"/></Relationships>',
    )
    assert by_calamine(packed(members)).sheets[0].rows == [[date(2026, 11, 20)]]


def test_only_our_own_properties_are_read() -> None:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    book.add_worksheet()
    book.set_custom_property("queke_unit", "21&<32", "text")
    book.set_custom_property("编辑人", "某人", "text")
    book.close()
    assert by_calamine(buffer.getvalue()).properties == {"queke_unit": "21&<32"}


def test_cells_merged_over_rows_are_noted_at_both_speeds() -> None:
    book = OpenpyxlWorkbook()
    for row in range(1, 6):
        book.active.append([row, "甲", None])
    for area in ("A2:A4", "B1:C1", "B3:C5"):
        book.active.merge_cells(area)
    buffer = io.BytesIO()
    book.save(buffer)
    for reading in (by_calamine, read.careful):
        assert sorted(reading(buffer.getvalue()).sheets[0].merged) == [(2, 4, 0), (3, 5, 1)]


def test_shared_strings_with_runs_are_joined() -> None:
    table = strings("x").replace("<t>x</t>", "<r><t>张</t></r><r><t>小明</t></r>")
    content = packed(parts('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', more={"xl/sharedStrings.xml": table}))
    assert by_calamine(content).sheets[0].rows == [["张小明"]]


# --------------------------------------------------------------------------- what a worker makes of it


def test_the_same_cells_have_one_sha_whatever_the_container() -> None:
    content = blank(form("absence"), FACTS)
    other = TemplateFacts(fields=FACTS.fields, rows=FACTS.rows, token="another")
    rezipped = packed({e: p.decode() for e, p in guard.look(content).parts.items()})
    shas = {take(c).content_sha for c in (content, rezipped, blank(form("absence"), other))}
    assert len(shas) == 1


@pytest.mark.parametrize("change", [{"name": "某丙"}, {"temperature": 38.6}, {"start": "随便"}, {"note": "x"}])
def test_one_changed_cell_is_another_sha(change: dict[str, object]) -> None:
    first, second = FACTS.rows["rows"]
    changed = TemplateFacts(fields=FACTS.fields, rows={**FACTS.rows, "rows": ({**first, **change}, second)})
    assert take(blank(form("absence"), changed)).content_sha != take(blank(form("absence"), FACTS)).content_sha


def test_external_links_are_taken_as_values_with_advice() -> None:
    content = packed(parts(number("A1"), more={"xl/externalLinks/externalLink1.xml": "<externalLink/>"}))
    assert read.careful(content).facts == (Issue("file-external-links"),)


def with_strings(*items: str) -> bytes:
    """A row of text cells whose shared strings are these `<si>` contents."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    book.add_worksheet().write_row(0, 0, [f"x{n}" for n in range(len(items))])
    book.close()
    with zipfile.ZipFile(buffer) as package:
        members = {name: package.read(name) for name in package.namelist()}
    table = strings(*items).replace("<si><t>", "<si>").replace("</t></si>", "</si>")
    return packed({**members, "xl/sharedStrings.xml": table})


def test_phonetic_guides_are_not_part_of_a_name() -> None:
    content = with_strings('<t>张小明</t><rPh sb="0" eb="1"><t>zhang</t></rPh><phoneticPr fontId="1"/>')
    assert by_calamine(content).sheets[0].rows == by_openpyxl(content).sheets[0].rows == [["张小明"]]


def test_escaped_signs_and_blanks_at_the_edge_are_read_alike() -> None:
    content = with_strings('<t xml:space="preserve"> 某甲\n </t>', "<t>a_x000D_b &amp; c</t>", "<t>甲&#10;乙</t>")
    assert by_calamine(content).sheets == by_openpyxl(content).sheets


def commented(*comments: tuple[str, str, str], **properties: str) -> bytes:
    """A workbook with (cell, author, text) comments."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheets = [book.add_worksheet("封面"), book.add_worksheet("缺课登记")]
        sheets[1].write(0, 0, "学生缺课日报")
        for cell, author, text in comments:
            sheets[1].write_comment(cell, text, {"author": author})
        for name, value in properties.items():
            book.set_custom_property(name, value)
    return buffer.getvalue()


def test_comments_of_others_are_said_and_ours_are_not() -> None:
    content = commented(("C9", "李老师", "还有张小明\n也发热"), ("B7", "queke", "没有填姓名。"), ("D2", "", "在家"))
    said = {(one.code, one.sheet, one.cell, one.value) for one in take(content).issues if one.cell}
    assert said == {
        ("comment-unread", "缺课登记", "C9", "还有张小明 也发热"),
        ("comment-unread", "缺课登记", "D2", "在家"),
    }
    ours = commented(("C9", "", "没有填姓名。"), queke_form="absence")
    assert not any(one.cell for one in take(ours).issues)  # a program lost its author
    many = take(commented(*((f"A{n}", "甲", "话") for n in range(2, 30))))
    assert sum(one.code == "comment-unread" for one in many.issues) == 5
