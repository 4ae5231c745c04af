"""What is said of the registry and the calendar: dated, proposed, confirmed, late; on each database."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from pipeline import short_ids
from pipeline.database.models import (
    Absence,
    Audit,
    CalendarDay,
    Campus,
    Decision,
    Letter,
    Report,
    ReportClass,
    SchoolClass,
    Submission,
    Todo,
    Unit,
    UnitPlace,
)
from pipeline.database.transactions import undone
from pipeline.errors import UsageError
from pipeline.facts import county_day, digest_facts
from pipeline.model import Checked, CheckVerdict, DecidedBy, Origin, Record, Settled, Site, SpanKind, State
from pipeline.registry import lookup, schools, statements
from pipeline.schooldays import CalendarSpan
from pipeline.settling import proposals, undo
from pipeline.turns import context
from tests.contract.settling import journalled, knowing, report, settle
from tests.rosters import classed, listed, roster
from tests.submissions import DAY, NOON, SCHOOL, checked, later, line, row

COUNTY, OTHER_COUNTY = "320106", "320105"


def dated(seq: int, day: date, *rows: Record, unit: str = COUNTY, at: datetime = NOON) -> Checked:
    """A roster whose head says from when it counts."""
    one = roster(seq, *rows)
    reading = replace(
        one.reading, header={**one.reading.header, "day": day}, claims=replace(one.reading.claims, unit=unit)
    )
    return replace(one, reading=reading, unit=unit, arrival=replace(one.arrival, first_seen=at, received_at=at))


def proposal(seq: int, *rows: Record) -> Checked:
    """A school's own roster."""
    return dated(seq, DAY, *rows, unit=SCHOOL)


def rolls(day: date, code: str = SCHOOL) -> dict[str, int | None]:
    facts = schools.load([code], [day], {}).schools[code]
    return {key: room.roll for (_, key), room in facts.classes.items()}


def registered() -> list[object]:
    columns = ("school", "campus", "school_year", "key", "roll", "state", "valid_from", "valid_to")
    return [
        sorted(SchoolClass.objects.values_list(*columns), key=repr),
        sorted(Campus.objects.values_list("school", "name")),
        sorted(Unit.objects.filter(kind="school").values_list("code", "name", "valid_to", "reporter")),
    ]


def test_a_roster_taken_back_leaves_no_trace_in_the_registry(school: Site) -> None:
    ended = date(2026, 12, 1)
    first = dated(1, DAY, classed("五1", code=SCHOOL), listed("2132000066"))
    (one,) = journalled(school, [first])
    settle(school, one)
    before = registered()
    slip = dated(
        2, DAY, listed(SCHOOL, name="别名小学", until=ended, campus="东"), listed("2132000077", name="示例新校"),
        listed("2132000066", until=ended),
        classed("五1", code=SCHOOL, roll=9), classed("六1", code=SCHOOL, campus="东"),
    )  # fmt: skip
    (two,) = journalled(school, [slip])
    settle(school, two)
    assert Campus.objects.filter(name="东").exists()
    done = undo.take_back_roster(2, DecidedBy("示例区", "填错了", NOON))
    knowing(school, one, two).judge_later(done)
    assert registered() == before
    with pytest.raises(UsageError):
        undo.take_back_roster(2, DecidedBy("示例区", "填错了", NOON))
    assert Audit.objects.filter(what="roster-undo").count() == 1
    (again,) = journalled(school, [replace(two, arrival=replace(two.arrival, seq=4))])
    settle(school, again)
    assert Campus.objects.filter(name="东").exists(), "sent again, it counts again"


def test_a_class_of_a_campus_taken_back_waits_for_nobody_once_its_reports_are_judged_again(school: Site) -> None:
    slip = dated(1, DAY, listed(SCHOOL, campus="东"), classed("六1", code=SCHOOL, campus="东"))
    named = checked(2, [row("甲", class_key="六1", campus="东")], campus="东")
    one, two = journalled(school, [slip, named])
    settle(school, one)
    settle(school, two)
    done = undo.take_back_roster(1, DecidedBy("示例区", "填错了", NOON))
    elsewhere = replace(two, verdict=CheckVerdict.REJECTED, records=())
    knowing(school, one, elsewhere).judge_later(done)
    assert not Absence.objects.exists()
    assert proposals.waiting(COUNTY) == []


def codes(done: Settled) -> list[str]:
    return [issue.code for issue in done.issues]


def told(done: Settled) -> list[str]:
    return [dict(issue.details)["what"] for issue in done.issues if issue.code == "registry-change"]


# --------------------------------------------------------------------------- dates


def test_a_roll_changes_from_its_day_and_the_receipt_says_so(school: Site) -> None:
    [done] = report(school, dated(1, DAY, classed("三3", code=SCHOOL, class_name="三(3)班", roll=45)))
    assert codes(done) == ["registry-changes", "registry-change"]
    assert told(done) == [f"示例小学（{SCHOOL}）三(3)班 学段 （空） → 小学；人数 40 → 45，自 2026-11-23 起"]
    assert rolls(DAY - timedelta(days=1)) == {"三3": 40, "四1": 38}
    assert rolls(DAY) == {"三3": 45, "四1": 38}


def test_a_roster_that_says_what_stands_changes_nothing(school: Site) -> None:
    report(school, dated(1, DAY, classed("三3", code=SCHOOL, class_name="三(3)班", roll=45)))
    [done] = report(school, dated(2, DAY, classed("三3", code=SCHOOL, class_name="三(3)班", roll=45)))
    assert codes(done) == ["registry-same"]


def test_a_school_that_moves_keeps_its_days_under_the_county_they_were_in(school: Site) -> None:
    report(school, checked(1, [row("甲"), line("三3"), line("四1")]))
    moves = DAY + timedelta(days=2)
    moved = Record("schools", SCHOOL, {"code": SCHOOL, "name": "示例小学", "division": OTHER_COUNTY}, 5)
    report(school, dated(2, moves, moved, unit="320100"))
    assert Unit.objects.get(code=SCHOOL).division_id == COUNTY, "the day has not come"
    assert statements.take_effect(DAY) == 0
    assert statements.take_effect(moves) == 1
    assert Unit.objects.get(code=SCHOOL).division_id == OTHER_COUNTY
    assert lookup.counties([SCHOOL], DAY) == {SCHOOL: COUNTY}
    assert lookup.tree(day=DAY).chain(SCHOOL)[:2] == (SCHOOL, COUNTY)
    assert lookup.tree(day=moves).chain(SCHOOL)[:2] == (SCHOOL, OTHER_COUNTY)
    then, now = (county_day.count(day, [COUNTY, OTHER_COUNTY]) for day in (DAY, moves))
    assert [found.figures.registered for found in then.values()] == [1, 0]
    assert [found.figures.registered for found in now.values()] == [0, 1]
    assert COUNTY in digest_facts.book(school, DAY, NOON).counted
    report(school, replace(checked(3, [row("甲")], day=moves, at=later(2)), day=moves))
    assert dict(Report.objects.values_list("day", "division")) == {DAY: COUNTY, moves: OTHER_COUNTY}


def test_a_closed_school_is_due_no_longer_and_stands_in_last_years_figures(school: Site) -> None:
    ends = DAY + timedelta(days=1)
    closed = Record("schools", SCHOOL, {"code": SCHOOL, "name": "示例小学", "until": ends}, 5)
    [done] = report(school, dated(1, DAY, closed))
    assert told(done) == [f"示例小学（{SCHOOL}）停办日期 2026-11-24，自 2026-11-23 起"]
    assert [county_day.count(day, [COUNTY])[COUNTY].figures.registered for day in (DAY, ends)] == [1, 0]


def test_a_change_that_reaches_back_has_the_counted_days_counted_again(school: Site) -> None:
    for day in (DAY - timedelta(days=3), DAY):
        county_day.keep([county_day.count(day, [COUNTY])[COUNTY]])
    Todo.objects.all().delete()
    report(school, dated(1, DAY, classed("三3", code=SCHOOL, roll=41)))
    assert set(Todo.objects.filter(kind="figures").values_list("code", "day")) == {(COUNTY, DAY)}
    report(school, dated(2, DAY - timedelta(days=5), classed("四1", code=SCHOOL, roll=30)))
    assert Todo.objects.filter(kind="figures").count() == 2


def test_an_organ_has_somebody_to_call(site: Site) -> None:
    said = {"organ": "education", "division": COUNTY, "reporter": "赵科长", "reporter_phone": "100-0000-0003"}
    [done] = report(site, roster(1, Record("organs", f"{COUNTY}|education", said, 5)))
    bureau = Unit.objects.get(code="320106JY")
    assert (bureau.reporter, bureau.reporter_phone, bureau.kind) == ("赵科长", "100-0000-0003", "organ")
    assert "赵科长" not in "".join(told(done))


# --------------------------------------------------------------------------- proposals


def test_what_a_school_proposes_waits_and_is_confirmed(school: Site) -> None:
    [done] = report(school, proposal(1, classed("三3", code=SCHOOL, class_name="三(3)班", roll=45)))
    assert (done.state, codes(done)[0]) == (State.ACCEPTED, "registry-proposed")
    assert rolls(DAY)["三3"] == 40
    (waits,) = proposals.waiting("320100")
    assert (waits.id, waits.school, waits.day) == ("P1", SCHOOL, DAY)
    assert "人数 40 → 45" in waits.what
    assert proposals.waiting(OTHER_COUNTY) == []
    proposals.confirm("P1", DecidedBy("示例县教育局", "", NOON))
    assert (rolls(DAY)["三3"], proposals.waiting("")) == (45, [])
    assert Submission.objects.get().issues[0]["code"] == "registry-confirmed"
    assert Letter.objects.filter(kind="receipt", ref__startswith="1").count() == 2
    assert Decision.objects.get().what == "roster-confirm"
    assert Audit.objects.filter(what="roster-confirm").exists()
    with pytest.raises(UsageError):
        proposals.confirm("P1", DecidedBy("示例县教育局", "", NOON))


def test_what_is_refused_changes_nothing_and_may_be_sent_again(school: Site) -> None:
    one = proposal(1, classed("三3", code=SCHOOL, class_name="三(3)班", roll=45))
    report(school, one)
    proposals.refuse("P1", DecidedBy("示例县教育局", "人数不对", NOON))
    assert (rolls(DAY)["三3"], Submission.objects.get().state) == (40, State.REJECTED)
    again = replace(
        one, arrival=replace(one.arrival, seq=3, sha256="3" * 64, path=one.arrival.path.with_name("3.xlsx"))
    )
    [done] = report(school, again)
    assert codes(done)[0] == "registry-proposed"


def test_two_proposals_of_one_school_confirmed_in_one_desk_both_hold(school: Site) -> None:
    report(school, proposal(1, classed("三3", code=SCHOOL, class_name="三(3)班", roll=45)))
    report(school, proposal(2, classed("四1", code=SCHOOL, class_name="四(1)班", roll=30)))
    for n, waits in enumerate(proposals.waiting(COUNTY), start=8):
        proposals.confirm(waits.id, DecidedBy("示例县教育局", "", NOON, Origin(9, n)))
    assert rolls(DAY) == {"三3": 45, "四1": 30}


@pytest.mark.parametrize("word", ["confirm", "refuse", "alias"])
def test_a_class_that_a_report_named_waits_for_its_county(school: Site, word: str) -> None:
    report(school, checked(1, [row("甲", class_key="五2"), line("三3"), line("四1", 38), line("五2", 33)]))
    (waits,) = proposals.waiting(COUNTY)
    assert (waits.id, "五2" in waits.what) == (short_ids.new_class(SCHOOL, "本部", 2026, "五2"), True)
    if word == "refuse":
        proposals.refuse(waits.id, DecidedBy("示例县教育局", "没有这个班", NOON))
    else:
        proposals.confirm(waits.id, DecidedBy("示例县教育局", "", NOON), "三(3)班" if word == "alias" else "")
    assert proposals.waiting(COUNTY) == []
    facts = context.schools([SCHOOL], [DAY])[SCHOOL]
    room = SchoolClass.objects.get(key="五2")
    assert room.state == {"confirm": "confirmed", "refuse": "refused", "alias": "alias"}[word]
    assert (("本部", "五2") in facts.classes) is (word == "confirm")
    assert dict(facts.aliases) == ({"五2": "三3"} if word == "alias" else {})
    (counted,) = (c.figures for c in county_day.count(DAY, [COUNTY]).values())
    assert sum(counted.stage_roll.values()) == (78 + 33 if word == "confirm" else 78)
    # a report that names it once more makes no new one of it
    report(school, checked(8, [row("甲", class_key="五2"), row("乙", 9)], content="again"))
    assert (SchoolClass.objects.filter(key="五2").count(), proposals.waiting(COUNTY)) == (1, [])
    with pytest.raises(UsageError):
        proposals.refuse(waits.id, DecidedBy("示例县教育局", "", NOON))


def test_an_alias_must_be_of_a_class_there_is(school: Site) -> None:
    report(school, checked(1, [row("甲", class_key="五2")]))
    (waits,) = proposals.waiting("")
    with pytest.raises(UsageError, match="名册里没有这个班"):
        proposals.confirm(waits.id, DecidedBy("示例县教育局", "", NOON), "九(9)班")
    assert proposals.waiting("") == [waits]


# --------------------------------------------------------------------------- order


def stands() -> dict[str, list[str]]:
    drop = {"id", "from_settled", "settled_seq", "received_at"}
    found = {}
    for table in (Absence, Campus, Report, ReportClass, SchoolClass, UnitPlace):
        names = [f.attname for f in table._meta.concrete_fields if f.name not in drop]
        found[table.__name__] = sorted(map(str, table.objects.values_list(*names)))
    found["Unit"] = sorted(map(str, Unit.objects.filter(kind="school").values_list()))
    said = ("received_seq", "state", "accepted", "refused", "effective", "issues")
    found["Submission"] = sorted(map(str, Submission.objects.values_list(*said)))
    return found


def in_order(site: Site, batch: Sequence[Checked], order: Sequence[int]) -> dict[str, list[str]]:
    """Journal all, settle in an order of its own, and undo it; return what then stood."""
    with undone():
        kept = journalled(site, batch)
        for place in order:
            settle(site, kept[place], known=kept)
        return stands()


def test_rosters_settle_in_any_order_to_the_same_registry(school: Site) -> None:
    sent = [
        dated(1, DAY, classed("三3", code=SCHOOL, roll=41), classed("五1", code=SCHOOL)),
        dated(2, DAY - timedelta(days=3), classed("三3", code=SCHOOL, roll=44)),
        dated(3, DAY, classed("三3", code=SCHOOL, roll=40), listed(name="示例二小")),
    ]
    whole = in_order(school, sent, (0, 1, 2))
    for order in ((2, 1, 0), (1, 0, 2), (2, 0, 1)):
        assert in_order(school, sent, order) == whole


def test_a_report_is_folded_again_when_a_roster_before_it_was_read_late(school: Site) -> None:
    sent = [
        dated(1, DAY, classed("五1", code=SCHOOL, roll=30)),
        checked(2, [row("甲"), line("三3"), line("四1")], content="a"),
        checked(3, [row("甲"), row("乙", 9), line("三3"), line("四1")], content="b"),
    ]
    whole = in_order(school, sent, (0, 1, 2))
    assert any("五1" in one and "True" in one for one in whole["ReportClass"]), "nobody spoke for the new class"
    assert in_order(school, sent, (1, 2, 0)) == whole
    assert in_order(school, sent, (1, 0, 2)) == whole


def test_a_report_read_late_is_seen_with_the_classes_of_its_own_time(school: Site) -> None:
    sent = [
        checked(1, [row("甲"), line("三3"), line("四1")], content="a"),
        dated(2, DAY, classed("五1", code=SCHOOL, roll=30)),
        checked(3, [row("甲"), row("乙", 9), line("三3"), line("四1")], content="b"),
    ]
    whole = in_order(school, sent, (0, 1, 2))
    for order in ((1, 0, 2), (1, 2, 0), (2, 1, 0), (2, 0, 1)):
        assert in_order(school, sent, order) == whole, order


# --------------------------------------------------------------------------- calendar


def span(first: date, last: date | None = None, kind: str = "holiday", ref: str = "", stage: str = "") -> CalendarSpan:
    return CalendarSpan(COUNTY, first, last or first, SpanKind(kind), stage, "", ref)


def told_row(number: int, *spans: CalendarSpan, ref: str = "", withdraw: bool = False) -> Record:
    return Record("spans", f"row {number}", {"spans": spans, "ref": ref, "withdraw": withdraw}, number)


def calendar(seq: int, *rows: Record) -> Checked:
    return checked(seq, rows, form="calendar", school=COUNTY, content=f"calendar {seq}")


def test_a_calendar_says_what_is_a_school_day_and_has_touched_days_counted_again(school: Site) -> None:
    report(school, checked(1, [row("甲"), line("三3"), line("四1")]))
    county_day.keep([county_day.count(DAY, [COUNTY])[COUNTY]])
    Todo.objects.all().delete()
    [done] = report(
        school, calendar(2, told_row(5, span(DAY, ref="K2-5")), told_row(6, span(DAY + timedelta(9), ref="K2-6")))
    )
    assert codes(done) == ["calendar-changes", "registry-change", "registry-change", "calendar-days"]
    assert dict(done.issues[-1].details) == {"count": "1", "days": "2026-11-23"}
    assert set(Todo.objects.values_list("kind", "code", "day")) == {("figures", COUNTY, DAY)}
    assert not context.calendar().owes((SCHOOL, COUNTY), ("小学",), DAY).yes
    [done] = report(school, calendar(3, told_row(5, ref="K2-5", withdraw=True)))
    assert context.calendar().owes((SCHOOL, COUNTY), ("小学",), DAY).yes
    [done] = report(school, calendar(4, told_row(5, span(DAY + timedelta(9), ref="K2-6"), ref="K2-6")))
    assert codes(done) == ["calendar-same"]


def test_calendars_settle_in_any_order_to_the_same_days(school: Site) -> None:
    sent = [
        calendar(1, told_row(5, span(DAY, ref="K1-5"))),
        calendar(
            2,
            told_row(5, span(DAY, DAY + timedelta(1), ref="K1-5"), ref="K1-5"),
            told_row(6, span(date(2026, 12, 1), ref="K2-6")),
        ),
        calendar(3, told_row(5, ref="K2-6", withdraw=True)),
    ]
    found = []
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        with undone():
            kept = journalled(school, sent)
            for place in order:
                settle(school, kept[place], known=kept)
            found.append(sorted(CalendarDay.objects.values_list("ref", "first", "last")))
    assert found[0] == [("K1-5", DAY, DAY + timedelta(1))]
    assert found[1] == found[2] == found[0]


def test_a_calendar_entered_before_anything_was_said_is_kept(school: Site) -> None:
    from pipeline.registry import calendar_spans

    CalendarDay.objects.create(place=COUNTY, first=date(2026, 9, 1), last=date(2027, 1, 29), kind="term")
    report(school, calendar(1, told_row(5, span(DAY, ref="K1-5"))))
    assert [(one.kind, one.first) for one in calendar_spans.standing(COUNTY)] == [
        ("term", date(2026, 9, 1)),
        ("holiday", DAY),
    ]
    assert CalendarDay.objects.count() == 2
    assert [one.kind for one in calendar_spans.calendar(upto=0).spans] == ["term"]
