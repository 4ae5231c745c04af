"""A copy of the whole store in one file, as of one moment, while others write: SQLite's VACUUM INTO, or pg_dump.

What the copy holds is told by the same snapshot, so that the files that belong to it can be chosen after it was taken.
"""

from __future__ import annotations

import os
import shutil
import subprocess  # nosec B404  # PostgreSQL's own programs
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from gettext import gettext as say
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection, transaction

from pipeline import durable
from pipeline.database import sqlite
from pipeline.errors import ConfigError
from pipeline.model import State

Fetch = Callable[[str], Iterator[tuple[Any, ...]]]

SQLITE, POSTGRES = "store.sqlite3", "store.pgdump"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A submission whose bytes the copy looks for in the spool."""

    seq: int
    sha256: str
    path: str  # below the site
    state: State


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy of the store holds."""

    file: str
    last: int  # the last number given out in the sequence of arrivals and decisions
    acts: int  # the number of the last act
    submissions: int
    decisions: int
    audit: int  # the last row of the audit chain, and its hash
    audit_head: str
    waiting: tuple[Waiting, ...]


def dump(folder: Path) -> Copied:
    """Copy the open store into `folder`, where no copy is yet. Raises ConfigError if it cannot be copied."""
    return _dump_sqlite(folder) if connection.vendor == "sqlite" else _dump_postgres(folder)


def load(copy: Path) -> None:
    """Put a copy into the open store, which must be empty. Raises ConfigError."""
    if copy.name == POSTGRES:
        if connection.vendor != "postgresql":
            raise ConfigError([say("this copy is PostgreSQL's: name such a database with --database")])
        _program("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(copy))
        return
    if connection.vendor != "sqlite":
        raise ConfigError(
            [say("this copy is SQLite's: restore it to SQLite; to PostgreSQL: `queke rebuild --database`")]
        )
    target = Path(str(connection.settings_dict["NAME"]))
    connection.close()
    for ending in ("-wal", "-shm", "-journal"):  # of a store that was there before
        beside = target.with_name(target.name + ending)
        if beside.exists():
            durable.unlink(beside)
    shutil.copyfile(copy, target)
    target.chmod(0o600)


def is_empty() -> bool:
    """Whether the open store has no tables."""
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        raise ConfigError(
            [say("database: cannot be used: {text}").format(text=" ".join(str(error).split()))]
        ) from error
    with connection.cursor() as cursor:
        return not connection.introspection.table_names(cursor)


def _dump_sqlite(folder: Path) -> Copied:
    target = folder / SQLITE
    try:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(target)])
    except DatabaseError as error:
        raise ConfigError([say("the store cannot be copied: {error}").format(error=error)]) from error
    target.chmod(0o600)
    with closing(sqlite.LIBRARY.connect(f"file:{target}?mode=ro", uri=True)) as copy:
        return _held(SQLITE, lambda text: iter(copy.execute(text)))


def _dump_postgres(folder: Path) -> Copied:
    target = folder / POSTGRES
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        options = ("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={target}")
        _program("pg_dump", *options)
        target.chmod(0o600)

        def fetch(text: str) -> Iterator[tuple[Any, ...]]:
            cursor.execute(text)
            return iter(cursor.fetchall())

        return _held(POSTGRES, fetch)


def _held(file: str, fetch: Fetch) -> Copied:
    last = next(fetch("SELECT value FROM counter WHERE name = 'received'"), (0,))[0]
    head = next(fetch("SELECT seq, chain FROM audit ORDER BY seq DESC LIMIT 1"), (0, ""))
    text = (
        "SELECT received_seq, sha256, path, state FROM submission "  # nosec B608  # our own words
        f"WHERE spooled OR state = '{State.RECEIVED.value}' ORDER BY received_seq"
    )
    return Copied(
        file=file,
        last=int(last),
        acts=int(next(fetch("SELECT value FROM counter WHERE name = 'act'"), (0,))[0]),
        submissions=next(fetch("SELECT count(*) FROM submission"))[0],
        decisions=next(fetch("SELECT count(*) FROM decision"))[0],
        audit=head[0],
        audit_head=head[1],
        waiting=tuple(Waiting(seq, sha, path, State(state)) for seq, sha, path, state in fetch(text)),
    )


def _program(name: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on the open store. Its password goes by the environment, never in the line."""
    found = shutil.which(name)
    if found is None:
        raise ConfigError(
            [say("{name} is missing: install PostgreSQL's client programs (postgresql-client)").format(name=name)]
        )
    command = [found, *_dbname(name), *arguments]
    done = subprocess.run(command, env=_address(), capture_output=True, text=True, check=False)  # nosec B603  # no shell
    if done.returncode:
        raise ConfigError([f"{name}: {' '.join(done.stderr.split())[:500]}"])


def _dbname(program: str) -> tuple[str, ...]:
    return ("--dbname", str(connection.settings_dict["NAME"])) if program == "pg_restore" else ()


def _address() -> dict[str, str]:
    place = connection.settings_dict
    said = {"PGDATABASE": place["NAME"], "PGUSER": place["USER"], "PGPASSWORD": place["PASSWORD"]}
    said |= {"PGHOST": place["HOST"], "PGPORT": place["PORT"]}
    said |= {_VARIABLES[name]: value for name, value in place["OPTIONS"].items() if name in _VARIABLES}
    return os.environ | {name: str(value) for name, value in said.items() if value}


_VARIABLES = {  # nosec B105  # names of variables
    "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE",  # nosec B105  # a name
    "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
    "service": "PGSERVICE", "passfile": "PGPASSFILE", "options": "PGOPTIONS",
}  # fmt: skip
"""Parameters of an address, as libpq's environment names them."""
