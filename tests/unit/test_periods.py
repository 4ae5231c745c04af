"""Some days of a place in one table: who is to be named, and rates of what was asked for."""

from collections import Counter
from datetime import date

from pipeline.figures.duty import StatusCounts
from pipeline.figures.periods import Period, PeriodLine, SchoolConduct, bulletin, summary, summed

WEEK = Period("320106", "鼓楼区", date(2026, 11, 16), date(2026, 11, 20))
DAYS = tuple(date(2026, 11, n) for n in range(16, 21))


def conduct(code: str, silent: int = 0, late: int = 0, returned: int = 0) -> SchoolConduct:
    days = (DAYS[:silent], DAYS[:late], DAYS[:returned])
    return SchoolConduct(code, f"示例{code}小学", "鼓楼区", "示例甲", "100-0000-0001", 5, *days)


def test_the_often_silent_late_or_wrong_are_named_the_worst_first() -> None:
    schools = [conduct("1", late=2), conduct("2", silent=1, late=1, returned=1), conduct("3", silent=3), conduct("4"),
               conduct("5", returned=2), conduct("6", silent=3, late=2)]  # fmt: skip
    table = bulletin(WEEK, schools, 2, below=False)
    assert [row[0] for row in table.rows] == ["6", "3", "1", "5"]
    assert table.rows[1][2:8] == (5, 3, 0, 0, "11-16、11-17、11-18", "")
    assert "共 4 所（应报的共 6 所）" in table.notes[1]
    assert len(bulletin(WEEK, schools, 1, below=False).rows) == 5
    assert bulletin(WEEK, schools, 2, below=True).rows[0][0] == "鼓楼区"


def test_rates_are_of_what_was_asked_for() -> None:
    days = Counter({StatusCounts.ON_TIME: 3, StatusCounts.LATE: 1, StatusCounts.HELD: 2, StatusCounts.EXCUSED: 1,
                    StatusCounts.HOLIDAY: 4, StatusCounts.CLOSED: 2})  # fmt: skip
    idle = PeriodLine("2", "乙", Counter({StatusCounts.HOLIDAY: 5}), ill=None)
    line = PeriodLine("1", "甲", days, ill=9, alerts=1)
    table = summary(WEEK, [line, idle, summed("320106", "鼓楼区", [line, idle], None)])
    assert table.rows[0] == ("1", "甲", 7, 3, 1, 2, 1, "66.7%", "50.0%", 9, 1, 0)
    assert table.rows[1] == ("2", "乙", 0, 0, 0, 0, 0, "—", "—", "—", 0, 0)
    assert table.rows[2] == ("320106", "鼓楼区", 7, 3, 1, 2, 1, "66.7%", "50.0%", "—", 1, 0)
