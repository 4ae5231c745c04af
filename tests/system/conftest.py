"""A small site with two schools, and workbooks their clerks might drop."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pytest
from django.db import connection

from pipeline import database as db
from pipeline.database.models import Campus, SchoolClass, Unit
from pipeline.forms import form
from pipeline.issuing import templates
from pipeline.model import Policy, Site
from pipeline.registry import lookup
from pipeline.schooldays import ZONE
from pipeline.xlsx.fill import Template, fill

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 14, 0, tzinfo=ZONE)
KEY = b"a key for tests, thirty-two long"
SCHOOLS = {"2132010001": "示例第一小学", "2132010002": "示例第二小学"}
COUNTY = "320106"
FOLDERS = ("inbox", "outbox", "spool", "archive")


@dataclass(frozen=True)
class Desk:
    """Makes the workbooks of a school."""

    contents: Mapping[str, bytes]  # the blank of each school

    def absence(self, school: str, rows: Sequence[Mapping[str, object]] = (), **header: object) -> bytes:
        said = {
            "unit": school,
            "school": SCHOOLS[school],
            "day": DAY,
            "zero": "否" if rows else "是",
            "reporter": "示例甲",
        }
        return fill(Template(self.contents[school]), form("absence"), {**said, **header}, {"rows": rows})


def pupil(n: int, **more: object) -> dict[str, object]:
    row = {"class_name": "三(3)班", "name": f"示例{'甲乙丙丁戊己庚辛'[n]}", "sex": "男", "reason": "因病", "start": DAY}
    return {**row, "symptom1": "咳嗽", **more}


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, if there is one: where crashes are simulated, syncs only cost time."""
    shared = Path("/dev/shm")
    if not shared.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=shared, prefix="queke-") as folder:
        yield Path(folder)
        db.close()


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated store with divisions and two schools, copied for each test."""
    site = Site(root=tmp_path_factory.mktemp("template"), database="sqlite:///store.db", key=KEY)
    db.open(site)
    db.migrate()

    lookup.load_divisions()
    for code, name in SCHOOLS.items():
        school = Unit.objects.create(code=code, kind="school", division_id=COUNTY, name=name, stages="小学")
        Campus.objects.create(school=school)
        for key, said in (("三3", "三(3)班"), ("三4", "三(4)班")):
            SchoolClass.objects.create(school=school, school_year=2026, key=key, name=said, stage="小学", roll=40)

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return site.root / "store.db"


@pytest.fixture(scope="session")
def desk(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    site = lay_out(tmp_path_factory.mktemp("desk"), database)
    db.open(site)

    blanks = {code: templates.template(site, "absence", code, DAY) for code in SCHOOLS}
    db.close()
    return Desk(blanks)


def lay_out(root: Path, database: Path) -> Site:
    """Make the folders of a site in `root`, whatever stood there."""
    for name in FOLDERS:
        shutil.rmtree(root / name, ignore_errors=True)
        (root / name).mkdir()
    for leftover in root.glob("store.db*"):
        leftover.unlink()
    shutil.copyfile(database, root / "store.db")
    policy = Policy(stable_seconds=0)
    return Site(root=root, database="sqlite:///store.db", key=KEY, policy=policy)


@pytest.fixture
def site(tmp_path: Path, database: Path) -> Iterator[Site]:
    made = lay_out(tmp_path, database)
    db.open(made)
    yield made
    db.close()
