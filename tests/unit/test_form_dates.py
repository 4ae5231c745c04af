"""Dates as people write them, as Excel keeps them, and those that are asked instead of guessed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.forms import dates, moments
from pipeline.forms.base import Bad, Fixed, Frame

FRAME = Frame(day=date(2026, 11, 20))
DAY = dates.day()
MOMENT = moments.moment(ahead=True)


def value(got: object) -> object:
    return got.value if isinstance(got, Fixed) else got


@pytest.mark.parametrize(
    "typed",
    [
        date(2026, 11, 20),
        datetime(2026, 11, 20),
        datetime(2026, 11, 20, 8, 30),
        "2026年11月20日",
        "2026年11月20号",
        "2026.11.20",
        "2026-11-20",
        "2026/11/20",
        "２０２６年１１月２０日",
        "2026年11月20日（周五）",
        "11月20日",
        "11月20号 星期五",
        "11/20",
        "11-20",
        "11.20",
        "20261120",
        20261120.0,
        46346.0,
        46346,
        "46346",
        "今天",
        "今日",
        "2026-11-20 00:00:00",
        "2026-11-20T08:30:00",
        "2026/11/20 8:30",
        "2026/11/20 18:30",
        " 2026-11-20\u200b",
        "11月二十",
        "十一月二十日",
        "十一月20号（周五）",
        "2026年十一月二十日",
        "二十日",
        "周五",
        "星期五",
        "本周五",
        "从11月20日起",
        "11月20日下午",
        "11.20开始",
        "自20日早上起",
        "今早",
        "今天上午",
        "26.11.20",
        "26-11-20",
        "26年11月20日",
        "20/11/26",
    ],
)
def test_a_day_is_read_as_people_write_it(typed: object) -> None:
    assert value(DAY(typed, FRAME)) == date(2026, 11, 20)


def test_a_day_of_the_month_is_that_of_the_last_two_weeks() -> None:
    assert [value(DAY(typed, FRAME)) for typed in ("20日", "19号", "5日")] == [date(2026, 11, n) for n in (20, 19, 5)]
    assert value(DAY("30日", Frame(day=date(2026, 12, 2)))) == date(2026, 11, 30)
    assert isinstance(DAY("21日", FRAME), Bad)
    assert isinstance(DAY("4日", FRAME), Bad)


@pytest.mark.parametrize(
    ("typed", "ago"),
    [("周四", 1), ("星期六", 6), ("礼拜天", 5), ("这周一", 4), ("昨晚", 1), ("大前天", 3), ("昨天下午", 1)],
)
def test_a_day_told_by_the_week_is_the_last_that_has_come(typed: str, ago: int) -> None:
    assert value(DAY(typed, FRAME)) == date(2026, 11, 20) - timedelta(days=ago)


@pytest.mark.parametrize(
    "typed", ["本周六", "上周四", "下周一", "明天", "周八", "周四周五", "卅五日", "11月十月", "十一月二十至今日"]
)
def test_a_day_of_another_week_or_of_none_is_asked(typed: str) -> None:
    assert isinstance(DAY(typed, FRAME), Bad)
    assert isinstance(dates.day(ahead=True)("周一", FRAME), Bad), "the last one, or the next"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("24日", date(2026, 11, 24)),
        ("30号", date(2026, 11, 30)),
        ("明天", date(2026, 11, 21)),
        ("后天", date(2026, 11, 22)),
        ("本周日", date(2026, 11, 22)),
        ("下周一", date(2026, 11, 23)),
        ("下星期五", date(2026, 11, 27)),
        ("11.24", date(2026, 11, 24)),
        ("1月4日", date(2027, 1, 4)),
    ],
)
def test_a_day_that_may_lie_ahead_is_the_nearest(typed: str, meant: date) -> None:
    assert dates.day(ahead=True)(typed, FRAME) == Fixed(meant)


@pytest.mark.parametrize(
    ("seen", "typed", "meant"),
    [
        (date(2026, 11, 20), "9月1日", date(2026, 9, 1)),
        (date(2026, 11, 20), "7月3日", date(2027, 7, 3)),
        (date(2027, 3, 1), "12/31", date(2026, 12, 31)),
        (date(2027, 8, 20), "9-1", date(2027, 9, 1)),
        (date(2027, 8, 20), "1月29日", date(2028, 1, 29)),
        (date(2027, 8, 20), "7月3日", None),
        (date(2026, 11, 20), "11.3", None),
    ],
)
def test_a_calendars_day_without_a_year_lies_in_its_school_year(seen: date, typed: str, meant: date | None) -> None:
    got = dates.day(ahead=True)(typed, Frame(day=seen, among=dates.school_year(seen)))
    assert got == Fixed(meant) if meant else isinstance(got, Bad)


def test_yesterday_is_the_day_before_the_report() -> None:
    assert value(DAY("昨天", FRAME)) == date(2026, 11, 19)
    assert DAY("昨天", Frame()) == Bad("date-unreadable")


@pytest.mark.parametrize("typed", [11.2, "11.2", 10.3, "11。2", "11.1"])
def test_a_date_with_two_readings_is_asked(typed: object) -> None:
    assert DAY(typed, FRAME) == Bad("date-ambiguous")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [(11.18, date(2026, 11, 18)), (11.5, date(2026, 11, 5)), ("11.4", date(2026, 11, 4)), (11.3, date(2026, 11, 3))],
)
def test_a_number_that_can_be_one_day_only_is_that_day(typed: object, meant: date) -> None:
    assert DAY(typed, FRAME) == Fixed(meant)


def test_a_year_of_two_figures_is_the_one_that_is_near() -> None:
    assert isinstance(DAY("25.11.20", FRAME), Bad)
    assert isinstance(DAY("26.11.20", Frame(day=date(2020, 11, 27))), Fixed)
    assert DAY("11.10.26", FRAME) == Bad("date-ambiguous"), "October 11th, or November 10th"
    assert DAY("26.11.20", Frame()) == Bad("date-ambiguous")


def test_december_typed_in_january_is_the_last_one() -> None:
    january = Frame(day=date(2027, 1, 5))
    assert DAY("12-30", january) == Fixed(date(2026, 12, 30))
    assert DAY("12月30日", january) == Fixed(date(2026, 12, 30))
    assert DAY("6月30日", january) == Bad("date-year-unclear"), "more than half a year ago, or ahead"
    assert value(DAY("1-4", january)) == date(2027, 1, 4)


def test_a_day_ahead_needs_its_year_unless_it_may_lie_ahead() -> None:
    assert DAY("11-24", FRAME) == Bad("date-year-unclear")
    assert value(dates.day(ahead=True)("11-24", FRAME)) == date(2026, 11, 24)
    assert dates.day(ahead=True)("1-4", Frame(day=date(2026, 12, 20))) == Fixed(date(2027, 1, 4))


@pytest.mark.parametrize("typed", ["2026-13-01", "2026年2月30日", "11月31日", 20261399.0, "1926-11-20"])
def test_an_impossible_date_is_said_to_be_one(typed: object) -> None:
    got = DAY(typed, FRAME)
    assert isinstance(got, Bad)
    assert got.issue in {"date-impossible", "date-unreadable"}


@pytest.mark.parametrize(
    "typed", ["上周五", "abc", True, 3.0e9, float("nan"), float("inf"), "十一月三十二日", "1120", 1120.0]
)
def test_what_is_no_date_is_not_guessed(typed: object) -> None:
    assert isinstance(DAY(typed, FRAME), Bad)


def test_nothing_is_nothing() -> None:
    assert DAY("", FRAME) is DAY(None, FRAME) is DAY(" — ", FRAME) is DAY("无", FRAME) is None


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)))
def test_serials_of_both_epochs_are_the_same_day(day: date) -> None:
    assert DAY(float((day - date(1899, 12, 30)).days), FRAME) == day
    assert DAY(float((day - date(1904, 1, 1)).days), Frame(date1904=True)) == day


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 12, 31, 23, 59)))
def test_a_moment_typed_in_full_is_itself(moment: datetime) -> None:
    minute = moment.replace(second=0, microsecond=0)
    assert value(MOMENT(minute.strftime("%Y-%m-%d %H:%M"), FRAME)) == minute
    assert value(MOMENT(minute.strftime("%Y年%m月%d日%H时%M分"), FRAME)) == minute
    serial = (minute - datetime(1899, 12, 30)) / timedelta(days=1)
    assert value(MOMENT(serial, FRAME)) == minute


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("2026年11月20日下午1点", datetime(2026, 11, 20, 13)),
        ("11月20日 9:05", datetime(2026, 11, 20, 9, 5)),
        ("2026-11-20 13：00", datetime(2026, 11, 20, 13)),
        ("2026-11-20T13:00:00", datetime(2026, 11, 20, 13)),
        ("2026-11-20", datetime(2026, 11, 20)),
        (date(2026, 11, 20), datetime(2026, 11, 20)),
        (46346.0, datetime(2026, 11, 20)),
        ("今天下午4点半", datetime(2026, 11, 20, 16, 30)),
        ("11.20下午4点", datetime(2026, 11, 20, 16)),
        ("11-20 10点半", datetime(2026, 11, 20, 10, 30)),
        ("昨天晚上八点左右", datetime(2026, 11, 19, 20)),
        ("11月20日下午三点一刻", datetime(2026, 11, 20, 15, 15)),
        ("20日16：30", datetime(2026, 11, 20, 16, 30)),
        ("11月20日24:00", datetime(2026, 11, 21)),
        ("明天上午9时", datetime(2026, 11, 21, 9)),
        (11.18, datetime(2026, 11, 18)),
    ],
)
def test_a_moment_is_read_as_people_write_it(typed: object, moment: datetime) -> None:
    assert value(MOMENT(typed, FRAME)) == moment


@pytest.mark.parametrize(
    "typed", ["2026-11-20 25:00", "下午三点", "13:00", "2026-11-20 什么时候", "昨天下午", "11月20日凌晨12点"]
)
def test_a_moment_without_sense_is_asked(typed: str) -> None:
    assert isinstance(MOMENT(typed, FRAME), Bad)


def test_a_part_of_a_day_is_its_hour_only_where_the_column_says_so() -> None:
    closed = moments.moment(ahead=True, halves=moments.HALVES)
    assert closed("11月20日下午起", FRAME) == Fixed(datetime(2026, 11, 20, 13))
    assert closed("明天上午", FRAME) == Fixed(datetime(2026, 11, 21, 8))
    assert MOMENT("11月20日下午", FRAME) == Bad("moment-unreadable")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("二〇二六年十一月二十日", date(2026, 11, 20)),
        ("二○二六年一月十日", date(2026, 1, 10)),
        ("二零二六年十二月三十一日", date(2026, 12, 31)),
        ("2026—11—20", date(2026, 11, 20)),
        ("2026、11、20", date(2026, 11, 20)),
        ("11/20/2026", date(2026, 11, 20)),
        ("20/11/2026", date(2026, 11, 20)),
        ("2026-11-20T00:00:00+08:00", date(2026, 11, 20)),
        ("2026-11-19T16:00:00.000Z", date(2026, 11, 20)),
        (datetime(2026, 11, 19, 23, 59, 17), date(2026, 11, 20)),
        (datetime(2026, 11, 19, 16, 0), date(2026, 11, 20)),
    ],
)
def test_a_date_with_one_reading_is_read(typed: object, meant: date) -> None:
    got = dates.day()(typed, Frame(day=date(2026, 11, 20)))
    assert isinstance(got, Fixed)
    assert got.value == meant


@pytest.mark.parametrize("typed", ["11/12/2026", "二〇二六年十三月一日", "二〇二六年二月三十日"])
def test_a_date_with_two_readings_or_none_is_asked_about(typed: str) -> None:
    assert isinstance(dates.day()(typed, Frame(day=date(2026, 11, 20))), Bad)


# --------------------------------------------------------------------------- the report's own day

SEEN = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("typed", "seen", "meant"),
    [
        ("11.30", SEEN, date(2026, 11, 30)),
        ("11-30", SEEN, date(2026, 11, 30)),
        ("30/11", SEEN, date(2026, 11, 30)),
        ("1130", SEEN, date(2026, 11, 30)),
        (1130, SEEN, date(2026, 11, 30)),
        (1130.0, SEEN, date(2026, 11, 30)),
        ("30日", SEEN, date(2026, 11, 30)),
        ("30号", date(2026, 12, 2), date(2026, 11, 30)),
        ("今天", SEEN, date(2026, 11, 30)),
        ("十一月三十日", SEEN, date(2026, 11, 30)),
        ("11月二十七", SEEN, date(2026, 11, 27)),
        ("周四", SEEN, date(2026, 11, 26)),
        ("星期一", SEEN, date(2026, 11, 30)),
        ("12月31日", date(2027, 1, 4), date(2026, 12, 31)),
        ("12.31", date(2027, 1, 4), date(2026, 12, 31)),
        (11.3, date(2026, 11, 9), date(2026, 11, 3)),  # the 30th has not come
        ("9.7", date(2026, 9, 8), date(2026, 9, 7)),
        (datetime(1900, 1, 9, 16, 48), date(2026, 9, 8), date(2026, 9, 7)),  # 9.7 in a cell formatted as a date
        (datetime(1903, 2, 3), SEEN, date(2026, 11, 30)),  # 1130 in one
    ],
)
def test_a_reports_day_without_a_year_is_the_one_reading_that_has_come(typed: object, seen: date, meant: date) -> None:
    assert dates.report_day(typed, Frame(day=seen)) == Fixed(meant)
    assert value(dates.report_day(typed, Frame(day=meant))) == meant  # once it is known, it is read alike


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        (11.3, SEEN),
        ("11.3", date(2026, 12, 1)),
        ("12.5", SEEN),  # not come this year, and too long ago else
        ("30日", date(2026, 11, 16)),
        ("31日", date(2026, 12, 1)),
        ("30", SEEN),
        ("1131", SEEN),
        ("星期一", None),
        ("本周四", SEEN),
        ("上周四", SEEN),
        ("30日", None),
        ("昨天", SEEN),
        ("昨天上午", SEEN),
        ("昨晚", SEEN),
        ("11.30", None),
    ],
)
def test_a_reports_day_with_two_readings_or_none_is_asked(typed: object, seen: date | None) -> None:
    assert isinstance(dates.report_day(typed, Frame(day=seen)), Bad)


@given(st.dates(date(2020, 1, 1), date(2090, 1, 1)), st.integers(0, 179))
def test_a_month_and_day_of_the_last_half_year_are_that_day(seen: date, ago: int) -> None:
    meant = seen - timedelta(days=ago)
    assert value(dates.report_day(f"{meant.month}月{meant.day}日", Frame(day=seen))) == meant
