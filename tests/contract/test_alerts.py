"""What the store makes of todo(warn), on each database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline import rules
from pipeline.alerts import alert_labels, assess, load
from pipeline.database import sql
from pipeline.database.models import Absence, Alert, AlertCase, AlertEvent, AlertHit, Letter, SchoolClass, Todo, Unit
from pipeline.model import Site
from pipeline.rules import windows
from pipeline.schooldays import ZONE

RULES = rules.load()
DAY = date(2026, 11, 18)
NOW = datetime(2026, 11, 18, 14, 0, tzinfo=ZONE)
SCHOOL, COUNTY = "2132000001", "320106"


def enrol(*schools: str) -> None:
    for school in schools:
        Unit.objects.create(code=school, kind="school", division_id=COUNTY, name="示例小学", stages="小学")
        SchoolClass.objects.create(school_id=school, school_year=2026, key="三2", name="三(2)班", roll=40)


def absent(
    *pupils: int, school: str = SCHOOL, on: int = 0, settled: int = 1, campus: str = "本部", **shows: object
) -> None:
    """New rows `on` days after DAY, and the todo their settling would leave."""
    day = DAY + timedelta(days=on)
    Absence.objects.bulk_create(
        Absence(
            day=day, school=school, campus=campus, division=COUNTY, pupil=f"三2-P{n}", class_key="三2", sex="1",
            reason="ill", row_state="new", start=day, from_settled=settled, origin="1:8", **{"began": day, **shows},
        )
        for n in pupils
    )  # fmt: skip
    for one in {day, shows.get("began", day)}:
        todo(school, one, settled)  # type: ignore[arg-type]  # a date


def withdrawn(*pupils: int, on: int = 0, settled: int) -> None:
    day = DAY + timedelta(days=on)
    Absence.objects.filter(day=day, pupil__in=[f"三2-P{n}" for n in pupils]).delete()
    todo(SCHOOL, day, settled)


def todo(school: str, day: date, settled: int) -> None:
    Todo.objects.update_or_create(kind="warn", code=school, day=day, defaults={"settled": settled})


def warn(site: Site, now: datetime = NOW) -> int:
    return assess.warn(site, RULES, now)


def atomic() -> list[list[tuple[object, ...]]]:
    """Everything the alerts' tables hold."""
    tables = ["alert", "alert_hit", "alert_case", "alert_event", "letter", "todo"]
    return [sql.fetch(f'SELECT * FROM "{table}" ORDER BY 1, 2') for table in tables]


def letters() -> list[tuple[str, str]]:
    return list(Letter.objects.filter(kind="card").order_by("id").values_list("ref", "reader"))


def test_a_cluster_opens_an_alert_with_its_hit_cases_event_and_cards(site: Site) -> None:
    enrol(SCHOOL)
    absent(1, 2, 3, symptoms="S01", settled=7)
    assert warn(site) == 1
    alert = Alert.objects.get()
    assert (alert.id, alert.school_id, alert.campus, alert.division) == ("2026-0001", SCHOOL, "本部", COUNTY)
    assert (alert.group, alert.stage, alert.scope, alert.state, alert.cases) == ("FEV", "early", "三2", "issued", 3)
    assert (alert.opened_day, alert.due_at) == (DAY, NOW + timedelta(hours=24))
    hit = AlertHit.objects.get()
    assert (hit.rule, hit.rule_version, hit.n, hit.threshold, hit.from_settled) == ("E01", RULES.version, 3, "≥3", 7)
    assert [case.pupil for case in AlertCase.objects.order_by("pupil")] == ["三2-P1", "三2-P2", "三2-P3"]
    assert [(event.what, event.origin) for event in AlertEvent.objects.all()] == [("issued", 7)]
    assert letters() == [("2026-0001.1", SCHOOL), ("2026-0001.1", COUNTY)]
    assert not Todo.objects.exists()


def test_two_pupils_open_nothing(site: Site) -> None:
    enrol(SCHOOL)
    absent(1, 2, symptoms="S01")
    assert (warn(site), Alert.objects.count(), letters()) == (1, 0, [])


def test_the_same_todo_again_changes_nothing(site: Site) -> None:
    enrol(SCHOOL)
    absent(*range(1, 11), symptoms="S01 S02", temperature=38.5, onset=DAY)
    warn(site)
    before = atomic()
    todo(SCHOOL, DAY, 1)
    warn(site, NOW + timedelta(hours=1))
    assert atomic() == before


def test_further_cases_join_and_no_card_is_sent_twice(site: Site) -> None:
    enrol(SCHOOL)
    absent(1, 2, 3, symptoms="S01", settled=1)
    warn(site)
    absent(4, 5, 6, symptoms="S01", on=1, settled=2)
    warn(site, NOW + timedelta(days=1))
    assert Alert.objects.get().cases == 6
    assert AlertCase.objects.filter(from_settled=2).count() == 3
    assert len(letters()) == 2


def test_a_higher_stage_sends_the_card_again(site: Site) -> None:
    enrol(SCHOOL)
    absent(1, 2, 3, symptoms="S01", settled=1)
    warn(site)
    absent(*range(4, 9), symptoms="S01 S02", temperature=38, on=1, settled=2)
    warn(site, NOW + timedelta(days=1))
    alert = Alert.objects.get()
    assert (alert.group, alert.stage, alert.revision) == ("ILI", "closure", 2)
    assert letters()[2:] == [("2026-0001.2", SCHOOL), ("2026-0001.2", COUNTY)]


def test_withdrawn_rows_close_hit_case_and_unanswered_alert(site: Site) -> None:
    enrol(SCHOOL)
    absent(1, 2, 3, symptoms="S01", settled=1)
    warn(site)
    withdrawn(3, settled=4)
    warn(site, NOW + timedelta(hours=1))
    alert = Alert.objects.get()
    assert (alert.state, alert.close_reason, alert.cases) == ("void", "报送信息更正后已不成立", 3)
    assert AlertHit.objects.get().to_settled == 4
    assert set(AlertCase.objects.values_list("to_settled", flat=True)) == {4}
    assert len(letters()) == 4


def test_as_of_history_keeps_what_a_hit_was(site: Site) -> None:
    enrol(SCHOOL)
    absent(1, 2, 3, symptoms="S01", settled=1)
    warn(site)
    absent(4, symptoms="S01", settled=2)
    warn(site)
    stood = AlertHit.objects.order_by("id").values_list("n", "from_settled", "to_settled")
    assert list(stood) == [(3, 1, 2), (4, 2, None)]


def test_campuses_have_alerts_of_their_own(site: Site) -> None:
    enrol(SCHOOL)
    absent(1, 2, 3, symptoms="S01")
    absent(4, 5, 6, symptoms="S01", campus="东校区")
    warn(site)
    assert sorted(Alert.objects.values_list("campus", flat=True)) == ["东校区", "本部"]


def test_merged_syndromes_become_the_disease(site: Site) -> None:
    enrol(SCHOOL)
    absent(1, 2, 3, symptoms="S01")
    absent(4, 5, 6, symptoms="S09")
    warn(site)
    absent(2, 3, 7, diagnosis="D10", on=1, settled=2)
    warn(site, NOW + timedelta(days=1))
    states = list(Alert.objects.order_by("id").values_list("group", "state", "close_reason"))
    assert states == [("D10", "issued", ""), ("FEV", "merged", "并入2026-0001")]
    standing = AlertHit.objects.filter(to_settled__isnull=True).values_list("alert_id", flat=True)
    assert set(standing) == {"2026-0001"}


def test_syndromes_and_disease_of_one_batch_are_one_alert(site: Site) -> None:
    enrol(SCHOOL)
    absent(1, 2, 3, symptoms="S01")
    absent(4, 5, 6, symptoms="S09")
    absent(2, 3, 7, diagnosis="D10", on=1, settled=2)
    warn(site)
    assert list(Alert.objects.values_list("id", "group")) == [("2026-0001", "D10")]
    assert set(AlertEvent.objects.values_list("alert_id", flat=True)) == {"2026-0001"}


def test_six_pupils_with_fever_and_cough_are_one_card_that_takes_the_name_of_their_influenza(site: Site) -> None:
    enrol(SCHOOL)
    absent(*range(1, 7), symptoms="S01 S02", settled=1)
    warn(site)
    alert = Alert.objects.get()
    assert (alert.group, alert.also, alert.cases, alert_labels.groups(alert)) == ("FEV", "RES", 6, "发热、呼吸道症状")
    absent(1, 2, 3, symptoms="S01 S02", diagnosis="D02", began=DAY, on=1, settled=2)
    warn(site, NOW + timedelta(days=1))
    alert = Alert.objects.get()
    assert (alert.group, alert.also, alert.revision, alert.due_at) == ("D02", "", 2, NOW + timedelta(hours=24))
    assert letters() == [(f"2026-0001.{n}", reader) for n in (1, 2) for reader in (SCHOOL, COUNTY)]
    known = AlertCase.objects.filter(to_settled__isnull=True).exclude(diagnosis="")
    assert sorted(known.values_list("pupil", "diagnosis")) == [(f"三2-P{n}", "D02") for n in (1, 2, 3)]


def test_cards_that_grow_together_become_one_and_the_readers_of_the_other_are_told(site: Site) -> None:
    enrol(SCHOOL)
    absent(1, 2, 3, symptoms="S01", settled=1)
    absent(4, 5, 6, symptoms="S06", settled=1)
    warn(site)
    absent(4, 5, 6, symptoms="S06 S01", began=DAY, on=1, settled=2)
    warn(site, NOW + timedelta(days=1))
    states = list(Alert.objects.order_by("id").values_list("group", "also", "state", "close_reason"))
    assert states == [("FEV", "GI", "issued", ""), ("FEV", "", "merged", "并入2026-0001")]
    assert letters()[4:] == [
        (ref, reader) for ref in ("2026-0001.2", "2026-0002.1.closed") for reader in (SCHOOL, COUNTY)
    ]
    todo(SCHOOL, DAY, 2)
    before = atomic()[:-1]
    warn(site, NOW + timedelta(days=1))
    assert atomic()[:-1] == before


def test_one_card_may_take_the_name_that_another_gives_up(site: Site) -> None:
    """Vomiting and fever in one class, fever and cough in another; then it was fever here, and cough there."""
    enrol(SCHOOL)
    SchoolClass.objects.create(school_id=SCHOOL, school_year=2026, key="三3", name="三(3)班", roll=40)
    absent(1, 2, 3, symptoms="S06", settled=1)
    absent(4, 5, 6, symptoms="S01 S02", settled=1)
    here, there = (Absence.objects.filter(pupil__in=[f"三2-P{n}" for n in ns]) for ns in ((1, 2, 3), (4, 5, 6)))
    there.update(class_key="三3")
    warn(site)
    here.update(symptoms="S06 S01")
    todo(SCHOOL, DAY, 2)
    warn(site)
    assert list(Alert.objects.order_by("id").values_list("group", "also")) == [("GI", "FEV"), ("FEV", "RES")]
    here.update(symptoms="S01")
    there.update(symptoms="S02")
    todo(SCHOOL, DAY, 3)
    warn(site)
    assert list(Alert.objects.order_by("id").values_list("group", "also")) == [("FEV", ""), ("RES", "")]


def test_a_first_case_that_met_nothing_and_a_later_one_are_listed(site: Site) -> None:
    enrol(SCHOOL)
    absent(9, symptoms="S06", on=-2, settled=1)
    absent(1, 2, 3, symptoms="S06", settled=2)
    warn(site)
    absent(4, symptoms="S06", on=2, settled=3)
    warn(site, NOW + timedelta(days=2))
    alert = Alert.objects.get()
    last = DAY + timedelta(days=2)
    assert (alert.cases, alert.first_onset, alert.last_onset) == (5, DAY - timedelta(days=2), last)
    assert alert.ends_after == last + timedelta(days=3)
    assert [hit.n for hit in AlertHit.objects.filter(to_settled__isnull=True)] == [3]


def test_a_card_names_the_class_of_a_rule_of_the_class_first(site: Site) -> None:
    """Four classes with hand, foot and mouth disease; of one alone the rule of the class was met."""
    enrol(SCHOOL)
    absent(1, 2, diagnosis="D10")
    for key in ("三3", "三4", "四1"):
        SchoolClass.objects.create(school_id=SCHOOL, school_year=2026, key=key, name=f"{key[0]}({key[1]})班", roll=40)
    rows = [(3, "三3"), (4, "三4"), (5, "四1")]
    absent(*(n for n, _ in rows), diagnosis="D10", on=1)
    for n, key in rows:
        Absence.objects.filter(pupil=f"三2-P{n}").update(class_key=key)
    assess.warn(site, switched("S05", on=True, since=DAY), NOW)
    alert = Alert.objects.get()
    assert (alert.stage, alert.scope) == ("closure", "三2")
    assert alert_labels.labels([alert]) == {alert.id: "三(2)班等 4 个班"}
    assert alert_labels.in_full(alert) == "三(2)班、三(3)班、三(4)班、四(1)班"


def test_a_followed_alert_ends_when_its_time_is_up(site: Site) -> None:
    enrol(SCHOOL)
    absent(1, 2, 3, symptoms="S01")
    warn(site)
    Alert.objects.update(state="following")
    warn(site, NOW + timedelta(days=7))
    assert Alert.objects.get().closed_at is None
    warn(site, NOW + timedelta(days=8))
    alert = Alert.objects.get()
    assert (alert.state, alert.close_reason) == ("ended", "期满无新发")
    assert AlertEvent.objects.last().what == "ended"  # type: ignore[union-attr]  # there is one


def switched(rule: str, *, on: bool, since: date, place: str = COUNTY) -> rules.Rules:
    """The rules with one of them switched in a place from a day on."""
    switch = (rules.Switch(place, on, since),)
    return replace(RULES, rules=tuple(replace(r, switches=switch) if r.id == rule else r for r in RULES.rules))


def test_a_rule_switched_off_for_the_county_does_not_warn_there_from_its_day_on(site: Site) -> None:
    enrol(SCHOOL)
    absent(1, 2, 3, symptoms="S01")
    absent(1, 2, 3, on=1, symptoms="S09")
    assess.warn(site, switched("E01", on=False, since=DAY + timedelta(days=1)), NOW)
    assert [alert.group for alert in Alert.objects.all()] == ["FEV"]


def test_a_rule_off_by_default_warns_where_it_is_switched_on(site: Site) -> None:
    enrol(SCHOOL)
    absent(1, 2, 3, diagnosis="D12", symptoms="S99")
    warn(site)
    assert not AlertHit.objects.filter(rule="C09").exists()
    todo(SCHOOL, DAY, 1)
    assess.warn(site, switched("C09", on=True, since=DAY), NOW)
    assert AlertHit.objects.filter(rule="C09").exists()


@pytest.mark.parametrize(
    ("shows", "n", "hit"),
    [
        ({"shared_meal": True, "symptoms": "S13"}, 3, ("E01", "MEAL")),
        ({"shared_meal": False, "symptoms": "S13"}, 3, None),
        ({"severe": True, "symptoms": "S06"}, 1, ("E04", "CRI")),
        ({"diagnosis": "D13", "test_result": "positive"}, 5, ("C06", "D13")),
        ({"diagnosis": "D13", "test_result": "pending"}, 5, None),
        ({"diagnosis": "D02", "test_result": "positive", "admitted": True}, 2, ("S03", "D02")),
        ({"diagnosis": "D02", "admitted": True}, 5, ("P01", "ILI")),
    ],
)
def test_the_columns_beside_symptoms_and_diagnosis_feed_their_rules(
    site: Site, shows: dict[str, object], n: int, hit: tuple[str, str] | None
) -> None:
    enrol(SCHOOL)
    absent(*range(n), **shows)
    warn(site)
    found = set(AlertHit.objects.values_list("rule", "group"))
    if hit:
        assert hit in found
    else:
        assert not found & {("E01", "MEAL"), ("C06", "D13")}


@pytest.mark.parametrize(("first", "hit"), [(date(2026, 9, 1), True), (date(2026, 8, 31), False)])
def test_tuberculosis_is_counted_over_the_term(site: Site, first: date, hit: bool) -> None:
    enrol(SCHOOL)
    absent(1, on=(first - DAY).days, diagnosis="D20")
    for n in range(2, 11):
        absent(n, on=n - 10, diagnosis="D20")
    warn(site)
    assert [h.day for h in AlertHit.objects.filter(rule="P13")] == ([DAY] if hit else [])


def test_a_case_of_long_ago_that_is_withdrawn_takes_its_hit_along(site: Site) -> None:
    enrol(SCHOOL)
    on = switched("C17", on=True, since=DAY - timedelta(days=200))
    absent(1, on=-89, diagnosis="D20")
    absent(2, diagnosis="D20")
    assess.warn(site, on, NOW)
    assert [(h.day, h.n) for h in AlertHit.objects.filter(rule="C17", to_settled__isnull=True)] == [(DAY, 2)]
    withdrawn(1, on=-89, settled=2)
    assess.warn(site, on, NOW)
    assert not AlertHit.objects.filter(rule="C17", to_settled__isnull=True).exists()


def test_a_failing_write_leaves_the_todo_and_nothing_else(site: Site) -> None:
    enrol(SCHOOL)
    absent(1, 2, 3, symptoms="S01")
    before = atomic()
    with connection.execute_wrapper(_refuse_letters), pytest.raises(RuntimeError):
        warn(site)
    assert atomic() == before
    assert (warn(site), Alert.objects.count()) == (1, 1)


def _refuse_letters(execute, text, params, many, context):  # type: ignore[no-untyped-def]  # Django's signature
    if 'INTO "letter"' in text:
        raise RuntimeError
    return execute(text, params, many, context)


def test_a_report_of_long_ago_is_assessed_with_its_own_days(site: Site) -> None:
    enrol(SCHOOL, "2132000002")
    absent(1, 2, 3, on=-60, symptoms="S01")
    absent(1, 2, 3, school="2132000002", symptoms="S09")
    warn(site)
    hits = AlertHit.objects.order_by("day").values_list("alert__school", "group", "day")
    assert list(hits) == [(SCHOOL, "FEV", DAY - timedelta(days=60)), ("2132000002", "RASH", DAY)]


@pytest.mark.parametrize("schools", [1, 40])
def test_a_batch_asks_as_often_for_forty_schools_as_for_one(site: Site, schools: int) -> None:
    codes = [f"21320000{n:02d}" for n in range(schools)]
    enrol(*codes)
    for code in codes:
        absent(1, 2, school=code, symptoms="S01")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        warn(site)
    texts = _texts(query["sql"] for query in asked.captured_queries)
    assert len(texts) <= 16


def _texts(queries: Iterable[str]) -> list[str]:
    return [text for text in queries if text.startswith(("SELECT", "UPDATE", "INSERT", "DELETE"))]


def test_rows_are_sought_by_day_and_school_not_scanned(site: Site) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the plan of the other database depends on its statistics")

    texts: list[str] = []
    term = windows.Window(DAY - timedelta(days=250), DAY)
    with connection.execute_wrapper(lambda run, text, *rest: (texts.append(text), run(text, *rest))[1]):
        load._rows([SCHOOL, "2132000002"], [DAY, DAY - timedelta(days=1)])
        load._cases_of({SCHOOL: term, "2132000002": term}, ["D20"])
    plan = sql.fetch(f"EXPLAIN QUERY PLAN {texts[0]}", [DAY, DAY, SCHOOL, SCHOOL])
    assert "day=? AND school=?" in str(plan)
    plan = sql.fetch(f"EXPLAIN QUERY PLAN {texts[1]}", ["D20", SCHOOL, SCHOOL, DAY, DAY])
    assert "absence_ill_of (school=? AND diagnosis=?)" in str(plan)
