"""The fixtures of a small site with two schools."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from pipeline import database, issuing
from pipeline.model import Site
from tests.sites import DAY, KEY, SCHOOLS, Desk, enter_schools, lay_out


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, if there is one: where crashes are simulated, syncs only cost time."""
    shared = Path("/dev/shm")
    if not shared.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=shared, prefix="queke-") as folder:
        yield Path(folder)
        database.close()


@pytest.fixture(scope="session")
def prepared_db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated store with divisions and two schools, copied for each test."""
    site = Site(root=tmp_path_factory.mktemp("template"), database="sqlite:///store.db", key=KEY)
    database.open(site)
    database.migrate()
    enter_schools()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return site.root / "store.db"


@pytest.fixture(scope="session")
def desk(prepared_db: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    site = lay_out(tmp_path_factory.mktemp("desk"), prepared_db)
    database.open(site)

    blanks = {code: issuing.template(site, "absence", code, DAY) for code in SCHOOLS}
    database.close()
    return Desk(blanks)


@pytest.fixture
def site(tmp_path: Path, prepared_db: Path) -> Iterator[Site]:
    made = lay_out(tmp_path, prepared_db)
    database.open(made)
    yield made
    database.close()
