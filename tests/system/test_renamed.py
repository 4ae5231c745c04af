"""A class that is renamed, or closed and opened again, keeps its pupils: brought along, still absent, with one code."""

from collections.abc import Sequence
from datetime import date, datetime
from io import BytesIO

import openpyxl
import pytest

from pipeline import run
from pipeline.alerts import alert_labels
from pipeline.database.models import Absence, Alert, AlertCase, AlertHit, Pupil
from pipeline.forms.roster import ROSTER
from pipeline.model import Site
from pipeline.xlsx.blank import blank
from tests.clerks import SCHOOL, Clerk, put, rows
from tests.inprocess import InProcess
from tests.sites import COUNTY, ZONE

THURSDAY, FRIDAY, MONDAY, TUESDAY = (date(2026, 11, day) for day in (19, 20, 23, 24))


def ill(name: str, room: str, start: date, **more: object) -> dict[str, object]:
    return {"班级": room, "姓名": name, "性别": "男", "缺课原因": "因病", "起始日": start, "症状1": "呕吐", **more}


def roster(site: Site, day: date, lines: Sequence[dict[str, object]]) -> None:
    """Drop a county's roster with these lines about classes of the school."""
    book = openpyxl.load_workbook(BytesIO(blank(ROSTER)))
    schools, classes = book.worksheets[:2]
    cells = {str(cell.value).rstrip("*"): cell for row in schools.iter_rows(max_row=6) for cell in row if cell.value}
    for name, value in {"区划或学校代码": COUNTY, "生效日期": day}.items():
        schools.cell(cells[name].row, cells[name].column + 1, value)
    columns = {str(cell.value).rstrip("*"): cell.column for cell in classes[2] if cell.value}
    for number, line in enumerate(lines, 3):
        for name, value in {"学校标识码": SCHOOL, **line}.items():
            classes.cell(number, columns[name], value)
    folder = site.inbox / COUNTY
    folder.mkdir(exist_ok=True)
    book.save(folder / f"名册{day:%d}.xlsx")
    moment = datetime(day.year, day.month, day.day, 8, tzinfo=ZONE)
    with InProcess() as readers:
        run.drain(site, readers, lambda: moment)


def thursday(clerk: Clerk, names: Sequence[str] = ("示例甲", "示例乙")) -> dict[str, str]:
    book = clerk.template(THURSDAY)
    for number, name in enumerate(names, 1):
        put(book, number, ill(name, "三(3)班", THURSDAY))
    clerk.drop(book, THURSDAY)
    return codes()


def codes() -> dict[str, str]:
    return {name: code for code, name in Pupil.objects.values_list("code", "name")}


def states(day: date) -> dict[str, str]:
    named = {code: name for name, code in codes().items()}
    return {named[row.pupil]: row.row_state for row in Absence.objects.filter(day=day)}


RENAMED = [{"班级": "三(3)班", "停用日期": FRIDAY}, {"班级": "三(7)班", "学生人数": 40, "启用日期": FRIDAY}]


def test_pupils_of_a_renamed_class_are_brought_along_under_its_new_name_and_are_no_new_cases(site: Site) -> None:
    clerk = Clerk(site)
    before = thursday(clerk)
    roster(site, FRIDAY, RENAMED)
    book = clerk.template(FRIDAY)
    assert [(row["班级"], row["姓名"]) for row in rows(book)] == [("三(7)班", "示例甲"), ("三(7)班", "示例乙")]
    put(book, 1, {"状态": "仍缺课"})
    put(book, 2, {"状态": "仍缺课"})
    put(book, 3, ill("示例丙", "三(7)班", FRIDAY))
    clerk.drop(book, FRIDAY)
    assert states(FRIDAY) == {"示例甲": "ongoing", "示例乙": "ongoing", "示例丙": "new"}
    assert {name: codes()[name] for name in before} == before
    assert not Alert.objects.exists(), "two fell ill on Thursday, one on Friday"


def test_a_clerk_who_types_them_anew_makes_no_new_cases_either(site: Site) -> None:
    clerk = Clerk(site)
    thursday(clerk)
    roster(site, FRIDAY, RENAMED)
    book = clerk.template(TUESDAY)
    for number, name in enumerate(("示例甲", "示例乙", "示例丙"), 1):
        put(book, number, ill(name, "三(7)班", TUESDAY))
    clerk.drop(book, TUESDAY)
    assert states(TUESDAY) == {"示例甲": "ongoing", "示例乙": "ongoing", "示例丙": "new"}


def test_a_class_opened_again_is_due_again_and_brings_its_pupils_along(site: Site) -> None:
    clerk = Clerk(site)
    before = thursday(clerk)
    roster(site, FRIDAY, [{"班级": "三(3)班", "停用日期": FRIDAY}])
    assert rows(clerk.template(FRIDAY)) == []
    roster(site, MONDAY, [{"班级": "三(3)班", "启用日期": MONDAY}])
    book = clerk.template(MONDAY)
    assert [row["姓名"] for row in rows(book)] == ["示例甲", "示例乙"]
    assert "三(3)班" in {cell.value for cell in book["班级"]["A"]}
    put(book, 1, {"状态": "仍缺课"})
    put(book, 2, {"状态": "已返校"})
    clerk.drop(book, MONDAY)
    assert states(MONDAY) == {"示例甲": "ongoing", "示例乙": "returned"}
    assert codes() == before


@pytest.mark.parametrize("rolls", [(40, 38), (38, 40)])
def test_of_two_classes_renamed_at_once_each_is_the_one_with_its_roll(site: Site, rolls: tuple[int, int]) -> None:
    clerk = Clerk(site)
    roster(site, date(2026, 11, 18), [{"班级": "三(4)班", "学生人数": 38}])
    thursday(clerk)
    ends = [{"班级": name, "停用日期": FRIDAY} for name in ("三(3)班", "三(4)班")]
    names = ("三(7)班", "三(8)班")
    opens = [{"班级": name, "学生人数": roll, "启用日期": FRIDAY} for name, roll in zip(names, rolls, strict=True)]
    roster(site, FRIDAY, [*ends, *opens])
    here = names[rolls.index(40)]
    assert {row["班级"] for row in rows(clerk.template(FRIDAY))} == {here}


# --------------------------------------------------------------------------- windows of a class, 并班, 分班

HFMD = {"症状1": "皮疹", "诊断": "手足口病"}


def report(clerk: Clerk, day: date, *pupils: tuple[str, str], **more: object) -> None:
    """Type pupils, each by name and class, into an empty template, and drop it."""
    book = clerk.template(day)
    for number in range(1, len(rows(book)) + 1):
        put(book, number, {"状态": "仍缺课"})
    for number, (name, room) in enumerate(pupils, len(rows(book)) + 1):
        put(book, number, ill(name, room, day, **more))
    clerk.drop(book, day)


def hits(rule: str) -> list[tuple[str, date, int]]:
    """The hits of a rule that stand: place, day, pupils."""
    found = AlertHit.objects.filter(rule=rule, to_settled__isnull=True).order_by("day", "scope")
    return list(found.values_list("scope", "day", "n"))


def test_a_window_of_a_class_counts_old_and_new_name_as_one(site: Site) -> None:
    clerk = Clerk(site)
    report(clerk, THURSDAY, ("示例甲", "三(3)班"), **HFMD)
    roster(site, FRIDAY, RENAMED)
    report(clerk, FRIDAY, ("示例乙", "三(7)班"), **HFMD)
    assert hits("C01") == [("三3", FRIDAY, 2)], "two of one class, by its first name"
    (alert,) = Alert.objects.all()
    assert alert_labels.labels([alert])[alert.id] == "三(7)班", "by its name of the day"
    assert {one.class_key for one in AlertCase.objects.filter(alert=alert)} == {"三3"}


JOINED = [{"班级": "三(3)班", "停用日期": FRIDAY}, {"班级": "三(4)班", "学生人数": 78}]


def joined(site: Site) -> None:
    """三(3)班 ends on Friday, and 三(4)班 has its forty pupils from then on."""
    roster(site, FRIDAY, JOINED)


def test_pupils_of_a_class_that_is_joined_to_another_go_on_as_they_were(site: Site) -> None:
    clerk = Clerk(site)
    roster(site, date(2026, 11, 18), [{"班级": "三(4)班", "学生人数": 38}])
    before = thursday(clerk)
    joined(site)
    assert {(row["班级"], row["姓名"]) for row in rows(clerk.template(FRIDAY))} == {
        ("三(4)班", "示例甲"),
        ("三(4)班", "示例乙"),
    }
    report(clerk, FRIDAY, ("示例丙", "三(4)班"))
    assert states(FRIDAY) == {"示例甲": "ongoing", "示例乙": "ongoing", "示例丙": "new"}
    assert {name: codes()[name] for name in before} == before


def test_who_is_typed_anew_in_the_class_that_took_his_in_is_no_new_case(site: Site) -> None:
    clerk = Clerk(site)
    roster(site, date(2026, 11, 18), [{"班级": "三(4)班", "学生人数": 38}])
    book = clerk.template(FRIDAY)  # with nobody in it
    thursday(clerk)
    joined(site)
    for number, name in enumerate(("示例甲", "示例乙", "示例丙"), 1):
        put(book, number, ill(name, "三(4)班", FRIDAY))
    clerk.drop(book, FRIDAY)
    assert states(FRIDAY) == {"示例甲": "ongoing", "示例乙": "ongoing", "示例丙": "new"}


def test_a_rule_of_a_class_counts_who_is_in_it_now_and_what_it_met_before_stays(site: Site) -> None:
    clerk = Clerk(site)
    roster(site, date(2026, 11, 18), [{"班级": "三(4)班", "学生人数": 38}])
    report(clerk, THURSDAY, ("示例甲", "三(3)班"), ("示例乙", "三(3)班"), ("示例丁", "三(4)班"), **HFMD)
    assert hits("C01") == [("三3", THURSDAY, 2)]
    joined(site)
    report(clerk, FRIDAY, ("示例丙", "三(4)班"), **HFMD)
    assert hits("C01") == [("三3", THURSDAY, 2), ("三4", FRIDAY, 4)]
    assert Alert.objects.count() == 1


def test_who_goes_to_another_class_when_his_is_divided_counts_there_and_is_no_new_case(site: Site) -> None:
    clerk = Clerk(site)
    report(clerk, THURSDAY, *((name, "三(3)班") for name in ("示例甲", "示例乙", "示例丙")), **HFMD)
    roster(
        site,
        FRIDAY,
        [
            {"班级": "三(3)班", "停用日期": FRIDAY},
            {"班级": "三(7)班", "学生人数": 20, "启用日期": FRIDAY},
            {"班级": "三(8)班", "学生人数": 19, "启用日期": FRIDAY},
        ],
    )
    assert rows(clerk.template(FRIDAY)) == [], "nobody knows who went where"
    book = clerk.template(FRIDAY)
    for number, (name, room) in enumerate([("示例甲", "三(7)班"), ("示例乙", "三(8)班"), ("示例丁", "三(7)班")], 1):
        put(book, number, ill(name, room, FRIDAY, **HFMD))
    clerk.drop(book, FRIDAY)
    assert states(FRIDAY) == {"示例甲": "ongoing", "示例乙": "ongoing", "示例丁": "new"}
    assert hits("C01") == [("三3", THURSDAY, 3), ("三7", FRIDAY, 2)]
