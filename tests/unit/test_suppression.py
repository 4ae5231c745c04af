"""What is left out above county: small counts, and no more than keeps them from being computed."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.figures.count_network import APART, ILL, OPEN, IllCell
from pipeline.figures.suppression import ALL_SHOWN, Suppression, decide, with_symptoms
from pipeline.model import Level
from pipeline.units import Scope
from tests.attacker import Inequalities

CHAINS = {"鼓楼": ("鼓楼", "南京", "江苏"), "玄武": ("玄武", "南京", "江苏"), "锡山": ("锡山", "无锡", "江苏")}


def cell(
    school: str, n: int, county: str = "鼓楼", group: str = "小学", batch: int = 0, *, said: bool = False
) -> IllCell:
    return IllCell(school, county, group, APART if group == "closed" else OPEN, n, batch, said)


def test_a_one_beside_a_two_needs_no_more() -> None:
    found = decide([cell("甲", 1), cell("乙", 2), cell("丙", 6)], CHAINS)
    assert found.hidden == frozenset()
    assert [found.school(*one) for one in (("甲", 1), ("乙", 2), ("丙", 6), ("丁", 0))] == ["<3", "<3", "6", "0"]
    assert found.total("鼓楼", 9) == "9"


def test_one_alone_takes_a_larger_one_with_it() -> None:
    found = decide([cell("甲", 1), cell("乙", 9), cell("丙", 4)], CHAINS)
    assert [found.school(*one) for one in (("甲", 1), ("乙", 9), ("丙", 4))] == ["<3", "9", "—"]
    assert found.total("鼓楼", 14) == "14", "a school's figure goes before a county's"


def test_a_three_says_nothing_less_than_three() -> None:
    found = decide([cell("甲", 1), cell("乙", 3)], CHAINS)
    assert found.school("乙", 3) == "3", "its “—” would mean three or more, so three, so one for the other"
    assert found.total("江苏", 4) == "—"


def test_few_in_a_whole_province_are_no_number_anywhere() -> None:
    found = decide([cell("甲", 1)], CHAINS)
    assert [found.total(place, 1) for place in ("鼓楼", "南京", "江苏")] == ["—"] * 3
    assert [found.group(place, "小学", 1) for place in ("南京", "江苏")] == ["—"] * 2
    assert not found.shows("江苏", OPEN), "nor is its rate"


def test_what_came_since_an_edition_is_left_out_of_the_next() -> None:
    early = [cell("甲", 5), cell("乙", 7, "玄武"), cell("丙", 4, "锡山")]
    assert decide(early, CHAINS).hidden == frozenset()
    late = decide([*early, cell("丁", 1, batch=1)], CHAINS, 3, [frozenset()])
    assert [late.total("鼓楼", 6), late.total("江苏", 17), late.total("玄武", 7)] == ["—", "—", "7"]


def test_what_an_edition_left_out_stays_out_that_day() -> None:
    first = decide([cell("甲", 1)], CHAINS)
    later = decide([cell("甲", 1), cell("乙", 50, batch=1)], CHAINS, 3, [first.hidden])
    assert later.hidden >= first.hidden


def test_a_small_count_that_is_corrected_cannot_be_found_from_the_totals_before_and_after() -> None:
    others = [cell("甲", 8), cell("丙", 2), cell("戊", 7, "玄武"), cell("己", 4, "锡山")]
    first = decide([*others, cell("乙", 2)], CHAINS)
    assert first.total("鼓楼", 12) == "12"
    now = decide([*others, cell("乙", 4, batch=1)], CHAINS, 3, [frozenset(first.of(CHAINS["鼓楼"]))], [cell("乙", 2)])
    assert "—" in {now.school("乙", 4), now.total("鼓楼", 14)}, "14 - 12 = 4 - 2"
    gone = decide(others, CHAINS, 3, [frozenset(first.of(CHAINS["鼓楼"]))], [cell("乙", 2)])
    assert gone.total("鼓楼", 10) == "—"


def test_a_closed_class_of_few_leaves_out_the_rate_or_the_total() -> None:
    found = decide([cell("甲", 8), cell("甲", 1, group="closed", said=True), cell("乙", 9, "玄武")], CHAINS)
    assert found.school("甲", 9) == "—"
    assert not found.shows("鼓楼", ILL)
    assert not found.exact("江苏", "closed", 1)


def test_a_reader_at_school_or_county_sees_every_number() -> None:
    assert (ALL_SHOWN.school("甲", 1), ALL_SHOWN.total("鼓楼", 2), ALL_SHOWN.symptom("鼓楼", "S01", 1)) == (
        "1",
        "2",
        "1",
    )


def test_a_symptom_of_few_is_not_the_difference_of_two_papers() -> None:
    found = with_symptoms(Suppression(), {"南京": {"S09": 1}, "无锡": {"S09": 7}}, "江苏")
    assert (found.symptom("南京", "S09", 1), found.symptom("无锡", "S09", 7)) == ("<3", "—")
    assert found.symptom("江苏", "S09", 8) == "8"
    alone = with_symptoms(Suppression(), {"南京": {"S09": 1}, "无锡": {"S09": 3}}, "江苏")
    assert (alone.symptom("无锡", "S09", 3), alone.symptom("江苏", "S09", 4)) == ("3", "—")


def test_a_count_beside_a_rule_for_two_is_not_two() -> None:
    city = Scope(Level.CITY, "320100")
    assert [city.count(n, 2) for n in (1, 2, 3, 4)] == ["<4", "<4", "<4", "4"]
    assert [city.count(n, 5) for n in (2, 3, 5)] == ["<3", "3", "5"], "a rule for five gives none of one or two away"


COUNTS = st.lists(
    st.tuples(st.sampled_from(sorted(CHAINS)), st.sampled_from(("小学", "初中", "closed")), st.integers(0, 7)),
    min_size=1,
    max_size=7,
)


@given(COUNTS)
def test_nothing_left_out_follows_from_the_sums(counts: list[tuple[str, str, int]]) -> None:
    cells = [cell(str(i), n, county, group) for i, (county, group, n) in enumerate(counts)]
    found, known = decide(cells, CHAINS), Inequalities()
    known.say({one.school: 1 for one in cells}, 0, None)
    for one in cells:
        known.said({one.school: 1}, found.school(one.school, one.n), 3)
    for place in ("江苏", "南京", "无锡", *CHAINS):
        mine = [one for one in cells if place in CHAINS[one.county]]
        for part in (OPEN, APART):
            if found.shows(place, part):
                _sum(known, [one for one in mine if one.part == part])
        if found.shows(place, ILL):
            _sum(known, mine)
        for group in ("小学", "初中", "closed") if place not in CHAINS else ():
            inside = [one for one in mine if one.group == group]
            if found.exact(place, group, sum(one.n for one in inside)):
                _sum(known, inside)
    for one in cells:
        if not found.school(one.school, one.n).isdecimal():
            low, high = known.range({one.school: 1})
            assert low != high, one


def _sum(known: Inequalities, cells: list[IllCell]) -> None:
    known.say({one.school: 1 for one in cells}, sum(one.n for one in cells), sum(one.n for one in cells))


def test_a_count_left_out_with_one_that_is_corrected_is_made_up_for() -> None:
    first = decide([cell("甲", 1), cell("乙", 4)], CHAINS)
    assert first.school("乙", 4) == "—"
    later = decide([cell("甲", 1), cell("乙", 6, batch=1)], CHAINS, 3, [first.hidden])
    assert later.school("乙", 6) == "—", "it was left out, and stays so"
    assert decide([cell("甲", 1)], CHAINS, 3, [first.hidden]).total("鼓楼", 1) == "—", "whose partner is withdrawn"
