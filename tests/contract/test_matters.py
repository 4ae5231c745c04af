"""待对账 in the store: found on change and at the hour, closed by itself, settled by a person, asked once a day."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import reconcile
from pipeline.database.audit import broken_at
from pipeline.database.models import Campus, Decision, Matter, SchoolClass, Unit
from pipeline.database.transactions import undone
from pipeline.errors import UsageError
from pipeline.letters import county_notices, queue
from pipeline.model import Checked, DecidedBy, Mode, Site
from pipeline.settling import reconciliation, rolls
from pipeline.turns import context, reconciliation_facts
from tests.closures import closure, said
from tests.contract.settling import report
from tests.submissions import DAY, SCHOOL, ZONE, checked, later, line, row

START = datetime(2026, 11, 23, 8, 0, tzinfo=ZONE)
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=ZONE)
THREE = NOON.replace(hour=15)
COUNTY = "320106"


@pytest.fixture
def school(site: Site) -> Site:
    """The site with one school of two classes in it."""
    unit = Unit.objects.create(code=SCHOOL, kind="school", division_id=COUNTY, name="示例小学", stages="小学")
    Campus.objects.create(school=unit)
    for key, name, roll in (("三3", "三(3)班", 40), ("三4", "三(4)班", 42)):
        SchoolClass.objects.create(school=unit, school_year=2026, key=key, name=name, stage="小学", roll=roll)
    return site


def closed(seq: int, **values: object) -> Checked:
    whole = {"approved_at": START - timedelta(hours=2), "resume_planned": date(2026, 11, 26), "ill": 2}
    return closure(seq, said("first", start=START, **(whole | values)), at=later(hours=1))


def ill(seq: int, *names: str) -> Checked:
    return checked(seq, [row(name, 8 + n) for n, name in enumerate(names)])


def open_(site: Site, now: datetime = NOON) -> list[str]:
    reconciliation.find(site, now)
    return [one.what for one in reconciliation.waiting(COUNTY)]


def test_a_closure_waits_for_its_ill_pupils_and_the_matter_closes_by_itself(school: Site) -> None:
    report(school, closed(1), checked(2, [], content="zero"))
    [what] = open_(school)
    assert "三(3)班报患病 2 人，11-23 的缺课登记里没有一名因病缺课的学生" in what
    report(school, replace(ill(3, "甲", "乙"), arrival=replace(ill(3).arrival)))
    assert open_(school) == []


def test_what_is_found_is_seen_from_every_division_above(school: Site) -> None:
    report(school, closed(1), checked(2, [], content="zero"))
    open_(school)
    found = {
        place: [one.id for one in reconciliation.waiting(place)] for place in (COUNTY, "320100", "320000", "320302")
    }
    assert found[COUNTY] == found["320100"] == found["320000"] != []
    assert found["320302"] == []
    [one] = reconciliation.waiting(COUNTY)
    assert (one.school, one.day, one.since) == (SCHOOL, DAY, NOON)
    assert one.school_name
    assert reconciliation.of_counties([COUNTY], NOON) == {COUNTY: (one.school_name,)}


def test_a_settled_matter_rests_until_the_records_change(school: Site) -> None:
    report(school, closed(1), checked(2, [], content="zero"))
    open_(school)
    [one] = reconciliation.waiting(COUNTY)
    with pytest.raises(UsageError):
        reconciliation.settle(one.id, DecidedBy("示例区教育局", "电话核实", NOON), stamp="AAAAAA")
    reconciliation.settle(one.id, DecidedBy("示例区教育局", "电话核实", NOON), stamp=one.stamp)
    assert Decision.objects.get(target=one.id).why == "电话核实"
    with pytest.raises(UsageError):
        reconciliation.settle(one.id, DecidedBy("示例区教育局", "", NOON))
    with pytest.raises(UsageError):
        reconciliation.settle("M2345678", DecidedBy("示例区教育局", "", NOON))
    report(school, replace(checked(3, [], content="zero again"), mode=checked(3).mode))
    assert open_(school) == []
    report(school, ill(4, "甲"))
    [again] = open_(school)
    assert "只有 1 人因病" in again
    assert broken_at() is None


def test_at_the_hour_all_is_compared_once_and_each_school_is_asked_once(school: Site) -> None:
    report(school, closed(1))
    assert open_(school, NOON) == []
    assert reconciliation.go_round(school, NOON) == 0
    assert reconciliation.go_round(school, THREE) == 1
    assert reconciliation.go_round(school, THREE + timedelta(minutes=5)) == 0
    assert [(one.ref, one.reader) for one in queue.pending(kinds=["query"])] == [("2026-11-23", SCHOOL)]
    [asked] = reconciliation.asked(SCHOOL, DAY)
    assert "还没有收到" in asked.what
    tomorrow = THREE + timedelta(days=1)
    assert reconciliation.go_round(school, tomorrow) == 1
    assert reconciliation.go_round(school, THREE) == 1, "a clock that was ahead does not put it off"
    assert len(queue.pending(kinds=["query"])) == 1, "nothing is new: nobody is asked again"


def test_rolls_said_otherwise_are_a_matter_till_the_registry_agrees(school: Site) -> None:
    report(school, checked(1, [row("甲"), line("三3", 47), line("三4", 42)]))
    [what] = open_(school)
    assert "47 人" in what
    SchoolClass.objects.filter(school_id=SCHOOL, key="三3").update(roll=47)
    reconciliation.go_round(school, THREE)
    assert [one.what for one in reconciliation.waiting(COUNTY) if "47" in one.what] == []


def rolls_now() -> dict[str, int | None]:
    return {key: room.roll for (_, key), room in context.schools([SCHOOL], [DAY])[SCHOOL].classes.items()}


def test_rolls_of_a_report_enter_the_registry_when_the_county_confirms_them(school: Site) -> None:
    report(school, checked(1, [row("甲"), line("三3", 400), line("三4", 42)]))
    open_(school)
    assert rolls_now() == {"三3": 40, "三4": 42}, "until then the registry's stand"
    [one] = [one for one in reconciliation.waiting(COUNTY) if one.kind == "roll"]
    rolls.confirm(one.id, DecidedBy("示例区教育局", "电话核实", NOON), school.policy)
    assert rolls_now() == {"三3": 400, "三4": 42}
    assert open_(school) == []
    [told] = queue.pending(kinds=["decided"])
    assert [one.follows for one in county_notices.notices_of(told.ref, SCHOOL)] == ["已确认，名册从那天起照日报改。"]
    with pytest.raises(UsageError):
        rolls.confirm(one.id, DecidedBy("示例区教育局", "", NOON), school.policy)
    assert broken_at() is None


def test_of_two_classes_the_county_confirms_one_and_not_the_other(school: Site) -> None:
    report(school, checked(1, [row("甲"), line("三3", 43), line("三4", 420)]))
    open_(school)
    found = {one.what[:5]: one.id for one in reconciliation.waiting(COUNTY) if one.kind == "roll"}
    by = DecidedBy("示例区教育局", "电话核实", NOON)
    rolls.confirm(found["三(3)班"], by, school.policy)
    assert rolls_now() == {"三3": 43, "三4": 42}
    assert [len(open_(school)), reconciliation.waiting(COUNTY)[0].id] == [1, found["三(4)班"]]
    rolls.send_back(found["三(4)班"], by)
    assert (rolls_now(), open_(school)) == ({"三3": 43, "三4": 42}, [])


def test_rolls_of_a_report_that_the_county_sends_back_change_nothing_and_rest(school: Site) -> None:
    report(school, closed(1), checked(2, [line("三3", 400)], content="zero"))
    open_(school)
    found = {one.kind: one.id for one in reconciliation.waiting(COUNTY)}
    by = DecidedBy("示例区教育局", "多打一个零", NOON)
    rolls.send_back(found["roll"], by)
    assert rolls_now() == {"三3": 40, "三4": 42}
    assert {one.kind for one in reconciliation.waiting(COUNTY)} == found.keys() - {"roll"} != set()
    with pytest.raises(UsageError):
        rolls.send_back(found["cases"], by)
    [told] = queue.pending(kinds=["decided"])
    [notice] = county_notices.notices_of(told.ref, SCHOOL)
    assert (notice.about, notice.why) == ("2026-11-23 的缺课日报里 三(3)班 与名册不同的应到人数", "多打一个零")


def test_a_confirmation_of_rolls_that_were_corrected_meanwhile_is_refused(school: Site) -> None:
    report(school, checked(1, [line("三3", 400)]))
    open_(school)
    [one] = reconciliation.waiting(COUNTY)
    report(school, checked(2, [line("三3", 41)], content="corrected", mode=Mode.FULL))
    with pytest.raises(UsageError):
        rolls.confirm(one.id, DecidedBy("示例区教育局", "电话核实", NOON), school.policy)
    assert rolls_now() == {"三3": 40, "三4": 42}


@given(order=st.permutations(range(4)), cuts=st.lists(st.booleans(), min_size=4, max_size=4))
@settings(max_examples=8)
def test_the_open_matters_do_not_depend_on_which_workbook_came_first(
    school: Site,
    order: list[int],
    cuts: list[bool],
) -> None:
    """Settled in any order of arrival, looked at after each or at the end: what is open in the end is the same."""
    books = [
        closed(1, ill=3),
        closure(2, said("first", scope="三4", start=START, approved_at=START + timedelta(hours=1), ill=0)),
        ill(3, "甲", "乙"),
        closure(4, said("extend", start=START, resume_planned=date(2026, 11, 28), ill=None, approved_at=None)),
    ]
    with undone():
        for at in order:
            report(school, books[at])
            if cuts[at]:
                reconciliation.find(school, NOON)
        reconciliation.find(school, NOON)
        found = sorted(Matter.objects.filter(state="open").values_list("id", "stamp"))

        one = reconciliation_facts.load([SCHOOL], NOON, school.policy)[SCHOOL]
        assert found == [(m.id, m.stamp) for m in reconcile.matters(one.known, one.clock)]
        assert {m.kind.value for m in reconcile.matters(one.known, one.clock)} >= {"cases"}
