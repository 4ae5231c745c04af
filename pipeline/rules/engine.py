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
from pipeline.rules.asked import SIGNS, AskedGroups, RulesInForce
from pipeline.rules.rooms import Joined, Moved, Stay, moves, room_on
from pipeline.rules.values import DORM, TERM, Case, Condition, Hint, Key, Member, Rule, Rules, Sign, Told, Where
from pipeline.rules.windows import Spans
from pipeline.schooldays import half_year

RAISED = "经核实上报"  # the threshold of what a person raised

_ILL, _RETURNED = Reason.ILL, RowState.RETURNED  # looked up once, not for every row
_CLASS = Where.CLASS
_DAY_AND_PUPIL = itemgetter(0, 1)  # the first two of a Case
_CAMPUS = Where.CAMPUS, ""
_STAYED = (None,)
_NO_GROUPS = frozenset[str]()
_NO_SIGNS: Mapping[Sign, date] = {}


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
    asked_of = {case.day for case in ill if case.row_state != _RETURNED} | {case.spell or case.began for case in ill}
    days = sorted(day for day in asked_of if span.near.holds(day))
    found: dict[Key, Condition] = {}
    asking: dict[tuple[str, str], list[date]] = {}  # (rule, group) → the days on which it asks
    moved = moves(ill, campus.joined)
    for table, by_group in _tables(ill, asked, moved) if days else ():
        for (group, (where, which)), entries in table.items():
            for rule in by_group[group].rules:
                if where in rule.scope and rule.possible(len(entries), campus.rolls.get(which)):
                    if (asks := asking.get((rule.id, group))) is None:
                        asks = asking[rule.id, group] = [day for day in days if asked.asks(rule, group, day)]
                    found |= _met(rule, (group, which), entries, campus, asks)
    if asked.long and (of_long := _ill(campus.of_long)):
        found |= _met_in_long(_fallen(of_long, asked.long, moved), asked, campus, span)
    for condition in _told(campus, asked, span):
        found.setdefault(condition.key, condition)  # records that meet it say more
    return tuple(found[key] for key in sorted(found))


def _tables(ill: Sequence[Case], asked: RulesInForce, moved: Moved) -> Iterator[_Asked]:
    yield _fallen(ill, asked.new, moved), asked.new
    yield _present(ill, asked, moved), asked.present


def hints(cases: Iterable[Case], rules: Rules) -> tuple[Hint, ...]:
    """Return the single cases of 丙类 diseases, one a pupil and disease, on its first day: lines for the county."""
    found: dict[tuple[str, str], Hint] = {}
    for c in sorted(cases, key=lambda c: (c.day, c.pupil)):
        if c.reason == _ILL and c.row_state != _RETURNED and rules.grade(c.diagnosis, c.day) == "丙":
            found.setdefault((c.pupil, c.diagnosis), Hint(c.day, c.pupil, c.class_key, c.diagnosis, "丙"))
    return tuple(found.values())


def _ill(cases: Iterable[Case]) -> list[Case]:
    return sorted((c for c in cases if c.reason == _ILL), key=_DAY_AND_PUPIL)


_Spell = tuple[str, date]  # a pupil, and the day of his case


def _fallen(ill: Sequence[Case], groups: AskedGroups, moved: Moved) -> _Table:
    """Who fell ill: each case by group and place, with the day whose records first show it."""
    shown = groups.shown
    showing: dict[str, list[Case]] = defaultdict(list)  # group → of each case that shows it the row that first does
    spells: dict[_Spell, tuple[Case, frozenset[str]]] = {}  # its first row, and all groups so far
    for case, row_signs in zip(ill, map(SIGNS, ill), strict=True):
        spell = case.pupil, case.spell or case.began
        fresh = shown[row_signs]
        known = spells.get(spell)
        if known is None:
            spells[spell] = case, fresh
        elif fresh is not known[1] and (fresh := fresh - known[1]):
            spells[spell] = known[0], known[1] | fresh
        else:
            fresh = _NO_GROUPS
        for group in fresh:
            showing[group].append(case)
    signs = _signs(ill)
    dorms = {spell: first.dorm for spell, (first, _) in spells.items() if first.dorm}
    table: _Table = {}
    for group, found in showing.items():
        _, fewest, where = groups[group]
        if len(found) >= fewest:
            for place, mine in _places(found, where, moved, dorms):
                if len(mine) >= fewest:  # of nearly all places they are fewer: nothing is made of them
                    table[group, place] = [_entry(case, stay, signs) for case, stay in mine]
    return table


def _signs(ill: Iterable[Case]) -> dict[_Spell, dict[Sign, date]]:
    """Of the cases with any: on which day each sign was first seen."""
    found: dict[_Spell, dict[Sign, date]] = defaultdict(dict)
    for case in ill:
        if case.admitted:
            found[case.pupil, case.spell or case.began].setdefault(Sign.ADMITTED, case.day)
        if case.tested:
            found[case.pupil, case.spell or case.began].setdefault(Sign.TESTED, case.day)
    return found


_Placed = Sequence[tuple[Case, Stay | None]]  # who changed the class stands here once for each that he was in


def _places(
    found: Iterable[Case], where: Collection[Where], moved: Moved, dorms: Mapping[_Spell, str]
) -> Iterator[tuple[_Place, _Placed]]:
    """The pupils of one group by the places that its rules ask about."""
    placed: _Placed = [(case, stay) for case in found for stay in moved.get(case.pupil, _STAYED)]
    if Where.CAMPUS in where:
        yield _CAMPUS, placed
    places: dict[_Place, list[tuple[Case, Stay | None]]] = defaultdict(list)
    if _CLASS in where:
        for one in placed:
            places[_CLASS, one[0].class_key if one[1] is None else one[1].room].append(one)
    if dorms and Where.DORM in where:
        for one in placed:
            case, _ = one
            if dorm := dorms.get((case.pupil, case.spell or case.began)):
                places[Where.DORM, f"{DORM} {dorm}"].append(one)
    yield from places.items()


def _entry(case: Case, stay: Stay | None, signs: Mapping[_Spell, Mapping[Sign, date]]) -> _Ill:
    began = case.spell or case.began
    seen = signs.get((case.pupil, began), _NO_SIGNS)
    if stay is None:  # all his rows are of one class
        return _Ill(began, case.day, case.pupil, case.class_key, seen)
    return _Ill(began, case.day, case.pupil, stay.room, seen, stay.since, stay.until)


def _present(ill: Sequence[Case], asked: RulesInForce, moved: Moved) -> _Table:
    """Absent pupils: each row by place and every group its spell showed in the last `reach` days."""
    reach, present = asked.rules.reach, asked.present
    shown = present.shown
    showing = {case.pupil for case, signs in zip(ill, map(SIGNS, ill), strict=True) if shown[signs]} if present else ()
    table: _Table = defaultdict(list)
    spells: dict[_Spell, dict[str, date]] = {}  # group → last day on which it was reported
    for case in ill if showing else ():
        if case.pupil not in showing or case.row_state == _RETURNED:
            continue
        began = case.spell or case.began
        spell = spells.setdefault((case.pupil, began), {})
        spell.update(dict.fromkeys(shown[SIGNS(case)], case.day))
        entry = _Ill(began, case.day, case.pupil, room_on(moved.get(case.pupil), case), _NO_SIGNS)
        for group, reported_on in spell.items():
            if (case.day - reported_on).days < reach:
                for place in _places_of(case, entry, present[group].where):
                    table[group, place].append(entry)
    return {at: entries for at, entries in table.items() if len(entries) >= present[at[0]].fewest}


def _places_of(case: Case, entry: _Ill, where: Collection[Where]) -> Iterator[_Place]:
    """The places of a row that rules ask about."""
    if Where.CAMPUS in where:
        yield _CAMPUS
    if _CLASS in where:
        yield _CLASS, entry.class_key
    if Where.DORM in where and case.dorm:
        yield Where.DORM, f"{DORM} {case.dorm}"


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
    for rule in asked.told if said else ():
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
