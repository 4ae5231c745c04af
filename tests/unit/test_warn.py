"""Claims about alerts as episodes, and the laws that hold on any history of changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline import rules, warn
from pipeline.alert_state import AlertState
from pipeline.rules import Condition, Stage, windows
from pipeline.warn import Assessment, assess
from tests.campuses import DAY, RULES, Campus, later, met_by, sick
from tests.rulebook import everywhere

FEVER, RASH, HFMD, FLU = {"symptoms": "S01"}, {"symptoms": "S09"}, {"diagnosis": "D10"}, {"diagnosis": "D02"}
ILI = {"symptoms": "S01 S02", "temperature": 38.5}
MEASLES = {"diagnosis": "D06"}


# --------------------------------------------------------------------------- one episode


def test_the_hits_of_one_group_gather_in_one_alert() -> None:
    campus = Campus().report(sick(1, 2, 3, **FEVER), sick(11, 12, 13, class_key="三3", **FEVER))
    assert len(campus.one.hits) == 2
    assert (campus.one.scope, campus.one.group, campus.one.stage) == ("", "FEV", Stage.EARLY)
    assert campus.events == ["issued"]


def test_the_highest_stage_shows() -> None:
    campus = Campus().report(sick(*range(10), **HFMD))
    assert {hit.rule for hit in campus.one.hits.values()} == {"C01", "C03", "S05"}
    assert (campus.one.stage, campus.one.scope) == (Stage.CLOSURE, "三2")


def test_a_higher_stage_is_told_anew_a_further_case_is_not() -> None:
    campus = Campus().report(sick(1, 2, 3, **FEVER))
    campus.report(sick(4, 5, 6, on=1, **FEVER))
    assert campus.one.revision == 1
    campus.report(sick(*range(20, 32), on=1, **ILI))
    assert (campus.one.revision, campus.one.stage) == (2, Stage.CLOSURE)
    assert campus.events == ["issued", "renamed", "raised"]


def test_a_disease_absorbs_its_syndromes() -> None:
    campus = Campus().report(sick(1, 2, **HFMD), sick(3, 4, 5, class_key="三3", **RASH))
    assert campus.one.group == "D10"
    assert {hit.group for hit in campus.one.hits.values()} == {"D10", "RASH"}


def test_syndromes_that_turn_out_to_be_a_disease_become_its_alert() -> None:
    campus = Campus().report(sick(1, 2, 3, **FEVER), sick(4, 5, 6, **RASH))
    assert {episode.group for episode in campus.open} == {"FEV", "RASH"}
    campus.report(sick(2, 3, 7, on=1, **HFMD))
    assert (campus.one.id, campus.one.names, campus.one.revision) == ("2026-0001", ("D10",), 2)
    (merged,) = [episode for episode in campus.episodes if episode.closed]
    assert (merged.state, merged.reason, merged.hits) == ("merged", "并入2026-0001", {})
    assert {hit.group for hit in campus.one.hits.values()} == {"FEV", "RASH", "D10"}


@pytest.mark.parametrize(("syndrome", "cards"), [(FEVER, 2), (RASH, 1)])
def test_a_disease_takes_in_what_is_its_own_of_whomever_but_a_common_syndrome_of_its_pupils_only(
    syndrome: dict[str, str], cards: int
) -> None:
    assert len(Campus().report(sick(1, 2, **HFMD), sick(4, 5, 6, class_key="三3", **syndrome)).open) == cards
    assert len(Campus().report(sick(4, 5, 6, **syndrome), sick(1, 2, on=1, **HFMD)).open) == cards


def test_influenza_takes_in_fever_of_whomever() -> None:
    campus = Campus().report(sick(*range(5), **ILI), sick(11, 12, 13, class_key="三3", **FEVER))
    assert campus.one.names == ("ILI",)


def test_two_diseases_are_two_alerts() -> None:
    campus = Campus().report(sick(1, 2, **HFMD), sick(3, **MEASLES))
    assert {episode.group for episode in campus.open} == {"D10", "D06"}


def test_the_alert_is_of_the_day_on_which_it_became_known() -> None:
    told = [case._replace(onset=later(-1)) for case in sick(1, 2, 3, **FEVER)]
    assert Campus().report(told).one.opened_day == DAY


# --------------------------------------------------------------------------- changes after the fact


def test_a_late_row_of_three_days_ago_makes_todays_window_full() -> None:
    campus = Campus().report(sick(1, 2, 3, 4, on=3, class_key="三2", diagnosis="D05"))
    assert campus.open == []
    campus.report(sick(9, class_key="三3", diagnosis="D05"))
    assert {(hit.rule, hit.day) for hit in campus.one.hits.values()} == {("C14", later(3))}


def test_what_no_record_meets_any_more_is_closed_as_not_so() -> None:
    campus = Campus().report(sick(1, 2, 3, **FEVER)).withdraw(0)
    assert campus.open == []
    (gone,) = campus.episodes
    assert (gone.state, gone.reason, gone.hits, gone.revision) == ("void", "报送信息更正后已不成立", {}, 2)
    assert campus.events == ["issued", "void"]


def test_an_answered_alert_is_left_to_people_when_its_records_go() -> None:
    campus = Campus().report(sick(1, 2, 3, **FEVER)).answer("following").withdraw(0)
    assert (campus.one.state, campus.one.hits) == ("following", {})
    assert campus.events == ["issued", "unmet"]


def test_fewer_records_lower_the_stage_and_are_told() -> None:
    campus = Campus().report(sick(1, 2, 3, **ILI), sick(4, 5, on=0, **ILI))
    assert campus.one.stage is Stage.CLOSURE
    campus.change([case for case in campus.cases if case.pupil not in {"三2-P4", "三2-P5"}], {DAY})
    assert (campus.one.stage, campus.one.revision, campus.events[-1]) == (Stage.EARLY, 2, "lowered")


def test_a_withdrawn_case_leaves_the_alert() -> None:
    campus = Campus().report(sick(1, 2, 3, 4, **FEVER))
    campus.change([case for case in campus.cases if case.pupil != "三2-P4"], {DAY})
    assert set(campus.one.cases) == {"三2-P1", "三2-P2", "三2-P3"}


def test_what_came_back_after_it_was_not_so_is_a_new_alert() -> None:
    campus = Campus().report(sick(1, 2, 3, **FEVER)).withdraw(0).report(sick(1, 2, 3, **FEVER))
    assert campus.one.id == "2026-0002"


# --------------------------------------------------------------------------- answered and ended


def test_what_was_excluded_does_not_warn_again_without_a_new_pupil() -> None:
    campus = Campus().report(sick(*range(5), diagnosis="D05")).answer("excluded", closed=True)
    again = [case._replace(day=later(1), row_state="ongoing") for case in campus.cases]
    assert campus.report(again).open == []
    campus.report(sick(9, on=2, diagnosis="D05"))
    assert campus.one.id == "2026-0002"


def test_an_excluded_alert_must_be_answered_anew_when_it_gets_worse() -> None:
    campus = Campus().report(sick(1, 2, 3, **FEVER)).answer("answered")
    campus.report(sick(4, 5, 6, 7, 8, on=1, **ILI))
    assert (campus.one.state, "reissued" in campus.events) == (AlertState.ISSUED, True)


def test_who_falls_ill_again_is_listed_once_and_is_the_last_case() -> None:
    campus = Campus().report(sick(1, 2, 3, **FEVER))
    back = [case._replace(day=later(1), row_state="returned") for case in campus.cases]
    campus.report(back).report(sick(1, 2, 3, on=2, **FEVER))
    assert (campus.one.first_onset, campus.one.last_onset, len(campus.one.cases)) == (DAY, later(2), 3)
    assert campus.one.ends_after == later(9)


@pytest.mark.parametrize(("on", "alerts"), [(7, 1), (8, 2)])
def test_a_cluster_past_the_end_rule_is_a_new_alert(on: int, alerts: int) -> None:
    campus = Campus().report(sick(1, 2, 3, **FEVER)).report(sick(4, 5, 6, on=on, **FEVER))
    assert len(campus.episodes) == alerts
    assert campus.one.id == f"2026-{alerts:04d}"
    if alerts == 2:
        assert campus.episodes[0].reason == "期满无新发（未回复）"


def test_a_followed_alert_ends_the_day_after_its_last_day() -> None:
    campus = Campus().report(sick(1, 2, 3, **FEVER)).answer("following")
    assert campus.one.ends_after == later(7)
    assert [warn.expired(campus.one, later(n)) for n in (7, 8)] == [False, True]


def test_an_unanswered_alert_does_not_end_by_itself() -> None:
    campus = Campus().report(sick(1, 2, 3, **FEVER))
    assert not warn.expired(campus.one, later(60))


def test_a_new_linked_case_moves_the_end() -> None:
    campus = Campus().report(sick(1, 2, **HFMD)).report(sick(3, on=4, **HFMD))
    assert campus.one.ends_after == later(14)


def test_the_clock_runs_24_hours_until_answered() -> None:
    opened = datetime(2026, 11, 18, 7, 10, tzinfo=UTC)
    due = warn.due_at(opened, 24)
    assert not warn.clock("issued", due, due).overdue
    assert warn.clock("issued", due, due + timedelta(seconds=1)).overdue
    assert warn.clock("returned", due, due + timedelta(seconds=1)).overdue
    assert not warn.clock("following", due, due + timedelta(days=3)).overdue


# --------------------------------------------------------------------------- laws

steps = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 3), st.integers(0, 30)),  # the day
        st.lists(st.integers(0, 13), min_size=2, max_size=9, unique=True),  # who
        st.sampled_from([FEVER, RASH, HFMD, ILI, FLU, MEASLES, {"symptoms": "S02"}, {"diagnosis": "D05"}]),
        st.sampled_from(["report", "report", "report", "withdraw", "following", "answered", "close"]),
    ),
    min_size=4,
    max_size=14,
)


def run(campus: Campus, told: Sequence[tuple[int, list[int], dict[str, str], str]]) -> None:
    for day, pupils, shows, what in told:
        if what == "report":
            gone = [c for c in campus.cases if c.day == later(day)]
            fresh = sick(*[p for p in pupils if p < 8], on=day, **shows)
            fresh += sick(*[p for p in pupils if p >= 8], on=day, class_key="三3", **shows)
            campus.change([*[c for c in campus.cases if c not in gone], *fresh], {later(day)})
        elif what == "withdraw":
            campus.withdraw(day)
        else:
            campus.answer("excluded" if what == "close" else what, closed=what == "close")


def all_met(campus: Campus) -> dict[rules.Key, Condition]:
    span = everywhere(windows.Window(later(-60), later(80)), RULES)
    return {c.key: c for c in met_by(campus.cases, span)}


@settings(max_examples=120)
@given(steps)
def test_every_condition_met_is_the_hit_of_exactly_one_alert(
    told: list[tuple[int, list[int], dict[str, str], str]],
) -> None:
    campus = Campus()
    run(campus, told)
    hits = [(key, hit) for episode in campus.episodes for key, hit in episode.hits.items()]
    assert len(hits) == len(dict(hits))
    assert dict(hits) == all_met(campus)


@settings(max_examples=120)
@given(steps)
def test_alerts_have_first_names_of_their_own_and_the_names_say_what_they_hold(
    told: list[tuple[int, list[int], dict[str, str], str]],
) -> None:
    campus = Campus()
    for step in told:
        run(campus, [step])
        first = [episode.group for episode in campus.open]
        assert len(first) == len(set(first))
        for episode in campus.open:  # only of two, one of them answered, may one be called as what the other holds
            others = [one.group for one in campus.open if one.answered or episode.answered]
            assert episode.met <= RULES.covered([*episode.names, *others])


@settings(max_examples=120)
@given(steps)
def test_two_open_alerts_are_of_one_cluster_only_if_both_were_answered(
    told: list[tuple[int, list[int], dict[str, str], str]],
) -> None:
    """By the pupils on their cards: two and more, half of the fewer. By the table: while nobody answered either."""
    campus = Campus()
    for step in told:
        run(campus, [step])
        for one, other in combinations([episode for episode in campus.open if episode.hits], 2):
            waiting = {one.state, other.state} & {"issued", "returned"}
            both = set(one.cases) & set(other.cases)
            in_time = one.first_onset <= other.ends_after and other.first_onset <= one.ends_after
            if waiting and in_time and all(one.cases[p].onset == other.cases[p].onset for p in both):
                assert len(both) < max(2, min(len(one.cases), len(other.cases)) / 2)
            if waiting >= {one.state, other.state}:
                assert all(RULES.groups[group].common for group in one.groups & other.groups)
                assert not one.groups <= RULES.taken_in(other.names)
                assert not other.groups <= RULES.taken_in(one.names)


REPORT = "report"


@settings(max_examples=120)
@given(steps, st.integers(0, 20))
# an alert that ends beside another: its pupils are none of the other's from then on either
@example(
    [
        (0, [0, 1], FEVER, REPORT),
        (0, [0, 1], FEVER, REPORT),
        (1, [0, 1, 3], RASH, REPORT),
        (2, [0, 1, 2], FEVER, REPORT),
        (0, [0, 2, 4], ILI, REPORT),
        (0, [0, 1], FEVER, "following"),
        (8, [0, 1], FEVER, REPORT),
    ],
    0,
)
# a case of fever links no rash of ten days later to those before, whichever days changed
@example(
    [
        (0, [0, 1], FEVER, REPORT),
        (11, [0, 4], RASH, REPORT),
        (0, [0, 1, 3], RASH, REPORT),
        (1, [0, 1, 2], FEVER, REPORT),
    ],
    11,
)
def test_the_same_todo_again_changes_nothing(told: list[tuple[int, list[int], dict[str, str], str]], day: int) -> None:
    campus = Campus()
    run(campus, told)
    before, heard = campus.episodes, list(campus.events)
    settled = Campus(campus.cases, before, heard, campus.given)
    # the day it is does not go back: what is past its end was ended when it was assessed
    span = windows.affected([later(day)], RULES)
    met = met_by(campus.cases, span)
    after = assess(settled.episodes, met, span, RULES, later(-90), warn.seen(campus.cases))
    assert after == Assessment(before, ())
