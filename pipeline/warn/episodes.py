"""Episodes as values: what one holds, what it is called, and when two are one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from pipeline.alert_state import FOLLOWED, UNANSWERED, AlertState, AlertStep
from pipeline.rules.values import Condition, Key, Rules, Stage

OVER = "期满无新发"  # why an episode ended by its rule
CORRECTED = "报送信息更正后已不成立"  # why one is void
SWITCHED_OFF = "预警规则已停用"
MERGED_INTO = "并入"  # why an episode was closed, before the id of the one that it joined

ANY_ILLNESS = "ALL"  # names an alert only if nothing else does
_FEWEST = 2  # pupils whom two episodes must share to be one, and diagnoses that name one


@dataclass(frozen=True, slots=True)
class EpisodeCase:
    """A pupil listed by an episode: the first day of illness, and what was diagnosed last ("" for nothing)."""

    pupil: str
    class_key: str
    onset: date
    diagnosis: str = ""


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert of a school campus, as far as the assessment needs it. `hits` are the current ones."""

    id: str
    group: str  # the first of its names
    stage: Stage
    scope: str
    opened_day: date
    ends_after: date
    first_onset: date
    last_onset: date
    also: tuple[str, ...] = ()  # the groups it is named by besides
    hits: Mapping[Key, Condition] = field(default_factory=dict)
    cases: Mapping[str, EpisodeCase] = field(default_factory=dict)  # all that it lists, by pupil (`linking`)
    state: AlertState = AlertState.ISSUED
    closed: bool = False
    reason: str = ""  # why closed, as printed
    revision: int = 1  # of the card; raised when readers must receive it again

    @property
    def names(self) -> tuple[str, ...]:
        return (self.group, *self.also)

    @property
    def met(self) -> frozenset[str]:
        """The groups of its hits."""
        return frozenset(hit.group for hit in self.hits.values())

    @property
    def groups(self) -> frozenset[str]:
        """Its names, and the groups of its hits."""
        return self.met.union(self.names)

    @property
    def answered(self) -> bool:
        return self.state not in UNANSWERED

    def lists(self, pupil: str, onset: date) -> bool:
        """Say whether a case is one of its pupils', before its end. Who fell ill again later is another case."""
        return pupil in self.cases and onset <= self.ends_after


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


def expired(episode: Episode, day: date) -> bool:
    """Say whether a followed episode has had no linked case for as long as its end rule asks."""
    return not episode.closed and episode.state in FOLLOWED and episode.ends_after < day


def ended(episode: Episode) -> Episode:
    """Return the episode ended by its rule."""
    why = OVER if episode.answered else f"{OVER}（未回复）"
    return replace(episode, closed=True, state=AlertState.ENDED, reason=why)


def explained(episode: Episode, before: Episode | None, switched_off: Callable[[Condition], bool]) -> Episode:
    """Return an episode that became void with why: its rules were switched off, or else its records corrected."""
    if before is None or before.closed or episode.state != AlertState.VOID:
        return episode
    return replace(episode, reason=SWITCHED_OFF) if all(map(switched_off, before.hits.values())) else episode


def merged(episode: Episode, into: str) -> Episode:
    """Return the episode closed, because another one holds its cases."""
    return replace(episode, hits={}, cases={}, closed=True, state=AlertState.MERGED, reason=MERGED_INTO + into)


def merged_into(reason: str) -> str:
    """Return the id of the episode that a closed one joined, by why it was closed; "" if it joined none."""
    return reason.removeprefix(MERGED_INTO) if reason.startswith(MERGED_INTO) else ""


# --------------------------------------------------------------------------- names


def names_of(episode: Episode, rules: Rules, taken: Collection[str]) -> tuple[str, ...]:
    """Return what an episode is called: the groups of its hits and the disease its cases were diagnosed with, without
    those that another of them absorbs; diseases first, then what absorbs most (ILI), common syndromes last.

    `taken`: the first names of other open episodes, of which its own is another. Without a hit it is called what it
    was; without a name that is free, what it was and what it is.
    """
    met = set(episode.met)
    met |= {disease for disease in _diagnosed(episode) if _about(disease, met, rules)}
    met = met - {ANY_ILLNESS} or met
    shown = [one for one in met if not any(one in rules.groups[other].absorbs for other in met)]
    shown.sort(key=lambda one: (one in taken, *_order(one, rules)))
    if not shown or shown[0] in taken:
        return (episode.group, *(one for one in shown if one != episode.group)) if shown else episode.names
    return tuple(shown)


def _diagnosed(episode: Episode) -> set[str]:
    """Diseases of two cases and more, and of half of those that were diagnosed."""
    found = [case.diagnosis for case in episode.cases.values() if case.diagnosis]
    return {one for one in found if found.count(one) >= _FEWEST and 2 * found.count(one) >= len(found)}


def _about(disease: str, met: Collection[str], rules: Rules) -> bool:
    """Whether a disease explains one of the groups met: an inflamed ear does not explain a cluster of rashes."""
    return disease in rules.groups and not rules.groups[disease].absorbs.isdisjoint(met)


def _order(group: str, rules: Rules) -> tuple[bool, bool, int, int]:
    disease, known = group[:1] == "D" and group[1:].isdigit(), rules.groups[group]
    return not disease, known.common, -len(known.absorbs) * (not disease), list(rules.groups).index(group)


# --------------------------------------------------------------------------- when two are one


def shared(episode: Episode, members: Iterable[EpisodeCase], last: date) -> int:
    """Return how many of these pupils the episode lists, as cases of its time. `last`: their last day."""
    found = ((episode.cases.get(one.pupil), one) for one in members)
    return sum(mine is not None and one.onset <= episode.ends_after and mine.onset <= last for mine, one in found)


def half(both: int, *sizes: int) -> bool:
    """Say whether so many shared pupils are half of the fewer."""
    return both > 0 and 2 * both >= min(sizes)


def enough(both: int, *sizes: int) -> bool:
    """Say whether so many shared pupils make one cluster: two or more, and half of the fewer."""
    return both >= _FEWEST and half(both, *sizes)


def same_pupils(one: Episode, other: Episode) -> bool:
    """Say whether two episodes list the same pupils."""
    return enough(shared(one, other.cases.values(), other.ends_after), len(one.cases), len(other.cases))


def one_covers(one: Episode, other: Episode, rules: Rules) -> bool:
    """Say whether the names of one speak of all that the other holds: of the same pupils, or of whichever."""
    both = half(shared(one, other.cases.values(), other.ends_after), len(one.cases), len(other.cases))
    speaks_of = rules.covered if both else rules.taken_in
    return other.groups <= speaks_of(one.names) or one.groups <= speaks_of(other.names)


def end_days(names: Iterable[str], rules: Rules) -> timedelta:
    """Return the longest incubation of these groups."""
    return timedelta(days=max(rules.groups[name].end_days for name in names))


def place_of(stated: set[str], cases: Mapping[str, EpisodeCase]) -> str:
    """Return the place of the rules of the stage shown if it is one; else the class that all cases are of; else ""."""
    if len(stated) == 1 and "" not in stated:
        return stated.pop()
    classes = {case.class_key for case in cases.values()}
    return classes.pop() if len(classes) == 1 else ""
