"""A closure's life in the store, step by step."""

from datetime import date

import pytest

from pipeline import schooldays
from pipeline.database.models import Closure, ClosurePast, Reject, Todo
from pipeline.database.transactions import undone
from pipeline.model import DecidedBy, Site, State
from pipeline.settling import closure_decisions
from pipeline.turns import context
from tests.closures import START, closure, said
from tests.contract.settling import differences, journalled, report, settle, stands
from tests.submissions import DAY, SCHOOL, bad, later


def test_a_closure_is_declared_extended_and_ended(school: Site) -> None:
    report(
        school,
        closure(1, said("first")),
        closure(2, said("extend", resume_planned=date(2026, 11, 27), ill=None), at=later(hours=1)),
        closure(3, said("resume", resume_planned=None, resume_actual=date(2026, 11, 26)), at=later(hours=2)),
    )
    row = Closure.objects.get()
    assert (row.kind, row.state, row.ill, row.resume_actual) == ("resume", "ended", 9, date(2026, 11, 26))
    assert (row.start, row.division, row.from_settled) == (START, "320106", 3)
    assert list(ClosurePast.objects.order_by("from_settled").values_list("from_settled", "to_settled", "kind")) == [
        (1, 2, "first"),
        (2, 3, "extend"),
    ]


def test_what_waits_for_the_county_and_what_does_not_is_told(school: Site) -> None:
    first, several, done = report(
        school,
        closure(1, said("first")),
        closure(2, said("first", scope="四1"), said("extend", resume_planned=date(2026, 11, 27)), at=later(hours=1)),
        closure(3, said("resume", resume_actual=date(2026, 11, 26)), said("withdraw", scope="四1"), at=later(hours=2)),
    )
    told = [dict(one.issues[-1].details)["what"] for one in (first, several, done)]
    assert told == ["学校申报，待县级确认", "学校申报，待县级确认（2 起）", "已登记复课（1 起）；已登记撤销（1 起）"]


def test_a_resumption_need_not_name_the_hour_at_which_the_class_closed(school: Site) -> None:
    report(school, closure(1, said("first")), closure(2, said("resume", start=START.replace(hour=0))))
    row = Closure.objects.get()
    assert (row.start, row.state, row.resume_actual) == (START, "ended", date(2026, 11, 24))


def test_a_withdrawn_closure_closes_nothing(school: Site) -> None:
    report(school, closure(1, said("first", scope="全校")))
    before = context.closures([SCHOOL])[SCHOOL]
    report(school, closure(2, said("withdraw", scope="全校")))
    after = context.closures([SCHOOL])[SCHOOL]
    assert (before[0].state, after[0].state, before[0].start) == ("declared", "withdrawn", START.date())
    assert "本部" in schooldays.closed_campuses(before, DAY)
    assert not schooldays.closed_campuses(after, DAY)


@pytest.mark.parametrize("state", ["returned", "withdrawn"])
def test_a_closure_that_is_not_in_force_does_not_come_into_force_by_its_end(school: Site, state: str) -> None:
    report(school, closure(1, said("first", scope="全校")))
    if state == "returned":
        [one] = closure_decisions.waiting("320106")
        closure_decisions.send_back(one.id, DecidedBy("示例区教育局", "未经批准", later(hours=1)))
    else:
        report(school, closure(2, said("withdraw", scope="全校")))
    over = said("resume", scope="全校", resume_planned=None, resume_actual=date(2026, 11, 25))
    [done] = report(school, closure(5, over, at=later(hours=2)))
    assert Closure.objects.get().state == state
    assert not schooldays.closed_campuses(context.closures([SCHOOL])[SCHOOL], DAY)
    [became] = [dict(issue.details)["what"] for issue in done.issues if issue.code == "closure-became"]
    assert became.endswith("停课不计，只登记复课")
    report(school, closure(6, said("amend", scope="全校", resume_actual=date(2026, 11, 25)), at=later(hours=3)))
    assert Closure.objects.get().state == "declared", "its school speaks again: the county confirms it first"
    [one] = closure_decisions.waiting("320106")
    closure_decisions.confirm(one.id, DecidedBy("示例区教育局", "补办手续", later(hours=4)))
    assert Closure.objects.get().state == "ended"


def test_an_unknown_closure_is_taken_as_its_first_word_and_asked_about(school: Site) -> None:
    [done] = report(school, closure(1, said("extend")))
    assert (done.state, [i.code for i in done.issues]) == (State.ACCEPTED, ["closure-not-known", "closure-became"])
    assert Closure.objects.get().state == "declared"


def test_the_same_closure_workbook_again_is_a_duplicate_or_held(school: Site) -> None:
    done = report(
        school,
        closure(1, said("first"), content="a"),
        closure(2, said("first"), content="a"),
        closure(3, said("resume"), content="b"),
        closure(4, said("first"), content="a"),
    )
    assert [one.state for one in done] == [State.ACCEPTED, State.DUPLICATE, State.ACCEPTED, State.HELD]


def test_a_bad_row_goes_back_and_comes_home_by_its_ticket(school: Site) -> None:
    [done] = report(school, closure(1, said("first"), refused=[bad(9)]))
    assert (done.state, Reject.objects.get().ticket) == (State.PARTIAL, "T1-9")
    report(school, closure(2, said("first", scope="四1", ticket="T1-9"), returned=True))
    assert Reject.objects.get().state == "mended"
    assert Closure.objects.count() == 2


def test_closures_leave_figures_to_make_for_every_day_they_touch(school: Site) -> None:
    report(school, closure(1, said("first")))
    days = set(Todo.objects.filter(kind="figures").values_list("code", "day"))
    assert days == {("320106", date(2026, 11, day)) for day in (20, 21, 22, 23)}


def test_closures_settle_the_same_in_any_order(school: Site) -> None:
    made = [closure(1, said("first")), closure(2, said("extend", ill=12)), closure(3, said("resume", ill=None))]
    found = []
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0)):
        with undone():
            kept = journalled(school, made)
            for place in order:
                settle(school, kept[place], known=kept)
            found.append(stands()["Closure"])
    assert all(one == found[0] for one in found)
    assert differences({"x": found[0]}, {"x": found[1]}) == {}
