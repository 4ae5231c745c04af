"""A store that somebody else keeps locked, on a real PostgreSQL: each command ends with one sentence, then goes on.

(SQLite's likewise: `tests/system/test_terminal.py`.)
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pipeline import cli, database
from pipeline.database.sqlite import waiting


@pytest.fixture
def locked(postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, psycopg.Connection]]:
    """A site, and somebody's connection that has a table of it in hand."""
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute("DROP DATABASE IF EXISTS locked WITH (FORCE)")
        server.execute("CREATE DATABASE locked")
    address = postgres.replace("///postgres?", "///locked?")
    assert cli.run(["init", str(tmp_path / "site"), "--database", address]) == 0
    database.close()
    monkeypatch.setattr(waiting, "PATIENCE", 1.0)
    monkeypatch.setenv("QUEKE_NOW", "2026-11-20T10:00")  # in the evening papers would be missing
    with psycopg.connect(address) as other:
        yield tmp_path / "site", other
        other.rollback()
    database.close()


COMMANDS = (
    ("submission", ("status",)),
    ("decision", ("excuse", "--unit", "320106", "--day", "2026-11-20", "--why", "停电")),
    ("submission", ("ingest",)),
)


def test_a_command_waits_and_then_says_what_is_in_its_way(
    locked: tuple[Path, psycopg.Connection], capsys: pytest.CaptureFixture[str]
) -> None:
    root, other = locked
    for table, words in COMMANDS:
        other.execute(f'LOCK TABLE "{table}" IN ACCESS EXCLUSIVE MODE')
        capsys.readouterr()
        assert cli.run(["--site", str(root), *words]) == 2
        said = capsys.readouterr().err
        assert "another process keeps it locked: try again" in said.strip().splitlines()[-1]
        assert "Traceback" not in said
        other.rollback()
        database.close()
    assert cli.run(["--site", str(root), "status"]) == 0
