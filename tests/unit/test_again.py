"""Whatever is noted can be taken again: a kind that nobody knows how to take again would be lost with the store."""

from pipeline.model import ActKind, DecisionKind
from pipeline.run import acts_again, decided_again


def test_every_kind_of_act_can_be_taken_again() -> None:
    assert set(acts_again._AGAIN) == set(ActKind)


def test_every_decision_of_a_command_can_be_made_again() -> None:
    assert set(decided_again._AGAIN) == set(DecisionKind) - {DecisionKind.MEND}, "代改 comes in a 处理单"
