"""The engine against an oracle that counts by brute force, on random histories."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import cache
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import rules
from pipeline.forms.words import SYNDROMES
from pipeline.rules import Case, Rule, Where, engine
from pipeline.rules.engine import Window

RULES = rules.load()
ALL = engine.ask(RULES, RULES.rules)
DAY = date(2026, 11, 18)
WIDE = Window(DAY - timedelta(days=40), DAY + timedelta(days=40))
ROLLS = {"三2": 8, "三3": 40}
FEVER = {"symptoms": "S01"}
ILI = {"symptoms": "S01 S02", "temperature": 38.0}


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


days = st.one_of(st.integers(0, 4), st.integers(0, 16))
pupils = st.integers(0, 14)
shows = st.sampled_from(
    [FEVER, ILI, {"symptoms": "S09"}, {"diagnosis": "D10"}, {"diagnosis": "D06"}, {"diagnosis": "D12"},
     {"symptoms": "S01 S09", "diagnosis": "D10"}, {"symptoms": "S02", "temperature": 39.0}, {}]
)  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[Case]:
    """Rows of one campus, one a pupil and day: clusters that fall ill together, and come back one by one."""
    found: dict[tuple[str, date], Case] = {}
    for _ in range(draw(st.integers(1, 6))):
        before, sign = draw(days), draw(shows)
        onset = draw(st.sampled_from([None, None, 0, 1, 6, 9, 12]))
        room = draw(st.sampled_from(["", "东101"]))
        for pupil in draw(st.lists(pupils, min_size=1, max_size=10, unique=True)):
            for n in range(draw(st.integers(1, 3))):
                row = Case(
                    pupil=f"P{pupil}",
                    day=ago(before - n),
                    class_key="三2" if pupil < 8 else "三3",
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


def oracle(told: Sequence[Case], span: Window) -> set[tuple[str, str, str, date, frozenset[str]]]:
    """Ask every rule of every day, group and place, and look at every pupil each time."""
    ill = [c for c in told if c.reason == "ill"]
    asked = {c.day for c in ill if c.row_state != "returned"} | {_case_day(c) for c in ill}
    rows = {p: sorted((c for c in ill if c.pupil == p), key=lambda c: c.day) for p in {c.pupil for c in ill}}
    shown = {group for c in ill for group in _groups(c)}
    places = {(Where.CAMPUS, "")} | {(Where.CLASS, c.class_key) for c in ill}
    places |= {(Where.DORM, f"宿舍 {c.dorm}") for c in ill if c.dorm}
    found = set()
    for day, rule, group in product((d for d in asked if span.holds(d)), RULES.rules, shown):
        if group in rule.groups or RULES.grade(group, day) in rule.grades:
            for where, which in places:
                if where in rule.scope:
                    mine = {p: [c for c in all_ if _in(c, where, which)] for p, all_ in rows.items()}
                    counted = frozenset(p for p in rows if _counts(rule, group, day, mine[p], rows[p]))
                    if rule.met(len(counted), ROLLS.get(which)):
                        found.add((rule.id, group, which, day, counted))
    return found


def _counts(rule: Rule, group: str, day: date, here: Sequence[Case], rows: Sequence[Case]) -> bool:
    if rule.present:
        absent = [c for c in here if c.day == day and c.row_state != "returned"]
        told = [c for c in rows if day - timedelta(days=RULES.reach) < c.day <= day and c.row_state != "returned"]
        return any(group in _groups(c) and _case_day(c) == _case_day(now) for now in absent for c in told)
    for began in {_case_day(c) for c in rows}:
        spell = [c for c in rows if _case_day(c) == began]
        if 0 <= (day - began).days < rule.window and spell[0] in here and any(group in _groups(c) for c in spell):
            return True
    return False


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
    hot = c.temperature is not None and c.temperature >= 38
    return found | ({"ILI"} if hot and signs & {"S02", "S03"} else set())


def _seen(told: Iterable[Case], span: Window) -> set[tuple[str, str, str, date, frozenset[str]]]:
    found = engine.conditions(told, ROLLS, ALL, span)
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
        span = engine.affected([gone.day, gone.began], RULES.reach)
        left = [c for c in told if c is not gone]
        outside = {seen for seen in _seen(told, WIDE) ^ _seen(left, WIDE) if not span.holds(seen[3])}
        assert outside == set()


@settings(max_examples=50)
@given(histories(), st.integers(0, 10), st.integers(0, 8))
def test_the_days_needed_decide_and_no_others(told: list[Case], first: int, length: int) -> None:
    span = Window(ago(first + length), ago(first))
    near = [c for c in told if engine.needed(span, RULES.reach, ago(-20)).holds(c.day)]
    assert _seen(near, span) == {seen for seen in _seen(told, WIDE) if span.holds(seen[3])}
