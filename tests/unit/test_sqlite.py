"""Which SQLite keeps the store, and what is done where no sound one can be had."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from pipeline import database
from pipeline.database import sql, sqlite
from pipeline.model import Site
from tests.sites import KEY

# Stands in for a machine with an old library and no other.
_OLD = """
import sqlite3, sys
sqlite3.sqlite_version_info = (3, 40, 1)
sys.modules["pysqlite3"] = None
"""
_KEEP = """
from pathlib import Path
from pipeline import database
from pipeline.database import sql, sqlite
from pipeline.model import Site
database.open(Site(root=Path(sys.argv[1]), database="sqlite:///store.db", key=bytes(32)))
database.migrate()
print(sqlite.LIBRARY.__name__, sqlite.SOUND, sql.fetch("PRAGMA journal_mode")[0][0])
"""


@pytest.mark.parametrize(
    ("version", "sound"),
    [
        ((3, 40, 1), False), ((3, 44, 5), False), ((3, 44, 6), True), ((3, 45, 0), False), ((3, 50, 6), False),
        ((3, 50, 7), True), ((3, 51, 0), False), ((3, 51, 2), False), ((3, 51, 3), True), ((3, 52, 0), True),
    ],
)  # fmt: skip
def test_releases_with_the_mend_are_sound(version: tuple[int, ...], sound: bool) -> None:  # a table
    assert sqlite.sound(version) is sound


def test_the_store_is_kept_by_a_sound_library(tmp_path: Path) -> None:
    database.open(Site(root=tmp_path, database="sqlite:///store.db", key=KEY))
    version = str(sql.fetch("SELECT sqlite_version()")[0][0])
    assert sqlite.sound(tuple(map(int, version.split("."))))
    assert connection.Database.sqlite_version == version
    assert sys.modules["sqlite3"] is sqlite3
    database.close()


def test_without_a_sound_library_the_store_does_without_wal(tmp_path: Path) -> None:
    database.open(Site(root=tmp_path, database="sqlite:///store.db", key=KEY))  # was kept with WAL before
    database.migrate()
    database.close()
    done = subprocess.run(
        [sys.executable, "-c", _OLD + _KEEP, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["sqlite3", "False", "delete"]
