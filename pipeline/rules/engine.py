"""Which rules the records meet: a pure function of the final records of one school campus.

A case is one pupil's spell of illness, on its own day: 发病日期, else the first day of absence (`Case.began`). It
counts on that day whenever it is first reported: on the day itself, days later, or as 已返校. What becomes known later
in the spell (a diagnosis) counts for the same day. A pupil counts once for a group within a condition, whatever the
number of rows. A condition of `day` counts the cases of the window that ends with `day`. 现症 rules count who is absent
on `day` itself, by what the last `reach` days show of the spell.

Days evaluated: those on which an ill pupil was absent, or fell ill. So the result for a day is a function of the final
records, and does not depend on when they came or on the time of the evaluation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from operator import itemgetter

from pipeline.forms.words import SYNDROMES
from pipeline.model import Reason, RowState
from pipeline.rules.values import DORM, Case, Condition, Hint, Member, Rule, Rules, Where

FEVER = 38.0  # ℃, from which a case with cough or sore throat is influenza-like

_ILL, _RETURNED = Reason.ILL, RowState.RETURNED  # looked up once, not for every row
_DAY_AND_PUPIL = itemgetter(0, 1)  # the first two of a Case
_COUGH_OR_SORE_THROAT = frozenset({"S02", "S03"})


@dataclass(frozen=True, slots=True)
class Window:
    """Days, both ends included."""

    first: date
    last: date

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


def affected(changed: Iterable[date], reach: int) -> Window:
    """Return the days whose conditions may depend on changed records: their own days, and those of their cases."""
    days = sorted(changed)
    return Window(days[0], days[-1] + timedelta(days=reach - 1))


def needed(span: Window, reach: int, today: date) -> Window:
    """Return the days whose records decide the conditions of `span`: a case may be reported on any day up to today."""
    return Window(span.first - timedelta(days=reach - 1), max(span.last, today))


@dataclass(frozen=True, slots=True)
class _Ill:
    """A pupil counted for a group in a place: dated `onset`, known by the report of `known_on`."""

    onset: date
    known_on: date
    pupil: str
    class_key: str


Rolls = Mapping[str, int | None]  # class key → 应到


@dataclass(frozen=True, slots=True)
class RulesInForce:
    """The active rules of a place, by the groups they ask about; made once, used for many schools."""

    rules: Rules
    new: Mapping[str, tuple[Rule, ...]]
    present: Mapping[str, tuple[Rule, ...]]

    def asks(self, rule: Rule, group: str, day: date) -> bool:
        """Say whether a rule asks about a group on a day: a disease's class has its dates."""
        return group in rule.groups or self.rules.grade(group, day) in rule.grades


def ask(rules: Rules, active: Iterable[Rule]) -> RulesInForce:
    """Return the active rules (`rules.active(chain)`) by group: those named, and those of a class under the law."""
    found: dict[bool, dict[str, tuple[Rule, ...]]] = {False: {}, True: {}}
    for rule in active:
        graded = {entry.disease for entry in rules.notifiable if entry.grade in rule.grades}
        for group in rule.groups | graded:
            by_group = found[rule.present]
            by_group[group] = (*by_group.get(group, ()), rule)
    return RulesInForce(rules, found[False], found[True])


_Place = tuple[Where, str]  # what kind, and which: ("class", "三2")
_Table = dict[tuple[str, _Place], list[_Ill]]  # (group, place) →


def conditions(cases: Iterable[Case], rolls: Rolls, asked: RulesInForce, span: Window) -> tuple[Condition, ...]:
    """Return all conditions met on the days of `span`, ascending by key.

    `cases`: the rows of one school campus on `needed(span, reach)`, in any order; further rows do not matter. `rolls`:
    应到 by class key. `asked`: the rules that are active there (`ask`).
    """
    ill = sorted((c for c in cases if c.reason == _ILL), key=_DAY_AND_PUPIL)
    days: list[date] = []
    found: list[Condition] = []
    absent = [case for case in ill if case.row_state != _RETURNED]
    for table, by_group in ((_fallen(ill, asked.new), asked.new), (_present(absent, asked), asked.present)):
        for (group, (where, which)), entries in table.items():
            for rule in by_group[group]:
                if where in rule.scope and len(entries) >= rule.at_least:
                    days = days or sorted({day for case in ill for day in _asked_days(case) if span.holds(day)})
                    asking = [day for day in days if asked.asks(rule, group, day)]
                    found += _met(rule, (group, which), entries, rolls.get(which), asking)
    return tuple(sorted(found, key=lambda condition: condition.key))


def hints(cases: Iterable[Case], rules: Rules) -> tuple[Hint, ...]:
    """Return the single cases of 丙类 diseases, one a pupil and disease, on its first day: lines for the county."""
    found: dict[tuple[str, str], Hint] = {}
    for c in sorted(cases, key=lambda c: (c.day, c.pupil)):
        if c.reason == _ILL and c.row_state != _RETURNED and rules.grade(c.diagnosis, c.day) == "丙":
            found.setdefault((c.pupil, c.diagnosis), Hint(c.day, c.pupil, c.class_key, c.diagnosis, "丙"))
    return tuple(found.values())


@lru_cache(maxsize=8192)
def groups_of(symptoms: str, temperature: float | None, diagnosis: str) -> frozenset[str]:
    """Return the groups one row belongs to: syndromes, ILI, and the diagnosis itself."""
    shown = frozenset(symptoms.split())
    found = {group for group, members in SYNDROMES.items() if not shown.isdisjoint(members)}
    if temperature is not None and temperature >= FEVER and not shown.isdisjoint(_COUGH_OR_SORE_THROAT):
        found.add("ILI")
    return frozenset(found | {diagnosis} if diagnosis else found)


def _asked_days(case: Case) -> Iterator[date]:
    """The days a row gives cause to look at: its own, if the pupil is absent, and that of the case."""
    if case.row_state != _RETURNED:
        yield case.day
    yield case.began


def _places(case: Case) -> Iterator[_Place]:
    yield Where.CAMPUS, ""
    yield Where.CLASS, case.class_key
    if case.dorm:
        yield Where.DORM, f"{DORM} {case.dorm}"


def _fallen(ill: Sequence[Case], groups: Mapping[str, object]) -> _Table:
    """Who fell ill: each case by group and place, with the day whose records first show it."""
    table: _Table = defaultdict(list)
    spells: dict[tuple[str, date], tuple[Case, set[str]]] = {}  # → its first row, and the groups known of it
    for case in ill:
        first, known = spells.setdefault((case.pupil, case.began), (case, set()))
        fresh = (groups_of(case.symptoms, case.temperature, case.diagnosis) & groups.keys()) - known
        if fresh:
            known |= fresh
            entry = _Ill(case.began, case.day, case.pupil, first.class_key)
            for group in fresh:
                for place in _places(first):
                    table[group, place].append(entry)
    return table


def _present(ill: Sequence[Case], asked: RulesInForce) -> _Table:
    """Absent pupils: each row by place and every group its spell showed in the last `reach` days."""
    table: _Table = defaultdict(list)
    reach = asked.rules.reach
    shown: dict[tuple[str, date], dict[str, date]] = {}  # spell → group → last day on which it was reported
    for case in ill:
        groups = groups_of(case.symptoms, case.temperature, case.diagnosis) & asked.present.keys()
        spell = shown.setdefault((case.pupil, case.began), {})
        spell.update(dict.fromkeys(groups, case.day))
        for group, reported_on in spell.items():
            if (case.day - reported_on).days < reach:
                entry = _Ill(case.began, case.day, case.pupil, case.class_key)
                for place in _places(case):
                    table[group, place].append(entry)
    return table


def _met(
    rule: Rule, what: tuple[str, str], entries: Sequence[_Ill], roll: int | None, days: Iterable[date]
) -> Iterator[Condition]:
    """The days on which one rule is met by the pupils of `what`: one group in one place."""
    group, scope = what
    for day in days:
        counted = _counted(rule, entries, day)
        if rule.met(len(counted), roll):
            members = tuple(sorted(Member(e.pupil, e.class_key, e.onset) for e in counted))
            known_on = sorted(e.known_on for e in counted)[max(rule.at_least, 1) - 1]
            yield Condition(rule.id, rule.stage, group, day, scope, len(members), rule.threshold, members, known_on)


def _counted(rule: Rule, entries: Iterable[_Ill], day: date) -> Collection[_Ill]:
    """The distinct pupils that count on a day, each with its earliest date."""
    first = day - timedelta(days=rule.window - 1)
    found: dict[str, _Ill] = {}
    for e in entries:
        counts = e.known_on == day if rule.present else first <= e.onset <= day
        if counts and (e.pupil not in found or e.onset < found[e.pupil].onset):
            found[e.pupil] = e
    return found.values()
