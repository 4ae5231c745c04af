"""A template carries over who had not come back: fill, drop, the next day's template, zero report, the end."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import openpyxl

from pipeline import issuing, run
from pipeline.database.models import Absence, Letter, Pupil, Report, Submission
from pipeline.model import Settled, Site, State
from pipeline.service import timetable
from tests.clerks import SCHOOL, Clerk, heading, put, rows, zero
from tests.reading import take
from tests.sites import DAY, SCHOOLS, ZONE

FRIDAY, MONDAY, TUESDAY = DAY, date(2026, 11, 23), date(2026, 11, 24)


def ill(name: str, room: str, **more: object) -> dict[str, object]:
    return {"班级": room, "姓名": name, "性别": "男", "缺课原因": "因病", "起始日": FRIDAY, "症状1": "发热", **more}


SICK: Sequence[Mapping[str, object]] = (
    ill("示例甲", "三(3)班", 体温=38.5),
    ill("示例乙", "三(4)班", 性别="女", 诊断="诺如病毒感染"),
    ill("示例丙", "三(4)班", 缺课原因="因伤", 起始日=date(2026, 11, 18), 症状1=None),
)


def friday(clerk: Clerk, sick: Sequence[Mapping[str, object]] = SICK) -> Settled:
    book = clerk.template(FRIDAY)
    for number, values in enumerate(sick, 1):
        put(book, number, values)
    return clerk.drop(book, FRIDAY)


def states(day: date) -> dict[str, str]:
    names = dict(Pupil.objects.values_list("code", "name"))
    return {names[row.pupil]: row.row_state for row in Absence.objects.filter(day=day)}


def test_a_template_brings_along_who_has_not_come_back(site: Site) -> None:
    clerk = Clerk(site)
    assert friday(clerk).state is State.ACCEPTED
    book = clerk.template(MONDAY)
    found = rows(book)
    assert [row["姓名"] for row in found] == ["示例甲", "示例乙", "示例丙"]
    assert found[0]["体温"] == 38.5
    assert found[1]["诊断"] == "诺如病毒感染"
    assert "状态(请选)" in heading(book)[1]
    assert all("状态(请选)" not in row for row in found), "a default would invent absences"
    assert "状态(请选)" not in heading(clerk.template(FRIDAY))[1], "nothing to answer, nothing to choose"


def test_what_the_clerk_answers_is_what_stands(site: Site) -> None:
    clerk = Clerk(site)
    friday(clerk)
    book = clerk.template(MONDAY)
    put(book, 1, {"状态": "仍缺课"})
    put(book, 2, {"状态": "已返校"})
    put(book, 3, {"状态": "仍缺课"})
    put(book, 4, {**SICK[0], "姓名": "示例丁", "起始日": MONDAY})
    assert clerk.drop(book, MONDAY).state is State.ACCEPTED
    assert states(MONDAY) == {"示例甲": "ongoing", "示例乙": "returned", "示例丙": "ongoing", "示例丁": "new"}
    assert [row["姓名"] for row in rows(clerk.template(TUESDAY))] == ["示例甲", "示例丁", "示例丙"]


def test_a_zero_report_says_that_all_have_come_back(site: Site) -> None:
    clerk = Clerk(site)
    friday(clerk)
    book = clerk.template(MONDAY)
    zero(book)
    done = clerk.drop(book, MONDAY)
    assert (done.state, done.accepted) == (State.ACCEPTED, 3)
    assert [issue.code for issue in done.issues] == ["carried-returned"]
    assert set(states(MONDAY).values()) == {"returned"}
    assert "带入的 3 名学生没有另填，都按已返校算" in clerk.receipt(MONDAY)
    assert "零报告" in clerk.receipt(MONDAY)
    assert rows(clerk.template(TUESDAY)) == []

    assert Report.objects.get(day=MONDAY).zero


def test_a_row_left_unanswered_is_neither_absent_nor_back_and_comes_home_answered(site: Site) -> None:
    clerk = Clerk(site)
    friday(clerk)
    book = clerk.template(MONDAY)
    put(book, 1, {"状态": "仍缺课"})
    done = clerk.drop(book, MONDAY)
    assert (done.state, done.accepted, done.refused) == (State.PARTIAL, 1, 2)
    assert states(MONDAY) == {"示例甲": "ongoing"}
    assert "请在“状态”列选 仍缺课 或 已返校" in clerk.receipt(MONDAY)
    assert [row["姓名"] for row in rows(clerk.template(TUESDAY))] == ["示例甲", "示例乙", "示例丙"]
    assert all("状态(请选)" not in row for row in rows(clerk.template(TUESDAY)))

    back = next(site.outbox.glob(f"学校/*/{MONDAY}/退回修正表*.xlsx"))
    mended = openpyxl.load_workbook(back)
    put(mended, 1, {"状态": "已返校"})
    done = clerk.drop(mended, MONDAY, after=timedelta(minutes=10))
    assert (done.accepted, done.refused) == (1, 1), "a row left unanswered again is asked again"
    assert states(MONDAY) == {"示例甲": "ongoing", "示例乙": "returned"}
    assert [row["姓名"] for row in rows(clerk.template(TUESDAY))] == ["示例甲", "示例丙"]


def test_a_template_sent_back_as_it_was_says_nothing(site: Site) -> None:
    clerk = Clerk(site)
    friday(clerk)
    done = clerk.drop(clerk.template(MONDAY), MONDAY)
    assert (done.state, [issue.code for issue in done.issues]) == (State.REJECTED, ["carried-nothing"])
    assert states(MONDAY) == {}
    assert [row["姓名"] for row in rows(clerk.template(TUESDAY))] == ["示例甲", "示例乙", "示例丙"]


def test_deleted_rows_are_counted_in_the_receipt_and_nowhere_else(site: Site) -> None:
    clerk = Clerk(site)
    friday(clerk)
    book = clerk.template(MONDAY)
    head, _ = heading(book)
    book.worksheets[0].delete_rows(head + 2, 2)
    put(book, 1, {"状态": "仍缺课"})
    done = clerk.drop(book, MONDAY)
    assert (done.state, Submission.objects.get(pk=done.seq).withdrawn) == (State.ACCEPTED, 0)
    assert "上次报告（11-20）里还没有返校的学生，有 2 名这次没有提到" in clerk.receipt(MONDAY)
    assert "示例乙" not in clerk.receipt(MONDAY)
    assert [row["姓名"] for row in rows(clerk.template(TUESDAY))] == ["示例甲"]


def test_marks_survive_sorting_lost_properties_and_pasting_over(site: Site) -> None:
    clerk = Clerk(site)
    friday(clerk)
    book = clerk.template(MONDAY)
    sheet, (head, columns) = book.worksheets[0], heading(book)
    first, last = ([sheet.cell(head + n, c).value for c in range(1, 40)] for n in (1, 3))
    for place in range(1, 40):  # sorted otherwise
        sheet.cell(head + 1, place).value = last[place - 1]
        sheet.cell(head + 3, place).value = first[place - 1]
    for name, value in {**SICK[0], "姓名": "示例戊", "起始日": MONDAY}.items():  # another pupil typed over the second
        sheet.cell(head + 2, columns[name], value)
    sheet.cell(head + 2, columns["诊断"]).value = None
    sheet.delete_cols(columns["状态(请选)"])
    for name in list(book.custom_doc_props.names):
        del book.custom_doc_props[name]
    zero(book, "否")
    done = clerk.drop(book, MONDAY)
    assert (done.accepted, done.refused) == (1, 2)
    assert states(MONDAY) == {"示例戊": "new"}


def test_a_row_that_went_back_is_brought_along_until_it_is_mended(site: Site) -> None:
    clerk = Clerk(site)
    friday(clerk, [SICK[0], {**SICK[1], "姓名": None}])
    book = clerk.template(MONDAY)
    head, columns = heading(book)
    sheet = book.worksheets[0]
    assert sheet.cell(head + 2, columns["班级"]).value == "三(4)班"
    assert sheet.cell(head + 2, columns["姓名"]).fill.fgColor.rgb == "FFFFD6D6"
    assert sheet.cell(head + 2, columns["姓名"]).comment.text.startswith("没有填姓名")
    put(book, 1, {"状态": "已返校"})
    done = clerk.drop(book, MONDAY)
    assert (done.state, [issue.code for issue in done.issues]) == (State.ACCEPTED, ["carried-unmended"])
    assert states(MONDAY) == {"示例甲": "returned"}
    again = clerk.template(MONDAY)
    put(again, 1, {"状态": "已返校"})
    put(again, 2, {"姓名": "示例己"})
    zero(again, "否")
    sheet = again.worksheets[0]
    for row in sheet.iter_rows(min_row=1, max_row=12):
        for cell in row:
            if cell.value == "首次报送":
                cell.value = "整份更正"
    done = clerk.drop(again, MONDAY, after=timedelta(minutes=10))
    told = {issue.code: dict(issue.details) for issue in done.issues}
    assert (done.state, told["carried-mended"]) == (State.ACCEPTED, {"count": "1", "day": "11-20"})
    assert states(MONDAY) == {"示例甲": "returned", "示例己": "new"}, "Friday's row was never taken: heard of on Monday"


def templates(site: Site, day: date) -> list[str]:
    return sorted(path.name for path in site.outbox.glob(f"学校/*/{day}/*模板*.xlsx"))


def test_in_the_morning_every_school_finds_its_template(site: Site) -> None:
    friday(Clerk(site))
    early, morning = (datetime(2026, 11, 23, hour, 30, tzinfo=ZONE) for hour in (5, 6))
    timetable.tick(site, early)
    assert templates(site, MONDAY) == []
    timetable.tick(site, morning)
    assert templates(site, MONDAY) == [f"缺课日报模板 {MONDAY}.xlsx"] * len(SCHOOLS)
    [lying] = site.outbox.glob(f"学校/*{SCHOOL}/{MONDAY}/*模板*.xlsx")
    assert take(lying.read_bytes()) == take(issuing.template(site, "absence", SCHOOL, MONDAY))
    assert run.templates_left(site, morning)
    timetable.tick(site, morning)
    assert not run.templates_left(site, morning), "the round is done"
    timetable.tick(site, datetime(2026, 11, 22, 8, 0, tzinfo=ZONE))
    assert templates(site, date(2026, 11, 22)) == [], "nobody owes a report on a Sunday"
    assert Letter.objects.filter(kind="template").count() == len(SCHOOLS)


def test_templates_are_laid_again_only_where_something_changed(site: Site) -> None:
    clerk, now = Clerk(site), datetime(2026, 11, 23, 6, 0, tzinfo=ZONE)
    friday(clerk)
    made = list(run.make_templates(site, now, MONDAY))
    assert [(one.schools, one.made) for one in made] == [(2, 2)]
    assert [one.made for one in run.make_templates(site, now, MONDAY)] == [0]
    [lying] = site.outbox.glob(f"学校/*{SCHOOL}/{MONDAY}/*模板*.xlsx")
    before = lying.read_bytes()
    lying.unlink()
    assert [one.made for one in run.make_templates(site, now, MONDAY)] == [1]
    assert lying.read_bytes() == before
    book = openpyxl.load_workbook(next(site.outbox.glob(f"学校/*{SCHOOL}/{MONDAY}/*模板*.xlsx")))
    put(book, 1, {"状态": "已返校"})
    put(book, 2, {"状态": "已返校"})
    put(book, 3, {"状态": "仍缺课"})
    clerk.drop(book, MONDAY)
    assert [one.made for one in run.make_templates(site, now, TUESDAY)] == [2]
    [next_day] = site.outbox.glob(f"学校/*{SCHOOL}/{TUESDAY}/*模板*.xlsx")
    assert [row["姓名"] for row in rows(openpyxl.load_workbook(next_day))] == ["示例丙"]


def test_a_file_that_goes_back_whole_keeps_what_was_brought_along_to_be_answered(site: Site) -> None:
    clerk = Clerk(site)
    friday(clerk)
    assert clerk.drop(clerk.template(MONDAY), MONDAY).state is State.REJECTED
    back = openpyxl.load_workbook(next(site.outbox.glob(f"学校/*/{MONDAY}/退回修正表*.xlsx")))
    sheet, (_, columns) = back.worksheets[0], heading(back)
    place = next(place for name, place in columns.items() if name.startswith("状态"))
    assert not sheet.column_dimensions[openpyxl.utils.get_column_letter(place)].hidden
    for number, word in enumerate(("仍缺课", "已返校", "仍缺课"), 1):
        put(back, number, {"状态": word})
    assert clerk.drop(back, MONDAY, after=timedelta(minutes=10)).state is State.ACCEPTED
    assert states(MONDAY) == {"示例甲": "ongoing", "示例乙": "returned", "示例丙": "ongoing"}
