"""The rules in force on a site, and warnings that people raise, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import permutations

import pytest

from pipeline import rules
from pipeline.alert_state import AlertState
from pipeline.alerts import assess, site_rules
from pipeline.cli import language
from pipeline.database.models import Alert, AlertHit, Audit, Card, Decision, Letter, RaisedAlert, RulesFile, Todo
from pipeline.errors import UsageError
from pipeline.facts import card_page_facts, rehearsed
from pipeline.model import CardRef, DecidedBy, Mode, Raised, Site
from pipeline.settling import raising
from tests.cards import STANDS, card
from tests.contract.settling import journalled, report, settle
from tests.submissions import COUNTY, DAY, NOON, SCHOOL, checked, later, line, row

EYES = {"diagnosis": "D12", "symptoms": "S99"}
BY = DecidedBy("示例区疾控", "疾控已到校核实", NOON)


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    with language.spoken(["--lang", "zh"]):
        yield


def switched(*, rule: str = "C09", on: str = "true", since: date = DAY, more: str = "") -> str:
    return (
        f'[[switch]]\nrules = ["{rule}"]\nplaces = ["{COUNTY}"]\non = {on}\nfrom = {since}\n'
        f'by = "示例区疾控"\nwhy = "本区方案"\n{more}'
    )


def put(site: Site, text: str, at: datetime = NOON) -> rules.Rules:
    (site.root / "rules.toml").write_text(text, encoding="utf-8")
    return site_rules.notice(site.root, at)


def cluster(site: Site, n: int = 3, **shows: object) -> None:
    rows = [row(name, 8 + place, **shows) for place, name in enumerate("甲乙丙丁戊己庚辛壬癸"[:n])]
    report(site, checked(1, [*rows, line("三3"), line("四1")]))


def met() -> set[str]:
    return {hit.rule for hit in AlertHit.objects.filter(to_settled__isnull=True)}


# --------------------------------------------------------------------------- rules.toml


def test_without_a_file_the_rules_are_those_of_this_version(school: Site) -> None:
    assert site_rules.notice(school.root, NOON) == rules.load()
    assert not RulesFile.objects.exists()


def test_a_changed_file_counts_at_once_for_what_is_reported_already_and_leaves_an_audit_row(school: Site) -> None:
    cluster(school, **EYES)
    assess.warn(school, site_rules.notice(school.root, NOON), NOON)
    assert "C09" not in met()
    assess.warn(school, put(school, switched()), NOON)
    assert "C09" in met()
    row = Audit.objects.get(what="rules")
    assert (row.who, row.target, row.fields) == ("示例区疾控", "rules.toml", [f"+ C09 {COUNTY} on {DAY}"])


def test_an_alert_of_a_rule_that_is_switched_off_says_so_and_one_whose_rows_went_says_that(school: Site) -> None:
    cluster(school, **EYES)
    assess.warn(school, rules.load(), NOON)
    off = "\n".join(switched(rule=rule, on="false") for rule in sorted(met()))
    assess.warn(school, put(school, off, later(hours=1)), later(hours=1))
    alert = Alert.objects.get()
    assert (alert.state, alert.close_reason) == (AlertState.VOID, "预警规则已停用")
    assess.warn(school, put(school, "", later(hours=2)), later(hours=2))
    left = [row("甲", 8, **EYES), row("乙", 9, **EYES)]
    report(school, checked(2, [*left, line("三3"), line("四1")], mode=Mode.FULL))
    assess.warn(school, rules.load(), later(hours=3))
    assert Alert.objects.order_by("id").last().close_reason == "报送信息更正后已不成立"  # type: ignore[union-attr]  # there is one


def test_a_switch_of_a_day_to_come_changes_nothing_yet(school: Site) -> None:
    cluster(school, **EYES)
    assess.warn(school, rules.load(), NOON)
    put(school, switched(since=DAY + timedelta(days=1)))
    assert not Todo.objects.filter(kind="warn").exists()


def test_the_same_file_is_noticed_once(school: Site) -> None:
    for _ in range(3):
        put(school, switched())
    assert (RulesFile.objects.count(), Audit.objects.filter(what="rules").count()) == (1, 1)


def test_a_bad_file_leaves_the_old_rules_in_force_until_it_is_mended(school: Site) -> None:
    good = put(school, switched())
    bad = put(school, switched(on='"yes"', more='colour = "red"\n'), later(hours=1))
    state = site_rules.state()
    assert bad == good == site_rules.in_force()
    assert [problem.split("行")[0] for problem in state.problems] == ["rules.toml: 第 8 ", "rules.toml: 第 4 "]
    assert (state.in_force_since, state.seen_at) == (NOON, later(hours=1))
    assert Audit.objects.get(what="rules-refused").fields == ["2 problems"]
    put(school, switched(), later(hours=2))
    assert site_rules.state().problems == ()


def test_a_file_that_is_no_text_is_a_bad_one(school: Site) -> None:
    (school.root / "rules.toml").write_bytes(b"\xff\xfe\x00")
    assert site_rules.notice(school.root, NOON) == rules.load()
    assert len(site_rules.state().problems) == 1


def test_a_removed_file_is_a_change_like_any_other(school: Site) -> None:
    put(school, switched())
    (school.root / "rules.toml").unlink()
    assert site_rules.notice(school.root, later(hours=1)) == rules.load()
    assert Audit.objects.filter(what="rules").last().fields == [f"- C09 {COUNTY} on {DAY}"]  # type: ignore[union-attr]  # there is one


def test_on_the_card_a_case_that_counts_by_its_diagnosis_says_so(school: Site) -> None:
    rows = [row(name, 8 + place, symptoms="S00", diagnosis="D02") for place, name in enumerate("甲乙丙丁")]
    unsure = row("戊", 20, symptoms="S00", diagnosis="D02", degree="suspected")
    report(school, checked(1, [*rows, unsure, line("三3"), line("四1")]))
    assess.warn(school, rules.load(), NOON)
    assert "S01" in met()
    facts = card_page_facts.card(school, CardRef(Alert.objects.get().id, 1), SCHOOL)
    assert sorted(one.diagnosis for one in facts.cases_listed) == ["流感确诊"] * 4 + ["流行性感冒（疑似）"]


# --------------------------------------------------------------------------- deaths, by the answer to a card


def answered(site: Site, seq: int, **answer: object) -> None:
    number = Alert.objects.get().id
    one = card(seq, {**STANDS, **answer}, number=number, revision=Alert.objects.get().revision).checked
    report(site, one)


def test_a_death_told_on_a_card_makes_the_alert_an_event(school: Site) -> None:
    cluster(school, diagnosis="D20", n=1)
    assess.warn(school, rules.load(), NOON)
    assert Alert.objects.get().stage == "early"
    answered(school, 2, deaths=1)
    assess.warn(school, rules.load(), NOON)
    alert = Alert.objects.get()
    hit = AlertHit.objects.get(rule="P13")
    assert (alert.stage, alert.deaths, alert.cases, hit.threshold, hit.n) == ("event", 1, 1, "死亡≥1", 1)
    assert (alert.state, Card.objects.get().state) == (AlertState.ANSWERED, "answered")  # nothing that it did not say
    answered(school, 3)
    assess.warn(school, rules.load(), NOON)
    assert (Alert.objects.get().stage, Alert.objects.get().state) == ("event", AlertState.ANSWERED)
    answered(school, 4, deaths=0)
    assess.warn(school, rules.load(), NOON)
    assert (Alert.objects.get().stage, "P13" in met()) == ("early", False)


def test_an_alert_raised_by_its_own_answer_may_be_answered_on_the_card_of_before(school: Site) -> None:
    cluster(school, diagnosis="D20", n=1)
    assess.warn(school, rules.load(), NOON)
    answered(school, 2, deaths=1)
    assess.warn(school, rules.load(), NOON)
    (again,) = report(school, card(3, {**STANDS, "deaths": 1, "measures": "消毒"}, revision=1).checked)
    assert (again.state, Alert.objects.get().revision) == ("accepted", 2)
    assert Card.objects.filter(state="answered").get().answer["measures"] == "消毒"


def test_what_records_add_to_an_answer_that_raised_its_alert_is_to_be_answered_again(school: Site) -> None:
    cluster(school, diagnosis="D10")
    assess.warn(school, rules.load(), NOON)
    answered(school, 2, found="E05", checked_cases=3)
    assess.warn(school, rules.load(), NOON)
    assert (Alert.objects.get().state, Alert.objects.get().stage) == (AlertState.ANSWERED, "cluster")
    rows = [row(name, 8 + place, diagnosis="D10") for place, name in enumerate("甲乙丙丁戊己庚辛壬癸")]
    report(school, checked(3, [*rows, line("三3"), line("四1")], mode=Mode.FULL))
    assess.warn(school, rules.load(), NOON)
    assert (Alert.objects.get().state, Alert.objects.get().stage) == (AlertState.ISSUED, "outbreak")
    assert Card.objects.get().state == "void"
    (stale,) = report(school, card(4, STANDS, revision=2).checked)
    assert stale.state == "held"


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_an_answer_that_raises_its_alert_counts_the_same_whenever_it_settles(school: Site, order: list[int]) -> None:
    cluster(school, diagnosis="D20", n=1)
    assess.warn(school, rules.load(), NOON)
    told = [STANDS, {**STANDS, "deaths": 1}, {**STANDS, "measures": "消毒"}]
    ready = journalled(school, [card(2 + n, answer).checked for n, answer in enumerate(told)])
    for place in order:
        settle(school, ready[place], known=ready)
    assess.warn(school, rules.load(), NOON)
    alert = Alert.objects.get()
    assert (alert.stage, alert.state, alert.deaths, alert.due_at) == ("event", "answered", 1, later(days=1))
    cards = list(Card.objects.order_by("submission").values_list("submission", "state"))
    assert cards == [(2, "replaced"), (3, "replaced"), (4, "answered")]


@pytest.mark.parametrize(
    ("checked", "rule", "group", "stage"),
    [(5, "P10", "FOOD", "event"), (None, "E05", "EMG", "early"), (4, "E05", "EMG", "early")],
)
def test_what_the_answer_to_a_card_says_it_is_is_raised(
    school: Site, checked: int | None, rule: str, group: str, stage: str
) -> None:
    cluster(school, symptoms="S06")
    assess.warn(school, rules.load(), NOON)
    answered(school, 2, found="P10", checked_cases=checked)
    assess.warn(school, rules.load(), NOON)
    alert = Alert.objects.get()
    assert rule in met()
    assert (alert.group, alert.stage, alert.cases, alert.state) == (group, stage, 3, AlertState.ANSWERED)
    answered(school, 3)  # a blank is no other word
    assess.warn(school, rules.load(), NOON)
    assert rule in met()
    answered(school, 4, found="none")
    assess.warn(school, rules.load(), NOON)
    assert rule not in met()
    assert (Alert.objects.get().group, Alert.objects.get().stage) == ("GI", "early")
    assert Audit.objects.filter(what="alert-raise", target=f"card {alert.id} {rule}").count() == 1


# --------------------------------------------------------------------------- raised by a person


def raised(**changed: object) -> Raised:
    asked = {"rule": "P10", "school": SCHOOL, "campus": "本部", "day": DAY, "n": 7} | changed
    return Raised(**asked)  # type: ignore[arg-type]  # a builder


def test_what_a_person_raises_is_an_alert_with_card_and_clock(school: Site) -> None:
    raising.raise_alert(raised(), BY)
    assess.warn(school, rules.load(), NOON)
    alert = Alert.objects.get()
    assert (alert.group, alert.stage, alert.cases, alert.state) == ("FOOD", "event", 7, "issued")
    assert alert.due_at == alert.opened_at + timedelta(hours=24)
    assert {"card"} <= set(Letter.objects.filter(ref__startswith=alert.id).values_list("kind", flat=True))
    decision = Decision.objects.get()
    assert (decision.what, decision.who, decision.why) == ("alert-raise", BY.who, BY.why)
    assert Audit.objects.get().what == "alert-raise"
    (line_,) = card_page_facts.card(school, CardRef(alert.id, 1), SCHOOL).hits
    assert line_.raised == (BY.who, BY.why)
    assess.warn(school, rules.load(), NOON)
    assert Alert.objects.count() == AlertHit.objects.count() == 1


def test_it_takes_over_the_alert_of_the_same_pupils_signs(school: Site) -> None:
    cluster(school, symptoms="S06")
    assess.warn(school, rules.load(), NOON)
    raising.raise_alert(raised(), BY)
    assess.warn(school, rules.load(), NOON)
    alert = Alert.objects.get()
    assert (alert.group, alert.stage, alert.cases) == ("FOOD", "event", 3)


def test_raised_anew_after_an_earlier_one_was_closed_it_is_another_alert(school: Site) -> None:
    raising.raise_alert(raised(), BY)
    assess.warn(school, rules.load(), NOON)
    Alert.objects.update(state="excluded", closed_at=NOON)
    raising.raise_alert(raised(day=DAY + timedelta(days=1)), BY)
    assess.warn(school, rules.load(), later(days=1))
    assert list(Alert.objects.order_by("id").values_list("state", flat=True)) == ["excluded", "issued"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rule": "E01"}, "不由人上报"),
        ({"n": 4}, "不到规则 P10 的标准"),
        ({"rule": "P12", "n": 2}, "不到规则 P12 的标准"),
        ({"school": "2132009999"}, "没有标识码为"),
        ({"campus": "东区"}, "没有校区"),
        ({"room": "九(9)班"}, "没有这个班"),
    ],
)
def test_what_cannot_be_raised_is_refused_and_changes_nothing(
    school: Site, changed: dict[str, object], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        raising.raise_alert(raised(**changed), BY)
    assert not RaisedAlert.objects.exists()
    assert not Decision.objects.exists()


def test_one_death_is_enough_for_food_poisoning(school: Site) -> None:
    raising.raise_alert(raised(n=1, deaths=1), BY)
    assert RaisedAlert.objects.get().n == 1


def test_the_same_is_not_raised_twice(school: Site) -> None:
    raising.raise_alert(raised(room="三(3)班"), BY)
    with pytest.raises(UsageError, match="已经上报过"):
        raising.raise_alert(raised(room="三3"), BY)
    assert RaisedAlert.objects.get().scope == "三3"


def test_a_rule_that_is_switched_off_cannot_be_raised(school: Site) -> None:
    put(school, switched(rule="P10", on="false"))
    with pytest.raises(UsageError, match="没有启用"):
        raising.raise_alert(raised(), BY)


def test_rehearsed_what_people_raised_is_raised_again(school: Site) -> None:
    raising.raise_alert(raised(), BY)
    assess.warn(school, rules.load(), NOON)
    (pair,) = rehearsed.rehearsal(rules.load(), DAY, DAY + timedelta(days=3)).pairs
    assert (pair.trial and pair.trial.rule, pair.issued and pair.issued.id) == ("P10", Alert.objects.get().id)
