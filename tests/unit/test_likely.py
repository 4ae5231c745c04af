"""What somebody may have meant: the nearest words of a list, by any spelling, and none that shares nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.console import likely
from pipeline.forms import form

REASON = next(one.vocabulary for one in form("absence").table("rows").columns if one.name == "reason")
SYMPTOM = next(one.vocabulary for one in form("absence").table("rows").columns if one.name == "symptom1")
ROOMS = ("三(3)班", "三(4)班", "三(13)班", "四(3)班")
texts = st.text("三四(13)班因病飞", max_size=6)


def slow(one: str, other: str) -> int:
    """The distance by its definition, without a table."""
    if not one or not other:
        return len(one) + len(other)
    cost = min(slow(one[1:], other) + 1, slow(one, other[1:]) + 1, slow(one[1:], other[1:]) + (one[0] != other[0]))
    if len(one) > 1 and len(other) > 1 and one[0] == other[1] and one[1] == other[0]:
        cost = min(cost, slow(one[2:], other[2:]) + 1)
    return cost


@given(texts, texts)
def test_the_distance_is_the_fewest_strokes(one: str, other: str) -> None:
    assert likely.distance(one, other) == likely.distance(other, one) == slow(one, other)


@pytest.mark.parametrize(
    ("typed", "first"), [("因飞", "因病"), ("因 伤", "因伤"), ("病因", "因病"), ("其它", "其他"), ("生病了", "因病")]
)
def test_the_nearest_word_comes_first(typed: str, first: str) -> None:
    assert likely.labels(typed, REASON)[0] == first


@pytest.mark.parametrize("typed", ["", "示例甲乙丙", "三(3)班", "x" * 400])
def test_what_shares_nothing_is_not_suggested(typed: str) -> None:
    assert likely.labels(typed, REASON) == ()


def test_a_slip_of_a_symptom_or_class_finds_it() -> None:
    assert "发热" in likely.labels("法热", SYMPTOM)
    assert likely.words("三(33)班", ROOMS)[0] == "三(3)班"
    assert likely.words("三（13班", ROOMS)[0] == "三(13)班"
