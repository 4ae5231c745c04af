"""Small histories of one school, told as clerks tell them: which alerts stand in the end, and who is new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest

from pipeline.alert_state import UNANSWERED
from pipeline.database.models import Absence, Alert
from pipeline.facts import card_page_facts, digest_facts
from pipeline.figures import cards, lines
from pipeline.model import CardRef, Site
from pipeline.units import Level, Scope
from tests.clerks import SCHOOL, Clerk, heading, put
from tests.sites import COUNTY, ZONE

THURSDAY, FRIDAY, SATURDAY, MONDAY = (date(2026, 11, day) for day in (19, 20, 21, 23))
LETTERS = "甲乙丙丁戊己庚辛壬癸"

Lines = Sequence[Mapping[str, object]]


def ill(first: int, count: int, start: date, **more: object) -> list[dict[str, object]]:
    """Pupils by number, vomiting."""
    row = {"班级": "三(3)班", "性别": "男", "缺课原因": "因病", "起始日": start, "症状1": "呕吐", **more}
    return [{**row, "姓名": f"示例{LETTERS[n]}"} for n in range(first, first + count)]


@dataclass(frozen=True)
class Told:
    """A report: when it is dropped, of which day, with which rows."""

    on: date
    lines: Lines = ()
    of: date | None = None
    mode: str = ""


def play(site: Site, *told: Told) -> None:
    clerk = Clerk(site)
    for n, one in enumerate(told):
        day = one.of or one.on
        book = clerk.template(day)
        sheet = book.worksheets[0]
        for row in sheet.iter_rows(min_row=heading(book)[0] + 1, max_row=40):  # typed anew, whatever was brought along
            for cell in row:
                cell.value = None
        for row in sheet.iter_rows(max_row=6):
            for cell in row:
                if cell.value in {"零报告", "报送方式"}:
                    said = ("" if one.lines else "是") if cell.value == "零报告" else one.mode
                    sheet.cell(cell.row, cell.column + 1, said or None)
        for number, line in enumerate(one.lines, 1):
            put(book, number, line)
        clerk.drop(book, day, after=one.on - day + timedelta(minutes=n))


def standing() -> list[tuple[str, str, int]]:
    open_ones = Alert.objects.filter(state__in=UNANSWERED).order_by("group")
    return [(alert.group, alert.scope, alert.cases) for alert in open_ones]


def fresh(day: date) -> int:
    return Absence.objects.filter(day=day, row_state="new").count()


BACK = {"状态": "已返校", "返校日期": FRIDAY}
FEVER = {"症状1": "发热", "体温": 38.5}
HFMD = {"症状1": "皮疹", "诊断": "手足口病"}
GI = ("GI", "三3", 3)

HISTORIES = {
    "a zero report on Friday, three on Monday ill since Friday": (
        (Told(FRIDAY), Told(MONDAY, ill(0, 3, FRIDAY))), [GI], 3,
    ),
    "nothing on Friday, three on Monday ill since Saturday": (
        (Told(THURSDAY), Told(MONDAY, ill(0, 3, SATURDAY))), [GI], 3,
    ),
    "two on Friday, corrected on Monday to three": (
        (Told(FRIDAY, ill(0, 2, FRIDAY)), Told(MONDAY, ill(0, 3, FRIDAY), FRIDAY, "整份更正")), [GI], 0,
    ),
    "three, corrected to two": (
        (Told(FRIDAY, ill(0, 3, FRIDAY)), Told(FRIDAY, ill(0, 2, FRIDAY), FRIDAY, "整份更正")), [], 0,
    ),
    "first heard of as back": ((Told(THURSDAY), Told(FRIDAY, ill(0, 3, THURSDAY, **BACK))), [GI], 0),
    "two go on with a beginning typed anew, one is new": (
        (Told(FRIDAY, ill(0, 2, FRIDAY)), Told(MONDAY, ill(0, 3, MONDAY))), [], 1,
    ),
    "two come back and fall ill again, one is new": (
        (Told(THURSDAY, ill(0, 2, THURSDAY)), Told(FRIDAY, ill(0, 2, THURSDAY, **BACK)),
         Told(MONDAY, ill(0, 3, MONDAY))),
        [GI], 3,
    ),
    "on leave on Friday, ill on Monday": (
        (Told(FRIDAY, ill(0, 3, FRIDAY, 缺课原因="其他", 症状1=None)), Told(MONDAY, ill(0, 3, MONDAY))), [GI], 0,
    ),
    "two on Friday, two on Saturday, one on Sunday, told on Monday": (
        (Told(FRIDAY, ill(0, 2, FRIDAY)),
         Told(MONDAY, [*ill(0, 2, FRIDAY), *ill(2, 2, SATURDAY), *ill(4, 1, date(2026, 11, 22))])),
        [("GI", "三3", 5)], 3,
    ),
    "hand, foot and mouth disease on the first and the seventh day": (
        (Told(date(2026, 11, 17), ill(0, 1, date(2026, 11, 17), **HFMD)), Told(MONDAY, ill(1, 1, MONDAY, **HFMD))),
        [("D10", "三3", 2)], 1,
    ),
    "the same on the first and the eighth": (
        (Told(date(2026, 11, 16), ill(0, 1, date(2026, 11, 16), **HFMD)), Told(MONDAY, ill(1, 1, MONDAY, **HFMD))),
        [], 1,
    ),
    "vomiting in one class, fever in the other": (
        (Told(MONDAY, [*ill(0, 3, MONDAY), *ill(3, 3, MONDAY, 班级="三(4)班", **FEVER)]),),
        [("FEV", "三4", 3), GI], 6,
    ),
    "one case of measles among three colds": (
        (Told(MONDAY, [*ill(0, 1, MONDAY, 诊断="麻疹", **FEVER), *ill(1, 3, MONDAY, 症状1="咳嗽")]),),
        [("D06", "三3", 1), ("RES", "三3", 3)], 4,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HISTORIES)
def test_what_stands_in_the_end(site: Site, name: str) -> None:
    told, expected, new_on_monday = HISTORIES[name]
    play(site, *told)
    assert standing() == expected
    assert fresh(MONDAY) == new_on_monday


def test_a_card_of_who_fell_ill_again_says_both_days_and_an_event_is_said_beside_a_closure(site: Site) -> None:
    pox = {"症状1": "皮疹", "诊断": "水痘"}
    back = ill(0, 1, THURSDAY, **pox, **BACK)
    play(
        site,
        Told(THURSDAY, ill(0, 1, THURSDAY, **pox)),
        Told(FRIDAY, back),
        Told(MONDAY, ill(0, 10, MONDAY, **pox)),
    )
    [alert] = Alert.objects.filter(state__in=UNANSWERED)
    page = cards.card(card_page_facts.card(site, CardRef(alert.id, 1), SCHOOL))
    assert page.stage == "达到班级停课评估标准，并达到突发公共卫生事件报告标准"
    assert (page.where, page.cases) == ("三(3)班", "10")
    assert sorted(row.onset for row in page.rows) == ["11-19、11-23", *["11-23"] * 9]
    assert page.curve == "11-19 1 人，11-23 10 人（1 人返校后又发病，两天都计）"


def test_what_is_told_weeks_late_is_a_new_alert_of_the_day_on_which_it_was_told(site: Site) -> None:
    weeks_ago = date(2026, 11, 2)
    play(site, Told(MONDAY, ill(0, 3, weeks_ago), weeks_ago))
    [alert] = Alert.objects.all()
    page = card_page_facts.card(site, CardRef(alert.id, 1), SCHOOL)
    assert [line.day for line in page.days][:1] == [MONDAY]
    cut = datetime(2026, 11, 23, 15, 10, tzinfo=ZONE)
    table = lines.alerts(
        digest_facts.digest(digest_facts.book(site, MONDAY, cut), COUNTY, 1, final=False).alerts,
        Scope(Level.COUNTY, COUNTY, frozenset([COUNTY])), MONDAY, cut,
    )  # fmt: skip
    assert (len(table.rows), table.opened) == (1, 1)
