"""Distinguishes a store that is temporarily unavailable from a wrong query."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from gettext import gettext as say

from django.db import InterfaceError, OperationalError, connection

from pipeline.errors import TemporaryError


def may_pass(error: BaseException) -> bool:
    """Whether an error may pass by itself: of the disk, of the database, or one that says so."""
    return isinstance(error, OSError | TemporaryError | OperationalError | InterfaceError)


@contextmanager
def temporary() -> Iterator[None]:
    """Turn the database's own failures (gone, full, locked) into TemporaryError; all others pass through.

    The connection is not used again: the next query opens another.
    """
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        connection.close()
        busy = "locked" in str(error)
        why = "another process keeps it locked: try again" if busy else type(error).__name__
        raise TemporaryError(say("the store cannot be used: {why}").format(why=why)) from error
