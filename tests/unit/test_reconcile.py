"""停课 ↔ 缺课: what is a matter, and that it is one whatever came first."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reconcile import (
    ClassKnown,
    ClosureKnown,
    MatterKind,
    RoomKnown,
    SchoolClock,
    SchoolKnown,
    concerns,
    matters,
)
from pipeline.schooldays import ZONE, Calendar

FRIDAY = date(2026, 11, 20)
ROOMS = {("本部", "三3"): RoomKnown("三(3)班", 40), ("本部", "三4"): RoomKnown("三(4)班", 42)}
CLOSURE = ClosureKnown(
    campus="本部",
    scope="三3",
    place="三(3)班",
    start=datetime(2026, 11, 20, 8, tzinfo=ZONE),
    resumes=date(2026, 11, 24),
    resumed=None,
    ill=8,
    pupils=40,
    approved_at=datetime(2026, 11, 19, 16, tzinfo=ZONE),
)


def clock(day: date = FRIDAY, hour: int = 14, minute: int = 0) -> SchoolClock:
    now = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)
    return SchoolClock(now, "15:00", lambda one, stage: Calendar().owes(("2132000001",), (stage or "小学",), one))


def school(*closures: ClosureKnown, reported: bool = True, **classes: ClassKnown) -> SchoolKnown:
    return SchoolKnown(
        "2132000001",
        closures,
        frozenset({(FRIDAY, "本部")}) if reported else frozenset(),
        {(FRIDAY, "本部", key): said for key, said in classes.items()},
        ROOMS,
    )


def kinds(known: SchoolKnown, when: SchoolClock | None = None) -> list[MatterKind]:
    return [one.kind for one in matters(known, when or clock())]


def test_a_closure_whose_ill_pupils_are_reported_is_no_matter() -> None:
    assert kinds(school(CLOSURE, 三3=ClassKnown(ill=8, absent=8))) == []


def test_a_closure_without_its_ill_pupils_is_asked_about() -> None:
    [none] = matters(school(CLOSURE, 三4=ClassKnown(ill=9, absent=9)), clock())
    [few] = matters(school(CLOSURE, 三3=ClassKnown(ill=5, absent=5)), clock())
    assert none.kind is few.kind is MatterKind.CASES
    assert none.id == few.id
    assert none.stamp != few.stamp
    assert none.what == "11-20 起停课的三(3)班报患病 8 人，11-20 的缺课登记里没有一名因病缺课的学生。"
    assert "只有 5 人因病" in few.what


def test_before_the_deadline_the_report_may_still_come() -> None:
    waiting = school(CLOSURE, reported=False)
    assert kinds(waiting, clock(hour=14, minute=59)) == []
    [late] = matters(waiting, clock(hour=15))
    assert "还没有收到" in late.what


def test_a_closure_of_the_whole_school_counts_all_its_classes() -> None:
    whole = replace(CLOSURE, scope="全校", place="全校", pupils=82)
    assert kinds(school(whole, 三3=ClassKnown(ill=4), 三4=ClassKnown(ill=4))) == []
    assert kinds(school(whole, 三3=ClassKnown(ill=4))) == [MatterKind.CASES]


def test_a_closure_from_a_day_off_is_compared_with_the_school_day_before() -> None:
    sunday = replace(CLOSURE, start=datetime(2026, 11, 22, 8, tzinfo=ZONE))
    assert kinds(school(sunday, 三3=ClassKnown(ill=8)), clock(date(2026, 11, 23))) == []
    assert kinds(school(sunday), clock(date(2026, 11, 23))) == [MatterKind.CASES]


def test_a_closure_that_nobody_fell_ill_for_asks_for_no_pupils() -> None:
    assert kinds(school(replace(CLOSURE, ill=0))) == []


def test_approval_after_the_start_is_asked_about() -> None:
    after = replace(CLOSURE, approved_at=CLOSURE.start + timedelta(hours=1))
    assert kinds(school(after, 三3=ClassKnown(ill=8))) == [MatterKind.APPROVAL]
    assert kinds(school(replace(after, extended=True), 三3=ClassKnown(ill=8))) == []


@pytest.mark.parametrize(
    ("resumes", "when", "found"),
    [
        (date(2026, 11, 24), clock(date(2026, 11, 24), 14), []),
        (date(2026, 11, 24), clock(date(2026, 11, 24), 15), [MatterKind.OVERDUE]),
        (date(2026, 11, 28), clock(date(2026, 11, 24)), [MatterKind.DAY_OFF]),
        (date(2026, 11, 28), clock(date(2026, 11, 29), 16), [MatterKind.DAY_OFF]),
        (date(2026, 11, 28), clock(date(2026, 11, 30), 16), [MatterKind.DAY_OFF, MatterKind.OVERDUE]),
    ],
)
def test_resumption_is_overdue_after_the_first_school_day_and_never_on_a_day_off(
    resumes: date, when: SchoolClock, found: list[MatterKind]
) -> None:
    known = school(replace(CLOSURE, resumes=resumes), 三3=ClassKnown(ill=8))
    assert sorted(kinds(known, when)) == sorted(found)


def test_what_is_over_is_not_overdue() -> None:
    over = replace(CLOSURE, resumed=date(2026, 11, 24))
    assert kinds(school(over, 三3=ClassKnown(ill=8)), clock(date(2026, 12, 1))) == []


def test_pupils_of_the_closure_that_are_not_the_roll_are_asked_about() -> None:
    assert kinds(school(replace(CLOSURE, pupils=45), 三3=ClassKnown(ill=8))) == [MatterKind.ROLL]
    assert kinds(school(replace(CLOSURE, pupils=None), 三3=ClassKnown(ill=8))) == []


def test_many_ill_are_a_matter_only_where_the_report_itself_speaks_of_a_closure() -> None:
    many = ClassKnown(ill=12, absent=12)
    assert kinds(school(三3=many)) == []  # the warning rules say it
    assert kinds(school(三3=replace(many, speaks=True))) == [MatterKind.UNDECLARED]
    assert kinds(school(三3=replace(many, absent=40))) == [MatterKind.UNDECLARED]
    assert kinds(school(三3=replace(many, present=0))) == [MatterKind.UNDECLARED]
    assert kinds(school(三3=ClassKnown(ill=1, absent=1, speaks=True))) == []
    assert kinds(school(replace(CLOSURE, ill=12), 三3=replace(many, speaks=True))) == []


def test_rolls_that_differ_are_a_matter_a_class_with_both_figures() -> None:
    found = matters(school(三3=ClassKnown(roll=43), 三4=ClassKnown(roll=41)), clock())
    assert {one.kind for one in found} == {MatterKind.ROLL}
    assert len({one.id for one in found}) == 2
    assert sorted(one.what[6:] for one in found) == sorted(
        f"{room} 11-20 缺课日报的应到是 {told} 人，名册是 {registered} 人。"[6:]
        for room, told, registered in (("三(3)班", 43, 40), ("三(4)班", 41, 42))
    )
    assert kinds(school(三3=ClassKnown(roll=40))) == []


numbers = st.integers(0, 15)
told = st.builds(
    ClassKnown,
    ill=numbers,
    absent=st.integers(0, 45),
    roll=st.none() | st.integers(35, 45),
    present=st.none() | st.integers(0, 45),
    speaks=st.booleans(),
)
closures = st.builds(
    replace,
    st.just(CLOSURE),
    scope=st.sampled_from(["三3", "三4", "全校"]),
    start=st.datetimes(datetime(2026, 11, 15), datetime(2026, 11, 23)).map(lambda one: one.replace(tzinfo=ZONE)),
    resumes=st.dates(date(2026, 11, 16), date(2026, 12, 1)),
    resumed=st.none() | st.dates(date(2026, 11, 16), date(2026, 12, 1)),
    ill=numbers,
    pupils=st.none() | st.integers(30, 90),
)
hours = st.integers(0, 23)


several = st.lists(closures, max_size=4, unique_by=lambda one: one.subject)


@given(several, st.dictionaries(st.sampled_from(["三3", "三4"]), told), hours, st.randoms())
def test_matters_do_not_depend_on_the_order_of_what_stands(
    made: list[ClosureKnown], classes: dict[str, ClassKnown], hour: int, shuffle: object
) -> None:
    one = school(*made, **classes)
    mixed, lines = list(made), list(one.classes.items())
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]  # a Random
    shuffle.shuffle(lines)  # type: ignore[attr-defined]  # a Random
    other = replace(one, closures=tuple(mixed), classes=dict(lines))
    assert matters(one, clock(hour=hour)) == matters(other, clock(hour=hour))


@given(st.dictionaries(st.sampled_from(["三3", "三4"]), told))
def test_a_report_that_is_a_matter_by_itself_is_known_as_one_that_may_be(classes: dict[str, ClassKnown]) -> None:
    found = matters(school(**classes), clock())
    rolls = {key: room.roll for (_, key), room in ROOMS.items()}
    told_of = concerns(
        {key: said.ill for key, said in classes.items()}, rolls, {key: said.roll for key, said in classes.items()}
    )
    assert told_of or not found
