"""Alerts as episodes: from the conditions that the records meet to episodes opened, joined, raised and closed.

One episode collects the hits of one school campus and one group with all the groups it absorbs (the table is
`Group.absorbs`: a disease absorbs its syndromes). Which conditions are met is a function of the records; an episode's
state is a function of its events, in order: a person's answer is never undone by a row.

A condition that belongs to no episode yet goes to the first that fits:
  1. the open episode of its group; 2. an open episode whose group absorbs it (most pupils shared);
  3. an episode closed lately that already holds all its pupils: it was dealt with, nothing new;
  4. an open episode of a group it absorbs, which takes its name (others absorbed are merged into it);
  5. a new episode.
An episode past its end rule is ended before a later cluster could join it.

Laws: at most one open episode a campus and group, and no open one that another open one absorbs; each condition met is
the hit of exactly one episode; the same records again change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from pipeline.alert_state import FOLLOWED, REOPENED, UNANSWERED, AlertState, AlertStep
from pipeline.rules.values import Condition, Key, Member, Rules, Stage
from pipeline.rules.windows import Spans

OVER = "期满无新发"  # why an episode ended by its rule
MERGED_INTO = "并入"  # why an episode was closed, before the id of the one that it joined


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert of a school campus, as far as the assessment needs it. `hits` are the current ones."""

    id: str
    group: str
    stage: Stage
    scope: str
    opened_day: date
    ends_after: date
    first_onset: date
    last_onset: date
    hits: Mapping[Key, Condition] = field(default_factory=dict)
    state: AlertState = AlertState.ISSUED
    closed: bool = False
    reason: str = ""  # why closed, as printed
    revision: int = 1  # of the card; raised when readers must receive it again

    @property
    def cases(self) -> dict[str, Member]:
        """The pupils of all current hits, by code, each with its earliest onset."""
        found: dict[str, Member] = {}
        for member in sorted(m for hit in self.hits.values() for m in hit.members):
            found.setdefault(member.pupil, member)
        return found


@dataclass(frozen=True, slots=True)
class EpisodeEvent:
    """A step of an episode: issued, raised, lowered, renamed, reissued, merged, void, unmet, ended."""

    id: str
    what: AlertStep
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assessment:
    """The episodes after the assessment, the given ones first and in their order, and what happened to them."""

    episodes: tuple[Episode, ...]
    events: tuple[EpisodeEvent, ...]


def assess(
    episodes: Sequence[Episode], conditions: Iterable[Condition], span: Spans, rules: Rules, day: date
) -> Assessment:
    """Bring the episodes of one school campus up to date with the conditions that the records now meet.

    `episodes`: the open ones, and those closed within the last months, in order of their number. `conditions`: all that
    is met on the days of `span`; hits of other days stay as they are. `day`: today. New episodes get the ids "new-1",
    "new-2" …: the store numbers them.
    """
    desk = _Desk(rules, day, {episode.id: episode for episode in episodes})
    before = dict(desk.episodes)
    met = {condition.key: condition for condition in conditions}
    homeless = desk.refresh(met, span)
    for condition in sorted(homeless, key=desk.order):
        desk.place(condition)
    for episode_id in tuple(desk.episodes):
        desk.settle(episode_id, before.get(episode_id))
    return Assessment(tuple(desk.episodes.values()), tuple(desk.events))


def expired(episode: Episode, day: date) -> bool:
    """Say whether a followed episode has had no linked case for as long as its end rule asks."""
    return not episode.closed and episode.state in FOLLOWED and episode.ends_after < day


def ended(episode: Episode) -> Episode:
    """Return the episode ended by its rule."""
    why = f"{OVER}（未回复）" if episode.state in UNANSWERED else OVER
    return replace(episode, closed=True, state=AlertState.ENDED, reason=why)


def merged_into(reason: str) -> str:
    """Return the id of the episode that a closed one joined, by why it was closed; "" if it joined none."""
    return reason.removeprefix(MERGED_INTO) if reason.startswith(MERGED_INTO) else ""


@dataclass(frozen=True, slots=True)
class AlertClock:
    """The 24-hour clock of an alert."""

    remaining: timedelta  # negative when overdue
    runs: bool  # still to be answered

    @property
    def overdue(self) -> bool:
        return self.runs and self.remaining < timedelta(0)


def clock(state: str, due_at: datetime, now: datetime) -> AlertClock:
    """Return how much time is left to answer an alert; it runs until the school has answered."""
    return AlertClock(due_at - now, runs=state in UNANSWERED)


def due_at(opened_at: datetime, hours: int) -> datetime:
    """Return when an alert must be answered and, if not excluded, reported (notice, two: 24 h)."""
    return opened_at + timedelta(hours=hours)


class _Desk:
    """The episodes of one campus during an assessment, and the events so far."""

    def __init__(self, rules: Rules, day: date, episodes: dict[str, Episode]) -> None:
        self.rules = rules
        self.day = day
        self.episodes = episodes
        self.events: list[EpisodeEvent] = []
        self._given = frozenset(episodes)
        self._made = 0

    def order(self, condition: Condition) -> tuple[date, int, Key]:
        """Day by day; within a day the more absorbing groups first, to avoid renames."""
        return condition.day, -len(self._absorbed(condition.group)), condition.key

    def refresh(self, met: Mapping[Key, Condition], span: Spans) -> list[Condition]:
        """Keep the hits that still hold where they are, drop the others; return the conditions without an episode."""
        homeless = dict(met)
        for episode in list(self.episodes.values()):
            held = {}
            for key, hit in episode.hits.items():
                now = met.get(key) if span.decides(key) else hit
                if now is not None and (not episode.closed or now == hit or _within(now, episode.hits.values())):
                    held[key] = now
                    homeless.pop(key, None)
            if held != episode.hits:
                self._keep(replace(episode, hits=held))
        return list(homeless.values())

    def place(self, condition: Condition) -> None:
        """Give a condition to the episode it belongs to."""
        for episode in self._open():
            if self._over(episode, condition):
                self._end(episode)
        home = self._own(condition) or self._absorbing(condition) or self._dealt_with(condition)
        home = home or self._renamed(condition) or self._new(condition)
        self._add(home, condition)

    def settle(self, episode_id: str, before: Episode | None) -> None:
        """Update an episode from its current hits, and note what its readers must learn."""
        episode = self.episodes[episode_id]
        if episode.closed:
            return
        if before is not None and before.hits and not episode.hits:
            self._unmet(episode)
        elif episode.hits:
            self._restage(episode, before)
        if expired(self.episodes[episode_id], self.day):
            self._end(self.episodes[episode_id])

    # ----------------------------------------------------------------- where a condition goes

    def _open(self) -> list[Episode]:
        return [episode for episode in self.episodes.values() if not episode.closed]

    def _over(self, episode: Episode, condition: Condition) -> bool:
        """Whether the episode is past its end, and the condition is not a late part of it."""
        if condition.day <= episode.ends_after or not self._related(episode.group, condition.group):
            return False
        known = episode.cases
        newcomers = [m.onset for m in condition.members if m.pupil not in known]
        return bool(newcomers) and min(newcomers) > episode.ends_after

    def _own(self, condition: Condition) -> Episode | None:
        return next((e for e in self._open() if e.group == condition.group), None)

    def _absorbing(self, condition: Condition) -> Episode | None:
        homes = [e for e in self._open() if condition.group in self._absorbed(e.group)]
        return max(homes, key=lambda e: _shared(e, condition), default=None)  # the earliest of equals

    def _dealt_with(self, condition: Condition) -> Episode | None:
        known = (e for e in self.episodes.values() if e.closed and e.state not in {AlertState.VOID, AlertState.MERGED})
        fitting = (e for e in known if condition.group in {e.group} | self._absorbed(e.group))
        return next((e for e in fitting if {m.pupil for m in condition.members} <= set(e.cases)), None)

    def _renamed(self, condition: Condition) -> Episode | None:
        """The earliest open episode that the group absorbs takes its name, and the others join it."""
        absorbed = [e for e in self._open() if e.group in self._absorbed(condition.group)]
        if not absorbed:
            return None
        first, *others = absorbed
        hits = dict(first.hits)
        for other in others:
            hits |= other.hits
            self._merge(other, first)
        self._note(first.id, AlertStep.RENAMED, was=first.group, now=condition.group)
        self._keep(replace(first, group=condition.group, hits=hits))
        return self.episodes[first.id]

    def _merge(self, other: Episode, into: Episode) -> None:
        if other.id in self._given:
            self._note(other.id, AlertStep.MERGED, into=into.id)
            self._keep(replace(other, hits={}, closed=True, state=AlertState.MERGED, reason=MERGED_INTO + into.id))
        else:  # opened a moment ago, for a report of the same batch: not sent to any reader
            del self.episodes[other.id]
            self.events = [event for event in self.events if event.id != other.id]

    def _new(self, condition: Condition) -> Episode:
        self._made += 1
        first = min(m.onset for m in condition.members)
        opened = max(condition.day, condition.known_on or condition.day)
        episode = Episode(
            id=f"new-{self._made}",
            group=condition.group,
            stage=condition.stage,
            scope=condition.scope,
            opened_day=opened,
            ends_after=self._end_after(condition.group, opened, first),
            first_onset=first,
            last_onset=first,
        )
        self._note(episode.id, AlertStep.ISSUED, stage=condition.stage.value, rule=condition.rule)
        return episode

    # ----------------------------------------------------------------- what becomes of an episode

    def _restage(self, episode: Episode, before: Episode | None) -> None:
        stage = max((hit.stage for hit in episode.hits.values()), key=lambda s: s.rank)
        scopes = {hit.scope for hit in episode.hits.values() if hit.stage is stage}
        onsets = [m.onset for m in episode.cases.values()]
        now = replace(
            episode,
            stage=stage,
            scope=scopes.pop() if len(scopes) == 1 else "",
            first_onset=min(onsets),
            last_onset=max(onsets),
            ends_after=self._end_after(episode.group, episode.opened_day, max(onsets)),
        )
        self._keep(now if before is None else self._revised(now, before))

    def _revised(self, now: Episode, before: Episode) -> Episode:
        """Raise the card's revision when stage or group changed."""
        if now.stage is before.stage and now.group == before.group:
            return now
        if now.stage is not before.stage:
            what = AlertStep.RAISED if now.stage.rank > before.stage.rank else AlertStep.LOWERED
            self._note(now.id, what, was=before.stage.value, now=now.stage.value)
        if now.state in REOPENED and (now.stage.rank > before.stage.rank or now.group != before.group):
            self._note(now.id, AlertStep.REISSUED)  # the episode to be excluded was a lesser one
            now = replace(now, state=AlertState.ISSUED)
        return replace(now, revision=now.revision + 1)

    def _unmet(self, episode: Episode) -> None:
        """No record meets a condition any more. Unanswered, the episode closes; once answered, people end it."""
        if episode.state != AlertState.ISSUED:
            self._note(episode.id, AlertStep.UNMET)
            return
        self._note(episode.id, AlertStep.VOID)
        why = "报送信息更正后已不成立"
        self._keep(replace(episode, closed=True, state=AlertState.VOID, reason=why, revision=episode.revision + 1))

    def _end(self, episode: Episode) -> None:
        self._note(episode.id, AlertStep.ENDED, answered=episode.state not in UNANSWERED)
        self._keep(ended(episode))

    def _add(self, episode: Episode, condition: Condition) -> None:
        last = max(m.onset for m in condition.members)
        ends_after = max(episode.ends_after, self._end_after(episode.group, episode.opened_day, last))
        self._keep(replace(episode, hits={**episode.hits, condition.key: condition}, ends_after=ends_after))

    def _end_after(self, group: str, opened: date, last: date) -> date:
        return max(opened, last) + timedelta(days=self.rules.groups[group].end_days)

    def _keep(self, episode: Episode) -> None:
        self.episodes[episode.id] = episode

    def _note(self, episode_id: str, what: AlertStep, **details: object) -> None:
        self.events.append(EpisodeEvent(episode_id, what, details))

    def _absorbed(self, group: str) -> frozenset[str]:
        return self.rules.groups[group].absorbs

    def _related(self, one: str, other: str) -> bool:
        return one == other or other in self._absorbed(one) or one in self._absorbed(other)


def _within(condition: Condition, hits: Iterable[Condition]) -> bool:
    known = {m.pupil for hit in hits for m in hit.members}
    return {m.pupil for m in condition.members} <= known


def _shared(episode: Episode, condition: Condition) -> int:
    return len(set(episode.cases) & {m.pupil for m in condition.members})
