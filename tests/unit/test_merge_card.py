"""What a card does to the life of its alert, and the laws that hold of any history of cards and rulings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import alert_state
from pipeline.alert_state import AlertState, AlertStep, CardState
from pipeline.merge.alert_history import AlertHistory, CountyRuling, Face, Turned, passed, rule
from pipeline.merge.card import CardStanding, CardStep, card_step
from pipeline.merge.standing import Event
from pipeline.model import Opinion, Origin, State
from tests.cards import HANDLED, ONE, OTHER, STANDS, TWICE, WRONG, card
from tests.submissions import NOON, SCHOOL, bad, later

FEV = frozenset(["FEV"])
EARLY, CLUSTER = Face(FEV, 1, "发热 早期预警", FEV), Face(FEV, 2, "发热 聚集性疫情", FEV)


def alert(name: str = ONE, **more: object) -> AlertHistory:
    opened = later(hours=-2)
    return replace(AlertHistory(name, opened, opened + timedelta(hours=24), 24, {1: EARLY}), **more)  # type: ignore[arg-type]  # a builder


def school(*histories: AlertHistory) -> CardStanding:
    return CardStanding(SCHOOL, {one.alert: one for one in histories or (alert(), alert(OTHER))})


def play(standing: CardStanding, *events: Event) -> tuple[CardStanding, list[CardStep]]:
    steps = []
    for event in events:
        steps.append(card_step(standing, event))
        standing = steps[-1].after
    return standing, steps


def one(standing: CardStanding) -> AlertHistory:
    return standing.histories[ONE]


def codes(step: CardStep) -> list[str]:
    """What is said besides what became of the card."""
    return [issue.code for issue in step.issues if issue.code != "card-became"]


def became(step: CardStep) -> str:
    return next((dict(issue.details)["what"] for issue in step.issues if issue.code == "card-became"), "")


def said(history_: AlertHistory, what: str, answer: int, order: int = 90) -> AlertHistory:
    return rule(history_, CountyRuling(ONE, Opinion(what), answer, order, later(hours=3)))[0]


# --------------------------------------------------------------------------- answers


def test_an_answer_waits_for_the_county() -> None:
    after, (step,) = play(school(), card(5, HANDLED))
    assert (step.state, one(after).state, step.accepted) == (State.ACCEPTED, AlertState.ANSWERED, 1)
    assert [(told.what, told.origin) for told in step.steps] == [("answered", 5)]


def test_a_later_answer_takes_the_place_of_one_that_waits() -> None:
    after, _ = play(school(), card(5, HANDLED), card(6, STANDS))
    assert [(a.seq, a.state) for a in one(after).answers] == [(5, CardState.REPLACED), (6, CardState.ANSWERED)]


def test_an_answer_after_its_time_is_kept_and_marked() -> None:
    after, (step,) = play(school(), card(5, HANDLED, at=later(days=2)))
    assert (one(after).answers[0].late, codes(step), step.state) == (True, ["card-late"], State.ACCEPTED)


def test_the_time_that_ran_out_is_told_by_the_clock_on_the_wall() -> None:
    due = later(days=1)
    _, (step,) = play(school(alert(due_at=due.astimezone(UTC))), card(5, HANDLED, at=later(days=2)))
    assert dict(step.issues[0].details)["due"] == f"{due:%Y-%m-%d %H:%M}"


def test_who_answers_in_time_and_again_after_it_is_not_late() -> None:
    after, _ = play(school(), card(5, HANDLED), card(6, STANDS, at=later(days=2)))
    assert not one(after).answers[1].late


def test_a_report_after_24_hours_is_kept_and_marked() -> None:
    told = {**STANDS, "reported_at": "2026-11-24T11:00:00+08:00"}
    after, (step,) = play(school(), card(5, told, at=later(days=1, hours=1)))
    assert (one(after).answers[0].report_late, codes(step)) == (True, ["card-late", "card-report-late"])


def test_a_row_that_came_home_belongs_to_the_answer_that_waits() -> None:
    first = card(5, WRONG, wrong=["三2-A"], refused=[replace(bad(9), table="cases")])
    after, _ = play(school(), first)
    mended = card(6, wrong=["三2-B"], returned=True)
    rows = [record._replace(ticket="T5-cases9") for record in mended.checked.records]
    after, (step,) = play(after, replace(mended, checked=replace(mended.checked, records=tuple(rows))))
    assert one(after).current.rows == [["2026-11-20", "三2-A"], ["2026-11-20", "三2-B"]]  # type: ignore[union-attr]  # there is one
    assert (step.state, after.tickets["T5-cases9"].state) == (State.ACCEPTED, "mended")


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (AlertState.VOID, "card-void"),
        (AlertState.MERGED, "card-merged"),
        (AlertState.ENDED, "card-ended"),
        (AlertState.EXCLUDED, "card-excluded"),
    ],
)
def test_a_closed_alert_takes_no_card(state: str, code: str) -> None:
    closed = alert(state=state, into=OTHER)
    after, (step,) = play(school(closed), card(5, STANDS, days=[(23, 1, 3, "")]))
    assert (step.state, codes(step), one(after)) == (State.REJECTED, [code], closed)


def test_an_alert_excluded_itself_is_none_that_another_repeats() -> None:
    after, (step,) = play(school(alert(), alert(OTHER, state=AlertState.EXCLUDED)), card(5, TWICE))
    assert (step.state, codes(step), one(after).state) == (State.REJECTED, ["other-alert-closed"], AlertState.ISSUED)
    assert play(school(), card(5, TWICE))[1][0].state is State.ACCEPTED


# --------------------------------------------------------------------------- the same again, or an old card


def test_the_same_card_again_is_a_duplicate_and_an_older_one_is_asked_about() -> None:
    _, steps = play(
        school(),
        card(5, HANDLED, content="a"),
        card(6, HANDLED, content="a"),
        card(7, STANDS, content="b"),
        card(8, HANDLED, content="a"),
    )
    assert [step.state for step in steps] == [State.ACCEPTED, State.DUPLICATE, State.ACCEPTED, State.HELD]


def test_after_a_return_the_same_words_are_a_new_answer() -> None:
    after, _ = play(school(), card(5, HANDLED, content="a"))
    after = replace(after, histories={**after.histories, ONE: said(one(after), "return", 5)})
    assert one(after).state == AlertState.RETURNED
    after, (step,) = play(after, card(6, HANDLED, content="a"))
    assert (step.state, one(after).state) == (State.ACCEPTED, AlertState.ANSWERED)


def raised(one_: AlertHistory, face: Face = CLUSTER) -> AlertHistory:
    return passed(one_, Turned(ONE, AlertStep.RAISED, later(hours=1), one_.revision + 1, face))


def test_a_card_that_warned_of_less_is_asked_about_and_taken_when_released() -> None:
    worse = raised(alert())
    after, (step,) = play(school(worse), card(5, HANDLED))
    assert (step.state, codes(step), one(after)) == (State.HELD, ["card-stale"], worse)
    assert play(school(worse), replace(card(5, HANDLED), forced=True))[1][0].state is State.ACCEPTED
    assert play(school(worse), card(5, HANDLED, revision=2))[1][0].state is State.ACCEPTED


def test_an_older_card_of_the_same_stage_is_taken() -> None:
    lower = raised(raised(alert()), EARLY)
    assert play(school(lower), card(5, HANDLED, revision=1))[1][0].state is State.ACCEPTED


def test_a_revision_that_was_never_sent_is_refused() -> None:
    assert codes(play(school(), card(5, HANDLED, revision=7))[1][0]) == ["card-revision-unknown"]


def test_an_answer_is_void_when_the_alert_gets_worse() -> None:
    after, _ = play(school(), card(5, HANDLED))
    worse = raised(one(after))
    assert (worse.state, worse.current, worse.due_at) == (AlertState.ISSUED, None, later(hours=25))
    assert raised(one(after), EARLY).state == AlertState.ANSWERED


# --------------------------------------------------------------------------- the county's word, and what follows


def test_what_the_county_confirms_is_closed_or_followed() -> None:
    excluded, _ = play(school(), card(5, HANDLED))
    stands, _ = play(school(), card(5, STANDS))
    wrong, _ = play(school(), card(5, WRONG, wrong=["三2-A"]))
    followed, _ = play(school(), card(5, STANDS, days=[(23, 1, 3, "")]))
    states = [said(one(after), "confirm", 5).state for after in (excluded, stands, wrong, followed)]
    assert states == [AlertState.EXCLUDED, AlertState.REPORTED, AlertState.CORRECTING, AlertState.FOLLOWING]


def test_wrong_information_that_was_put_right_closes_the_alert() -> None:
    after, _ = play(school(), card(5, WRONG, wrong=["三2-A"]))
    waiting = said(one(after), "confirm", 5)
    assert passed(waiting, Turned(ONE, AlertStep.CORRECTED, NOON)).state == AlertState.EXCLUDED
    assert passed(one(after), Turned(ONE, AlertStep.CORRECTED, NOON)).state == AlertState.ANSWERED


def confirmed() -> CardStanding:
    after, _ = play(school(), card(5, STANDS))
    return replace(after, histories={**after.histories, ONE: said(one(after), "confirm", 5)})


def test_a_confirmed_answer_is_not_changed_by_another_card() -> None:
    before = confirmed()
    after, (step,) = play(before, card(6, HANDLED))
    assert (step.state, codes(step), one(after)) == (State.REJECTED, ["card-confirmed"], one(before))


def test_days_are_taken_though_the_answer_was_changed() -> None:
    after, (step,) = play(confirmed(), card(6, {**STANDS, "measures": "停课"}, days=[(24, 1, 4, "消毒")]))
    assert (step.state, codes(step)) == (State.ACCEPTED, ["card-confirmed-kept"])
    assert dict(step.issues[0].details)["fields"] == "采取的措施", "as it stands on the card, not as we call it"
    assert (one(after).state, one(after).current.values["measures"]) == (AlertState.FOLLOWING, "通知家长")  # type: ignore[union-attr]  # there is one


def test_what_was_left_blank_may_be_added_to_a_confirmed_answer() -> None:
    more = {**STANDS, "document": "建议书.pdf", "document_number": "示疾控〔2026〕1号"}
    after, (step,) = play(confirmed(), card(6, more))
    current = one(after).current
    assert current
    assert (step.state, current.state, current.values["document"]) == (State.ACCEPTED, "confirmed", "建议书.pdf")


def test_what_became_of_a_card_is_told_in_its_own_words() -> None:
    _, (answered, excluded) = play(school(), card(5, STANDS), card(6, HANDLED, number=OTHER))
    assert became(answered) == "已答复（不可排除），待县级确认"
    assert became(excluded) == "已答复（可排除，A2 已由专业机构处理完毕），待县级确认"
    more = {**STANDS, "document": "建议书.pdf"}
    _, (day, both, added) = play(
        confirmed(),
        card(6, days=[(23, 1, 3, "")]),
        card(7, STANDS, days=[(24, 0, 2, ""), (25, 0, 1, "")]),
        card(8, more),
    )
    assert became(day) == "后续关注收下 1 天"
    assert became(both) == "县级已确认的答复不变；后续关注收下 2 天"
    assert became(added) == "县级已确认的答复不变，补充的内容已收下"


def test_of_wrong_information_each_row_is_named_that_must_be_put_right() -> None:
    _, (step,) = play(school(), card(5, WRONG, wrong=["三2-A7K3XY"]))
    assert became(step) == "已答复（可排除，A1 报告信息有误），待县级确认；有误的 1 行已标明"
    (row,) = [issue for issue in step.issues if issue.code == "card-row-wrong"]
    assert (row.row, row.value, dict(row.details)["day"]) == (5, "三2-A7K3", "2026-11-20")


def test_wrong_information_that_names_no_row_is_asked_which() -> None:
    _, (step,) = play(school(), card(5, WRONG, refused=[replace(bad(9), table="cases")]))
    assert (step.state, codes(step)[:1]) == (State.PARTIAL, ["card-rows-none"])


def test_days_gather_and_a_blank_never_erases() -> None:
    after, _ = play(
        confirmed(),
        card(6, days=[(23, 3, 3, "居家")]),
        card(7, days=[(24, 0, 2, "")]),
        card(8, days=[(23, None, 4, "")]),
    )
    days = {day.day: (d.fresh, d.present, d.progress) for day, d in one(after).days.items()}
    assert days == {23: (3, 4, "居家"), 24: (0, 2, "")}
    assert one(after).days[date(2026, 11, 23)].origin == Origin(8, 5)


def test_days_without_an_answer_are_kept_and_the_answer_asked_for() -> None:
    after, (step,) = play(school(), card(5, days=[(23, 1, 3, "")]))
    assert (step.state, codes(step), one(after).state) == (State.ACCEPTED, ["card-unanswered"], AlertState.ISSUED)


def test_a_ruling_on_an_answer_that_no_longer_counts_changes_nothing() -> None:
    after, _ = play(school(), card(5, HANDLED))
    void = raised(one(after))
    assert rule(void, CountyRuling(ONE, Opinion.CONFIRM, 5, 9, NOON)) == (void, ())


# --------------------------------------------------------------------------- laws

_ANSWERS = (HANDLED, STANDS, WRONG, TWICE, None)


@st.composite
def histories(draw: st.DrawFn) -> list[Event | Turned | CountyRuling]:
    """Cards of one alert, with the engine's and the county's turns among them."""
    made: list[Event | Turned | CountyRuling] = []
    for seq in range(1, draw(st.integers(1, 7)) + 1):
        kind = draw(st.sampled_from(("card", "card", "card", "raise", "confirm", "return")))
        if kind == "card":
            answer = draw(st.sampled_from(_ANSWERS))
            numbers = draw(st.lists(st.integers(21, 26), max_size=3, unique=True))
            days = [(n, draw(st.none() | st.integers(0, 5)), 3, draw(st.sampled_from(("", "消毒")))) for n in numbers]
            made.append(card(seq, answer, days=days, wrong=["三2-A"] if answer is WRONG else [],
                             revision=draw(st.integers(1, 2)), content=draw(st.sampled_from("abcdef"))))  # fmt: skip
        elif kind == "raise":
            face = draw(st.sampled_from((EARLY, CLUSTER)))
            made.append(Turned(ONE, AlertStep.RAISED, later(hours=seq), seq + 1, face))
        else:
            made.append(CountyRuling(ONE, Opinion(kind), draw(st.integers(1, seq)), seq, later(hours=seq)))
    return made


def _all(made: Sequence[Event | Turned | CountyRuling]) -> list[CardStanding]:
    standing, found = school(), []
    for act in made:
        if isinstance(act, Event):
            standing = card_step(standing, act).after
        else:
            now = rule(one(standing), act)[0] if isinstance(act, CountyRuling) else passed(one(standing), act)
            standing = replace(standing, histories={**standing.histories, ONE: now})
        found.append(standing)
    return found


@settings(max_examples=300)
@given(histories())
def test_at_most_one_answer_counts_and_the_state_says_which(made: list[Event | Turned | CountyRuling]) -> None:
    for standing in _all(made):
        now = one(standing)
        counting = [a.state for a in now.answers if a.state in alert_state.COUNTING]
        expected = {
            AlertState.ISSUED: [],
            AlertState.RETURNED: [],
            AlertState.ANSWERED: [CardState.ANSWERED],
        }.get(now.state, [CardState.CONFIRMED])
        assert counting == expected
        assert now.state in alert_state.STATES


@settings(max_examples=200)
@given(histories(), st.integers(20, 40))
def test_a_card_of_another_alert_or_of_nothing_changes_nothing(
    made: list[Event | Turned | CountyRuling], seq: int
) -> None:
    before = _all(made)[-1]
    refused = card(seq, HANDLED, verdict="rejected")
    other = card(seq, STANDS, number=OTHER)
    for event in (refused, other):
        assert one(card_step(before, event).after) == one(before)


@settings(max_examples=200)
@given(histories())
def test_no_day_that_was_told_is_ever_lost(made: list[Event | Turned | CountyRuling]) -> None:
    told: dict[date, int] = {}
    for standing in _all(made):
        days = one(standing).days
        for day, present in told.items():
            assert days[day].present is not None or present is None
        told = {day: d.present or 0 for day, d in days.items()}
