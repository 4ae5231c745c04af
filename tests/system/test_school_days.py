"""What a school reads of its day: which classes are missing, and what nobody knows of the year."""

import re
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from pipeline import issuing, run, units
from pipeline.database.models import Closure
from pipeline.facts import county_day, exports
from pipeline.figures.duty import StatusCounts
from pipeline.forms import form
from pipeline.model import DecidedBy, Site
from pipeline.registry import lookup
from pipeline.schooldays import ZONE
from pipeline.service import timetable
from pipeline.settling import excuses
from pipeline.turns import context
from pipeline.xlsx.fill import Template, fill
from tests.inprocess import InProcess
from tests.sites import COUNTY, DAY, SCHOOLS, at, pupil, put

FIRST = "2132010001"
ROOM = "三(4)班"
JANUARY = date(2027, 1, 4)  # a Monday


def absence(
    site: Site, rows: list[dict[str, object]], *, without: str = "", others: int = 0, day: date = DAY, **header: object
) -> bytes:
    """The first school's report, as its clerk leaves it: without the line of a class; 其他缺课 in every other."""
    said = {"unit": FIRST, "school": SCHOOLS[FIRST], "day": day, "zero": "否" if rows else "是", **header}
    blank = issuing.template(site, "absence", FIRST, day)
    book = load_workbook(BytesIO(fill(Template(blank), form("absence"), said, {"rows": rows})))
    lines = list(book["班级"].iter_rows())
    [counted] = {cell.column for line in lines for cell in line if str(cell.value).startswith("其他缺课人数")}
    for line in lines:
        if without and line[0].value == without:
            for cell in line:
                cell.value = None
        elif others and str(line[0].value).endswith("班"):
            line[counted - 1].value = others
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def receipt(site: Site, content: bytes, now: datetime) -> list[str]:
    """Drop a workbook into the school's folder, and read the lines of its receipt."""
    before = set(site.outbox.rglob("回执*.txt"))
    put(site, f"{FIRST}/{len(before)}.xlsx", content)
    with InProcess() as readers:
        run.drain(site, readers, lambda: now)
    [new] = set(site.outbox.rglob("回执*.txt")) - before
    return new.read_text(encoding="utf-8-sig").splitlines()


def standing(day: date = DAY) -> StatusCounts:
    return county_day.few(day, [FIRST], lookup.tree(), context.calendar())[FIRST].day.standing


def test_a_receipt_says_which_classes_are_missing_until_they_have_come(site: Site) -> None:
    part = absence(site, [pupil(0)], without=ROOM)
    first = receipt(site, part, at(9))
    assert first[0].startswith("已收到 · 还差 1 个班，请补报")
    assert any(f"应报的班还差 1 个：{ROOM}" in line for line in first)
    assert standing() is StatusCounts.PARTIAL
    again = receipt(site, part, at(9, 5))
    assert again[0] == "已收到 · 与先前收下的一份内容相同 · 还差 1 个班，请补报"
    rest = absence(site, [], without="三(3)班", mode="补充")
    assert receipt(site, rest, at(9, 10))[0] == "已收到 · 按时 · 无需再发"
    assert standing() is StatusCounts.ON_TIME


@pytest.mark.parametrize(("mode", "whole"), [("补充", False), ("补充", True), ("逾期补报", False)])
def test_classes_that_were_missing_may_come_the_day_after_and_the_day_is_late(
    site: Site, mode: str, *, whole: bool
) -> None:
    """`whole`: on the day's whole template, with the line of the class that had been reported as it was."""
    receipt(site, absence(site, [pupil(0)], without=ROOM), at(9))
    ill = pupil(1, class_name=ROOM)
    rest = absence(site, [ill], without="" if whole else "三(3)班", mode=mode)
    first = receipt(site, rest, at(9, day=DAY + timedelta(days=3)))
    assert first[0] == "已收到 · 迟报 · 无需再发"
    assert any(
        f"先前没有报的 1 个班，这份补上了：{ROOM}；到齐时已过截止时间，这一天按迟报计。" in line for line in first
    )
    assert standing() is StatusCounts.LATE


def test_more_pupils_of_a_class_reported_before_are_asked_about_the_day_after(site: Site) -> None:
    receipt(site, absence(site, [pupil(0)], without=ROOM), at(9))
    mixed = absence(site, [pupil(1), pupil(2, class_name=ROOM)], mode="补充")
    assert receipt(site, mixed, at(9, day=DAY + timedelta(days=3)))[0].startswith("已收到 · 待核")
    assert standing() is StatusCounts.HELD


def test_classes_that_come_after_the_deadline_of_the_day_are_late(site: Site) -> None:
    receipt(site, absence(site, [pupil(0)], without=ROOM), at(14, 50))
    rest = absence(site, [], without="三(3)班", mode="补充")
    assert receipt(site, rest, at(15, 0))[0] == "已收到 · 迟报 · 无需再发"
    assert standing() is StatusCounts.LATE


def test_a_class_that_comes_by_its_rows_alone_after_the_deadline_is_late(site: Site) -> None:
    receipt(site, absence(site, [pupil(0)], without=ROOM), at(14, 50))
    rest = absence(site, [pupil(1, class_name=ROOM)], without=ROOM, mode="补充")
    assert receipt(site, rest, at(15, 0))[0] == "已收到 · 迟报 · 无需再发"
    assert standing() is StatusCounts.LATE


def test_a_closed_class_that_comes_after_the_deadline_makes_nothing_late(site: Site) -> None:
    rest = absence(site, [pupil(1, class_name=ROOM)], without="三(3)班", mode="补充")
    Closure.objects.create(
        school_id=FIRST, campus="本部", division=COUNTY, scope="三4", start=at(8), kind="first", reason="D10", ill=3,
        resume_planned=DAY + timedelta(days=4), approved_at=at(7), approved_how="phone", approved_by="示例",
        from_settled=1, origin="2:8",
    )  # fmt: skip
    assert receipt(site, absence(site, [pupil(0)], without=ROOM), at(14, 50))[0] == "已收到 · 按时 · 无需再发"
    late = receipt(site, rest, at(16))
    assert late[0] == "已收到 · 无需再发"
    assert not any("迟报" in line for line in late)
    assert standing() is StatusCounts.ON_TIME
    Closure.objects.update(scope="三9")  # it was another one
    assert standing() is StatusCounts.LATE


def test_a_report_of_which_all_rows_went_back_is_no_report_yet(site: Site) -> None:
    bad = absence(site, [pupil(0, name=None)], others=1)
    first = receipt(site, bad, at(9))
    assert first[0] == "已收到 · 退回待改 · 收下 0 行，退回 1 行 · 请改好退回修正表后发回"
    assert standing() is StatusCounts.RETURNED


@pytest.mark.parametrize("day", [JANUARY, date(2027, 1, 2)])
def test_in_a_year_nobody_knows_the_service_goes_on_and_says_so(site: Site, day: date) -> None:
    def clock(hour: int, minute: int = 0) -> datetime:
        return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)

    with InProcess() as readers:
        run.drain(site, readers, lambda: clock(6, 30))
    cut = [timetable.tick(site, clock(*when)) for when in ((6, 30), (15, 10), (17, 30))]
    laid = sorted(path.parent.parent.name[-10:] for path in site.outbox.rglob("缺课日报模板*.xlsx"))
    weekday = day == JANUARY
    assert (cut, laid) == (([0, 1, 1], sorted(SCHOOLS)) if weekday else ([0, 0, 0], []))
    assert any(SAID in line for line in receipt(site, absence(site, [], day=day), clock(18)))
    made = timetable.make(site, clock(18, 5), day, final=True)
    assert all(SAID in read(path) for path in made)
    assert COUNTY in {path.parent.parent.name[-6:] for path in made}


def test_every_paper_and_workbook_of_a_year_nobody_knows_says_so(site: Site) -> None:
    ill = [pupil(n, start=JANUARY, symptom1="发热", temperature=38.6) for n in range(6)]
    bad = [*ill, pupil(6, name=None, start=JANUARY)]
    second = {"unit": "2132010002", "school": SCHOOLS["2132010002"]}
    with InProcess() as readers:
        for hour, minute in ((6, 30), (7, 30), (8, 5), (13, 0), (15, 10), (17, 30)):
            now = at(hour, minute, day=JANUARY)
            if hour == 13:
                put(site, f"{FIRST}/a.xlsx", absence(site, bad, day=JANUARY, zero="否"))
                put(site, f"{COUNTY}/b.xlsx", absence(site, [], day=JANUARY, **second))
                put(site, f"{COUNTY}/c.xlsx", absence(site, [pupil(1, name=None)], day=JANUARY, **second))
            run.drain(site, readers, lambda now=now: now)
            timetable.tick(site, now)
            if hour == 13:
                excuses.excuse("2132010002", JANUARY, DecidedBy("示例区教育局", "停水", now))
            run.drain(site, readers, lambda now=now: now)
        for kind, unit in (("closure", FIRST), ("calendar", COUNTY), ("roster", FIRST)):
            put(site, f"../outbox/{kind}.xlsx", issuing.template(site, kind, unit, JANUARY))
    found = sorted(path for path in site.outbox.rglob("*") if path.suffix in READERS)
    silent = [path.name for path in found if SAID not in read(path)]
    assert silent == [], "\n".join(silent)
    kinds = {re.split(r"[ .]", path.name)[0] for path in found}
    assert kinds >= {
        "缺课日报模板", "县级处理单", "回执", "退回修正表", "收件汇总", "预警信息报告卡", "核实工作单", "未报名单",
        "群通知", "县级处理通知",
    }, kinds  # fmt: skip
    export = exports.export("absence", units.scope(COUNTY, lookup.tree(), 3), exports.DayRange(JANUARY, JANUARY))
    assert SAID in export.notes


def _pdf(path: Path) -> str:
    return "".join(part.extract_text() for part in PdfReader(path).pages)


def _workbook(path: Path) -> str:
    cells = (cell for sheet in load_workbook(path) for row in sheet.iter_rows(values_only=True) for cell in row)
    return "\n".join(str(cell) for cell in cells if cell is not None)


SAID = "2027 年放假安排未载入，按星期推算"
READERS = {".pdf": _pdf, ".xlsx": _workbook, ".txt": lambda path: path.read_text(encoding="utf-8-sig")}


def read(path: Path) -> str:
    return READERS[path.suffix](path)
