"""统计提示 of a digest: new cases that are unusual beside the days before, or other years. Never a warning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.statistics import Comparison, Method, percent_of
from pipeline.units import Scope

MOST = 20  # lines; further ones are counted
_ANY_ILLNESS = "ALL"  # says nothing more where all who are newly ill are of one group


@dataclass(frozen=True, slots=True)
class StatisticLine:
    """One division or school with one group. `name`: of a school; a division is named by its digest."""

    unit: str
    name: str
    group: str
    group_name: str
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True)
class StatisticFacts:
    """What is unusual in a digest's own division, those below it by their names, and its schools.

    `years`: weeks of three other years or more were compared, too. `elsewhere`: whether the digests below name more.
    """

    own: tuple[StatisticLine, ...] = ()
    below: tuple[tuple[str, StatisticLine], ...] = ()
    schools: tuple[StatisticLine, ...] = ()
    elsewhere: bool = False
    years: bool = False


@dataclass(frozen=True, slots=True)
class StatisticRow:
    where: str
    group: str
    when: str
    observed: str
    expected: str
    method: str


@dataclass(frozen=True, slots=True)
class StatisticTable:
    """`rest`: what is not listed, as a sentence. `years`: other years were compared."""

    rows: tuple[StatisticRow, ...]
    rest: str
    years: bool


@dataclass(frozen=True, slots=True)
class _Printed:
    """What becomes one row: the comparisons of one day, or of one week."""

    where: str
    line: StatisticLine
    comparisons: tuple[Comparison, ...]

    @property
    def what(self) -> tuple[str, bool]:
        return self.line.group, self.comparisons[0].method is Method.PERCENTILE

    @property
    def shown(self) -> Comparison:
        """The comparison whose expected number is printed: C2's, if it is among them."""
        return next((one for one in self.comparisons if one.method is Method.C2), self.comparisons[0])


def table(facts: StatisticFacts, place: str, scope: Scope) -> StatisticTable:
    """Make the rows: the division, those below, schools; in each, those furthest above the expected first.

    A reader above county is shown no school; and its own division not beside one below it with the same group and
    days: who subtracts one from the other learns what all others have.
    """
    below = _entries(facts.below)
    own = _entries([(f"{place}合计", line) for line in facts.own])
    if scope.masks:
        listed = {entry.what for entry in below}
        own = [entry for entry in own if entry.what not in listed]
    schools = [] if scope.masks else _entries([(line.name, line) for line in facts.schools])
    rows = [_row(entry, scope) for entry in (*own, *below, *schools)]
    notes = [f"其余 {len(rows) - MOST} 行未列"] * (len(rows) > MOST)
    notes += ["学校等下级的提示见下级简报"] * facts.elsewhere
    return StatisticTable(tuple(rows[:MOST]), "；".join(notes) + "。" * bool(notes), facts.years)


def _entries(lines: Sequence[tuple[str, StatisticLine]]) -> list[_Printed]:
    found = []
    for where, line in lines:
        weekly = [one for one in line.comparisons if one.method is Method.PERCENTILE]
        daily = [one for one in line.comparisons if one.method is not Method.PERCENTILE]
        found += [_Printed(where, line, tuple(some)) for some in (daily, weekly) if some]
    named = {(e.line.unit, e.what[1], e.shown.observed) for e in found if e.line.group != _ANY_ILLNESS}
    told = [e for e in found if e.line.group != _ANY_ILLNESS or (e.line.unit, e.what[1], e.shown.observed) not in named]
    return sorted(told, key=lambda e: (e.shown.expected - e.shown.observed, e.line.unit, e.what))


def _row(entry: _Printed, scope: Scope) -> StatisticRow:
    shown, weekly = entry.shown, entry.what[1]
    few = scope.masks and shown.expected < scope.small
    ears = "、".join(one.method.value for one in entry.comparisons)
    return StatisticRow(
        where=entry.where,
        group=entry.line.group_name,
        when="近 7 日" if weekly else "今日",
        observed=scope.count(shown.observed),
        expected=f"<{scope.small}" if few else f"{shown.expected:.1f}",
        method=f"移动百分位 P{percent_of(entry.line.group)}" if weekly else f"EARS {ears}",
    )
