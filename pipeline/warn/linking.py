"""Which cases an episode lists: all that count, not only those that met a rule.

An episode has the places of its hits: a class, a dormitory, or the campus. In such a place every case of the hit's
group is listed which began no longer before the hit's day than the longest incubation (`end_days`, and at most the
longest window of the rules), and every later one, until there is none for as long. So the first case is the first of
the cluster, though it alone met nothing; and who falls ill after the cluster puts off the end (the norms end an
outbreak when nobody falls ill for the longest incubation).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from pipeline.model import Reason
from pipeline.rules.groups import groups_of
from pipeline.rules.rooms import NONE_JOINED, Joined, moves
from pipeline.rules.values import DORM, Case, Condition, Member, Rules
from pipeline.warn.episodes import Episode, EpisodeCase, expired

_Place = tuple[str, str]  # (group, scope as in a condition)


@dataclass(frozen=True, slots=True)
class Seen:
    """The cases of a campus by group and place, in the order of their days."""

    places: Mapping[_Place, list[EpisodeCase]] = field(default_factory=dict)
    diagnoses: Mapping[tuple[str, date], str] = field(default_factory=dict)  # (pupil, onset) →
    now: Mapping[str, str] = field(default_factory=dict)  # the class of pupils who changed it, as it is now


NOTHING_SEEN = Seen()
"""An episode then lists who met its rules, and no others."""


def listed_since(hits: Iterable[Condition], rules: Rules) -> date:
    """Return the first day on which a case may have begun that an episode of these hits lists: from then on all rows
    must be seen, whichever changed; else its list would depend on what changed last.
    """
    return min((_since(hit, rules) for hit in hits), default=date.max)


def seen(cases: Iterable[Case], joined: Joined = NONE_JOINED) -> Seen:
    """Return the cases that rows of one campus tell of. `joined`: classes that others took in. Who changed the class
    is in all that he was in.
    """
    spells: dict[tuple[str, date], list[Case]] = defaultdict(list)
    told = sorted((one for one in cases if one.reason == Reason.ILL), key=lambda one: one.day)
    moved = moves(told, joined)
    now = {pupil: stays[-1].room for pupil, stays in moved.items()}
    for row in told:
        spells[row.pupil, row.began].append(row)
    places: dict[_Place, list[EpisodeCase]] = defaultdict(list)
    diagnoses: dict[tuple[str, date], str] = {}
    for (pupil, began), rows in sorted(spells.items(), key=lambda spell: (spell[0][1], spell[0][0])):
        known = [row.diagnosis for row in rows if row.diagnosis]
        diagnoses[pupil, began] = known[-1] if known else ""
        case = EpisodeCase(pupil, now.get(pupil, rows[0].class_key), began, diagnoses[pupil, began])
        scopes = {"", case.class_key, *(f"{DORM} {row.dorm}" for row in rows if row.dorm)}
        scopes |= {stay.room for stay in moved.get(pupil, ())}
        groups = {one for row in rows for one in _groups(row)}
        for group in groups:
            for scope in scopes:
                places[group, scope].append(case)
    return Seen(places, diagnoses, now)


def _groups(row: Case) -> frozenset[str]:
    return groups_of(row.symptoms, row.temperature, row.diagnosis, row.severe, row.meal)


def cases_of(
    episode: Episode, found: Seen, rules: Rules, others: Iterable[Episode], day: date
) -> dict[str, EpisodeCase]:
    """Return all cases an episode lists on a day, by pupil, each with its earliest day.

    `others`: the other ones, open or closed: when one ends, no other begins to list its cases. A common syndrome
    (fever) beside another group lists no case which another of them lists for more than that, of a pupil whom this one
    does not: else the fever of a class would make one cluster of its mumps and its chickenpox.
    """
    mine = _by_group(episode, found, rules)
    theirs = [_held(one, found, rules, day) for one in others if one.hits] if _may_bridge(mine, rules) else []
    known = set[EpisodeCase]()
    for group, cases in mine.items():
        own = {case.pupil for case in _beside([mine], group)}
        strange = _beside(theirs, group) if own and rules.groups[group].common else frozenset()
        known |= {case for case in cases if case.pupil in own or case not in strange}
    by_pupil: dict[str, EpisodeCase] = {}
    for case in sorted(known, key=lambda case: (case.onset, case.pupil, case.class_key)):
        by_pupil.setdefault(case.pupil, case)
    return dict(sorted(by_pupil.items()))


_ByGroup = Mapping[str, set[EpisodeCase]]


def _by_group(episode: Episode, found: Seen, rules: Rules) -> _ByGroup:
    """The cases that an episode's hits list, by their group."""
    listed: dict[str, set[EpisodeCase]] = defaultdict(set)
    for hit in episode.hits.values():
        listed[hit.group].update(_case(member, episode, found) for member in hit.members)
        listed[hit.group].update(_linked(found.places.get((hit.group, hit.scope), ()), hit, rules))
    return listed


def _held(episode: Episode, found: Seen, rules: Rules, day: date) -> _ByGroup:
    """The cases that another episode lists, by their group; one that is over, those it is closed with."""
    if not (episode.closed or expired(episode, day)):
        return _by_group(episode, found, rules)
    listed: dict[str, set[EpisodeCase]] = defaultdict(set)
    for hit in episode.hits.values():
        cases = [
            *(_case(member, episode, found) for member in hit.members),
            *found.places.get((hit.group, hit.scope), ()),
        ]
        listed[hit.group].update(case for case in cases if episode.lists(case.pupil, case.onset))
    return listed


def _may_bridge(mine: _ByGroup, rules: Rules) -> bool:
    return any(rules.groups[group].common for group in mine)


def _beside(listed: Iterable[_ByGroup], group: str) -> frozenset[EpisodeCase]:
    """The cases listed for anything but a group."""
    return frozenset(case for by_group in listed for one, cases in by_group.items() if one != group for case in cases)


def _linked(cases: Iterable[EpisodeCase], hit: Condition, rules: Rules) -> Iterator[EpisodeCase]:
    """The cases, in the order of their days, from before the hit until there is none for the longest incubation."""
    since, last = _since(hit, rules), max(hit.onsets)
    apart = timedelta(days=rules.groups[hit.group].end_days)
    for case in cases:
        if since <= case.onset <= last + apart:
            last = max(last, case.onset)
            yield case


def _since(hit: Condition, rules: Rules) -> date:
    return hit.day - timedelta(days=min(rules.groups[hit.group].end_days, rules.reach) - 1)


def _case(member: Member, episode: Episode, found: Seen) -> EpisodeCase:
    before = episode.cases.get(member.pupil)
    kept = before.diagnosis if before and before.onset == member.onset else ""
    diagnosis = found.diagnoses.get((member.pupil, member.onset), kept)
    room = found.now.get(member.pupil, member.class_key)
    return EpisodeCase(member.pupil, room, member.onset, diagnosis)
