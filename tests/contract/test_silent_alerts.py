"""A class or a campus under an open alert that does not report is told to its county at once."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from pipeline.alert_state import AlertState
from pipeline.alerts import alert_labels
from pipeline.database.decision_log import DecidedBy
from pipeline.database.models import Alert, AlertCase, AlertHit, CalendarDay, Campus, Closure, Report, ReportClass
from pipeline.facts import alert_list, digest_facts, silent_alerts, status
from pipeline.figures import papers
from pipeline.figures.digest import Digest, digest
from pipeline.figures.paper_values import values_of
from pipeline.model import Site
from pipeline.reports import letters, pages
from pipeline.schooldays import ZONE
from pipeline.settling import excuses
from tests.contract.places import GULOU, school

DAY = date(2026, 11, 20)  # a Friday
NOW = datetime(2026, 11, 20, 15, 10, tzinfo=ZONE)
DEADLINE = "15:00"
CODE, OTHER = "2132900001", "2132900002"


def opened(code: str = CODE, scope: str = "三3", *, number: str = "2026-0001", campus: str = "本部") -> Alert:
    """An alert of yesterday with two cases of class 三3."""
    at = datetime(2026, 11, 19, 6, tzinfo=UTC)
    day = DAY - timedelta(days=1)
    row = Alert.objects.create(
        id=number,
        school_id=code,
        campus=campus,
        division=GULOU,
        scope=scope,
        group="FEV",
        stage="early",
        opened_day=day,
        opened_at=at,
        due_at=at + timedelta(days=1),
        first_onset=day,
        last_onset=day,
        cases=2,
        ends_after=day + timedelta(days=7),
    )
    for pupil in ("三3-AAAA111111", "三3-BBBB222222"):
        AlertCase.objects.create(alert=row, pupil=pupil, class_key="三3", onset=day, from_settled=1)
    return row


def reported(code: str, *silent: str, campus: str = "本部") -> None:
    """A zero report of the day, which leaves some classes out."""
    Report.objects.create(
        day=DAY,
        school=code,
        campus=campus,
        division=GULOU,
        current_seq=1,
        zero=True,
        first_seen=datetime(2026, 11, 20, 6, tzinfo=UTC),
        on_time=True,
        covered=2 - len(silent),
        from_settled=1,
    )
    for key in silent:
        ReportClass.objects.create(day=DAY, school=code, campus=campus, key=key, silent=True)


@pytest.fixture
def county(site: Site) -> Site:
    for code in (CODE, OTHER):
        school(code, GULOU)
    opened()
    return site


def cut(site: Site, place: str = GULOU) -> Digest:
    return digest(digest_facts.digest(digest_facts.book(site, DAY, NOW), place, 1, final=False))


def warned(site: Site) -> dict[str, str]:
    return {row.code: row.warned for row in cut(site).silence.rows}


def test_a_school_under_a_warning_that_reports_nothing_comes_first_and_is_asked_about(county: Site) -> None:
    made = cut(county)
    assert [(row.code, row.warned) for row in made.silence.rows] == [(CODE, "发热（三(3)班）"), (OTHER, "")]
    assert made.todo[0] == "在办预警今日未报 1 所：示例学校1 发热（三(3)班），请立即电话核实病情。"
    book = digest_facts.book(county, DAY, NOW)
    values = letters.checked(values_of(papers.missing(digest_facts.missing(book, GULOU))))
    page = pages.page(values)
    assert "在办预警未报 1 所" in page
    assert "在办预警未报：发热（三(3)班）" in page
    assert "预警" not in pages.text("group.txt", values), "the text goes into a chat of all schools"


def test_a_class_left_out_of_the_report_is_named_and_no_other_class(county: Site) -> None:
    reported(CODE, "三3")
    reported(OTHER, "三3")
    assert warned(county) == {CODE: "发热（三(3)班）", OTHER: ""}


def test_a_silent_class_without_a_case_is_no_matter_of_the_alert(county: Site) -> None:
    reported(CODE, "三4")
    assert warned(county)[CODE] == ""
    assert silent_alerts.now(NOW, DEADLINE) == {}


def test_an_alert_of_the_whole_campus_asks_for_all_of_it(county: Site) -> None:
    Alert.objects.update(scope="")
    assert warned(county)[CODE] == "发热（全校）"
    reported(CODE, "三3")
    assert warned(county)[CODE] == "发热（三(3)班）"


def test_of_several_campuses_the_one_under_the_warning_counts(county: Site) -> None:
    Campus.objects.create(school_id=CODE, name="东校区")
    reported(CODE)
    assert warned(county)[CODE] == "", "the campus of the alert has reported"
    Alert.objects.update(campus="东校区", scope="")
    assert warned(county)[CODE] == "发热（东校区）"


def test_a_class_closed_after_approval_is_not_silent(county: Site) -> None:
    at = datetime(2026, 11, 19, 1, tzinfo=UTC)
    row = {"scope": "三3", "start": at, "kind": "first", "reason": "D02", "ill": 2, "pupils": 40, "approved_at": at}
    until = {"resume_planned": DAY + timedelta(days=3), "approved_how": "phone", "approved_by": "示例"}
    made = {"school_id": CODE, "campus": "本部", "division": GULOU, "from_settled": 1, "origin": "2:8"}
    Closure.objects.create(**row, **until, **made)
    assert warned(county)[CODE] == ""
    assert silent_alerts.now(NOW, DEADLINE) == {}


def test_a_holiday_and_an_excuse_are_no_silence(county: Site) -> None:
    excuses.excuse(CODE, DAY, DecidedBy("示例区", "停电", NOW))
    assert CODE not in warned(county)
    assert silent_alerts.now(NOW, DEADLINE) == {}
    opened(OTHER, number="2026-0002")
    assert set(silent_alerts.now(NOW, DEADLINE)) == {"2026-0002"}
    CalendarDay.objects.create(place=GULOU, first=DAY, last=DAY, kind="holiday")
    assert silent_alerts.now(NOW, DEADLINE) == {}


def test_before_the_deadline_nobody_is_late(county: Site) -> None:
    assert silent_alerts.now(NOW.replace(hour=14, minute=59), DEADLINE) == {}
    assert set(silent_alerts.now(NOW.replace(hour=15, minute=0), DEADLINE)) == {"2026-0001"}


@pytest.mark.parametrize("state", [AlertState.VOID, AlertState.ENDED, AlertState.EXCLUDED])
def test_a_closed_alert_asks_for_nothing(county: Site, state: AlertState) -> None:
    Alert.objects.update(state=state, closed_at=NOW - timedelta(hours=5))
    assert warned(county)[CODE] == ""


def test_status_and_the_list_of_alerts_say_it(county: Site) -> None:
    (line,) = alert_list.listed(NOW, DEADLINE)
    assert line.unheard == "三(3)班"
    told = {one.what: one.count for one in status.standing(NOW, DEADLINE).waiting}
    assert told["open alerts whose class or campus has not reported today"] == 1
    reported(CODE)
    assert alert_list.listed(NOW, DEADLINE)[0].unheard == ""
    assert not any("has not reported" in one.what for one in status.standing(NOW, DEADLINE).waiting)


def test_a_city_is_told_the_school_and_no_class(county: Site) -> None:
    made = cut(county, "320100")
    assert made.todo[0] == "在办预警今日未报 1 所：鼓楼区 示例学校1，请督促县级立即核实。"
    assert "三(3)班" not in str(replace(made, sums={}))


@pytest.mark.parametrize("campus", ["本部", "东校区"])
def test_where_a_school_has_several_campuses_an_alert_says_of_which_it_is(site: Site, campus: str) -> None:
    """Of one campus as a whole, too: two of them are not 全校 twice, and the other one is not meant."""
    school(CODE, GULOU)
    opened(campus=campus)
    Alert.objects.update(group="RES")
    whole = opened(campus=campus, number="2026-0002", scope="")
    AlertCase.objects.create(alert=whole, pupil="四1-CCCC333333", class_key="四1", onset=DAY, from_settled=1)
    AlertHit.objects.create(
        alert=whole, rule="C04", group="ILI", scope="", stage="cluster", day=DAY, n=3, threshold="≥3", from_settled=1
    )
    Alert.objects.filter(id=whole.id).update(stage="cluster")
    alerts = list(Alert.objects.order_by("id"))
    assert list(alert_labels.labels(alerts).values()) == [ROOMS[campus], ""]
    Campus.objects.create(school_id=CODE, name="东校区")
    rooms = ROOMS[campus] if campus == "本部" else f"{campus} {ROOMS[campus]}"
    assert list(alert_labels.labels(alerts).values()) == [rooms, campus]


ROOMS = {"本部": "三(3)班", "东校区": "三3"}  # the registry has no class of the other campus
