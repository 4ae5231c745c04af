"""The engine against an oracle that counts by brute force: random histories round about every rule of the norms.

`QUEKE_HISTORIES=200 pytest tests/unit/test_rules_oracle.py` plays so many a rule, instead of a few.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import rules
from pipeline.rules import Case, Told, engine, windows
from pipeline.rules.asked import ask
from pipeline.rules.windows import Spans, Window
from tests.norms import CLASS, NORMS, TERM, History, Met, Norm, deaths
from tests.rulebook import everywhere, with_on

HISTORIES = int(os.environ.get("QUEKE_HISTORIES", "6"))
AS_EVER = "QUEKE_HISTORIES" not in os.environ  # the same histories each time: what they meet is counted
RULES = with_on()
ALL = ask(RULES, ())
DAY = date(2026, 11, 18)
WIDE = everywhere(Window(DAY - timedelta(days=240), DAY + timedelta(days=240)), RULES)
COUNTED = [norm for norm in NORMS if not norm.raised]
ROOMS = ["三2"] * 12 + ["三3"] * 10 + ["七1"] * 12 + ["高一2"] * 6 + ["小一"] * 6 + ["苹果"] * 4  # of the pupils
ROLLS = {"三2": 12, "三3": 40, "七1": 36, "小一": 0}


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


def test_the_norms_are_those_that_are_shipped() -> None:
    """Every rule, its stage, and whether it is on by default."""
    shipped = {(rule.id, rule.stage.value, rule.on, rule.raised) for rule in rules.load().rules}
    assert shipped == {(norm.id, norm.stage, not norm.local, norm.raised) for norm in NORMS}
    assert len(NORMS) == 51


# --------------------------------------------------------------------------- histories

LOOKS: Mapping[str, Mapping[str, object]] = {  # what rows of a group look like
    "RASH": {"symptoms": "S09"},
    "GI": {"symptoms": "S06 S08"},
    "CRI": {"severe": True},
    "EYE": {"symptoms": "S10"},
    "ALL": {"symptoms": "S15"},
    "ILI": {"symptoms": "S01 S02", "temperature": 38.0},
}
noise = st.sampled_from(
    [{"symptoms": "S01"}, {"symptoms": "S01 S02", "temperature": 37.9}, {"symptoms": "S03", "temperature": 38.0},
     {"symptoms": "S09"}, {"symptoms": "S10"}, {"symptoms": "S13"}, {"symptoms": "S05 S11"}, {"symptoms": "S12"}, {},
     {"diagnosis": "D10"}, {"diagnosis": "D06"}, {"diagnosis": "D12"}, {"symptoms": "S01 S09", "diagnosis": "D10"},
     {"diagnosis": "D13"}, {"diagnosis": "D13", "tested": True}, {"diagnosis": "D34", "meal": True}, {"meal": True},
     {"diagnosis": "D02"}, {"diagnosis": "D02", "tested": True, "admitted": True}, {"tested": True},
     {"admitted": True}, {"diagnosis": "D20"}, {"symptoms": "S16"}, {"symptoms": "S16", "diagnosis": "D03"},
     {"severe": True}, {"diagnosis": "D33", "temperature": 39.1}, {"diagnosis": "D33", "temperature": 39.0},
     {"diagnosis": "D36"}, {"diagnosis": "D21"}, {"diagnosis": "D24"}]
)  # fmt: skip
days = st.one_of(st.integers(0, 4), st.integers(0, 16), st.sampled_from([85, 88, 89, 90, 91, 130]))


# 三3 was joined into 三2 (并班); of 七1 some are in 七5 since (分班): nobody says who, but their rows
JOINED = {"三3": (ago(2), "三2")}


def room_on(key: str, day: date) -> str:
    return "三2" if key == "三3" and day >= ago(2) else key


def rows_of(draw: st.DrawFn, pupil: int, began: date, room: str, look: Mapping[str, object]) -> list[Case]:
    """One pupil's rows of one case: told on its day, days later, day by day, or as 已返校."""
    length, late = draw(st.integers(1, 3)), draw(st.sampled_from([0, 0, 0, 1, 5]))
    onset = draw(st.sampled_from([None, None, 0, 1, 6]))
    said = None if onset is None else began
    start = began if onset is None else began + timedelta(days=onset)
    states = ["new", *(draw(st.sampled_from(["ongoing", "ongoing", "returned"])) for _ in range(length - 1))]
    if draw(st.integers(0, 6)) == 0:
        states[0] = "returned"  # first heard of when he is back
    shown = draw(st.integers(0, length - 1))  # in which row it is first said
    divided = ROOMS[pupil] == "七1" and pupil % 2
    return [
        Case(
            pupil=f"P{pupil}", day=(day := began + timedelta(days=late + n)), row_state=state,
            class_key="七5" if divided and day >= ago(3) else ROOMS[pupil],
            start=start, onset=said, dorm=room, spell=began,
            **(look if n >= shown else {"symptoms": "S13"}),  # type: ignore[arg-type]  # a builder
        )
        for n, state in enumerate(states)
    ]  # fmt: skip


def sizes(norm: Norm) -> tuple[int, list[int]]:
    """How many pupils meet a norm in the place it asks about, and which pupils may be of it."""
    rooms = [n for n, room in enumerate(ROOMS) if room == "三2"]
    if norm.share:
        return 4, rooms  # 30 % of twelve
    if norm.levels:
        middle = [n for n, room in enumerate(ROOMS) if room[0] in "七高"]
        where = [n for n in middle if ROOMS[n] == "七1" and n % 2 == 0] if CLASS in norm.places else middle
        return norm.levels[0], where
    return norm.least, rooms if CLASS in norm.places else list(range(len(ROOMS)))


@st.composite
def around(draw: st.DrawFn, norm: Norm, short: int) -> list[Case]:
    """A history near one norm: as many as it asks for within its window, or `short` fewer; and others ill beside."""
    least, mine = sizes(norm)
    many = least - short
    window = 60 if norm.window == TERM else int(norm.window)
    chosen = draw(st.permutations(mine))[:many]
    end = draw(st.integers(0, 4))
    # one at each edge of the window, the others between; all on the day itself of those who are absent that day
    offsets = [0, window - 1, *(draw(st.integers(0, window - 1)) for _ in range(many))][:many]
    rows: list[Case] = []
    for n, (pupil, offset) in enumerate(zip(chosen, offsets, strict=True)):
        look = dict(LOOKS.get(norm.example, {"diagnosis": norm.example}))
        if norm.only_lab_and_hospital:
            look |= {"tested": True, "admitted": True}
        if n < norm.lab:
            look["tested"] = True
        rows += rows_of(draw, pupil, ago(end + offset), draw(st.sampled_from(["", "东101"])), look)
    if norm.share:
        rows = [row._replace(day=ago(end), spell=row.spell, row_state="ongoing") for row in rows]
    for _ in range(draw(st.sampled_from([0, 0, 1, 2, 4]))):
        before, look = draw(days), draw(noise)
        room = draw(st.sampled_from(["", "东101"]))
        for pupil in draw(st.lists(st.integers(0, len(ROOMS) - 1), min_size=1, max_size=6, unique=True)):
            rows += rows_of(draw, pupil, ago(before), room, draw(st.sampled_from([look, look, {}])))
    if norm.admitted and draw(st.booleans()):
        rows = [row._replace(admitted=True) if n < 2 * norm.admitted else row for n, row in enumerate(rows)]
    kept = {(row.pupil, row.day): row for row in reversed(rows)}  # one row a pupil and day
    others = draw(st.lists(st.sampled_from(sorted(kept)), max_size=1)) if kept else []
    gone = {key: kept[key]._replace(reason="other") for key in others if draw(st.integers(0, 4)) == 0}
    return list((kept | gone).values())


def facts(rows: Iterable[Case], of_long: Iterable[Case]) -> engine.CampusFacts:
    return engine.CampusFacts(rows, ROLLS, of_long, joined=JOINED)


def seen(told: Iterable[Case], span: Spans = WIDE) -> set[Met]:
    rows = list(told)
    found = engine.conditions(facts(rows, [c for c in rows if c.diagnosis == "D20"]), ALL, span)
    assert all(c.n == len(c.members) == len({m.pupil for m in c.members}) for c in found)
    return {(c.rule, c.group, c.scope, c.day, frozenset(m.pupil for m in c.members)) for c in found}


histories = st.one_of(around(norm, 0) for norm in COUNTED if norm.least < 12)


@pytest.mark.parametrize("norm", COUNTED, ids=lambda norm: norm.id)
def test_the_engine_meets_what_brute_force_meets(norm: Norm) -> None:
    """Round about every rule, which is met in the run, and missed by one pupil."""
    came: Counter[tuple[int, bool]] = Counter()

    @settings(max_examples=HISTORIES, derandomize=AS_EVER, database=None)
    @given(st.data())
    def same(data: st.DataObject) -> None:
        for short in (0, 1):
            rows = data.draw(around(norm, short))
            found = seen(rows)
            assert found == History(rows, ROLLS, room_on).met()
            came[short, any(one[0] == norm.id for one in found)] += 1

    same()
    assert came[0, True], "never met"
    assert came[1, False], "never missed by one"


@settings(max_examples=5 * HISTORIES)
@given(histories, st.data())
def test_a_changed_row_changes_nothing_outside_the_days_it_affects(told: list[Case], data: st.DataObject) -> None:
    if told:
        gone = data.draw(st.sampled_from(told))
        span = windows.affected([gone.day, gone.began], RULES)
        left = [c for c in told if c is not gone]
        changed = seen(told) ^ seen(left)
        assert {one for one in changed if not span.of(one[0]).holds(one[3])} == set()


@settings(max_examples=5 * HISTORIES)
@given(histories, st.integers(0, 10), st.integers(0, 8))
def test_the_days_needed_decide_and_no_others(told: list[Case], first: int, length: int) -> None:
    span = windows.affected([ago(first + length), ago(first)], RULES)
    near, far = windows.needed(span, RULES, ago(-20))
    rows = [c for c in told if near.holds(c.day)]
    of_long = [c for c in told if far.holds(c.day) and c.diagnosis == "D20"]
    found = engine.conditions(facts(rows, of_long), ALL, span)
    met = {(c.rule, c.group, c.scope, c.day, frozenset(m.pupil for m in c.members)) for c in found}
    assert met == {one for one in seen(told) if span.of(one[0]).holds(one[3])}


# --------------------------------------------------------------------------- what people say

names = st.sampled_from(["ILI", "D02", "D13", "D34", "D14", "GI", "D18", "D20", "D10"])


@settings(max_examples=12 * HISTORIES)
@given(st.lists(st.tuples(st.integers(0, 90), names, st.integers(1, 3)), max_size=5))
def test_deaths_meet_what_brute_force_meets(given: list[tuple[int, str, int]]) -> None:
    told = [Told(ago(before), name, deaths=n) for before, name, n in given]
    found = engine.conditions(engine.CampusFacts([], ROLLS, told=told), ALL, WIDE)
    assert {(c.rule, c.day, c.n) for c in found} == deaths((one.day, one.group, one.deaths) for one in told)


@pytest.mark.parametrize("norm", [norm for norm in NORMS if norm.deaths and not norm.raised], ids=lambda norm: norm.id)
def test_deaths_alone_meet_each_norm_that_names_them_and_one_fewer_does_not(norm: Norm) -> None:
    for died in (norm.deaths, norm.deaths - 1):
        told = [Told(DAY, norm.example, deaths=died)] if died else []
        found = engine.conditions(engine.CampusFacts([], ROLLS, told=told), ALL, WIDE)
        assert (norm.id in {c.rule for c in found}) == (died == norm.deaths)


@pytest.mark.parametrize("norm", [norm for norm in NORMS if norm.raised], ids=lambda norm: norm.id)
def test_what_people_raise_is_met_as_they_say_and_by_no_record(norm: Norm) -> None:
    told = [Told(DAY, norm.example, rule=norm.id, n=7)]
    found = engine.conditions(engine.CampusFacts([], ROLLS, told=told), ALL, WIDE)
    assert [(c.rule, c.group, c.scope, c.day, c.n) for c in found] == [(norm.id, norm.example, "", DAY, 7)]
