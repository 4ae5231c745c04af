"""A template filled by us is a workbook as a spreadsheet program would save it: read back, it says what was typed."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest

from pipeline.errors import QuekeError
from pipeline.forms import form
from pipeline.xlsx.blank import TemplateFacts, blank
from pipeline.xlsx.fill import Template, fill

DAY = date(2026, 11, 20)
MIDNIGHT = datetime.combine(DAY, datetime.min.time())
CLASSES = ({"class_name": "三(1)班", "roll": 40}, {"class_name": "三(2)班", "roll": 41})
FACTS = TemplateFacts(
    fields={"unit": "2132900001", "school": "示例第一小学", "campus": "本部", "day": DAY},
    rows={"classes": CLASSES},
    token="2026-1.AAAA",
)


@pytest.fixture(scope="module")
def template() -> Template:
    return Template(blank(form("absence"), FACTS))


def filled(template: Template, **tables: list[dict[str, object]]) -> openpyxl.Workbook:
    content = fill(
        template, form("absence"), {"zero": "否", "reporter": "示例甲<&>"}, tables, {"queke_unit": "2132900002"}
    )
    return openpyxl.load_workbook(io.BytesIO(content))


def values(book: openpyxl.Workbook, sheet: str) -> list[list[object]]:
    return [[cell for cell in row if cell is not None] for row in book[sheet].iter_rows(values_only=True)]


def test_rows_are_typed_below_the_headers_in_their_columns(template: Template) -> None:
    row = {"class_name": "三(1)班", "name": "示例乙", "sex": "男", "reason": "因病", "start": DAY, "temperature": 38.5}
    book = filled(template, rows=[row])
    assert values(book, "缺课登记")[-1] == ["三(1)班", "示例乙", "男", "因病", MIDNIGHT, 38.5]


def test_a_cell_takes_the_format_of_its_column(template: Template) -> None:
    book = filled(template, rows=[{"class_name": "三(1)班", "start": DAY, "number": "007"}])
    last = book["缺课登记"].max_row
    formats = {cell.value: cell.number_format for cell in book["缺课登记"][last] if cell.value}
    assert formats[MIDNIGHT] == "yyyy-mm-dd"
    assert formats["007"] == "@"


def test_header_fields_are_typed_beside_their_labels(template: Template) -> None:
    head = [cell for row in values(filled(template), "缺课登记")[:6] for cell in row]
    assert head[head.index("零报告") + 1] == "否"
    assert head[head.index("填报人") + 1] == "示例甲<&>"


def test_a_class_that_stands_in_the_template_is_filled_up_not_doubled(template: Template) -> None:
    book = filled(template, classes=[{"class_name": "三(2)班", "other_absent": 2}])
    assert values(book, "班级")[-2:] == [["三(1)班", 40], ["三(2)班", 41, 2]]


def test_a_class_can_be_taken_out(template: Template) -> None:
    book = filled(template, classes=[{"": "三(1)班"}])
    assert ["三(1)班", 40] not in values(book, "班级")
    assert values(book, "班级")[-1] == ["三(2)班", 41]


def test_properties_can_be_said_otherwise_and_the_rest_stays(template: Template) -> None:
    said = {p.name: p.value for p in filled(template).custom_doc_props.props}
    assert said["queke_unit"] == "2132900002"
    assert said["queke_token"] == "2026-1.AAAA"


def test_filling_nothing_changes_no_value(template: Template) -> None:
    before = openpyxl.load_workbook(io.BytesIO(blank(form("absence"), FACTS)))
    after = openpyxl.load_workbook(io.BytesIO(template.put({})))
    for name in before.sheetnames:
        assert values(before, name) == values(after, name)


def test_a_workbook_of_another_form_is_not_filled(template: Template) -> None:
    with pytest.raises(QuekeError, match="no sheet"):
        fill(Template(template.put({})), form("closure"), {}, {"rows": [{"scope": "全校"}]})


def test_what_is_filled_is_packed_as_the_library_packs_it(template: Template) -> None:
    content = fill(template, form("absence"), {"zero": "是"}, {}, {"queke_unit": "2132900002"})
    again = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as made, zipfile.ZipFile(again, "w") as by_library:
        assert made.testzip() is None
        for entry in made.infolist():
            part = zipfile.ZipInfo(entry.filename, (2026, 1, 1, 0, 0, 0))
            by_library.writestr(part, made.read(entry), zipfile.ZIP_DEFLATED)
    assert content == again.getvalue()
