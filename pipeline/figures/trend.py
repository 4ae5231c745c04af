"""What a day is compared with: the school day before, the same weekday, the four weeks' norm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from pipeline.figures.county import CountyFigures, add
from pipeline.figures.facts import PaperDivision

CURVE_DAYS = 14
NORM_DAYS = 28


@dataclass(frozen=True, slots=True)
class Trend:
    """A place's days, summed over its counties: days without figures are not in `days`."""

    place: PaperDivision
    day: date
    days: Mapping[date, CountyFigures]

    @property
    def today(self) -> CountyFigures:
        return self.days.get(self.day) or CountyFigures(day=self.day, place=self.place.code)

    @property
    def before(self) -> CountyFigures | None:
        """The last day before today on which something was due and reported, at most two weeks ago."""
        back = (self._on(n) for n in range(1, CURVE_DAYS + 1))
        return next((f for f in back if f and f.ill_rate is not None), None)

    @property
    def week_ago(self) -> CountyFigures | None:
        found = self._on(7)
        return found if found and found.ill_rate is not None else None

    @property
    def curve(self) -> tuple[tuple[date, float | None], ...]:
        """因病缺课率 of 14 calendar days, today last; None (a gap) if nothing was due or no school reported."""
        past = [self.day - timedelta(days=n) for n in reversed(range(CURVE_DAYS))]
        return tuple((d, self.days[d].ill_rate if d in self.days else None) for d in past)

    @property
    def norm_rate(self) -> float | None:
        """Median 因病缺课率 of the four weeks before."""
        return _median([f.ill_rate for f in self._norm_days()])

    @property
    def norm_report_rate(self) -> float | None:
        """Median 报告率 of the four weeks before, of all days on which something was due: nobody is 0."""
        return _median([f.report_rate for f in self._past()])

    def norm_symptoms(self) -> Mapping[str, float]:
        """Mean pupils a day per symptom over the four weeks' days that had reports; empty without such a day."""
        past = self._norm_days()
        sums: Counter[str] = Counter()
        for figures in past:
            sums.update(figures.symptoms)
        return {code: n / len(past) for code, n in sums.items()}

    def _norm_days(self) -> list[CountyFigures]:
        return [f for f in self._past() if f.ill_rate is not None]

    def _past(self) -> list[CountyFigures]:
        return [f for f in (self._on(n) for n in range(1, NORM_DAYS + 1)) if f]

    def _on(self, days_ago: int) -> CountyFigures | None:
        return self.days.get(self.day - timedelta(days=days_ago))


def _median(found: list[float | None]) -> float | None:
    known = [f for f in found if f is not None]
    return median(known) if known else None


def trend(place: PaperDivision, day: date, kept: Mapping[str, Mapping[date, CountyFigures]]) -> Trend:
    """Sum a place's counties day by day. If one county has no figures of a day, the sum is that of the others."""
    days: dict[date, list[CountyFigures]] = {}
    for county in place.counties:
        for when, figures in kept.get(county, {}).items():
            days.setdefault(when, []).append(figures)
    return Trend(place, day, {when: add(when, place.code, parts) for when, parts in sorted(days.items())})
