"""Some days of a division, read day by day as its digests count them: how schools reported, who is to be named."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from gettext import gettext as say

from pipeline import schooldays
from pipeline.database import sql
from pipeline.database.models import Alert, Closure
from pipeline.errors import UsageError
from pipeline.facts import county_day, small_counts
from pipeline.facts.county_day import CountedSchool
from pipeline.figures import periods
from pipeline.figures.count_network import ILL
from pipeline.figures.county import CountyFigures
from pipeline.figures.duty import DAY_OFF, SILENT, StatusCounts
from pipeline.figures.periods import Period, PeriodLine, PeriodTable, SchoolConduct
from pipeline.figures.suppression import Suppression
from pipeline.model import Level, Policy, State
from pipeline.registry import lookup, statements
from pipeline.schooldays import VOID_CLOSURES, today
from pipeline.turns import context
from pipeline.units import Scope, Tree

MOST_DAYS = 92  # a term's half: each day is counted anew
_OWED_NOT = {StatusCounts.CLOSED, *DAY_OFF}

Advance = Callable[[int], None]


def days_over(first: date | None, last: date | None, now: datetime, until: str) -> tuple[date, ...]:
    """Return the days asked for whose time has passed; from Monday, up to now, where nothing is said.

    `until`: the time, HH:MM, by which a day's reports are due. Raises UsageError if there are none, or too many.
    """
    this = today(now)
    over = this if now >= schooldays.deadline(this, until) else this - timedelta(days=1)
    end = min(last or over, over)
    begin = first or end - timedelta(days=end.weekday())
    found = tuple(begin + timedelta(days=n) for n in range((end - begin).days + 1))
    if not found:
        said = say("no day from {begin} to {end} is over: nobody is late before {until}")
        raise UsageError(said.format(begin=begin, end=last or over, until=until))
    if len(found) > MOST_DAYS:
        raise UsageError(
            say("{begin} to {end}: at most {most} days at once").format(begin=begin, end=end, most=MOST_DAYS)
        )
    return found


def bulletin(scope: Scope, days: Sequence[date], least: int, advance: Advance) -> PeriodTable:
    """The schools of a division that were silent, late or wrong on `least` of the days or more."""
    counties = _counties(scope, lookup.tree())
    known: dict[str, CountedSchool] = {}
    due: Counter[str] = Counter()
    silent: dict[str, list[date]] = defaultdict(list)
    late: dict[str, list[date]] = defaultdict(list)
    for day, school in _schools(days, counties, advance):
        code, standing = school.day.code, school.day.standing
        known[code] = school
        due[code] += standing not in _OWED_NOT
        if standing in SILENT:
            silent[code].append(day)
        elif standing is StatusCounts.LATE:
            late[code].append(day)
    returned = _returned(days, known)
    names = lookup.names({*counties, scope.code})
    schools = [
        SchoolConduct(
            code=code,
            name=one.day.name,
            county=names.get(one.county, ""),
            holder=one.holder,
            phone=one.phone,
            due=due[code],
            silent=tuple(silent[code]),
            late=tuple(late[code]),
            returned=tuple(returned[code]),
        )
        for code, one in sorted(known.items())
        if due[code] or returned[code]
    ]
    year = max((one.assumed for one in known.values()), default=0)
    about = Period(scope.code, names.get(scope.code, ""), days[0], days[-1], year)
    return periods.bulletin(about, schools, least, below=len(counties) > 1)


def summary(scope: Scope, days: Sequence[date], policy: Policy, advance: Advance) -> PeriodTable:
    """How a division reported, and how many were ill: by school for a county, by county and city above it."""
    if scope.level is Level.COUNTY:
        return _of_county(scope, days, advance)
    return _above(scope, days, policy.small_count, advance)


def _of_county(scope: Scope, days: Sequence[date], advance: Advance) -> PeriodTable:
    standings: dict[str, Counter[StatusCounts]] = defaultdict(Counter)
    ill: Counter[str] = Counter()
    known: dict[str, CountedSchool] = {}
    whole = 0
    counties = _counties(scope, lookup.tree())
    for _, school in _schools(days, counties, advance):
        known[school.day.code] = school
        standings[school.day.code][school.day.standing] += 1
    for day in days:
        for one in county_day.count(day, counties).values():
            whole += one.figures.ill
            ill.update({line.code: line.ill for line in one.with_ill})
    alerts, closures = _alerts(scope, days), _closures(scope, days)
    lines = [
        PeriodLine(code, one.day.name, standings[code], ill[code], alerts.school[code], closures.school[code])
        for code, one in sorted(known.items())
    ]
    place = lookup.names([scope.code]).get(scope.code, "")
    about = Period(scope.code, place, days[0], days[-1], max((one.assumed for one in known.values()), default=0))
    return periods.summary(about, [*lines, periods.summed(scope.code, place, lines, whole)])


def _above(scope: Scope, days: Sequence[date], small: int, advance: Advance) -> PeriodTable:
    """The lines of a city or the province. A place whose 因病 is left out of the papers of one of the days has none of
    the days together either: the other days are printed, and would give it away.
    """
    tree = lookup.tree()
    counties = _counties(scope, tree)
    sums = _Sums()
    year = 0
    for day in days:
        then = lookup.tree(day=day)
        counted, hidden = small_counts.count(day, then, _counties(scope, then), small)
        sums.take({code: one.figures for code, one in counted.items()}, hidden, scope, tree)
        year = max(year, *(one.assumed for one in counted.values()), 0)
        advance(1)
    names = lookup.names({*counties, *scope.divisions})
    alerts, closures = _alerts(scope, days).division, _closures(scope, days).division
    by_county = {
        code: PeriodLine(code, names.get(code, ""), sums.standings[code], sums.said(code), alerts[code], closures[code])
        for code in sorted(sums.standings)
    }
    lines: list[PeriodLine] = []
    for place in _places(scope, tree):
        mine = [line for code, line in by_county.items() if place == code or place in tree.chain(code)]
        if place in by_county:
            lines.append(by_county[place])
        elif mine:
            lines.append(periods.summed(place, names.get(place, ""), mine, sums.said(place)))
    about = Period(scope.code, names.get(scope.code, ""), days[0], days[-1], year)
    return periods.summary(about, lines, small)


@dataclass(slots=True)
class _Sums:
    """The days of places above county, added up."""

    standings: dict[str, Counter[StatusCounts]] = field(default_factory=lambda: defaultdict(Counter))
    ill: Counter[str] = field(default_factory=Counter)
    hidden: set[str] = field(default_factory=set)

    def take(self, figures: Mapping[str, CountyFigures], hidden: Suppression, scope: Scope, tree: Tree) -> None:
        today_ill: Counter[str] = Counter()
        for code, one in figures.items():
            self.standings[code].update({status: getattr(one, status.value) for status in StatusCounts})
            for place in {code, *tree.chain(code)} & scope.divisions:
                today_ill[place] += one.ill
        self.ill.update(today_ill)
        self.hidden |= {place for place, n in today_ill.items() if n and not hidden.shows(place, ILL)}

    def said(self, place: str) -> int | None:
        return None if place in self.hidden else self.ill[place]


# --------------------------------------------------------------------------- reading


def _counties(scope: Scope, tree: Tree) -> list[str]:
    """The divisions of a reader in which schools lie."""
    lying = {division for code, division in tree.units.items() if code not in tree.organs}
    return sorted(lying & scope.divisions)


def _places(scope: Scope, tree: Tree) -> list[str]:
    """A reader's divisions from below: counties of a city, the city, …, the reader's own last."""
    return sorted(scope.divisions, key=lambda code: (*reversed(tree.chain(code)), "~"))


def _schools(days: Sequence[date], counties: Sequence[str], advance: Advance) -> Iterator[tuple[date, CountedSchool]]:
    """The schools of each day, since the site knows them."""
    calendar = context.calendar()
    for day in days:
        tree = lookup.tree(day=day)
        for start in range(0, len(counties), county_day.CHUNK):
            found = county_day.schools(day, counties[start : start + county_day.CHUNK], tree, calendar)
            mine = [one for schools in found.values() for one in schools]
            began = statements.first_known(one.day.code for one in mine)
            yield from ((day, one) for one in mine if day >= began.get(one.day.code, day))
        advance(1)


def _returned(days: Sequence[date], schools: Iterable[str]) -> dict[str, list[date]]:
    """The days of which something of a school's went back."""
    found: dict[str, list[date]] = defaultdict(list)
    mine = set(schools)
    for unit, day in sql.fetch(
        "SELECT DISTINCT unit, day FROM submission WHERE form = 'absence' AND day BETWEEN %s AND %s "
        "AND state IN (%s, %s) ORDER BY unit, day",
        (days[0].isoformat(), days[-1].isoformat(), State.PARTIAL.value, State.REJECTED.value),
    ):
        if unit in mine:
            found[unit].append(day if isinstance(day, date) else date.fromisoformat(day))
    return found


@dataclass(frozen=True, slots=True)
class _PlaceCounts:
    school: Counter[str]
    division: Counter[str]


def _alerts(scope: Scope, days: Sequence[date]) -> _PlaceCounts:
    rows = Alert.objects.filter(division__in=scope.divisions, opened_day__range=(days[0], days[-1]))
    return _counts(rows.values_list("school_id", "division"))


def _closures(scope: Scope, days: Sequence[date]) -> _PlaceCounts:
    begin, end = schooldays.day_bounds(days[0])[0], schooldays.day_bounds(days[-1])[1]
    rows = Closure.objects.filter(division__in=scope.divisions, start__gte=begin, start__lt=end)
    return _counts(rows.exclude(state__in=VOID_CLOSURES).values_list("school_id", "division"))


def _counts(rows: Iterable[tuple[str, str]]) -> _PlaceCounts:
    pairs = list(rows)
    return _PlaceCounts(Counter(school for school, _ in pairs), Counter(division for _, division in pairs))
