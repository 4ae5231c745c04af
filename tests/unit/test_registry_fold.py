"""The registry is a fold of what was said of it: dates first, then the order in which it came; pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.forms.classes import class_key, in_order, promoted
from pipeline.merge.registry import (
    AliasRuling,
    ClassStatement,
    Registered,
    RegistryStatement,
    news,
    registered,
)
from pipeline.merge.registry_changes import changes

SEPTEMBER, NOVEMBER, DECEMBER = date(2026, 9, 1), date(2026, 11, 20), date(2026, 12, 1)


def room(key: str = "三1", roll: int | None = 40, **said: object) -> ClassStatement:
    return ClassStatement("本部", 2026, key, f"{key[0]}({key[1:]})班", "小学", roll, **said)  # of the named parts


def said(order: int, day: date, *rooms: ClassStatement, **unit: object) -> RegistryStatement:
    return RegistryStatement(order, day, unit, ("本部",), rooms)


def rolls(one: Registered, day: date) -> dict[str, int | None]:
    return {taught.key: taught.roll for taught in one.rooms_on(day)}


def test_a_changed_roll_counts_from_its_day_and_leaves_earlier_days_as_they_were() -> None:
    one = registered([said(1, SEPTEMBER, room()), said(2, NOVEMBER, room(roll=45))], DECEMBER)
    assert rolls(one, NOVEMBER - timedelta(days=1)) == {"三1": 40}
    assert rolls(one, NOVEMBER) == {"三1": 45}


def test_the_first_list_of_a_year_is_of_the_whole_year_and_a_later_class_of_its_own_day() -> None:
    one = registered([said(1, NOVEMBER, room()), said(2, DECEMBER, room("三2"))], DECEMBER)
    assert rolls(one, SEPTEMBER) == {"三1": 40}
    assert rolls(one, DECEMBER) == {"三1": 40, "三2": 40}


def test_a_class_that_a_report_named_first_is_there_from_the_day_of_that_report() -> None:
    listed = [said(1, SEPTEMBER, room()), said(2, DECEMBER, room("五2"))]
    one = registered(listed, DECEMBER, {("本部", 2026, "五2"): NOVEMBER})
    assert "五2" in rolls(one, NOVEMBER)
    assert "五2" not in rolls(one, NOVEMBER - timedelta(days=1))


def test_a_class_ends_on_its_day_whatever_its_rolls_were() -> None:
    listed = [
        said(1, SEPTEMBER, room()),
        said(2, NOVEMBER, room(roll=44)),
        said(3, NOVEMBER, room(roll=None, until=DECEMBER)),
    ]
    one = registered(listed, NOVEMBER)
    assert (rolls(one, DECEMBER - timedelta(days=1)), rolls(one, DECEMBER)) == ({"三1": 44}, {})


@pytest.mark.parametrize("day", [NOVEMBER, NOVEMBER + timedelta(days=1), DECEMBER])
def test_a_first_day_said_late_takes_the_rolls_of_the_days_before_it_away(day: date) -> None:
    listed = [said(1, SEPTEMBER, room()), said(2, NOVEMBER, room(roll=45))]
    one = registered([*listed, said(3, NOVEMBER, room(roll=None, first=day))], DECEMBER)
    assert [(taught.first, taught.roll) for taught in one.rooms] == [(day, 45)]
    (told,) = changes("2132010001", registered(listed, DECEMBER), one, NOVEMBER)
    assert "此前的日子不再算有这个班" in told.what


def test_a_change_before_one_that_waits_is_told_as_what_it_is() -> None:
    listed = [said(1, SEPTEMBER, room()), said(2, DECEMBER, room(roll=45))]
    before = registered(listed, NOVEMBER)
    now = [changes("2132010001", before, registered([*listed, said(3, NOVEMBER, one)], NOVEMBER), NOVEMBER)[0].what
           for one in (room(roll=38), room(roll=40, until=DECEMBER))]  # fmt: skip
    assert now == ["2132010001三(1)班 人数 40 → 38，自 2026-11-20 起", "2132010001三(1)班 停用 2026-12-01"]


def test_what_is_said_of_a_day_to_come_waits_for_it() -> None:
    listed = [said(1, SEPTEMBER, name="示例小学"), said(2, DECEMBER, name="示例一小", division_id="320105")]
    listed[0] = replace(listed[0], unit={**listed[0].unit, "division_id": "320106"})
    now, then = registered(listed, NOVEMBER), registered(listed, DECEMBER)
    assert (now.values["name"], then.values["name"]) == ("示例小学", "示例一小")
    assert [then.division_on(day) for day in (NOVEMBER, DECEMBER)] == ["320106", "320105"]


def test_a_correction_of_the_past_does_not_overrule_what_was_said_since() -> None:
    listed = [said(1, SEPTEMBER, room()), said(2, NOVEMBER, room(roll=45)), said(3, SEPTEMBER, room(roll=41))]
    one = registered(listed, DECEMBER)
    assert (rolls(one, SEPTEMBER), rolls(one, NOVEMBER)) == ({"三1": 41}, {"三1": 45})


def test_a_row_left_as_it_was_says_nothing() -> None:
    before = registered([said(1, SEPTEMBER, room(), room("三2"), name="示例小学")], NOVEMBER)
    again = news(said(2, NOVEMBER, room(), room("三2", roll=39), name="示例小学"), before)
    assert again == RegistryStatement(2, NOVEMBER, {}, (), (ClassStatement("本部", 2026, "三2", roll=39),))


def test_a_ruling_holds_until_a_roster_lists_the_class() -> None:
    ruled = RegistryStatement(2, NOVEMBER, rulings=(AliasRuling("本部", 2026, "五2", "五(2)班", "五1"),))
    listed = [said(1, SEPTEMBER, room()), ruled]
    assert registered(listed, DECEMBER).rulings == ruled.rulings
    assert registered([*listed, said(3, DECEMBER, room("五2"))], DECEMBER).rulings == ()


def test_changes_are_told_with_their_day_and_without_persons() -> None:
    before = registered([said(1, SEPTEMBER, room(), name="示例小学", reporter="李老师")], NOVEMBER)
    new = said(2, NOVEMBER, room(roll=45), room("三2"), name="示例小学", reporter="赵老师")
    told = changes(
        "2132000001", before, registered([said(1, SEPTEMBER, room(), name="示例小学"), new], NOVEMBER), NOVEMBER
    )
    text = "\n".join(one.what for one in told)
    assert "填报人更新" in text
    assert "人数 40 → 45，自 2026-11-20 起" in text
    assert "新增班级 示例小学（2132000001）三(2)班，40 人，自 2026-11-20 起" in text
    assert "赵老师" not in text


days = st.dates(date(2026, 8, 25), date(2027, 6, 30))
rooms = st.builds(
    lambda key, roll, until: room(key, roll, until=until),
    st.sampled_from(["三1", "三2", "四1"]),
    st.integers(30, 50),
    st.none() | days,
)


@st.composite
def spoken(draw: st.DrawFn) -> list[RegistryStatement]:
    names = st.fixed_dictionaries(
        {}, optional={"name": st.sampled_from("甲乙丙"), "division_id": st.sampled_from("AB")}
    )
    return [
        RegistryStatement(order, draw(days), draw(names), (), tuple(draw(st.lists(rooms, max_size=3))))
        for order in range(1, draw(st.integers(1, 6)) + 1)
    ]


@settings(max_examples=40)
@given(spoken(), st.randoms(use_true_random=False), days)
def test_it_does_not_matter_when_a_statement_is_read(
    found: Sequence[RegistryStatement], chance: object, day: date
) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)  # a strategy's value
    assert registered(shuffled, day) == registered(found, day)


@settings(max_examples=40)
@given(spoken(), days)
def test_slices_of_a_class_follow_one_another_without_overlap(found: Sequence[RegistryStatement], day: date) -> None:
    by_class: dict[object, list[object]] = {}
    one = registered(found, day)
    for taught in one.rooms:
        by_class.setdefault(taught.at, []).append(taught)
    for slices in by_class.values():
        for early, late in pairwise(slices):
            assert early.until == late.first  # a strategy's value
    keys = [taught.key for taught in one.rooms_on(day)]
    assert len(keys) == len(set(keys))


@settings(max_examples=40)
@given(spoken(), rooms, st.integers(1, 60))
def test_what_is_said_from_a_day_on_leaves_the_days_before_it(
    found: Sequence[RegistryStatement], new: ClassStatement, later: int
) -> None:
    day = max(one.day for one in found) + timedelta(days=later)
    if not any(one.rooms for one in found):
        return  # the first list of a school year is of the whole year
    last = RegistryStatement(99, day, rooms=(replace(new, until=None),))
    eve = day - timedelta(days=1)
    assert rolls(registered([*found, last], day), eve) == rolls(registered(found, day), eve)


@settings(max_examples=40)
@given(spoken(), days)
def test_what_says_nothing_new_changes_nothing(found: Sequence[RegistryStatement], day: date) -> None:
    one = registered(found, day)
    again = RegistryStatement(99, day, dict(one.values), one.campuses, ())
    division = one.division_on(day)
    again = replace(again, unit={**again.unit, **({"division_id": division} if division else {})})
    left = news(again, one)
    assert (left.unit, left.campuses) == ({}, ())


@pytest.mark.parametrize(
    ("name", "kindergarten", "then"),
    [
        ("三(3)班", False, "四(3)班"), ("3年级2班", False, "4年级2班"), ("初一(2)班", False, "初二(2)班"),
        ("高一(12)班", False, "高二(12)班"), ("八（4）班", False, "九（4）班"), ("五年级", False, "六年级"),
        ("小一班", True, "中一班"), ("托一班", True, "小一班"), ("中职一3班", False, "中职二3班"),
        ("苹果班", True, "苹果班"),
        ("六(1)班", False, ""), ("初三(1)班", False, ""), ("高三(1)班", False, ""), ("大二班", True, ""),
    ],
)  # fmt: skip
def test_a_class_goes_a_grade_up_in_its_own_spelling(name: str, kindergarten: bool, then: str) -> None:
    assert promoted(name, kindergarten=kindergarten) == then


@given(st.sampled_from("一二三四五"), st.integers(1, 30))
def test_going_up_keeps_the_number(grade: str, number: int) -> None:
    up = class_key(promoted(f"{grade}({number})班"))
    assert up == f"{'二三四五六'['一二三四五'.index(grade)]}{number}"
    assert in_order(f"{grade}{number}") < in_order(str(up))


def test_a_class_that_ended_and_is_opened_again_was_not_taught_in_between() -> None:
    listed = [
        said(1, SEPTEMBER, room()),
        said(2, NOVEMBER, room(roll=None, until=NOVEMBER)),
        said(3, DECEMBER, room(roll=38, first=DECEMBER)),
    ]
    one = registered(listed, DECEMBER)
    assert rolls(one, NOVEMBER - timedelta(days=1)) == {"三1": 40}
    assert rolls(one, NOVEMBER) == {}
    assert rolls(one, DECEMBER) == {"三1": 38}
    [change] = changes("2132000001", registered(listed[:2], NOVEMBER), one, DECEMBER)
    assert "自 2026-12-01 起重新启用" in change.what
    assert not news(listed[2], one).rooms, "the same again says nothing"
    again = [*listed, said(4, date(2026, 12, 10), room(roll=None, until=date(2026, 12, 10)))]
    assert rolls(registered(again, DECEMBER), date(2026, 12, 9)) == {"三1": 38}
    assert rolls(registered(again, DECEMBER), date(2026, 12, 10)) == {}


def test_a_class_under_another_name_is_said() -> None:
    listed = [said(1, SEPTEMBER, room()), said(2, NOVEMBER, room(until=NOVEMBER), room("三7", first=NOVEMBER))]
    lines = [
        one.what
        for one in changes("2132000001", registered(listed[:1], NOVEMBER), registered(listed, NOVEMBER), NOVEMBER)
    ]
    assert any("三(7)班 就是原来的 三(1)班" in line for line in lines)
