"""统计提示 from the store: series of school days, on both databases, named in the digest of the day."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from pipeline.database.models import Absence, Alert, CalendarDay, CountyDay, Letter, Report
from pipeline.facts import county_day, digest_facts, statistics
from pipeline.figures import lines
from pipeline.figures.digest import Digest, digest
from pipeline.figures.statistics import StatisticRow
from pipeline.model import Policy, Site
from pipeline.schooldays import ZONE
from tests.contract.places import GULOU, XUANWU, school

DAY = date(2026, 11, 20)  # a Friday
NOW = datetime(2026, 11, 20, 15, 10, tzinfo=ZONE)
FIRST, SECOND, ELSEWHERE = "2132900001", "1132900002", "2132900003"
STEADY = (1, 0, 2, 1, 1, 0, 2, 1, 1, 0, 1)


def weekdays(last: date, n: int) -> list[date]:
    found = [day for day in (last - timedelta(days=back) for back in range(2 * n + 5)) if day.weekday() < 5]
    return found[:n][::-1]


def reported(code: str, county: str, day: date, new: int, **more: object) -> None:
    """A report of a day with so many newly feverish pupils, counted and kept."""
    seen = datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
    head = {"current_seq": 1, "rows": new, "zero": not new, "first_seen": seen, "on_time": True, "covered": 2}
    Report.objects.create(day=day, school=code, campus="本部", division=county, from_settled=1, **head)
    row = {"sex": "1", "reason": "ill", "row_state": "new", "start": day, "began": day, "symptoms": "S01"} | more
    Absence.objects.bulk_create(
        Absence(
            day=day,
            school=code,
            campus="本部",
            division=county,
            pupil=f"三3-{day:%m%d}{n:06d}",
            class_key="三3",
            from_settled=1,
            origin="1:8",
            **row,
        )
        for n in range(new)
    )


def term(code: str, county: str, counts: Sequence[int], last: date = DAY, **more: object) -> None:
    for day, n in zip(weekdays(last, len(counts)), counts, strict=True):
        reported(code, county, day, n, **more)


def kept(counties: Sequence[str] = (GULOU, XUANWU)) -> None:
    """Count the earlier days as the service does at each cut."""
    for day in sorted(set(Report.objects.values_list("day", flat=True))):
        county_day.keep(county_day.count(day, counties).values())


def cut(site: Site, place: str = GULOU) -> Digest:
    kept()
    return digest(digest_facts.digest(digest_facts.book(site, DAY, NOW), place, 1, final=False))


def rows_of(made: Digest) -> Mapping[str, StatisticRow]:
    return {row.where: row for row in made.statistics.rows if row.group == "发热"}


@pytest.fixture
def county(site: Site) -> Site:
    for code in (FIRST, SECOND):
        school(code, GULOU)
    school(ELSEWHERE, XUANWU)
    term(SECOND, GULOU, (*STEADY, 1))
    term(ELSEWHERE, XUANWU, (*STEADY, 1))
    return site


def test_an_unusual_day_is_named_with_unit_group_numbers_and_method(county: Site) -> None:
    term(FIRST, GULOU, (*STEADY, 12))
    found = rows_of(cut(county))
    # the seven days that end two before: 2 1 1 0 2 1 1 of the school, twice that of its county
    assert found["示例学校1"] == StatisticRow("示例学校1", "发热", "今日", "12", "1.1", "EARS C1、C2、C3")
    assert found["鼓楼区合计"].observed == "13"
    assert float(found["鼓楼区合计"].expected) == pytest.approx(2 * 8 / 7, abs=0.05)
    assert "示例学校2" not in found


def test_a_usual_day_is_not_named_and_an_unusual_one_makes_no_alert(county: Site) -> None:
    term(FIRST, GULOU, (*STEADY, 2))
    assert cut(county).statistics.rows == ()
    assert not Alert.objects.exists()


def test_a_warning_is_not_made_of_statistics(county: Site) -> None:
    term(FIRST, GULOU, (*STEADY, 12))
    made = cut(county)
    assert made.alerts == lines.AlertTable((), 0, 0, 0, 0, 0, 0)
    assert not Alert.objects.exists()
    assert not Letter.objects.filter(kind="card").exists()


def test_days_without_a_full_report_are_gaps_and_no_zeros(county: Site) -> None:
    """Seven days observed are enough, six are not, however many days the school kept silent."""
    days = weekdays(DAY, 12)
    for day in days[-7:-1]:
        reported(FIRST, GULOU, day, 1)
    reported(FIRST, GULOU, DAY, 12)
    assert "示例学校1" not in rows_of(cut(county))
    reported(FIRST, GULOU, days[0], 1)
    assert rows_of(cut(county))["示例学校1"].method == "EARS C1"


def test_holidays_are_no_days_of_a_series(county: Site) -> None:
    """A week off does not lower what is expected: the days before it count."""
    week = weekdays(DAY - timedelta(days=1), 4)
    CalendarDay.objects.create(place=GULOU, first=week[0], last=week[-1], kind="holiday")
    for day in week:
        Report.objects.filter(day=day).delete()
        Absence.objects.filter(day=day).delete()
    term(FIRST, GULOU, STEADY, DAY - timedelta(days=7))
    reported(FIRST, GULOU, DAY, 12)
    assert rows_of(cut(county))["示例学校1"].expected == "1.1"


def test_above_county_no_school_is_named_and_no_small_number_printed(county: Site) -> None:
    term(FIRST, GULOU, (*STEADY, 12))
    assert "鼓楼区" not in {row.where for row in cut(county, "320100").statistics.rows}, "beside it is a county of one"
    Report.objects.filter(day=DAY, school=ELSEWHERE).delete()
    Absence.objects.filter(day=DAY, school=ELSEWHERE).delete()
    reported(ELSEWHERE, XUANWU, DAY, 3)
    city = cut(county, "320100")
    told = [(row.where, row.group, row.observed, row.expected) for row in city.statistics.rows]
    assert told == [("鼓楼区", "发热", "13", "<3")]
    assert city.statistics.rest == "学校等下级的提示见下级简报。"
    assert "示例学校" not in str(city.statistics)


def test_other_years_are_compared_once_there_are_three(county: Site) -> None:
    term(FIRST, GULOU, (*STEADY, 1))
    for back in (1, 2, 3):
        for code in (FIRST, SECOND):
            term(code, GULOU, [1] * 25, date(DAY.year - back, 12, 8))
        if back == 2:
            assert not cut(county).statistics.years
    # two weeks of three a day: the days themselves are no longer unusual, the week is
    for day in weekdays(DAY, 12):
        Absence.objects.filter(day=day, school=FIRST).delete()
        Report.objects.filter(day=day, school=FIRST).delete()
        reported(FIRST, GULOU, day, 3)
    made = cut(county)
    assert made.statistics.years
    found = rows_of(made)["示例学校1"]
    assert (found.when, found.observed, found.expected, found.method) == ("近 7 日", "15", "5.0", "移动百分位 P80")


def test_a_site_may_leave_statistics_out(county: Site) -> None:
    term(FIRST, GULOU, (*STEADY, 12))
    assert cut(replace(county, policy=Policy(statistics=False))).statistics.rows == ()


def test_what_was_corrected_changes_the_series(county: Site) -> None:
    """A late report of an earlier day is an observed day from then on."""
    term(FIRST, GULOU, STEADY, DAY - timedelta(days=1))
    reported(FIRST, GULOU, DAY, 6)
    assert "示例学校1" in rows_of(cut(county))
    for day in weekdays(DAY - timedelta(days=1), 11):
        Absence.objects.filter(day=day, school=FIRST).delete()
        Report.objects.filter(day=day, school=FIRST).delete()
        reported(FIRST, GULOU, day, 6)
    assert "示例学校1" not in rows_of(cut(county))


def test_a_day_counted_before_series_were_kept_is_a_gap(county: Site) -> None:
    term(FIRST, GULOU, (*STEADY, 12))
    kept()
    CountyDay.objects.update(schools={})
    book = digest_facts.book(county, DAY, NOW)
    assert statistics.of_digest(book.statistics, book.places[GULOU], ()).schools == ()
