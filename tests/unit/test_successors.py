"""Which class goes on under another name; pure."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.merge.successors import NOTHING_CHANGED, Taught, former, lineage

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


# --------------------------------------------------------------------------- joined, divided


def joined(*rooms: Taught) -> dict[str, tuple[date, str]]:
    """What went wholly into what, in the main campus."""
    found = lineage(rooms)
    assert lineage(reversed(rooms)) == found, "in whatever order"
    return found.joined_in("本部", date.max)


def sources(*rooms: Taught) -> dict[str, tuple[str, ...]]:
    return {key: found for (_, key), found in lineage(rooms).sources.items()}


def grown(key: str, before: int, after: int, day: date = FRIDAY) -> list[Taught]:
    return [room(key, until=day, roll=before), room(key, day, roll=after)]


def test_two_classes_that_end_where_one_opens_are_joined_in_it() -> None:
    ended = [room("三3", until=FRIDAY, roll=25), room("三4", until=FRIDAY, roll=24)]
    opened = room("三5", MONDAY, roll=49)
    assert joined(*ended, opened, room("三1")) == {"三3": (MONDAY, "三5"), "三4": (MONDAY, "三5")}
    assert sources(*ended, opened) == {"三5": ("三3", "三4")}
    assert lineage([*ended, opened]).joined_in("本部", FRIDAY) == {}, "not yet"


def test_a_class_that_ends_where_another_grows_by_half_of_it_is_joined_to_that() -> None:
    assert joined(room("三4", until=FRIDAY, roll=24), *grown("三3", 25, 49), *grown("三1", 40, 41)) == {
        "三4": (FRIDAY, "三3")
    }
    assert joined(room("三4", until=FRIDAY, roll=24), *grown("三3", 25, 26)) == {}


def test_of_a_class_that_is_divided_a_pupil_may_be_in_either_and_nobody_is_said_to_be() -> None:
    rooms = [room("三3", until=FRIDAY, roll=40), room("三7", FRIDAY, roll=20), room("三8", FRIDAY, roll=20)]
    assert (joined(*rooms), sources(*rooms)) == ({}, {"三7": ("三3",), "三8": ("三3",)})
    spread = [room("三4", until=FRIDAY, roll=30), *grown("三3", 30, 45), *grown("三1", 30, 45)]
    assert (joined(*spread), sources(*spread)) == ({}, {"三1": ("三4",), "三3": ("三4",)})


def test_a_class_that_opens_on_the_day_on_which_another_shrinks_may_have_its_pupils() -> None:
    rooms = [*grown("三3", 40, 20), room("三8", FRIDAY, roll=20), room("三1", until=LATER)]
    assert sources(*rooms) == {"三8": ("三3",)}


def test_a_class_that_was_renamed_is_joined_by_its_first_name() -> None:
    renamed = [room("三4", until=FRIDAY, roll=24), room("三9", FRIDAY, MONDAY, roll=24)]
    found = lineage([*renamed, *grown("三3", 25, 49, MONDAY)])
    assert (found.first("本部", "三9"), found.joined_in("本部", MONDAY)) == ("三4", {"三4": (MONDAY, "三3")})
    assert (found.on("本部", "三9", FRIDAY), found.on("本部", "三9", MONDAY)) == ("三4", "三3")


@pytest.mark.parametrize(
    ("why", "rooms"),
    [
        ("nothing ended", [room("三3"), *grown("三1", 20, 60)[1:]]),
        ("another grade", [room("三3", until=FRIDAY), *grown("四1", 20, 60)]),
        ("another campus", [room("三3", until=FRIDAY), room("三7", FRIDAY, campus="东校区")]),
        ("weeks later", [room("三3", until=FRIDAY), *grown("三1", 20, 60, LATER)]),
    ],
)
def test_what_did_not_go_anywhere_is_joined_to_nothing(why: str, rooms: list[Taught]) -> None:
    assert joined(*rooms) == {}, why


def test_a_school_whose_classes_go_on_costs_nothing() -> None:
    assert lineage([room("三3"), room("三4", MONDAY)]) is NOTHING_CHANGED


@given(
    st.lists(
        st.builds(room, st.sampled_from(["三1", "三2", "三3", "三4"]), days, days, roll=st.sampled_from([20, 30, 40])),
        max_size=8,
    )
)
def test_every_pupil_is_somewhere_on_every_day(rooms: list[Taught]) -> None:
    found = lineage(rooms)
    for one in rooms:
        assert found.on(one.campus, one.key, date.max)
        assert one.key not in found.sources.get(one.place, ())
