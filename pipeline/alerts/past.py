"""What was known at each moment at which warnings were assessed, and what people made of the alerts meanwhile.

A row stood as of a settled_seq if from_settled ≤ n < to_settled; its case then is what it was derived to be by then
(`case_past`). Rolls are those that the registry has now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from pipeline.alert_state import AlertState, AlertStep
from pipeline.alerts import class_rolls
from pipeline.alerts.class_rolls import RollRow, SchoolClasses
from pipeline.alerts.load import CASE_COLUMNS, ILL, case_of, chains
from pipeline.database import sql
from pipeline.database.models import Alert, AlertCase, AlertEvent, AssessedMoment, CasePast, RaisedAlert
from pipeline.rules import Case
from pipeline.schooldays import school_year
from pipeline.turns import context

Sickness = tuple[str, date]  # a pupil and the day of the case


@dataclass(frozen=True, slots=True)
class Version:
    """A row of one campus as it stood from one settled_seq to before another (None: still)."""

    campus: str
    case: Case
    since: int
    until: int | None


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything settled by `settled` was assessed; `events`: the id of the last event of any alert before."""

    settled: int
    at: datetime
    events: int


@dataclass(frozen=True, slots=True)
class PeoplesAct:
    """What did not follow from records: after it an alert was in this state. `sweep`: its end rule was met. `deaths`:
    how many died by what its answers said from then on, where that changed.
    """

    event: int
    alert: str
    at: datetime
    state: AlertState
    sweep: bool
    deaths: int | None = None


@dataclass(frozen=True, slots=True)
class IssuedAlert:
    """An alert as it was issued: the groups it has had, and all cases it ever held."""

    id: str
    school: str
    campus: str
    division: str
    opened_at: datetime
    groups: frozenset[str]
    stage: str
    sick: frozenset[Sickness]


@dataclass(frozen=True, slots=True)
class SchoolPast:
    """All that a rehearsal knows of one school. `chain`: its code and its divisions, narrowest first."""

    school: str
    chain: tuple[str, ...]
    versions: Sequence[Version]
    moments: Sequence[Moment]
    acts: Sequence[PeoplesAct]
    issued: Sequence[IssuedAlert]
    classes: SchoolClasses
    term_began: Callable[[date], date]  # by the calendar as it is now
    raised: Sequence[RaisedAlert]  # by people


def load(schools: Sequence[str], days: Sequence[date], since: datetime, until: datetime) -> list[SchoolPast]:
    """Load some schools: rows of these days, in order; moments and acts from `since` to before `until`."""
    versions = _versions(schools, days)
    moments = _moments(schools, since, until)
    issued = _issued(schools, since, until)
    acts = _acts(issued, until)
    rolls: dict[str, list[RollRow]] = defaultdict(list)
    for row in class_rolls.load(schools, sorted({school_year(day) for day in days})).rows:
        rolls[row.school].append(row)
    places, calendar = chains(schools), context.calendar()
    raised: dict[str, list[RaisedAlert]] = defaultdict(list)
    for one in RaisedAlert.objects.filter(school__in=schools).order_by("settled"):
        raised[one.school_id].append(one)
    mine: dict[str, list[IssuedAlert]] = defaultdict(list)
    for alert in issued:
        mine[alert.school].append(alert)
    return [
        SchoolPast(
            school,
            places[school],
            versions.get(school, ()),
            sorted([*moments[""], *moments.get(school, ())], key=lambda one: (one.at, one.settled, one.events)),
            [act for alert in mine[school] for act in acts.get(alert.id, ())],
            mine[school],
            class_rolls.of_rows(rolls[school]),
            partial(calendar.term_began, places[school]),
            raised[school],
        )
        for school in schools
    ]


# --------------------------------------------------------------------------- rows

_MOVED = ("to_settled", "began", "row_state")
_Key = tuple[str, str, date, str]  # school, campus, day, pupil


def _versions(schools: Sequence[str], days: Sequence[date]) -> dict[str, list[Version]]:
    moved = _moved(schools, days)
    found: dict[str, list[Version]] = defaultdict(list)
    here = f"SELECT school, campus, from_settled, NULL, {CASE_COLUMNS} FROM absence WHERE {ILL}"  # nosec B608  # our own words
    gone = (
        f"SELECT school, campus, from_settled, to_settled, {CASE_COLUMNS} FROM absence_past"  # nosec B608  # our own words
        f" WHERE {ILL} AND began IS NOT NULL"
    )
    for text in (here, gone):
        for school, campus, since, until, *row in sql.fetch_in(text, days, schools):
            case = case_of(row)
            steps = moved.get((school, campus, case.day, case.pupil), ())
            found[school] += _split(Version(campus, case, since, until), steps)
    return found


def _split(version: Version, moved: Iterable[tuple[int, date, str]]) -> list[Version]:
    """One row as often as its case was another one."""
    found, since = [], version.since
    for until, began, state in moved:
        if since < until and (version.until is None or until <= version.until):
            case = version.case._replace(spell=began, row_state=state)
            found.append(Version(version.campus, case, since, until))
            since = until
    return [*found, Version(version.campus, version.case, since, version.until)]


def _moved(schools: Sequence[str], days: Sequence[date]) -> dict[_Key, list[tuple[int, date, str]]]:
    found: dict[_Key, list[tuple[int, date, str]]] = defaultdict(list)
    rows = CasePast.objects.filter(day__in=days, school__in=schools).order_by("to_settled", "id")
    for school, campus, day, pupil, *was in rows.values_list("school", "campus", "day", "pupil", *_MOVED):
        found[school, campus, day, pupil].append((was[0], was[1], was[2]))
    return found


# --------------------------------------------------------------------------- moments, alerts, acts


def _moments(schools: Sequence[str], since: datetime, until: datetime) -> dict[str, list[Moment]]:
    found: dict[str, list[Moment]] = defaultdict(list)
    rows = AssessedMoment.objects.filter(at__gte=since, at__lt=until, school__in=["", *schools])
    for school, settled, at, events in rows.values_list("school", "settled", "at", "events"):
        found[school].append(Moment(settled, at, events))
    return found


def _issued(schools: Sequence[str], since: datetime, until: datetime) -> list[IssuedAlert]:
    rows = list(Alert.objects.filter(school__in=schools, opened_at__gte=since, opened_at__lt=until))
    sick: dict[str, set[Sickness]] = defaultdict(set)
    ids = [row.id for row in rows]
    for alert, pupil, onset in AlertCase.objects.filter(alert__in=ids).values_list("alert", "pupil", "onset"):
        sick[alert].add((pupil, onset))
    groups: dict[str, set[str]] = {row.id: {row.group, *row.also.split()} for row in rows}
    renamed = AlertEvent.objects.filter(alert__in=ids, what=AlertStep.RENAMED)
    for alert, details in renamed.values_list("alert", "details"):
        groups[alert].update(*(str(details[name]).split() for name in ("was", "now")))
    return [
        IssuedAlert(
            row.id,
            row.school_id,
            row.campus,
            row.division,
            row.opened_at,
            frozenset(groups[row.id]),
            row.stage,
            frozenset(sick[row.id]),
        )
        for row in sorted(rows, key=lambda row: (row.opened_at, len(row.id), row.id))
    ]


def _acts(issued: Iterable[IssuedAlert], until: datetime) -> Mapping[str, Sequence[PeoplesAct]]:
    rows = AlertEvent.objects.filter(alert__in=[one.id for one in issued], at__lt=until).exclude(state="")
    found: dict[str, list[PeoplesAct]] = defaultdict(list)
    for row in rows.order_by("id"):
        sweep = row.what == AlertStep.ENDED
        died = row.details.get("deaths")
        found[row.alert_id].append(PeoplesAct(row.pk, row.alert_id, row.at, AlertState(row.state), sweep, died))
    return found
