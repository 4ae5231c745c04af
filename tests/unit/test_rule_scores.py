"""The score of a rule: what its warnings turned out to be, and how early it was."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.figures.rule_scores import Growth, RuleHit, ScoredAlert, scores, total
from pipeline.schooldays import ZONE

NOON = datetime(2026, 11, 16, 12, tzinfo=ZONE)
RANKS = {"E01": 0, "C01": 1, "S01": 4}


def on(n: int) -> datetime:
    return NOON + timedelta(days=n)


def alert(verdict: str, *hits: RuleHit, reason: str = "", growth: tuple[Growth, ...] = ()) -> ScoredAlert:
    return ScoredAlert("2026-0001", "320106", verdict, reason, hits, growth)


def test_what_warnings_turned_out_to_be_by_rule() -> None:
    early = RuleHit("E01", on(0), 1)
    found = [
        alert("confirmed", early, RuleHit("C01", on(1), 2)),
        alert("excluded", early, reason="A1"),
        alert("excluded", early, reason="A3"),
        alert("excluded", early, reason=""),
        alert("void", early),
        alert("pending", early),
    ]
    one, other = scores(found, RANKS)
    assert (one.rule, one.warned, one.opened, one.confirmed, one.void, one.pending) == ("E01", 6, 6, 1, 1, 1)
    assert one.excluded == {"A1": 1, "A2": 0, "A3": 1, "A9": 1}
    assert one.ppv == 1 / 4
    assert (other.rule, other.warned, other.opened, other.ppv) == ("C01", 1, 0, 1.0)
    assert (total(found).warned, total(found).ppv) == (6, 1 / 4)


def test_nothing_decided_is_no_share() -> None:
    (one,) = scores([alert("pending", RuleHit("E01", on(0), 0))], RANKS)
    assert (one.ppv, one.lead, one.leads) == (None, None, 0)


def test_the_lead_is_to_the_first_higher_stage_or_diagnosis_after_the_hit() -> None:
    steps = (Growth(on(0), 1), Growth(on(2), 1), Growth(on(5), -1))
    hits = (RuleHit("E01", on(0), 0), RuleHit("C01", on(2), 3), RuleHit("E05", on(0), None))
    early, cluster, raised = scores([alert("pending", *hits, growth=steps)], RANKS)
    assert (early.lead, early.delay) == (2, 0), "what came with the hit is no lead"
    assert (cluster.lead, cluster.delay) == (3, 3), "a stage no higher than its own is none, a diagnosis is"
    assert (raised.rule, raised.delay) == ("E05", None)


def test_the_medians_are_of_those_that_have_a_value() -> None:
    found = [alert("pending", RuleHit("E01", on(0), days)) for days in (0, 1, 5, None)]
    (one,) = scores(found, RANKS)
    assert one.delay == 1


verdicts = st.sampled_from(["confirmed", "void", "pending", "excluded"])
alerts = st.builds(
    lambda verdict, reason, rules: alert(verdict, *(RuleHit(rule, on(0), 0) for rule in rules), reason=reason),
    verdicts,
    st.sampled_from(["A1", "A2", "A3", "A9", ""]),
    st.lists(st.sampled_from([*RANKS, "X1"]), unique=True, min_size=1),
)


@given(st.lists(alerts))
def test_every_warning_is_counted_once_and_turned_out_to_be_one_thing(found: list[ScoredAlert]) -> None:
    for one in [*scores(found, RANKS), total(found)]:
        assert one.warned == one.confirmed + sum(one.excluded.values()) + one.void + one.pending
    assert total(found).warned == len(found) == sum(one.opened for one in scores(found, RANKS))
