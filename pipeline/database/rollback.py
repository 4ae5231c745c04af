"""Do everything, then undo it: what a dry run of the path stands on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


@contextmanager
def undone() -> Iterator[None]:
    """Roll back whatever the block writes to the store, sequences included; files are the caller's."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
