"""The store's own SQLite back end for Django: Django's, on a library without the WAL-reset bug.

Before 3.51.3 (and after its mends in 3.44.6 and 3.50.7) two processes that write and checkpoint one WAL file at the
same moment may lose committed transactions: https://www.sqlite.org/wal.html, "The WAL-Reset Bug". `queke watch` beside
a command that decides is that case. So the library that comes with `pysqlite3` is used where Python's own has the bug.
"""

from __future__ import annotations

import importlib
import sqlite3
from types import ModuleType

Version = tuple[int, ...]

_MENDED: Version = (3, 51, 3)
_MENDED_EARLIER: tuple[Version, ...] = ((3, 44, 6), (3, 50, 7))  # later releases of these two lines have the mend, too


def sound(version: Version) -> bool:
    """Whether several processes may use WAL with this release of SQLite."""
    return version >= _MENDED or any(one[:2] == version[:2] and version >= one for one in _MENDED_EARLIER)


def choose() -> ModuleType:
    """Return the module, of the interface of `sqlite3`, that the store uses: a sound one, if there is one."""
    if sound(sqlite3.sqlite_version_info):
        return sqlite3
    try:
        carried = importlib.import_module("pysqlite3")
    except ImportError:  # no wheel for this machine
        return sqlite3
    return carried if sound(carried.sqlite_version_info) else sqlite3


LIBRARY = choose()
SOUND = sound(LIBRARY.sqlite_version_info)
"""If False the store is kept without WAL: slower, and readers wait for writers, but nothing is lost."""
