"""Return workbooks that are filled from a drawn one, beside the drawing."""

from __future__ import annotations

import io
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from pipeline.forms import form
from pipeline.model import Issue, Refused
from pipeline.xlsx import giveback as masters
from pipeline.xlsx.giveback import GivebackFacts, giveback
from pipeline.xlsx.returned_rows import draw, returned
from tests.reading import take

ABSENCE = form("absence")
TYPED = {
    "class_name": ("", "三(3)班", "三年级<3>班&"),
    "name": ("示例甲", "=示例乙", "§school§", "示例_x0041_"),
    "start": ("", "2026-11-19", "昨天"),
    "temperature": ("", "38.5", "很高"),
    "symptom1": ("", "发热", "发烧\n咳嗽"),
    "note": ("", "见附件", "一\x01二"),
}
WRONG = (
    Issue("class-missing", column="班级"),
    Issue("reason-missing", column="缺课原因"),
    Issue("name-missing", column="姓名"),
    Issue("temperature-unreadable", column="体温", value="很高 §0.3§"),
)


def look(content: bytes) -> object:
    """All that a person sees of a workbook."""
    book = load_workbook(io.BytesIO(content))
    seen = [{name: one.attr_text for name, one in book.defined_names.items()}, book.active.title, book.properties.title]
    seen.append({one.name: one.value for one in book.custom_doc_props})
    for sheet in book.worksheets:
        cells = {
            cell.coordinate: (
                cell.value, cell.number_format, cell.fill.fgColor.rgb, cell.font.color and cell.font.color.rgb,
                cell.font.b, cell.font.sz, cell.alignment.wrap_text, cell.alignment.horizontal, cell.border.left.style,
                cell.comment and (cell.comment.text, cell.comment.author, cell.comment.width, cell.comment.height),
            )
            for row in sheet.iter_rows() for cell in row if cell.value is not None or cell.comment
        }  # fmt: skip
        rules = sorted(
            (str(rule.sqref), rule.type, rule.formula1, rule.error, rule.prompt)
            for rule in sheet.data_validations.dataValidation
        )
        widths = {name: (one.width, one.hidden) for name, one in sheet.column_dimensions.items()}
        heights = {number: (one.height, one.hidden) for number, one in sheet.row_dimensions.items()}
        seen.append(
            (sheet.title, sheet.sheet_state, cells, rules, widths, heights, sorted(map(str, sheet.merged_cells)))
        )
        seen.append((sheet.freeze_panes, sheet.auto_filter.ref, sheet.print_title_rows, sheet.oddFooter.left.text))
    return seen


@st.composite
def going_back(draw_) -> GivebackFacts:
    rows = [
        Refused(
            "rows", 8 + at, {name: draw_(st.sampled_from(texts)) for name, texts in TYPED.items()},
            tuple(draw_(st.lists(st.sampled_from(WRONG), min_size=1, max_size=2, unique=True))), f"K7MQ3{at}",
        )
        for at in range(draw_(st.integers(1, 3)))
    ]  # fmt: skip
    code = draw_(st.sampled_from(("2132000001", "2132000002")))
    fields = {"unit": code, "school": f"示例<{code[-1]}>&小学", "campus": "本部", "day": date(2026, 11, 20)}
    classes = [f"{n}班" for n in range(draw_(st.sampled_from((0, 1, 18, 32, 33))))]
    return GivebackFacts(fields, rows, classes, draw_(st.sampled_from(("", "2026-1.TOKEN<"))), draw_(st.booleans()))


@settings(max_examples=12)
@given(going_back())
def test_a_return_workbook_that_is_filled_is_the_one_that_would_be_drawn(facts: GivebackFacts) -> None:
    drawn = draw(ABSENCE, facts, {table.name: returned(table, facts) for table in ABSENCE.tables})
    filled = giveback(ABSENCE, facts)
    assert look(filled) == look(drawn)
    assert take(filled) == take(drawn)


def test_the_same_facts_give_the_same_bytes_whatever_was_filled_before() -> None:
    rows = [Refused("rows", 8, {"name": "示例甲"}, (WRONG[0],), "K7MQ3F")]
    fields = {"unit": "2132000001", "school": "示例小学", "day": date(2026, 11, 20)}
    facts = GivebackFacts(fields, rows, ["三(3)班"], "t")
    masters._drawn.cache_clear()
    first = giveback(ABSENCE, facts)
    giveback(ABSENCE, GivebackFacts({**fields, "unit": "2132000002"}, rows, ["一(1)班"] * 18, "other"))
    assert giveback(ABSENCE, facts) == first
    assert masters._drawn.cache_info().misses == 1, "the shape is drawn once"
