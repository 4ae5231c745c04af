"""Tells a store that is gone for a while from one that was asked something wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connection

from pipeline.errors import TemporaryError


def may_pass(error: BaseException) -> bool:
    """Whether an error may pass by itself: the disk, the database, or what else said so."""
    return isinstance(error, OSError | TemporaryError | OperationalError | InterfaceError)


@contextmanager
def temporary() -> Iterator[None]:
    """Turn the database's own failing (gone, full, locked) into TemporaryError; anything else passes through.

    The connection is not trusted again: the next query opens another.
    """
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        connection.close()
        raise TemporaryError(f"the store cannot be used: {type(error).__name__}") from error
