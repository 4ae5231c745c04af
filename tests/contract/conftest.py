"""The store on each database it promises to run on: every test that takes `site` runs on both."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

from pipeline import database
from pipeline.database.models import Campus, SchoolClass, Unit
from pipeline.model import Site
from pipeline.registry import lookup
from tests.sites import KEY
from tests.submissions import COUNTY, SCHOOL
from tools.programs import program


@dataclass(frozen=True)
class Template:
    """A migrated database with the divisions in it, copied or emptied for each test."""

    database: str
    file: Path | None = None


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    root = tmp_path_factory.mktemp("template")
    _prepare(Site(root=root, database="sqlite:///store.db", key=KEY))
    database.close()
    return Template("sqlite:///store.db", root / "store.db")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A private PostgreSQL, reached by a socket only; its URL."""
    folder = Path(tempfile.mkdtemp(prefix="queke-pg-"))
    cluster = folder / "db"
    try:
        _as_postgres(folder, "initdb", "-D", str(cluster), "-A", "trust", "-U", "postgres", "-N", "--locale=C.UTF-8")
        # no statistics are gathered behind a test's back: a plan is the same each time
        quiet = "-c fsync=off -c autovacuum=off -c shared_buffers=32MB"
        options = f"-c listen_addresses= -c unix_socket_directories={folder} {quiet}"
        _as_postgres(
            folder, "pg_ctl", "-D", str(cluster), "-w", "-s", "-l", str(folder / "log"), "-o", options, "start"
        )
        yield f"postgresql:///postgres?host={folder}&user=postgres"
    finally:
        database.close()
        with contextlib.suppress(subprocess.CalledProcessError):
            _as_postgres(folder, "pg_ctl", "-D", str(cluster), "-w", "-s", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Template:
    _prepare(Site(root=tmp_path_factory.mktemp("pg"), database=postgres, key=KEY))
    return Template(postgres)


@pytest.fixture(params=["sqlite", "postgres"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """An open, migrated, empty store (divisions and organs apart), on each database in turn."""
    template: Template = request.getfixturevalue(f"{request.param}_template")
    made = Site(root=tmp_path, database=template.database, key=KEY)
    if template.file is not None:
        shutil.copyfile(template.file, tmp_path / "store.db")
    database.open(made)
    if template.file is None:
        _empty()
    yield made
    database.close()


def _prepare(site: Site) -> None:
    database.open(site)
    database.migrate()

    lookup.load_divisions()


def _empty() -> None:
    kept = {"division"}
    tables = [model._meta.db_table for model in apps.get_app_config("database").get_models()]
    with connection.cursor() as cursor:
        # organs stay: they belong to the divisions
        cursor.execute("SET session_replication_role = replica")
        for table in tables:
            where = " WHERE kind = 'school'" if table == "unit" else ""
            if table not in kept:
                cursor.execute(f'DELETE FROM "{table}"{where}')
        cursor.execute("SET session_replication_role = origin")


def _as_postgres(folder: Path, name: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs; they refuse root, so as root run them as the package's user."""
    command = [program(name), *arguments]
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        command = [program("runuser"), "-u", "postgres", "--", *command]
    subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def school(site: Site) -> Site:
    """The site with one school of two classes in it."""
    Unit.objects.create(code=SCHOOL, kind="school", division_id=COUNTY, name="示例小学", stages="小学")
    Campus.objects.create(school_id=SCHOOL, name="本部")
    for key, name, roll in (("三3", "三(3)班", 40), ("四1", "四(1)班", 38)):
        SchoolClass.objects.create(school_id=SCHOOL, school_year=2026, key=key, name=name, roll=roll)
    return site
