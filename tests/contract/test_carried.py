"""What the next templates carry over, and which schools get theirs, on each database."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest

from pipeline.database.audit import broken_at
from pipeline.database.models import Absence, CalendarDay, Campus, Closure, Letter, SchoolClass, Unit
from pipeline.facts import carried, spells
from pipeline.letters import templates_sent
from pipeline.model import Issue, Mode, Refused, Site
from pipeline.turns import context
from tests.contract.settling import report
from tests.submissions import DAY, SCHOOL, ZONE, bad, checked, row

TUESDAY = DAY + timedelta(days=1)
CODES = (SCHOOL, "2132000002", "2132000003")


@pytest.fixture
def schools(site: Site) -> Site:
    """The site with three schools in two counties, of two classes each."""
    for code, county in zip(CODES, ("320106", "320106", "320302"), strict=True):
        unit = Unit.objects.create(
            code=code, kind="school", division_id=county, name=f"示例小学{code[-1]}", stages="小学"
        )
        Campus.objects.create(school=unit)
        for key, name in (("三3", "三(3)班"), ("三4", "三(4)班")):
            SchoolClass.objects.create(school=unit, school_year=2026, key=key, name=name, stage="小学", roll=40)
    return site


def carried_over(day: date = TUESDAY, codes: Sequence[str] = CODES) -> dict[str, list[str]]:
    found = carried.carried_over(list(context.schools(codes, [day]).values()), day)
    return {school: [one.name for one in what.open] for (school, _), what in found.items()}


def test_absences_of_the_last_report_that_had_not_ended_are_brought_along(schools: Site) -> None:
    report(schools, checked(1, [row("甲"), row("乙", 9, row_state="returned"), row("丙", 10, class_key="三4")]))
    assert carried_over() == {SCHOOL: ["甲", "丙"]}
    assert carried_over(DAY) == {}, "of the day itself nothing is carried over"
    assert carried_over(DAY + timedelta(days=14)) == {SCHOOL: ["甲", "丙"]}
    assert carried_over(DAY + timedelta(days=15)) == {}, "after a long silence nobody is asked"


def test_the_last_report_counts_and_not_the_one_before_it(schools: Site) -> None:
    report(schools, checked(1, [row("甲")]), checked(2, [row("乙")], day=TUESDAY))
    assert carried_over(TUESDAY + timedelta(days=1)) == {SCHOOL: ["乙"]}


def test_classes_that_are_closed_or_have_ended_are_not_asked_about(schools: Site) -> None:
    report(schools, checked(1, [row("甲"), row("丙", 9, class_key="三4")]))
    start = datetime(2026, 11, 24, 0, 0, tzinfo=ZONE)
    closure = Closure.objects.create(
        school_id=SCHOOL, campus="本部", division="320106", scope="三3", start=start, kind="first", reason="D02", ill=1,
        resume_planned=date(2026, 11, 27), approved_at=start, approved_how="phone", approved_by="示例", from_settled=1,
        origin="1:1",
    )  # fmt: skip
    assert carried_over() == {SCHOOL: ["丙"]}
    SchoolClass.objects.filter(school_id=SCHOOL, key="三4").update(valid_to=TUESDAY)
    assert carried_over() == {}
    closure.state = "withdrawn"
    closure.save()
    assert carried_over() == {SCHOOL: ["甲"]}


def test_rows_that_are_still_with_the_school_are_brought_along_once(schools: Site) -> None:
    asked = Refused("rows", 12, {"name": "丁", "续": "K"}, (Issue("carried-unanswered", row=12),), identity="三3-丁")
    report(schools, checked(1, [row("甲")], refused=[bad(9), asked]))
    found = carried.carried_over(list(context.schools([SCHOOL], [TUESDAY]).values()), TUESDAY)[SCHOOL, "本部"]
    assert [(one.raw.get("name"), one.asked) for one in found.back] == [(None, False), ("丁", True)]
    report(schools, checked(2, [row("甲")], refused=[bad(8, "三3-甲")], day=TUESDAY))
    report(schools, checked(3, [], refused=[bad(8, "三3-甲")], day=TUESDAY, mode=Mode.FULL))
    later = TUESDAY + timedelta(days=1)
    found = carried.carried_over(list(context.schools([SCHOOL], [later]).values()), later)[SCHOOL, "本部"]
    assert [one.name for one in found.open] == ["甲"]
    assert found.back == (), "its older version stands, and is carried over itself"


def test_schools_that_owe_a_report_get_their_templates_by_code(schools: Site) -> None:
    def codes(after: str = "", limit: int = 10, places: Sequence[str] = ()) -> list[str]:
        return [one.code for one in templates_sent.owing(TUESDAY, after=after, limit=limit, places=places)]

    assert codes() == list(CODES)
    assert codes(after=CODES[0], limit=1) == [CODES[1]]
    assert codes(places=["320106"]) == list(CODES[:2])
    assert codes(places=["320300"]) == [CODES[2]]
    CalendarDay.objects.create(place=CODES[1], first=TUESDAY, last=TUESDAY, kind="holiday")
    assert codes(limit=1, after=CODES[0]) == [CODES[2]], "a slice without anybody is passed over"
    assert codes(after=CODES[2]) == []


def test_a_round_is_remembered_with_what_was_laid(schools: Site) -> None:
    now = datetime(2026, 11, 24, 6, 0, tzinfo=ZONE)
    templates_sent.note(
        TUESDAY,
        [
            templates_sent.SentTemplates(CODES[0], "a" * 64, "outbox/a.xlsx"),
            templates_sent.SentTemplates(CODES[1], "b" * 64, ""),
        ],
        now,
    )
    templates_sent.note(TUESDAY, [templates_sent.SentTemplates(CODES[0], "c" * 64, "outbox/a.xlsx")], now)
    assert templates_sent.known(TUESDAY, CODES)[CODES[0]].sha == "c" * 64
    assert templates_sent.last(TUESDAY) == CODES[1]
    assert Letter.objects.filter(kind="template", state="done").count() == 2
    assert broken_at() is None
    assert not templates_sent.finished(TUESDAY)
    templates_sent.finish(TUESDAY, now)
    assert templates_sent.finished(TUESDAY)
    assert not templates_sent.finished(DAY)  # a clock that was ahead leaves the days before it to be done
    assert templates_sent.ever()
    assert not templates_sent.finished(TUESDAY + timedelta(days=1))


def test_spells_are_counted_over_the_days_that_stand(schools: Site) -> None:
    friday = DAY - timedelta(days=3)
    report(schools, checked(1, [row("甲", start=friday, part="am")], day=friday))
    report(schools, checked(2, [row("甲", start=friday, row_state="ongoing"), row("乙", 9)]))
    report(schools, checked(3, [row("甲", start=friday, row_state="returned")], day=TUESDAY))
    today = list(Absence.objects.filter(day=DAY))
    assert {pupil: one.days for (_, _, pupil), one in spells.on(DAY, today).items()} == {"三3-甲": "1.5", "三3-乙": "1"}
    [spell] = spells.of_pupil(SCHOOL, "三3-甲")
    assert (spell.start, spell.end, spell.returned, spell.days) == (friday, TUESDAY, True, "1.5")


def test_pupils_a_report_says_nothing_of_are_counted_for_its_receipt(schools: Site) -> None:
    def unmentioned(*seqs: int) -> dict[int, tuple[int, date]]:
        return carried.unmentioned(dict.fromkeys(seqs, (SCHOOL, "本部", TUESDAY)))

    report(schools, checked(1, [row("甲"), row("乙", 9), row("丙", 10), row("丁", 11, row_state="returned")]))
    asked = Refused("rows", 9, {"name": "乙"}, (Issue("reason-missing", row=9),), identity="三3-乙")
    report(schools, checked(2, [row("甲")], refused=[asked], day=TUESDAY))
    assert unmentioned(2) == {2: (1, DAY)}, "丙: 乙's row went back, 丁 had come back"
    assert unmentioned(1) == {}
    report(schools, checked(3, [row("丙")], day=TUESDAY, mode=Mode.ADD))
    assert unmentioned(2, 3) == {}, "what several files make up is not asked about"
    report(schools, checked(4, [row("甲")], day=TUESDAY, mode=Mode.FULL))
    assert unmentioned(4) == {4: (2, DAY)}
