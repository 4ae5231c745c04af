"""A workbook in which everything is wrong is answered in a page, and does not fill the store."""

from pipeline.database import serialise
from pipeline.figures.group_issues import issues_together
from pipeline.issues import message
from pipeline.model import Issue, Repair
from pipeline.validate.bounds import FIRST, MOST, bounded
from tests import formbooks as books

WRONG = {"性别": "男女不详", "起始日": "看不懂", "时段": "早中晚", "体温": "很烫", "发病日期": "前天吧"}


def issue(row: int, code: str = "sex-unknown", column: str = "性别") -> Issue:
    return Issue(code, "缺课登记", f"D{row}", row, column, "不详")


def test_nothing_is_left_out_of_what_a_person_can_read() -> None:
    found = [issue(row) for row in range(1, MOST + 1)]
    assert bounded(found, ()) == (tuple(found), ())


def test_of_very_much_the_first_of_each_column_and_the_number_of_the_others() -> None:
    head = Issue("rows-none")
    found = [head, *(issue(row) for row in range(1, 2001)), issue(9, column="学号")]
    mended = [Repair("缺课登记", f"E{row}", "缺课原因", "事假", "其他", row) for row in range(1, 2001)]
    kept, repairs = bounded(found, mended)
    assert kept[0] == head
    assert sum(one.code == "sex-unknown" for one in kept) == FIRST + 1
    assert len(repairs) == FIRST
    assert [(one.code, one.column, dict(one.details)["count"]) for one in kept if one.code.endswith("more")] == [
        ("issues-more", "性别", "1900"),
        ("repairs-more", "缺课原因", "1900"),
    ]
    assert "1900 处" in message(kept[-1])
    assert len(list(issues_together(kept))) < 6


def test_what_is_stored_of_a_workbook_does_not_grow_with_its_mistakes() -> None:
    rows = [{**books.GOOD, **WRONG, "姓名": f"示例{n}"} for n in range(600)]
    found = books.check(books.absence(*rows))
    assert found.verdict == "rejected"
    assert len(serialise.issues_text(found.issues)) < 150_000
    assert {one.column for one in found.issues if one.code == "issues-more"} >= WRONG.keys()
