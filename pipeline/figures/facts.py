"""The values that papers are counted from, as `facts.digest_facts` loads them: plain, not masked yet.

Making a paper of them needs the reader's `Scope`, which decides what is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from pipeline.figures.county import CountyFigures
from pipeline.figures.duty import StatusCounts
from pipeline.figures.statistics import StatisticFacts
from pipeline.figures.suppression import ALL_SHOWN, Suppression
from pipeline.model import Level
from pipeline.units import Scope


@dataclass(frozen=True, slots=True)
class PaperDivision:
    """A division in a paper. `counties` are the codes whose CountyDay make its figures."""

    code: str
    name: str
    short: str
    level: Level
    counties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert. `reason` is in the rules' words and names no class; `class_name` is "" for the whole campus."""

    id: str
    school: str
    county: str  # code
    county_name: str
    group: str  # 发热, 手足口病 …
    reason: str
    class_name: str
    cases: int
    first_onset: date
    state: str
    state_name: str
    waits: bool  # its 24 hours are running
    opened_day: date
    due_at: datetime
    closed_day: date | None = None
    close_reason: str = ""
    least: int = 1  # cases that the conditions it meets give away


@dataclass(frozen=True, slots=True)
class ClosureLine:
    """One closure in force on the day. `cases` are ill pupils of it found among the day's absences."""

    school: str
    county: str
    county_name: str
    scope: str  # 全校 or the class's name
    reason: str
    ill: int
    pupils: int | None
    cases: int | None  # None: the school has not reported, so nothing can be compared yet
    approved_on: date
    start: datetime
    resumes: date
    confirmed: bool  # by its county
    campus: str = ""  # where the school has several
    waits: bool = False  # for its county's word; one that nobody confirmed and that ended does not

    @property
    def matches(self) -> bool | None:
        """停课 ↔ 缺课: the ill pupils stated are among the absences."""
        return None if self.cases is None else self.cases >= self.ill


@dataclass(frozen=True, slots=True)
class SilentAlert:
    """An open alert of which nobody has reported on the day. `classes`: the silent ones; none: the whole campus."""

    alert: str
    group: str  # 发热, 手足口病 …
    classes: tuple[str, ...] = ()
    campus: str = ""  # where the school has several


@dataclass(frozen=True, slots=True)
class SilentLine:
    """One school that still owes the day's report. `days` counts school days in a row, today included."""

    code: str
    school: str
    county: str
    county_name: str
    kind: str  # 幼儿园, 小学 …
    standing: StatusCounts
    days: int
    holder: str
    phone: str
    classes: tuple[str, ...] = ()  # names of the classes that are not in the report, if 部分班级未报
    warned: tuple[SilentAlert, ...] = ()  # its open alerts of which nothing is heard


@dataclass(frozen=True, slots=True)
class SchoolLine:
    """One school with ill pupils on the day."""

    code: str
    school: str
    kind: str
    roll: int
    ill: int
    new: int
    halves: int
    reported: bool


@dataclass(frozen=True, slots=True)
class HintLine:
    """单例提示: pupils of one class ill today with one 丙类 disease, in no open alert. `new`: those newly absent."""

    disease: str
    school: str
    class_name: str
    cases: int
    new: int


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom to telephone in a division below."""

    place: str
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class DigestFacts:
    """The values of one digest. `days` has the counties' figures of the day and of the five weeks before it."""

    place: PaperDivision
    scope: Scope
    day: date
    n: int
    final: bool
    now: datetime  # when it is made
    clock: datetime  # as of when it speaks: of a past day, its end
    as_of: int
    below: tuple[PaperDivision, ...]
    days: Mapping[str, Mapping[date, CountyFigures]]
    alerts: tuple[AlertLine, ...] = ()
    closures: tuple[ClosureLine, ...] = ()
    silent: tuple[SilentLine, ...] = ()
    schools: tuple[SchoolLine, ...] = ()  # county digests only
    hints: tuple[HintLine, ...] = ()  # county digests only
    statistics: StatisticFacts = field(default_factory=StatisticFacts)
    holders: tuple[Holder, ...] = ()
    issuer: str = ""
    issuer_phone: str = ""
    report_to: tuple[str, ...] = ()  # 报
    send_to: tuple[str, ...] = ()  # 送
    waiting: int = 0  # files in progress when the edition was cut
    week: int = 0  # 教学第 n 周, 0 without a term table
    symptom_names: Mapping[str, str] = field(default_factory=dict)
    matters: tuple[str, ...] = ()  # 待对账: the school of each open matter, oldest first
    assumed: int = 0  # the year, if days of it are by weekday only
    why_nothing: str = ""  # 周末, 法定节假日 … when nothing was due anywhere
    counts: Suppression = ALL_SHOWN  # above county: what is left out of the day
    unseen: Mapping[str, frozenset[date]] = field(default_factory=dict)  # place → past days whose rate was left out
