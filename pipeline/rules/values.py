"""The warning rules, and the values they are evaluated on, frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from pipeline.model import Reason


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


@dataclass(frozen=True, slots=True)
class Notifiable:
    """A disease's class (甲 乙 丙) under the law, from `since` to before `until`."""

    disease: str
    grade: str
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Exactly one of `at_least` (pupils) and `share` (percent of the class's roll) is set."""

    id: str
    stage: Stage
    groups: frozenset[str]
    grades: frozenset[str]  # and every disease of these classes on the day
    present: bool  # counts who is absent that day; else who fell ill within the window
    window: int  # days, the day itself included
    scope: tuple[Where, ...]
    at_least: int
    at_most: int | None
    share: int
    source: str
    on: bool
    divisions: Mapping[str, bool]  # division code → on or off there and below

    @property
    def threshold(self) -> str:
        """The condition in short: `≥3`, `5–9`, `≥30%`."""
        if self.share:
            return f"≥{self.share}%"
        return f"≥{self.at_least}" if self.at_most is None else f"{self.at_least}–{self.at_most}"

    def met(self, n: int, roll: int | None) -> bool:
        """Say whether n distinct pupils meet it. A share of an unknown or empty roll is never met."""
        if self.share:
            return bool(roll) and n > 0 and 100 * n >= self.share * (roll or 0)
        return n >= self.at_least and (self.at_most is None or n <= self.at_most)

    def active(self, chain: Sequence[str]) -> bool:
        """Say whether the rule is active for a place, given its codes narrowest first."""
        return next((self.divisions[code] for code in chain if code in self.divisions), self.on)


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of one version."""

    version: str
    rules: tuple[Rule, ...]
    groups: Mapping[str, Group]
    notifiable: tuple[Notifiable, ...]

    @property
    def reach(self) -> int:
        """The longest window, in days."""
        return max((rule.window for rule in self.rules), default=1)

    def active(self, chain: Sequence[str]) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.active(chain))

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
    members: tuple[Member, ...]  # n of them, ascending
    known_on: date | None = field(default=None, compare=False)  # the report day by which it was first known

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
class Hint:
    """单例提示: a single case of a 丙类 disease, for the county's information; it opens no alert."""

    day: date
    pupil: str
    class_key: str
    disease: str
    grade: str
