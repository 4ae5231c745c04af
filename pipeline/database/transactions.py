"""A transaction for those who may not know Django: all of it or nothing; and one of which nothing stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from django.db import transaction


def atomic() -> AbstractContextManager[None]:
    """Write to the store all that the block does, or nothing; what is within it in a block of its own, likewise."""
    return transaction.atomic()


@contextmanager
def undone() -> Iterator[None]:
    """Roll back whatever the block writes to the store, sequences included; files are the caller's."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
