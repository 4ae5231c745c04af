"""A bad row goes back, is mended, and comes home: the store is then as after a right first file."""

import io
from pathlib import Path

import openpyxl
import pytest

from pipeline import database
from pipeline.database.models import Absence, Reject
from pipeline.model import Site
from tests.sites import Desk, lay_out, pupil
from tests.system.posting import drop, work

SCHOOL = "2132010001"


def standing() -> list[tuple[object, ...]]:
    columns = ("day", "school", "pupil", "class_key", "reason", "row_state", "symptoms", "pending")
    return sorted(Absence.objects.values_list(*columns))


def mended(path: Path, class_name: str) -> bytes:
    """The return workbook as a clerk sends it: the class typed in, saved by another program."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    (head,) = [cell for row in sheet.iter_rows() for cell in row if str(cell.value or "").startswith("班级")]
    sheet.cell(head.row + 1, head.column, class_name)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def test_a_mended_return_workbook_leaves_what_a_right_first_file_would(
    tmp_path: Path, prepared_db: Path, desk: Desk
) -> None:
    good = [pupil(0), pupil(1), pupil(2)]
    bad = [pupil(0), pupil(1), pupil(2, class_name=None)]
    found = []
    for way in ("right", "return workbook", "whole sheet again"):
        site = lay_out(tmp_path, prepared_db)
        database.open(site)
        drop(site, {"a.xlsx": desk.absence(SCHOOL, good if way == "right" else bad)})
        work(site)
        if way == "return workbook":
            (back,) = site.outbox.rglob("退回修正表*.xlsx")
            drop(site, {"退回修正表.xlsx": mended(back, "三(3)班")})
            work(site)
        if way == "whole sheet again":
            drop(site, {"b.xlsx": desk.absence(SCHOOL, good, mode="整份更正")})
            work(site)
        assert open_tickets() == 0
        found.append(standing())
        database.close()
    assert len(found[0]) == 3
    assert found[0] == found[1] == found[2]


def open_tickets() -> int:
    return Reject.objects.filter(state="open").count()


@pytest.mark.parametrize("times", [2, 3])
def test_the_same_return_workbook_again_changes_nothing(site: Site, desk: Desk, times: int) -> None:
    drop(site, {"a.xlsx": desk.absence(SCHOOL, [pupil(0), pupil(2, class_name=None)])})
    work(site)
    (back,) = site.outbox.rglob("退回修正表*.xlsx")
    content = mended(back, "三(4)班")
    before = None
    for _ in range(times):
        drop(site, {"b.xlsx": content})
        work(site)
        assert before in (None, standing())
        before = standing()
    assert len(standing()) == 2
