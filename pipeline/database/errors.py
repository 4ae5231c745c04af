"""Distinguishes faults that may pass, as a store that is gone, from those that stay, as a wrong query."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from gettext import gettext as say
from pathlib import Path
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

from pipeline import faults
from pipeline.errors import TemporaryError
from pipeline.faults import Fault

Result = TypeVar("Result")

_LOCKED = "locked"  # as SQLite says it
_FULL = "disk is full"  # likewise
_PG_LOCKED, _PG_FULL = "55P03", "53100"  # PostgreSQL's words are in its own language: its codes are not
ROOM = 2**20  # free bytes below which SQLite's files beside the store have no place


def may_pass(error: BaseException) -> bool:
    """Whether an error may pass by itself: of the disk, of the database, or one that says so."""
    return isinstance(error, OSError | TemporaryError | OperationalError | InterfaceError)


def attempted(work: Callable[[], Result], seqs: Sequence[int] = (), *, lasting: bool = False) -> Result | Fault:
    """Return what the work gives, or the fault of the one it is about, so that others go on without it.

    One that may pass would befall them, too: it is raised, unless it has turned out to be `lasting`. `seqs`: the
    submissions in work, if it is not one stage's.
    """
    try:
        return work()
    except Exception as error:
        if may_pass(error) and not lasting:
            raise
        return faults.fault(error, seqs)


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
    return TemporaryError(say("the store cannot be used: {why}").format(why=reason(error) or type(error).__name__))


def reason(error: BaseException) -> str:
    """Say why the database failed, and what to do; "" where that is not known."""
    if _LOCKED in str(error) or _code(error) == _PG_LOCKED:
        return say("another process keeps it locked: try again")
    return say("its disk is full: make room, then try again") if _is_full(error) else ""


def _is_full(error: BaseException) -> bool:
    """SQLite calls it an I/O error, too, where it cannot make its files beside the store."""
    text = str(error)
    if "disk I/O error" in text and connection.vendor == "sqlite":
        return shutil.disk_usage(Path(str(connection.settings_dict["NAME"])).parent).free < ROOM
    return _FULL in text or _code(error) == _PG_FULL


def _code(error: BaseException) -> str:
    """PostgreSQL's code of a failure, "" for another's."""
    return str(getattr(error.__cause__, "sqlstate", "") or "")
