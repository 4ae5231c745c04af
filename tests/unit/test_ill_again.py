"""Who came back and fell ill again is one pupil of a card, and a case of both days; pure."""

from dataclasses import replace
from datetime import timedelta

from pipeline.figures import cards
from tests.page_samples import DAY, card


def test_a_card_says_both_days_of_who_fell_ill_again() -> None:
    facts = card()
    first, *rest = (replace(one, onset=DAY - timedelta(days=2)) for one in facts.cases_listed[:3])
    page = cards.card(replace(facts, cases_listed=(replace(first, again=(DAY,)), *rest)))
    assert [row.onset for row in page.rows] == ["11-18、11-20", "11-18", "11-18"]
    assert page.curve == "11-18 3 人，11-20 1 人（1 人返校后又发病，两天都计）"
