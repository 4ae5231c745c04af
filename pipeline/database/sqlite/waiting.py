"""Waiting for a lock of another process: who it is is told soon, and it ends.

SQLite's own busy timeout is short, and what it ended is tried again here: so a long wait can say for whom.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline.database.sqlite import LIBRARY

STEP = 3.0  # seconds of SQLite's own timeout; then whoever listens is told
PATIENCE = 30.0  # seconds in all; and of one step only for a while after a wait that ended so
SORE = 60.0  # that while: what is done about a locked store (its fault is noted) does not wait as long again

_WRITER = 120  # byte of the -shm file that the one writer of a WAL holds: sqlite.org/walformat.html
_PENDING = 0x40000000  # first byte of the locks in the store's own file: sqlite.org/lockingv3.html

Listener = Callable[[str, float], object]


class _Waiting:
    """What this process knows of its waits."""

    listener: Listener = staticmethod(lambda _who, _seconds: None)
    gave_up = float("-inf")  # when the last wait ended in vain (monotonic)


def tell(listener: Listener) -> None:
    """Have `listener(who, seconds)` called once in each long wait: who holds the lock, and how long it goes on."""
    _Waiting.listener, _Waiting.gave_up = listener, float("-inf")


def patiently(path: Path, do: Callable[..., Any], *arguments: Any) -> Any:
    """Return `do(*arguments)`, tried again while another process keeps the store at `path` locked."""
    began, told = time.monotonic(), False
    while True:
        try:
            return do(*arguments)
        except LIBRARY.OperationalError as error:
            now = time.monotonic()
            left = began + (PATIENCE if began - _Waiting.gave_up > SORE else STEP) - now
            if not _is_busy(error) or left <= 0:
                if told:
                    _Waiting.gave_up = now
                raise
            if not told:
                _Waiting.listener(holder(path), left)
                told = True


def _is_busy(error: Exception) -> bool:
    """Whether the lock is another process's: one within this process would never go."""
    return str(error) == "database is locked"


def holder(path: Path) -> str:
    """Name the process that writes to the store at `path`, by number and name; "" where the system does not tell.

    By /proc/locks: asking the file itself would open and close it, which gives up locks of this process's own.
    """
    with suppress(OSError, ValueError):
        files = {
            file.stat().st_ino: first
            for file, first in ((path, _PENDING), (Path(f"{path}-shm"), _WRITER))
            if file.exists()
        }
        for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
            words = line.replace("->", "").split()
            kind, pid, place, first = words[3], int(words[4]), int(words[5].rpartition(":")[2]), int(words[6])
            mine = place in files and first >= files[place] and (files[place] != _WRITER or first == _WRITER)
            if kind == "WRITE" and mine and pid not in (os.getpid(), -1):
                return f"{pid} ({_name(pid)})"
    return ""


def _name(pid: int) -> str:
    """The program's name alone: arguments may hold a database's password."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    return "?"
