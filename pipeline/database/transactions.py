"""Transactions for rooms without Django: all of it or nothing; and one that is always undone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from django.db import transaction


def atomic() -> AbstractContextManager[None]:
    """Write everything the block does to the store, or nothing; the same for a block within it."""
    return transaction.atomic()


@contextmanager
def undone() -> Iterator[None]:
    """Roll back whatever the block writes to the store, sequences included; files are the caller's."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
