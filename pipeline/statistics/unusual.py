"""Which comparisons of a series are worth a line."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from pipeline.statistics.ears import ears
from pipeline.statistics.percentile import percent_of, percentile
from pipeline.statistics.values import Comparison, Series

LEAST = 3  # new cases: fewer are no matter for statistics
REACH = 28  # days back in which a day may belong to a baseline: not from before a winter break


def unusual(series: Series, day: date, group: str) -> tuple[Comparison, ...]:
    """Return the comparisons of `day` that exceed their limit, of at least `LEAST` new cases.

    Nothing for a day that is not in the series. What too few days are known for is left out.
    """
    if series.get(day, 0) < LEAST and _week(series, day) < LEAST:
        return ()
    week = percentile(series, day, percent_of(group))
    found = (*ears(recent(series, day)), *([week] if week else []))
    return tuple(one for one in found if one.exceeds and one.observed >= LEAST)


def recent(series: Series, day: date) -> list[int]:
    """The counts of the observed days of the last weeks, `day` last; nothing if it was not observed itself."""
    if day not in series:
        return []
    return [series[one] for one in _days_to(day, REACH + 1) if one in series]


def _week(series: Series, day: date) -> int:
    return sum(series.get(one, 0) for one in _days_to(day, 7))


@lru_cache(maxsize=64)  # asked of every series
def _days_to(day: date, many: int) -> tuple[date, ...]:
    """So many days, `day` last."""
    return tuple(day - timedelta(days=n) for n in range(many - 1, -1, -1))
