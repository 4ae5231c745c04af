"""Transactions for rooms without Django: all of it or nothing; and one that is always undone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from django.db import connection, transaction


def atomic() -> AbstractContextManager[None]:
    """Write everything the block does to the store, or nothing; the same for a block within it."""
    return transaction.atomic()


@contextmanager
def undone() -> Iterator[None]:
    """Roll back whatever the block writes to the store, sequences included; files are the caller's."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def read_only() -> Iterator[None]:
    """Read the store as it stands at the first query of the block, however long that takes; the database refuses to
    write. Others write meanwhile. Not within another transaction.
    """
    lite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        if lite:
            cursor.execute("PRAGMA query_only = ON")
            mode, connection.transaction_mode = connection.transaction_mode, "DEFERRED"  # type: ignore[attr-defined]  # SQLite's
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            if not lite:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    finally:
        if lite:
            connection.transaction_mode = mode  # type: ignore[attr-defined]  # SQLite's
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA query_only = OFF")
