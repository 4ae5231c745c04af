"""Takes the entries of `todo(warn)`, assesses them and writes the results: one transaction a batch of schools.

A handful of queries a batch, on the days that decide (`rules.engine.needed`) and the alerts of the last months of these
schools; nothing here grows with history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial

from pipeline import alert_state
from pipeline import warn as core
from pipeline.alert_state import AlertState, AlertStep, CardState
from pipeline.alerts import corrections
from pipeline.alerts.card_letters import announce
from pipeline.alerts.class_rolls import CampusKey
from pipeline.alerts.load import CampusEpisodes, Job, episode_of, jobs_of, load
from pipeline.database import acts, serialise, sql
from pipeline.database.models import Alert, AlertEvent, Card, Counter
from pipeline.database.transactions import atomic
from pipeline.model import ActKind, Site, TodoKind
from pipeline.rules import Condition, Rules
from pipeline.rules.asked import RulesInForce, ask
from pipeline.rules.engine import CampusFacts, conditions
from pipeline.schooldays import today
from pipeline.turns.transaction import LETTER

CLOCK = timedelta(minutes=1)  # by which a clock may be put back without a word
BATCH = 2000  # todos a transaction, some 600 schools: half a second of work, two dozen queries


def warn(site: Site, rules: Rules, now: datetime) -> int:
    """Take all `todo(warn)`, then end the alerts whose end rule is met. Returns the number of todos taken."""
    taken = 0
    while n := take_some(site, rules, now):
        taken += n
    sweep(now)
    return taken


def numbered(now: datetime) -> int:
    """Return the number of the last alert of the year."""
    found = sql.fetch("SELECT value FROM counter WHERE name = %s", [f"alert-{today(now).year}"])
    return int(found[0][0]) if found else 0


def sweep(now: datetime) -> int:
    """End the followed alerts whose end rule is met; those that a clock far ahead ended are followed again. Returns how
    many were ended.
    """
    if not _may_end(now):
        return 0
    with atomic():
        rows = _take_back_ends(now)
        over = Alert.objects.filter(
            closed_at__isnull=True, state__in=sorted(alert_state.FOLLOWED), ends_after__lt=today(now)
        )
        found = list(over.select_for_update())
        if not found and not rows:
            return 0
        last = Counter.objects.filter(name="settled").values_list("value", flat=True).first() or 0
        for alert in found:
            alert.state, alert.close_reason, alert.closed_at = AlertState.ENDED, core.OVER, now
        Alert.objects.bulk_update(found, ["state", "close_reason", "closed_at"])
        details = {"answered": True, "as_of": last}
        AlertEvent.objects.bulk_create(
            AlertEvent(alert=alert, at=now, what=AlertStep.ENDED, origin=last, details=details, state=AlertState.ENDED)
            for alert in found
        )
        rows += [row for alert in found for row in announce(alert, now, why="closed")]
        sql.run(sql.upsert("letter", LETTER, ("kind", "ref", "reader")), rows)
        acts.note(ActKind.SWEEP, now)
    return len(found)


def _may_end(now: datetime) -> bool:
    """Whether there is an alert that `sweep` would look at: asked after every batch, and nearly never true."""
    text = (
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM alert WHERE closed_at IS NULL AND ends_after < %s)"
        " OR EXISTS (SELECT 1 FROM alert WHERE closed_at > %s)"
    )
    return bool(sql.fetch(text, [sql.day(today(now)), sql.moment(now + CLOCK)]))


def _take_back_ends(now: datetime) -> list[sql.Params]:
    """Alerts that ended at a moment still to come, though their end rule is not met: as if they had not. Returns the
    letters that say so.
    """
    ended = Alert.objects.filter(
        state=AlertState.ENDED, close_reason=core.OVER, closed_at__gt=now + CLOCK, ends_after__gte=today(now)
    )
    rows: list[sql.Params] = []
    for alert in ended.select_for_update():
        events = AlertEvent.objects.filter(alert=alert)
        before = events.filter(state__in=sorted(alert_state.FOLLOWED)).order_by("id").last()
        others = Alert.objects.filter(school=alert.school_id, campus=alert.campus, group=alert.group)
        if before is None or others.filter(closed_at__isnull=True).exists():
            continue  # another goes on in its place
        events.filter(what=AlertStep.ENDED, at__gt=now + CLOCK).delete()
        alert.state, alert.close_reason, alert.closed_at = AlertState(before.state), "", None
        alert.save(update_fields=["state", "close_reason", "closed_at"])
        rows += announce(alert, now)
    return rows


def catch_up(hours: int, rules: Rules, schools: Sequence[str], now: datetime) -> None:
    """Assess everything that settled of these schools, in the caller's transaction: an answer to an alert, or a
    decision about it, then finds it up to date.
    """
    for school in schools:
        found = sql.fetch(
            "SELECT id, code, day, settled FROM todo WHERE kind = %s AND code = %s ORDER BY id",
            [TodoKind.WARN, school],
        )
        _take(hours, rules, found, now, school=school)


def take_some(site: Site, rules: Rules, now: datetime) -> int:
    """Take one batch of todos; return how many. One transaction."""
    with atomic():
        text = "SELECT id, code, day, settled FROM todo WHERE kind = %s ORDER BY id LIMIT %s"
        todos = sql.fetch(text, [TodoKind.WARN, BATCH])
        _take(site.policy.answer_hours, rules, todos, now)
        if todos:
            acts.note(ActKind.WARN, now)
    return len(todos)


def _take(
    hours: int, rules: Rules, todos: Sequence[tuple[int, str, date, int]], now: datetime, *, school: str = ""
) -> None:
    if todos:
        jobs = jobs_of(todos)
        _note(school, now)
        _Writer(hours, rules, now, jobs).write(load(jobs, rules, now))
        corrections.close({school: job.settled for school, job in jobs.items()}, now)
        sql.run("DELETE FROM todo WHERE id = %s AND settled = %s", [(n, settled) for n, _, _, settled in todos])


def _note(school: str, now: datetime) -> None:
    """Keep the moment, for `rehearse`. Further batches of it know no more than the first."""
    text = (
        "SELECT COALESCE((SELECT value FROM counter WHERE name = 'settled'), 0),"
        " COALESCE((SELECT MAX(id) FROM alert_event), 0)"
    )
    ((settled, events),) = sql.fetch(text)
    text = sql.insert("assessment", ("school", "settled", "at", "events")) + " ON CONFLICT (school, settled) DO NOTHING"
    sql.run(text, [(school, settled, sql.moment(now), events)])


# --------------------------------------------------------------------------- writing


class _Writer:
    """Assesses the campuses of one batch and collects what changes, written at the end table by table."""

    def __init__(self, hours: int, rules: Rules, now: datetime, jobs: Mapping[str, Job]) -> None:
        self.hours = hours
        self.rules = rules
        self.now = now
        self.jobs = jobs
        self.asked: dict[tuple[str, ...], RulesInForce] = {}
        self.named = {switch.place for rule in rules.rules for switch in rule.switches}
        self.year = today(now).year
        self.next = 0  # the number of the first fresh alert, when there is one
        self.fresh: list[Alert] = []
        self.changed: list[Alert] = []
        self.renamed: list[Alert] = []
        self.closed_hits: list[sql.Params] = []
        self.hits: list[sql.Params] = []
        self.closed_cases: list[sql.Params] = []
        self.cases: list[sql.Params] = []
        self.events: list[sql.Params] = []
        self.letters: list[sql.Params] = []
        self.reopened: list[str] = []

    def write(self, loaded: CampusEpisodes) -> None:
        """Assess every campus of the batch and write what changed."""
        for place in sorted(loaded.cases.keys() | loaded.alerts.keys() | loaded.of_long.keys() | loaded.raised.keys()):
            self._campus(place, loaded)
        # the closed ones first: only one may be open for a campus and first name; and one may take another's
        sql.run(_FREE_NAME, [(one.id,) for one in self.renamed])
        rows = [_alert_row(alert) for alert in sorted(self.changed, key=lambda alert: alert.closed_at is None)]
        sql.run(_CHANGE_ALERT, rows)
        if self.fresh:
            sql.take(f"alert-{self.year}", len(self.fresh))
            Alert.objects.bulk_create(self.fresh)
        if self.reopened:
            Card.objects.filter(alert_id__in=self.reopened, state__in=alert_state.COUNTING).update(state=CardState.VOID)
        sql.run(_CLOSE_HIT, self.closed_hits)
        sql.run(_CLOSE_CASE, self.closed_cases)
        sql.run(_PUT_HIT, self.hits)
        sql.run(_PUT_CASE, self.cases)
        sql.run(_PUT_EVENT, self.events)
        sql.run(sql.upsert("letter", LETTER, ("kind", "ref", "reader")), self.letters)

    def _campus(self, place: CampusKey, loaded: CampusEpisodes) -> None:
        school = place[0]
        chain, span = loaded.chains[school], loaded.spans[school]
        campus = CampusFacts(
            loaded.cases.get(place, ()),
            loaded.rolls.get(place, {}),
            loaded.of_long.get(place, ()),
            loaded.told(place),
            term_began=partial(loaded.term_began, school),
            joined=loaded.joined.get(place, {}),
        )
        asked = self._asked(chain)
        met = conditions(campus, asked, span)
        alerts = {alert.id: alert for alert in loaded.alerts.get(place, ())}
        if not met and not alerts:
            return
        before = {
            alert.id: episode_of(alert, loaded.hits.get(alert.id, {}), loaded.listed.get(alert.id, {}))
            for alert in alerts.values()
        }
        rows = core.seen(campus.cases, campus.joined)
        after = core.assess(list(before.values()), met, span, self.rules, today(self.now), rows)
        alerts |= self._numbered(after, place, division=chain[1] if len(chain) > 1 else "")
        settled = self.jobs[school].settled
        for episode in after.episodes:
            was = before.get(episode.id)
            self._diff(alerts[episode.id], was, core.explained(episode, was, asked.switched_off), settled)
        self.events += [self._event(alerts, event, settled) for event in after.events]

    def _asked(self, chain: tuple[str, ...]) -> RulesInForce:
        """The active rules of a school: the same wherever no rule names the school or a division above it."""
        place = tuple(code for code in chain if code in self.named)
        if place not in self.asked:
            self.asked[place] = ask(self.rules, place)
        return self.asked[place]

    def _event(self, alerts: Mapping[str, Alert], event: core.EpisodeEvent, settled: int) -> sql.Params:
        details, alert = dict(event.details), alerts[event.id]
        if "into" in details:
            details["into"] = alerts[str(details["into"])].id
        if event.what in alert_state.FACED:  # the content of its card from this revision on
            names = f"{alert.group} {alert.also}".strip()
            details |= {"revision": alert.revision, "group": names, "stage": alert.stage}
        return alert.id, sql.moment(self.now), event.what.value, settled, serialise.text(details), ""

    def _numbered(self, after: core.Assessment, place: CampusKey, *, division: str) -> dict[str, Alert]:
        """Number the new episodes, in the order in which they came."""
        fresh = [episode for episode in after.episodes if episode.id.startswith("new-")]
        if fresh and not self.next:
            self.next = sql.take(f"alert-{self.year}", 0)  # the counter is held; it is counted up once for all
        first = self.next + len(self.fresh)
        return {
            episode.id: Alert(
                id=f"{self.year}-{first + n:04d}",
                school_id=place[0],
                campus=place[1],
                division=division,
                opened_day=episode.opened_day,
                opened_at=self.now,
                due_at=core.due_at(self.now, self.hours),
                hours=self.hours,
            )
            for n, episode in enumerate(fresh)
        }

    def _diff(self, alert: Alert, before: core.Episode | None, after: core.Episode, settled: int) -> None:
        if after == before:
            return
        self._hits(alert.id, before, after, settled)
        self._cases(alert.id, before, after, settled)
        if before is not None and before.state != AlertState.ISSUED and after.state == AlertState.ISSUED:
            alert.due_at = core.due_at(self.now, alert.hours)
            self.reopened.append(alert.id)
        if before is not None and after.group != before.group:
            self.renamed.append(alert)
        for name in ("group", "stage", "scope", "state", "first_onset", "last_onset", "ends_after", "revision"):
            setattr(alert, name, getattr(after, name))
        alert.also = " ".join(after.also)
        if (
            after.cases or after.hits
        ):  # a closed one keeps its last number; of what a person said, as many as were named
            alert.cases = len(after.cases) or max(hit.n for hit in after.hits.values())
        if after.closed and alert.closed_at is None:
            alert.closed_at, alert.close_reason = self.now, after.reason
        (self.fresh if before is None else self.changed).append(alert)
        if before is None or after.revision != before.revision:
            self.letters += announce(alert, self.now)
        elif after.closed and not before.closed:  # ended, or merged into another
            self.letters += announce(alert, self.now, why="closed")

    def _hits(self, alert: str, before: core.Episode | None, after: core.Episode, settled: int) -> None:
        old = before.hits if before else {}
        for key, hit in old.items():
            if after.hits.get(key) != hit:
                self.closed_hits.append((settled, alert, key.rule, key.group, key.scope, sql.day(key.day)))
        for key, hit in after.hits.items():
            if old.get(key) != hit:
                self.hits.append(self._hit(alert, hit, settled))

    def _hit(self, alert: str, hit: Condition, settled: int) -> sql.Params:
        members = serialise.text([[m.pupil, m.class_key, m.onset.isoformat()] for m in hit.members])
        return (
            alert, hit.rule, self.rules.version, hit.scope, hit.group, hit.stage.value, sql.day(hit.day), hit.n,
            hit.threshold, members, settled,
        )  # fmt: skip

    def _cases(self, alert: str, before: core.Episode | None, after: core.Episode, settled: int) -> None:
        linked, cases = (before.cases if before else {}), after.cases
        for pupil, case in linked.items():
            if cases.get(pupil) != case:
                self.closed_cases.append((settled, alert, pupil))
        for pupil, case in cases.items():
            if linked.get(pupil) != case:
                row = (alert, pupil, case.class_key, sql.day(case.onset), case.diagnosis, settled)
                self.cases.append(row)


def _alert_row(alert: Alert) -> sql.Params:
    """The columns of an alert that may change, for `_CHANGE_ALERT`."""
    return (
        alert.group,
        alert.also,
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


_FREE_NAME = 'UPDATE alert SET "group" = id WHERE id = %s'
_CHANGE_ALERT = (
    'UPDATE alert SET "group" = %s, also = %s, stage = %s, scope = %s, state = %s, due_at = %s, first_onset = %s,'
    " last_onset = %s, cases = %s, ends_after = %s, closed_at = %s, close_reason = %s, revision = %s WHERE id = %s"
)
_PUT_HIT = sql.insert(
    "alert_hit",
    ("alert_id", "rule", "rule_version", "scope", "group", "stage", "day", "n", "threshold", "members", "from_settled"),
)
_CLOSE_HIT = (
    'UPDATE alert_hit SET to_settled = %s WHERE alert_id = %s AND rule = %s AND "group" = %s AND scope = %s'
    " AND day = %s AND to_settled IS NULL"
)
_PUT_CASE = sql.insert("alert_case", ("alert_id", "pupil", "class_key", "onset", "diagnosis", "from_settled"))
_PUT_EVENT = sql.insert("alert_event", ("alert_id", "at", "what", "origin", "details", "state"))
_CLOSE_CASE = "UPDATE alert_case SET to_settled = %s WHERE alert_id = %s AND pupil = %s AND to_settled IS NULL"
