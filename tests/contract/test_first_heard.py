"""Which case a row goes on with, and what later reports become, in whatever order the days come in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline import rules
from pipeline.alerts import assess
from pipeline.database.models import Absence, AlertHit, Letter, SchoolClass
from pipeline.database.transactions import undone
from pipeline.model import Checked, LetterKind, Mode, Site
from pipeline.schooldays import today
from tests.contract.settling import Known, journalled
from tests.inprocess import InProcess
from tests.submissions import DAY, SCHOOL, checked, later, line, row

RULES = rules.load()
NOW = later(days=5)
PUPILS = "甲乙丙丁"


def on(n: int) -> date:
    return DAY + timedelta(days=n)


def day_report(seq: int, n: int, *pupils: tuple[str, dict[str, object]]) -> Checked:
    rows = [row(name, 8 + place, **{"start": on(n), **said}) for place, (name, said) in enumerate(pupils)]
    return checked(seq, [*rows, line("三3"), line("四1")], day=on(n), at=later(days=5))


def report(site: Site, *batch: Checked) -> None:
    """Journal and settle one after the other, on the last of the days."""
    for one in journalled(site, batch):
        Known(site, InProcess(), NOW, {one.arrival.seq: one}).fold([one])


def cases() -> dict[tuple[int, str], tuple[int, str]]:
    """(day, pupil) → (day of the case, state), days counted from DAY."""
    return {
        ((one.day - DAY).days, one.pupil.rpartition("-")[2]): ((one.began - DAY).days, one.row_state)
        for one in Absence.objects.all()
    }


def test_a_case_first_heard_of_late_is_new_on_the_day_it_is_heard_of(school: Site) -> None:
    report(school, day_report(1, 0), day_report(2, 1, ("甲", {"start": DAY})))
    assert cases() == {(1, "甲"): (0, "new")}


def test_a_pupil_absent_in_the_last_report_goes_on_whatever_beginning_is_typed(school: Site) -> None:
    report(school, day_report(1, 0, ("甲", {})), day_report(2, 1, ("甲", {})), day_report(3, 2, ("甲", {})))
    assert cases() == {(0, "甲"): (0, "new"), (1, "甲"): (0, "ongoing"), (2, "甲"): (0, "ongoing")}


def test_a_pupil_not_named_in_between_is_a_new_case_unless_its_beginning_says_otherwise(school: Site) -> None:
    first, zero = day_report(1, 0, ("甲", {}), ("乙", {})), day_report(2, 1)
    report(school, first, zero, day_report(3, 2, ("甲", {}), ("乙", {"start": DAY})))
    assert (cases()[2, "甲"], cases()[2, "乙"]) == ((2, "new"), (0, "ongoing"))


def test_after_the_return_it_is_another_case(school: Site) -> None:
    back = day_report(2, 1, ("甲", {"start": DAY, "row_state": "returned", "returned": on(1)}))
    report(school, day_report(1, 0, ("甲", {})), back, day_report(3, 2, ("甲", {"start": DAY})))
    assert (cases()[1, "甲"], cases()[2, "甲"]) == ((0, "returned"), (2, "new"))


def test_who_was_on_leave_and_falls_ill_is_a_case_of_the_day_of_illness(school: Site) -> None:
    report(school, day_report(1, 0, *((name, {"reason": "other", "symptoms": ""}) for name in PUPILS)))
    report(school, day_report(2, 1, *((name, {}) for name in PUPILS)))
    assert {cases()[1, name] for name in PUPILS} == {(1, "ongoing")}
    assess.warn(school, RULES, NOW)
    assert [(hit.day, hit.n) for hit in AlertHit.objects.filter(rule="E01")] == [(on(1), 4)]


def test_a_late_report_changes_what_the_days_after_it_are(school: Site) -> None:
    report(school, day_report(1, 1, ("甲", {})))
    assert cases() == {(1, "甲"): (1, "new")}
    report(school, day_report(2, 0, ("甲", {})))
    assert cases() == {(0, "甲"): (0, "new"), (1, "甲"): (0, "ongoing")}


def test_who_is_withdrawn_from_a_day_is_not_looked_for_there(school: Site) -> None:
    """Said to be absent since the day before; his row of the day between was another child's."""
    since = {"start": on(-1)}
    report(school, day_report(1, 0, ("甲", since), ("乙", {})), day_report(2, 1, ("甲", since)))
    assert cases()[1, "甲"] == (-1, "ongoing")
    without = checked(3, [row("乙"), line("三3"), line("四1")], day=DAY, at=later(days=5), mode=Mode.FULL)
    report(school, without)
    assert cases() == {(0, "乙"): (0, "new"), (1, "甲"): (-1, "new")}


def test_a_class_the_last_report_did_not_speak_for_is_looked_for_before_it(school: Site) -> None:
    partial = checked(2, [line("四1")], day=on(1), at=later(days=5))
    report(school, day_report(1, 0, ("甲", {})), partial, day_report(3, 2, ("甲", {})))
    assert cases()[2, "甲"] == (0, "ongoing")


def test_a_renamed_class_that_was_left_out_under_its_old_name_is_looked_for_before_that(school: Site) -> None:
    SchoolClass.objects.filter(key="三3").update(valid_to=on(2))
    SchoolClass.objects.create(school_id=SCHOOL, school_year=2026, key="三7", name="三(7)班", roll=40, valid_from=on(2))
    partial = checked(2, [line("四1")], day=on(1), at=later(days=5))
    again = row("甲", class_key="三7", start=on(2))._replace(identity="三3-甲")
    renamed = checked(3, [again, line("三7"), line("四1")], day=on(2), at=later(days=5))
    report(school, day_report(1, 0, ("甲", {})), partial, renamed)
    assert cases()[2, "甲"] == (0, "ongoing")


@pytest.mark.parametrize("told", [0, 1, 3])
def test_a_cluster_warns_whatever_day_it_is_told(school: Site, told: int) -> None:
    report(school, day_report(1, 0)) if told else None
    report(school, day_report(2, told, *((name, {"start": DAY}) for name in PUPILS)))
    assess.warn(school, RULES, NOW)
    assert [(hit.rule, hit.day, hit.n) for hit in AlertHit.objects.filter(rule="E01")] == [("E01", DAY, 4)]
    folders = set(Letter.objects.filter(kind=LetterKind.CARD).values_list("day", flat=True))
    assert folders == {today(NOW)}, "the card lies where it is looked for: in the folder of the day it was issued"


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ({"severe": True}, "E04"),
        ({"diagnosis": "D02", "admitted": True, "test_result": "positive"}, "S03"),
        ({"shared_meal": True}, "E01"),
        ({"diagnosis": "D13", "test_result": "positive"}, "C06"),
    ],
)
def test_what_a_later_row_adds_to_a_case_warns_on_the_day_of_the_case(
    school: Site, more: dict[str, object], rule: str
) -> None:
    """Though its symptoms and its diagnosis are those of the row before."""
    everybody = [f"{name}{n}" for name in PUPILS for n in "12"]
    first = {"symptoms": "S13", "diagnosis": more.get("diagnosis", "")}
    report(school, day_report(1, 0, *((name, first) for name in everybody)))
    assess.warn(school, RULES, NOW)
    assert not AlertHit.objects.filter(rule=rule).exists()
    report(school, day_report(2, 1, *((name, {**first, **more, "start": DAY}) for name in everybody)))
    assess.warn(school, RULES, NOW)
    assert DAY in {hit.day for hit in AlertHit.objects.filter(rule=rule)}


words = st.sampled_from(
    [
        {},
        {"start": -1},
        {"start": -3},
        {"row_state": "returned"},
        {"onset": -2},
        {"symptoms": "S09"},
        {"reason": "other"},
    ]
)
histories = st.lists(
    st.dictionaries(st.sampled_from(PUPILS), words, max_size=4), min_size=2, max_size=4
)  # day by day: pupil → what its row says


def rows_of(n: int, day: dict[str, dict[str, object]]) -> list[tuple[str, dict[str, object]]]:
    return [(name, {k: on(n + v) if isinstance(v, int) else v for k, v in said.items()}) for name, said in day.items()]


@example([{"甲": {}}, {"甲": {}}, {"甲": {}}], [2, 0, 1])
@example([{}, {name: {"start": -1} for name in PUPILS}], [1, 0])
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories, st.permutations(range(4)))
def test_it_does_not_matter_in_which_order_the_days_come_in(
    school: Site, history: list[dict[str, dict[str, object]]], order: Sequence[int]
) -> None:
    days = [(n, rows_of(n, day)) for n, day in enumerate(history)]
    found = []
    for places in (range(len(days)), [place for place in order if place < len(days)]):
        with undone():
            for seq, place in enumerate(places, 1):
                n, said = days[place]
                report(school, day_report(seq, n, *said))
                assess.warn(school, RULES, NOW)
            hits = AlertHit.objects.filter(to_settled__isnull=True)
            found.append((cases(), sorted((h.rule, h.group, h.scope, h.day, str(h.members)) for h in hits)))
    assert found[0] == found[1]
