"""Spells of absence: when one ends and another begins, and how many school days each had."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline.schooldays import Calendar
from pipeline.spells import AbsenceSpell, PupilDay, spells

WEDNESDAY, THURSDAY, FRIDAY = date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


def school_days(first: date, last: date) -> Sequence[date]:
    return Calendar().school_days_between(("2132000001",), ("小学",), first, last)


def absent(day: date, start: date, part: str = "") -> PupilDay:
    return PupilDay(day, start, "new" if day == start else "ongoing", part)


def back(day: date, start: date, returned: date | None = None) -> PupilDay:
    return PupilDay(day, start, "returned", "", returned)


def days(*said: PupilDay) -> list[tuple[date, str, bool]]:
    return [(one.start, one.days, one.returned) for one in spells(said, school_days)]


def test_days_are_counted_on_school_days_from_the_beginning_on() -> None:
    assert days(absent(FRIDAY, FRIDAY)) == [(FRIDAY, "1", False)]
    assert days(absent(FRIDAY, FRIDAY), absent(MONDAY, FRIDAY)) == [(FRIDAY, "2", False)]
    assert days(absent(MONDAY, WEDNESDAY)) == [(WEDNESDAY, "4", False)], (
        "what was not reported is said by its beginning"
    )


def test_half_a_day_is_half_a_day() -> None:
    assert days(absent(THURSDAY, THURSDAY, "pm"), absent(FRIDAY, THURSDAY)) == [(THURSDAY, "1.5", False)]


def test_a_spell_closes_when_the_pupil_is_back() -> None:
    assert days(absent(FRIDAY, FRIDAY), back(MONDAY, FRIDAY)) == [(FRIDAY, "1", True)]
    assert days(absent(THURSDAY, THURSDAY), back(MONDAY, THURSDAY, FRIDAY)) == [(THURSDAY, "1", True)]
    assert days(back(MONDAY, THURSDAY)) == [(THURSDAY, "2", True)], "of a spell never reported the return tells"


def test_absent_again_after_the_return_is_another_spell() -> None:
    again = days(absent(THURSDAY, THURSDAY), back(FRIDAY, THURSDAY), absent(MONDAY, MONDAY))
    assert again == [(THURSDAY, "1", True), (MONDAY, "1", False)]
    old = days(absent(THURSDAY, THURSDAY), back(FRIDAY, THURSDAY), absent(MONDAY, THURSDAY))
    assert old == [(THURSDAY, "1", True), (MONDAY, "1", False)], "a beginning from before the return cannot be meant"


def test_a_later_beginning_is_another_spell_though_nobody_said_that_the_first_was_over() -> None:
    assert days(absent(WEDNESDAY, WEDNESDAY), absent(FRIDAY, FRIDAY)) == [
        (WEDNESDAY, "1", False),
        (FRIDAY, "1", False),
    ]


def test_to_be_back_twice_is_to_be_back() -> None:
    assert days(absent(THURSDAY, THURSDAY), back(FRIDAY, THURSDAY), back(MONDAY, THURSDAY)) == [(THURSDAY, "1", True)]


spans = st.integers(0, 20).map(lambda n: date(2026, 11, 9) + timedelta(days=n))
rows = st.builds(
    lambda day, before, state, part, gone: PupilDay(
        day,
        day - timedelta(days=before),
        state,
        part if state != "returned" else "",
        day - timedelta(days=min(gone, before)) if state == "returned" and gone < 4 else None,
    ),
    spans,
    st.integers(0, 6),
    st.sampled_from(["new", "ongoing", "returned"]),
    st.sampled_from(["", "am", "pm"]),
    st.integers(0, 6),
)
histories = st.lists(rows, max_size=12, unique_by=lambda one: one.day)


@given(histories, st.randoms())
def test_spells_share_no_day_and_do_not_depend_on_the_order_of_the_rows(said: list[PupilDay], shuffle: object) -> None:
    found = spells(said, school_days)
    mixed = list(said)
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]  # a Random
    assert spells(mixed, school_days) == found
    assert all(one.start < one.end for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


@given(histories)
def test_every_day_said_absent_is_in_exactly_one_spell(said: list[PupilDay]) -> None:
    found = spells(said, school_days)
    for row in said:
        inside = [one for one in found if one.start <= row.day < one.end]
        assert len(inside) == 1 or row.row_state == "returned"


@given(histories)
def test_halves_are_two_a_school_day_and_one_a_day_of_half_absence(said: list[PupilDay]) -> None:
    parts = {row.day: row.part for row in said if row.row_state != "returned"}
    for one in spells(said, school_days):
        counted = 0
        day = one.start
        while day < one.end:
            if day.weekday() < 5:  # November 2026 has no other days off
                counted += 1 if parts.get(day) else 2
            day += timedelta(days=1)
        assert one.halves == counted


@given(histories)
def test_a_row_said_once_more_as_it_was_changes_nothing(said: list[PupilDay]) -> None:
    found = spells(said, school_days)
    if said and found:
        last = max(said, key=lambda one: one.day)
        if last.row_state == "returned" and found[-1].returned:
            tomorrow = last._replace(day=last.day + timedelta(days=1), returned=last.returned or last.day)
            assert spells([*said, tomorrow], school_days) == found


def test_days_print_as_people_write_them() -> None:
    assert [AbsenceSpell(FRIDAY, MONDAY, halves=n).days for n in (0, 1, 2, 5)] == ["0", "0.5", "1", "2.5"]
