"""Loads what the assessment of a few schools needs: their rows on the days that decide, and their alerts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from pipeline import warn as core
from pipeline.alert_state import AlertState
from pipeline.alerts import class_rolls
from pipeline.alerts.class_rolls import CampusKey
from pipeline.database import sql
from pipeline.database.models import Alert, AlertCase, AlertHit, RaisedAlert, Todo
from pipeline.model import Reason, TestResult, TodoKind
from pipeline.registry import lookup
from pipeline.rules import Case, Condition, Key, Member, Rules, Stage, Told
from pipeline.rules.rooms import Joined
from pipeline.rules.windows import Spans, Window, affected, needed
from pipeline.schooldays import Calendar, school_year, today
from pipeline.turns import context

REMEMBERED = timedelta(days=120)  # an alert closed so long ago no longer explains a condition
_STEP = 14  # days: reads that go further back do so in steps, so that few schools need a query of their own
_ILL = Reason.ILL  # looked up once, not for every row


@dataclass(slots=True)
class Job:
    """One school of a batch: which days changed, and by which settled_seq."""

    days: set[date] = field(default_factory=set)
    settled: int = 0


def jobs_of(todos: Iterable[tuple[int, str, date, int]]) -> dict[str, Job]:
    """Gather todos, each (id, school, day, settled), by school."""
    jobs: dict[str, Job] = {}
    for _, school, day, settled in todos:
        job = jobs.setdefault(school, Job())
        job.days.add(day)
        job.settled = max(job.settled, settled)
    return jobs


def unassessed(schools: Iterable[str]) -> frozenset[str]:
    """Return those of these schools with settled changes that warnings have not assessed yet."""
    todos = Todo.objects.filter(kind=TodoKind.WARN, code__in=set(schools))
    return frozenset(todos.values_list("code", flat=True))


UNDONE = frozenset({AlertState.EXCLUDED, AlertState.VOID})
"""The states of alerts whose deaths do not count."""


def _home(alert: Alert) -> str:
    """The alert that holds what was said of one: itself, or the one that it joined."""
    return core.merged_into(alert.close_reason) or alert.id


@dataclass(frozen=True, slots=True)
class CampusEpisodes:
    """The schools of a batch, by campus."""

    cases: Mapping[CampusKey, list[Case]]
    rolls: Mapping[CampusKey, dict[str, int | None]]
    alerts: Mapping[CampusKey, list[Alert]]
    hits: Mapping[str, dict[Key, Condition]]
    listed: Mapping[str, dict[str, core.EpisodeCase]]  # the cases of each alert, by pupil
    chains: Mapping[str, tuple[str, ...]]  # school → its code and its divisions, narrowest first
    spans: Mapping[str, Spans]
    of_long: Mapping[CampusKey, list[Case]]  # the rows of diseases that long windows ask about
    calendar: Calendar  # with the terms, if there are any such rows
    raised: Mapping[CampusKey, list[Told]]  # what people raised
    joined: Mapping[CampusKey, Joined]  # classes that others took in

    def told(self, place: CampusKey) -> list[Told]:
        """Return what people said of a campus: what they raised, and deaths by the answers to its alerts."""
        dead = (alert for alert in self.alerts.get(place, ()) if alert.deaths and alert.state not in UNDONE)
        said = [
            Told(
                one.opened_day, one.group, one.scope, deaths=one.deaths, alert=_home(one), also=tuple(one.also.split())
            )
            for one in dead
        ]
        return [*self.raised.get(place, ()), *said]

    def term_began(self, school: str, day: date) -> date:
        """Return the first day of a day's term at a school."""
        return self.calendar.term_began(self.chains[school], day)


def load(jobs: Mapping[str, Job], rules: Rules, now: datetime) -> CampusEpisodes:
    """Load what the alerts of these schools are assessed by."""
    spans = {school: affected(job.days, rules) for school, job in jobs.items()}
    wanted = {school: needed(span, rules, today(now)) for school, span in spans.items()}
    schools = sorted(jobs)
    alerts = _alerts(schools, now)
    numbers = [alert.id for found in alerts.values() for alert in found]
    hits = _hits(numbers)
    near = {school: one for school, (one, _) in wanted.items()} | _longer(wanted, alerts, hits, rules)
    days = {day for job in jobs.values() for day in job.days}
    classes = class_rolls.load(schools, sorted({school_year(day) for day in days}))
    of_long = classes.by_first_name(
        _cases_of({school: far for school, (_, far) in wanted.items()}, sorted(rules.long_groups))
    )
    return CampusEpisodes(
        cases=classes.by_first_name(_cases(near)),
        rolls=classes.rolls_on(days),
        alerts=alerts,
        hits=hits,
        listed=_listed(numbers),
        chains=chains(schools),
        spans=spans,
        of_long=of_long,
        calendar=context.calendar() if of_long else Calendar(),
        raised=raised({school: span.near for school, span in spans.items()}),
        joined=classes.joined_by(today(now)),
    )


def _longer(
    wanted: Mapping[str, tuple[Window, Window]],
    alerts: Mapping[CampusKey, Sequence[Alert]],
    hits: Mapping[str, Mapping[Key, Condition]],
    rules: Rules,
) -> dict[str, Window]:
    """The days whose rows are read of schools with an alert that lists older cases than the rules ask about."""
    listed: dict[str, date] = {}
    for (school, _), mine in alerts.items():
        held = (hit for alert in mine if alert.closed_at is None for hit in hits.get(alert.id, {}).values())
        listed[school] = min(listed.get(school, date.max), core.listed_since(held, rules))
    found = {}
    for school, first in listed.items():
        near, _ = wanted[school]
        if first < near.first:
            steps = -((first - near.first).days // _STEP)
            found[school] = Window(near.first - timedelta(days=_STEP * steps), near.last)
    return found


def _cases(wanted: Mapping[str, Window]) -> dict[CampusKey, list[Case]]:
    """The rows of each school on its days. Nearly all need the same days: one query for each span."""
    schools: dict[Window, list[str]] = defaultdict(list)
    for school, span in wanted.items():
        schools[span].append(school)
    found: dict[CampusKey, list[Case]] = defaultdict(list)
    for span, mine in schools.items():
        for school, campus, *row in _rows(mine, sql.each_day(span.first, span.last)):
            found[school, campus].append(case_of(row))
    return found


def _cases_of(wanted: Mapping[str, Window], diseases: Sequence[str]) -> dict[CampusKey, list[Case]]:
    """The rows of a few rare diseases, however long ago: one query."""
    found: dict[CampusKey, list[Case]] = defaultdict(list)
    if diseases:
        span = Window(min(one.first for one in wanted.values()), max(one.last for one in wanted.values()))
        text = f"SELECT school, campus, {CASE_COLUMNS} FROM absence WHERE {ILL_OF}"  # nosec B608  # our own words
        rows = sql.fetch_in(text, diseases, sorted(wanted), [sql.day(span.first)], [sql.day(span.last)])
        for row in rows:
            found[row[:2]].append(case_of(row[2:]))
    return found


def raised(wanted: Mapping[str, Window]) -> dict[CampusKey, list[Told]]:
    """Return what people raised of these schools on their days."""
    found: dict[CampusKey, list[Told]] = defaultdict(list)
    for one in RaisedAlert.objects.filter(school__in=sorted(wanted)).order_by("id"):
        if wanted[one.school_id].holds(one.day):
            found[one.school_id, one.campus].append(told_by(one))
    return found


def told_by(one: RaisedAlert) -> Told:
    """Return what a person raised as the rules take it."""
    return Told(one.day, one.group, one.scope, rule=one.rule, n=one.n, alert=one.alert)


def _rows(schools: Sequence[str], days: Sequence[date]) -> list[tuple[Any, ...]]:
    # every single day by name, so that both databases seek (day, school) in the unique key and scan nothing. Dates as
    # text: there are few different ones, and Django's converter parses each again (half the time)
    return sql.fetch_in(f"SELECT school, campus, {CASE_COLUMNS} FROM absence WHERE {ILL}", days, schools)  # nosec B608  # our own words


CASE_COLUMNS = (
    "CAST(day AS TEXT), pupil, class_key, row_state, CAST(began AS TEXT), symptoms,"
    " CAST(temperature AS DOUBLE PRECISION), diagnosis, dorm,"
    " CASE WHEN admitted THEN 1 ELSE 0 END"
    f" + CASE WHEN test_result = '{TestResult.POSITIVE}' THEN 2 ELSE 0 END"
    " + CASE WHEN severe THEN 4 ELSE 0 END + CASE WHEN shared_meal THEN 8 ELSE 0 END"
)
"""What the rules see of a row, for `case_of`: the day of its case in place of the dates it is made of, and what is
nearly always blank as one number. Every column costs: a province's day reads half a million rows.
"""
ILL = f"day IN ? AND school IN ? AND reason = '{Reason.ILL}'"
"""The rows that count for warnings, for `sql.fetch_in` with days and schools."""

ILL_OF = (
    "diagnosis > '' AND diagnosis IN ? AND school IN ? AND CAST(day AS TEXT) >= ? AND CAST(day AS TEXT) <= ?"
    f" AND reason = '{Reason.ILL}'"
)
"""Those of some diseases, with the diseases, schools, first and last day (lists of one). It begins with the condition
of the index of rows that have a diagnosis, word for word: SQLite takes the index only then; and days as
texts, so that no index of days is taken.
"""


def case_of(row: Sequence[Any]) -> Case:
    """Return the columns of `CASE_COLUMNS` as the rules see them."""
    day, pupil, key, state, began, symptoms, temperature, diagnosis, dorm, more = row
    spell = _DAYS[began]
    return _new(
        Case,
        (_DAYS[day], pupil, key, state, spell, None, symptoms, temperature, diagnosis, dorm, _ILL, spell, *_MORE[more]),
    )


_new = tuple.__new__  # what a NamedTuple does, without the function that it does it by
_MORE = [tuple(bool(n & bit) for bit in (1, 2, 4, 8)) for n in range(16)]  # admitted, tested, severe, meal


class _Days(dict[str, date]):
    """Days by their texts: few different ones, by the hundred thousand."""

    def __missing__(self, text: str) -> date:
        day = self[text] = date.fromisoformat(text)
        return day


_DAYS = _Days()


def _alerts(schools: Sequence[str], now: datetime) -> dict[CampusKey, list[Alert]]:
    """The alerts that are open, or were recently, in the order of their numbers."""
    found: dict[CampusKey, list[Alert]] = defaultdict(list)
    mine = Alert.objects.filter(school__in=schools)
    for alert in [*mine.filter(closed_at__isnull=True), *mine.filter(closed_at__gte=now - REMEMBERED)]:
        found[alert.school_id, alert.campus].append(alert)
    for alerts in found.values():
        alerts.sort(key=lambda alert: (alert.opened_at, len(alert.id), alert.id))
    return found


def _hits(alerts: Sequence[str]) -> dict[str, dict[Key, Condition]]:
    found: dict[str, dict[Key, Condition]] = defaultdict(dict)
    for hit in AlertHit.objects.filter(alert_id__in=alerts, to_settled__isnull=True):
        members = tuple(Member(pupil, key, date.fromisoformat(onset)) for pupil, key, onset in hit.members)
        stage = Stage(hit.stage)
        met = Condition(hit.rule, stage, hit.group, hit.day, hit.scope, hit.n, hit.threshold, members)
        found[hit.alert_id][met.key] = met
    return found


def _listed(alerts: Sequence[str]) -> dict[str, dict[str, core.EpisodeCase]]:
    found: dict[str, dict[str, core.EpisodeCase]] = defaultdict(dict)
    cases = AlertCase.objects.filter(alert_id__in=alerts, to_settled__isnull=True).order_by("pupil")
    for case in cases:
        found[case.alert_id][case.pupil] = core.EpisodeCase(case.pupil, case.class_key, case.onset, case.diagnosis)
    return found


def chains(schools: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return by school its code and its divisions, narrowest first."""
    tree = lookup.tree(schools)
    return {school: tree.chain(school) for school in schools}


def episode_of(alert: Alert, hits: Mapping[Key, Condition], listed: Mapping[str, core.EpisodeCase]) -> core.Episode:
    """Return a stored alert as an episode with its hits and the cases it lists."""
    return core.Episode(
        id=alert.id,
        group=alert.group,
        stage=Stage(alert.stage),
        scope=alert.scope,
        opened_day=alert.opened_day,
        ends_after=alert.ends_after,
        first_onset=alert.first_onset,
        last_onset=alert.last_onset,
        also=tuple(alert.also.split()),
        hits=hits,
        cases=listed,
        state=AlertState(alert.state),
        closed=alert.closed_at is not None,
        reason=alert.close_reason,
        revision=alert.revision,
    )
