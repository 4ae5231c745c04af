"""The store as plain lines, whatever its database: what a store that is made again begins with, where the workbooks of
the years before are not kept any more (docs/adr/retention.md).

A gzip file of JSON lines: a head, then each table's columns and rows, then how many rows there were. No password is in
it. Written and read a few thousand rows at a time.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import IO, Any

from django.apps import apps
from django.db import connection
from django.db.models import JSONField, Model

from pipeline import __version__, durable
from pipeline.database import kept, sql
from pipeline.database.models import Counter
from pipeline.database.transactions import atomic
from pipeline.errors import ConfigError

NAME = re.compile(r"base-([0-9]+)\.jsonl\.gz")
_ROWS = 2000
_LEFT_OUT = {"act", "fault"}  # what waits for the journal, and what failed on one machine
_NOT_KEPT: Mapping[str, Mapping[str, object]] = {
    "account": {"password": "!", "last_login": None},  # nosec B105  # no account can be entered by it
    "filing_line": {"password": ""},  # nosec B105  # no password either
}


@dataclass(frozen=True, slots=True)
class Head:
    """As of when a base is: the last act, the last number given out; and what was removed before."""

    act: int
    received: int
    removed: int
    since: str
    version: str = __version__


NOTHING = Head(0, 0, 0, "")
"""Of a store whose acts are all there, from the first on."""


def write(folder: Path) -> Path:
    """Write the open store into the folder, durable on return; return the file. Nobody may work on the site."""
    counters = dict(Counter.objects.values_list("name", "value"))
    head = Head(counters.get("act", 0), counters.get("received", 0), kept.removed(), kept.since().isoformat())
    target = folder / f"base-{head.act}.jsonl.gz"
    part = target.with_name(target.name + durable.TEMPORARY_ENDING)
    durable.make_folder(folder)
    durable.write(part, ())  # with the mode that such a file has
    with gzip.open(part, "wt", compresslevel=1, encoding="utf-8", newline="\n") as file, atomic():
        _put(file, asdict(head))
        _put(file, {"rows": sum(_table(file, model) for model in _models())})
    durable.sync_many((part,), ())
    durable.chmod(part, durable.KEPT)
    durable.rename(part, target)
    durable.sync_many((), (folder,))
    for old in folder.glob("base-*.jsonl.gz"):
        if old != target:
            durable.unlink(old)
    return target


def newest(folder: Path) -> Path | None:
    """The base that is there, if there is one."""
    found = [(int(name[1]), path) for path in folder.glob("base-*") if (name := NAME.fullmatch(path.name))]
    return max(found)[1] if found else None


def head(path: Path) -> Head:
    """As of when a base is."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return Head(**json.loads(file.readline()))


def load(path: Path) -> Head:
    """Put a base into the open store, which has its tables and nothing else in them. Raises ConfigError."""
    models = {model._meta.db_table: model for model in _models()}
    with gzip.open(path, "rt", encoding="utf-8") as file, atomic():
        found = Head(**json.loads(file.readline()))
        with connection.cursor() as cursor:
            for table in models:
                cursor.execute(f'DELETE FROM "{table}"')  # nosec B608  # our own word
        rows = _load_tables(file, models)
        if rows is None:
            raise ConfigError([f"{path.name}: it is not whole"])
        for model in _models():
            sql.go_on_numbering(model)
    return found


def _models() -> list[type[Model]]:
    """Every table of ours: which points to which is looked at when all are filled."""
    return [one for one in apps.get_app_config("database").get_models() if one._meta.db_table not in _LEFT_OUT]


def _table(file: IO[str], model: type[Model]) -> int:
    fields = list(model._meta.concrete_fields)
    names = [field.attname for field in fields]
    _put(file, {"table": model._meta.db_table, "columns": names})
    blank = {names.index(name): value for name, value in _NOT_KEPT.get(model._meta.db_table, {}).items()}
    count = 0
    rows = model._default_manager.order_by("pk").values_list(*names).iterator(_ROWS)
    while part := list(islice(rows, _ROWS)):
        lines = [[blank.get(at, value) for at, value in enumerate(row)] for row in part] if blank else part
        file.writelines(json.dumps(row, ensure_ascii=False, default=_plain) + "\n" for row in lines)
        count += len(part)
    return count


def _load_tables(file: IO[str], models: Mapping[str, type[Model]]) -> int | None:
    model, names, count = None, list[str](), 0
    waiting: list[list[Any]] = []
    for line in file:
        row = json.loads(line)
        if isinstance(row, list):
            waiting.append(row)
            count += 1
        if model is not None and (isinstance(row, dict) or len(waiting) == _ROWS):
            _insert(model, names, waiting)
            waiting = []
        if isinstance(row, dict) and "rows" in row:
            return count if row["rows"] == count else None
        if isinstance(row, dict):
            model, names = models[row["table"]], row["columns"]
    return None


def _insert(model: type[Model], names: list[str], rows: list[list[Any]]) -> None:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    made = [
        model(**{name: _value(fields[name], value) for name, value in zip(names, row, strict=True)}) for row in rows
    ]
    model._default_manager.bulk_create(made, batch_size=_ROWS if connection.vendor == "postgresql" else None)


def _plain(value: object) -> str:
    """A moment or a day as both databases take it, to the microsecond; a number as it is written."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no column's value")


def _value(field: Any, value: Any) -> Any:
    return value if value is None or isinstance(field, JSONField) else field.to_python(value)


def _put(file: IO[str], value: Mapping[str, object]) -> None:
    file.write(json.dumps(value, ensure_ascii=False) + "\n")
