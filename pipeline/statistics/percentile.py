"""The moving percentile of 国家传染病自动预警系统 (CIDARS), on school days.

The cases of the last seven days are compared with those of the same seven days, and of the two blocks of seven days
before and after, in the three to five years before (杨维中 主编《传染病预警理论与实践》, 2012; Yang W et al., J Public
Health 2011). By how much differs by disease: the percentiles below are those that 孙乔 et al. 2011 found best (signals
12.2 % fewer, none of consequence lost); P80 for all others, CIDARS's first setting.

Ours, because schools have holidays: a year's block begins on the same weekday, nearest to the same date; a block
counts by its cases per school day observed, and needs three of them; a year needs three of its five blocks, and there
must be three such years. Where all blocks have equal days, this is the published method. Percentiles are interpolated
linearly, as a spreadsheet does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from pipeline.statistics.values import Comparison, Method, Series

BLOCK = 7  # days
BESIDE = 2  # blocks before and after the same one
YEARS_MOST, YEARS_LEAST = 5, 3
DAYS_LEAST = 3  # school days observed, for a block to count
BLOCKS_LEAST = 3  # of a year, for the year to count

USUAL = 80
_BY_GROUP = {
    "D14": 50,  # 细菌性痢疾
    "D34": 60,  # 其他感染性腹泻病
    "D08": 60,  # 流行性腮腺炎
    "D15": 70,  # 甲肝, 戊肝 (of the two percentiles, 70 and 90, the more sensitive)
    "D02": 70,  # 流行性感冒
    "D07": 70,  # 风疹
    "D09": 90,  # 猩红热
    "D17": 90,  # 伤寒副伤寒
    "D12": 90,  # 急性出血性结膜炎
    "D18": 90,  # 流行性脑脊髓膜炎
    "D22": 90,  # 登革热
}


def percent_of(group: str) -> int:
    """Return the percentile by which a group is judged."""
    return _BY_GROUP.get(group, USUAL)


def spans(day: date) -> list[tuple[date, date]]:
    """Return the days, both ends included, whose counts are compared with the week that ends with `day`: a span a
    year, nearest first.
    """
    found = []
    for end in _same_days(day):
        beside = timedelta(days=BLOCK * BESIDE)
        found.append((end - beside - timedelta(days=BLOCK - 1), end + beside))
    return found


def percentile(series: Series, day: date, percent: int) -> Comparison | None:
    """Compare the seven days that end with `day` with other years'; None where there is too little to compare."""
    now = _block(series, day)
    if day not in series or len(now) < DAYS_LEAST:
        return None
    years = [blocks for blocks in _years(series, day) if len(blocks) >= BLOCKS_LEAST]
    if len(years) < YEARS_LEAST:
        return None
    past = sorted(rate for blocks in years for rate in blocks)
    expected, limit = (len(now) * _quantile(past, share / 100) for share in (50, percent))
    return Comparison(Method.PERCENTILE, sum(now), expected, limit)


def _years(series: Series, day: date) -> Iterator[list[float]]:
    """Of each year, the cases per school day in those of its blocks that count."""
    for end in _same_days(day):
        ends = [end + timedelta(days=BLOCK * n) for n in range(-BESIDE, BESIDE + 1)]
        blocks = [_block(series, one) for one in ends]
        yield [sum(block) / len(block) for block in blocks if len(block) >= DAYS_LEAST]


def _same_days(day: date) -> Iterator[date]:
    for back in range(1, YEARS_MOST + 1):
        try:
            same = day.replace(year=day.year - back)
        except ValueError:  # 29 February
            same = day.replace(year=day.year - back, day=28)
        yield same + timedelta(days=(day.weekday() - same.weekday() + 3) % 7 - 3)


def _block(series: Series, end: date) -> list[int]:
    days = (end - timedelta(days=n) for n in range(BLOCK))
    return [series[one] for one in days if one in series]


def _quantile(ascending: Sequence[float], share: float) -> float:
    at = share * (len(ascending) - 1)
    low = int(at)
    high = min(low + 1, len(ascending) - 1)
    return ascending[low] + (at - low) * (ascending[high] - ascending[low])
