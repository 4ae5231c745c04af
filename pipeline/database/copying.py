"""Many rows at once into PostgreSQL: COPY into a temporary table, then one statement that takes them from there.

One back end that runs statement after statement is what a busy site on PostgreSQL waits for. The statement stays what
it is elsewhere, and so do constraints, conflicts, errors and counts: only where its values come from differs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection

LEAST = 24  # rows; fewer are as quick one by one

_INSERT = re.compile(r'INSERT INTO "(\w+)" \(([^)]+)\) VALUES \((?:%s(?:, )?)+\)(.*)', re.DOTALL)
_KEY = re.compile(r" ON CONFLICT \(([^)]+)\).*? DO UPDATE .*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CopiedRows:
    """One statement, as it takes its values from a temporary table. `key`: by which of them it finds the row that it
    changes, which it may do only once; none, if it changes nothing that is there.
    """

    begin: str
    copy: str
    take: str
    end: str
    key: tuple[int, ...]

    def doubled(self, rows: Sequence[tuple[Any, ...]]) -> bool:
        """Whether two of the rows change the same one: the last would have to come last."""
        if not self.key:
            return False
        return len({tuple(row[at] for at in self.key) for row in rows}) < len(rows)


def run(text: str, rows: Sequence[tuple[Any, ...]]) -> int | None:
    """Run a statement for every row, and return how many rows it touched in all; None if it is not for this way.

    Outside a transaction it is not: the temporary table would be empty again before its rows are taken.
    """
    copied = of(text) if connection.in_atomic_block else None
    if copied is None or copied.doubled(rows):
        return None
    with connection.cursor() as cursor:
        cursor.execute(copied.begin)
        with connection.wrap_database_errors, cursor.cursor.copy(copied.copy) as stream:
            for n, row in enumerate(rows):
                stream.write_row((n, *row))
        cursor.execute(copied.take)
        touched = int(cursor.rowcount)
        cursor.execute(copied.end)  # it may be run again in this transaction
    return touched


@lru_cache
def of(text: str) -> CopiedRows | None:
    """Return how an INSERT is run this way; None for another statement: how an UPDATE finds its rows is then its plan's
    choice, which knows nothing of the temporary table.
    """
    if found := _INSERT.fullmatch(text):
        columns = _names(found[2])
        marks = ", ".join(f"p{at}" for at in range(len(columns)))
        key = _KEY.fullmatch(found[3])
        take = f'INSERT INTO "{found[1]}" ({found[2]}) SELECT {marks} FROM {{}} ORDER BY n{found[3]}'  # nosec B608  # our own words
        changed = tuple(columns.index(name) for name in _names(key[1])) if key else ()
        return _copied(text, found[1], columns, take, changed)
    return None


def _copied(text: str, table: str, columns: Sequence[str], take: str, key: tuple[int, ...]) -> CopiedRows:
    """The temporary table has the types of the columns, and is empty again after each transaction."""
    name = f"copied_{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    typed = ", ".join(f'"{column}" AS p{at}' for at, column in enumerate(columns))
    marks = ", ".join(f"p{at}" for at in range(len(columns)))
    return CopiedRows(
        begin=f"CREATE TEMP TABLE IF NOT EXISTS {name} ON COMMIT DELETE ROWS AS "  # nosec B608  # our own words
        f'SELECT 0 AS n, {typed} FROM "{table}" WITH NO DATA',
        copy=f"COPY {name} (n, {marks}) FROM STDIN",
        take=take.format(name),
        end=f"DELETE FROM {name}",  # nosec B608  # our own word
        key=key,
    )


def _names(columns: str) -> list[str]:
    return [column.strip().strip('"') for column in columns.split(",")]
