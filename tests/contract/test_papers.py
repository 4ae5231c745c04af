"""Papers from the store: counted by day and division, cut once, and within their reader's scope."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline import units
from pipeline.alerts import alert_labels
from pipeline.database.models import (
    Absence,
    Alert,
    AlertCase,
    AlertEvent,
    AlertHit,
    CalendarDay,
    Campus,
    Closure,
    Counter,
    CountyDay,
    Decision,
    Edition,
    Pupil,
    Report,
    ReportClass,
    Todo,
    Unit,
)
from pipeline.facts import card_page_facts, digest_facts, editions, exports, school_page_facts
from pipeline.facts import county_day as facts_county_day
from pipeline.figures import cards
from pipeline.figures.digest import digest
from pipeline.figures.duty import StatusCounts
from pipeline.figures.paper_values import values_of
from pipeline.model import CardRef, DecidedBy, Site
from pipeline.registry import lookup
from pipeline.schooldays import ZONE
from pipeline.settling import closure_decisions
from tests.contract.places import GULOU, XUANWU, school

DAY = date(2026, 11, 20)  # a Friday
NOW = datetime(2026, 11, 20, 15, 10, tzinfo=ZONE)
FIRST, SECOND, THIRD, FOURTH = "2132900001", "1132900002", "2132900003", "2132900004"


def report(code: str, county: str, day: date = DAY, *, on_time: bool = True, zero: bool = False) -> None:
    seen = datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
    Report.objects.create(
        day=day,
        school=code,
        campus="本部",
        division=county,
        current_seq=1,
        zero=zero,
        rows=0 if zero else 1,
        first_seen=seen,
        on_time=on_time,
        covered=2,
        from_settled=1,
    )


def absent(code: str, county: str, pupil: str, key: str = "三3", **more: object) -> None:
    row = {"sex": "1", "reason": "ill", "row_state": "new", "start": DAY, "began": DAY, "symptoms": "S01 S02"} | more
    Absence.objects.create(
        day=DAY,
        school=code,
        campus="本部",
        division=county,
        pupil=pupil,
        class_key=key,
        from_settled=1,
        origin="1:8",
        **row,
    )
    Pupil.objects.update_or_create(school=code, code=pupil, defaults={"class_key": key, "name": f"示例童{pupil[-1]}"})


def closure(code: str, county: str, scope: str, ill: int) -> None:
    at = datetime(2026, 11, 19, 1, tzinfo=UTC)
    Closure.objects.create(
        school_id=code,
        campus="本部",
        division=county,
        scope=scope,
        start=at,
        kind="first",
        reason="D10",
        ill=ill,
        pupils=40,
        resume_planned=DAY + timedelta(days=4),
        approved_at=at,
        approved_how="phone",
        approved_by="示例",
        from_settled=1,
        origin="2:8",
    )


def alert(code: str, county: str) -> None:
    opened = datetime(2026, 11, 20, 1, tzinfo=UTC)
    row = Alert.objects.create(
        id="2026-0001",
        school_id=code,
        campus="本部",
        division=county,
        scope="三3",
        group="FEV",
        stage="early",
        opened_day=DAY,
        opened_at=opened,
        due_at=opened + timedelta(days=1),
        first_onset=DAY,
        last_onset=DAY,
        cases=2,
        ends_after=DAY + timedelta(days=7),
    )
    AlertHit.objects.create(
        alert=row,
        rule="E01",
        rule_version="2026.1",
        scope="三3",
        group="FEV",
        stage="early",
        day=DAY,
        n=2,
        threshold="≥3",
        from_settled=1,
    )
    for pupil in ("三3-AAAA111111", "三3-BBBB222222"):
        AlertCase.objects.create(alert=row, pupil=pupil, class_key="三3", onset=DAY, from_settled=1)


@pytest.fixture
def county_day(site: Site) -> Site:
    """One school on time with two ill, one late with a closed class, one silent, and one in another county."""
    for code in (FIRST, SECOND, THIRD):
        school(code, GULOU)
    school(FOURTH, XUANWU)
    report(FIRST, GULOU)
    report(SECOND, GULOU, on_time=False)
    report(FOURTH, XUANWU, zero=True)
    absent(FIRST, GULOU, "三3-AAAA111111")
    absent(FIRST, GULOU, "三3-BBBB222222", part="am")
    absent(FIRST, GULOU, "三4-CCCC333333", key="三4", row_state="returned")
    absent(SECOND, GULOU, "三4-DDDD444444", key="三4")
    closure(SECOND, GULOU, "三4", ill=3)
    alert(FIRST, GULOU)
    return site


def test_a_county_day_is_counted_and_adds_up(county_day: Site) -> None:
    figures = facts_county_day.count(DAY, [GULOU])[GULOU].figures
    assert (figures.registered, figures.due, figures.on_time, figures.late, figures.missing) == (3, 3, 1, 1, 1)
    assert (figures.ill, figures.closed_ill, figures.ill_halves) == (3, 1, 5)
    assert figures.rate_roll == 80 + 40, "the closed class's roll leaves 应到"
    assert figures.rate_ill_halves == 3, "the closed class's ill pupil is not in the rate"
    assert figures.symptoms == {"S01": 3, "S02": 3}


def test_what_settling_left_is_counted_once(county_day: Site) -> None:
    Todo.objects.create(kind="figures", code=GULOU, day=DAY, settled=5)
    Todo.objects.create(kind="warn", code=FIRST, day=DAY, settled=5)
    assert facts_county_day.refresh() == 1
    assert facts_county_day.refresh() == 0
    assert [row.figures["ill"] for row in CountyDay.objects.all()] == [3]
    assert Todo.objects.count() == 1, "what is not ours stays"


def test_before_the_sites_time_nobody_was_silent(county_day: Site) -> None:
    assert [
        s.days for s in digest_facts.digest(digest_facts.book(county_day, DAY, NOW), GULOU, 1, final=False).silent
    ] == [1]


def test_a_digest_knows_who_is_silent_and_for_how_long(county_day: Site) -> None:
    report(THIRD, GULOU, DAY - timedelta(days=3))
    for past in range(1, 8):
        one = DAY - timedelta(days=past)
        facts_county_day.keep([facts_county_day.count(one, [GULOU])[GULOU]])
    book = digest_facts.book(county_day, DAY, NOW)
    silent = digest_facts.digest(book, GULOU, 1, final=False).silent
    assert [(s.school, s.days, s.phone, s.standing) for s in silent] == [
        ("示例学校3", 3, "100-0000-0001", StatusCounts.MISSING)
    ]
    province = digest(digest_facts.digest(book, "320000", 1, final=False))
    assert province.below_total.due == sum(row.due for row in province.below) == 4
    assert [row.reported for row in province.below if row.due] == [3]


def test_a_campus_that_has_not_reported_is_named(county_day: Site) -> None:
    for name in ("本部", "东校区"):
        Campus.objects.update_or_create(school_id=FIRST, name=name)
    silent = digest_facts.digest(digest_facts.book(county_day, DAY, NOW), GULOU, 1, final=False).silent
    assert [s.classes for s in silent if s.code == FIRST] == [("东校区全部班级",)]


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({"东校区": ("周老师", "100-0000-0009")}, ("周老师", "100-0000-0009")),
        ({"东校区": ("周老师", "")}, ("周老师", "100-0000-0001")),
        ({"本部": ("吴老师", "100-0000-0007")}, ("李老师", "100-0000-0001")),
        (
            {"东校区": ("周老师", "100-0000-0009"), "西校区": ("", "")},
            ("李老师；东校区 周老师", "100-0000-0001；东校区 100-0000-0009"),
        ),
    ],
)
def test_whom_to_telephone_is_the_clerk_of_the_campus_that_is_silent(
    county_day: Site, own: Mapping[str, tuple[str, str]], told: tuple[str, str]
) -> None:
    Unit.objects.filter(code=FIRST).update(reporter="李老师", reporter_phone="100-0000-0001")
    for name in ("本部", "东校区", *own):
        reporter, phone = own.get(name, ("", ""))
        values = {"reporter": reporter, "reporter_phone": phone}
        Campus.objects.update_or_create(school_id=FIRST, name=name, defaults=values)
    silent = digest_facts.digest(digest_facts.book(county_day, DAY, NOW), GULOU, 1, final=False).silent
    assert [(s.holder, s.phone) for s in silent if s.code == FIRST] == [told]


def test_a_closure_whose_ill_are_not_among_the_absences_is_unmatched(county_day: Site) -> None:
    made = digest(digest_facts.digest(digest_facts.book(county_day, DAY, NOW), GULOU, 1, final=False))
    assert [(row.what, row.matched) for row in made.closures.rows] == [("三(4)班", "待对账")]


def test_a_closure_that_ended_is_confirmed_only_if_its_county_said_so(county_day: Site) -> None:
    def said() -> list[str]:
        made = digest(digest_facts.digest(digest_facts.book(county_day, DAY, NOW), GULOU, 1, final=False))
        return [row.confirmed for row in made.closures.rows]

    assert said() == ["学校申报，待县级确认"]
    [one] = closure_decisions.waiting(GULOU)
    closure_decisions.confirm(one.id, DecidedBy("示例区教育局", "已研判", NOW))
    assert said() == ["县级已确认"]
    Closure.objects.update(state="ended", resume_actual=DAY + timedelta(days=1))
    assert said() == ["县级已确认"]
    Decision.objects.all().delete()
    assert said() == ["学校申报，已复课"]


def test_a_closure_of_one_campus_names_it(county_day: Site) -> None:
    Closure.objects.update(campus="东校区", scope="全校")
    before = digest_facts.digest(digest_facts.book(county_day, DAY, NOW), GULOU, 1, final=False).closures
    for name in ("本部", "东校区"):
        Campus.objects.update_or_create(school_id=SECOND, name=name)
    after = digest_facts.digest(digest_facts.book(county_day, DAY, NOW), GULOU, 1, final=False).closures
    assert ([c.campus for c in before], [c.campus for c in after]) == ([""], ["东校区"])


def test_above_county_no_class_is_named_and_small_counts_are_masked(county_day: Site) -> None:
    for one in editions.cut(county_day, editions.Order(DAY, NOW)):
        text = str(one.values)
        assert "示例童" not in text
        if one.place != GULOU:
            assert "三(" not in text
            assert "三3" not in text
            assert "AAAA" not in text
    city = next(
        e for e in editions.cut(county_day, editions.Order(DAY, NOW, 1)) if e.place == "320100" and e.kind == "digest"
    )
    assert [row["cases"] for row in city.values["alerts"]["rows"]] == ["<3"]


def test_an_edition_is_cut_once_and_never_changes(county_day: Site) -> None:
    first = editions.cut(county_day, editions.Order(DAY, NOW, 1))
    report(THIRD, GULOU)
    again = editions.cut(county_day, editions.Order(DAY, NOW + timedelta(hours=1), 1))
    assert [(one.values, one.sha) for one in first] == [(one.values, one.sha) for one in again]
    assert not any(one.new for one in again)
    final = editions.cut(county_day, editions.Order(DAY, NOW + timedelta(hours=2), 2, final=True))
    county = next(one for one in final if one.place == GULOU and one.kind == "digest")
    assert county.values["silence"]["rows"] == []
    assert Edition.objects.filter(place=GULOU, kind="digest").count() == 2


def test_nothing_changed_nothing_new(county_day: Site) -> None:
    editions.cut_pages(county_day, editions.Order(DAY, NOW), [GULOU])
    again = editions.cut_pages(county_day, editions.Order(DAY, NOW + timedelta(minutes=9)), [GULOU])
    assert [(one.n, one.new) for one in again] == [(1, False)] * 3


def test_what_is_settled_elsewhere_makes_no_new_edition(county_day: Site) -> None:
    Counter.objects.update_or_create(name="settled", defaults={"value": 7})
    editions.cut(county_day, editions.Order(DAY, NOW))
    Counter.objects.filter(name="settled").update(value=8)
    again = editions.cut(county_day, editions.Order(DAY, NOW + timedelta(minutes=1)))
    assert {(one.n, one.new) for one in again} == {(1, False)}


def test_names_stand_on_the_schools_own_page_only(county_day: Site) -> None:
    cut = editions.cut_pages(county_day, editions.Order(DAY, NOW), [GULOU])
    page = next(one.values for one in cut if one.place == FIRST)
    assert [row["pupil"] for row in page["rows"]] == ["示例童1", "示例童2", "示例童3"]
    assert page["reported"] == "11-20 14:00", "in the school's own time"
    assert page["notices"][0]["what"].startswith("预警 2026-0001 发热")
    school_copy = values_of(cards.card(card_page_facts.card(county_day, CardRef("2026-0001", 1), FIRST)))
    county_copy = values_of(cards.card(card_page_facts.card(county_day, CardRef("2026-0001", 1), GULOU)))
    city_copy = values_of(cards.card(card_page_facts.card(county_day, CardRef("2026-0001", 1), "320100")))
    assert "示例童" in str(school_copy)
    assert "示例童" not in str(county_copy)
    assert "三3-AAAA" in str(county_copy)
    assert "三3-AAAA" not in str(city_copy)
    assert "三(3)班" not in str(city_copy)
    with pytest.raises(KeyError):
        card_page_facts.card(county_day, CardRef("2026-0001", 1), THIRD)


def test_a_schools_page_names_every_open_alert(county_day: Site) -> None:
    first, hit = Alert.objects.get(), AlertHit.objects.get()
    for n, group in enumerate(("RES", "GI", "RASH", "EYE"), start=2):
        first.pk = f"2026-000{n}"
        first.group = group
        first.save(force_insert=True)
        hit.pk, hit.alert_id = None, first.pk
        hit.save(force_insert=True)
    cut = editions.cut_pages(county_day, editions.Order(DAY, NOW), [GULOU])
    notices = next(one.values for one in cut if one.place == FIRST)["notices"]
    assert len(notices) == 4
    assert "2 条预警：2026-0004、2026-0005" in notices[3]["what"]


def test_an_alert_is_called_by_what_it_is_about(county_day: Site) -> None:
    row = Alert.objects.get()

    def called(*keys: str) -> str:
        AlertCase.objects.filter(alert=row).delete()
        for n, key in enumerate(keys):
            AlertCase.objects.create(alert=row, pupil=f"{key}-{n}", class_key=key, onset=DAY, from_settled=1)
        return alert_labels.labels([row])[row.id]

    assert called("三4", "三4") == "三(4)班", "of the cases, not of the hit that was highest"
    assert called("三3", "三4", "三4") == "三(4)班、三(3)班"
    assert called("三4", "三4", "三3", "五1") == "三(4)班、三(3)班等 3 个班"
    assert called() == "三(3)班"
    AlertHit.objects.filter(alert=row).update(scope="")
    assert called("三3") == "三(3)班", "all of one class, whatever rule"
    assert called("三3", "三4") == "", "the whole campus"


def test_queries_do_not_grow_with_the_schools(county_day: Site) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            book = digest_facts.book(county_day, DAY, NOW)
            digest_facts.digest(book, GULOU, 1, final=False)
        return len(caught)

    before = queries()
    for n in range(10, 22):
        school(f"21329000{n}", GULOU)
    assert queries() == before


def test_a_single_case_is_a_hint_until_an_open_alert_holds_it(county_day: Site) -> None:
    absent(FIRST, GULOU, "三4-EEEE555555", key="三4", diagnosis="D08")  # 流行性腮腺炎
    found = digest_facts.digest(digest_facts.book(county_day, DAY, NOW), GULOU, 1, final=False).hints
    assert [(h.school, h.class_name, h.cases, h.new) for h in found] == [("示例学校1", "三(4)班", 1, 1)]

    AlertCase.objects.create(alert_id="2026-0001", pupil="三4-EEEE555555", class_key="三4", onset=DAY, from_settled=1)
    assert digest_facts.digest(digest_facts.book(county_day, DAY, NOW), GULOU, 1, final=False).hints == ()


def test_a_past_day_cut_again_lists_no_alert_that_came_up_since(county_day: Site) -> None:
    there = set(Alert.objects.values_list("id", flat=True))
    assert there, "the day has its alert"
    books = [digest_facts.book(county_day, day, NOW) for day in (DAY, DAY - timedelta(days=1))]
    assert [{one.id for one in book.alerts} & there for book in books] == [there, set()]


def test_a_digest_tells_the_week_of_the_term_that_is_entered(county_day: Site) -> None:
    assert digest_facts.digest(digest_facts.book(county_day, DAY, NOW), GULOU, 1, final=False).week == 0
    CalendarDay.objects.create(place="320100", first=date(2026, 9, 1), last=date(2027, 1, 29), kind="term")
    book = digest_facts.book(county_day, DAY, NOW)
    assert [digest_facts.digest(book, place, 1, final=False).week for place in (GULOU, "320100", "320000")] == [
        12,
        12,
        0,
    ]


def test_what_people_export_they_can_read(county_day: Site) -> None:
    Closure.objects.update(reason="FEV", state="confirmed")
    reader = units.scope(GULOU, lookup.tree())

    def exported(records: str) -> dict[str, object]:
        table = exports.export(records, reader, exports.DayRange())
        (row,) = table.rows
        return dict(zip(table.header, row, strict=True))

    closures, alerts = exported("closures"), exported("alerts")
    assert (closures["reason"], closures["state"]) == ("发热（病因未明）", "县级已确认")
    assert (alerts["group"], alerts["stage"], alerts["state"]) == ("发热", "早期预警", "待核实")


def test_a_closure_in_the_course_of_a_day_says_from_when(county_day: Site) -> None:
    Closure.objects.update(start=datetime(2026, 11, 20, 13, tzinfo=ZONE))
    made = digest(digest_facts.digest(digest_facts.book(county_day, DAY, NOW), GULOU, 1, final=False))
    assert [row.dates for row in made.closures.rows] == ["11-19 → 11-20 13:00 → 11-24"]
    pages = editions.cut_pages(county_day, editions.Order(DAY, NOW), [GULOU])
    (rooms,) = [one.values["classes"] for one in pages if one.place == SECOND]
    assert [(room["class_name"], room["closed_from"]) for room in rooms if room["closed"]] == [("三(4)班", "13:00")]


def test_a_schools_page_lists_classes_and_pupils_from_the_youngest_up(site: Site) -> None:
    school("2132900009", GULOU, ("三2", "五1", "一1", "三10", "二1"))
    report("2132900009", GULOU)
    for n, key in enumerate(("三10", "二1", "五1", "三2", "一1")):
        absent("2132900009", GULOU, f"{key}-{n:04d}", key)
    cut = school_page_facts.Cut(DAY, 1, final=False, now=NOW, as_of=9)
    [facts] = school_page_facts.pages(site, cut, [GULOU])
    upwards = ["一(1)班", "二(1)班", "三(2)班", "三(10)班", "五(1)班"]
    assert [line.class_name for line in facts.pupils] == [line.class_name for line in facts.classes] == upwards


def test_every_pupil_of_other_reasons_stands_with_his_class(county_day: Site) -> None:
    """其他缺课 of the head is the sum of the classes below it, counted for the class or a line a pupil."""
    absent(FIRST, GULOU, "三4-EEEE555555", key="三4", reason="other")
    ReportClass.objects.create(day=DAY, school=FIRST, campus="本部", key="三3", other_absent=2)
    ReportClass.objects.create(day=DAY, school=FIRST, campus="本部", key="九9", other_absent=3)
    pages = editions.cut_pages(county_day, editions.Order(DAY, NOW), [GULOU])
    (values,) = [one.values for one in pages if one.place == FIRST]
    assert dict(values["counts"])["其他缺课"] == "6"
    assert sum(room["other"] for room in values["classes"]) == 6


def test_a_past_day_is_as_of_its_end_clocks_included(county_day: Site) -> None:
    """What became of an alert since, and how long ago it was due, is not the day's."""
    weeks_later = NOW + timedelta(days=20)
    row = Alert.objects.get()
    row.state, row.closed_at = "excluded", NOW + timedelta(days=3)
    row.due_at = NOW + timedelta(days=4)  # sent back once
    row.save()
    for hours, what, more in ((2, "answered", {}), (50, "returned", {}), (72, "confirmed", {"verdict": "excluded"})):
        AlertEvent.objects.create(alert=row, at=NOW + timedelta(hours=hours), what=what, origin=hours, details=more)

    made = digest(digest_facts.digest(digest_facts.book(county_day, DAY, weeks_later), GULOU, 1, final=True))
    assert [(one.id, one.state, one.left) for one in made.alerts.rows] == [("2026-0001", "待县确认", "—")]
    assert (made.alerts.opened, made.alerts.excluded, made.alerts.overdue) == (1, 0, 0)
    (page,) = [p for p in editions.cut_pages(county_day, editions.Order(DAY, weeks_later), [GULOU]) if p.place == FIRST]
    assert [notice["todo"] for notice in page.values["notices"]] == ["待县确认，暂不用再发。"]

    AlertEvent.objects.filter(what="answered").delete()
    again = digest(digest_facts.digest(digest_facts.book(county_day, DAY, weeks_later), GULOU, 1, final=True))
    assert [(one.state, one.left) for one in again.alerts.rows] == [("待核实", "9 小时")], "midnight to nine"


@pytest.mark.parametrize("later", [timedelta(minutes=9), timedelta(hours=8), timedelta(days=20)])
def test_time_that_passes_makes_no_new_edition(county_day: Site, later: timedelta) -> None:
    first = editions.cut(county_day, editions.Order(DAY, NOW))
    assert any(one.values["alerts"]["rows"] for one in first if one.kind == "digest"), "with a clock that runs"
    again = editions.cut(county_day, editions.Order(DAY, NOW + later))
    assert [(one.n, one.new, one.sha) for one in again] == [(1, False, one.sha) for one in first]


def test_an_answer_after_the_edition_makes_a_new_one(county_day: Site) -> None:
    editions.cut(county_day, editions.Order(DAY, NOW))
    at = NOW + timedelta(hours=2)
    AlertEvent.objects.create(alert_id="2026-0001", at=at, what="answered", origin=2)
    Alert.objects.update(state="answered")
    again = editions.cut(county_day, editions.Order(DAY, NOW + timedelta(days=20)))
    assert {(one.n, one.new) for one in again if one.kind == "digest" and one.place == GULOU} == {(2, True)}


def test_of_the_open_alerts_only_the_new_ones_are_called_new(county_day: Site) -> None:
    """One that came and went on the day is among 排除, not among the new ones of those that are open."""
    row = Alert.objects.get()
    row.id, row.group, row.state, row.closed_at = "2026-0002", "GI", "excluded", NOW - timedelta(minutes=5)
    row.save(force_insert=True)
    made = digest(digest_facts.digest(digest_facts.book(county_day, DAY, NOW), GULOU, 1, final=False))
    assert "在办预警 1 条（其中今日新增 1 条）" in "".join(phrase.text for phrase in made.sentence)
    assert (made.alerts.opened, made.alerts.excluded) == (1, 1)
