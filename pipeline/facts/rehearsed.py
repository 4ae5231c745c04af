"""A set of rules tried on the days that are kept, beside what was issued on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from pipeline.alerts import past
from pipeline.alerts.load import REMEMBERED
from pipeline.alerts.past import IssuedAlert
from pipeline.alerts.rehearse import Trial, rehearse
from pipeline.alerts.verdicts import Fate, Verdict, fates
from pipeline.database import sql
from pipeline.database.models import Unit
from pipeline.database.transactions import read_only
from pipeline.model import UnitKind
from pipeline.registry import lookup
from pipeline.rules import Rules
from pipeline.schooldays import ZONE, today

BATCH = 200  # schools at a time
LATE = timedelta(days=60)  # rows of so long before the first day may still have come within it


@dataclass(frozen=True, slots=True)
class Pair:
    """A warning by the rules on trial, as issued, or both. `rule`: that opened it on trial."""

    trial: Trial | None
    issued: IssuedAlert | None
    fate: Fate | None

    @property
    def subject(self) -> Trial | IssuedAlert:
        """The warning as it is on trial, else as it was issued."""
        return next(one for one in (self.trial, self.issued) if one)

    @property
    def days_later(self) -> int | None:
        """Days by which the rules on trial warn later than was warned (negative: earlier); None unless both did."""
        if self.trial is None or self.issued is None:
            return None
        return (today(self.trial.opened_at) - today(self.issued.opened_at)).days


@dataclass(frozen=True, slots=True)
class DayCount:
    """Warnings of one day and county: by the rules on trial, as issued, in both, new and gone.

    A warning in both counts on its day on trial, among the issued on its day of issue.
    """

    day: date
    division: str
    tried: int
    issued: int
    both: int
    new: int
    gone: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Everything the rules would have warned of from one day to another, and everything that was issued then."""

    pairs: tuple[Pair, ...]

    def days(self) -> list[DayCount]:
        """Return the counts by day and county, ascending."""
        tried, issued, both, new, gone = (Counter[tuple[date, str]]() for _ in range(5))
        for one in self.pairs:
            if one.trial is not None:
                place = (today(one.trial.opened_at), one.trial.division)
                tried[place] += 1
                (both if one.issued else new)[place] += 1
            if one.issued is not None:
                place = (today(one.issued.opened_at), one.issued.division)
                issued[place] += 1
                gone[place] += one.trial is None
        places = sorted({*tried, *issued})
        return [DayCount(*at, tried[at], issued[at], both[at], new[at], gone[at]) for at in places]

    def ruled(self, pairs: Iterable[Pair]) -> tuple[int, int]:
        """Return how many of these were confirmed later, and of how many the county decided."""
        verdicts = Counter(one.fate.verdict for one in pairs if one.fate)
        return verdicts[Verdict.CONFIRMED], verdicts[Verdict.CONFIRMED] + verdicts[Verdict.EXCLUDED]

    @property
    def both(self) -> list[Pair]:
        return [one for one in self.pairs if one.trial and one.issued]

    @property
    def new(self) -> list[Pair]:
        return [one for one in self.pairs if one.issued is None]

    @property
    def gone(self) -> list[Pair]:
        return [one for one in self.pairs if one.trial is None]


def rehearsal(
    rules: Rules, first: date, last: date, unit: str = "", advance: Callable[[int], None] = lambda _: None
) -> Rehearsal:
    """Try rules on what was known on each day from first to last, of a school, a division and below, or all.

    Begins some months before, so that the episodes of the first day are there. Reads only, as of its beginning.
    """
    with read_only():
        pairs: list[Pair] = []
        for schools in _schools(unit):
            pairs += _pairs(schools, rules, first, last)
            advance(len(schools))
        return Rehearsal(tuple(sorted(pairs, key=_order)))


def number_of_schools(unit: str) -> int:
    """Return how many schools a rehearsal goes through."""
    return sum(map(len, _schools(unit)))


def _schools(unit: str) -> Iterator[list[str]]:
    rows = Unit.objects.filter(kind=UnitKind.SCHOOL).order_by("code")
    if unit:
        places = lookup.tree(()).below(unit)
        rows = rows.filter(division__in=places) if places else rows.filter(code=unit)
    codes = list(rows.values_list("code", flat=True))
    for start in range(0, len(codes), BATCH):
        yield codes[start : start + BATCH]


def _pairs(schools: Sequence[str], rules: Rules, first: date, last: date) -> list[Pair]:
    begin, end = _midnight(first), _midnight(last + timedelta(days=1))
    since = begin - REMEMBERED
    days = sql.each_day(min(today(since) - LATE, first - timedelta(days=rules.long_reach)), last)
    found: list[tuple[Trial | None, IssuedAlert | None]] = []
    for one in past.load(schools, days, since, end):
        issued = {alert.id: alert for alert in one.issued}
        trials = rehearse(one, rules)
        found += [(trial, issued.pop(trial.alert, None)) for trial in trials]
        found += [(None, alert) for alert in issued.values()]
    wanted = [pair for pair in found if any(one and begin <= one.opened_at for one in pair)]
    known = fates([alert.id for _, alert in wanted if alert])
    return [Pair(trial, alert, known.get(alert.id) if alert else None) for trial, alert in wanted]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE)


def _order(pair: Pair) -> tuple[datetime, str, str]:
    return pair.subject.opened_at, pair.subject.school, pair.issued.id if pair.issued else ""
