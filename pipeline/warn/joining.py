"""From the conditions that the records meet to episodes opened, joined, raised and closed.

One cluster is one episode: it collects the hits of one school campus for one group with all that the group absorbs
(the table is `Group.absorbs`: a disease absorbs its syndromes), and for other groups of the same pupils. Which
conditions are met is a function of the records; an episode's state is a function of its events, in order: a person's
answer is never undone by a row.

A condition that belongs to no episode yet goes to the first that fits:
  1. the open episode that holds its group; else that of most of its pupils which is of the same pupils (two or more,
     and half of the fewer), or absorbs it. A common syndrome (fever, cough, vomiting) of other pupils is none of an
     illness that is more than common, whoever holds it, unless this takes it in (`Group.takes_in`: influenza the fever
     of other classes);
  2. an episode closed lately that already holds all its cases: it was dealt with, nothing new;
  3. an open episode of groups it absorbs, which takes its name;
  4. a new episode.
An episode past its end rule is ended before a later cluster could join it. Then open episodes that are one by their
pupils, or by the table, become one: the first opened, or the one that somebody answered. An answered one is never
closed so, and takes in others by their pupils only.

Laws: a first name is that of at most one open episode; no two open ones list the same pupils, unless both are
answered; each condition met is the hit of exactly one episode; the same records again change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import combinations

from pipeline.alert_state import REOPENED, AlertState, AlertStep
from pipeline.rules.values import Condition, Key, Rules
from pipeline.rules.windows import Spans
from pipeline.warn import belonging
from pipeline.warn import episodes as core
from pipeline.warn.episodes import Assessment, Episode, EpisodeCase, EpisodeEvent
from pipeline.warn.linking import NOTHING_SEEN, Seen, cases_of


def assess(
    episodes: Sequence[Episode],
    conditions: Iterable[Condition],
    span: Spans,
    rules: Rules,
    day: date,
    found: Seen = NOTHING_SEEN,
) -> Assessment:
    """Bring the episodes of one school campus up to date with the conditions that the records now meet.

    `episodes`: the open ones, and those closed within the last months, in order of their number. `conditions`: all that
    is met on the days of `span`; hits of other days stay as they are. `day`: today. `found`: the cases of the campus,
    for those that an episode lists besides its hits'. New episodes get the ids "new-1", "new-2" …: the store numbers
    them.
    """
    desk = _Desk(rules, day, {episode.id: episode for episode in episodes}, found)
    before = dict(desk.episodes)
    met = {condition.key: condition for condition in conditions}
    homeless = desk.refresh(met, span)
    for condition in sorted(homeless, key=desk.order):
        desk.place(condition)
    desk.join()
    for episode_id in tuple(desk.episodes):
        desk.settle(episode_id, before.get(episode_id))
    return Assessment(tuple(desk.episodes.values()), tuple(desk.events))


class _Desk:
    """The episodes of one campus during an assessment, and the events so far."""

    def __init__(self, rules: Rules, day: date, episodes: dict[str, Episode], found: Seen) -> None:
        self.rules = rules
        self.day = day
        self.episodes = episodes
        self.found = found
        self.events: list[EpisodeEvent] = []
        self._given = dict(episodes)
        self._made = 0

    def order(self, condition: Condition) -> tuple[date, bool, int, int, Key]:
        """Day by day; within a day what says more of the illness first: what is absorbed by few, and absorbs many; any
        illness at all says least.
        """
        group = condition.group
        absorbed_by = sum(group in known.absorbs for known in self.rules.groups.values())
        absorbs = len(self.rules.groups[group].absorbs)
        return condition.day, group == core.ANY_ILLNESS, absorbed_by, -absorbs, condition.key

    def refresh(self, met: Mapping[Key, Condition], span: Spans) -> list[Condition]:
        """Keep the hits that still hold where they are, drop the others; return the conditions without an episode."""
        homeless = dict(met)
        for episode in list(self.episodes.values()):
            held = {}
            for key, hit in episode.hits.items():
                now = met.get(key) if span.decides(key) else hit
                if now is not None and (not episode.closed or now == hit or belonging.dealt_with(now, episode)):
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
        ways = (self._said_of, self._of_its_kind, self._closed_over, self._renamed, self._new)
        self._add(next(home for way in ways if (home := way(condition))), condition)

    def join(self) -> None:
        """List the cases of the open episodes, name them, and make one of those that are one."""
        while True:
            over = self._over_today()
            self._name()
            self._reopen()
            pair = next((two for two in combinations(self._open(), 2) if belonging.are_one(*two, self.rules)), None)
            if pair is None:
                if self._over_today() <= over:
                    return
                continue
            into, other = sorted(pair, key=lambda episode: not episode.answered)  # else the first opened
            self._keep(replace(into, hits={**into.hits, **other.hits}, cases={**other.cases, **into.cases}))
            self._merge(other, into.id)

    def settle(self, episode_id: str, before: Episode | None) -> None:
        """Update an episode from its current hits, and note what its readers must learn."""
        episode = self.episodes[episode_id]
        if episode.closed:
            return
        if before is not None and before.hits and not episode.hits:
            self._unmet(episode)
        elif episode.hits:
            self._restage(episode, before)
        if core.expired(self.episodes[episode_id], self.day):
            self._end(self.episodes[episode_id])

    # ----------------------------------------------------------------- where a condition goes

    def _over_today(self) -> set[str]:
        return {episode.id for episode in self._open() if core.expired(episode, self.day)}

    def _open(self) -> list[Episode]:
        return [episode for episode in self.episodes.values() if not episode.closed]

    def _over(self, episode: Episode, condition: Condition) -> bool:
        """Whether the episode is past its end, and the condition is not a late part of it."""
        if condition.day <= episode.ends_after or not belonging.related(episode, condition.group, self.rules):
            return False
        if episode.hits:  # cases that met nothing put off the end
            episode = self._ending(replace(episode, cases=self._listed(episode)))
        if not condition.members:  # a person's word
            return condition.alert != episode.id
        later = [m.onset for m in condition.members if m.pupil not in episode.cases or m.onset > episode.ends_after]
        return bool(later) and min(later) > episode.ends_after

    def _said_of(self, condition: Condition) -> Episode | None:
        """The alert whose card said so."""
        home = self.episodes.get(condition.alert)
        return home if home is not None and condition.alert and not home.closed else None

    def _of_its_kind(self, condition: Condition) -> Episode | None:
        """The open episode that holds its group; a common syndrome, or one that none holds, goes by the pupils, to the
        one of most of them that is of the same, or speaks of the group.
        """
        homes = [e for e in self._open() if belonging.of_its_kind(e, condition, self.rules)]
        # the earliest of equals
        return max(homes, key=lambda e: belonging.nearness(e, condition, self.rules), default=None)

    def _closed_over(self, condition: Condition) -> Episode | None:
        known = (e for e in self.episodes.values() if e.closed and e.state not in {AlertState.VOID, AlertState.MERGED})
        fitting = (e for e in known if condition.group in self.rules.covered(e.groups))
        return next((e for e in fitting if belonging.dealt_with(condition, e)), None)

    def _renamed(self, condition: Condition) -> Episode | None:
        """The earliest open episode that takes the name of the condition's group."""
        return next((e for e in self._open() if belonging.takes_its_name(e, condition, self.rules)), None)

    def _new(self, condition: Condition) -> Episode:
        self._made += 1
        first = min(condition.onsets)
        opened = max(condition.day, condition.known_on or condition.day)
        episode = Episode(
            id=f"new-{self._made}",
            group=condition.group,
            stage=condition.stage,
            scope=condition.scope,
            opened_day=opened,
            ends_after=max(opened, first) + core.end_days([condition.group], self.rules),
            first_onset=first,
            last_onset=first,
        )
        self._note(episode.id, AlertStep.ISSUED, stage=condition.stage.value, rule=condition.rule)
        return episode

    # ----------------------------------------------------------------- what is one

    def _name(self) -> None:
        """List and name the open episodes, until no name waits for another's."""
        mine = [episode.id for episode in self._open() if episode.hits]
        for one in mine:
            self._keep(replace(self.episodes[one], cases=self._listed(self.episodes[one])))
        changed = True
        while changed:
            changed = False
            for episode in self._open():
                taken = {other.group for other in self._open() if other.id != episode.id}
                group, *also = core.names_of(episode, self.rules, taken)
                if (group, *also) != episode.names:
                    changed = True
                    self._keep(replace(episode, group=group, also=tuple(also)))
        for one in mine:
            self._keep(self._ending(self.episodes[one]))

    def _listed(self, episode: Episode) -> dict[str, EpisodeCase]:
        others = (one for one in self.episodes.values() if one.id != episode.id)
        return cases_of(episode, self.found, self.rules, others, self.day)

    def _ending(self, episode: Episode) -> Episode:
        last = max(belonging.onsets(episode))
        ends_after = max(episode.opened_day, last) + core.end_days(episode.groups, self.rules)
        return replace(episode, ends_after=ends_after)

    def _reopen(self) -> None:
        """An answer that waits is void when the episode got worse: the one to be excluded was a lesser one. What the
        answer says itself makes it no worse.
        """
        for episode in self._open():
            if episode.hits and episode.state in REOPENED:
                before, stage = self._given[episode.id], belonging.stage_of(episode)
                if belonging.worse(episode, stage, before, self.rules, belonging.told_by(episode)):
                    self._note(episode.id, AlertStep.REISSUED)
                    self._keep(replace(episode, state=AlertState.ISSUED))

    def _merge(self, other: Episode, into: str) -> None:
        if other.id in self._given:
            self._note(other.id, AlertStep.MERGED, into=into)
            was = self._given[other.id]  # it was never shown by another name
            self._keep(core.merged(replace(other, group=was.group, also=was.also), into))
        else:  # opened a moment ago, for a report of the same batch: not sent to any reader
            del self.episodes[other.id]
            self.events = [event for event in self.events if event.id != other.id]

    # ----------------------------------------------------------------- what becomes of an episode

    def _restage(self, episode: Episode, before: Episode | None) -> None:
        stage = belonging.stage_of(episode)
        onsets = belonging.onsets(episode)
        now = replace(
            episode,
            stage=stage,
            scope=core.place_of({hit.scope for hit in episode.hits.values() if hit.stage is stage}, episode.cases),
            first_onset=min(onsets),
            last_onset=max(onsets),
        )
        self._keep(now if before is None else self._revised(now, before))

    def _revised(self, now: Episode, before: Episode) -> Episode:
        """Raise the card's revision when stage or names changed."""
        if now.stage is before.stage and now.names == before.names:
            return now
        worse = partial(belonging.worse, now, now.stage, before, self.rules)
        by_itself = worse() and not worse(belonging.told_by(now))
        more = {"told": True} if by_itself else {}
        if now.names != before.names:
            self._note(now.id, AlertStep.RENAMED, was=" ".join(before.names), now=" ".join(now.names), **more)
        if now.stage is not before.stage:
            what = AlertStep.RAISED if now.stage.rank > before.stage.rank else AlertStep.LOWERED
            self._note(now.id, what, was=before.stage.value, now=now.stage.value, **more)
        return replace(now, revision=now.revision + 1)

    def _unmet(self, episode: Episode) -> None:
        """No record meets a condition any more. Unanswered, the episode closes; once answered, people end it."""
        if episode.state != AlertState.ISSUED:
            self._note(episode.id, AlertStep.UNMET)
            self._keep(replace(episode, cases={}))
            return
        self._note(episode.id, AlertStep.VOID)
        why, revision = core.CORRECTED, episode.revision + 1
        self._keep(replace(episode, cases={}, closed=True, state=AlertState.VOID, reason=why, revision=revision))

    def _end(self, episode: Episode) -> None:
        self._note(episode.id, AlertStep.ENDED, answered=episode.answered)
        self._keep(core.ended(episode))

    def _add(self, episode: Episode, condition: Condition) -> None:
        cases = dict(episode.cases)
        strange = self._of_others(episode, condition)
        for m in condition.members:
            if m.pupil in strange:
                continue
            if m.pupil not in cases or m.onset < cases[m.pupil].onset:
                cases[m.pupil] = EpisodeCase(m.pupil, m.class_key, m.onset)
        last = max(condition.onsets)
        ends_after = max(episode.opened_day, last) + core.end_days([*episode.groups, condition.group], self.rules)
        hits = {**episode.hits, condition.key: condition}
        # the cases of a closed one stay as it was closed with them
        self._keep(
            replace(episode, hits=hits)
            if episode.closed
            else replace(episode, hits=hits, cases=cases, ends_after=max(episode.ends_after, ends_after))
        )

    def _of_others(self, episode: Episode, condition: Condition) -> frozenset[str]:
        """The pupils of a common syndrome beside other groups whose case another episode lists, and who are none of
        this one's (`cases_of`).
        """
        if not (self.rules.groups[condition.group].common and episode.met - {condition.group}):
            return frozenset()
        others = [one for one in self.episodes.values() if one.id != episode.id and one.hits]
        listed = (m.pupil for m in condition.members if any(one.lists(m.pupil, m.onset) for one in others))
        return frozenset(listed) - frozenset(episode.cases)

    def _keep(self, episode: Episode) -> None:
        self.episodes[episode.id] = episode

    def _note(self, episode_id: str, what: AlertStep, **details: object) -> None:
        self.events.append(EpisodeEvent(episode_id, what, details))
