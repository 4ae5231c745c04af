"""One cluster, one card: which clusters are one, what its card is called and whom it lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.rules import Case, Stage
from tests.campuses import DAY, RULES, Campus, later, sick

FEVER, COUGH, FEVER_AND_COUGH = {"symptoms": "S01"}, {"symptoms": "S02"}, {"symptoms": "S01 S02"}
VOMITS, RASH = {"symptoms": "S06 S07"}, {"symptoms": "S09"}
ILI = {"symptoms": "S01 S02", "temperature": 38.5}


def still(cases: Sequence[Case], on: int, **shows: object) -> list[Case]:
    """The same cases, reported again on a later day."""
    return [case._replace(day=later(on), row_state="ongoing", spell=case.began, **shows) for case in cases]


# --------------------------------------------------------------------------- which are one


def test_fever_and_cough_of_the_same_pupils_are_one_card_that_names_both() -> None:
    campus = Campus().report(sick(*range(6), **FEVER_AND_COUGH))
    assert (campus.one.names, campus.one.stage, campus.events) == (("FEV", "RES"), Stage.EARLY, ["issued"])
    assert len(campus.one.cases) == 6


def test_a_later_diagnosis_moves_the_card_to_the_disease() -> None:
    ill = sick(*range(6), **FEVER_AND_COUGH)
    campus = Campus().report(ill).report(still(ill[:3], 1, diagnosis="D02"))
    assert (campus.one.id, campus.one.names, campus.one.revision) == ("2026-0001", ("D02",), 2)
    assert campus.events == ["issued", "renamed"]


@pytest.mark.parametrize(
    ("diagnoses", "names"),
    [
        (["D02"], ("FEV", "RES")),  # one alone may be another illness
        (["D02", "D02", "D01", "D01", "D01"], ("FEV", "RES")),  # most have a cold
        (["D02", "D02", "D01", "D01"], ("D02",)),
        (["D10", "D10"], ("D10", "RES")),  # which does not explain the cough
        (["D12", "D12"], ("FEV", "RES")),  # red eyes explain neither
    ],
)  # fmt: skip
def test_a_disease_names_the_card_with_two_cases_and_half_of_the_diagnosed(
    diagnoses: list[str], names: tuple[str, ...]
) -> None:
    ill = sick(*range(6), **FEVER_AND_COUGH)
    known = [still([case], 1, diagnosis=disease)[0] for case, disease in zip(ill, diagnoses, strict=False)]
    assert Campus().report(ill).report(known).one.names == names


def test_a_diagnosis_taken_back_gives_the_card_its_name_back() -> None:
    ill = sick(*range(6), **FEVER_AND_COUGH)
    campus = Campus().report(ill).report(still(ill[:3], 1, diagnosis="D02"))
    assert campus.withdraw(1).one.names == ("FEV", "RES")


def test_two_classes_with_the_same_illness_are_one_card() -> None:
    campus = Campus().report(sick(1, 2, 3, **FEVER_AND_COUGH), sick(4, 5, 6, class_key="三3", **FEVER_AND_COUGH))
    assert (campus.one.names, campus.one.scope, len(campus.one.cases)) == (("FEV", "RES"), "", 6)


def test_a_disease_diagnosed_in_two_classes_is_one_card_though_only_one_had_a_card_of_its_rash() -> None:
    ill = sick(1, 2, 3, symptoms="S01 S09")
    others = sick(5, class_key="三3", **RASH), sick(6, on=1, class_key="三3", **RASH)
    campus = Campus().report(ill, others[0])
    assert campus.one.names == ("RASH", "FEV")
    known = [*ill[:2], *others[0], *others[1]]
    campus.report(still(known, 1, diagnosis="D10"))
    assert (campus.one.id, campus.one.names, len(campus.one.cases)) == ("2026-0001", ("D10",), 5)


def test_two_illnesses_of_different_pupils_are_two_cards() -> None:
    campus = Campus().report(sick(1, 2, 3, 4, **FEVER_AND_COUGH), sick(11, 12, 13, **VOMITS))
    assert {episode.names for episode in campus.open} == {("FEV", "RES"), ("GI",)}


def test_fever_alone_does_not_make_one_card_of_vomiting_here_and_cough_there() -> None:
    here, there = sick(1, 2, 3, symptoms="S06 S01"), sick(4, 5, 6, class_key="三3", **FEVER_AND_COUGH)
    assert {frozenset(episode.cases) for episode in Campus().report(here, there).open} == {
        frozenset(case.pupil for case in ill) for ill in (here, there)
    }


@pytest.mark.parametrize(("both", "cards"), [(2, 1), (1, 2)])
def test_half_of_the_fewer_pupils_make_one_card(both: int, cards: int) -> None:
    """Of four who vomit two (or one) are among the six with fever."""
    ill = sick(1, 2, 3, 4, 5, 6, **FEVER)
    mixed = [case._replace(symptoms="S01 S06") for case in ill[:both]]
    vomiting = sick(*range(11, 15 - both), **VOMITS)
    assert len(Campus().report(mixed, ill[both:], vomiting).open) == cards


def test_a_single_case_of_tuberculosis_among_those_who_cough_has_a_card_of_its_own() -> None:
    campus = Campus().report(sick(1, 2, 3, **COUGH), [sick(4, **COUGH)[0]._replace(diagnosis="D20")])
    assert {episode.names for episode in campus.open} == {("RES",), ("D20",)}


@pytest.mark.parametrize(
    ("here", "there", "names"),
    [
        ({"symptoms": "S01 S11", "diagnosis": "D08"}, {"symptoms": "S01 S09", "diagnosis": "D05"}, {"D08", "D05"}),
        ({"symptoms": "S01 S09", "diagnosis": "D10"}, {"symptoms": "S01 S07", "diagnosis": "D14"}, {"D10", "D14"}),
        ({"symptoms": "S01 S09", "diagnosis": "D06"}, {"symptoms": "S01 S06", "diagnosis": "D13"}, {"D06", "D13"}),
        ({"symptoms": "S01 S10"}, {"symptoms": "S01 S11"}, {"EYE", "PAR"}),
        ({"symptoms": "S01 S09"}, {"symptoms": "S01 S06"}, {"RASH", "GI"}),
    ],
)
@pytest.mark.parametrize("apart", [0, 1, 2])
def test_clusters_of_other_pupils_of_one_class_that_share_a_fever_are_two_cards(
    here: dict[str, object], there: dict[str, object], names: set[str], apart: int
) -> None:
    """Five with one illness and five with another, all of them hot, on one day or some days apart."""
    one, other = sick(*range(1, 6), **here), sick(*range(6, 11), on=apart, **there)
    for campus in (Campus().report(one, other), Campus().report(one).report(other), Campus().report(other).report(one)):
        assert all(sum(name in episode.names for episode in campus.open) == 1 for name in names)
        pupils = {frozenset(episode.cases) for episode in campus.open}
        assert pupils == {frozenset(case.pupil for case in ill) for ill in (one, other)}


def test_those_with_fever_alone_beside_two_clusters_are_of_one_of_them() -> None:
    mumps, varicella = (
        {"symptoms": f"S01 {sign}", "diagnosis": code} for sign, code in (("S11", "D08"), ("S09", "D05"))
    )
    hot = sick(11, 12, **FEVER)
    campus = Campus().report(sick(*range(1, 6), **mumps), sick(*range(6, 11), **varicella), hot)
    assert sorted(len(episode.cases) for episode in campus.open) == [5, 7]
    assert not frozenset.intersection(*(frozenset(episode.cases) for episode in campus.open))


def test_an_answered_card_whose_name_is_taken_says_what_it_holds_beside_it() -> None:
    hot = sick(1, 2, 3, **FEVER)
    campus = Campus().report(hot).report(sick(1, 2, 3, on=1, class_key="三3", diagnosis="D10")).answer("following")
    campus.report(still(hot, 2, symptoms="S01", diagnosis="D10"))
    assert [episode.names for episode in campus.open] == [("FEV", "D10"), ("D10",)]


def test_cards_that_grow_together_become_the_first_one() -> None:
    vomiting = sick(4, 5, 6, **VOMITS)
    campus = Campus().report(sick(1, 2, 3, **FEVER)).report(vomiting)
    assert [episode.names for episode in campus.open] == [("FEV",), ("GI",)]
    campus.report(still(vomiting, 1, symptoms="S06 S01"))
    assert (campus.one.id, campus.one.names, campus.one.revision) == ("2026-0001", ("FEV", "GI"), 2)
    assert (campus.episodes[1].state, campus.episodes[1].reason) == ("merged", "并入2026-0001")
    assert campus.events == ["issued", "issued", "merged", "renamed"]


# --------------------------------------------------------------------------- what people answered


def grown_together(first: str, second: str) -> Campus:
    """A card of fever and one of vomiting, answered so, until those who vomit have fever, too."""
    vomiting = sick(4, 5, 6, **VOMITS)
    campus = Campus().report(sick(1, 2, 3, **FEVER)).report(vomiting)
    campus.answer(first, only="2026-0001").answer(second, only="2026-0002")
    return campus.report(still(vomiting, 1, symptoms="S06 S01"))


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [
        ("issued", "issued", {"2026-0001": "issued"}),
        ("issued", "returned", {"2026-0001": "issued"}),
        ("following", "issued", {"2026-0001": "following"}),
        ("issued", "following", {"2026-0002": "following"}),
        ("answered", "issued", {"2026-0001": "issued"}),  # it speaks of more now: to be answered again
        ("following", "reported", {"2026-0001": "following", "2026-0002": "reported"}),
        ("answered", "following", {"2026-0001": "answered", "2026-0002": "following"}),
    ],
)
def test_what_was_answered_is_never_closed_by_joining(first: str, second: str, left: dict[str, str]) -> None:
    assert {episode.id: episode.state for episode in grown_together(first, second).open} == left


def test_another_syndrome_of_an_excluded_cluster_warns_again() -> None:
    """Rash among those whose fever was excluded may be measles: nobody has looked at it."""
    ill = sick(1, 2, 3, **FEVER)
    campus = Campus().report(ill).answer("excluded", closed=True).report(still(ill, 1, symptoms="S01 S09"))
    assert campus.one.names == ("RASH",)


def test_the_same_pupils_ill_again_after_the_end_warn_again() -> None:
    campus = Campus().report(sick(1, 2, 3, **FEVER)).answer("excluded", closed=True)
    assert campus.report(sick(1, 2, 3, on=20, **FEVER)).one.id == "2026-0002"


def test_who_followed_fever_hears_of_hand_foot_and_mouth_disease_of_others_by_a_card_of_its_own() -> None:
    campus = Campus().report(sick(1, 2, 3, **FEVER)).answer("following")
    campus.report(sick(11, 12, on=1, diagnosis="D10"))
    assert {episode.names: episode.state for episode in campus.open} == {("FEV",): "following", ("D10",): "issued"}


# --------------------------------------------------------------------------- whom it lists


def test_the_first_case_is_the_first_of_the_cluster_though_it_alone_met_nothing() -> None:
    campus = Campus().report(sick(9, **FEVER)).report(sick(1, 2, 3, on=1, **FEVER)).report(sick(4, on=3, **FEVER))
    assert [hit.n for hit in campus.one.hits.values()] == [3]
    assert (len(campus.one.cases), campus.one.first_onset, campus.one.last_onset) == (5, DAY, later(3))


def test_a_case_of_another_class_is_none_of_a_clusters_of_one_class() -> None:
    campus = Campus().report(sick(1, 2, 3, **FEVER), sick(4, class_key="三3", **FEVER))
    assert (len(campus.one.cases), campus.one.scope) == (3, "三2")


def test_of_a_rule_of_the_campus_all_classes_cases_count() -> None:
    campus = Campus().report(sick(1, 2, 3, diagnosis="D05"), sick(4, 5, class_key="三3", diagnosis="D05"))
    campus.report(sick(6, class_key="四1", on=9, diagnosis="D05"))
    assert (len(campus.one.cases), campus.one.scope, campus.one.last_onset) == (6, "", later(9))


@pytest.mark.parametrize(("on", "ends"), [(7, 14), (8, 7)])
def test_one_more_case_puts_off_the_end_if_it_is_of_the_cluster(on: int, ends: int) -> None:
    campus = Campus().report(sick(1, 2, 3, **FEVER)).report(sick(4, on=on, **FEVER))
    assert campus.one.ends_after == later(ends)


def test_a_rule_of_the_class_names_the_class_whatever_the_campus_met() -> None:
    campus = Campus().report(sick(*range(5), **ILI), sick(*range(5), class_key="三3", on=1, **COUGH))
    assert (campus.one.stage, campus.one.scope) == (Stage.CLOSURE, "三2")


def test_all_cases_of_one_class_make_a_rule_of_the_campus_that_classs() -> None:
    assert Campus().report(sick(*range(5), diagnosis="D05")).one.scope == "三2"


# --------------------------------------------------------------------------- in whatever order

KINDS = [FEVER_AND_COUGH, VOMITS, {"symptoms": "S10"}, {"symptoms": "S11"}, {"symptoms": "S12 S14"}]
clusters = st.lists(st.tuples(st.integers(3, 6), st.integers(0, 2)), min_size=1, max_size=len(KINDS))


@settings(max_examples=150)
@given(clusters, st.data())
def test_the_order_in_which_clusters_are_heard_of_does_not_matter(
    told: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Of clusters that differ in pupils and illness; each comes in parts, all within the shortest end rule."""
    rows, wanted = [], set()
    for kind, (n, spread) in enumerate(told):
        ill = [case for p in range(n) for case in sick(20 * kind + p, on=min(p // 3, spread), **KINDS[kind])]
        rows += ill
        wanted.add(frozenset(case.pupil for case in ill))
    campus = Campus()
    for case in data.draw(st.permutations(rows)):
        campus.report([case])
    assert {frozenset(episode.cases) for episode in campus.open} == wanted
    together = Campus().report(rows)
    assert {(e.names, frozenset(e.cases)) for e in together.open} == {
        (e.names, frozenset(e.cases)) for e in campus.open
    }
    assert timedelta(0) <= max(e.last_onset for e in campus.open) - DAY


rows_of_anybody = st.lists(
    st.tuples(
        st.integers(0, 7), st.integers(0, 2), st.sampled_from([*KINDS, FEVER, COUGH, ILI, RASH, {"diagnosis": "D10"}])
    ),
    min_size=4,
    max_size=14,
    unique_by=lambda row: row[:2],
)


@settings(max_examples=150)
@given(rows_of_anybody, st.data())
def test_in_whatever_order_rows_come_the_same_groups_and_pupils_are_warned_of(
    told: list[tuple[int, int, dict[str, object]]], data: st.DataObject
) -> None:
    rows = [case for pupil, on, shows in told for case in sick(pupil, on=on, **shows)]
    campus = Campus()
    for case in data.draw(st.permutations(rows)):
        campus.report([case])
    assert warned_of(campus) == warned_of(Campus().report(rows))


def warned_of(campus: Campus) -> tuple[set[str], set[str]]:
    held = {group for episode in campus.open for group in RULES.covered(episode.groups)}
    return held, {pupil for episode in campus.open for pupil in episode.cases}
