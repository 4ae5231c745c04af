"""Claims about the warning rules, exact at their boundaries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import resources, rules
from pipeline.cli import language
from pipeline.errors import ConfigError
from pipeline.forms.syndromes import SYNDROME_LABELS
from pipeline.forms.words import DISEASE
from pipeline.rules import Case, Condition, Rules, Stage, Switch, Told, engine, groups, parse
from pipeline.rules.asked import ask
from pipeline.rules.windows import Window
from tests.rulebook import everywhere, with_on

SHIPPED = rules.load()
RULES = with_on()
DAY = date(2026, 11, 18)  # a Wednesday
WIDE = Window(DAY - timedelta(days=100), DAY + timedelta(days=100))
ROLLS = {"三2": 40, "三3": 40, "四1": None}

FEVER = {"symptoms": "S01"}
ILI = {"symptoms": "S01 S02", "temperature": 38.0}


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    with language.spoken(["--lang", "zh"]):
        yield


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


def case(pupil: int = 1, *, before: int = 0, class_key: str = "三2", **changed: object) -> Case:
    """A new row, `before` days before DAY, of a pupil who fell ill that day."""
    asked = {"day": ago(before), "start": ago(before), "row_state": "new", "reason": "ill"} | changed
    return Case(pupil=f"{class_key}-P{pupil}", class_key=class_key, **asked)  # type: ignore[arg-type]  # a builder


def cases(n: int, **changed: object) -> list[Case]:
    return [case(pupil, **changed) for pupil in range(n)]  # type: ignore[arg-type]  # a builder


def met(given: Iterable[Case], known: Rules = RULES, **facts: object) -> tuple[Condition, ...]:
    rows = list(given)
    campus = engine.CampusFacts(rows, ROLLS, of_long=rows, **facts)  # type: ignore[arg-type]  # a builder
    return engine.conditions(campus, ask(known, ("s", "320106", "320100")), everywhere(WIDE, known))


def names(told: Iterable[Case], day: date = DAY) -> set[tuple[str, str, str]]:
    """(rule, group, scope) met on a day."""
    return {(c.rule, c.group, c.scope) for c in met(told) if c.day == day}


def rule_ids(told: Iterable[Case], day: date = DAY) -> set[str]:
    return {rule for rule, _, _ in names(told, day)}


# --------------------------------------------------------------------------- boundaries of every rule

WIDTHS = {  # rule → (what a case shows, threshold, window in days, one class is enough)
    "E01": (FEVER, 3, 1, True),
    "E02": (FEVER, 5, 3, True),
    "E06": ({"symptoms": "S10"}, 6, 1, True),
    "C01": ({"diagnosis": "D10"}, 2, 7, True),
    "C02": ({"diagnosis": "D10"}, 5, 7, False),
    "C03": ({"diagnosis": "D10"}, 10, 7, False),
    "C04": (ILI, 10, 7, False),
    "C05": ({"diagnosis": "D13"}, 10, 7, False),
    "C08": ({"diagnosis": "D14"}, 10, 3, False),
    "C09": ({"diagnosis": "D12"}, 3, 7, False),
    "C10": ({"diagnosis": "D09"}, 10, 7, False),
    "C11": ({"diagnosis": "D06"}, 2, 10, False),
    "C12": ({"diagnosis": "D07"}, 5, 7, False),
    "C13": ({"diagnosis": "D08"}, 5, 7, False),
    "C14": ({"diagnosis": "D05"}, 5, 7, False),
    "C15": ({"diagnosis": "D05"}, 2, 7, True),
    "C16": ({"diagnosis": "D22"}, 3, 14, False),
    "P01": (ILI, 30, 7, False),
    "P02": ({"diagnosis": "D06"}, 10, 7, False),
    "P03": ({"diagnosis": "D07"}, 10, 7, False),
    "P04": ({"diagnosis": "D08"}, 10, 7, False),
    "P05": ({"diagnosis": "D05"}, 10, 7, False),
    "P06": ({"diagnosis": "D09"}, 10, 7, False),
    "P07": ({"diagnosis": "D34"}, 20, 7, False),
    "P08": ({"diagnosis": "D15"}, 5, 7, False),
    "P09": ({"diagnosis": "D17"}, 5, 7, False),
    "P11": ({"diagnosis": "D18"}, 3, 3, False),
    "S01": (ILI, 5, 1, True),
    "S05": ({"diagnosis": "D10"}, 2, 7, True),
    "S03": ({"diagnosis": "D02", "tested": True, "admitted": True}, 2, 7, True),
    "S06": ({"diagnosis": "D10"}, 10, 7, False),
    "S07": ({"diagnosis": "D06"}, 2, 10, True),
    "S08": ({"diagnosis": "D05"}, 10, 7, True),
    "S09": ({"diagnosis": "D08"}, 10, 7, False),
    "C17": ({"diagnosis": "D20"}, 2, 90, False),
    "C18": ({"diagnosis": "D20"}, 6, 90, False),
}
# whose conditions are claims of their own below
OTHERWISE = {"E03", "E04", "E07", "E08", "E09", "E10", "E11", "C06", "C07", "P13", "P14", "S02"} | {"E05", "P10", "P12"}
of_each = pytest.mark.parametrize("rule", WIDTHS)


def test_every_rule_that_counts_a_window_has_its_boundaries_tested() -> None:
    assert {rule.id for rule in RULES.rules} == set(WIDTHS) | OTHERWISE


@of_each
def test_one_fewer_does_not_meet_it(rule: str) -> None:
    shows, n, _, _ = WIDTHS[rule]
    assert rule not in rule_ids(cases(n - 1, **shows))
    assert rule in rule_ids(cases(n, **shows))


@of_each
def test_the_windows_first_day_counts_and_the_day_before_does_not(rule: str) -> None:
    shows, n, window, _ = WIDTHS[rule]
    others = cases(n - 1, **shows)
    assert rule in rule_ids([*others, case(99, before=window - 1, **shows)])
    assert rule not in rule_ids([*others, case(99, before=window, **shows)])


@of_each
def test_the_onset_counts_not_the_first_day_of_absence(rule: str) -> None:
    shows, n, window, _ = WIDTHS[rule]
    others = cases(n - 1, **shows)
    assert rule in rule_ids([*others, case(99, onset=ago(window - 1), **shows)])
    assert rule not in rule_ids([*others, case(99, onset=ago(window), **shows)])


@of_each
def test_a_pupil_counts_once(rule: str) -> None:
    shows, n, _, _ = WIDTHS[rule]
    assert rule not in rule_ids([*cases(n - 1, **shows), case(0, **shows)])


@of_each
def test_a_pupil_still_absent_counts_on_the_day_the_case_began_and_not_again(rule: str) -> None:
    shows, n, window, _ = WIDTHS[rule]
    still = {"row_state": "ongoing", "start": ago(window), **shows}
    told = [*cases(n - 1, **shows), case(99, **still)]
    assert rule not in rule_ids(told)
    assert rule not in rule_ids([*told, case(99, before=1, **still)])


@of_each
def test_a_case_first_heard_of_late_counts_on_its_own_day(rule: str) -> None:
    shows, n, window, _ = WIDTHS[rule]
    late = {"row_state": "ongoing", "start": ago(window - 1), **shows}
    assert rule in rule_ids([*cases(n - 1, **shows), case(99, **late)])
    assert rule in rule_ids([*cases(n - 1, **shows), case(99, before=-30, **late)])


@of_each
def test_a_pupil_first_heard_of_as_back_at_school_was_a_case(rule: str) -> None:
    shows, n, window, _ = WIDTHS[rule]
    back = {"row_state": "returned", **shows}
    assert rule in rule_ids([*cases(n - 1, **shows), case(99, start=ago(window - 1), **back)])
    assert rule not in rule_ids([*cases(n - 1, **shows), case(99, start=ago(window), **back)])


@of_each
def test_only_pupils_absent_because_ill_count(rule: str) -> None:
    shows, n, _, _ = WIDTHS[rule]
    assert rule not in rule_ids([*cases(n - 1, **shows), case(99, reason="other", **shows)])


@of_each
def test_classes_are_counted_apart_where_the_rule_says_so(rule: str) -> None:
    shows, n, _, alone = WIDTHS[rule]
    told = [*cases(n - 1, **shows), case(99, class_key="三3", **shows)]
    assert (rule in rule_ids(told)) is not alone


def test_a_campus_of_ten_is_an_outbreak_and_no_more_a_cluster_of_five_to_nine() -> None:
    hfmd = {"diagnosis": "D10"}
    assert {"C02"} == rule_ids(cases(9, **hfmd)) & {"C02", "C03"}
    assert {"C03"} == rule_ids(cases(10, **hfmd)) & {"C02", "C03"}


# --------------------------------------------------------------------------- groups


def test_each_syndrome_group_is_counted_by_itself() -> None:
    told = [*cases(2, symptoms="S01"), case(5, symptoms="S07 S09")]
    assert names(told) == set()
    assert names([*told, case(7, symptoms="S01 S09")]) == {("E01", "FEV", "三2")}


def test_a_pupil_with_two_signs_of_one_group_counts_once_in_it() -> None:
    assert names([*cases(2, symptoms="S06 S07 S08")]) == set()


def test_a_dormitory_counts_across_classes() -> None:
    told = [case(n, class_key=key, dorm="东101", **FEVER) for n, key in enumerate(["高一1", "高一2", "高二1"])]
    assert names(told) == {("E01", "FEV", "宿舍 东101")}


@pytest.mark.parametrize(
    ("temperature", "symptoms", "ili"),
    [(38.0, "S02", True), (38.0, "S03", True), (37.9, "S02", False), (39.5, "S01", False), (None, "S01 S02", False)],
)
def test_influenza_like_is_38_degrees_with_cough_or_sore_throat(
    temperature: float | None, symptoms: str, ili: bool
) -> None:
    assert ("ILI" in groups.groups_of(symptoms, temperature, "")) is ili


# --------------------------------------------------------------------------- late knowledge


def test_those_who_fell_ill_last_night_meet_the_one_day_rule_of_last_night() -> None:
    told = cases(3, onset=ago(1), **FEVER)
    assert rule_ids(told) == set()
    assert rule_ids(told, ago(1)) == {"E01"}


@pytest.mark.parametrize("late", [1, 7, 8, 30])
def test_it_does_not_matter_how_late_a_case_is_told(late: int) -> None:
    assert "E01" in rule_ids(cases(3, onset=ago(late), **FEVER), ago(late))


def test_a_row_that_goes_on_with_a_spell_belongs_to_its_case_whatever_beginning_it_names() -> None:
    first = cases(2, before=3, **FEVER)
    told = [*first, *cases(2, row_state="ongoing", spell=ago(3), **FEVER), case(9, **FEVER)]
    assert rule_ids(told) == set()


def test_a_diagnosis_learned_while_still_absent_counts_for_the_day_the_pupil_fell_ill() -> None:
    told = [*cases(2, before=1, symptoms="S09"), *cases(2, row_state="ongoing", start=ago(1), diagnosis="D10")]
    assert {"C01", "S05"} <= rule_ids(told, ago(1))
    (c01,) = [c for c in met(told) if c.rule == "C01" and c.day == ago(1)]
    assert c01.known_on == DAY


def test_an_onset_after_the_report_is_taken_as_the_reports_day() -> None:
    assert case(onset=DAY + timedelta(days=2)).began == DAY


# --------------------------------------------------------------------------- 现症 and single cases


@pytest.mark.parametrize(("n", "hit"), [(11, False), (12, True)])
def test_thirty_percent_of_the_roll_are_twelve_of_forty(n: int, hit: bool) -> None:
    assert (("S02", "ILI", "三2") in names(cases(n, **ILI))) is hit


def test_those_still_absent_are_present_cases_though_their_fever_was_told_before() -> None:
    told = [*cases(12, before=1, **ILI), *cases(12, row_state="ongoing", start=ago(1), symptoms="S02")]
    assert "S02" in rule_ids(told)
    back = [*cases(12, before=1, **ILI), *cases(11, row_state="ongoing", start=ago(1), symptoms="S02")]
    assert "S02" not in rule_ids(back)


def test_a_share_of_an_unknown_roll_is_never_met() -> None:
    assert "S02" not in rule_ids(cases(30, class_key="四1", **ILI))
    assert "S02" not in rule_ids(cases(30, class_key="五1", **ILI))


@pytest.mark.parametrize("disease", ["D06", "D20", "D09", "D15", "D21", "D23"])
def test_one_case_of_the_first_classes_warns(disease: str) -> None:
    assert ("E03", disease, "") in names([case(diagnosis=disease)])
    assert ("E03", disease, "") in names([case(diagnosis=disease, row_state="ongoing", start=ago(3))], ago(3))


@pytest.mark.parametrize("disease", ["D02", "D10", "D08", "D07", "D12", "D13", "D34"])
def test_one_case_of_the_third_class_is_a_line_for_the_county_and_no_warning(disease: str) -> None:
    told = [case(diagnosis=disease), case(diagnosis=disease, before=1)]
    assert "E03" not in rule_ids(told)
    assert [(hint.disease, hint.day) for hint in engine.hints(told, RULES)] == [(disease, ago(1))]


def test_a_disease_that_is_not_notifiable_is_neither() -> None:
    told = [case(diagnosis="D05")]
    assert "E03" not in rule_ids(told)
    assert engine.hints(told, RULES) == ()


def test_the_class_of_a_disease_is_the_one_of_the_day() -> None:
    assert [RULES.grade("D23", day) for day in (date(2023, 9, 19), date(2023, 9, 20))] == ["", "乙"]


# --------------------------------------------------------------------------- other kinds of condition


def test_five_in_hospital_are_enough_where_the_norm_says_so() -> None:
    def ward(n: int) -> list[Case]:
        return cases(n, admitted=True, **ILI) + cases(6, class_key="三3", **ILI)

    assert "P01" not in rule_ids(ward(4))
    assert "P01" in rule_ids(ward(5))
    (hit,) = [c for c in met(ward(5)) if c.rule == "P01"]
    assert (hit.n, hit.threshold) == (11, "住院≥5")
    early = [*cases(4, admitted=True, **ILI), case(99, before=6, admitted=True, **ILI)]
    assert "P01" in rule_ids(early)
    assert "P01" not in rule_ids([*cases(4, admitted=True, **ILI), case(99, before=7, admitted=True, **ILI)])


def test_a_stay_in_hospital_learned_later_counts_for_the_day_the_pupil_fell_ill() -> None:
    first = cases(5, before=3, **ILI)
    later = cases(5, row_state="ongoing", start=ago(3), admitted=True, symptoms="S02")
    assert "P01" not in rule_ids(first, ago(3))
    assert "P01" in rule_ids([*first, *later], ago(3))
    (hit,) = [c for c in met([*first, *later]) if (c.rule, c.day) == ("P01", ago(3))]
    assert hit.known_on == DAY


@pytest.mark.parametrize(("rule", "n", "window"), [("C06", 5, 3), ("C07", 20, 7)])
def test_of_those_that_must_be_tested_two_are(rule: str, n: int, window: int) -> None:
    noro = {"diagnosis": "D13"}
    assert rule not in rule_ids([*cases(n - 1, **noro), case(99, tested=True, **noro)])
    assert rule in rule_ids([*cases(n - 2, **noro), *cases(2, class_key="三3", tested=True, **noro)])
    assert rule not in rule_ids([*cases(n - 3, **noro), *cases(2, class_key="三3", tested=True, **noro)])
    edge = [*cases(n - 2, **noro), case(98, tested=True, **noro)]
    assert rule in rule_ids([*edge, case(99, before=window - 1, tested=True, **noro)])
    assert rule not in rule_ids([*edge, case(99, before=window, tested=True, **noro)])


def test_only_those_tested_and_in_hospital_count_where_the_rule_says_so() -> None:
    flu = {"diagnosis": "D02"}
    assert "S03" not in rule_ids([case(1, tested=True, admitted=True, **flu), case(2, tested=True, **flu)])
    assert "S03" not in rule_ids([case(1, tested=True, admitted=True, **flu), case(2, admitted=True, **flu)])


LEVELS = [("E07", 1, 3, 5, True), ("E08", 7, 6, 7, True), ("E09", 1, 8, 10, False), ("E10", 7, 16, 18, False)]


@pytest.mark.parametrize(("rule", "window", "middle", "primary", "alone"), LEVELS)
def test_a_level_has_its_own_threshold_for_all_that_are_ill(
    rule: str, window: int, middle: int, primary: int, alone: bool
) -> None:
    for key, n in (("三2", primary), ("高一2", middle), ("七1", middle), ("中职一1", middle)):
        assert rule not in rule_ids(cases(n - 1, class_key=key))
        assert rule in rule_ids(cases(n, class_key=key))
        assert rule in rule_ids([*cases(n - 1, class_key=key), case(99, before=window - 1, class_key=key)])
        assert rule not in rule_ids([*cases(n - 1, class_key=key), case(99, before=window, class_key=key)])
    assert rule not in rule_ids(cases(40, class_key="小一"))
    mixed = [*cases(primary - 1, class_key="三2"), *cases(middle - 1, class_key="七1")]
    assert rule not in rule_ids(mixed)
    apart = [*cases(primary - 1, class_key="三2"), case(99, class_key="三3")]
    assert (rule in rule_ids(apart)) is not alone


def test_three_classes_with_two_each_are_enough() -> None:
    hfmd = {"diagnosis": "D10"}
    two = [*cases(2, class_key="小一", **hfmd), *cases(2, class_key="小二", **hfmd)]
    assert "S06" not in rule_ids([*two, case(1, class_key="中一", **hfmd)])
    assert "S06" in rule_ids([*two, *cases(2, class_key="中一", **hfmd)])
    assert "S06" in rule_ids([*two, case(1, class_key="中一", **hfmd), case(2, before=6, class_key="中一", **hfmd)])
    assert "S06" not in rule_ids([*two, case(1, class_key="中一", **hfmd), case(2, before=7, class_key="中一", **hfmd)])


def test_a_term_is_counted_from_its_first_day() -> None:
    began = ago(60)
    tb = {"diagnosis": "D20"}
    for before, hit in ((60, True), (61, False)):
        told = [*cases(9, **tb), case(99, before=before, **tb)]
        found = {c.rule for c in met(told, term_began=lambda _: began) if c.day == DAY}
        assert ("P13" in found) is hit
    assert "P13" not in rule_ids(cases(9, **tb))


def test_without_a_term_table_a_term_begins_in_september_or_february() -> None:
    tb = {"diagnosis": "D20"}
    assert "P13" in rule_ids([*cases(9, **tb), case(99, onset=date(2026, 9, 1), **tb)])
    assert "P13" not in rule_ids([*cases(9, **tb), case(99, onset=date(2026, 8, 31), **tb)])


def test_a_meal_in_common_counts_like_a_symptom() -> None:
    told = [case(n, symptoms=sign, meal=True) for n, sign in enumerate(["S06", "S01", "S05"])]
    assert names(told) == {("E01", "MEAL", "三2")}
    assert names(told[:2]) == set()
    assert "E01" not in {c.rule for c in met([*told[:2], case(9, before=1, symptoms="S05", meal=True)])}


@pytest.mark.parametrize(
    ("shows", "hit"),
    [
        ({"severe": True, "symptoms": "S06"}, True),
        ({"symptoms": "S16"}, True),
        ({"symptoms": "S16", "diagnosis": "D33"}, True),
        ({"symptoms": "S16", "diagnosis": "D03"}, False),
        ({"symptoms": "S01", "temperature": 39.1, "diagnosis": "D33"}, True),
        ({"symptoms": "S01", "temperature": 39.0, "diagnosis": "D33"}, False),
        ({"symptoms": "S01", "temperature": 41.0}, False),
        ({"symptoms": "S06 S07"}, False),
    ],
)
def test_one_child_in_danger_warns(shows: dict[str, object], hit: bool) -> None:
    assert ("E04" in rule_ids([case(**shows)])) is hit


@pytest.mark.parametrize("disease", ["D35", "D36", "D37", "D38", "D39", "D40"])
def test_one_case_of_the_gravest_diseases_is_an_event(disease: str) -> None:
    assert {("P14", disease, ""), ("E03", disease, "")} <= names([case(diagnosis=disease)])


def test_one_case_of_tuberculosis_is_looked_into() -> None:
    assert "E11" in rule_ids([case(diagnosis="D20")])


def test_diagnosed_influenza_is_influenza_like_without_a_temperature() -> None:
    flu = {"diagnosis": "D02"}
    assert "C04" not in rule_ids(cases(9, **flu))
    assert "C04" in rule_ids([*cases(5, **flu), *cases(5, class_key="三3", **ILI)])


def test_norovirus_is_one_of_the_infectious_diarrhoeas() -> None:
    told = [*cases(10, diagnosis="D13"), *cases(10, class_key="三3", diagnosis="D34")]
    assert ("P07", "D34", "") in names(told)
    assert "P07" not in rule_ids(told[1:])


# --------------------------------------------------------------------------- what people say


@pytest.mark.parametrize(
    ("rule", "group", "n"), [("P01", "ILI", 2), ("P07", "D34", 1), ("C08", "D14", 2), ("P13", "D20", 1)]
)
def test_deaths_are_enough_where_the_norm_says_so(rule: str, group: str, n: int) -> None:
    def said(deaths: int) -> set[str]:
        return {c.rule for c in met([], told=[Told(DAY, group, deaths=deaths, alert="2026-0001")])}

    assert rule not in said(n - 1)
    assert rule in said(n)


@pytest.mark.parametrize(("before", "hit"), [(6, True), (7, False)])
def test_deaths_of_two_alerts_add_up_within_the_window(before: int, hit: bool) -> None:
    told = [Told(ago(before), "D02", deaths=1), Told(DAY, "ILI", deaths=1)]
    assert bool([c for c in met([], told=told) if c.rule == "P01"]) is hit


@pytest.mark.parametrize(("rule", "group"), [("E05", "EMG"), ("P10", "FOOD"), ("P12", "UNX")])
def test_what_records_cannot_show_is_raised_by_a_person(rule: str, group: str) -> None:
    (hit,) = met([], told=[Told(DAY, group, rule=rule, n=7)])
    assert (hit.rule, hit.group, hit.n, hit.day, hit.members) == (rule, group, 7, DAY, ())


def test_no_number_of_records_meets_what_only_a_person_can_raise() -> None:
    assert not {"E05", "P10", "P12"} & rule_ids(cases(40, meal=True, diagnosis="D33", symptoms="S06 S07"))


# --------------------------------------------------------------------------- switches and the file


def test_a_rule_is_off_where_the_narrowest_division_says_so() -> None:
    (e01,) = parse(_with("")).rules
    e01 = replace(e01, switches=(Switch("320100", on=False, since=ago(9)), Switch("320106", on=True, since=ago(9))))
    places = (("s", "320106", "320100"), ("s", "320102", "320100"), ("s", "320302"))
    assert [e01.active(chain, DAY) for chain in places] == [True, False, True]


def test_a_switch_counts_from_its_day_and_the_later_one_goes_before() -> None:
    (e01,) = parse(_with("on = false")).rules
    e01 = replace(e01, switches=(Switch("320106", on=True, since=ago(5)), Switch("320106", on=False, since=ago(2))))
    assert [e01.active(("s", "320106"), ago(n)) for n in (6, 5, 3, 2, 0)] == [False, True, True, False, False]
    known = replace(RULES, rules=(e01,))
    days = {c.day for n in range(8) for c in met(cases(3, before=n, **FEVER), known)}
    assert days == {ago(5), ago(4), ago(3)}


NATIONAL = {f"C{n:02}" for n in (1, 2, 3, 4, 6, 7, 8, 10, 11)} | {f"P{n:02}" for n in range(1, 15)}
NATIONAL |= {"E01", "E02", "E03", "E04", "E05", "E11", "S01", "S02", "S03", "S07", "S08"}


def test_what_norms_ask_for_is_on_and_local_practice_and_studies_are_off() -> None:
    assert {rule.id for rule in SHIPPED.rules if rule.on} == NATIONAL


def test_what_is_carried_has_the_stages_of_the_norms() -> None:
    stages = {rule.id: rule.stage for rule in RULES.rules}
    assert {s for r, s in stages.items() if r[0] == "E"} == {Stage.EARLY}
    assert stages["C03"] is Stage.OUTBREAK
    assert {s for r, s in stages.items() if r[0] == "P"} == {Stage.EVENT}
    assert {s for r, s in stages.items() if r[0] == "S"} == {Stage.CLOSURE}
    assert all(rule.source for rule in RULES.rules)


def test_every_group_a_rule_may_meet_has_an_end_rule() -> None:
    graded = {n.disease for rule in RULES.rules for n in RULES.notifiable if n.grade in rule.grades}
    asked = {group for rule in RULES.rules for group in rule.groups} | graded
    assert asked <= set(RULES.groups)
    assert set(RULES.groups) <= {*SYNDROME_LABELS, *DISEASE.labels}


def _with(more: str) -> str:
    return f"""
version = "t"
[[group]]
code = "FEV"
end_days = 7
[[rule]]
id = "E01"
stage = "early"
groups = ["FEV"]
counts = "new"
window = 1
scope = ["class"]
at_least = 3
source = "出处"
confidence = "found"
{more}
"""


def test_all_that_is_wrong_with_the_file_is_said_together() -> None:
    wrong = _with('colour = "red"\non = "yes"\nshare = 30') + '[[group]]\ncode = "XXX"\nend_days = 0\n'
    with pytest.raises(ConfigError) as caught:
        parse(wrong)
    text = str(caught.value)
    assert all(
        word in text
        for word in ("colour", "第 17 行 规则 E01: on 须为", "share", "组 XXX: code 不在", "组 XXX: end_days")
    )


_LINES = resources.path("rules/rules.toml").read_text(encoding="utf-8").splitlines()
_VALUES = st.sampled_from(
    ["5", '"x"', '""', "[]", "[1]", '["x", 3]', "[[1]]", "true", "{ a = 1 }", "[{ a = 1 }]", "1.5", "-1", "2026-01-01"]
)
_ADDED = st.sampled_from(["group = 5", "rule = 3", "[rule]", "[[rule]]", "[[group]]", "[other]", "other = 1", "x = ["])


@settings(max_examples=150)
@given(
    st.dictionaries(st.integers(0, len(_LINES) - 1), st.one_of(_VALUES, _ADDED, st.just("")), min_size=1, max_size=4)
)
def test_whatever_is_typed_into_the_file_it_is_taken_or_its_problems_are_said(typed: dict[int, str]) -> None:
    lines = list(_LINES)
    for at, value in typed.items():
        key, is_one, _ = lines[at].partition("=")
        lines[at] = f"{key}= {value}" if is_one and value[:1] not in "grox" else value
    with suppress(ConfigError):
        parse("\n".join(lines))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ('groups = "FEV"', '规则 E01: groups 须为文字的列表，如 ["D10"]'),
        ('on = "yes"', "规则 E01: on 须为true 或 false"),
        ("by_level = 3", "规则 E01: by_level 须为几类 = 整数，如 { primary = 5 }"),
        ("tested = true", "规则 E01: tested 须为整数"),
    ],
)
def test_a_value_of_another_kind_is_said_with_its_line_and_nothing_else_is(typed: str, said: str) -> None:
    text = _with(typed)
    if typed.startswith("groups"):
        text = text.replace('groups = ["FEV"]\n', "")
    with pytest.raises(ConfigError) as caught:
        parse(text)
    line = 1 + text.splitlines().index(typed)
    assert caught.value.problems == [f"rules.toml: 第 {line} 行 {said}"]


def test_what_is_no_toml_is_said_with_its_place() -> None:
    for text, where in (("a = 1\nb = x\n", "第 2 行第 5 列"), ("a = [", "文末")):
        with pytest.raises(ConfigError) as caught:
            parse(text)
        assert f"rules.toml: {where} 不合 TOML 的写法" in caught.value.problems[0]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('stage = "early"', 'stage = "late"', "stage 须为"),
        ("window = 1", "window = 0", "window 须为"),
        ('groups = ["FEV"]', 'groups = ["RES"]', "未声明的组"),
        ('scope = ["class"]', 'scope = ["town"]', "第 12 行 规则 E01: scope 须为"),
        ("window = 1", 'window = "term"', "window 超过"),
        ("window = 1", "window = 31", "window 超过"),
        ("at_least = 3", "", "至少一项"),
        ("at_least = 3", "at_least = 3\ntested = 4", "tested 须"),
        ("at_least = 3", "deaths = 1", "deaths 须"),
        ("at_least = 3", "by_level = { upper = 3 }", "by_level 须"),
        ("at_least = 3", "classes = [3]", "classes 须"),
        ("at_least = 3", 'at_least = 3\nonly = ["dead"]', "only 须"),
        ('counts = "new"', 'counts = "present"\nadmitted = 1', "present 时只可"),
        ('version = "t"', "", "version"),
        ('source = "出处"', "", "source 必填"),
        ("end_days = 7", 'end_days = 7\nabsorbs = ["FEV"]', "成环"),
        ("[[rule]]", "[[rule]", "rules.toml"),
    ],
)
def test_a_mistake_in_the_file_is_named(old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse(_with("").replace(old, new))


def test_rules_are_values() -> None:
    assert isinstance(RULES, Rules)
    assert rules.load() == SHIPPED
