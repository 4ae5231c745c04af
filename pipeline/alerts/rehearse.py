"""What other rules would have made of what was known: the assessments of a school gone through once more.

Each moment at which warnings were assessed is assessed again, on the records that stood then, by the rules on trial.
An episode on trial is paired with the issued alert that holds the same cases, and goes through what people made of
that alert (answered, excluded, ended), at the same time. So the rules in force give again exactly what was issued;
nobody answers what was never issued, it stays open.

Pure: values in, values out.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from pipeline import alert_state
from pipeline import warn as core
from pipeline.alert_state import AlertState, AlertStep
from pipeline.alerts.load import REMEMBERED, UNDONE, told_by
from pipeline.alerts.past import IssuedAlert, Moment, PeoplesAct, SchoolPast, Sickness, Version
from pipeline.database.models import RaisedAlert
from pipeline.rules import Case, Rules, Told
from pipeline.rules.asked import RulesInForce, ask
from pipeline.rules.engine import CampusFacts, conditions
from pipeline.rules.windows import affected, needed
from pipeline.schooldays import today


@dataclass(slots=True)
class Trial:
    """One episode of the rules on trial. `alert`: the issued one that it is paired with; "" for none."""

    episode: core.Episode
    school: str
    campus: str
    division: str
    opened_at: datetime
    rule: str  # that opened it
    groups: set[str] = field(default_factory=set)  # it ever had
    sick: set[Sickness] = field(default_factory=set)  # cases it ever held
    closed_at: datetime | None = None
    alert: str = ""


def rehearse(past: SchoolPast, rules: Rules) -> list[Trial]:
    """Return the episodes that the rules would have opened in one school, in the order of their opening."""
    stage = _Stage(past, rules)
    for moment in past.moments:
        stage.act(moment.events)
        stage.assess(moment)
    stage.act(None)
    return stage.trials


class _Stage:
    """One school while its past is gone through."""

    def __init__(self, past: SchoolPast, rules: Rules) -> None:
        self._past, self._rules = past, rules
        self._asked: RulesInForce = ask(rules, past.chain)
        self._changes = deque(sorted(_changes(past.versions), key=lambda one: (one[0], one[1])))
        self._standing: dict[str, dict[tuple[date, str], Case]] = defaultdict(dict)
        self._acts = deque(sorted(past.acts, key=lambda act: act.event))
        self._states: dict[str, AlertState] = {}  # of the issued alerts, by what people did
        self._paired: dict[str, Trial] = {}
        self._deaths: dict[str, int] = {}  # by issued alert
        self._retold: set[str] = set()  # alerts of which other deaths were told since the last moment
        self._settled = 0
        self.trials: list[Trial] = []

    def assess(self, moment: Moment) -> None:
        """Assess what changed up to a moment."""
        days = {day for case in self._change(moment.settled) for day in (case.day, case.began)}
        raised = [one for one in self._past.raised if one.settled <= moment.settled]
        days |= {one.day for one in raised if one.settled > self._settled}
        days |= {self._paired[alert].episode.opened_day for alert in self._retold if alert in self._paired}
        self._retold.clear()
        self._settled = moment.settled
        if not days:
            return
        school, now = self._past.school, today(moment.at)
        span = affected(days, self._rules)
        near, far = needed(span, self._rules, now)
        rolls, long = self._past.classes.rolls_on(days), self._rules.long_groups
        joined = self._past.classes.joined_by(now)
        for campus in sorted({*self._standing, *(one.campus for one in raised)}):
            standing, mine = self._standing[campus], self._remembered(campus, moment.at)
            said = [self._told(one) for one in raised if one.campus == campus and span.near.holds(one.day)]
            open_ones = (one.episode for one in mine if not one.episode.closed)
            listed = core.listed_since((hit for one in open_ones for hit in one.hits.values()), self._rules)
            facts = CampusFacts(
                [case for case in standing.values() if min(listed, near.first) <= case.day <= near.last],
                rolls.get((school, campus), {}),
                [case for case in standing.values() if case.diagnosis in long and far.holds(case.day)],
                [*said, *self._dead(mine)],
                self._past.term_began,
                joined.get((school, campus), {}),
            )
            met = conditions(facts, self._asked, span)
            if met or mine:
                rows = core.seen(facts.cases, facts.joined)
                after = core.assess([one.episode for one in mine], met, span, self._rules, now, rows)
                self._take(mine, after, campus, moment.at)
        self._pair(moment.at)

    def act(self, upto: int | None) -> None:
        """Do to the episodes on trial what people did to their alerts, up to an event (None: all)."""
        while self._acts and (upto is None or self._acts[0].event <= upto):
            act = self._acts.popleft()
            self._states[act.alert] = act.state
            if act.deaths is not None:
                self._deaths[act.alert] = act.deaths
                self._retold.add(act.alert)
            trial = self._paired.get(act.alert)
            if trial is not None and not trial.episode.closed:
                _act(trial, act)

    def _change(self, settled: int) -> list[Case]:
        """Bring the standing rows up to a settled_seq; return the rows that came, went, or became others."""
        found = []
        while self._changes and self._changes[0][0] <= settled:
            _, comes, version = self._changes.popleft()
            rows, key = self._standing[version.campus], (version.case.day, version.case.pupil)
            if comes:
                rows[key] = self._past.classes.named_first(self._past.school, version.campus, version.case)
            else:
                rows.pop(key, None)
            found.append(version.case)
        return found

    def _told(self, one: RaisedAlert) -> Told:
        """What a person raised; by an answer, on the card of the trial that was answered."""
        trial = self._paired.get(one.alert)
        return replace(told_by(one), alert=trial.episode.id if trial else "")

    def _dead(self, mine: Iterable[Trial]) -> Iterator[Told]:
        """The deaths that the answers to the alerts told of with which trials are paired."""
        for trial in mine:
            one, died = trial.episode, self._deaths.get(trial.alert, 0)
            if died and one.state not in UNDONE:
                home = core.merged_into(one.reason) or one.id
                yield Told(one.opened_day, one.group, one.scope, deaths=died, alert=home, also=one.also)

    def _remembered(self, campus: str, at: datetime) -> list[Trial]:
        since = at - REMEMBERED
        mine = (one for one in self.trials if one.campus == campus)
        return [one for one in mine if one.closed_at is None or one.closed_at >= since]

    def _take(self, mine: Sequence[Trial], after: core.Assessment, campus: str, at: datetime) -> None:
        rules = {event.id: str(event.details["rule"]) for event in after.events if event.what == AlertStep.ISSUED}
        known = {one.episode.id: one for one in mine}
        for episode in after.episodes:
            trial = known.get(episode.id)
            if trial is None:
                county = self._past.chain[1] if len(self._past.chain) > 1 else ""
                rule, numbered = rules[episode.id], replace(episode, id=f"trial-{len(self.trials) + 1}")
                trial = Trial(numbered, self._past.school, campus, county, at, rule)
                self.trials.append(trial)
            else:
                trial.episode = episode
            trial.groups.update(episode.names)
            trial.sick |= {(pupil, case.onset) for pupil, case in episode.cases.items()}
            if episode.closed and trial.closed_at is None:
                trial.closed_at = at

    def _pair(self, now: datetime) -> None:
        """Pair the episodes that have none yet with an alert of the same cases, issued by now."""
        for trial in self.trials:
            free = (one for one in self._past.issued if one.id not in self._paired and one.opened_at <= now)
            fitting = [one for one in free if self._alike(trial, one)] if not trial.alert else []
            if fitting:
                alert = min(fitting, key=lambda one: _distance(trial, one))
                trial.alert = alert.id
                self._paired[alert.id] = trial
                state = self._states.get(alert.id)
                if state in alert_state.FOLLOWED and not trial.episode.closed:
                    trial.episode = replace(trial.episode, state=state)

    def _alike(self, trial: Trial, alert: IssuedAlert) -> bool:
        same = not trial.sick.isdisjoint(alert.sick) or not (trial.sick or alert.sick)  # none of what people raised
        if trial.campus != alert.campus or not same:
            return False
        if not trial.groups.isdisjoint(alert.groups):
            return True
        absorbed = {group: known.absorbs for group, known in self._rules.groups.items()}
        both = ((one, other) for one in trial.groups for other in alert.groups)
        return any(other in absorbed.get(one, ()) or one in absorbed.get(other, ()) for one, other in both)


def _changes(versions: Iterable[Version]) -> Iterator[tuple[int, bool, Version]]:
    """When each row came and went; of two at the same settled_seq the going is the lesser."""
    for version in versions:
        yield version.since, True, version
        if version.until is not None:
            yield version.until, False, version


def _act(trial: Trial, act: PeoplesAct) -> None:
    if act.sweep:
        if core.expired(trial.episode, today(act.at)):
            trial.episode, trial.closed_at = core.ended(trial.episode), act.at
        return
    closed = act.state in alert_state.CLOSED
    trial.episode = replace(trial.episode, state=act.state, closed=closed)
    trial.closed_at = act.at if closed else None


def _distance(trial: Trial, alert: IssuedAlert) -> tuple[bool, float, int]:
    apart = abs((trial.opened_at - alert.opened_at).total_seconds())
    return trial.episode.group not in alert.groups, apart, -len(trial.sick & alert.sick)
