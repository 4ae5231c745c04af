"""Whether a condition belongs to an episode, whether two episodes are one, whether one got worse: pure questions.

The order in which they are asked is `warn.joining`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pipeline.rules.values import Condition, Rules, Stage
from pipeline.warn import episodes as core
from pipeline.warn.episodes import Episode, EpisodeCase


def nearness(episode: Episode, condition: Condition, rules: Rules) -> tuple[bool, int, bool]:
    """Return how near a condition is to an episode of its kind; the nearest is the greatest."""
    held = condition.group in episode.groups and not rules.groups[condition.group].common
    return held, shared(episode, condition), condition.group in episode.names


def of_its_kind(episode: Episode, condition: Condition, rules: Rules) -> bool:
    """Whether an open episode holds the condition's group, or is of the same pupils and speaks of it."""
    group, names, both = condition.group, episode.names, shared(episode, condition)
    if core.enough(both, len(episode.cases), len(condition.members)):
        return True
    if group in rules.covered(names) and core.half(both, len(episode.cases), len(condition.members)):
        return True
    known = rules.groups
    if not known[group].common:
        return group in episode.groups or group in rules.taken_in(names)
    if group in episode.groups:  # a common syndrome of others is none of an illness that is more than common
        return all(known[held].common or group in known[held].takes_in for held in episode.groups)
    return group in rules.taken_in(names)


def takes_its_name(episode: Episode, condition: Condition, rules: Rules) -> bool:
    """Whether the group absorbs an open episode of these pupils; of others if nobody answered it."""
    group = rules.groups[condition.group]
    half = core.half(shared(episode, condition), len(episode.cases), len(condition.members))
    return (episode.groups <= group.absorbs and half) or (episode.groups <= group.takes_in and not episode.answered)


def related(episode: Episode, group: str, rules: Rules) -> bool:
    """Whether an episode holds a group, one that absorbs it, or one it absorbs."""
    absorbed = rules.groups[group].absorbs
    return any(one == group or group in rules.groups[one].absorbs or one in absorbed for one in episode.groups)


def dealt_with(condition: Condition, episode: Episode) -> bool:
    """Whether a closed episode holds all its cases. Who fell ill again after its end is another case."""
    return bool(condition.members) and all(episode.lists(m.pupil, m.onset) for m in condition.members)


def shared(episode: Episode, condition: Condition) -> int:
    """Return how many of the condition's pupils the episode lists."""
    members = (EpisodeCase(m.pupil, m.class_key, m.onset) for m in condition.members)
    return core.shared(episode, members, condition.day)


def are_one(one: Episode, other: Episode, rules: Rules) -> bool:
    """Whether two open episodes are one, by their pupils or, while nobody answered, by the table."""
    if not (one.hits and other.hits) or (one.answered and other.answered):
        return False
    if core.same_pupils(one, other):
        return True
    if one.answered or other.answered:
        return False
    known, mine, others = rules.groups, one.met, other.met
    if (mine <= others or others <= mine) and all(known[group].common for group in mine | others):
        return True
    return core.one_covers(one, other, rules) or any(not known[group].common for group in mine & others)


def worse(now: Episode, stage: Stage, before: Episode, rules: Rules, told: Sequence[Condition] = ()) -> bool:
    """Whether an episode is of a higher stage, or of more groups, than it was and `told` conditions make it."""
    rank = max([before.stage.rank, *(hit.stage.rank for hit in told)])
    speaks_of = rules.covered([*before.names, *(hit.group for hit in told)])
    return stage.rank > rank or not speaks_of.issuperset(now.names)


def stage_of(episode: Episode) -> Stage:
    """Return the highest stage of its hits."""
    return max((hit.stage for hit in episode.hits.values()), key=lambda stage: stage.rank)


def told_by(episode: Episode) -> list[Condition]:
    """Return what the answer to its own card says of it."""
    return [hit for hit in episode.hits.values() if hit.alert == episode.id]


def onsets(episode: Episode) -> list[date]:
    """Return the days of its cases; of what people said without naming any, that day."""
    # who fell ill again is listed once, with the first day; the later case counts all the same
    cases = [case.onset for case in episode.cases.values()]
    cases += [member.onset for hit in episode.hits.values() for member in hit.members]
    return cases or [day for hit in episode.hits.values() for day in hit.onsets]
