"""Divisions, organs, schools and classes; and the context that validation gets of them."""

from datetime import date

from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.database.models import Campus, Division, SchoolClass, Todo, Unit
from pipeline.issuing.school import template_facts
from pipeline.model import Arrival, Claims, Mode, Reading, Row, Site, State
from pipeline.registry import lookup, prefill, schools
from pipeline.settling import roster as settling_roster
from pipeline.turns import context
from tests.contract.settling import report
from tests.rosters import OTHER, classed, listed, roster
from tests.submissions import DAY, NOON, SCHOOL, arrival, bad, checked, line, row


def test_the_divisions_come_with_their_zones_and_organs(site: Site) -> None:
    assert Division.objects.count() == 118
    assert set(Division.objects.filter(name="鼓楼区").values_list("code", flat=True)) == {"320106", "320302"}
    assert Unit.objects.filter(kind="organ").count() == 118 * 3
    assert lookup.load_divisions() == 0
    assert lookup.tree().chain("320106JY") == ("320106JY", "320106", "320100", "320000")
    assert lookup.names(["320106JY", "320106", "nowhere"]) == {"320106JY": "鼓楼区教育局", "320106": "鼓楼区"}


def test_a_roster_enters_schools_campuses_and_classes(site: Site) -> None:
    [done] = report(site, roster(1, listed(), classed("三1"), classed("三2")))
    assert (done.state, done.accepted) == (State.ACCEPTED, 3)
    unit = Unit.objects.get(code=OTHER)
    assert (unit.division_id, unit.stages, unit.reporter_phone) == ("320106", "小学", "100-0000-0001")
    assert list(Campus.objects.values_list("school_id", "name")) == [(OTHER, "本部")]
    assert list(SchoolClass.objects.order_by("key").values_list("key", "school_year", "roll", "state")) == [
        ("三1", 2026, 40, "confirmed"),
        ("三2", 2026, 40, "confirmed"),
    ]


BRANCH = {"campus": "东校区", "name": None, "stages": None, "reporter": "周老师", "reporter_phone": "100-0000-0009"}


def test_a_further_campus_has_its_own_clerk_else_that_of_the_school(site: Site) -> None:
    report(
        site, roster(1, listed(), listed(**BRANCH), listed(**{**BRANCH, "campus": "西校区", "reporter_phone": None}))
    )
    assert Unit.objects.values_list("reporter", "reporter_phone").get(code=OTHER) == ("李老师", "100-0000-0001")
    told = Campus.objects.order_by("pk").values_list("name", "reporter", "reporter_phone")
    assert list(told) == [("本部", "", ""), ("东校区", "周老师", "100-0000-0009"), ("西校区", "周老师", "")]
    facts = schools.load([OTHER], [DAY], {}).schools[OTHER]
    assert facts == schools.load_as_of([OTHER], [DAY], 1, DAY).schools[OTHER]
    assert template_facts(site, "absence", facts, DAY, "东校区", {}).fields["reporter"] == "周老师"
    assert template_facts(site, "absence", facts, DAY, "本部", {}).fields["reporter"] == "李老师"
    rows = prefill.roster([OTHER], DAY)["schools"]
    assert [(row.get("campus"), row["reporter"], row.get("leader")) for row in rows] == [
        (None, "李老师", None), ("东校区", "周老师", None), ("西校区", "周老师", None)
    ]  # fmt: skip
    [changed] = settling_roster.plan(roster(2, listed(**{**BRANCH, "reporter_phone": "100-0000-0010"})), 2).changes
    assert changed.what == f"示例第二小学（{OTHER}）东校区 填报人电话更新，自 {DAY} 起"
    assert not settling_roster.plan(roster(2, listed(), listed(**BRANCH)), 2).changes, "sent again it says nothing"


def test_a_school_without_a_main_site_has_the_clerk_of_its_first_campus(site: Site) -> None:
    branches = [{**BRANCH, "name": "示例第二小学", "stages": "小学", "campus": name} for name in ("东校区", "西校区")]
    report(site, roster(1, listed(**branches[0]), listed(**{**branches[1], "reporter": "吴老师"})))
    assert Unit.objects.get(code=OTHER).reporter == "周老师"
    assert dict(Campus.objects.values_list("name", "reporter")) == {"东校区": "周老师", "西校区": "吴老师"}


def test_a_blank_in_a_roster_never_erases(site: Site) -> None:
    report(site, roster(1, listed(leader="王校长", boarding=True), classed("三1")))
    report(site, roster(2, listed(reporter=None, name="示例二小"), classed("三1", roll=None)))
    unit = Unit.objects.get(code=OTHER)
    assert (unit.name, unit.reporter, unit.leader, unit.boarding) == ("示例二小", "李老师", "王校长", True)
    assert SchoolClass.objects.get().roll == 40


def test_a_roster_can_be_looked_at_before_it_is_applied(site: Site) -> None:
    report(site, roster(1, listed(), classed("三1")))
    plan = settling_roster.plan(roster(2, listed(name="示例二小"), classed("三1"), classed("三2")), 2)
    assert [(one.kind, one.name, one.new, one.what) for one in plan.changes] == [
        ("school", "示例二小", False, f"示例二小（{OTHER}）名称 示例第二小学 → 示例二小，自 {DAY} 起"),
        ("class", "三2", True, f"新增班级 示例二小（{OTHER}）三2，40 人（2026 学年）"),
    ]
    assert Unit.objects.get(code=OTHER).name == "示例第二小学"


def test_a_new_class_is_confirmed_by_the_roster(school: Site) -> None:
    report(school, checked(1, [row("甲", class_key="五2")]))
    report(school, roster(2, classed("五2", code=SCHOOL)))
    assert (SchoolClass.objects.get(key="五2").state, SchoolClass.objects.get(key="五2").valid_from) == (
        "confirmed",
        DAY,
    )


def test_a_roll_put_right_has_the_warnings_of_its_school_looked_at_again(school: Site) -> None:
    report(school, checked(1, [row("甲")]))
    Todo.objects.all().delete()
    report(school, roster(2, classed("三3", code=SCHOOL, roll=40), content="a"))
    report(school, roster(3, classed("三3", code=SCHOOL, roll=40), content="b"))
    Todo.objects.all().delete()
    report(school, roster(4, classed("三3", code=SCHOOL, roll=40), content="c"))
    assert not Todo.objects.exists(), "nothing was changed"
    report(school, roster(5, classed("三3", code=SCHOOL, roll=4), content="d"))
    assert list(Todo.objects.values_list("kind", "code", "day")) == [("warn", SCHOOL, DAY)]


def test_an_older_roster_again_is_held_and_the_same_again_is_a_duplicate(site: Site) -> None:
    done = report(
        site,
        roster(1, listed(), content="a"),
        roster(2, listed(), content="a"),
        roster(3, listed(name="示例二小"), content="b"),
        roster(4, listed(), content="a"),
    )
    assert [one.state for one in done] == [State.ACCEPTED, State.DUPLICATE, State.ACCEPTED, State.HELD]


def test_a_roster_that_ends_most_of_a_county_is_held_until_it_is_released(site: Site) -> None:
    codes = [f"213200000{n}" for n in range(1, 6)]
    first = roster(1, *(listed(code) for code in codes), *(classed("三1", code=code) for code in codes))
    ends = date(2026, 12, 1)
    few = roster(2, listed(codes[0], until=ends), content="few")
    many = roster(3, *(listed(code, until=ends) for code in codes), content="many")
    rolls = roster(4, *(classed("三1", code=code, roll=4) for code in codes), content="rolls")
    done = report(site, first, few, many, rolls)
    assert [one.state for one in done] == [State.ACCEPTED, State.ACCEPTED, State.HELD, State.HELD]
    assert dict(done[2].issues[0].details)["head"] == "停办学校 4 所（共 5 所）"
    assert dict(done[3].issues[0].details)["head"] == "人数改动一半以上的班级 5 个（共 5 个）"
    assert list(Unit.objects.filter(valid_to=ends).values_list("code", flat=True)) == codes[:1]
    assert set(SchoolClass.objects.values_list("roll", flat=True)) == {40}


def test_an_old_roster_sent_again_says_what_it_would_change(site: Site) -> None:
    old, new = [listed(), classed("三1")], [listed(name="示例二小"), classed("三1", until=date(2026, 12, 1))]
    *_, again = report(site, roster(1, *old, content="a"), roster(2, *new, content="b"), roster(3, *old, content="a"))
    (said,) = again.issues
    assert (said.code, dict(said.details)["count"]) == ("roster-again", "1")
    assert "名称 示例二小 → 示例第二小学" in dict(said.details)["what"]
    ended = [listed(), classed("三1", until=date(2026, 12, 1))]
    *_, again = report(site, roster(4, *ended, content="c"), roster(5, *old, content="a"))
    assert [one.code for one in again.issues] == ["roster-again-same"], "a blank takes nothing back"


def test_a_class_of_next_year_is_entered_for_next_year(site: Site) -> None:
    report(site, roster(1, listed(), classed("一1", **{"from": date(2027, 9, 1)})))
    assert SchoolClass.objects.get().school_year == 2027


def reading(one: Arrival, content: str = "", ticket: str = "") -> tuple[Arrival, Reading]:
    tables = {"rows": (Row(8, ("三(3)班",), {}, ticket),)}
    return one, Reading("parsed", Claims("absence", "1", SCHOOL, day=DAY), tables=tables, content_sha=content)


def test_the_context_has_all_that_validation_asks_for(school: Site) -> None:
    report(
        school, checked(1, [row("甲"), line("三3"), line("四1")], content="a"),
        checked(2, [row("甲"), line("三3"), line("四1")], mode=Mode.FULL, refused=[bad(9)], content="b"),
    )  # fmt: skip
    found = context.load([reading(arrival(3), "a", "T2-9")], NOON)
    facts = found.schools[SCHOOL]
    assert (facts.county, facts.stages, facts.campuses) == ("320106", ("小学",), ("本部",))
    assert facts.classes["本部", "三3"].name == "三(3)班"
    assert found.reported == {(DAY, SCHOOL, "本部")}
    assert (found.divisions["320106"], found.parents["320106"]) == ("鼓楼区", "320100")


def test_the_context_costs_as_many_queries_for_many_as_for_one(school: Site) -> None:
    counts = []
    for size in (1, 40):
        with CaptureQueriesContext(connection) as queries:
            context.load([reading(arrival(n), f"{n}", f"T{n}-1") for n in range(size)], NOON)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 9


def test_two_of_one_name_in_a_class_are_remembered(school: Site) -> None:

    twins = [row("张三", number)._replace(identity=f"三3-{number}") for number in (8, 9)]
    report(school, checked(1, [*twins, row("李四", 10)]))
    assert context.load([reading(arrival(2))], NOON).namesakes == {(SCHOOL, "三3", "张三")}
    # one of them alone, another day: still known for what he is
    report(school, checked(2, [twins[0]], day=date(2026, 11, 24)))
    assert context.load([reading(arrival(3))], NOON).namesakes == {(SCHOOL, "三3", "张三")}
