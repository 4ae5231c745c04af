"""The invented province: nobody in it is real, and it is the same each time."""

from __future__ import annotations

import re
import zipfile
from datetime import date, timedelta
from io import BytesIO

import pytest

from pipeline.demo import filings, mistakes, province, story
from pipeline.forms import form
from pipeline.forms.classes import class_key

SCHOOLS = province.schools()
DAYS = tuple(date(2026, 11, 9) + timedelta(days=n) for n in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11))
SPELLS = {school.code: story.spells(school, len(DAYS)) for school in SCHOOLS}
LAST = filings.DayPlan(len(DAYS) - 1, DAYS, SPELLS)


def test_there_are_sixty_schools_in_four_counties_of_two_cities() -> None:
    assert len(SCHOOLS) == 60
    assert len({county.code for county in province.COUNTIES}) == 4
    assert len({county.city for county in province.COUNTIES}) == 2


def test_a_name_that_stands_twice_is_told_apart_by_its_code() -> None:
    assert [county.name for county in province.COUNTIES].count("鼓楼区") == 2
    assert len({school.code for school in SCHOOLS}) == len(SCHOOLS) > len({school.name for school in SCHOOLS})


def test_schools_say_that_they_are_invented_and_telephones_ring_nowhere() -> None:
    for school in SCHOOLS:
        assert "示例" in school.name
        assert re.fullmatch(r"[0-9]{2}329[0-9]{5}", school.code)
        assert re.fullmatch(r"100-0000-[0-9]{4}", school.reporter_phone)
        assert re.fullmatch(r"100-0000-[0-9]{4}", school.leader_phone)


def test_no_two_pupils_of_a_school_share_a_name() -> None:
    for school in SCHOOLS:
        names = [name for room in school.rooms for name, _ in room.pupils]
        assert len(names) == len(set(names))


def test_every_class_has_a_normal_form_of_its_own() -> None:
    for school in SCHOOLS:
        keys = [class_key(room.name, kindergarten=school.stages == ("幼儿园",)) for room in school.rooms]
        assert None not in keys
        assert len(keys) == len(set(keys))


def test_the_province_is_the_same_each_time() -> None:
    assert province.schools() == SCHOOLS
    assert story.spells(SCHOOLS[0], 10) == story.spells(SCHOOLS[0], 10)
    assert province.schools(seed=1)[0].rooms != SCHOOLS[0].rooms


def test_nobody_is_absent_twice_on_a_day() -> None:
    for school in SCHOOLS:
        for n in range(len(DAYS)):
            pupils = [(row["class_name"], row["name"]) for row in story.rows(SPELLS[school.code], n, DAYS)]
            assert len(pupils) == len(set(pupils))


def test_an_outbreak_grows_to_the_last_day() -> None:
    rows = story.rows(SPELLS["1132920001"], len(DAYS) - 1, DAYS)
    assert sum(row.get("diagnosis") == "手足口病" for row in rows) == 8


def test_most_schools_report_every_day_and_somebody_never_does() -> None:
    senders = {filing.school.code for filing in filings.ordinary(filings.DayPlan(0, DAYS, SPELLS), SCHOOLS)}
    assert 55 <= len(senders) < 60
    assert senders.isdisjoint(filings.SILENT_ALWAYS)


def test_history_tells_who_has_come_back_but_for_a_few_who_forget() -> None:
    forgotten = told = 0
    for n in range(1, len(DAYS)):
        day = filings.DayPlan(n, DAYS, SPELLS)
        plain = {filing.school.code: filing for filing in filings.ordinary(day, SCHOOLS)}
        for filing in filings.history(day, SCHOOLS):
            rows = filing.tables["rows"]
            assert [row for row in rows if row.get("state") != "已返校"] == plain[filing.school.code].tables["rows"]
            told += any(row.get("state") == "已返校" for row in rows)
            gone = story.returned(SPELLS[filing.school.code], n - 1, n, DAYS)
            forgotten += bool(rows and gone) and not any(row.get("state") == "已返校" for row in rows)
    assert 0 < forgotten < told / 8


def test_the_last_day_has_what_goes_wrong_and_forms_that_can_be_filled() -> None:
    planned = filings.last(LAST, SCHOOLS)
    assert {filing.damage for filing in planned} == {"", *mistakes.DAMAGES}
    assert {filing.wave for filing in planned} == {1, 2, 3}
    for filing in planned:
        known = {column.name for table in form(filing.form).tables for column in table.columns}
        typed = {name for rows in filing.tables.values() for row in rows for name in row if name}
        assert typed <= known


@pytest.fixture(scope="module")
def small_zip() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("[Content_Types].xml", '<Types><Override PartName="/docProps/custom.xml"/><Default/></Types>')
        package.writestr("_rels/.rels", '<R><Relationship Target="docProps/custom.xml"/><Relationship Target="x"/></R>')
        package.writestr("docProps/custom.xml", "<Properties/>")
        package.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")
    return buffer.getvalue()


def test_a_workbook_without_its_properties_does_not_mention_them(small_zip: bytes) -> None:
    with zipfile.ZipFile(BytesIO(mistakes.without_properties(small_zip))) as package:
        assert "docProps/custom.xml" not in package.namelist()
        assert b"custom.xml" not in package.read("_rels/.rels") + package.read("[Content_Types].xml")


def test_the_bomb_is_small_until_it_is_opened(small_zip: bytes) -> None:
    content = mistakes.bomb(small_zip)
    assert len(content) < 2**20
    with zipfile.ZipFile(BytesIO(content)) as package:
        assert package.getinfo("xl/worksheets/sheet1.xml").file_size > mistakes.BOMB_BYTES
