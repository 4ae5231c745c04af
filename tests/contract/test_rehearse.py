"""Rules tried on what was known: those in force give again what was issued, whatever came when."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pytest
from django.db import DatabaseError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import rules
from pipeline.alerts import assess, past
from pipeline.alerts.rehearse import Trial, rehearse
from pipeline.database.models import Alert, AlertCase, CasePast, Counter, SchoolClass
from pipeline.database.transactions import atomic, read_only, undone
from pipeline.errors import UsageError
from pipeline.facts import rehearsed, rule_scores
from pipeline.model import Checked, DecidedBy, Mode, Site
from pipeline.rules import Rules
from pipeline.settling import card as settling_card
from tests.cards import HANDLED, STANDS, WRONG, card
from tests.contract.settling import Known, journalled
from tests.inprocess import InProcess
from tests.submissions import COUNTY, DAY, SCHOOL, checked, later, line, row

RULES = rules.load()
PUPILS = "甲乙丙丁戊己庚"


def on(n: int) -> date:
    return DAY + timedelta(days=n)


@dataclass(frozen=True)
class Step:
    """One thing that happens: a report of day `day` that comes on day `told`, an answer to an alert, or its ruling."""

    day: int = 0
    told: int = 0
    pupils: Mapping[str, Mapping[str, object]] | None = None
    mode: Mode = Mode.FIRST
    partial: bool = False
    answer: Mapping[str, object] | None = None
    ruling: str = ""
    warned: bool = True  # the step is assessed before the next


def report_of(step: Step, seq: int, at: datetime) -> Checked:
    pupils = (step.pupils or {}).items()
    room = room_on(step.day)
    said_of = {name: {"start": on(step.day), **said} for name, said in pupils}
    rows = [row(name, 8 + n, class_key=room, **said)._replace(identity=f"三3-{name}")
            for n, (name, said) in enumerate(said_of.items())]  # fmt: skip
    lines = [line(room)] if step.partial else [line(room), line("四1")]
    return checked(seq, [*rows, *lines], day=on(step.day), at=at, mode=step.mode)


RENAMED = 3  # the day from which 三3 is 三7, if it is renamed


def rename() -> None:
    """Let the class have another name from a day on, as a roster leaves it."""
    SchoolClass.objects.filter(key="三3").update(valid_to=on(RENAMED))
    SchoolClass.objects.create(
        school_id=SCHOOL, school_year=2026, key="三7", name="三(7)班", roll=40, valid_from=on(RENAMED)
    )


def room_on(day: int) -> str:
    return "三7" if day >= RENAMED and SchoolClass.objects.filter(key="三7").exists() else "三3"


def number() -> int:
    """The next number of the journal."""
    last = Counter.objects.filter(name="received").values_list("value", flat=True).first()
    return 1 + (last or 0)


def play(site: Site, steps: Sequence[Step]) -> None:
    """Let a history happen, each step an hour after the last or, if told later, on its day."""
    at = later()
    for step in steps:
        at = max(at + timedelta(hours=1), later(days=step.told))
        open_ones = list(Alert.objects.filter(closed_at__isnull=True).order_by("id"))
        if step.answer is not None or step.ruling:
            if open_ones:
                act(site, step, open_ones[0].id, at)
        else:
            take(site, report_of(step, number(), at), at)
        if step.warned:
            assess.warn(site, RULES, at)
    assess.warn(site, RULES, at)


def act(site: Site, step: Step, alert: str, at: datetime) -> None:
    by = DecidedBy("教育局", "示例", at)
    if not step.ruling:
        take(site, card(number(), step.answer, number=alert).checked, at)
        return
    decide = settling_card.confirm if step.ruling == "confirm" else settling_card.send_back
    with contextlib.suppress(UsageError), atomic():  # nothing waits
        Known(site, InProcess(), at, {}).take(lambda _: decide(alert, by))


def take(site: Site, one: Checked, at: datetime) -> None:
    (ready,) = journalled(site, [one])
    Known(site, InProcess(), at, {ready.arrival.seq: ready}).fold([ready])


def tried(law: Rules = RULES) -> list[Trial]:
    days = [on(n) for n in range(-60, 60)]
    (one,) = past.load([SCHOOL], days, later(days=-60), later(days=60))
    return rehearse(one, law)


def issued() -> list[tuple[object, ...]]:
    found = []
    for one in Alert.objects.order_by("opened_at", "id"):
        cases = AlertCase.objects.filter(alert=one, to_settled__isnull=True).values_list("pupil", "onset")
        found.append(
            (
                one.id,
                one.opened_at,
                f"{one.group} {one.also}".split(),
                one.stage,
                one.state,
                one.closed_at is None,
                sorted(cases),
            )
        )
    return found


def on_trial() -> list[tuple[object, ...]]:
    found = []
    for one in tried():
        episode = one.episode
        cases = sorted((pupil, member.onset) for pupil, member in episode.cases.items())
        state = ([*episode.names], episode.stage, episode.state, not episode.closed, cases)
        found.append((one.alert, one.opened_at, *state))
    return found


FEVERISH = {name: {} for name in PUPILS[:4]}


def test_the_rules_in_force_give_again_what_was_issued(school: Site) -> None:
    play(school, [Step(pupils={"甲": {}}), Step(1, 1, FEVERISH), Step(answer=STANDS), Step(ruling="confirm")])
    assert [one[0] for one in issued()] == ["2026-0001"]
    assert on_trial() == issued()


def stricter(rule: str, at_least: int) -> Rules:
    changed = (replace(one, at_least=at_least) if one.id == rule else one for one in RULES.rules)
    return replace(RULES, rules=tuple(changed))


def test_a_stricter_rule_shows_what_goes_what_comes_later_and_what_it_was_worth(school: Site) -> None:
    told, more = Step(pupils=FEVERISH), Step(1, 1, {"戊": {}, "己": {}, "庚": {}}, mode=Mode.FULL)
    play(school, [told, Step(answer=STANDS), Step(ruling="confirm"), more])
    five, none = (rehearsed.rehearsal(law, DAY, on(3)) for law in (stricter("E01", 5), replace(RULES, rules=())))
    (pair,) = five.pairs
    assert (pair.days_later, five.ruled(five.both), five.new, five.gone) == (1, (1, 1), [], [])
    assert [(one.day, one.tried, one.issued) for one in five.days()] == [(DAY, 0, 1), (on(1), 1, 0)]
    (gone,) = none.gone
    assert (gone.issued and gone.issued.id, none.ruled(none.gone), none.both) == ("2026-0001", (1, 1), [])
    (same,) = rehearsed.rehearsal(RULES, DAY, on(3), SCHOOL).both
    assert (same.days_later, same.fate and same.fate.verdict) == (0, "confirmed")
    assert rehearsed.rehearsal(RULES, DAY, on(3), "320102").pairs == ()
    assert rehearsed.rehearsal(RULES, on(1), on(3)).pairs == ()


def test_the_score_of_what_was_issued(school: Site) -> None:
    """Four feverish children, confirmed; the next day two more have 手足口病, which becomes the alert's name."""
    more = {name: {"diagnosis": "D10"} for name in PUPILS[4:6]}
    play(school, [Step(pupils=FEVERISH), Step(answer=STANDS), Step(ruling="confirm"), Step(1, 1, more)])
    found = rule_scores.alerts(DAY, on(1))
    (one,) = found
    assert (one.id, one.verdict, one.growth[-1].at) == ("2026-0001", "confirmed", later(days=1))
    assert (one.hits[0].rule, one.hits[0].first_at, one.hits[0].delay) == ("E01", later(hours=1), 0)
    assert {hit.first_at for hit in one.hits[1:]} == {later(days=1)}
    assert rule_scores.alerts(DAY, on(1), [COUNTY]) == rule_scores.alerts(DAY, on(1), (), SCHOOL) == found
    assert rule_scores.alerts(on(1), on(2)) == rule_scores.alerts(DAY, on(1), ["320102"]) == []


def test_a_looser_rule_shows_what_comes(school: Site) -> None:
    play(school, [Step(pupils={"甲": {}, "乙": {}}), Step(1, 2, {"丙": {}})])
    assert not Alert.objects.exists()
    (pair,) = rehearsed.rehearsal(stricter("E01", 2), DAY, on(3)).new
    assert (pair.trial and pair.trial.rule, pair.subject.opened_at) == ("E01", later(hours=1))


def test_a_record_that_came_late_counts_from_the_day_it_came(school: Site) -> None:
    play(school, [Step(0, 2, {"甲": {}, "乙": {}})])
    (pair,) = rehearsed.rehearsal(stricter("E01", 2), DAY, on(3)).new
    assert pair.subject.opened_at == later(days=2)


def test_a_case_is_what_it_was_then_though_a_later_report_moved_it(school: Site) -> None:
    """Three cases of Wednesday; a report of Sunday comes on Thursday: one of the three had begun then."""
    began = Step(2, 2, {name: {"symptoms": "S09"} for name in PUPILS[:3]})
    before = Step(0, 3, {"甲": {"symptoms": "S09"}})
    play(school, [began, before])
    assert CasePast.objects.get().began == on(2)
    assert on_trial() == issued()


NOROVIRUS = {name: {"symptoms": "S06", "diagnosis": "D13"} for name in PUPILS[:4]}


def test_a_death_is_on_trial_from_when_an_answer_told_of_it(school: Site) -> None:
    play(school, [Step(pupils=NOROVIRUS), Step(answer={**STANDS, "deaths": 1}), Step(ruling="confirm")])
    assert [(one[2], one[3]) for one in issued()] == [(["D13"], "event")], "P07 by one death"
    assert on_trial() == issued()
    without = replace(RULES, rules=tuple(one for one in RULES.rules if one.id != "P07"))
    assert [one.episode.stage for one in tried(without)] == ["early"]


def test_a_death_taken_back_is_taken_back_on_trial(school: Site) -> None:
    play(school, [Step(pupils=NOROVIRUS), Step(answer={**STANDS, "deaths": 1}), Step(answer={**STANDS, "deaths": 0})])
    assert [one[3] for one in issued()] == ["early"]
    assert on_trial() == issued()


def test_what_an_answer_raised_is_on_trial(school: Site) -> None:
    play(school, [Step(pupils=NOROVIRUS), Step(answer={**STANDS, "found": "P10", "checked_cases": 7}), Step(1, 1, {})])
    assert [one[3] for one in issued()] == ["event"]
    assert on_trial() == issued()


def test_a_class_renamed_meanwhile_is_one_class_on_trial(school: Site) -> None:
    rename()
    sick = {"diagnosis": "D10", "symptoms": "S09"}
    play(school, [Step(2, 2, {"甲": sick}), Step(3, 3, {"乙": {**sick, "start": on(3)}})])
    assert [(one[2], one[3]) for one in issued()] == [(["D10"], "cluster")], "one case under each name"
    assert on_trial() == issued()


def test_a_rehearsal_cannot_write(school: Site) -> None:
    with pytest.raises(DatabaseError), read_only():
        Counter.objects.create(name="示例", value=1)
    Counter.objects.create(name="示例", value=1)


shows = st.sampled_from(
    [
        {},
        {},
        {"symptoms": "S09"},
        {"symptoms": "S01 S02"},
        {"diagnosis": "D10"},
        {"symptoms": "S06", "diagnosis": "D13"},
    ]
)
dates = st.sampled_from([{}, {}, {"start": -1}, {"start": -2}, {"row_state": "returned"}, {"reason": "other"}])


some = st.lists(st.sampled_from(PUPILS), unique=True)


@st.composite
def reports(draw: st.DrawFn) -> Step:
    day = draw(st.sampled_from([0, 1, 2, 2, 3, 4, 18]))
    names = PUPILS[: draw(st.sampled_from([0, 1, 3, 4, 7]))] if draw(st.booleans()) else draw(some)
    pupils = {}
    for name in names:
        said = draw(dates)
        moved = {key: on(day + value) if isinstance(value, int) else value for key, value in said.items()}
        pupils[name] = {**draw(shows), **moved}
    late = draw(st.sampled_from([0, 0, 0, 1, 2]))
    mode = draw(st.sampled_from([Mode.FIRST, Mode.FULL, Mode.FULL, Mode.ADD, Mode.LATE]))
    return Step(day, day + late, pupils, mode, draw(st.booleans()), warned=draw(st.sampled_from([True, True, False])))


DIED = {**STANDS, "deaths": 1}
FOOD = {**STANDS, "found": "P10", "checked_cases": 7}
answers = st.builds(Step, answer=st.sampled_from([STANDS, DIED, FOOD, HANDLED, HANDLED, WRONG]))
rulings = st.builds(Step, ruling=st.sampled_from(["confirm", "confirm", "return"]))
pieces = st.one_of(st.tuples(reports()), st.tuples(reports()), st.tuples(answers, rulings), st.tuples(answers))
histories = st.lists(pieces, min_size=2, max_size=9).map(lambda found: [step for piece in found for step in piece])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories, st.booleans())
def test_whatever_came_when_the_rules_in_force_give_again_what_was_issued(
    school: Site, steps: list[Step], renamed: bool
) -> None:
    with undone():
        if renamed:
            rename()
        play(school, steps)
        assert on_trial() == issued()
