"""What a county decides, one by one: closures, held files, days excused; and that a late file undoes none of it."""

from datetime import date, datetime

import pytest

from pipeline import schooldays, short_ids
from pipeline.database import decision_log, journal
from pipeline.database.decision_log import order_of
from pipeline.database.models import Audit, Closure, ClosurePast, Decision, Letter, Submission, Todo
from pipeline.errors import UsageError
from pipeline.letters import county_notices, queue
from pipeline.model import DecidedBy, DecisionKind, Mode, Origin, Site, State
from pipeline.settling import closure_decisions, decisions, excuses
from pipeline.turns import context
from tests.closures import START, closure, said
from tests.contract.settling import journalled, report, settle
from tests.submissions import DAY, NOON, SCHOOL, ZONE, checked, row

CLOSED, OF_ALL, OTHER = (short_ids.closure(SCHOOL, "本部", scope, START) for scope in ("三3", "全校", "四4"))
COUNTY = "320106"


def states() -> list[tuple[str, str]]:
    return list(Closure.objects.order_by("scope").values_list("scope", "state"))


def letters_of(kind: str) -> list[tuple[str, str]]:
    return list(Letter.objects.filter(kind=kind).order_by("id").values_list("ref", "reader"))


def test_a_closure_is_confirmed_and_leaves_the_list(school: Site) -> None:
    report(school, closure(1, said("first")))
    [line] = closure_decisions.waiting(COUNTY)
    assert (line.id, line.school_name, line.day) == (CLOSED, "示例小学", START.date())
    assert not closure_decisions.waiting("320105")
    Todo.objects.all().delete()
    closure_decisions.confirm(CLOSED, DecidedBy("示例区", "电话核实", NOON))
    assert states() == [("三3", "confirmed")]
    assert not closure_decisions.waiting(COUNTY)
    decision = Decision.objects.get()
    assert (decision.what, decision.target, decision.place) == ("closure-confirm", CLOSED, 0)
    assert ClosurePast.objects.get().closed_by == str(decision.seq)
    assert set(Todo.objects.filter(kind="figures").values_list("code", flat=True)) == {COUNTY}
    assert letters_of("decided") == [(str(decision.seq), SCHOOL)]
    [told] = county_notices.notices_of(str(decision.seq), SCHOOL)
    assert (told.follows, told.why, told.asks) == ("已确认。", "电话核实", False)
    assert told.about.startswith("三(3)班 11月")
    assert Audit.objects.get().what == "closure-confirm"


def test_a_closure_sent_back_closes_nothing_till_its_school_speaks_again(school: Site) -> None:
    report(school, closure(1, said("first", scope="全校")))
    assert schooldays.closed_campuses(context.closures([SCHOOL])[SCHOOL], DAY)
    closure_decisions.send_back(OF_ALL, DecidedBy("示例区", "没有批准", NOON))
    assert not schooldays.closed_campuses(context.closures([SCHOOL])[SCHOOL], DAY)
    report(school, closure(2, said("amend", scope="全校", approved_by="示例区卫健委")))
    assert states() == [("全校", "declared")]
    assert schooldays.closed_campuses(context.closures([SCHOOL])[SCHOOL], DAY)


@pytest.mark.parametrize("kind", ["resume", "withdraw"])
def test_what_has_moved_on_is_not_ruled_on(school: Site, kind: str) -> None:
    report(school, closure(1, said("first")), closure(2, said(kind)))
    for act in (closure_decisions.confirm, closure_decisions.send_back):
        with pytest.raises(UsageError):
            act(CLOSED, DecidedBy("示例区", "x", NOON))
    with pytest.raises(UsageError):
        closure_decisions.confirm(OTHER, DecidedBy("示例区", "x", NOON))
    assert not Decision.objects.exists()
    assert not Audit.objects.exists()


def test_a_late_settled_closure_does_not_undo_a_confirmation(school: Site) -> None:
    made = journalled(school, [closure(1, said("first")), closure(2, said("first", scope="三4"))])
    settle(school, made[0])
    closure_decisions.confirm(CLOSED, DecidedBy("示例区", "x", NOON))
    settle(school, made[1], known=made)
    assert states() == [("三3", "confirmed"), ("三4", "declared")]


def test_a_file_received_before_a_confirmation_is_what_was_confirmed(school: Site) -> None:
    """The law: in received order, an amendment first and the county's word after it."""
    made = journalled(school, [closure(1, said("first")), closure(2, said("amend", ill=12))])
    settle(school, made[0])
    closure_decisions.confirm(CLOSED, DecidedBy("示例区", "x", NOON))
    settle(school, made[1], known=made)
    assert states() == [("三3", "confirmed")]


def test_a_held_file_is_dismissed_with_the_reason_and_may_be_sent_again(school: Site) -> None:
    first = checked(1, [row(name) for name in "甲乙丙丁"])
    second = checked(2, [row("甲")], mode=Mode.FULL, content="second")
    report(school, first, second)
    Todo.objects.all().delete()
    decisions.dismiss(2, DecidedBy("示例区", "发错了", NOON))
    assert Submission.objects.get(pk=2).state == State.REJECTED
    assert Todo.objects.filter(kind="figures", code=COUNTY, day=DAY).exists()
    facts = queue.facts(["2"])["2"]
    assert [dict(issue.details).get("why") for issue in facts.issues if issue.code == "dismissed"] == ["发错了"]
    assert ("2.3", SCHOOL) in letters_of("receipt")
    with pytest.raises(UsageError):
        decisions.dismiss(2, DecidedBy("示例区", "x", NOON))
    [again] = report(school, checked(4, [row("甲")], mode=Mode.FULL, content="second"))
    assert again.state is State.HELD


def test_a_late_settled_file_does_not_undo_a_dismissal(school: Site) -> None:
    made = journalled(
        school,
        [
            checked(1, [row(name) for name in "甲乙丙丁"]),
            checked(2, [row("戊")], mode=Mode.ADD),
            checked(3, [row("甲")], mode=Mode.FULL),
        ],
    )
    settle(school, made[0], made[2])
    decisions.dismiss(3, DecidedBy("示例区", "发错了", NOON))
    settle(school, made[1], known=made)
    row3 = Submission.objects.get(pk=3)
    assert (row3.state, row3.issues[-1]["code"]) == (State.REJECTED, "dismissed")


def test_a_school_is_excused_and_asked_again(school: Site) -> None:
    excuses.excuse(SCHOOL, DAY, DecidedBy("示例区", "校舍停电", NOON))
    assert excuses.excused(DAY) == {SCHOOL: "校舍停电"}
    assert not excuses.excused(date(2026, 11, 24))
    todo = Todo.objects.get(kind="figures")
    assert (todo.code, todo.day) == (COUNTY, DAY)
    with pytest.raises(UsageError):
        excuses.excuse(SCHOOL, DAY, DecidedBy("示例区", "再来", NOON))
    excuses.take_back(SCHOOL, DAY, DecidedBy("示例区", "来电了", NOON))
    assert excuses.excused(DAY) == {}
    with pytest.raises(UsageError):
        excuses.take_back(SCHOOL, DAY, DecidedBy("示例区", "", NOON))
    assert [reader for _, reader in letters_of("decided")] == [SCHOOL, SCHOOL]


def test_decisions_of_a_desk_count_at_its_place(school: Site) -> None:
    report(school, closure(1, said("first")), checked(2, [row("甲")]))
    closure_decisions.confirm(CLOSED, DecidedBy("示例区", "x", NOON, Origin(2, 7)))
    decision = Decision.objects.get()
    assert (decision.seq, decision.place, order_of(decision)) == (3, 2, 2)
    assert ClosurePast.objects.get().closed_by == "2"
    [line] = [one for one in journal.unwritten() if one.kind == "decision"]
    assert (line.values["place"], line.values["row"], line.values["why"]) == (2, 7, "x")
    assert closure_decisions.listed(COUNTY, ("confirmed",))[0].what.startswith("三")


def test_a_decision_fits_whatever_is_typed(school: Site) -> None:
    """PostgreSQL refuses what is too long; who and why are cut, a target never is."""
    by = DecidedBy("县" * 200, "因" * 900, NOON)
    decision_log.decide(DecisionKind.WAIVE, "T1-2", by)
    assert (len(Decision.objects.get().who), len(Decision.objects.get().why)) == (60, 400)
    with pytest.raises(ValueError, match="target"):
        decision_log.decide(DecisionKind.WAIVE, "T" * 200, by)


def test_the_longest_closure_can_be_decided(school: Site) -> None:
    fields = {field.name: field.target_field if field.is_relation else field for field in Closure._meta.fields}
    longest = {name: field.max_length for name, field in fields.items() if field.max_length}
    key = ("校" * longest["campus"], "班" * longest["scope"], datetime(2026, 11, 20, 8, 0, tzinfo=ZONE))
    target = short_ids.closure("2" * longest["school"], *key)
    assert len(target) <= Decision._meta.get_field("target").max_length
