"""The figures of one county's day: counted once from rows, kept as JSON (CountyDay), only added up afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, NamedTuple

from pipeline.figures.count_network import APART, OPEN, IllCell
from pipeline.figures.duty import DAY_OFF, REPORTED, StatusCounts
from pipeline.model import KINDERGARTEN, Reason, RowState

_ILL, _NEW, _RETURNED = Reason.ILL, RowState.NEW, RowState.RETURNED  # looked up once, not for every row

HALF_DAY = 1
ENOUGH = 0.9  # a rate is printed with a warning, or not at all, if fewer of the schools due have reported
WHOLE_DAY = 2  # days are counted in halves, so that sums stay whole numbers

CLOSED_ILL, OFF_ILL, UNSURE_ILL = "closed", "off", "unsure"
"""Groups of 因病 that are no 学段: of closed classes, of those with a day off, of schools not reported in full."""

STAGE_ORDER = (KINDERGARTEN, "小学", "初中", "高中", "中职", "特教", "一贯制")


@dataclass(frozen=True, slots=True)
class SchoolDay:
    """One school of the registry on one day.

    `rolls` is the roll of each (campus, class key); a class of unknown roll is left out. `closed` holds the (campus,
    class key) closed on the day, `off` those whose 学段 has a day off.
    """

    code: str
    name: str
    stages: tuple[str, ...]
    standing: StatusCounts
    rolls: Mapping[tuple[str, str], int] = field(default_factory=dict)
    closed: frozenset[tuple[str, str]] = frozenset()
    off: frozenset[tuple[str, str]] = frozenset()
    silent: frozenset[tuple[str, str]] = frozenset()  # open classes that the report does not mention
    other_absent: int = 0  # 其他缺课, as counts of classes


class AbsentRow(NamedTuple):
    """One current absence row: a tuple, because a province's day has eighty thousand. `symptoms` are S codes; `part` is
    "" for the whole day.
    """

    school: str
    campus: str
    class_key: str
    pupil: str
    reason: str  # ill | injured | other
    row_state: str  # new | ongoing | returned
    part: str = ""
    symptoms: tuple[str, ...] = ()
    diagnosis: str = ""
    groups: frozenset[str] = frozenset()  # syndromes and disease, as the rules count them


@dataclass(frozen=True, slots=True)
class CountyFigures:
    """Figures of one place's day; `add` makes a city's from its counties'. Absent pupils are 人次, `*_halves` half
    days.

    `rate_*` count only schools that have reported, without closed classes: only they enter the rate.
    """

    day: date
    place: str
    registered: int = 0
    holiday: int = 0
    out_of_term: int = 0
    closed: int = 0
    on_time: int = 0
    late: int = 0
    excused: int = 0
    missing: int = 0
    returned: int = 0
    held: int = 0
    partial: int = 0
    ill: int = 0
    injured: int = 0
    other: int = 0
    new_ill: int = 0
    closed_ill: int = 0  # ill pupils of closed classes: in `ill`, not in the rate
    off_ill: int = 0  # ill pupils of classes and schools with a day off: likewise
    ill_halves: int = 0
    other_absent: int = 0
    rate_roll: int = 0
    rate_ill_halves: int = 0
    symptoms: Mapping[str, int] = field(default_factory=dict)
    diagnoses: Mapping[str, int] = field(default_factory=dict)
    new_groups: Mapping[str, int] = field(default_factory=dict)  # new cases by group: the series of `statistics`
    stage_roll: Mapping[str, int] = field(default_factory=dict)
    stage_ill: Mapping[str, int] = field(default_factory=dict)  # ill pupils in the rate, as 人次
    stage_halves: Mapping[str, int] = field(default_factory=dict)

    @property
    def not_due(self) -> int:
        return self.holiday + self.out_of_term + self.closed

    @property
    def silent(self) -> int:
        return self.missing + self.returned + self.held + self.partial

    @property
    def reported(self) -> int:
        return self.on_time + self.late

    @property
    def due(self) -> int:
        return self.reported + self.silent + self.excused

    @property
    def rated_ill(self) -> int:
        """Ill pupils that enter the rate, as 人次."""
        return sum(self.stage_ill.values())

    @property
    def unsure_ill(self) -> int:
        """Ill pupils of schools that have not reported in full: in `ill`, not in the rate."""
        return self.ill - self.closed_ill - self.off_ill - self.rated_ill

    @property
    def report_rate(self) -> float | None:
        """已报 ÷ (应报 − 免报), None where nothing was due: nothing is never zero."""
        return _ratio(self.reported, self.due - self.excused)

    @property
    def is_thin(self) -> bool:
        """Whether too few have reported for a rate of the whole place."""
        return self.report_rate is not None and self.report_rate < ENOUGH

    @property
    def timely_rate(self) -> float | None:
        return _ratio(self.on_time, self.due - self.excused)

    @property
    def ill_rate(self) -> float | None:
        """因病缺课率: ill person-days ÷ roll, over schools that reported; None where none did."""
        return _ratio(self.rate_ill_halves, WHOLE_DAY * self.rate_roll)

    def stage_rate(self, stage: str) -> float | None:
        return _ratio(self.stage_halves.get(stage, 0), WHOLE_DAY * self.stage_roll.get(stage, 0))


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole > 0 else None


def kind_of(stages: Sequence[str]) -> str:
    """学段 under which a school is counted: one that has several is 一贯制."""
    return stages[0] if len(stages) == 1 else "一贯制"


@dataclass(slots=True)
class SchoolTally:
    """One school's absent pupils of a day, each counted once, even if several of its campuses report them."""

    school: SchoolDay
    counts_as: str  # its group, but for classes that are closed or have a day off: a 学段, or why it is in no rate
    pupils: set[str] = field(default_factory=set)
    others: dict[str, int] = field(default_factory=dict)  # absent for another reason → pupils
    ill: int = 0
    new: int = 0
    open_halves: int = 0  # of classes that are not closed and had school, as in `roll_of`
    groups: dict[str, tuple[int, int]] = field(default_factory=dict)  # ill pupils, and half days
    new_groups: dict[str, int] = field(default_factory=dict)  # new cases, as the rules group them
    symptoms: list[tuple[str, ...]] = field(default_factory=list)
    diagnoses: list[str] = field(default_factory=list)

    @property
    def line(self) -> tuple[int, int, int]:
        """Ill pupils, new ones among them, half days of open classes."""
        return self.ill, self.new, self.open_halves

    def take(self, row: AbsentRow) -> None:
        if row.row_state == _RETURNED or row.pupil in self.pupils:
            return
        self.pupils.add(row.pupil)
        if row.reason != _ILL:
            self.others[row.reason] = self.others.get(row.reason, 0) + 1
            return
        halves = HALF_DAY if row.part else WHOLE_DAY
        self.ill += 1
        if row.row_state == _NEW:
            self.new += 1
            for group in row.groups:
                self.new_groups[group] = self.new_groups.get(group, 0) + 1
        if row.symptoms:
            self.symptoms.append(row.symptoms)
        if row.diagnosis:
            self.diagnoses.append(row.diagnosis)
        at, school, group = (row.campus, row.class_key), self.school, self.counts_as
        if at in school.closed:
            group = CLOSED_ILL
        elif at in school.off:
            group = group if group == CLOSED_ILL else OFF_ILL
        else:
            self.open_halves += halves
        pupils, sum_of_halves = self.groups.get(group, (0, 0))
        self.groups[group] = pupils + 1, sum_of_halves + halves


def tally(schools: Iterable[SchoolDay], rows: Iterable[AbsentRow]) -> dict[str, SchoolTally]:
    """Count the rows of each of these schools. Rows of others are left out."""
    found = {s.code: SchoolTally(s, _counts_as(s)) for s in schools}
    for row in rows:
        if one := found.get(row.school):
            one.take(row)
    return found


def _counts_as(school: SchoolDay) -> str:
    if school.standing is StatusCounts.CLOSED:
        return CLOSED_ILL
    if school.standing in DAY_OFF:
        return OFF_ILL
    return kind_of(school.stages) if school.standing in REPORTED else UNSURE_ILL


def count(day: date, place: str, tallies: Mapping[str, SchoolTally]) -> CountyFigures:
    """Add up one county's day."""
    schools = [one.school for one in tallies.values()]
    sums = Counter({"registered": len(schools), "other_absent": sum(s.other_absent for s in schools)})
    sums.update(s.standing.value for s in schools)
    maps: dict[str, Counter[str]] = {name: Counter() for name in _MAPS}
    for school in schools:
        if school.standing in REPORTED:
            maps["stage_roll"][kind_of(school.stages)] += roll_of(school)
    for one in tallies.values():
        sums.update(one.others)
        sums["ill"] += one.ill
        sums["new_ill"] += one.new
        maps["new_groups"].update(one.new_groups)
        maps["diagnoses"].update(one.diagnoses)
        maps["symptoms"].update(sign for signs in one.symptoms for sign in set(signs))
        for group, (pupils, halves) in one.groups.items():
            sums["ill_halves"] += halves
            if name := _APART.get(group):
                sums[name] += pupils
            elif group != UNSURE_ILL:
                sums["rate_ill_halves"] += halves
                maps["stage_ill"][group] += pupils
                maps["stage_halves"][group] += halves
    sums["rate_roll"] = sum(maps["stage_roll"].values())
    return from_json(day, place, {**sums, **{name: _sorted(found) for name, found in maps.items()}})


_APART = {CLOSED_ILL: "closed_ill", OFF_ILL: "off_ill"}


def ill_cells(county: str, tallies: Mapping[str, SchoolTally]) -> tuple[IllCell, ...]:
    """The ill pupils of each school as `count` counts them, by group: what totals above county are made of."""
    return tuple(
        IllCell(school, county, group, _part(group), pupils, said=group == CLOSED_ILL)
        for school, one in sorted(tallies.items())
        for group, (pupils, _) in sorted(one.groups.items())
    )


def _part(group: str) -> str:
    return APART if group in {CLOSED_ILL, OFF_ILL, UNSURE_ILL} else OPEN


def roll_of(school: SchoolDay) -> int:
    """应到: pupils of the classes that were open and had school."""
    return sum(n for place, n in school.rolls.items() if place not in school.closed and place not in school.off)


def add(day: date, place: str, parts: Iterable[CountyFigures]) -> CountyFigures:
    """Add up the figures of places that share no school."""
    numbers: Counter[str] = Counter()
    maps: dict[str, Counter[str]] = {name: Counter() for name in _MAPS}
    for part in parts:
        for name in _NUMBERS:
            numbers[name] += getattr(part, name)
        for name in _MAPS:
            maps[name].update(getattr(part, name))
    return from_json(day, place, {**numbers, **{name: _sorted(found) for name, found in maps.items()}})


def _sorted(counted: Counter[str]) -> dict[str, int]:
    return dict(sorted(counted.items()))


_MAPS = ("symptoms", "diagnoses", "new_groups", "stage_roll", "stage_ill", "stage_halves")
_NUMBERS = tuple(f.name for f in fields(CountyFigures) if f.name not in (*_MAPS, "day", "place"))


def to_json(figures: CountyFigures) -> dict[str, object]:
    """As kept in county_day.figures; day and place are columns of that row."""
    return {name: getattr(figures, name) for name in _NUMBERS} | {name: dict(getattr(figures, name)) for name in _MAPS}


def from_json(day: date, place: str, kept: Mapping[str, object]) -> CountyFigures:
    """Read the JSON of `to_json`, of this or an earlier version: a figure not kept then keeps its default."""
    known = {name: kept[name] for name in (*_NUMBERS, *_MAPS) if name in kept}
    return CountyFigures(day=day, place=place, **known)  # type: ignore[arg-type]  # typed by to_json


def series_of(kept: Mapping[str, Any]) -> tuple[int, int, Mapping[str, int]]:
    """Of the JSON of `to_json`: how many schools reported, how many should have, and the new cases by group. Years of
    days are read so, without the rest of their figures.
    """
    reported, silent = (sum(kept.get(name, 0) for name in names) for names in (_REPORTED, _SILENT))
    return reported, reported + silent, kept.get("new_groups", {})


_REPORTED, _SILENT = ("on_time", "late"), ("missing", "returned", "held", "partial")


def identities(figures: CountyFigures) -> list[str]:
    """Name the identities that do not hold; an edition with any is never issued."""
    standings = sum(getattr(figures, s.value) for s in StatusCounts)
    laws = {
        "在册 = 应报 + 不需报": figures.registered == figures.due + figures.not_due == standings,
        "应报 = 按时 + 迟报 + 未报 + 免报": figures.due
        == figures.on_time + figures.late + figures.silent + figures.excused,
        "因病人日不超过人次": figures.ill_halves <= WHOLE_DAY * figures.ill,
        "各学段应到之和": figures.rate_roll == sum(figures.stage_roll.values()),
        "各学段人日之和": figures.rate_ill_halves == sum(figures.stage_halves.values()),
        "新发、停课与不上课的患病不超过因病": max(figures.new_ill, figures.closed_ill + figures.off_ill) <= figures.ill,
    }
    return [name for name, holds in laws.items() if not holds]
