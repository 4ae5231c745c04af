"""The weekly papers on the rules: cut on Monday morning, once, for the divisions in which alerts were opened."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from pipeline import rules
from pipeline.alerts import assess
from pipeline.database.models import Edition, Letter
from pipeline.model import DecidedBy, EditionRef, Site
from pipeline.service import timetable
from pipeline.settling import card as settling_card
from tests.cards import HANDLED, ONE, card
from tests.contract.settling import report
from tests.submissions import COUNTY, DAY, NOON, checked, later, line, row

MONDAY = DAY + timedelta(days=7)
PLACES = ["320000", "320100", COUNTY]


@pytest.fixture
def warned(school: Site) -> Site:
    """Three children with a fever on Monday; the county has excluded the alert."""
    report(school, checked(1, [*(row(name, 8 + n) for n, name in enumerate("甲乙丙")), line("三3"), line("四1")]))
    assess.warn(school, rules.load(), NOON)
    report(school, card(2, HANDLED).checked)
    settling_card.confirm(ONE, DecidedBy("教育局", "属实", later(hours=2)))
    return school


def at(days: int, hour: int) -> datetime:
    return later(days=days).replace(hour=hour)


def papers() -> list[Edition]:
    return list(Edition.objects.filter(kind="rules").order_by("day", "place"))


def test_they_are_cut_on_monday_from_their_hour_on_and_once(warned: Site) -> None:
    timetable.tick(warned, at(6, 23))
    timetable.tick(warned, at(7, 7))
    assert papers() == [], "not before Monday, eight o'clock"
    for moment in (at(7, 8), at(7, 9), at(10, 12)):
        timetable.tick(warned, moment)
    assert [(one.place, one.day) for one in papers()] == [(place, MONDAY) for place in PLACES]
    letters = Letter.objects.filter(kind="rules").order_by("reader").values_list("reader", "ref")
    assert list(letters) == [(place, str(EditionRef(MONDAY, 1))) for place in PLACES]


def test_they_say_what_the_week_and_the_weeks_before_were_worth(warned: Site) -> None:
    timetable.tick(warned, at(9, 9))  # the service stood still on Monday
    province, city, county = (one.figures for one in papers())
    assert [one["name"] for one in city["below"]] == ["鼓楼区"]
    assert [one["name"] for one in province["below"]] == ["南京市"]
    assert county["week"] == "11-23 至 11-29"
    (line_,) = county["rows"]
    assert (line_["name"], line_["week"], line_["warned"], line_["excluded"]) == ("E01", 1, 1, [0, 1, 0, 0])
    assert county["total"]["ppv"] == "0.0%"
    timetable.tick(warned, at(14, 9))
    later_one = papers()[-1].figures
    assert (later_one["week"], later_one["total"]["week"], later_one["total"]["warned"]) == ("11-30 至 12-06", 0, 1)


def test_nothing_is_cut_where_nothing_was_warned_of(warned: Site) -> None:
    timetable.tick(warned, at(7 + 7 * 12, 9))
    assert papers() == []
