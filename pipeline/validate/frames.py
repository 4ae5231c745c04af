"""One polars frame for a table of the whole batch, passed through pandera once: a call costs 40–80 ms at any size.

`coerce=False`: cells were parsed one by one before, each with its issue. Importing pandera takes 1.4 s: this module is
imported only when there are rows to check, and never in a reader process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pandera.errors as pe
import pandera.polars as pa
import polars as pl

from pipeline.errors import PermanentError
from pipeline.forms.base import Column, Dtype, Table
from pipeline.validate.checks import Failure, RowCheck

CODED = "\0not-in-vocabulary"
"""Our own error: a parser let a code pass that its vocabulary does not have."""


def failures(
    table: Table, rules: tuple[RowCheck, ...], rows: Sequence[Sequence[object]], extras: Mapping[str, list[object]]
) -> list[Failure]:
    """Check all rows at once. `extras`: columns beside the table's own, with names that begin with `_`.

    Raises PermanentError if the schema itself does not fit: our fault, never a row's.
    """
    if not rows:
        return []
    frame = _frame(table, rows, extras)
    try:
        _schema(table, rules, tuple(extras)).validate(frame, lazy=True)
    except pe.SchemaErrors as found:
        return _adapted(table, found.failure_cases)
    return []


def _adapted(table: Table, cases: pl.DataFrame) -> list[Failure]:
    """The only place that reads pandera's failure cases. A null index concerns the frame, so it is our fault."""
    missing = {column.name: column.missing for column in table.columns}
    found = []
    for name, check, index in cases.select("column", "check", "index").iter_rows():
        code = missing.get(name, "") if check == "not_nullable" else check
        if index is None or not code or check == CODED:
            raise PermanentError(f"the schema of {table.name} broke at {name}: {check.split('(')[0]!r}")
        found.append(Failure(index, name, code))
    return found


def _frame(table: Table, rows: Sequence[Sequence[object]], extras: Mapping[str, list[object]]) -> pl.DataFrame:
    schema = {column.name: _polars_type(column.dtype) for column in table.columns}
    extra_schema = {name: _EXTRAS[name] for name in extras}
    columns = dict(zip(schema, zip(*rows, strict=True), strict=True))
    try:
        return pl.DataFrame({**columns, **extras}, schema={**schema, **extra_schema}, strict=True)
    except (TypeError, ValueError, pl.exceptions.PolarsError):
        # the error's text would quote cells
        raise PermanentError(f"a parser of {table.name} gave a value of another type than declared") from None


_EXTRAS: Mapping[str, Any] = {
    "_day": pl.Date,
    "_now": pl.Datetime("us"),
    "_known": pl.Boolean,
    "_mine": pl.Boolean,
    "_roll": pl.Int64,
}


def _polars_type(dtype: Dtype) -> Any:
    types: Mapping[Dtype, Any] = {
        "text": pl.String,
        "choice": pl.String,
        "date": pl.Date,
        "datetime": pl.Datetime("us"),
        "number": pl.Float64,
        "integer": pl.Int64,
        "flag": pl.Boolean,
    }
    return types[dtype]


@cache  # as many as there are tables
def _schema(table: Table, rules: tuple[RowCheck, ...], extras: tuple[str, ...]) -> pa.DataFrameSchema:
    columns = {
        column.name: pa.Column(
            _polars_type(column.dtype),
            nullable=not column.missing,
            checks=[*_coded(column), *(_check(rule) for rule in rules if rule.column == column.name)],
        )
        for column in table.columns
    }
    columns |= {name: pa.Column(_EXTRAS[name], nullable=True) for name in extras}
    return pa.DataFrameSchema(columns, coerce=False, strict=True)


def _coded(column: Column) -> list[pa.Check]:
    if column.vocabulary is None or not column.strict or column.dtype != "choice":
        return []
    return [pa.Check.isin(list(column.vocabulary.labels), error=CODED)]


def _check(rule: RowCheck) -> pa.Check:
    def holds(frame: Any) -> Any:
        return frame.lazyframe.select(rule.holds(pl).fill_null(value=True).alias(frame.key))

    return pa.Check(holds, error=rule.code, ignore_na=False)
