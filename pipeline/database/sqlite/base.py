"""Django's SQLite back end, loaded with the library that `choose` returned."""

from __future__ import annotations

import importlib
import sys

from pipeline.database import sqlite

_NAMES = {"sqlite3": sqlite.LIBRARY.__name__, "sqlite3.dbapi2": f"{sqlite.LIBRARY.__name__}.dbapi2"}
_OWN = {name: importlib.import_module(name) for name in _NAMES}

# Django's modules import `sqlite3` by its name; only while they are loaded does it mean our library
sys.modules.update({name: importlib.import_module(ours) for name, ours in _NAMES.items()})
try:
    from django.db.backends.sqlite3.base import DatabaseWrapper
finally:
    sys.modules.update(_OWN)

if DatabaseWrapper.Database is not sys.modules[_NAMES["sqlite3.dbapi2"]]:  # it was loaded before us
    raise ImportError("Django's SQLite back end must be loaded by pipeline.database.sqlite")

__all__ = ["DatabaseWrapper"]
