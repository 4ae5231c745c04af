"""The warning rules, and the values they are evaluated on, frozen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from pipeline.forms.classes import ClassLevel
from pipeline.model import Reason
from pipeline.schooldays import LONGEST_TERM


class Stage(StrEnum):
    """The stage of an episode, lowest first; the highest that holds is shown."""

    EARLY = "early"
    CLUSTER = "cluster"
    OUTBREAK = "outbreak"
    EVENT = "event"
    CLOSURE = "closure"

    @property
    def rank(self) -> int:
        return list(Stage).index(self)

    @property
    def label(self) -> str:
        """Its name on papers. A closure is decided by people, never by a rule."""
        return _STAGE_LABELS[self]


_STAGE_LABELS: Mapping[Stage, str] = {
    Stage.EARLY: "早期预警",
    Stage.CLUSTER: "聚集性疫情",
    Stage.OUTBREAK: "暴发疫情",
    Stage.EVENT: "达到突发公共卫生事件报告标准",
    Stage.CLOSURE: "达到班级停课评估标准",
}


class Sign(StrEnum):
    """What a row may show besides symptoms and diagnosis, and a rule may ask for."""

    ADMITTED = "admitted"  # in hospital
    TESTED = "tested"  # a positive test


class Where(StrEnum):
    """The group of pupils that is counted together."""

    CLASS = "class"
    DORM = "dorm"
    CAMPUS = "campus"


DORM = "宿舍"
"""The scope of a hit in a dormitory begins with this word: 宿舍 101."""


@dataclass(frozen=True, slots=True)
class Group:
    """A syndrome (FEV …) or a disease (D10 …): what it absorbs, and how it ends."""

    code: str
    name: str
    absorbs: frozenset[str]  # closed: includes what the absorbed groups absorb
    end_days: int  # days without a linked case after which an episode may end
    takes_in: frozenset[str] = frozenset()  # of what it absorbs, what it does of other pupils, too
    common: bool = False  # seen everywhere: fever, cough, vomiting


@dataclass(frozen=True, slots=True)
class Notifiable:
    """A disease's class (甲 乙 丙) under the law, from `since` to before `until`."""

    disease: str
    grade: str
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Switch:
    """A rule on or off in a division (or one school) and below, from a day on."""

    place: str
    on: bool
    since: date


TERM = 0
"""The window of a rule that counts from the beginning of the term."""

LONG = 30
"""Days. Longer windows, and terms, ask of diseases only, and of whole campuses: their rows are read by disease."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. It is met in one of several ways: so many pupils, a share of the class, in hospital, dead …"""

    id: str
    stage: Stage
    groups: frozenset[str]
    grades: frozenset[str]  # and every disease of these classes on the day
    present: bool  # counts who is absent that day; else who fell ill within the window
    window: int  # days, the day itself included; or TERM
    scope: tuple[Where, ...]
    source: str
    confidence: str
    at_least: int = 0  # pupils
    at_most: int | None = None
    share: int = 0  # percent of the class's roll
    by_level: Mapping[ClassLevel, int] = field(default_factory=dict)  # pupils of the classes of a level
    classes: tuple[int, int] | None = None  # so many classes with so many pupils each
    admitted: int = 0  # pupils in hospital
    deaths: int = 0  # by the answers to cards
    tested: int = 0  # of the pupils that at_least asks for, so many have a positive test
    only: frozenset[Sign] = frozenset()  # counts only pupils with all these signs
    raised: bool = False  # by a person, never by records
    on: bool = True
    switches: tuple[Switch, ...] = ()
    fewest: int = field(init=False)  # pupils there must be for it to be met by records at all

    def __post_init__(self) -> None:
        """Count `fewest` once: it is asked for every place and group of every school."""
        room = self.classes[0] * self.classes[1] if self.classes else 0
        ways = (self.at_least, self.admitted, room, min(self.by_level.values(), default=0), int(self.share > 0))
        object.__setattr__(self, "fewest", min((n for n in ways if n), default=0))

    def possible(self, rows: int, roll: int | None) -> bool:
        """Say whether so many rows may meet it in a place of this roll. A share of an unknown or empty roll is never
        met.
        """
        if self.share:  # the only threshold then
            return bool(roll) and 100 * rows >= self.share * (roll or 0)
        return rows >= self.fewest

    @property
    def ways(self) -> tuple[str, ...]:
        """What meets it, each way in short: `≥30`, `5–9`, `≥30%`, `住院≥5`."""
        found = []
        if self.at_least:
            found.append(f"≥{self.at_least}" if self.at_most is None else f"{self.at_least}–{self.at_most}")
        if self.share:
            found.append(f"≥{self.share}%")
        found += [f"{level.label}≥{n}" for level, n in sorted(self.by_level.items())]
        if self.classes:
            found.append(f"{self.classes[0]} 个班各≥{self.classes[1]}")
        found += [f"住院≥{self.admitted}"] * bool(self.admitted) + [f"死亡≥{self.deaths}"] * bool(self.deaths)
        return tuple(found)

    @property
    def threshold(self) -> str:
        """All ways in short: `≥30 或 住院≥5`."""
        return " 或 ".join(self.ways)

    @property
    def long(self) -> bool:
        """Whether its window reaches so far back that its rows are read by disease."""
        return self.window == TERM or self.window > LONG

    def active(self, chain: Sequence[str], day: date) -> bool:
        """Say whether the rule is active for a place on a day, given its codes narrowest first."""
        if self.switches:
            for code in chain:
                mine = [switch for switch in self.switches if switch.place == code and switch.since <= day]
                if mine:
                    return max(mine, key=lambda switch: switch.since).on
        return self.on

    def ever(self, chain: Sequence[str]) -> bool:
        """Say whether it is active for a place on any day."""
        return self.on or any(switch.on and switch.place in chain for switch in self.switches)


@dataclass(frozen=True, slots=True)
class Unfed:
    """A row of the norms that no rule stands for, and why."""

    id: str
    what: str
    source: str
    confidence: str
    why: str


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of one version."""

    version: str
    rules: tuple[Rule, ...]
    groups: Mapping[str, Group]
    notifiable: tuple[Notifiable, ...]
    unfed: tuple[Unfed, ...] = ()
    reach: int = field(init=False)  # the longest window in days, of the rules that are on somewhere and not long
    long_reach: int = field(init=False)  # the longest window of all, in days; 0 if none is long
    long_groups: frozenset[str] = field(init=False)  # the diseases that rules with a long window ask about

    def __post_init__(self) -> None:
        """Find how far back the rules look, once: it is asked for every school."""
        on = [rule for rule in self.rules if rule.on or any(switch.on for switch in rule.switches)]
        near = (rule.window for rule in on if not (rule.long or rule.raised))
        object.__setattr__(self, "reach", max(near, default=1))
        object.__setattr__(
            self, "long_reach", max((rule.window or LONGEST_TERM for rule in on if rule.long), default=0)
        )
        long = frozenset(group for rule in on if rule.long for group in rule.groups)
        object.__setattr__(self, "long_groups", long)

    def at(self, chain: Sequence[str]) -> tuple[Rule, ...]:
        """Return the rules that are active at a place on some day."""
        return tuple(rule for rule in self.rules if rule.ever(chain))

    def covered(self, groups: Iterable[str]) -> frozenset[str]:
        """Return what a card that names these groups speaks of: they, and all that they absorb."""
        known = [one for one in groups if one in self.groups]
        return frozenset(known).union(*(self.groups[one].absorbs for one in known))

    def taken_in(self, groups: Iterable[str]) -> frozenset[str]:
        """Return these groups, and what they take in whichever pupils it is of."""
        known = [one for one in groups if one in self.groups]
        return frozenset(known).union(*(self.groups[one].takes_in for one in known))

    def name_of(self, *groups: str) -> str:
        """Return the names of groups, as printed: 发热、呼吸道症状."""
        return "、".join(self.groups[one].name if one in self.groups else one for one in groups)

    def grade(self, disease: str, day: date) -> str:
        """Return a disease's class on a day: 甲, 乙, 丙, or "" if it is not notifiable."""
        for entry in self.notifiable:
            if entry.disease == disease and entry.since <= day and (entry.until is None or day < entry.until):
                return entry.grade
        return ""


class Case(NamedTuple):
    """One absence row, as the rules see it. A tuple, because a batch makes tens of thousands."""

    day: date
    pupil: str
    class_key: str
    row_state: str  # new | ongoing | returned
    start: date
    onset: date | None = None
    symptoms: str = ""  # "S01 S02"
    temperature: float | None = None
    diagnosis: str = ""  # D code
    dorm: str = ""
    reason: str = Reason.ILL
    spell: date | None = None  # the day of the case that the row goes on with; None: its own dates decide
    admitted: bool = False  # in hospital
    tested: bool = False  # with a positive test
    severe: bool = False
    meal: bool = False  # ate or drank with others who fell ill

    @property
    def began(self) -> date:
        """The day of the case: 发病日期, else the first day of absence; never after the row's own day."""
        return self.spell or min(self.onset or self.start, self.day)


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """A pupil counted by a condition."""

    pupil: str
    class_key: str
    onset: date


@dataclass(frozen=True, slots=True)
class Condition:
    """A rule that the records meet, on one day, within one place, for one group."""

    rule: str
    stage: Stage
    group: str
    day: date  # the last day of the window
    scope: str  # "" for the whole campus, else a class key, or "宿舍 101"
    n: int
    threshold: str
    members: tuple[Member, ...]  # n of them, ascending; none if it was not counted from records
    known_on: date | None = field(default=None, compare=False)  # the report day by which it was first known
    alert: str = field(default="", compare=False)  # whose card said so, if people did

    @property
    def onsets(self) -> tuple[date, ...]:
        """The days on which its pupils fell ill; its own day, if it was not counted from records."""
        return tuple(member.onset for member in self.members) or (self.day,)

    @property
    def key(self) -> Key:
        return Key(self.rule, self.group, self.scope, self.day)


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What makes a condition the same one when it is evaluated again."""

    rule: str
    group: str
    scope: str
    day: date


@dataclass(frozen=True, slots=True)
class Told:
    """What people said of a campus: deaths, by the answer to a card; or that a rule is met that records cannot show."""

    day: date
    group: str
    scope: str = ""  # as of a Condition
    deaths: int = 0
    rule: str = ""  # the rule that was raised
    n: int = 0  # pupils concerned, if it was
    alert: str = ""  # whose card said so
    also: tuple[str, ...] = ()  # groups by which that alert is named besides


@dataclass(frozen=True, slots=True)
class Hint:
    """单例提示: a single case of a 丙类 disease, for the county's information; it opens no alert."""

    day: date
    pupil: str
    class_key: str
    disease: str
    grade: str
