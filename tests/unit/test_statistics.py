"""EARS and the moving percentile: published values, an independent slow version, and what counts as a day."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import NormalDist, mean, quantiles, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.statistics import Comparison, Method
from pipeline.statistics.ears import baseline, ears
from pipeline.statistics.percentile import percentile, spans
from pipeline.statistics.unusual import recent, unusual

DAY = date(2026, 11, 20)  # a Friday
STEADY = [2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 2]


def by_method(found: Sequence[Comparison]) -> dict[str, Comparison]:
    return {one.method.value: one for one in found}


def school_days(counts: Sequence[int], last: date = DAY) -> dict[date, int]:
    """The counts on weekdays, the last one on `last`."""
    days = [day for day in (last - timedelta(days=n) for n in range(2 * len(counts) + 5)) if day.weekday() < 5]
    return dict(zip(days, reversed(counts), strict=False))


# --------------------------------------------------------------------------- EARS


def test_the_upper_bound_is_the_one_the_package_surveillance_publishes() -> None:
    # weekly reports of S. Newport in Germany, 2010-W47 to 2011-W03 (data set salmNewport); upper bounds of C1 with
    # alpha 0.05 as its tests state them (surveillance 1.24, tests/testthat/test-earsC.R)
    counts = [1, 1, 1, 3, 3, 1, 2, 1, 0, 3, 3]
    z = NormalDist().inv_cdf(0.95)
    found = []
    for last in range(8, len(counts) + 1):
        expected, deviation = baseline(counts[:last], 0, least_sd=0)
        found.append(expected + z * deviation)
    assert found == pytest.approx([3.278854, 3.278854, 3.436517, 3.855617], abs=1e-6)


def _slow(counts: Sequence[int]) -> dict[str, tuple[float, float]]:
    """The definitions of Fricker et al. 2008, day by day from the index, with `minSigma` 1: (statistic, expected)."""
    t = len(counts) - 1

    def standard(day: int, first: int, last: int) -> tuple[float, float]:
        past = [counts[i] for i in range(day - first, day - last + 1)]
        return (counts[day] - mean(past)) / max(stdev(past), 1.0), mean(past)

    found = {}
    if t >= 7:
        found["C1"] = standard(t, 7, 1)
    if t >= 9:
        found["C2"] = standard(t, 9, 3)
    if t >= 11:
        c3 = sum(max(0.0, standard(i, 9, 3)[0] - 1) for i in (t, t - 1, t - 2))
        found["C3"] = (c3, standard(t, 9, 3)[1])
    return found


@given(st.lists(st.integers(0, 30), max_size=25))
def test_what_exceeds_is_what_the_definitions_say(counts: list[int]) -> None:
    fast, slow = by_method(ears(counts)), _slow(counts)
    assert fast.keys() == slow.keys()
    for method, (statistic, expected) in slow.items():
        limit = 2 if method == "C3" else 3
        assert fast[method].expected == pytest.approx(expected)
        if abs(statistic - limit) > 1e-9:
            above = counts[-1] > expected
            assert fast[method].exceeds == (statistic > limit and above)


def test_each_method_needs_its_days() -> None:
    assert [len(ears(STEADY[:n])) for n in (7, 8, 9, 10, 11, 12)] == [0, 1, 1, 2, 2, 3]


def test_after_seven_zeros_three_cases_are_usual_and_four_are_not() -> None:
    three, four = (by_method(ears([0] * 7 + [n]))["C1"] for n in (3, 4))
    assert (three.exceeds, four.exceeds) == (False, True)
    assert four.limit == 3.0


def test_a_slow_rise_is_seen_by_c2_when_c1_has_swallowed_it() -> None:
    found = by_method(ears([*STEADY, 4, 6, 7]))
    assert not found["C1"].exceeds
    assert found["C2"].exceeds


def test_three_days_just_below_are_too_much_together() -> None:
    found = by_method(ears([2, 2, 2, 2, 2, 2, 2, 2, 2, 4, 4, 5]))
    assert not found["C2"].exceeds
    assert found["C3"].exceeds


# --------------------------------------------------------------------------- days


def test_a_gap_is_no_zero_and_no_day() -> None:
    whole = school_days([*STEADY, 9])
    gap = {day: n for day, n in whole.items() if day != DAY - timedelta(days=3)}
    assert len(recent(gap, DAY)) == len(recent(whole, DAY)) - 1
    assert 0 not in recent(gap, DAY)


def test_weekends_and_holidays_are_no_days() -> None:
    october = {date(2026, 10, 9): 3} | school_days(STEADY, date(2026, 9, 30))
    assert recent(october, date(2026, 10, 9)) == [*STEADY, 3]


def test_a_baseline_from_before_the_winter_break_is_none() -> None:
    spring = {date(2027, 3, 1): 9} | school_days(STEADY, date(2027, 1, 22))
    assert unusual(spring, date(2027, 3, 1), "FEV") == ()


def test_a_day_that_was_not_observed_says_nothing() -> None:
    assert unusual(school_days([*STEADY, 9, 9], DAY - timedelta(days=1)), DAY, "FEV") == ()


@pytest.mark.parametrize("newest", range(3))
def test_fewer_than_three_cases_are_never_named(newest: int) -> None:
    assert unusual(school_days([0] * 14 + [newest]), DAY, "FEV") == ()


def test_an_outbreak_is_named_with_its_numbers() -> None:
    found = by_method(unusual(school_days([*STEADY, 12]), DAY, "FEV"))
    assert set(found) == {"C1", "C2", "C3"}
    assert found["C1"].observed == 12
    assert found["C1"].expected == pytest.approx(mean(STEADY[-7:]))


# --------------------------------------------------------------------------- the moving percentile


def years(n: int, a_day: Mapping[int, int], now: int) -> dict[date, int]:
    """A term of weekdays before DAY of this year and n earlier ones; `a_day`: years back → cases a day, else `now`."""
    found = {}
    for back in range(n + 1):
        last = date(DAY.year - back, 12, 20) if back else DAY
        day = date(DAY.year - back, 9, 10)
        while day <= last:
            if day.weekday() < 5:
                found[day] = a_day[back] if back else now
            day += timedelta(days=1)
    return found


def test_a_week_above_the_percentile_of_other_years_is_named() -> None:
    history = years(4, {1: 2, 2: 3, 3: 4, 4: 2}, now=6)
    found = percentile(history, DAY, 80)
    # 20 blocks: ten of 2 a day, five of 3, five of 4; a week of five days
    past = [2] * 10 + [3] * 5 + [4] * 5
    eighty = quantiles(past, n=5, method="inclusive")[3]
    assert found == Comparison(Method.PERCENTILE, 30, pytest.approx(5 * 2.5), pytest.approx(5 * eighty))
    assert found is not None
    assert found.exceeds
    assert Method.PERCENTILE in {one.method for one in unusual(history, DAY, "D02")}


def test_a_usual_week_is_not_named() -> None:
    found = percentile(years(4, {1: 2, 2: 3, 3: 4, 4: 2}, now=2), DAY, 80)
    assert found is not None
    assert not found.exceeds


@pytest.mark.parametrize(("n", "compared"), [(0, False), (1, False), (2, False), (3, True), (5, True)])
def test_fewer_than_three_years_are_no_history(n: int, compared: bool) -> None:
    history = years(n, dict.fromkeys(range(1, 6), 2), now=6)
    assert (percentile(history, DAY, 80) is not None) == compared


def test_a_holiday_in_another_year_does_not_halve_its_week() -> None:
    history = years(3, {1: 4, 2: 4, 3: 4}, now=4)
    short = {
        day: n for day, n in history.items() if (day.year, day.month, day.day) not in {(2025, 11, 20), (2025, 11, 21)}
    }
    assert percentile(short, DAY, 80) == percentile(history, DAY, 80)


def test_the_days_compared_are_of_the_same_weekdays_near_the_same_date() -> None:
    for day in (DAY, date(2028, 2, 29), date(2026, 1, 2)):
        for back, (first, last) in enumerate(spans(day), 1):
            assert (last - first).days == 34
            assert last.weekday() == day.weekday()
            same = date(day.year - back, day.month, min(day.day, 28) if day.month == 2 else day.day)
            assert abs((last - timedelta(days=14) - same).days) <= 3


def test_a_disease_has_its_own_percentile() -> None:
    # seven cases a day beside years of 6, 8 and 8: above the fiftieth percentile of all, not above the ninetieth
    history = years(3, {1: 6, 2: 6, 3: 8}, now=7)
    named = {group: {one.method for one in unusual(history, DAY, group)} for group in ("D14", "D09")}
    assert Method.PERCENTILE in named["D14"]
    assert Method.PERCENTILE not in named["D09"]
