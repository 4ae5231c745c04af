"""What a small province's papers print is what its records say: figures by SQL, and nothing a reader may not see."""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path

import pypdf
import pytest
from django.db import connection

from pipeline import database, run
from pipeline.database.models import Campus, Edition, SchoolClass, Unit
from pipeline.model import Site
from pipeline.service import timetable
from tests import build
from tests.inprocess import InProcess
from tests.sites import ZONE, lay_out

DAYS = (date(2026, 11, 19), date(2026, 11, 20))
# kindergartens and schools of two counties of a city; one says nothing on the second day
CODES = ("1132910001", "2132910006", "1132920001", "2132920007")
SILENT = "2132910006"
MEASLES = "2132920007"  # one case opens an alert: a count that city and province must not learn


@dataclass(frozen=True)
class Printed:
    """The final digests by place, every paper above school by path, and the names of all pupils."""

    site: Site
    digests: Mapping[str, str]
    above: Mapping[str, str]
    names: frozenset[str]


def filings(schools: tuple[build.DemoSchool, ...], n: int) -> Iterator[build.DemoFiling]:
    for school in schools:
        spells = build.spells(school, len(DAYS))
        filing = build.absence(build.DayPlan(n, DAYS, {school.code: spells}), school)
        if n and school.code == MEASLES:
            name, sex = school.rooms[3].pupils[0]
            case = {"class_name": school.rooms[3].name, "name": name, "sex": sex, "reason": "因病", "start": DAYS[n]}
            case |= {"symptom1": "发热", "symptom2": "皮疹", "diagnosis": "麻疹", "temperature": 39.0}
            header = {**filing.header, "zero": "否"}
            filing = replace(filing, header=header, tables={"rows": [*filing.tables["rows"], case]})
        if not (n and school.code == SILENT):
            yield filing


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory, prepared_db: Path) -> Iterator[Printed]:
    site = lay_out(tmp_path_factory.mktemp("printed"), prepared_db)
    database.open(site)

    for gone in (SchoolClass, Campus):
        gone.objects.all().delete()
    Unit.objects.filter(kind="school").delete()
    schools = tuple(school for school in build.schools() if school.code in CODES)
    shelf = build.Shelf(site, schools)
    with InProcess() as readers:
        for county in build.COUNTIES:
            folder = site.inbox / f"{county.code} {county.name}"
            folder.mkdir()
            if any(school.county == county.code for school in schools):
                (folder / f"{county.city}学校名册.xlsx").write_bytes(shelf.roster(county, DAYS[0]))
        run.drain(site, readers, lambda: datetime(2026, 11, 18, 9, tzinfo=ZONE))
        shelf.know(DAYS[0])
        for n, day in enumerate(DAYS):
            for filing in filings(schools, n):
                (site.inbox / f"{filing.school.code}.xlsx").write_bytes(shelf.fill(filing))
            run.drain(site, readers, partial(datetime, day.year, day.month, day.day, 14, 10, tzinfo=ZONE))
    timetable.make(site, datetime(2026, 11, 20, 17, 30, tzinfo=ZONE), DAYS[-1], final=True)
    above = {
        path.relative_to(site.outbox).as_posix(): text_of(path)
        for path in site.outbox.rglob("*.*")
        if path.suffix in {".pdf", ".txt"} and not path.is_relative_to(site.outbox / "学校")
    }
    places = {re.findall(r"D-([0-9]{6})-", path)[0]: text for path, text in above.items() if "简报" in path}
    names = frozenset(name for school in schools for room in school.rooms for name, _ in room.pupils)
    yield Printed(site, places, above, names)
    database.close()


def text_of(path: Path) -> str:
    if path.suffix == ".txt":
        return re.sub(r"\s+", "", path.read_text(encoding="utf-8-sig"))
    sides = pypdf.PdfReader(io.BytesIO(path.read_bytes())).pages
    return re.sub(r"\s+", "", "".join(side.extract_text() for side in sides))


def asked(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def counted(place: str) -> Mapping[str, int]:
    """What the records say of a place's day, by SQL that the product does not use."""
    inside = f"division LIKE '{place.rstrip('0')}%'"
    today = f"{inside} AND day = '{DAYS[-1]}'"
    one = {
        "ill": f"SELECT COUNT(*) FROM absence WHERE {today} AND reason = 'ill' AND row_state <> 'returned'",
        "reported": f"SELECT COUNT(DISTINCT school) FROM report WHERE {today}",
        "due": f"SELECT COUNT(*) FROM unit WHERE kind = 'school' AND division_id LIKE '{place.rstrip('0')}%'",
        "alerts": f"SELECT COUNT(*) FROM alert WHERE {inside} AND closed_at IS NULL",
        "fever": f"SELECT COUNT(*) FROM absence WHERE {today} AND reason = 'ill' AND row_state <> 'returned'"
        " AND symptoms LIKE '%S01%'",
    }
    return {name: int(str(asked(sql)[0][0])) for name, sql in one.items()}


@pytest.mark.slow
def test_every_total_printed_is_what_the_records_say(printed: Printed) -> None:
    assert set(printed.digests) == {"320000", "320100", "320102", "320106"}
    for place, text in printed.digests.items():
        told = counted(place)
        silent = told["due"] - told["reported"]
        assert f"今日应报{told['due']}所，按时{told['reported']}所、迟报0所" in text, place
        assert (f"未报{silent}所" in text) == bool(silent)
        assert f"因病缺课{told['ill']}人次" in text
        assert f"在办预警{told['alerts']}条" in text or (told["alerts"] == 0 and "无在办预警" in text)
        assert not told["fever"] or f"发热{told['fever']}" in text


@pytest.mark.slow
def test_what_stands_below_a_table_is_the_sum_of_its_rows(printed: Printed) -> None:
    for row in Edition.objects.filter(kind="digest", day=DAYS[-1], final=True):
        made, told = row.figures, counted(row.place)
        if made["below"]:
            counts, total = [one["ill"] for one in made["below"]], made["below_total"]["ill"]
            assert total in {None, told["ill"]}
            assert None in (*counts, total) or sum(counts) == total, (
                "few pupils, and what gives them away, are left out"
            )
            assert sum(one["silent"] for one in made["below"]) == len(made["silence"]["rows"])
        else:
            assert sum(int(one["ill"]) for one in made["schools"]) == told["ill"]
        assert len(made["alerts"]["rows"]) == told["alerts"]


@pytest.mark.slow
def test_above_school_nobody_is_named_and_above_county_no_class_no_code_no_small_count(printed: Printed) -> None:
    codes = {str(code) for (code,) in asked("SELECT DISTINCT code FROM pupil")}
    rooms = {str(name) for (name,) in asked("SELECT DISTINCT name FROM school_class")}
    for path, text in printed.above.items():
        assert not [name for name in printed.names if name in path + text], path
        if not path.startswith(("省", "设区市")):
            continue
        assert not [code for code in codes if code.rpartition("-")[2][:4] in path + text], path
        assert not [name for name in rooms if name in path + text], path
    one_case = re.compile(r"麻疹：同校区.{0,12}?≥1人(<3|1)")
    assert [one_case.findall(printed.digests[place]) for place in ("320000", "320100")] == [["<3"], ["<3"]]


@pytest.mark.slow
def test_a_single_case_of_the_third_class_is_told_to_its_county_only(printed: Printed) -> None:
    single = [place for place, text in printed.digests.items() if "请核实诊断" in text]
    assert all(not place.endswith("00") for place in single)
