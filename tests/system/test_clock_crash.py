"""A crash at every commit, and every durable operation, of what is done by the clock: templates, desks, questions,
editions, school pages, letters, the weekly papers. Done again, all is as if nothing had happened (promise: nothing is
lost between two commits).
"""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from pipeline import database
from pipeline.database import errors
from pipeline.database.models import Alert, Edition, Letter, Matter, Todo
from pipeline.errors import TemporaryError
from pipeline.facts import county_day
from pipeline.model import Site
from pipeline.outbox.folder import UNFINISHED
from pipeline.run import sending, warning
from pipeline.service import timetable
from tests.faults import Counting, Crash, CrashAt, during
from tests.sites import DAY, Desk, at, lay_out, pupil
from tests.system.posting import drop, work

MONDAY = date(2026, 11, 23)
MOMENTS = (at(15, 1), at(15, 10), at(17, 30), at(6, 5, MONDAY), at(7, 31, MONDAY), at(8, 5, MONDAY))
MOST_STEPS = 200


@pytest.fixture
def afternoon(memory: Path, prepared_db: Path, desk: Desk) -> Iterator[Path]:
    """A site at two in the afternoon: an outbreak and a row that went back at one school, the other silent."""
    folder = memory / "before"
    folder.mkdir()
    site = lay_out(folder, prepared_db)
    database.open(site)
    ill = [pupil(n, symptom1="皮疹", diagnosis="手足口病") for n in range(6)]
    drop(site, {"a.xlsx": desk.absence("2132010001", [*ill, pupil(6, class_name=None)])})
    work(site)
    database.close()
    yield folder
    database.close()


def again(memory: Path, afternoon: Path, prepared_db: Path, n: int) -> Site:
    """The site of the afternoon, in a folder of its own."""
    folder = memory / f"run-{n}"
    folder.mkdir()
    site = lay_out(folder, prepared_db)
    shutil.copytree(afternoon, folder, dirs_exist_ok=True)
    database.open(site)
    return site


def clock(site: Site) -> None:
    """As the service does: the clock, then what a look at the inbox does where nothing came."""
    for moment in MOMENTS:
        timetable.tick(site, moment)
        with errors.temporary():
            warning.warn(site, moment)
            sending.send(site, moment)


def _papers(site: Site) -> list[Path]:
    """The papers that lie ready; what a crash left half written goes when work goes on."""
    unfinished = site.outbox / UNFINISHED
    return [path for path in site.outbox.rglob("*") if path.is_file() and unfinished not in path.parents]


def made(site: Site) -> dict[str, object]:
    county_day.refresh()
    papers = sorted(str(path.relative_to(site.outbox)) for path in _papers(site))
    return {
        "editions": sorted(Edition.objects.values_list("kind", "place", "day", "n", "final")),
        "letters": sorted(Letter.objects.values_list("kind", "ref", "reader", "state")),
        "matters": sorted(Matter.objects.values_list("id", "state", "asked_on")),
        "alerts": sorted(Alert.objects.values_list("id", "state")),
        "todo": sorted(Todo.objects.values_list("kind", "code")),
        "papers": papers,
    }


def crash(site: Site, disk: Counting) -> None:
    try:
        with during(disk):
            clock(site)
    except (Crash, TemporaryError):
        database.close()
        database.open(site)


@pytest.mark.slow
def test_a_crash_at_any_commit_of_the_clock_loses_no_paper(memory: Path, afternoon: Path, prepared_db: Path) -> None:
    site = again(memory, afternoon, prepared_db, 0)
    clock(site)
    expected = made(site)
    kinds = {kind for kind, *_ in expected["editions"]}
    assert {"digest", "missing", "page"} <= kinds
    assert [row for row in expected["editions"] if row[0] == "page" and row[2] == DAY]
    for n in range(1, MOST_STEPS):
        database.close()
        site = again(memory, afternoon, prepared_db, n)
        disk = CrashAt(n)
        crash(site, disk)
        if disk.steps < n:
            break
        clock(site)
        assert made(site) == expected, f"operation {n}: {disk.names[n - 1]}"
        shutil.rmtree(site.root)
    else:
        pytest.fail("the run never completed")
    assert n > 10
