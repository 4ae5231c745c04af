"""What stands in `todo(warn)` is taken, assessed and written back: one transaction a batch of schools.

A handful of queries a batch, on the days that decide (`rules.engine.needed`) and the alerts of the last
months of these schools; nothing here grows with history.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import transaction

from pipeline import life
from pipeline import warn as core
from pipeline.model import Site
from pipeline.rules import Case, Condition, Key, Member, Rules, Stage
from pipeline.rules.engine import Asked, Span, affected, ask, conditions, needed
from pipeline.schooldays import school_year, today
from pipeline.store import sql
from pipeline.store.models import Alert, AlertCase, AlertEvent, AlertHit, Division
from pipeline.units import Place, Tree

BATCH = 500  # todos a transaction

_REMEMBERED = timedelta(days=120)  # an alert closed so long ago no longer explains a condition
_LETTER = ("kind", "ref", "reader", "state", "day", "queued_at", "path", "sha256")
_Campus = tuple[str, str]  # (school, campus)


@dataclass(slots=True)
class _Job:
    """One school of a batch: which days changed, and by which settled_seq."""

    school: str
    days: set[date] = field(default_factory=set)
    settled: int = 0


def warn(site: Site, rules: Rules, now: datetime) -> int:
    """Take all `todo(warn)`, then end what its end rule ends. Returns the number of todos taken."""
    taken = 0
    while n := _batch(site, rules, now):
        taken += n
    sweep(now)
    return taken


def sweep(now: datetime) -> int:
    """End the followed alerts whose end rule is met. Returns how many."""
    with transaction.atomic():
        over = Alert.objects.filter(closed_at__isnull=True, state__in=sorted(life.FOLLOWED), ends_after__lt=today(now))
        found = list(over.select_for_update())
        for alert in found:
            alert.state, alert.close_reason, alert.closed_at = "ended", core.OVER, now
        Alert.objects.bulk_update(found, ["state", "close_reason", "closed_at"])
        AlertEvent.objects.bulk_create(
            AlertEvent(alert=alert, at=now, what="ended", origin="rule", details={"answered": True}) for alert in found
        )
    return len(found)


def _batch(site: Site, rules: Rules, now: datetime) -> int:
    with transaction.atomic():
        todos = sql.fetch("SELECT id, ref, settled FROM todo WHERE kind = 'warn' ORDER BY id LIMIT %s", [BATCH])
        if not todos:
            return 0
        jobs = _jobs(todos)
        _Writer(site, rules, now, jobs).write(_load(jobs, rules, now))
        sql.run("DELETE FROM todo WHERE id = %s AND settled = %s", [(n, settled) for n, _, settled in todos])
    return len(todos)


def _jobs(todos: Iterable[tuple[int, str, int]]) -> dict[str, _Job]:
    jobs: dict[str, _Job] = {}
    for _, ref, settled in todos:
        school, _, day = ref.partition("|")
        job = jobs.setdefault(school, _Job(school))
        job.days.add(date.fromisoformat(day))
        job.settled = max(job.settled, settled)
    return jobs


# --------------------------------------------------------------------------- loading


@dataclass(frozen=True, slots=True)
class _Loaded:
    cases: Mapping[_Campus, list[Case]]
    rolls: Mapping[_Campus, dict[str, int | None]]
    alerts: Mapping[_Campus, list[Alert]]
    hits: Mapping[str, dict[Key, Condition]]
    chains: Mapping[str, tuple[str, ...]]  # school → its code and its divisions, narrowest first
    spans: Mapping[str, Span]


def _load(jobs: Mapping[str, _Job], rules: Rules, now: datetime) -> _Loaded:
    spans = {school: affected(job.days, rules.reach) for school, job in jobs.items()}
    schools = sorted(jobs)
    alerts = _alerts(schools, now)
    return _Loaded(
        cases=_cases({school: needed(span, rules.reach) for school, span in spans.items()}),
        rolls=_rolls(schools, sorted({school_year(day) for job in jobs.values() for day in job.days})),
        alerts=alerts,
        hits=_hits([alert.id for found in alerts.values() for alert in found]),
        chains=_chains(schools),
        spans=spans,
    )


def _days(span: Span) -> list[date]:
    return [span.first + timedelta(days=n) for n in range((span.last - span.first).days + 1)]


def _cases(wanted: Mapping[str, Span]) -> dict[_Campus, list[Case]]:
    """The rows of each school on its days. Nearly all want the same days: a query for each span there is."""
    schools: dict[Span, list[str]] = defaultdict(list)
    for school, span in wanted.items():
        schools[span].append(school)
    found: dict[_Campus, list[Case]] = defaultdict(list)
    for span, mine in schools.items():
        for school, campus, *row in _rows(mine, _days(span)):
            found[school, campus].append(_case(*row))
    return found


def _rows(schools: Sequence[str], days: Sequence[date]) -> list[tuple[Any, ...]]:
    # every single day by name: so both databases seek (day, school) in the unique key and scan nothing.
    # Dates as text: there are few different ones, and Django's converter parses each anew (half the time)
    text = (
        "SELECT school, campus, CAST(day AS TEXT), pupil, class_key, row_state, CAST(start AS TEXT),"
        " CAST(onset AS TEXT), symptoms, temperature, diagnosis, dorm FROM absence"
        " WHERE day IN ? AND school IN ? AND reason = 'ill' AND row_state <> 'returned'"
    )
    return sql.fetch_in(text, days, schools)


def _case(day: str, pupil: str, key: str, state: str, start: str, onset: str | None, *rest: Any) -> Case:
    symptoms, temperature, diagnosis, dorm = rest
    fell_ill = None if onset is None else _date(onset)
    heat = None if temperature is None else float(temperature)
    return Case(_date(day), pupil, key, state, _date(start), fell_ill, symptoms, heat, diagnosis, dorm)


_date = lru_cache(maxsize=4096)(date.fromisoformat)


def _rolls(schools: Sequence[str], years: Sequence[int]) -> dict[_Campus, dict[str, int | None]]:
    text = (
        "SELECT school_id, campus, key, roll FROM school_class WHERE school_id IN ? AND school_year IN ?"
        " ORDER BY school_year"
    )
    found: dict[_Campus, dict[str, int | None]] = defaultdict(dict)
    for school, campus, key, roll in sql.fetch_in(text, schools, years):
        found[school, campus][key] = roll
    return found


def _alerts(schools: Sequence[str], now: datetime) -> dict[_Campus, list[Alert]]:
    """The alerts that are open, or were lately, in the order of their numbers."""
    found: dict[_Campus, list[Alert]] = defaultdict(list)
    mine = Alert.objects.filter(school__in=schools)
    for alert in [*mine.filter(closed_at__isnull=True), *mine.filter(closed_at__gte=now - _REMEMBERED)]:
        found[alert.school, alert.campus].append(alert)
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


def _chains(schools: Sequence[str]) -> dict[str, tuple[str, ...]]:
    places = {
        code: Place(code, kind, parent or "")
        for code, kind, parent in Division.objects.values_list("code", "kind", "parent_id")
    }
    found = dict(sql.fetch_in("SELECT code, division_id FROM unit WHERE code IN ?", schools))
    tree = Tree(places, found)
    return {school: tree.chain(school) for school in schools}


def _episode(alert: Alert, hits: Mapping[Key, Condition]) -> core.Episode:
    return core.Episode(
        id=alert.id,
        group=alert.group,
        stage=Stage(alert.stage),
        scope=alert.scope,
        opened_day=alert.opened_day,
        ends_after=alert.ends_after,
        first_onset=alert.first_onset,
        last_onset=alert.last_onset,
        hits=hits,
        state=alert.state,
        closed=alert.closed_at is not None,
        reason=alert.close_reason,
        revision=alert.revision,
    )


# --------------------------------------------------------------------------- writing


class _Writer:
    """Assesses the campuses of one batch and collects what changes, written at the end table by table."""

    def __init__(self, site: Site, rules: Rules, now: datetime, jobs: Mapping[str, _Job]) -> None:
        self.site = site
        self.rules = rules
        self.now = now
        self.jobs = jobs
        self.asked: dict[tuple[str, ...], Asked] = {}
        self.named = {code for rule in rules.rules for code in rule.divisions}
        self.fresh: list[Alert] = []
        self.changed: list[Alert] = []
        self.closed_hits: list[sql.Params] = []
        self.hits: list[AlertHit] = []
        self.closed_cases: list[sql.Params] = []
        self.cases: list[AlertCase] = []
        self.events: list[AlertEvent] = []
        self.letters: list[sql.Params] = []

    def write(self, loaded: _Loaded) -> None:
        """Assess every campus of the batch and write what changed."""
        for place in sorted(loaded.cases.keys() | loaded.alerts.keys()):
            self._campus(place, loaded)
        # the closed ones first: only one may be open a campus and group
        rows = [_alert_row(alert) for alert in sorted(self.changed, key=lambda alert: alert.closed_at is None)]
        sql.run(_CHANGE_ALERT, rows)
        Alert.objects.bulk_create(self.fresh)
        sql.run(_CLOSE_HIT, self.closed_hits)
        sql.run(_CLOSE_CASE, self.closed_cases)
        AlertHit.objects.bulk_create(self.hits)
        AlertCase.objects.bulk_create(self.cases)
        AlertEvent.objects.bulk_create(self.events)
        sql.run(sql.upsert("letter", _LETTER, ("kind", "ref", "reader")), self.letters)

    def _campus(self, place: _Campus, loaded: _Loaded) -> None:
        school = place[0]
        chain, span = loaded.chains[school], loaded.spans[school]
        met = conditions(loaded.cases.get(place, ()), loaded.rolls.get(place, {}), self._asked(chain), span)
        alerts = {alert.id: alert for alert in loaded.alerts.get(place, ())}
        if not met and not alerts:
            return
        before = {alert.id: _episode(alert, loaded.hits.get(alert.id, {})) for alert in alerts.values()}
        after = core.assess(list(before.values()), met, span, self.rules, today(self.now))
        alerts |= self._numbered(after, place, division=chain[1] if len(chain) > 1 else "")
        settled = self.jobs[school].settled
        for episode in after.episodes:
            self._diff(alerts[episode.id], before.get(episode.id), episode, settled)
        self.events += [self._event(alerts, event, settled) for event in after.events]

    def _asked(self, chain: tuple[str, ...]) -> Asked:
        """The rules that are on for a school: the same for all of a county, unless one names the school."""
        place = chain if chain[0] in self.named else chain[1:]
        if place not in self.asked:
            self.asked[place] = ask(self.rules, self.rules.active(place))
        return self.asked[place]

    def _event(self, alerts: Mapping[str, Alert], event: core.Event, settled: int) -> AlertEvent:
        details = dict(event.details)
        if "into" in details:
            details["into"] = alerts[str(details["into"])].id
        return AlertEvent(
            alert_id=alerts[event.id].id, at=self.now, what=event.what, origin=str(settled), details=details
        )

    def _numbered(self, after: core.Assessment, place: _Campus, *, division: str) -> dict[str, Alert]:
        """Give the new episodes their numbers, in the order in which they came."""
        fresh = [episode for episode in after.episodes if episode.id.startswith("new-")]
        year = today(self.now).year
        first = sql.take(f"alert-{year}", len(fresh)) if fresh else 0
        return {
            episode.id: Alert(
                id=f"{year}-{first + n:04d}",
                school=place[0],
                campus=place[1],
                division=division,
                opened_day=episode.opened_day,
                opened_at=self.now,
                due_at=core.due_at(self.now, self.site.policy.answer_hours),
            )
            for n, episode in enumerate(fresh)
        }

    def _diff(self, alert: Alert, before: core.Episode | None, after: core.Episode, settled: int) -> None:
        if after == before:
            return
        self._hits(alert.id, before, after, settled)
        self._cases(alert.id, before, after, settled)
        if before is not None and before.state != life.ISSUED and after.state == life.ISSUED:
            alert.due_at = core.due_at(self.now, self.site.policy.answer_hours)
        for name in ("group", "stage", "scope", "state", "first_onset", "last_onset", "ends_after", "revision"):
            setattr(alert, name, getattr(after, name))
        if after.cases:  # what was closed keeps its last number
            alert.cases = len(after.cases)
        if after.closed and alert.closed_at is None:
            alert.closed_at, alert.close_reason = self.now, after.reason
        (self.fresh if before is None else self.changed).append(alert)
        if before is None or after.revision != before.revision:
            self._letter(alert)

    def _hits(self, alert: str, before: core.Episode | None, after: core.Episode, settled: int) -> None:
        stood = before.hits if before else {}
        for key, hit in stood.items():
            if after.hits.get(key) != hit:
                self.closed_hits.append((settled, alert, key.rule, key.group, key.scope, sql.day(key.day)))
        for key, hit in after.hits.items():
            if stood.get(key) != hit:
                self.hits.append(self._hit(alert, hit, settled))

    def _hit(self, alert: str, hit: Condition, settled: int) -> AlertHit:
        return AlertHit(
            alert_id=alert,
            rule=hit.rule,
            rule_version=self.rules.version,
            scope=hit.scope,
            group=hit.group,
            stage=hit.stage.value,
            day=hit.day,
            n=hit.n,
            threshold=hit.threshold,
            members=[[m.pupil, m.class_key, m.onset.isoformat()] for m in hit.members],
            from_settled=settled,
        )

    def _cases(self, alert: str, before: core.Episode | None, after: core.Episode, settled: int) -> None:
        linked, cases = (before.cases if before else {}), after.cases
        for pupil, member in linked.items():
            if cases.get(pupil) != member:
                self.closed_cases.append((settled, alert, pupil))
        for pupil, member in cases.items():
            if linked.get(pupil) != member:
                self.cases.append(
                    AlertCase(
                        alert_id=alert,
                        pupil=pupil,
                        class_key=member.class_key,
                        onset=member.onset,
                        from_settled=settled,
                    )
                )

    def _letter(self, alert: Alert) -> None:
        """Queue the card for the school and its county; city and province read of it in their digests."""
        for reader in (alert.school, alert.division):
            if reader:
                ref = card_ref(alert.id, alert.revision)
                day, now = sql.day(alert.opened_day), sql.moment(self.now)
                self.letters.append(("card", ref, reader, "queued", day, now, "", ""))


def card_ref(alert: str, revision: int) -> str:
    """Return a card letter's ref: `2026-0001|2`."""
    return f"{alert}|{revision}"


def _alert_row(alert: Alert) -> sql.Params:
    """What may change of an alert, as `_CHANGE_ALERT` takes it."""
    return (
        alert.group,
        alert.stage,
        alert.scope,
        alert.state,
        sql.moment(alert.due_at),
        sql.day(alert.first_onset),
        sql.day(alert.last_onset),
        alert.cases,
        sql.day(alert.ends_after),
        sql.moment(alert.closed_at),
        alert.close_reason,
        alert.revision,
        alert.id,
    )


_CHANGE_ALERT = (
    'UPDATE alert SET "group" = %s, stage = %s, scope = %s, state = %s, due_at = %s, first_onset = %s,'
    " last_onset = %s, cases = %s, ends_after = %s, closed_at = %s, close_reason = %s, revision = %s WHERE id = %s"
)
_CLOSE_HIT = (
    'UPDATE alert_hit SET to_settled = %s WHERE alert_id = %s AND rule = %s AND "group" = %s AND scope = %s'
    " AND day = %s AND to_settled IS NULL"
)
_CLOSE_CASE = "UPDATE alert_case SET to_settled = %s WHERE alert_id = %s AND pupil = %s AND to_settled IS NULL"
