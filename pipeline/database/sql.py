"""The few SQL texts of the hot path, in a form both databases take, and values likewise.

`executemany` of one upsert is some eight times cheaper than the ORM's `bulk_create`; that is the only reason. On
PostgreSQL many rows go by COPY (`copying`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.core.management.color import no_style
from django.db import connection
from django.db.models import Model

from pipeline.database import copying

Params = tuple[Any, ...]


@lru_cache
def insert(table: str, columns: tuple[str, ...]) -> str:
    """Return an INSERT of these columns."""
    names = ", ".join(f'"{column}"' for column in columns)
    marks = ", ".join(["%s"] * len(columns))
    return f'INSERT INTO "{table}" ({names}) VALUES ({marks})'  # nosec B608  # table and columns are our own words


@lru_cache
def upsert(
    table: str, columns: tuple[str, ...], key: tuple[str, ...], kept: tuple[str, ...] = (), *, where: str = ""
) -> str:
    """Return an INSERT that overwrites the row of the same key, all but the key and the `kept` columns.

    `where`: the condition of the key's index, if it has one.
    """
    on = ", ".join(f'"{column}"' for column in key)
    new = ", ".join(f'"{c}" = excluded."{c}"' for c in columns if c not in key and c not in kept)
    do = f"UPDATE SET {new}" if new else "NOTHING"  # nosec B608  # our own words
    start = insert(table, columns)
    among = f" WHERE {where}" if where else ""
    return f"{start} ON CONFLICT ({on}){among} DO {do}"  # nosec B608  # our own words


def run(text: str, rows: Sequence[Params]) -> int:
    """Run one statement for every row and return how many rows it touched in all; many, on PostgreSQL, by COPY."""
    if not rows:
        return 0
    if connection.vendor == "postgresql" and len(rows) >= copying.LEAST:
        done = copying.run(text, rows)
        if done is not None:
            return done
    with connection.cursor() as cursor:
        cursor.executemany(text, rows)
        return int(cursor.rowcount)


def fetch(text: str, params: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
    """Return all rows of a query. Dates and booleans come typed; moments naive on SQLite: do not fetch them so."""
    with connection.cursor() as cursor:
        cursor.execute(text, list(params))
        return list(cursor.fetchall())


def fetch_in(text: str, *lists: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return all rows of a query that has `IN ?` once for each list; an empty list matches nothing."""
    for values in lists:
        text = text.replace("?", f"({', '.join(['%s'] * len(values)) or 'NULL'})", 1)
    return fetch(text, [value for values in lists for value in values])


def moment(value: datetime | None) -> str | None:
    """Return an aware datetime as Django stores it: UTC, without zone on SQLite."""
    if value is None:
        return None
    text = str(value.astimezone(UTC).replace(tzinfo=None))
    return text if connection.vendor == "sqlite" else f"{text}+00"


def day(value: date | None) -> str | None:
    """Return a date as both databases take it."""
    return None if value is None else value.isoformat()


def date_of(value: date | str) -> date:
    """Return a date as either database gives it."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def day_number(day: date) -> int:
    """Return a day as a counter stores it: 20261120."""
    return int(f"{day:%Y%m%d}")


def param(value: object, width: int | None = None) -> object:
    """Return any stored value as both databases take it; `width`: of a text, how many characters its column takes."""
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    return value if width is None else str(value or "")[:width]


def each_day(first: date, last: date) -> list[date]:
    """Return every day from first to last as a list: rows of a school are found by (day, school), and a range of days
    would read through those of all schools.
    """
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def take(name: str, n: int) -> int:
    """Take n numbers of the sequence `name` and return the first. Only inside a transaction.

    On PostgreSQL the counter's row stays locked to the end of the transaction, so numbers follow
    the order of the commits and no number is lost or seen before its rows.
    """
    text = (
        "INSERT INTO counter (name, value) VALUES (%s, %s) "
        "ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value RETURNING value"
    )
    return int(fetch(text, (name, n))[0][0]) - n + 1


def go_on_numbering(model: type[Model]) -> None:
    """Let the rows of a table that come next be numbered after those it has: PostgreSQL does not see numbers given."""
    with connection.cursor() as cursor:
        for text in connection.ops.sequence_reset_sql(no_style(), [model]):
            cursor.execute(text)


def widths(model: type[Model]) -> dict[str, int]:
    """Return how many characters the text columns of a table take. SQLite does not check; PostgreSQL refuses more."""
    return {field.name: field.max_length for field in model._meta.concrete_fields if field.max_length}
