"""Django's SQLite back end, loaded with the library that `choose` returned; it waits for others as `waiting` says."""

from __future__ import annotations

import importlib
import sys
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from django.utils.dateparse import parse_date

from pipeline.database import sqlite
from pipeline.database.sqlite.waiting import patiently

_NAMES = {"sqlite3": sqlite.LIBRARY.__name__, "sqlite3.dbapi2": f"{sqlite.LIBRARY.__name__}.dbapi2"}
_OWN = {name: importlib.import_module(name) for name in _NAMES}

# Django's modules import `sqlite3` by its name; only while they are loaded does it mean our library
sys.modules.update({name: importlib.import_module(ours) for name, ours in _NAMES.items()})
try:
    from django.db.backends.sqlite3 import base
finally:
    sys.modules.update(_OWN)

if base.DatabaseWrapper.Database is not sys.modules[_NAMES["sqlite3.dbapi2"]]:  # it was loaded before us
    raise ImportError("Django's SQLite back end must be loaded by pipeline.database.sqlite")

# What a type has no adapter for is asked for one by an exception each time: ten Nones and booleans of a row took longer
# to bind than all the rest of it (30 Nones: 20 µs, with an adapter 2).
base.DatabaseWrapper.Database.register_adapter(type(None), {}.get)
base.DatabaseWrapper.Database.register_adapter(bool, int)
# few different days are read by the ten thousand
base.DatabaseWrapper.Database.register_converter(
    "date", lru_cache(maxsize=4096)(lambda stored: parse_date(stored.decode()))
)

__all__ = ["DatabaseWrapper"]


class _Cursor(base.SQLiteCursorWrapper):
    """Waits for a lock: each BEGIN asks for one, and each statement outside a transaction."""

    def __init__(self, connection: Any, place: Path) -> None:
        super().__init__(connection)
        self._place = place

    def execute(self, query: str, params: Any = None) -> Any:
        return patiently(self._place, super().execute, query, params)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, with our waiting for locks."""

    @property
    def _place(self) -> Path:
        return Path(str(self.settings_dict["NAME"]))

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        return patiently(self._place, super().get_new_connection, conn_params)

    def create_cursor(self, name: str | None = None) -> Any:  # noqa: ARG002  # as Django calls it
        return self.connection.cursor(factory=partial(_Cursor, place=self._place))

    def _commit(self) -> None:
        with self.wrap_database_errors:
            patiently(self._place, self.connection.commit)
