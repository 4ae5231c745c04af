"""An outbreak in kindergartens and a flu season in primary schools, told on time, a day late, and by halves.

Workbooks from the template, filled by the clerks of each school, taken in at their hour. `pytest -s` prints the
timeline: the day of the first possible warning beside the day of the warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from pipeline import database, run
from pipeline.database.models import Alert, AlertHit, Campus, SchoolClass, Submission, Unit
from pipeline.demo.filings import DemoFiling
from pipeline.model import Site
from pipeline.schooldays import ZONE, today
from tests import build
from tests.inprocess import InProcess
from tests.outbreaks import FLU, HFMD, Ill, Told, absent, first_possible, spread
from tests.sites import lay_out

DAYS = [date(2026, 11, 2) + timedelta(days=n) for n in range(18) if n % 7 < 5]
OUTBREAKS = {
    "1132910001": HFMD,
    "1132910002": HFMD,
    "2132910006": FLU,
    "2132910007": FLU,
}
SCHOOLS = tuple(school for school in build.schools() if school.code in OUTBREAKS)
WAYS = {"on time": "按时", "a day late": "迟一日", "by halves": "分两半"}


@dataclass(frozen=True)
class Report:
    """One workbook: when it comes, its day, the classes it speaks for, and how it is marked."""

    at: datetime
    day: date
    rooms: frozenset[int]
    mode: str = ""

    @property
    def told(self) -> Told:
        return self.at, self.day, self.rooms


@dataclass(frozen=True)
class Season:
    """What became of it, told in one way: by school the day of the first alert and the rules met then."""

    warned: Mapping[str, tuple[date, tuple[str, ...]]]


def at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)


def next_day(day: date) -> date:
    return min((one for one in DAYS if one > day), default=day + timedelta(days=3))


def reports(way: str, school: build.DemoSchool) -> Iterator[Report]:
    whole = frozenset(range(len(school.rooms)))
    half = frozenset(range(0, len(school.rooms), 2))
    for day in DAYS:
        morning = at(next_day(day), 10)
        if way == "on time":
            yield Report(at(day, 14), day, whole)
        elif way == "a day late":
            yield Report(morning, day, whole, "逾期补报")
        else:
            yield Report(at(day, 14), day, half)
            yield Report(morning, day, whole - half, "逾期补报")


def ill(school: build.DemoSchool) -> list[Ill]:
    """Who falls ill: nobody knows the end of it who does not play it."""
    return spread(OUTBREAKS[school.code], school, DAYS, Random(f"2026 {school.code}"))


def filing(school: build.DemoSchool, report: Report) -> DemoFiling:
    rows = [one.row(school, report.day) for one in absent(ill(school), report.day, report.rooms)]
    silent = [{"": room.name} for n, room in enumerate(school.rooms) if n not in report.rooms]
    header = {"zero": "否" if rows else "是", "mode": report.mode or None, "reporter": school.reporter}
    tables = {"rows": rows, "classes": silent} if silent else {"rows": rows}
    return DemoFiling(school, "absence", report.day, header, tables, f"{school.code} {report.day}.xlsx")


@pytest.fixture(scope="module", params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def season(way: str, tmp_path_factory: pytest.TempPathFactory, prepared_db: Path) -> Iterator[Season]:
    site = lay_out(tmp_path_factory.mktemp("season"), prepared_db)
    database.open(site)
    yield play(site, way)
    database.close()


def play(site: Site, way: str) -> Season:
    for gone in (SchoolClass, Campus):
        gone.objects.all().delete()
    Unit.objects.filter(kind="school").delete()
    shelf = build.Shelf(site, SCHOOLS)
    with InProcess() as readers:
        for county in build.COUNTIES:
            folder = site.inbox / f"{county.code} {county.name}"
            folder.mkdir()
            if any(school.county == county.code for school in SCHOOLS):
                (folder / f"{county.city}学校名册.xlsx").write_bytes(shelf.roster(county, DAYS[0]))
        run.drain(site, readers, lambda: at(DAYS[0], 8))
        shelf.know(DAYS[0])
        coming: dict[datetime, list[tuple[build.DemoSchool, Report]]] = {}
        for school in SCHOOLS:
            for report in reports(way, school):
                coming.setdefault(report.at, []).append((school, report))
        for moment, sent in sorted(coming.items()):
            for school, report in sent:
                (site.inbox / f"{school.code} {report.day}.xlsx").write_bytes(shelf.fill(filing(school, report)))
            with run.Coordinator(site, readers, lambda moment=moment: moment, answer=False) as coordinator:
                coordinator.drain_patiently()
    states = set(Submission.objects.filter(form="absence").values_list("state", flat=True))
    assert states == {"accepted"}, "every report was taken"
    return Season({school.code: found for school in SCHOOLS if (found := first_warned(school.code))})


def first_warned(school: str) -> tuple[date, tuple[str, ...]] | None:
    alert = Alert.objects.filter(school=school).order_by("opened_at", "id").first()
    if alert is None:
        return None
    hits = AlertHit.objects.filter(alert__school=school, alert__opened_at=alert.opened_at)
    first = min(hits.values_list("from_settled", flat=True))
    return today(alert.opened_at), tuple(sorted(set(hits.filter(from_settled=first).values_list("rule", flat=True))))


def line(school: build.DemoSchool, way: str, season: Season) -> Sequence[object]:
    found, name = ill(school), OUTBREAKS[school.code].name
    possible = first_possible(found, [one.told for one in reports("on time", school)])
    warned = season.warned.get(school.code)
    late = (DAYS.index(warned[0]) - DAYS.index(possible[0])) if warned and possible else "—"
    cases = sum(one.onset <= possible[0] for one in found) if possible else "—"
    return (
        *(name, school.name, WAYS[way], min(one.onset for one in found), len(found), cases),
        *(possible or ("—", "")),
        *((warned[0], " ".join(warned[1])) if warned else ("—", "")),
        late,
    )


HEAD = ("疫情", "学校", "报送", "首例", "全部病例", "当时病例", "最早可预警", "规则", "预警", "规则", "差（上课日）")


@pytest.mark.slow
def test_the_timeline_is_printed(way: str, season: Season) -> None:
    print("\n" + " | ".join(HEAD))
    for school in SCHOOLS:
        print(" | ".join(map(str, line(school, way, season))))


@pytest.mark.slow
@pytest.mark.parametrize("school", SCHOOLS, ids=lambda school: school.code)
def test_a_warning_comes_on_the_day_on_which_what_was_told_is_enough(
    way: str, season: Season, school: build.DemoSchool
) -> None:
    told = [one.told for one in reports(way, school)]
    possible, warned = first_possible(ill(school), told), season.warned.get(school.code)
    assert (possible and possible[0]) == (warned and warned[0])
    if possible and warned:
        assert possible[1] in warned[1]


@pytest.mark.slow
@pytest.mark.parametrize("school", SCHOOLS, ids=lambda school: school.code)
def test_told_a_day_late_it_comes_a_day_late_and_by_halves_no_later(
    way: str, season: Season, school: build.DemoSchool
) -> None:
    on_time = first_possible(ill(school), [one.told for one in reports("on time", school)])
    warned = season.warned.get(school.code)
    if on_time is None or warned is None:
        assert on_time is None
        assert warned is None
        return
    if way == "a day late":
        assert warned[0] == next_day(on_time[0])
    else:
        assert on_time[0] <= warned[0] <= (on_time[0] if way == "on time" else next_day(on_time[0]))
