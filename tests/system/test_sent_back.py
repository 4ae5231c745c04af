"""Files that go back whole, workbooks of other schools, templates of other years: what their senders get, on the
real path.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from pipeline.database.models import Absence, Reject, Report, Submission
from pipeline.demo.mistakes import without_properties
from pipeline.forms import form
from pipeline.issuing import school
from pipeline.model import DecidedBy, Site
from pipeline.settling import decisions
from pipeline.xlsx.fill import Template, fill, heads
from tests.reading import take
from tests.sites import DAY, NOW, SCHOOLS, Desk, pupil
from tests.system.posting import drop, work

SCHOOL, OTHER = SCHOOLS
FOLDER = f"{SCHOOL} 示例"
ABSENCE = form("absence")


def papers(site: Site, pattern: str, school: str = SCHOOL) -> list[Path]:
    return sorted(site.outbox.glob(f"学校/*{school}*/*/{pattern}"))


def receipt(site: Site, seq: int) -> str:
    (path,) = site.outbox.rglob(f"回执*{seq:06d}.txt")
    return path.read_text(encoding="utf-8")


def send(site: Site, content: bytes, folder: str = FOLDER) -> None:
    drop(site, {f"{folder}/表{len(list(site.archive.rglob('*')))}.xlsx" if folder else "表.xlsx": content})
    work(site)


def absences() -> int:
    return Absence.objects.count()


def tickets() -> dict[str, str]:
    return dict(Reject.objects.values_list("ticket", "state"))


def retyped(content: bytes, **header: object) -> bytes:
    """A workbook with header fields typed in, all else as it came."""
    return fill(Template(content), ABSENCE, header, {})


def without_heading(content: bytes, column: str) -> bytes:
    book = Template(content)
    table = ABSENCE.table("rows")
    top, places = heads(book.cells(table.sheet), table)
    return book.put({table.sheet: {(top, places[column]): None}})


def resaved(content: bytes, change: Callable[[openpyxl.Workbook], None]) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(content))
    change(book)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


ROWS = [pupil(0), pupil(1, reason="其他", symptom1=None), pupil(2, class_name="三(4)班")]  # no cluster, no card to draw
WRONG_DATES: Mapping[str, object] = {"missing": None, "ambiguous": "11.2", "ahead": date(2026, 12, 20)}


@pytest.mark.parametrize("day", WRONG_DATES.values(), ids=WRONG_DATES)
def test_a_wrong_date_comes_back_with_every_row_typed_and_mends_in_one_cell(
    site: Site, desk: Desk, day: object
) -> None:
    send(site, desk.absence(SCHOOL, ROWS, day=day))
    assert Submission.objects.get().state == "rejected"
    assert Submission.objects.get().day == DAY, "it counts for the day it came: received, and went back"
    assert "请改好退回修正表后发回" in receipt(site, 1).splitlines()[0]
    assert "报告日期：" not in receipt(site, 1)
    (back,) = papers(site, "退回修正表*.xlsx")
    reading = take(back.read_bytes())
    assert reading.claims is not None
    assert (reading.claims.ticket, reading.claims.returned, len(reading.tables["rows"])) == ("T1-F0", False, 3)
    send(site, retyped(back.read_bytes(), day=DAY))
    assert (absences(), tickets()) == (3, {"T1-F0": "mended"})
    assert Report.objects.get().on_time


def test_the_original_put_right_settles_the_ticket_too(site: Site, desk: Desk) -> None:
    send(site, desk.absence(SCHOOL, ROWS, day=None))
    send(site, desk.absence(SCHOOL, ROWS))
    assert (absences(), tickets()) == (3, {"T1-F0": "superseded"})


def test_sent_back_unchanged_it_goes_back_under_a_ticket_of_its_own(site: Site, desk: Desk) -> None:
    send(site, desk.absence(SCHOOL, ROWS, day=None))
    (back,) = papers(site, "退回修正表*.xlsx")
    send(site, back.read_bytes())
    assert tickets() == {"T1-F0": "superseded", "T2-F0": "open"}
    newest = papers(site, "退回修正表*.xlsx")[-1]
    send(site, retyped(newest.read_bytes(), day=DAY))
    assert tickets() == {"T1-F0": "superseded", "T2-F0": "mended"}


def test_a_lost_column_is_given_back_to_be_filled_in(site: Site, desk: Desk) -> None:
    send(site, without_heading(desk.absence(SCHOOL, ROWS), "name"))
    (back,) = papers(site, "退回修正表*.xlsx")
    assert not papers(site, "模板*.xlsx")
    book = openpyxl.load_workbook(back)
    sheet = book.worksheets[0]
    assert sheet["A1"].value == "两法任选：只改本表发回；或改原表后整份重发"
    red = [c for row in sheet.iter_rows() for c in row if c.fill.fgColor.rgb == "FFFFD6D6" and c.row > 8]
    assert {c.column for c in red} == {next(c.column for c in red if str(c.value).startswith("姓名"))}
    assert len(red) == 1 + len(ROWS)
    template = Template(back.read_bytes())
    table = ABSENCE.table("rows")
    top, places = heads(template.cells(table.sheet), table)
    filled = template.put({table.sheet: {(top + n, places["name"]): str(row["name"]) for n, row in enumerate(ROWS, 1)}})
    send(site, filled)
    assert (absences(), tickets()) == (3, {"T1-F0": "mended"})


def test_a_clerk_who_loses_the_properties_still_mends_by_the_hidden_ticket(site: Site, desk: Desk) -> None:
    send(site, desk.absence(SCHOOL, ROWS, day=None))
    (back,) = papers(site, "退回修正表*.xlsx")
    send(site, without_properties(retyped(back.read_bytes(), day=DAY)))
    assert (absences(), tickets()) == (3, {"T1-F0": "mended"})


def test_a_zero_report_with_a_wrong_date_comes_back_too(site: Site, desk: Desk) -> None:
    send(site, desk.absence(SCHOOL, [], day=None))
    (back,) = papers(site, "退回修正表*.xlsx")
    send(site, retyped(back.read_bytes(), day=DAY))
    assert Report.objects.get().zero


def test_who_cannot_show_who_he_is_gets_the_reason_alone(site: Site, desk: Desk) -> None:
    """In the common inbox, without our token: his rows go nowhere."""
    content = desk.absence(SCHOOL, ROWS, day=None)

    def forget(book: openpyxl.Workbook) -> None:
        for prop in list(book.custom_doc_props.names):
            if prop == "queke_token":
                del book.custom_doc_props[prop]

    send(site, resaved(content, forget), folder="")
    assert receipt(site, 1)
    assert (list(site.outbox.rglob("退回修正表*")), tickets()) == ([], {})


def test_how_it_is_sent_is_marked_where_it_matters(site: Site, desk: Desk) -> None:
    send(site, desk.absence(SCHOOL, ROWS))
    send(site, desk.absence(SCHOOL, [pupil(0), pupil(1)], mode="改改"))
    assert "报送方式" in receipt(site, 2)
    (back,) = papers(site, "退回修正表*.xlsx")
    send(site, retyped(back.read_bytes(), mode="整份更正"))
    assert (absences(), tickets()) == (2, {"T2-F0": "mended"})
    said = receipt(site, 3)
    assert "撤下原已收下的 1 行" in said
    assert re.search(r"撤下了：《表[0-9]+\.xlsx》（11-20 14:00 收到）里 [^ ]+（第 [0-9]+ 行）", said), "of which file"


def test_what_went_back_whole_may_be_let_rest_and_exported(site: Site, desk: Desk) -> None:
    send(site, desk.absence(SCHOOL, ROWS, day=None))
    content = school.open_rows(site, SCHOOL, DAY)
    assert content is not None
    assert len(take(content).tables["rows"]) == 3
    assert decisions.waive(["T1-F0"], DecidedBy("测试", "", NOW)) == ["T1-F0"]
    send(site, desk.absence(SCHOOL, ROWS))
    assert tickets() == {"T1-F0": "waived"}


# --------------------------------------------------------------------------- strangers


def test_a_return_workbook_of_another_school_says_whose_it_is_and_nothing_of_it(site: Site, desk: Desk) -> None:
    send(site, desk.absence(OTHER, [pupil(0), pupil(1, class_name=None)]), folder=f"{OTHER} 示例")
    (back,) = papers(site, "退回修正表*.xlsx", OTHER)
    before = absences()
    send(site, back.read_bytes())
    said = receipt(site, 2)
    assert "未能收下" in said
    assert f"这份表填的是 {SCHOOLS[OTHER]}（{OTHER}），" in said, "as it stands at its head"
    assert not any(word in said for word in ("示例乙", "T1"))
    assert (absences(), tickets()) == (before, {"T1-9": "open"})
    assert not papers(site, "退回修正表*.xlsx")


def test_a_row_of_another_schools_return_workbook_goes_back_alone(site: Site, desk: Desk) -> None:
    """Pasted into mine: that row is refused, with the same words as for a ticket nobody gave out; mine is taken."""
    send(site, desk.absence(OTHER, [pupil(0), pupil(1, class_name=None)]), folder=f"{OTHER} 示例")
    send(site, desk.absence(SCHOOL, [pupil(2), pupil(3, class_name=None), pupil(4, class_name=None)]))
    (back,) = papers(site, "退回修正表*.xlsx")
    said = []
    for foreign in ("T1-9", "T999-9"):
        book = Template(back.read_bytes())
        table = ABSENCE.table("rows")
        cells = book.cells(table.sheet)
        top, places = heads(cells, table)
        at = next(c for (r, c), text in cells.items() if r == top and text == "凭单号")
        rooms = {(top + n, places["class_name"]): "三(3)班" for n in (1, 2)}
        send(site, book.put({table.sheet: {**rooms, (top + 2, at): foreign}}))
        said.append([line for line in receipt(site, 2 + len(said) + 1).splitlines() if "凭单" in line])
    assert said[0] == said[1] != []
    assert absences() == 3
    assert tickets()["T1-9"] == "open"


# --------------------------------------------------------------------------- templates of other years


def with_property(content: bytes, **said: str) -> bytes:
    return Template(content).put({}, said)


def test_an_older_template_is_read_where_that_is_safe(site: Site, desk: Desk) -> None:
    old = with_property(desk.absence(SCHOOL, ROWS), queke_version="0")

    def renamed(book: openpyxl.Workbook) -> None:
        said = {"姓名*": "学生姓名", "起始日*": "缺课开始日期"}
        for cell in (c for row in book.worksheets[0].iter_rows(max_row=12) for c in row if c.value in said):
            cell.value = said[cell.value]

    send(site, resaved(old, renamed))
    assert absences() == 3
    assert "旧版模板" in receipt(site, 1)


def test_an_older_template_without_a_needed_column_comes_back_as_todays(site: Site, desk: Desk) -> None:
    send(site, with_property(without_heading(desk.absence(SCHOOL, ROWS), "name"), queke_version="0"))
    (back,) = papers(site, "退回修正表*.xlsx")
    reading = take(back.read_bytes())
    assert reading.claims is not None
    assert reading.claims.version == ABSENCE.version


def test_a_newer_template_is_answered_with_the_one_we_know(site: Site, desk: Desk) -> None:
    send(site, with_property(desk.absence(SCHOOL, ROWS), queke_version="99"))
    (template,) = papers(site, "模板 学生缺课日报*.xlsx")
    reading = take(template.read_bytes())
    assert reading.claims is not None
    assert (reading.claims.unit, reading.claims.day) == (SCHOOL, DAY)
    assert "新模板" in receipt(site, 1) or "模板已放在" in receipt(site, 1)


def test_a_form_without_its_heads_is_answered_with_its_template(site: Site, desk: Desk) -> None:
    def beheaded(book: openpyxl.Workbook) -> None:
        for sheet in book.worksheets:
            for cell in (c for row in sheet.iter_rows(min_row=3, max_row=14) for c in row):
                if cell.value is not None and type(cell).__name__ == "Cell":
                    cell.value = None

    send(site, resaved(desk.absence(SCHOOL, ROWS), beheaded))
    assert papers(site, "模板 学生缺课日报*.xlsx")
