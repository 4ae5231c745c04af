"""The store on each database it promises to run on: every test that takes `site` runs on both."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

from pipeline import database
from pipeline.database import copying
from pipeline.database.models import Campus, SchoolClass, Unit
from pipeline.model import Policy, Site
from pipeline.registry import lookup
from tests.sites import KEY
from tests.submissions import COUNTY, SCHOOL


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
def postgres_template(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Template:
    _prepare(Site(root=tmp_path_factory.mktemp("pg"), database=postgres, key=KEY))
    return Template(postgres)


@pytest.fixture(params=["sqlite", "postgres"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """An open, migrated, empty store (divisions and organs apart), on each database in turn. On PostgreSQL two rows are
    many: what is settled here goes by COPY.
    """
    template: Template = request.getfixturevalue(f"{request.param}_template")
    made = Site(root=tmp_path, database=template.database, key=KEY, policy=Policy(stable_seconds=0))
    if template.file is not None:
        shutil.copyfile(template.file, tmp_path / "store.db")
    database.open(made)
    if template.file is None:
        _empty()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copying, "LEAST", 2)
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


@pytest.fixture
def school(site: Site) -> Site:
    """The site with one school of two classes in it."""
    Unit.objects.create(code=SCHOOL, kind="school", division_id=COUNTY, name="示例小学", stages="小学")
    Campus.objects.create(school_id=SCHOOL, name="本部")
    for key, name, roll in (("三3", "三(3)班", 40), ("四1", "四(1)班", 38)):
        SchoolClass.objects.create(school_id=SCHOOL, school_year=2026, key=key, name=name, roll=roll)
    return site
