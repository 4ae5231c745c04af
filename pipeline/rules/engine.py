"""Which rules the records meet: a pure function of the final records of one school campus.

A case is one pupil's spell of illness, on its own day: 发病日期, else the first day of absence (`Case.began`). It
counts on that day whenever it is first reported: on the day itself, days later, or as 已返校. What becomes known later
in the spell (a diagnosis) counts for the same day. A pupil counts once for a group within a condition, whatever the
number of rows. A condition of `day` counts the cases of the window that ends with `day`. 现症 rules count who is absent
on `day` itself, by what the last `reach` days show of the spell.

Days evaluated: those on which an ill pupil was absent, or fell ill; of windows longer than `values.LONG` those on
which a case of the disease began, and its rows alone are read. So the result for a day is a function of the final
records, and does not depend on when they came or on the time of the evaluation.

Besides records, what people said counts (`Told`): deaths, which stand on cards alone, and rules that only a person can
say are met.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from pipeline.forms.classes import level as class_level
from pipeline.model import Reason, RowState
from pipeline.rules.asked import AskedGroups, RulesInForce
from pipeline.rules.rooms import Joined, Moved, Stay, moves, room_on
from pipeline.rules.values import DORM, TERM, Case, Condition, Hint, Key, Member, Rule, Rules, Sign, Told, Where
from pipeline.rules.windows import Spans
from pipeline.schooldays import half_year

RAISED = "经核实上报"  # the threshold of what a person raised

_ILL, _RETURNED = Reason.ILL, RowState.RETURNED  # looked up once, not for every row
_CLASS = Where.CLASS
_DAY_AND_PUPIL = itemgetter(0, 1)  # the first two of a Case
_NO_GROUPS = frozenset[str]()


@dataclass(slots=True)
class _Spell:
    """A pupil's case as its rows show it, in the order of their days."""

    first: Case
    known: set[str]  # the groups
    signs: dict[Sign, date]  # and on which day each was first seen
    last: frozenset[str] = _NO_GROUPS  # those of its last row: nearly always they are of the next, too


class _Ill(NamedTuple):
    """A pupil counted for a group in a place: dated `onset`, known by the report of `known_on`; of windows that end on
    the days from `since` to before `until`, if he changed the class.
    """

    onset: date
    known_on: date
    pupil: str
    class_key: str
    signs: Mapping[Sign, date]
    since: date = date.min
    until: date = date.max

    def has(self, signs: Collection[Sign]) -> bool:
        return not signs or all(sign in self.signs for sign in signs)

    def known_with(self, signs: Iterable[Sign]) -> date:
        """The day by which the case was known with these signs, which it has."""
        return max((self.known_on, *(self.signs[sign] for sign in signs)))


Rolls = Mapping[str, int | None]  # class key → 应到


_Place = tuple[Where, str]  # what kind, and which: ("class", "三2")
_Table = dict[tuple[str, _Place], list[_Ill]]  # (group, place) →
_Asked = tuple[_Table, AskedGroups]
TermBegan = Callable[[date], date]


@dataclass(frozen=True, slots=True)
class CampusFacts:
    """What decides the conditions of one school campus; rows in any order, and further ones do not matter."""

    cases: Iterable[Case]  # the rows on the first days of `needed`
    rolls: Rolls  # 应到 by class key
    of_long: Iterable[Case] = ()  # on the second, those of the diseases that long windows ask about
    told: Iterable[Told] = ()
    term_began: TermBegan = half_year  # the first day of a day's term
    joined: Joined = field(default_factory=dict)  # classes that others took in


def conditions(campus: CampusFacts, asked: RulesInForce, span: Spans) -> tuple[Condition, ...]:
    """Return all conditions met on the days of `span`, ascending by key. `asked`: the rules active there (`ask`)."""
    ill = _ill(campus.cases)
    absent = [case for case in ill if case.row_state != _RETURNED]
    asked_of = {case.day for case in absent} | {case.spell or case.began for case in ill}
    days = sorted(day for day in asked_of if span.near.holds(day))
    found: dict[Key, Condition] = {}
    asking: dict[tuple[str, str], list[date]] = {}  # (rule, group) → the days on which it asks
    moved = moves(ill, campus.joined)
    for table, by_group in _tables(ill, absent, asked, moved) if days else ():
        for (group, (where, which)), entries in table.items():
            for rule in by_group[group].rules:
                if where in rule.scope and len(entries) >= rule.fewest:
                    if (asks := asking.get((rule.id, group))) is None:
                        asks = asking[rule.id, group] = [day for day in days if asked.asks(rule, group, day)]
                    found |= _met(rule, (group, which), entries, campus, asks)
    if asked.long and (of_long := _ill(campus.of_long)):
        found |= _met_in_long(_fallen(of_long, asked.long, moved), asked, campus, span)
    for condition in _told(campus, asked, span):
        found.setdefault(condition.key, condition)  # records that meet it say more
    return tuple(found[key] for key in sorted(found))


def _tables(ill: Sequence[Case], absent: Sequence[Case], asked: RulesInForce, moved: Moved) -> Iterator[_Asked]:
    yield _fallen(ill, asked.new, moved), asked.new
    yield _present(absent, asked, moved), asked.present


def hints(cases: Iterable[Case], rules: Rules) -> tuple[Hint, ...]:
    """Return the single cases of 丙类 diseases, one a pupil and disease, on its first day: lines for the county."""
    found: dict[tuple[str, str], Hint] = {}
    for c in sorted(cases, key=lambda c: (c.day, c.pupil)):
        if c.reason == _ILL and c.row_state != _RETURNED and rules.grade(c.diagnosis, c.day) == "丙":
            found.setdefault((c.pupil, c.diagnosis), Hint(c.day, c.pupil, c.class_key, c.diagnosis, "丙"))
    return tuple(found.values())


def _ill(cases: Iterable[Case]) -> list[Case]:
    return sorted((c for c in cases if c.reason == _ILL), key=_DAY_AND_PUPIL)


_Shown = dict[str, list[tuple[_Ill, str]]]  # group → who shows it, and in which dormitory, "" for none


def _by_place(shown: _Shown, groups: AskedGroups) -> _Table:
    """The pupils of each group by the places its rules ask about; no place with too few for any of them."""
    table: _Table = {}
    for group, found in shown.items():
        _, fewest, where = groups[group]
        if len(found) < fewest:
            continue
        places: dict[_Place, list[_Ill]] = defaultdict(list)
        if Where.CAMPUS in where:
            places[Where.CAMPUS, ""] = [entry for entry, _ in found]
        if _CLASS in where:
            for entry, _ in found:
                places[_CLASS, entry.class_key].append(entry)
        if Where.DORM in where:
            for entry, dorm in found:
                if dorm:
                    places[Where.DORM, f"{DORM} {dorm}"].append(entry)
        table |= {(group, place): entries for place, entries in places.items() if len(entries) >= fewest}
    return table


def _fallen(ill: Sequence[Case], groups: AskedGroups, moved: Moved) -> _Table:
    """Who fell ill: each case by group and place, with the day whose records first show it."""
    table: _Shown = defaultdict(list)
    spells: dict[tuple[str, date], _Spell] = {}
    for case in ill:
        began = case.spell or case.began
        spell = spells.get((case.pupil, began))
        if spell is None:
            spell = spells[case.pupil, began] = _Spell(case, set(), {})
        if case.admitted:
            spell.signs.setdefault(Sign.ADMITTED, case.day)
        if case.tested:
            spell.signs.setdefault(Sign.TESTED, case.day)
        shown = groups.of(case)
        if shown is spell.last:
            continue
        spell.last = shown
        fresh = shown - spell.known
        if fresh:
            spell.known |= fresh
            entry = _Ill(began, case.day, case.pupil, spell.first.class_key, spell.signs)
            stays = moved.get(case.pupil)
            entries = [entry] if stays is None else [_while(entry, stay) for stay in stays]
            for group in fresh:
                table[group] += [(one, spell.first.dorm) for one in entries]
    return _by_place(table, groups)


def _while(entry: _Ill, stay: Stay) -> _Ill:
    return entry._replace(class_key=stay.room, since=stay.since, until=stay.until)


def _present(ill: Sequence[Case], asked: RulesInForce, moved: Moved) -> _Table:
    """Absent pupils: each row by place and every group its spell showed in the last `reach` days."""
    table: _Shown = defaultdict(list)
    reach = asked.rules.reach
    spells: dict[tuple[str, date], dict[str, date]] = {}  # spell → group → last day on which it was reported
    present = asked.present
    for case in ill if present else ():
        began = case.spell or case.began
        spell = spells.get((case.pupil, began))
        if shown := present.of(case):
            if spell is None:
                spell = spells[case.pupil, began] = {}
            spell.update(dict.fromkeys(shown, case.day))
        if not spell:
            continue
        room = room_on(moved.get(case.pupil), case)
        entry = _Ill(began, case.day, case.pupil, room, {})
        for group, reported_on in spell.items():
            if (case.day - reported_on).days < reach:
                table[group].append((entry, case.dorm))
    return _by_place(table, present)


def _met_in_long(table: _Table, asked: RulesInForce, campus: CampusFacts, span: Spans) -> dict[Key, Condition]:
    """The conditions of long windows: asked on the days on which a pupil of theirs fell ill, and on no others."""
    found: dict[Key, Condition] = {}
    for (group, (where, which)), entries in table.items():
        days = sorted({entry.onset for entry in entries if span.far.holds(entry.onset)})
        for rule in asked.long[group].rules:
            if where in rule.scope and len(entries) >= rule.fewest:
                asking = [day for day in days if asked.asks(rule, group, day)]
                found |= _met(rule, (group, which), entries, campus, asking)
    return found


def _met(
    rule: Rule, what: tuple[str, str], entries: Sequence[_Ill], campus: CampusFacts, days: Iterable[date]
) -> dict[Key, Condition]:
    """The days on which one rule is met by the pupils of `what`: one group in one place."""
    group, scope = what
    found: dict[Key, Condition] = {}
    for day in days:
        counted = _counted(rule, entries, day, campus.term_began)
        way = _way(rule, counted, campus.rolls.get(scope)) if len(counted) >= rule.fewest else None
        if way:
            members = tuple(sorted(Member(e.pupil, e.class_key, e.onset) for e in way.counted))
            met = Condition(rule.id, rule.stage, group, day, scope, len(members), way.threshold, members, way.known_on)
            found[met.key] = met
    return found


def _counted(rule: Rule, entries: Iterable[_Ill], day: date, term_began: TermBegan) -> Collection[_Ill]:
    """The distinct pupils that count on a day, each with its earliest date and all its signs."""
    first = _first(rule, day, term_began)
    found: dict[str, _Ill] = {}
    for e in entries:
        counts = e.known_on == day if rule.present else first <= e.onset <= day
        if counts and e.since <= day < e.until and e.has(rule.only):
            before = found.get(e.pupil)
            if before is None:
                found[e.pupil] = e
            else:
                one = e if e.onset < before.onset else before
                found[e.pupil] = one._replace(signs={**e.signs, **before.signs})
    return found.values()


def _first(rule: Rule, day: date, term_began: TermBegan) -> date:
    """The first day of the window that ends with a day."""
    return term_began(day) if rule.window == TERM else _before(day, rule.window - 1)


@lru_cache(maxsize=4096)  # asked of every rule, place and day
def _before(day: date, days: int) -> date:
    return day - timedelta(days=days)


class _Way(NamedTuple):
    """How a rule is met: by whom, in words, and since when that was known."""

    counted: Collection[_Ill]
    threshold: str
    known_on: date


def _way(rule: Rule, counted: Collection[_Ill], roll: int | None) -> _Way | None:
    """The first way in which the pupils counted meet a rule. A share of an unknown or empty roll is never met."""
    n = len(counted)
    known = sorted(e.known_with(rule.only) for e in counted)
    if rule.share and roll and n and 100 * n >= rule.share * roll:
        return _Way(counted, f"≥{rule.share}%", known[0])
    if rule.at_least and n >= rule.at_least and (rule.at_most is None or n <= rule.at_most):
        tested = sorted(e.known_with((Sign.TESTED,)) for e in counted if e.has((Sign.TESTED,)))
        if len(tested) >= rule.tested:
            since = (known[rule.at_least - 1], *tested[: rule.tested][-1:])
            return _Way(counted, rule.ways[0], max(since))
    for level, least in rule.by_level.items():
        mine = [e for e in counted if class_level(e.class_key) is level]
        if len(mine) >= least:
            return _Way(mine, f"{level.label}≥{least}", sorted(e.known_on for e in mine)[least - 1])
    if rule.classes:
        many, each = rule.classes
        by_class: dict[str, list[date]] = defaultdict(list)
        for e in counted:
            by_class[e.class_key].append(e.known_on)
        full = sorted(sorted(days)[each - 1] for days in by_class.values() if len(days) >= each)
        if len(full) >= many:
            return _Way(counted, f"{many} 个班各≥{each}", full[many - 1])
    ill = sorted(e.known_with((Sign.ADMITTED,)) for e in counted if e.has((Sign.ADMITTED,)))
    if rule.admitted and len(ill) >= rule.admitted:
        return _Way(counted, f"住院≥{rule.admitted}", ill[rule.admitted - 1])
    return None


# --------------------------------------------------------------------------- what people say


def _told(campus: CampusFacts, asked: RulesInForce, span: Spans) -> Iterator[Condition]:
    """The conditions that deaths, or a person's word, meet."""
    said = list(campus.told)
    for rule in asked.told:
        for one in said:
            if one.rule == rule.id and _asked(rule, one, one.group, asked, span):
                yield Condition(
                    rule.id, rule.stage, one.group, one.day, one.scope, one.n, RAISED, (), one.day, one.alert
                )
        if rule.deaths:
            dead = [one for one in said if one.deaths and not one.rule]
            yield from _dead(rule, dead, asked, span, campus.term_began)


def _dead(
    rule: Rule, said: Sequence[Told], asked: RulesInForce, span: Spans, term_began: TermBegan
) -> Iterator[Condition]:
    """A rule met by deaths among the alerts of its groups: a death of a disease is one of what the disease absorbs."""
    for group in sorted(rule.groups):
        mine = [one for one in said if group in asked.rules.covered((one.group, *one.also))]
        for day in sorted({one.day for one in mine}):
            first = _first(rule, day, term_began)
            within = [one for one in mine if first <= one.day <= day]
            n = sum(one.deaths for one in within)
            if n >= rule.deaths and _asked(rule, within[-1], group, asked, span):
                way = f"死亡≥{rule.deaths}"
                yield Condition(rule.id, rule.stage, group, day, "", n, way, (), day, within[-1].alert)


def _asked(rule: Rule, one: Told, group: str, asked: RulesInForce, span: Spans) -> bool:
    return span.of(rule.id).holds(one.day) and asked.asks(rule, group, one.day)
