"""A column of 缺课日报 is one entry in its declaration and a migration: shown on a copy of the package, end to end."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from pipeline import database
from pipeline.forms import absence
from pipeline.model import Site
from tests.sites import KEY

NEXT_VERSION = int(absence.ABSENCE.version) + 1
EVERYWHERE = f"goes=NEXT | PAGE | EXPORT | COUNTY, since={NEXT_VERSION}"
ROWS = f"""
    text("trial_text", "试填文字", 60, {EVERYWHERE}),
    choice("trial_choice", "试填选项", words.APPROVED_HOW, "approved-how-unknown", {EVERYWHERE}),
    flag("trial_flag", "试填是否", {EVERYWHERE}),
    day("trial_day", "试填日期", {EVERYWHERE}),
    count("trial_count", "试填人数", {EVERYWHERE}),
    number("trial_number", "试填数字", 3, cells.temperature, {EVERYWHERE}),"""
CLASSES = f'\n    text("trial_class", "试填班级", 20, since={NEXT_VERSION}),'


@pytest.fixture(scope="module")
def copied(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with an entry more for each kind of column, and the migration that follows from them."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(repo / "pipeline", folder / "pipeline")
    (folder / "templates").symlink_to(repo / "templates")
    form = folder / "pipeline/forms/absence.py"
    said = form.read_text(encoding="utf-8")
    for after, more in (('    text("note", ', ROWS), ('    count("present", ', CLASSES)):
        [line] = [line for line in said.splitlines() if line.startswith(after)]
        said = said.replace(line, line + more)
    form.write_text(said, encoding="utf-8")
    run(folder, repo, "-m", "django", "makemigrations", "database", "-n", "trial")
    return folder


def run(folder: Path, repo: Path, *arguments: str) -> None:
    paths = {"PYTHONPATH": f"{folder}{os.pathsep}{repo}", "DJANGO_SETTINGS_MODULE": "pipeline.database.settings"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, **paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def files(folder: Path) -> dict[Path, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder): path.read_bytes() for path in found}


def test_a_column_is_an_entry_and_a_migration_and_nothing_else(copied: Path, repo: Path) -> None:
    before, after = files(repo / "pipeline"), files(copied / "pipeline")
    changed = [path.as_posix() for path in sorted(after) if after[path] != before.get(path)]
    [migration] = (copied / "pipeline/database/migrations").glob("*_trial.py")
    assert changed == [f"database/migrations/{migration.name}", "forms/absence.py"]
    assert before.keys() <= after.keys()


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of its own."""
    if request.param == "sqlite":
        yield "sqlite:///store.db"
        return
    server = request.getfixturevalue("postgres")
    database.open(Site(root=tmp_path, database=server, key=KEY))
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS trial")
        cursor.execute("CREATE DATABASE trial")
    database.close()
    yield server.replace("/postgres?", "/trial?")


def test_a_trial_column_goes_its_way(copied: Path, repo: Path, address: str, tmp_path: Path) -> None:
    """Template, fill, drop, stored, return workbook, 整份更正, the next day's template, the school's page, export."""
    (tmp_path / "site").mkdir()
    run(copied, repo, str(repo / "tests/trial_walk.py"), str(tmp_path / "site"), address)
