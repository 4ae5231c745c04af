"""A trial column on its way through everything, run by test_trial_column.py on a copy of the package that has it.

Arguments: the folder of a site, the database's address.
"""

import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl

from pipeline import database, units
from pipeline.database.models import Absence, AbsencePast, ReportClass
from pipeline.facts import exports, school_page_facts
from pipeline.figures import papers
from pipeline.forms.absence import CLASSES, ROWS
from pipeline.model import Policy, Site, State
from pipeline.registry import lookup
from tests.clerks import SCHOOL, Clerk, heading, put, rows
from tests.sites import COUNTY, DAY, FOLDERS, KEY, NOW, enter_schools

MONDAY = DAY + timedelta(days=3)
TYPED = {
    "试填文字": "甲",
    "试填选项": "电话",
    "试填是否": "是",
    "试填日期": date(2026, 11, 2),
    "试填人数": 3,
    "试填数字": 36.5,
}
KEPT = {
    "trial_text": "甲",
    "trial_choice": "phone",
    "trial_flag": True,
    "trial_day": date(2026, 11, 2),
    "trial_count": 3,
    "trial_number": 36.5,
}
CHANGED = {"试填文字": "乙", "试填选项": "会商", "试填人数": 4}
ROW = {"班级": "三(3)班", "姓名": "示例甲", "性别": "男", "缺课原因": "因病", "起始日": DAY, "症状1": "发热"}


def site_at(root: Path, address: str) -> Site:
    for name in FOLDERS:
        (root / name).mkdir()
    site = Site(root=root, database=address, key=KEY, policy=Policy(stable_seconds=0))
    database.open(site)
    database.migrate()
    enter_schools([("三3", "三(3)班")])
    return site


def stored() -> list[dict[str, Any]]:
    return list(Absence.objects.filter(day=DAY).order_by("id").values(*KEPT))


def shown(row: dict[str, object]) -> dict[str, object]:
    """The trial cells of a template's row, dates as dates."""
    return {name: getattr(row[name], "date", lambda name=name: row[name])() for name in TYPED if name in row}


def say(book: openpyxl.Workbook, label: str, text: str) -> None:
    for row in book.worksheets[0].iter_rows(min_row=1, max_row=12):
        for cell in row:
            if cell.value == label:
                book.worksheets[0].cell(cell.row, cell.column + 1, text)


def walk(site: Site) -> None:
    clerk = Clerk(site)
    assert {column.name for column in (*ROWS.columns, *CLASSES.columns)} > {*KEPT, "trial_class"}

    # template → fill → drop → stored
    book = clerk.template(DAY)
    assert heading(book)[1].keys() > TYPED.keys()
    put(book, 1, ROW | TYPED)
    put(book, 2, ROW | TYPED | {"姓名": None})
    classes = book.worksheets[1]
    [head] = (cell for line in classes.iter_rows(max_row=12) for cell in line if cell.value == "试填班级")
    classes.cell(head.row + 1, head.column, "甲班")
    done = clerk.drop(book, DAY)
    assert (done.state, done.accepted, done.refused) == (State.PARTIAL, 1, 1)
    assert stored() == [KEPT]
    assert ReportClass.objects.get(day=DAY).trial_class == "甲班"

    # return workbook: all that was typed stands in it, and comes home
    [back] = site.outbox.glob(f"学校/*/{DAY}/退回修正表*.xlsx")
    mended = openpyxl.load_workbook(back)
    head, columns = heading(mended)
    typed = {name: mended.worksheets[0].cell(head + 1, columns[name]).value for name in TYPED}
    assert shown(typed) == TYPED
    put(mended, 1, {"姓名": "示例乙"})
    assert clerk.drop(mended, DAY, after=timedelta(minutes=5)).state is State.ACCEPTED
    assert stored() == [KEPT, KEPT]

    # 整份更正
    book = clerk.template(DAY)
    say(book, "报送方式", "整份更正")
    put(book, 1, ROW | TYPED | CHANGED)
    put(book, 2, ROW | TYPED | {"姓名": "示例乙"})
    assert clerk.drop(book, DAY, after=timedelta(minutes=10)).state is State.ACCEPTED
    after = KEPT | {"trial_text": "乙", "trial_choice": "meeting", "trial_count": 4}
    assert sorted(stored(), key=str) == sorted([after, KEPT], key=str)
    [was] = AbsencePast.objects.filter(day=DAY).values("why", *KEPT)
    assert was == KEPT | {"why": "changed"}

    # carried along
    found = {str(row["姓名"]): shown(row) for row in rows(clerk.template(MONDAY))}
    assert found == {"示例甲": TYPED | CHANGED, "示例乙": TYPED}, found

    # the school's page, the export
    [facts] = [one for one in school_page_facts.pages(site, page_of_the_day(), [COUNTY]) if one.code == SCHOOL]
    notes = {row.pupil: row.note for row in papers.page(facts).rows}
    assert notes["示例甲"] == "试填文字 乙；试填选项 会商；试填是否 是；试填日期 2026-11-02；试填人数 4；试填数字 36.5"
    said = exported(SCHOOL)
    assert said["示例甲"] == ("乙", "会商", "是", date(2026, 11, 2), 4, 36.5)
    above = exports.export("absence", units.scope("320000", lookup.tree()), exports.DayRange())
    assert not KEPT.keys() & set(above.header)


def page_of_the_day() -> school_page_facts.Cut:
    return school_page_facts.Cut(DAY, 1, final=False, now=NOW, as_of=9)


def exported(code: str) -> dict[object, tuple[object, ...]]:
    table = exports.export("absence", units.scope(code, lookup.tree()), exports.DayRange())
    name, places = table.header.index("name"), [table.header.index(one) for one in KEPT]
    return {row[name]: tuple(row[place] for place in places) for row in table.rows}


if __name__ == "__main__":
    root = Path(sys.argv[1])
    try:
        walk(site_at(root, sys.argv[2]))
    finally:
        database.close()
