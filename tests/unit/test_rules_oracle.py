"""The engine against an oracle that counts by brute force, on random histories."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import cache
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.forms.syndromes import SYNDROMES
from pipeline.rules import Case, Rule, Told, Where, engine, windows
from pipeline.rules.windows import Spans, Window
from tests.rulebook import everywhere, with_on

RULES = with_on()
ALL = engine.ask(RULES, ())
DAY = date(2026, 11, 18)
WIDE = everywhere(Window(DAY - timedelta(days=240), DAY + timedelta(days=240)), RULES)
ROLLS = {"三2": 8, "三3": 40}
FEVER = {"symptoms": "S01"}
ILI = {"symptoms": "S01 S02", "temperature": 38.0}


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


days = st.one_of(st.integers(0, 4), st.integers(0, 16), st.sampled_from([85, 88, 89, 90, 91, 130]))
pupils = st.integers(0, 17)
shows = st.sampled_from(
    [FEVER, ILI, {"symptoms": "S09"}, {"diagnosis": "D10"}, {"diagnosis": "D06"}, {"diagnosis": "D12"},
     {"symptoms": "S01 S09", "diagnosis": "D10"}, {"symptoms": "S02", "temperature": 39.0}, {},
     {"diagnosis": "D13"}, {"diagnosis": "D13", "tested": True}, {"diagnosis": "D34", "meal": True},
     {"diagnosis": "D02"}, {"diagnosis": "D02", "tested": True, "admitted": True}, {"tested": True},
     {"admitted": True}, {"diagnosis": "D20"}, {"symptoms": "S16"}, {"symptoms": "S16", "diagnosis": "D03"},
     {"severe": True}, {"diagnosis": "D33", "temperature": 39.1}, {"diagnosis": "D36"}]
)  # fmt: skip
CLASSES = ["三2"] * 6 + ["三3"] * 4 + ["七1"] * 4 + ["小一"] * 4  # of the pupils, in order


@st.composite
def histories(draw: st.DrawFn) -> list[Case]:
    """Rows of one campus, one a pupil and day: clusters that fall ill together, and come back one by one."""
    found: dict[tuple[str, date], Case] = {}
    for _ in range(draw(st.integers(1, 6))):
        before, sign = draw(days), draw(shows)
        onset = draw(st.sampled_from([None, None, 0, 1, 6, 9, 12]))
        room = draw(st.sampled_from(["", "东101"]))
        for pupil in draw(st.lists(pupils, min_size=1, max_size=14, unique=True)):
            for n in range(draw(st.integers(1, 3))):
                row = Case(
                    pupil=f"P{pupil}",
                    day=ago(before - n),
                    class_key=CLASSES[pupil],
                    start=ago(before),
                    onset=None if onset is None else ago(before + onset),
                    row_state="new" if n == 0 else draw(st.sampled_from(["ongoing", "ongoing", "returned"])),
                    reason=draw(st.sampled_from(["ill"] * 9 + ["other"])),
                    dorm=room,
                    spell=draw(st.sampled_from([None, None, None, ago(before), ago(before + 2)])),
                    **(sign if n == 0 else draw(shows)),
                )
                found[row.pupil, row.day] = row
    return list(found.values())


def oracle(told: Sequence[Case], span: Spans) -> set[tuple[str, str, str, date, frozenset[str]]]:
    """Ask every rule of every day, group and place, and look at every pupil each time."""
    ill = [c for c in told if c.reason == "ill"]
    near = {c.day for c in ill if c.row_state != "returned"} | {_case_day(c) for c in ill}
    shown = {group for c in ill for group in _groups(c)}
    places = {(Where.CAMPUS, "")} | {(Where.CLASS, c.class_key) for c in ill}
    places |= {(Where.DORM, f"宿舍 {c.dorm}") for c in ill if c.dorm}
    found = set()
    for rule, group in product(RULES.rules, shown):
        far = rule.window in {0, 90}
        asked = {_case_day(c) for c in ill if group in _groups(c)} if far else near
        # of a disease that is looked for over months its own rows alone are read
        rows = [c for c in ill if c.diagnosis == group] if far else ill
        by_pupil = {p: sorted((c for c in rows if c.pupil == p), key=lambda c: c.day) for p in {c.pupil for c in rows}}
        for day in asked:
            named = group in rule.groups or RULES.grade(group, day) in rule.grades
            if named and (span.far if far else span.near).holds(day):
                for where, which in places:
                    if where in rule.scope:
                        counted = _who(rule, group, day, (where, which), by_pupil)
                        if counted:
                            found.add((rule.id, group, which, day, counted))
    return found


def _who(
    rule: Rule, group: str, day: date, place: tuple[Where, str], by_pupil: dict[str, list[Case]]
) -> frozenset[str]:
    """The pupils by whom a rule is met; none if it is not."""
    here = {p: [c for c in all_ if _in(c, *place)] for p, all_ in by_pupil.items()}
    spells = {p: _spells(rule, group, day, here[p], all_) for p, all_ in by_pupil.items()}
    counted = {p: found for p, found in spells.items() if found}
    return _met(rule, counted, by_pupil, ROLLS.get(place[1]))


def _met(
    rule: Rule, counted: dict[str, list[list[Case]]], by_pupil: dict[str, list[Case]], roll: int | None
) -> frozenset[str]:
    """The conditions as the norms have them, by the rule's id where they are more than a number."""
    pupils = frozenset(counted)
    rooms = {p: min(found, key=lambda spell: _case_day(spell[0]))[0].class_key for p, found in counted.items()}
    some = {mark: {p for p, found in counted.items() if any(getattr(c, mark) for s in found for c in s)}
            for mark in ("admitted", "tested")}  # fmt: skip
    if rule.id == "S02":
        return pupils if roll and pupils and len(pupils) / roll >= 0.3 else frozenset()
    if rule.id in {"E07", "E08", "E09", "E10"}:
        middle, primary = {"E07": (3, 5), "E08": (6, 7), "E09": (8, 10), "E10": (16, 18)}[rule.id]
        for grades, least in (("七", middle), ("三", primary)):
            mine = frozenset(p for p, room in rooms.items() if room[0] in grades)
            if len(mine) >= least:
                return mine
        return frozenset()
    if rule.raised:
        return frozenset()
    enough = rule.at_least <= len(pupils) <= (rule.at_most or 10**9)
    if rule.id in {"C06", "C07"}:
        enough = enough and len(some["tested"]) >= 2
    if rule.id == "P01":
        enough = enough or len(some["admitted"]) >= 5
    if rule.id == "S06":
        full = [room for room in set(rooms.values()) if list(rooms.values()).count(room) >= 2]
        enough = enough or len(full) >= 3
    return pupils if enough else frozenset()


def _spells(rule: Rule, group: str, day: date, here: Sequence[Case], rows: Sequence[Case]) -> list[list[Case]]:
    """A pupil's spells that count for a rule."""
    if rule.present:
        absent = [c for c in here if c.day == day and c.row_state != "returned"]
        told = [c for c in rows if day - timedelta(days=RULES.reach) < c.day <= day and c.row_state != "returned"]
        return [[now] for now in absent for c in told if group in _groups(c) and _case_day(c) == _case_day(now)]
    first = _term(day) if rule.window == 0 else day - timedelta(days=rule.window - 1)
    found = []
    for began in {_case_day(c) for c in rows}:
        spell = [c for c in rows if _case_day(c) == began]
        if first <= began <= day and spell[0] in here and any(group in _groups(c) for c in spell):
            both = any(c.tested for c in spell) and any(c.admitted for c in spell)
            if both or rule.id != "S03":
                found.append(spell)
    return found


def _term(day: date) -> date:
    if 2 <= day.month <= 8:
        return date(day.year, 2, 1)
    return date(day.year if day.month > 8 else day.year - 1, 9, 1)


def _case_day(c: Case) -> date:
    """The day a case counts on: that of the spell it is said to go on with, else its own."""
    own = c.start if c.onset is None else c.onset
    return c.spell if c.spell is not None else min(c.day, own)


def _in(c: Case, where: Where, which: str) -> bool:
    mine = {Where.CAMPUS: "", Where.CLASS: c.class_key, Where.DORM: f"宿舍 {c.dorm}" if c.dorm else None}
    return mine[where] == which


@cache
def _groups(c: Case) -> set[str]:
    signs = set(c.symptoms.split())
    found = {group for group, members in SYNDROMES.items() if signs & set(members)} | ({c.diagnosis} - {""})
    heat = c.temperature or 0
    more = {
        "ALL": True,
        "ILI": (heat >= 38 and signs & {"S02", "S03"}) or c.diagnosis == "D02",
        "EYE": c.diagnosis == "D12",
        "D34": c.diagnosis == "D13",
        "MEAL": c.meal,
        "CRI": c.severe or ("S16" in signs and c.diagnosis in {"", "D33"}) or (heat >= 39.1 and c.diagnosis == "D33"),
    }
    return found | {group for group, yes in more.items() if yes}


def _seen(told: Iterable[Case], span: Spans) -> set[tuple[str, str, str, date, frozenset[str]]]:
    rows = list(told)
    found = engine.conditions(engine.CampusFacts(rows, ROLLS, [c for c in rows if c.diagnosis == "D20"]), ALL, span)
    assert all(c.n == len(c.members) == len({m.pupil for m in c.members}) for c in found)
    return {(c.rule, c.group, c.scope, c.day, frozenset(m.pupil for m in c.members)) for c in found}


@settings(max_examples=50)
@given(histories())
def test_the_engine_meets_what_brute_force_meets(told: list[Case]) -> None:
    assert _seen(told, WIDE) == oracle(told, WIDE)


@settings(max_examples=50)
@given(histories(), st.data())
def test_a_changed_row_changes_nothing_outside_the_days_it_affects(told: list[Case], data: st.DataObject) -> None:
    if told:
        gone = data.draw(st.sampled_from(told))
        span = windows.affected([gone.day, gone.began], RULES)
        left = [c for c in told if c is not gone]
        changed = _seen(told, WIDE) ^ _seen(left, WIDE)
        assert {seen for seen in changed if not span.of(seen[0]).holds(seen[3])} == set()


@settings(max_examples=50)
@given(histories(), st.integers(0, 10), st.integers(0, 8))
def test_the_days_needed_decide_and_no_others(told: list[Case], first: int, length: int) -> None:
    span = windows.affected([ago(first + length), ago(first)], RULES)
    near, far = windows.needed(span, RULES, ago(-20))
    rows = [c for c in told if near.holds(c.day)]
    of_long = [c for c in told if far.holds(c.day) and c.diagnosis == "D20"]
    found = engine.conditions(engine.CampusFacts(rows, ROLLS, of_long), ALL, span)
    seen = {(c.rule, c.group, c.scope, c.day, frozenset(m.pupil for m in c.members)) for c in found}
    assert seen == {one for one in _seen(told, WIDE) if span.of(one[0]).holds(one[3])}


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 20), st.sampled_from(["ILI", "D02", "D13", "D34", "D14", "GI", "D20"]), st.integers(1, 3)
        ),
        max_size=5,
    )
)
def test_deaths_meet_what_brute_force_meets(given: list[tuple[int, str, int]]) -> None:
    told = [Told(ago(before), group, deaths=n) for before, group, n in given]
    found = engine.conditions(engine.CampusFacts([], ROLLS, told=told), ALL, WIDE)
    assert {(c.rule, c.day, c.n) for c in found} == {
        (rule, ago(day), n)
        for rule, kin, window, least in DEADLY
        for day in {before for before, _, _ in given}
        if any(group in kin and before == day for before, group, _ in given)
        and (n := sum(n for before, group, n in given if group in kin and 0 <= before - day < window)) >= least
    }


DEADLY = [  # rule, the groups of alerts whose deaths count for it, days, deaths
    ("P01", {"ILI", "D02"}, 7, 2),
    ("P07", {"D13", "D34"}, 7, 1),
    ("C08", {"D14"}, 3, 2),
    ("P13", {"D20"}, 250, 1),
]
