"""Which class goes on under another name; pure."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.merge.successors import Taught, former

FRIDAY, MONDAY, LATER = date(2026, 11, 20), date(2026, 11, 23), date(2026, 12, 14)


def room(
    key: str, first: date | None = None, until: date | None = None, *, roll: int | None = 40, campus: str = "本部"
):
    return Taught(campus, key, roll, first, until)


def test_one_that_ends_and_one_that_opens_are_one_class_whatever_their_rolls() -> None:
    assert former([room("三3", until=FRIDAY), room("三7", FRIDAY, roll=41), room("三1")]) == {("本部", "三7"): "三3"}
    assert former([room("三3", until=FRIDAY), room("三7", MONDAY)]) == {("本部", "三7"): "三3"}, "a weekend between"


def test_a_class_renamed_twice_keeps_its_first_name() -> None:
    rooms = [room("三3", until=FRIDAY), room("三7", FRIDAY, MONDAY), room("三8", MONDAY)]
    assert former(rooms) == {("本部", "三7"): "三3", ("本部", "三8"): "三3"}


@pytest.mark.parametrize(
    ("why", "rooms"),
    [
        ("another grade", [room("三3", until=FRIDAY), room("四7", FRIDAY)]),
        ("another campus", [room("三3", until=FRIDAY), room("三7", FRIDAY, campus="东校区")]),
        ("weeks later", [room("三3", until=FRIDAY), room("三7", LATER)]),
        ("before the other ends", [room("三3", until=MONDAY), room("三7", FRIDAY)]),
        ("there all the time", [room("三3", until=FRIDAY), room("三7")]),
        (
            "two at once, alike",
            [room(k, until=FRIDAY) for k in ("三3", "三4")] + [room(k, FRIDAY) for k in ("三7", "三8")],
        ),
        (
            "split in two",
            [room("三3", until=FRIDAY, roll=40), room("三7", FRIDAY, roll=20), room("三8", FRIDAY, roll=20)],
        ),
        ("the same, opened again", [room("三3", until=FRIDAY), room("三3", MONDAY)]),
    ],
)
def test_what_is_not_certain_is_left_alone(why: str, rooms: list[Taught]) -> None:
    assert former(rooms) == {}, why


def test_of_several_at_once_each_is_the_one_with_its_roll() -> None:
    ends = [room("小1", until=FRIDAY, roll=28), room("小2", until=FRIDAY, roll=30)]
    opens = [room("香蕉", FRIDAY, roll=30), room("苹果", FRIDAY, roll=28)]
    assert former([*ends, *opens]) == {("本部", "苹果"): "小1", ("本部", "香蕉"): "小2"}


days = st.none() | st.dates(FRIDAY, LATER)


@given(
    st.lists(
        st.builds(room, st.sampled_from(["三1", "三2", "三3", "苹果"]), days, days, roll=st.sampled_from([30, 40]))
    )
)
def test_no_two_classes_were_one_and_none_was_itself(rooms: list[Taught]) -> None:
    found = former(rooms)
    assert all(place[1] != key for place, key in found.items())
    assert former(reversed(rooms)) == found or len({one.place for one in rooms}) < len(rooms)
