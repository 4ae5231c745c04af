"""Claims about whose day it is: by 学段, in unknown years, over weeks of silence, and after a clock that was ahead."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from pipeline import carry, units
from pipeline.database.models import (
    Absence,
    CalendarDay,
    Campus,
    Closure,
    Report,
    ReportClass,
    SchoolClass,
    Statement,
    Submission,
    Unit,
)
from pipeline.facts import (
    carried,
    county_day,
    day_rows,
    digest_facts,
    exports,
    receipt_facts,
    school_page_facts,
    silence,
    unknown_years,
)
from pipeline.facts.county_day import CountedSchool
from pipeline.figures.county import roll_of
from pipeline.figures.duty import StatusCounts
from pipeline.issuing import absence
from pipeline.letters import templates_sent
from pipeline.merge.registry import RegistryStatement
from pipeline.model import DecidedBy, Site
from pipeline.registry import lookup, statements
from pipeline.schooldays import ZONE, closed_campuses
from pipeline.settling import excuses
from pipeline.turns import context
from tests.contract.places import GULOU, school

DAY = date(2026, 11, 20)  # a Friday
SATURDAY = date(2026, 11, 21)
BOTH, OTHER = "2132000001", "2132000002"
NOW = datetime(2026, 11, 20, 15, 10, tzinfo=ZONE)


@pytest.fixture
def two_parts(site: Site) -> Site:
    """A school with a kindergarten and a primary part of 40 pupils each a class, and a primary school."""
    school(BOTH, GULOU)
    Unit.objects.filter(code=BOTH).update(stages="幼儿园 小学")
    SchoolClass.objects.create(school_id=BOTH, school_year=2026, key="中一", name="中一班", stage="幼儿园", roll=40)
    school(OTHER, GULOU)
    return site


def off(first: date, stage: str, kind: str = "holiday", place: str = GULOU) -> None:
    CalendarDay.objects.create(place=place, stage=stage, first=first, last=first, kind=kind)


def heard(code: str, day: date = DAY, *, silent: tuple[str, ...] = (), **more: object) -> None:
    values = {"rows": 1, "covered": 2, "on_time": True, "zero": False, "current_seq": 1, "from_settled": 1} | more
    at = datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
    Report.objects.create(day=day, school=code, campus="本部", division=GULOU, first_seen=at, **values)
    for key in silent:
        ReportClass.objects.create(day=day, school=code, campus="本部", key=key, silent=True, roll=40, other_absent=0)


def counted(code: str = BOTH, day: date = DAY) -> CountedSchool:
    return county_day.few(day, [code], lookup.tree(day=day), context.calendar())[code]


# --------------------------------------------------------------------------- days by 学段


def test_a_school_of_which_one_part_is_off_owes_the_other_part_alone(two_parts: Site) -> None:
    off(DAY, "幼儿园")
    heard(BOTH, silent=("中一",))
    found = counted()
    assert (found.day.standing, roll_of(found.day), found.silent_names) == (StatusCounts.ON_TIME, 80, ())
    heard(OTHER, silent=("三4",))
    assert counted(OTHER).day.standing is StatusCounts.PARTIAL


def test_a_make_up_day_of_one_part_asks_that_part_alone(two_parts: Site) -> None:
    off(SATURDAY, "小学", "schoolday")
    due = templates_sent.owing(SATURDAY, after="", limit=9)
    assert {one.code: sorted(key for _, key in one.classes) for one in due} == {
        BOTH: ["三3", "三4"],
        OTHER: ["三3", "三4"],
    }
    heard(BOTH, SATURDAY, silent=("中一", "三4"))
    found = counted(day=SATURDAY)
    assert (found.day.standing, found.silent_names, roll_of(found.day)) == (StatusCounts.PARTIAL, ("三(4)班",), 80)


def test_a_template_lists_the_classes_that_are_due(two_parts: Site) -> None:
    def listed(day: date) -> list[object]:
        owed = context.calendar().of_facts((GULOU,), one, day)
        facts = absence.school_facts(two_parts, owed.of(one) if owed.due.yes else one, day)
        return [row["class_name"] for row in facts.rows["classes"]]

    off(DAY, "幼儿园")
    one = context.schools([BOTH], [DAY])[BOTH]
    assert listed(DAY) == ["三(3)班", "三(4)班"]
    assert listed(SATURDAY) == ["中一班", "三(3)班", "三(4)班"], (
        "nobody owes one: whoever sends it all the same names any class"
    )


def test_who_was_absent_before_a_day_off_of_his_part_is_brought_along_after_it(two_parts: Site) -> None:
    off(SATURDAY, "小学", "schoolday")
    heard(BOTH)
    heard(BOTH, SATURDAY, silent=("中一",))
    row = {"day": DAY, "school": BOTH, "campus": "本部", "division": GULOU, "from_settled": 1, "reason": "ill"}
    for pupil, key in (("中一-AAAA111111", "中一"), ("三3-BBBB222222", "三3")):
        more = {"origin": "1:8", "pupil": pupil, "class_key": key, "row_state": "new", "start": DAY, "began": DAY}
        Absence.objects.create(**row, **more)

    def brought(day: date) -> list[tuple[str, date]]:
        one = context.schools([BOTH], [day])[BOTH]
        owed = context.calendar().of_facts((GULOU,), one, day).of(one)
        found = carried.carried_over([owed], day)[BOTH, "本部"]
        facts = absence.school_facts(two_parts, owed, day)
        rows = absence.carry_over(two_parts, facts, owed, day, found).carried
        return [(str(row.cells["class_name"]), mark.since) for row in rows if (mark := carry.read(row.mark))]

    assert brought(SATURDAY) == [("三(3)班", DAY)], "the kindergarten has no school: nobody is asked about its pupil"
    assert brought(SATURDAY + timedelta(days=2)) == [("中一班", DAY)], (
        "the other class was reported without him on Saturday"
    )


def test_the_sick_of_a_part_that_is_off_are_counted_apart(two_parts: Site) -> None:
    off(DAY, "幼儿园")
    heard(BOTH, silent=("中一",))
    row = {"day": DAY, "school": BOTH, "campus": "本部", "division": GULOU, "from_settled": 1, "reason": "ill"}
    for pupil, key in (("中一-AAAA111111", "中一"), ("三3-BBBB222222", "三3")):
        more = {"origin": "1:8", "pupil": pupil, "class_key": key, "row_state": "new", "start": DAY, "began": DAY}
        Absence.objects.create(**row, **more)
    figures = county_day.count(DAY, [GULOU])[GULOU].figures
    assert (figures.ill, figures.off_ill, figures.unsure_ill, figures.rate_ill_halves) == (2, 1, 0, 2)


def test_a_receipt_knows_the_classes_that_the_list_names(two_parts: Site) -> None:
    off(DAY, "幼儿园")
    heard(BOTH, silent=("中一", "三4"))
    heard(OTHER)
    found = receipt_facts.missing({1: (BOTH, "本部", DAY), 2: (OTHER, "本部", DAY)}, ())
    assert {seq: one.classes for seq, one in found.items()} == {1: ("三(4)班",)} == {1: counted().silent_names}


def test_a_late_report_of_a_closed_campus_does_not_make_the_school_late(two_parts: Site) -> None:
    Campus.objects.create(school_id=OTHER, name="东校区")
    at = datetime(2026, 11, 19, 1, tzinfo=UTC)
    Closure.objects.create(
        school_id=OTHER, campus="东校区", division=GULOU, scope="全校", start=at, kind="first", reason="D10", ill=3,
        resume_planned=DAY + timedelta(days=4), approved_at=at, approved_how="phone", approved_by="示例",
        from_settled=1, origin="2:8",
    )  # fmt: skip
    heard(OTHER)
    Report.objects.create(
        day=DAY, school=OTHER, campus="东校区", division=GULOU, first_seen=NOW, on_time=False, zero=True, rows=0,
        covered=1, current_seq=2, from_settled=2,
    )  # fmt: skip
    assert counted(OTHER).day.standing is StatusCounts.ON_TIME
    east = (OTHER, "东校区", DAY)
    assert receipt_facts.lateness([east, (BOTH, "本部", DAY)]) == {east: None}
    cut = school_page_facts.Cut(DAY, 1, final=True, now=NOW, as_of=2)
    page = next(one for one in school_page_facts.pages(two_parts, cut, [GULOU]) if one.code == OTHER)
    assert page.reported_at is not None
    assert page.reported_at.hour == 14
    exported = exports.export("reports", units.scope(GULOU, lookup.tree()), exports.DayRange())
    assert {row[3]: row[5] for row in exported.rows} == {"本部": "是", "东校区": ""}


def test_a_closure_counts_on_the_days_that_the_rule_says_however_it_is_asked_of_the_store(two_parts: Site) -> None:
    """From the day on which it begins by the clock of Jiangsu; the first day back is not closed."""
    morning, last = datetime(2026, 11, 20, 0, 0, tzinfo=ZONE), datetime(2026, 11, 20, 23, 59, 59, tzinfo=ZONE)
    days = [DAY - timedelta(days=1), DAY, DAY + timedelta(days=1), None]
    for n, (start, planned, actual, state) in enumerate(
        product((morning, last, morning + timedelta(days=1)), days[:3], days, ("declared", "ended", "withdrawn"))
    ):
        Closure.objects.create(
            school_id=OTHER, campus=str(n), division=GULOU, scope="全校", start=start, kind="first", reason="D10",
            ill=3, resume_planned=planned, resume_actual=actual, approved_at=start, approved_how="phone",
            approved_by="示例", from_settled=1, origin="2:8", state=state,
        )  # fmt: skip
    told = context.closures([OTHER])[OTHER]
    for day in (DAY - timedelta(days=1), DAY, DAY + timedelta(days=1)):
        asked = set(Closure.objects.filter(day_rows.closed_on(day)).values_list("campus", flat=True))
        assert asked == closed_campuses(told, day) - {""}
    assert asked == set(), "none goes on for longer"
    assert closed_campuses(told, DAY)


# --------------------------------------------------------------------------- returned, and typed


def test_a_report_of_which_all_rows_went_back_is_returned_whatever_else_it_counts(two_parts: Site) -> None:
    heard(OTHER, rows=0, other_absent=1)
    assert counted(OTHER).day.standing is StatusCounts.RETURNED


def test_the_registrys_roll_stands_whatever_a_report_types(two_parts: Site) -> None:
    heard(OTHER)
    ReportClass.objects.create(day=DAY, school=OTHER, campus="本部", key="三3", silent=False, roll=400, other_absent=0)
    assert roll_of(counted(OTHER).day) == 80
    SchoolClass.objects.filter(school_id=OTHER, key="三3").update(roll=None)
    assert roll_of(counted(OTHER).day) == 440


# --------------------------------------------------------------------------- days without a report


def in_use(*days: date) -> None:
    for one in days:
        county_day.keep(county_day.count(one, [GULOU]).values())


def back(n: int) -> date:
    return DAY - timedelta(days=n)


def run(*codes: str) -> dict[str, int]:
    return silence.days_in_a_row(dict.fromkeys(codes or (OTHER,), GULOU), DAY)


def test_days_in_part_and_sent_back_are_not_reported_and_excused_ones_are_not_silent(two_parts: Site) -> None:
    heard(OTHER, back(1), silent=("三4",))  # Thursday: in part
    heard(OTHER, back(2), rows=0)  # Wednesday: all of it went back
    excuses.excuse(OTHER, back(3), DecidedBy("示例员甲", "断网", NOW))  # Tuesday
    heard(OTHER, back(7))  # the Friday before: in full; Monday: nothing
    in_use(*(back(n) for n in range(1, 8)))
    assert run() == {OTHER: 4}, "today, Thursday, Wednesday and Monday"


def test_days_before_the_site_had_the_schools_roster_do_not_count(two_parts: Site) -> None:
    in_use(*(back(n) for n in range(1, 8)))
    assert run() == {OTHER: 6}
    received = datetime(2026, 11, 19, 2, tzinfo=UTC)
    Submission.objects.create(
        received_seq=7, sha256="a" * 64, size=1, name="名册.xlsx", channel="folder", first_seen=received,
        received_at=received, form="roster", unit=GULOU, state="accepted",
    )  # fmt: skip
    rooms = statements.load([OTHER])[OTHER][0].rooms
    statements.keep({OTHER: RegistryStatement(7, date(2026, 9, 1), {"name": "示例学校2"}, rooms=rooms)}, submission=7)
    Statement.objects.filter(order=0).delete()
    assert run() == {OTHER: 2}, "the roster came on Thursday, whatever day it is in force from"


# --------------------------------------------------------------------------- 1 January


JANUARY = date(2027, 1, 4)  # a Monday


def test_in_an_unknown_year_everything_is_made_and_says_so(two_parts: Site) -> None:
    assert [one.code for one in templates_sent.owing(JANUARY, after="", limit=9)] == [BOTH, OTHER]
    book = digest_facts.book(two_parts, JANUARY, datetime(2027, 1, 4, 15, 10, tzinfo=ZONE))
    facts = digest_facts.digest(book, GULOU, 1, final=False)
    assert (facts.assumed, facts.days[GULOU][JANUARY].due) == (2027, 2)
    assert digest_facts.missing(book, "320000").assumed == 2027
    assert unknown_years.assumed([(OTHER, JANUARY), (OTHER, DAY), (GULOU, JANUARY)]) == {
        (OTHER, JANUARY): 2027,
        (GULOU, JANUARY): 2027,
    }


def test_the_provinces_calendar_ends_the_guess_without_a_new_version(two_parts: Site) -> None:
    for month, day in ((1, 1), (5, 1), (10, 1)):
        off(date(2027, month, day), "", place="320000")
    off(JANUARY, "", place="320000")
    book = digest_facts.book(two_parts, JANUARY, datetime(2027, 1, 4, 15, 10, tzinfo=ZONE))
    facts = digest_facts.digest(book, GULOU, 1, final=False)
    assert (facts.assumed, facts.days[GULOU][JANUARY].due, facts.why_nothing) == (0, 0, "放假")
    tuesday = JANUARY + timedelta(days=1)
    assert [one.code for one in templates_sent.owing(tuesday, after="", limit=9)] == [BOTH, OTHER]
    assert unknown_years.assumed([(OTHER, tuesday)]) == {}


def test_a_clock_that_was_ahead_heals(two_parts: Site) -> None:
    moves = DAY + timedelta(days=30)
    statements.take_effect(DAY)
    statements.keep({OTHER: RegistryStatement(9, moves, {"name": "改名小学"})}, submission=0)
    assert statements.take_effect(moves + timedelta(days=90)) == 1
    assert lookup.names([OTHER]) == {OTHER: "改名小学"}
    assert statements.take_effect(DAY + timedelta(days=1)) == 1, "what was ahead is taken back"
    assert lookup.names([OTHER]) == {OTHER: "示例学校2"}
    assert statements.take_effect(DAY + timedelta(days=1)) == 0
    assert statements.take_effect(moves) == 1, "and counts again when its day comes"
    assert lookup.names([OTHER]) == {OTHER: "改名小学"}
