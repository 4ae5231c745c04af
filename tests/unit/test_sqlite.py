"""Which SQLite keeps the store, and what is done where no sound one can be had."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection

from pipeline import database
from pipeline.database import errors, sql, sqlite
from pipeline.database.sqlite import waiting
from pipeline.database.transactions import atomic
from pipeline.errors import TemporaryError
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
from pipeline.database import errors, sql, sqlite
from pipeline.database.sqlite import waiting
from pipeline.database.transactions import atomic
from pipeline.errors import TemporaryError
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


_HOLD = """
import sys, time
from pipeline.database.sqlite import LIBRARY
held = LIBRARY.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
held.execute("COMMIT")
sys.stdin.readline()
"""


def test_who_keeps_the_store_locked_is_told_once_and_waiting_for_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "STEP", 0.1)
    site = Site(root=tmp_path, database="sqlite:///store.db", key=KEY)
    database.open(site)
    database.migrate()
    said: list[str] = []
    command = [sys.executable, "-c", _HOLD, str(tmp_path / "store.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"

        def go_on(who: str, _seconds: float) -> None:
            said.append(who)
            assert other.stdin is not None
            other.stdin.write("\n")
            other.stdin.flush()

        waiting.tell(lambda who, _: said.append(who))
        monkeypatch.setattr(waiting, "PATIENCE", 0.25)
        with pytest.raises(TemporaryError, match="try again"), errors.temporary(), atomic():
            pass
        assert said == [f"{other.pid} (python)"]
        began = time.monotonic()
        with pytest.raises(TemporaryError, match="try again"), errors.temporary(), atomic():
            pass
        assert time.monotonic() - began < 5, "what is done about it does not wait as long again"
        waiting.tell(go_on)
        monkeypatch.setattr(waiting, "PATIENCE", 60.0)
        with atomic():
            assert said[1:] == [f"{other.pid} (python)"]
        other.stdin.close()
    waiting.tell(lambda *_: None)
    database.close()
