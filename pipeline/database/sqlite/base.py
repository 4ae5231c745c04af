"""Django's SQLite back end, loaded with the library that `choose` returned."""

from __future__ import annotations

import importlib
import sys
from functools import lru_cache

from django.utils.dateparse import parse_date

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

# What a type has no adapter for is asked for one by an exception each time: ten Nones and booleans of a row took longer
# to bind than all the rest of it (30 Nones: 20 µs, with an adapter 2).
DatabaseWrapper.Database.register_adapter(type(None), {}.get)
DatabaseWrapper.Database.register_adapter(bool, int)
# few different days are read by the ten thousand
DatabaseWrapper.Database.register_converter("date", lru_cache(maxsize=4096)(lambda stored: parse_date(stored.decode())))

__all__ = ["DatabaseWrapper"]
