"""An alert's life in the store, on each database: cards, the county's word, corrections, and any order of settling."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import alert_state, rules
from pipeline.alert_state import PastStep
from pipeline.alerts import assess
from pipeline.database import models
from pipeline.database.models import Alert, AlertEvent, Audit, Card, CardDay, Decision, Letter
from pipeline.database.transactions import undone
from pipeline.errors import UsageError
from pipeline.facts import card_page_facts
from pipeline.figures import cards
from pipeline.model import CardRef, Checked, DecidedBy, Issue, Mode, Refused, Site, State
from pipeline.settling import card as settling_card
from pipeline.settling import decisions, held_files
from pipeline.turns.again import AtHand
from tests.cards import HANDLED, ONE, STANDS, TWICE, WRONG, card
from tests.contract.settling import journalled, knowing, report, settle
from tests.submissions import COUNTY, DAY, NOON, SCHOOL, checked, later, line, row

CASES = ("甲", "乙", "丙")


@pytest.fixture
def alerted(school: Site) -> Site:
    """The school with an alert of three cases; its first submission is the report of them."""
    report(school, checked(1, [*(row(name, 8 + n) for n, name in enumerate(CASES)), line("三3"), line("四1")]))
    warn(school)
    return school


@pytest.fixture(autouse=True)
def standing_as_of_now_is_what_stands(school: Site) -> Iterator[None]:
    """Of whatever a test does with alerts: read from their history, they stand as they do."""
    yield
    far = NOON + timedelta(days=999)
    for one in Alert.objects.all():
        steps = [
            PastStep(e.what, e.at, e.details.get("verdict", ""), e.details.get("reason", ""))
            for e in AlertEvent.objects.filter(alert=one).order_by("id")
        ]
        found, _ = alert_state.as_of(steps, far, one.opened_at, one.hours)
        assert found == one.state, (one.id, [step.what for step in steps])


def warn(site: Site, at: datetime = NOON) -> None:
    assess.warn(site, rules.load(), at)


def taken(seq: int, answer: Mapping[str, object] | None = None, **more: object) -> Checked:
    return card(seq, answer, **more).checked  # type: ignore[arg-type]  # a builder


def corrected(seq: int, *left: str) -> Checked:
    """A correction of the day's report by which only these are absent."""
    rows = [row(name, 8 + n) for n, name in enumerate(left)]
    return checked(seq, [*rows, line("三3"), line("四1")], mode=Mode.FULL, at=later(hours=seq))


def state() -> str:
    return Alert.objects.get(pk=ONE).state


def kept() -> dict[str, list[str]]:
    """All that cards leave, but for when and as of which settling."""
    alert = ("id", "state", "close_reason", "revision", "due_at")
    answer = ("alert_id", "submission", "revision", "by", "verdict", "reason", "answer", "state", "late", "report_late")
    tables = {
        models.Alert: alert,
        models.Card: answer,
        models.CardDay: ("alert_id", "day", "fresh", "present", "progress", "origin"),
        models.AlertEvent: ("alert_id", "what", "origin", "details"),
        models.Submission: ("received_seq", "state", "accepted", "refused", "effective"),
        models.Reject: ("ticket", "state", "closed_by"),
    }
    found = {
        table.__name__: sorted(map(str, table.objects.values_list(*names)))  # type: ignore[attr-defined]  # all have it
        for table, names in tables.items()
    }
    # where the engine's steps took effect is as of a settling
    found["AlertEvent"] = [one for one in found["AlertEvent"] if "'issued'" not in one]
    return found


def test_a_card_leaves_answer_days_event_and_an_alert_that_waits(alerted: Site) -> None:
    (done,) = report(alerted, taken(2, STANDS, days=[(23, 3, 3, "居家")]))
    assert (done.state, done.accepted) == (State.ACCEPTED, 2)
    one = Card.objects.get()
    assert (one.alert_id, one.submission, one.verdict, one.state, one.late) == (ONE, 2, "stands", "answered", False)
    assert one.answer["measures"] == "通知家长"
    assert CardDay.objects.get().origin == "2:5"
    assert (state(), Alert.objects.get().closed_at) == ("answered", None)
    assert list(AlertEvent.objects.values_list("what", "origin").order_by("id"))[1:] == [
        ("answered", 2),
        ("followed", 2),
    ]


def test_the_county_confirms_and_the_alert_is_closed_and_said(alerted: Site) -> None:
    report(alerted, taken(2, HANDLED))
    (waits,) = settling_card.waiting(COUNTY)
    assert (waits.id, waits.school, waits.school_name, waits.day) == (ONE, SCHOOL, "示例小学", DAY)
    assert settling_card.confirm(ONE, DecidedBy("教育局", "属实", later(hours=2))) == "excluded"
    closed = Alert.objects.get()
    assert (closed.state, closed.close_reason) == ("excluded", "可排除：A2 已由专业机构处理完毕")
    decided = Decision.objects.get()
    assert (decided.what, decided.target, decided.submission, decided.why) == ("card-confirm", ONE, 2, "属实")
    assert Audit.objects.filter(what="card-confirm").exists()
    assert set(Letter.objects.filter(ref=str(CardRef(ONE, 1, "confirm-3"))).values_list("kind", "reader")) == {
        ("card", SCHOOL),
        ("card", COUNTY),
    }
    assert settling_card.waiting(COUNTY) == []


def faces(site: Site) -> tuple[str, set[str]]:
    """What the school's card says of its cases: 首例 and 末例, and whom it lists."""
    facts = card_page_facts.card(site, CardRef(ONE, 1), SCHOOL)
    assert facts.cases == len(facts.cases_listed)
    return cards.onsets(facts), {case.name for case in facts.cases_listed}


@pytest.mark.parametrize(("answer", "confirmed"), [(STANDS, True), (STANDS, False), (HANDLED, False)])
def test_an_answered_card_has_the_first_case_of_those_it_lists_now(
    alerted: Site, answer: Mapping[str, object], confirmed: bool
) -> None:
    """One of the day before is told after the answer, and taken back again."""
    before, away = DAY - timedelta(days=1), {"reason": "other", "symptoms": "", "temperature": None}
    others = [row("戊", 9, **away), row("己", 10, **away), line("三3"), line("四1")]
    report(alerted, taken(2, answer))
    if confirmed:
        settling_card.confirm(ONE, DecidedBy("教育局", "属实", later(hours=2)))
    assert faces(alerted) == ("首例 11-23", {"甲", "乙", "丙"})
    told = checked(3 + confirmed, [row("丁", start=before), *others], day=before, at=later(hours=3))
    report(alerted, told)
    warn(alerted, later(hours=3))
    assert faces(alerted) == ("首例 11-22，末例 11-23", {"甲", "乙", "丙", "丁"})
    report(alerted, checked(4 + confirmed, others, mode=Mode.FULL, day=before, at=later(hours=4)))
    warn(alerted, later(hours=4))
    assert faces(alerted) == ("首例 11-23", {"甲", "乙", "丙"})


@pytest.mark.parametrize("act", ["confirm", "send_back"])
def test_what_does_not_wait_is_not_decided(alerted: Site, act: str) -> None:
    for number in (ONE, "2026-0999"):
        with pytest.raises(UsageError):
            getattr(settling_card, act)(number, DecidedBy("教育局", "", NOON))
    assert (Decision.objects.count(), state()) == (0, "issued")


def test_a_returned_answer_is_given_anew_within_its_hours(alerted: Site) -> None:
    report(alerted, taken(2, HANDLED))
    assert settling_card.send_back(ONE, DecidedBy("教育局", "请补意见", later(hours=30))) == "returned"
    assert Alert.objects.get().due_at == later(hours=54)
    again = set(Letter.objects.filter(ref=str(CardRef(ONE, 1, "return-3"))).values_list("kind", "reader"))
    assert again == {(kind, reader) for kind in ("card", "cardbook", "worksheet") for reader in (SCHOOL, COUNTY)}
    report(alerted, taken(4, STANDS, at=later(hours=40)))
    assert (state(), settling_card.confirm(ONE, DecidedBy("教育局", "", later(hours=41)))) == ("answered", "reported")


def test_a_followed_alert_may_be_sent_back_and_a_closed_one_may_not(alerted: Site) -> None:
    report(alerted, taken(2, STANDS, days=[(23, 3, 3, "")]))
    assert settling_card.confirm(ONE, DecidedBy("教育局", "", NOON)) == "following"
    assert settling_card.send_back(ONE, DecidedBy("教育局", "措施不全", NOON)) == "returned"
    report(alerted, taken(5, HANDLED))
    assert settling_card.confirm(ONE, DecidedBy("教育局", "", NOON)) == "excluded"
    with pytest.raises(UsageError):
        settling_card.send_back(ONE, DecidedBy("教育局", "", NOON))


def test_wrong_information_waits_for_all_the_rows_it_names(alerted: Site) -> None:
    named = [f"三3-{name}" for name in CASES[:2]]
    wrong = card(2, WRONG, wrong=named).checked
    report(alerted, _of_the_day(wrong))
    assert settling_card.confirm(ONE, DecidedBy("教育局", "", NOON)) == "correcting"
    assert "更正待收" in alert_state.STATES[state()]
    report(alerted, corrected(4, *CASES[1:]))
    warn(alerted, later(hours=5))
    assert state() == "correcting"
    report(alerted, corrected(5, CASES[2]))
    warn(alerted, later(hours=6))
    assert (state(), Alert.objects.get().close_reason) == ("excluded", "可排除：A1 报告信息有误")
    assert AlertEvent.objects.filter(what="corrected").exists()


def test_wrong_information_of_no_row_is_not_confirmed(alerted: Site) -> None:
    report(alerted, taken(2, WRONG))
    (line,) = settling_card.waiting("320106")
    assert "没有标出有误的行" in line.what
    with pytest.raises(UsageError, match="没有标出有误的行"):
        settling_card.confirm(ONE, DecidedBy("教育局", "", NOON))
    assert state() == "answered"


def _of_the_day(made: Checked) -> Checked:
    from dataclasses import replace

    rows = [
        one._replace(values={**one.values, "day": DAY.isoformat()}) if one.table == "cases" else one
        for one in made.records
    ]
    return replace(made, records=tuple(rows))


def test_two_alerts_are_not_excluded_as_repetitions_of_each_other(alerted: Site) -> None:
    Alert.objects.create(
        id="2026-0002", school_id=SCHOOL, campus="本部", division=COUNTY, scope="", group="RASH", stage="early",
        opened_day=DAY, opened_at=NOON, due_at=later(days=1), first_onset=DAY, last_onset=DAY, cases=3,
        ends_after=DAY + timedelta(days=7),
    )  # fmt: skip
    report(alerted, taken(2, TWICE), taken(3, {**TWICE, "other_alert": ONE}, number="2026-0002"))
    assert settling_card.confirm(ONE, DecidedBy("教育局", "", NOON)) == "excluded"
    with pytest.raises(UsageError):
        settling_card.confirm("2026-0002", DecidedBy("教育局", "", NOON))
    assert Alert.objects.get(pk="2026-0002").state == "answered"


def test_an_answer_is_void_when_the_alert_gets_worse(alerted: Site) -> None:
    report(alerted, taken(2, HANDLED))
    many = [*CASES, *"丁戊己庚辛壬癸子丑寅"]
    report(alerted, checked(3, [row(n, 8, symptoms="S01 S02", temperature=38.5) for n in many], mode=Mode.FULL))
    with pytest.raises(UsageError), undone():  # what settled is assessed before anybody decides
        knowing(alerted).take(lambda _: settling_card.confirm(ONE, DecidedBy("教育局", "", later(hours=1))))
    warn(alerted, later(hours=1))
    now = Alert.objects.get()
    assert (now.state, now.revision, now.due_at) == ("issued", 2, later(hours=25))
    assert Card.objects.get().state == "void"
    (stale,) = report(alerted, taken(4, STANDS))
    assert (stale.state, [issue.code for issue in stale.issues]) == (State.HELD, ["card-stale"])
    (right,) = report(alerted, taken(5, STANDS, revision=2))
    assert (right.state, state()) == (State.ACCEPTED, "answered")


def test_a_held_card_is_taken_once_released(alerted: Site) -> None:
    Alert.objects.update(revision=2, stage="cluster")
    old = journalled(alerted, [taken(2, HANDLED)])
    assert settle(alerted, *old)[0].state is State.HELD
    decisions.release(alerted, [2], DecidedBy("县级", "照样有效", NOON), AtHand({one.arrival.seq: one for one in old}))
    assert state() == "answered"


def test_a_refused_card_changes_nothing_and_is_audited(alerted: Site) -> None:
    report(alerted, taken(2, HANDLED))
    settling_card.confirm(ONE, DecidedBy("教育局", "", NOON))
    before = kept()
    (done,) = report(alerted, taken(4, STANDS))
    assert (done.state, [issue.code for issue in done.issues]) == (State.REJECTED, ["card-excluded"])
    after = kept()
    assert {name for name in after if after[name] != before[name]} == {"Submission"}
    noted = Audit.objects.get(what="refused")
    assert (noted.who, noted.target, noted.fields) == (SCHOOL, f"card {ONE} submission 4", ["card-excluded"])


def test_a_row_of_a_card_lies_on_the_desk_as_one_line_that_nobody_amends(alerted: Site) -> None:
    wrong = Refused("days", 8, {"day": "x"}, (Issue("follow-day-ahead", "后续关注", "A8", 8, "日期", "x"),))
    report(alerted, taken(2, STANDS, refused=[wrong]))
    (line,) = held_files.tickets("320106")
    (cell,) = line.cells
    assert cell.column == ""
    assert "日期还没到" in cell.what.replace(" ", "")
    assert "请学校改好发回" in cell.what


# --------------------------------------------------------------------------- any order


@st.composite
def batches(draw: st.DrawFn) -> tuple[list[Checked], list[int], list[int]]:
    """Cards of one alert, the order in which they settle, and where that order is cut into batches."""
    made = []
    for seq in range(2, 2 + draw(st.integers(2, 4))):
        answer = draw(st.sampled_from((HANDLED, STANDS, TWICE, None)))
        numbers = draw(st.lists(st.integers(23, 26), max_size=2, unique=True))
        days = [(n, draw(st.none() | st.integers(0, 3)), 3, draw(st.sampled_from(("", "消毒")))) for n in numbers]
        content = draw(st.sampled_from("abc")) if answer else ""
        made.append(taken(seq, answer, days=days, content=content))
    order = draw(st.permutations(range(len(made))))
    cuts = draw(st.lists(st.integers(1, len(made)), max_size=3))
    return made, list(order), sorted({*cuts, len(made)})


@settings(max_examples=8)
@given(batches())
def test_cards_leave_the_same_in_any_order_and_any_batches(
    alerted: Site, drawn: tuple[list[Checked], list[int], list[int]]
) -> None:
    made, order, cuts = drawn
    with undone():
        one_by_one = journalled(alerted, made)
        for one in one_by_one:
            settle(alerted, one, known=one_by_one)
        expected = kept()
    with undone():
        ready = journalled(alerted, made)
        start = 0
        for cut in cuts:
            settle(alerted, *(ready[place] for place in order[start:cut]), known=ready)
            start = cut
        assert kept() == expected


def test_a_card_that_settles_after_the_countys_word_takes_its_place_before_it(alerted: Site) -> None:
    made: Sequence[Checked] = [taken(2, STANDS, days=[(23, 1, 3, "甲")]), taken(3, HANDLED), taken(4, None, days=[])]
    found = []
    for late in (False, True):
        with undone():
            ready = journalled(alerted, made[:2])
            order = [ready[1]] if late else ready
            for one in order:
                settle(alerted, one, known=ready)
            assert settling_card.confirm(ONE, DecidedBy("教育局", "", NOON)) == "excluded"
            if late:
                settle(alerted, ready[0], known=ready)
            found.append(kept())
    # the event of the answer that came late is noted when it settles; nothing else tells
    assert found[0] == found[1]
