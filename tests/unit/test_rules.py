"""Claims about the warning rules, exact at their boundaries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import pytest

from pipeline import rules
from pipeline.errors import ConfigError
from pipeline.forms.words import DISEASE, SYNDROMES
from pipeline.rules import Case, Condition, Rule, Rules, Stage, engine, parse
from pipeline.rules.engine import Window

RULES = rules.load()
DAY = date(2026, 11, 18)  # a Wednesday
WIDE = Window(DAY - timedelta(days=40), DAY + timedelta(days=40))
ROLLS = {"三2": 40, "三3": 40, "四1": None}

FEVER = {"symptoms": "S01"}
ILI = {"symptoms": "S01 S02", "temperature": 38.0}


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


def case(pupil: int = 1, *, before: int = 0, class_key: str = "三2", **changed: object) -> Case:
    """A new row, `before` days before DAY, of a pupil who fell ill that day."""
    asked = {"day": ago(before), "start": ago(before), "row_state": "new", "reason": "ill"} | changed
    return Case(pupil=f"{class_key}-P{pupil}", class_key=class_key, **asked)  # type: ignore[arg-type]  # a builder


def cases(n: int, **changed: object) -> list[Case]:
    return [case(pupil, **changed) for pupil in range(n)]  # type: ignore[arg-type]  # a builder


def met(told: Iterable[Case], span: Window = WIDE, active: Sequence[Rule] = RULES.rules) -> tuple[Condition, ...]:
    return engine.conditions(told, ROLLS, engine.ask(RULES, active), span)


def names(told: Iterable[Case], day: date = DAY) -> set[tuple[str, str, str]]:
    """(rule, group, scope) met on a day."""
    return {(c.rule, c.group, c.scope) for c in met(told) if c.day == day}


def rule_ids(told: Iterable[Case], day: date = DAY) -> set[str]:
    return {rule for rule, _, _ in names(told, day)}


# --------------------------------------------------------------------------- boundaries of every rule

WIDTHS = {  # rule → (what a case shows, threshold, window in days, one class is enough)
    "E01": (FEVER, 3, 1, True),
    "E02": (FEVER, 5, 3, True),
    "C01": ({"diagnosis": "D10"}, 2, 7, True),
    "C02": ({"diagnosis": "D10"}, 5, 7, False),
    "C03": ({"diagnosis": "D10"}, 10, 7, False),
    "C04": (ILI, 10, 7, False),
    "C09": ({"diagnosis": "D12"}, 3, 7, False),
    "C10": ({"diagnosis": "D09"}, 10, 7, False),
    "C11": ({"diagnosis": "D06"}, 2, 10, False),
    "C12": ({"diagnosis": "D07"}, 5, 7, False),
    "C13": ({"diagnosis": "D08"}, 5, 7, False),
    "C14": ({"diagnosis": "D05"}, 5, 7, False),
    "S01": (ILI, 5, 1, True),
    "S05": ({"diagnosis": "D10"}, 2, 7, True),
    "S07": ({"diagnosis": "D06"}, 2, 10, True),
    "S08": ({"diagnosis": "D05"}, 10, 7, True),
}
windows = pytest.mark.parametrize("rule", WIDTHS)


def test_every_rule_that_counts_a_window_has_its_boundaries_tested() -> None:
    assert {rule.id for rule in RULES.rules} == set(WIDTHS) | {"E03", "S02"}


@windows
def test_one_fewer_does_not_meet_it(rule: str) -> None:
    shows, n, _, _ = WIDTHS[rule]
    assert rule not in rule_ids(cases(n - 1, **shows))
    assert rule in rule_ids(cases(n, **shows))


@windows
def test_the_windows_first_day_counts_and_the_day_before_does_not(rule: str) -> None:
    shows, n, window, _ = WIDTHS[rule]
    others = cases(n - 1, **shows)
    assert rule in rule_ids([*others, case(99, before=window - 1, **shows)])
    assert rule not in rule_ids([*others, case(99, before=window, **shows)])


@windows
def test_the_onset_counts_not_the_first_day_of_absence(rule: str) -> None:
    shows, n, window, _ = WIDTHS[rule]
    others = cases(n - 1, **shows)
    assert rule in rule_ids([*others, case(99, onset=ago(window - 1), **shows)])
    assert rule not in rule_ids([*others, case(99, onset=ago(window), **shows)])


@windows
def test_a_pupil_counts_once(rule: str) -> None:
    shows, n, _, _ = WIDTHS[rule]
    assert rule not in rule_ids([*cases(n - 1, **shows), case(0, **shows)])


@windows
def test_a_pupil_still_absent_counts_on_the_day_the_case_began_and_not_again(rule: str) -> None:
    shows, n, window, _ = WIDTHS[rule]
    still = {"row_state": "ongoing", "start": ago(window), **shows}
    told = [*cases(n - 1, **shows), case(99, **still)]
    assert rule not in rule_ids(told)
    assert rule not in rule_ids([*told, case(99, before=1, **still)])


@windows
def test_a_case_first_heard_of_late_counts_on_its_own_day(rule: str) -> None:
    shows, n, window, _ = WIDTHS[rule]
    late = {"row_state": "ongoing", "start": ago(window - 1), **shows}
    assert rule in rule_ids([*cases(n - 1, **shows), case(99, **late)])
    assert rule in rule_ids([*cases(n - 1, **shows), case(99, before=-30, **late)])


@windows
def test_a_pupil_first_heard_of_as_back_at_school_was_a_case(rule: str) -> None:
    shows, n, window, _ = WIDTHS[rule]
    back = {"row_state": "returned", **shows}
    assert rule in rule_ids([*cases(n - 1, **shows), case(99, start=ago(window - 1), **back)])
    assert rule not in rule_ids([*cases(n - 1, **shows), case(99, start=ago(window), **back)])


@windows
def test_only_pupils_absent_because_ill_count(rule: str) -> None:
    shows, n, _, _ = WIDTHS[rule]
    assert rule not in rule_ids([*cases(n - 1, **shows), case(99, reason="other", **shows)])


@windows
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
    told = [*cases(2, symptoms="S01"), case(5, symptoms="S09"), case(6, symptoms="S07")]
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
    assert ("ILI" in engine.groups_of(symptoms, temperature, "")) is ili


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


# --------------------------------------------------------------------------- switches and the file


def test_a_rule_is_off_where_the_narrowest_division_says_so() -> None:
    (e01,) = parse(_with('[rule.divisions]\n"320100" = false\n"320106" = true')).rules
    assert [e01.active(chain) for chain in (("s", "320106", "320100"), ("s", "320102", "320100"), ("s", "320302"))] == [
        True,
        False,
        True,
    ]


def test_what_is_carried_has_the_stages_of_the_norms() -> None:
    stages = {rule.id: rule.stage for rule in RULES.rules}
    assert {s for r, s in stages.items() if r[0] == "E"} == {Stage.EARLY}
    assert stages["C03"] is Stage.OUTBREAK
    assert {s for r, s in stages.items() if r[0] == "S"} == {Stage.CLOSURE}
    assert all(rule.source for rule in RULES.rules)


def test_every_group_a_rule_may_meet_has_an_end_rule() -> None:
    graded = {n.disease for rule in RULES.rules for n in RULES.notifiable if n.grade in rule.grades}
    asked = {group for rule in RULES.rules for group in rule.groups} | graded
    assert asked <= set(RULES.groups)
    assert set(RULES.groups) <= {*SYNDROMES, "ILI", *DISEASE.labels}


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
    assert all(word in text for word in ("colour", "on 须为", "share", "组 XXX: 不在", "组 XXX: end_days"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('stage = "early"', 'stage = "late"', "stage 须为"),
        ("window = 1", "window = 0", "window 须为"),
        ('groups = ["FEV"]', 'groups = ["RES"]', "未声明的组"),
        ('scope = ["class"]', 'scope = ["town"]', "scope 须为"),
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
    assert rules.load() == RULES
