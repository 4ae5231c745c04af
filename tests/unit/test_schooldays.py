"""Claims about school days, the deadline and who owes a report."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import schooldays
from pipeline.model import ClosureFacts, SpanKind
from pipeline.schooldays import ZONE, Calendar, CalendarSpan, Off, ReportDue

PLACES = ("2132000001", "320106", "320100", "320000")
PRIMARY = ("小学",)
PLAIN = Calendar()


def d(text: str) -> date:
    return date.fromisoformat(text)


def span(place: str, first: str, last: str, kind: str, stage: str = "") -> CalendarSpan:
    return CalendarSpan(place, d(first), d(last), SpanKind(kind), stage)


def closure(campus: str = "本部", scope: str = "全校", state: str = "declared") -> ClosureFacts:
    return ClosureFacts(campus, scope, d("2026-11-16"), d("2026-11-20"), state)


def whole(day: str, closures: Sequence[ClosureFacts], campuses: Sequence[str] = ("本部",)) -> ReportDue:
    return PLAIN.of_school(PLACES, PRIMARY, d(day), {}, campuses, closures).due


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("2026-11-20", ""),  # Friday
        ("2026-11-21", Off.WEEKEND),
        ("2026-10-01", Off.STATUTORY),
        ("2026-10-04", Off.STATUTORY),  # a Sunday within the holiday
        ("2026-10-10", ""),  # a Saturday made up
        ("2026-02-14", ""),
    ],
)
def test_statutory_days_and_make_up_days_decide_where_nobody_said_otherwise(day: str, reason: str) -> None:
    due = PLAIN.owes(PLACES, PRIMARY, d(day))
    assert (due.yes, due.reason) == (reason == "", reason)


def test_in_an_unknown_year_weekdays_count_and_the_answer_says_so() -> None:
    days = [PLAIN.owes(PLACES, PRIMARY, d(text)) for text in ("2027-03-01", "2027-03-06", "2026-12-31")]
    assert [(due.yes, due.reason, due.assumed) for due in days] == [
        (True, "", 2027),
        (False, Off.WEEKEND, 2027),
        (True, "", 0),
    ]


def test_the_provinces_calendar_makes_an_unknown_year_known_once_its_fixed_days_off_are_in_it() -> None:
    lines = [
        span("320000", "2027-01-01", "2027-01-03", "holiday"),
        span("320000", "2027-02-20", "2027-02-20", "schoolday"),
        span("320000", "2027-05-01", "2027-05-05", "holiday"),
    ]
    begun, entered = Calendar(tuple(lines)), Calendar((*lines, span("320000", "2027-10-01", "2027-10-07", "holiday")))
    seen = [
        [found.owes(PLACES, PRIMARY, d(f"2027-{day}")) for day in ("01-01", "01-04", "02-20")]
        for found in (begun, entered)
    ]
    assert [[(due.yes, due.assumed) for due in days] for days in seen] == [
        [(False, 0), (True, 2027), (True, 0)],
        [(False, 0), (True, 0), (True, 0)],
    ]
    assert begun.uncovered("320000", d("2026-12-30"), d("2027-01-06")) == {2027: d("2027-01-04")}
    assert entered.uncovered("320000", d("2026-12-30"), d("2028-01-01")) == {2028: d("2028-01-01")}


BOTH = ("幼儿园", "小学")
ROOMS = {("本部", "中一"): "幼儿园", ("本部", "三1"): "小学", ("本部", "苹果班"): ""}


def test_days_are_those_of_each_classs_stage() -> None:
    off, made_up = span("320106", "2026-11-18", "2026-11-18", "holiday", "幼儿园"), d("2026-11-21")
    calendar = Calendar((off, span("320106", "2026-11-21", "2026-11-21", "schoolday", "小学")))
    wednesday = calendar.of_school(PLACES, BOTH, d("2026-11-18"), ROOMS)
    assert (wednesday.due.yes, wednesday.off) == (True, {("本部", "中一")})
    saturday = calendar.of_school(PLACES, BOTH, made_up, ROOMS)
    assert (saturday.due.yes, saturday.off) == (True, {("本部", "中一")})
    assert calendar.of_school(PLACES, BOTH, d("2026-11-19"), ROOMS).off == frozenset()


def test_a_campus_owes_nothing_while_all_its_classes_are_off() -> None:
    calendar = Calendar((span("320106", "2026-11-18", "2026-11-18", "holiday", "幼儿园"),))
    rooms = {("本部", "三1"): "小学", ("东校区", "中一"): "幼儿园"}
    day, both = d("2026-11-18"), ("本部", "东校区")
    assert calendar.of_school(PLACES, BOTH, day, rooms, both).campuses == {"本部"}
    shut = ClosureFacts("本部", "全校", day, d("2026-11-20"), "declared")
    closed = calendar.of_school(PLACES, BOTH, day, rooms, both, [shut])
    assert (closed.due.yes, closed.due.reason, closed.campuses) == (False, Off.CLOSED, frozenset())
    assert closed.closed == {("本部", "三1")}


def test_a_school_none_of_whose_classes_has_school_owes_nothing_though_a_stage_of_it_has() -> None:
    calendar = Calendar((span("320106", "2026-11-18", "2026-11-18", "holiday", "小学"),))
    due = calendar.of_school(PLACES, BOTH, d("2026-11-18"), {("本部", "三1"): "小学"}).due
    assert (due.yes, due.reason) == (False, Off.HOLIDAY)


def test_an_override_decides_even_in_an_unknown_year() -> None:
    calendar = Calendar((span("320100", "2027-03-01", "2027-03-01", "schoolday"),))
    assert calendar.owes(PLACES, PRIMARY, d("2027-03-01")).yes


@pytest.mark.parametrize(
    ("spans", "owed"),
    [
        ([("320106", "holiday"), ("2132000001", "schoolday")], True),
        ([("320106", "schoolday"), ("2132000001", "holiday")], False),
        ([("320100", "holiday"), ("320106", "schoolday")], True),
        ([("320302", "holiday")], True),
    ],
)
def test_the_narrower_place_wins(spans: list[tuple[str, str]], owed: bool) -> None:
    calendar = Calendar(tuple(span(place, "2026-11-18", "2026-11-18", kind) for place, kind in spans))
    assert calendar.owes(PLACES, PRIMARY, d("2026-11-18")).yes is owed


def test_a_shorter_word_of_the_same_place_wins_over_a_longer() -> None:
    calendar = Calendar(
        (span("320106", "2026-11-16", "2026-11-20", "holiday"), span("320106", "2026-11-18", "2026-11-18", "schoolday"))
    )
    assert [calendar.owes(PLACES, PRIMARY, d(f"2026-11-{n}")).yes for n in (17, 18, 19)] == [False, True, False]


def test_an_override_of_a_stage_speaks_for_that_stage_alone() -> None:
    calendar = Calendar((span("320100", "2026-06-15", "2026-06-16", "holiday", "初中"),))
    assert not calendar.owes(PLACES, ("初中",), d("2026-06-15")).yes
    assert calendar.owes(PLACES, PRIMARY, d("2026-06-15")).yes
    assert calendar.owes(PLACES, ("小学", "初中"), d("2026-06-15")).yes


def test_between_terms_is_vacation_and_long_after_the_last_the_table_is_silent() -> None:
    autumn, spring = ("2026-09-01", "2026-12-20"), ("2026-12-28", "2026-12-31")
    calendar = Calendar((span("320100", *autumn, "term"), span("320100", *spring, "term")))
    assert calendar.owes(PLACES, PRIMARY, d("2026-12-22")).reason == Off.VACATION
    assert calendar.owes(PLACES, PRIMARY, d("2026-12-28")).yes
    old = Calendar((span("320100", "2026-02-20", "2026-06-30", "term"),))
    assert old.owes(PLACES, PRIMARY, d("2026-07-15")).reason == Off.VACATION
    assert old.owes(PLACES, PRIMARY, d("2026-10-15")).yes


def test_statutory_days_hold_within_a_term() -> None:
    calendar = Calendar((span("320100", "2026-09-01", "2026-12-31", "term"),))
    assert calendar.owes(PLACES, PRIMARY, d("2026-10-01")).reason == Off.STATUTORY


def test_a_whole_closure_lasts_from_its_first_day_to_the_day_before_resumption() -> None:
    owed = [whole(f"2026-11-{n}", [closure()]).reason for n in (13, 16, 19, 20)]
    assert owed == ["", Off.CLOSED, Off.CLOSED, ""]


def test_one_closed_campus_does_not_excuse_the_other() -> None:
    assert whole("2026-11-17", [closure()], ("本部", "东校区")).yes


@pytest.mark.parametrize("told", [closure(scope="三2"), closure(state="withdrawn")])
def test_a_class_closure_or_a_withdrawn_one_leaves_the_school_owing(told: ClosureFacts) -> None:
    assert whole("2026-11-17", [told]).yes


def test_closed_classes_are_told_by_campus() -> None:
    told = [closure(scope="三2"), closure(scope="三3", campus="东校区"), closure()]
    assert schooldays.closed_classes(told, "本部", d("2026-11-17")) == {"三2"}


def test_the_deadline_itself_is_late() -> None:
    day = d("2026-11-20")
    at = schooldays.deadline(day)
    assert at == datetime(2026, 11, 20, 15, 0, tzinfo=ZONE)
    assert schooldays.on_time(at - timedelta(microseconds=1), day)
    assert not schooldays.on_time(at, day)


def test_the_clock_is_shanghais_whatever_zone_an_arrival_has() -> None:
    assert schooldays.on_time(datetime(2026, 11, 20, 6, 59, tzinfo=UTC), d("2026-11-20"))
    assert not schooldays.on_time(datetime(2026, 11, 20, 7, 0, tzinfo=UTC), d("2026-11-20"))
    assert schooldays.today(datetime(2026, 11, 20, 16, 0, tzinfo=UTC)) == d("2026-11-21")


def test_school_days_between_leave_the_last_day_out() -> None:
    assert PLAIN.school_days_between(PLACES, PRIMARY, d("2026-11-20"), d("2026-11-24")) == (
        d("2026-11-20"),
        d("2026-11-23"),
    )


@pytest.mark.parametrize(
    ("start", "day", "missed"),
    [
        ("2026-11-20", "2026-11-20", 0),
        ("2026-11-21", "2026-11-23", 0),  # fell ill on Saturday, first missed on Monday
        ("2026-11-20", "2026-11-23", 1),
        ("2027-03-01", "2027-03-03", 2),
        ("2026-12-31", "2027-01-04", 2),
    ],
)
def test_the_school_days_missed_before_a_report_are_counted(start: str, day: str, missed: int) -> None:
    assert len(list(PLAIN.missed(PLACES, PRIMARY, d(start), d(day)))) == missed


@pytest.mark.parametrize(
    ("day", "year", "term"),
    [("2026-09-01", 2026, "2026-1"), ("2027-01-15", 2026, "2026-1"), ("2027-02-20", 2026, "2026-2"),
     ("2026-08-31", 2025, "2025-2")],
)  # fmt: skip
def test_a_school_year_begins_in_september(day: str, year: int, term: str) -> None:
    assert (schooldays.school_year(d(day)), schooldays.term(d(day))) == (year, term)


@given(st.dates(d("2025-01-01"), d("2026-12-31")))
def test_every_known_day_is_due_or_has_a_reason(day: date) -> None:
    due = PLAIN.owes(PLACES, PRIMARY, day)
    assert due.yes is (due.reason == "")


# --------------------------------------------------------------------------- whose day it is, against a slow definition

ALL = ("幼儿园", "小学", "初中")
WEEK = [d(f"2026-11-{n}") for n in range(16, 23)]  # Monday to Sunday, without a statutory day

lines = st.lists(
    st.builds(
        lambda place, day, kind, stage: CalendarSpan(place, day, day, SpanKind(kind), stage),
        st.sampled_from(PLACES),
        st.sampled_from(WEEK),
        st.sampled_from(["holiday", "schoolday"]),
        st.sampled_from(["", *ALL]),
    ),
    max_size=8,
    unique_by=lambda one: (one.place, one.first, one.stage),
)
rooms = st.dictionaries(
    st.tuples(st.sampled_from(["本部", "东校区"]), st.sampled_from(["a", "b", "c"])), st.sampled_from(["", *ALL])
)
shut = st.lists(st.tuples(st.sampled_from(["本部", "东校区"]), st.sampled_from(["全校", "a", "b"])), max_size=3)


def in_school(found: list[CalendarSpan], stage: str, day: date) -> bool:
    for place in PLACES:
        for wanted in (stage, ""):
            for one in found:
                if (one.place, one.first, one.stage) == (place, day, wanted):
                    return one.kind.value == "schoolday"
    return day.weekday() < 5


@given(found=lines, classes=rooms, closed=shut, day=st.sampled_from(WEEK))
def test_what_a_school_owes_is_what_its_classes_owe(
    found: list[CalendarSpan], classes: dict[tuple[str, str], str], closed: list[tuple[str, str]], day: date
) -> None:
    both = ("本部", "东校区")
    closures = [ClosureFacts(campus, scope, WEEK[0], d("2026-11-30"), "declared") for campus, scope in closed]
    owed = Calendar(tuple(found)).of_school(PLACES, ALL, day, classes, both, closures)
    taught = {stage: in_school(found, stage, day) for stage in ALL}
    taught[""] = any(taught.values())
    off = {at for at, stage in classes.items() if not taught[stage]}
    out = {at for at in classes if (at[0], "全校") in closed or at in closed}
    owing = set()
    for campus in both:
        mine = [at for at in classes if at[0] == campus]
        school = any(at not in off for at in mine) if mine else taught_at_all(taught, classes)
        if school and (campus, "全校") not in closed:
            owing.add(campus)
    assert (owed.off, owed.closed, owed.campuses, owed.due.yes) == (off, out, owing, bool(owing))


def taught_at_all(taught: dict[str, bool], classes: dict[tuple[str, str], str]) -> bool:
    """A campus whose classes nobody knows has school when any class that is known has, or any 学段 if none is known."""
    stages = set(classes.values())
    return any(taught[stage] for stage in (stages if stages and "" not in stages else ALL))
