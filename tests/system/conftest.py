"""The fixtures of a small site with two schools."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from pipeline import database as db
from pipeline import issuing
from pipeline.database.models import Campus, SchoolClass, Unit
from pipeline.model import Site
from pipeline.registry import lookup
from tests.sites import COUNTY, DAY, KEY, SCHOOLS, Desk, lay_out


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

    blanks = {code: issuing.template(site, "absence", code, DAY) for code in SCHOOLS}
    db.close()
    return Desk(blanks)


@pytest.fixture
def site(tmp_path: Path, database: Path) -> Iterator[Site]:
    made = lay_out(tmp_path, database)
    db.open(made)
    yield made
    db.close()
