"""EARS C1, C2 and C3 on school days.

Definitions: Hutwagner L, Thompson W, Seeman GM, Treadwell T. The bioterrorism preparedness and response Early
Aberration Reporting System (EARS). J Urban Health 2003;80(2 Suppl 1):i89–i96. The formulas as written out by Fricker
RD, Hegler BL, Dunfee DA, Stat Med 2008;27:3407–3429, and in the manual of `earsC` (R package `surveillance`; Salmon,
Schumacher, Höhle, J Stat Softw 2016;70(10)):

- C1(t) = (Y(t) − mean) ÷ sd of the seven values before t; unusual above 3.
- C2(t): the same with the baseline two values further back, t−9 … t−3; unusual above 3.
- C3(t) = Σ max(0, C2(i) − 1) for i = t, t−1, t−2; unusual above 2.

sd has n − 1 below. Where a baseline hardly varies, sd is taken as `LEAST_SD` (`minSigma` of `earsC`, whose manual
passes on H. Burkom's advice of 0.5 or 1 for sparse counts): after seven zeros, four new cases are unusual, not one.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from pipeline.statistics.values import Comparison, Method

BASELINE = 7
LAG = 2
SUMMED = 3  # values that C3 adds up
Z = 3.0
C3_LIMIT = 2.0
LEAST_SD = 1.0


def ears(counts: Sequence[int]) -> tuple[Comparison, ...]:
    """Compare the last of `counts` (school days that were observed, oldest first) with those before it.

    C1 needs 8 of them, C2 10, C3 12: a method that has fewer is left out.
    """
    found = []
    if len(counts) > BASELINE:
        expected, deviation = baseline(counts, 0)
        found.append(Comparison(Method.C1, counts[-1], expected, expected + Z * deviation))
    if len(counts) > BASELINE + LAG:
        expected, deviation = baseline(counts, LAG)
        found.append(Comparison(Method.C2, counts[-1], expected, expected + Z * deviation))
        if len(counts) >= BASELINE + LAG + SUMMED:
            # C3 > 2 solved for today's count, whose own part is C2 − 1
            before = sum(_over(counts[:-back]) for back in range(1, SUMMED))
            limit = expected + (1 + C3_LIMIT - before) * deviation
            found.append(Comparison(Method.C3, counts[-1], expected, limit))
    return tuple(found)


def baseline(counts: Sequence[int], lag: int, least_sd: float = LEAST_SD) -> tuple[float, float]:
    """Return mean and standard deviation of the seven values that end `lag` before the last but one."""
    values = counts[len(counts) - 1 - lag - BASELINE : len(counts) - 1 - lag]
    mean = sum(values) / BASELINE
    return mean, max(sqrt(sum((value - mean) ** 2 for value in values) / (BASELINE - 1)), least_sd)


def _over(counts: Sequence[int]) -> float:
    mean, deviation = baseline(counts, LAG)
    return max(0.0, (counts[-1] - mean) / deviation - 1)
