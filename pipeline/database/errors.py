"""Distinguishes a store that is temporarily unavailable from a wrong query."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from gettext import gettext as say

from django.db import InterfaceError, OperationalError, connection

from pipeline.errors import TemporaryError

_LOCKED = ("locked", "lock timeout")  # as SQLite and PostgreSQL say it


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
        raise unusable(error) from error


def unusable(error: BaseException) -> TemporaryError:
    """What to say of a failure of the database's own."""
    why = say("another process keeps it locked: try again") if is_locked(error) else type(error).__name__
    return TemporaryError(say("the store cannot be used: {why}").format(why=why))


def is_locked(error: BaseException) -> bool:
    """Whether the database gave up waiting for somebody's lock."""
    return any(word in str(error) for word in _LOCKED)
