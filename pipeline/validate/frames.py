"""One polars frame for a table of the whole batch. What some row does not meet is passed through pandera, once.

One pass of polars tries all conditions in a millisecond or two; pandera, which says of which rows and why, takes as
much for each condition at any size, so it is asked of those that are broken.

`coerce=False`: cells were parsed one by one before, each with its issue. Importing pandera takes 1.4 s: this module is
imported only when there are rows to check, and never in a reader process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    broken = _broken(_conditions(table, rules), frame)
    if not broken:
        return []
    try:
        _schema(broken).validate(frame, lazy=True)
    except pe.SchemaErrors as found:
        return _adapted(table, found.failure_cases)
    return []


@dataclass(frozen=True, slots=True)
class _Condition:
    """What the cells of a column must meet, for polars and for pandera. `check`: None if it is only not to be blank."""

    column: Column
    holds: pl.Expr
    check: pa.Check | None


@cache  # as many as there are tables
def _conditions(table: Table, rules: tuple[RowCheck, ...]) -> tuple[_Condition, ...]:
    found = []
    for column in table.columns:
        if column.missing:
            found.append(_Condition(column, pl.col(column.name).is_not_null(), None))
        if column.vocabulary is not None and column.strict and column.dtype == "choice":
            codes = list(column.vocabulary.labels)
            holds = pl.col(column.name).is_in(codes).fill_null(value=True)
            found.append(_Condition(column, holds, pa.Check.isin(codes, error=CODED)))
        mine = [rule for rule in rules if rule.column == column.name]
        found += [_Condition(column, rule.holds(pl).fill_null(value=True), _check(rule)) for rule in mine]
    return tuple(found)


def _broken(conditions: Sequence[_Condition], frame: pl.DataFrame) -> list[_Condition]:
    """The conditions that some row does not meet; all where one cannot be tried: pandera says which."""
    try:
        met = frame.select(one.holds.all().alias(str(n)) for n, one in enumerate(conditions)).row(0)
    except pl.exceptions.PolarsError:
        return list(conditions)
    return [one for one, holds in zip(conditions, met, strict=True) if not holds]


def _schema(conditions: Sequence[_Condition]) -> pa.DataFrameSchema:
    """The columns of these conditions; the types of the others were checked when the frame was made."""
    columns = {one.column.name: one.column for one in conditions}
    return pa.DataFrameSchema(
        {
            name: pa.Column(
                _polars_type(column.dtype),
                nullable=not any(one.check is None for one in conditions if one.column is column),
                checks=[one.check for one in conditions if one.column is column and one.check is not None],
            )
            for name, column in columns.items()
        },
        coerce=False,
    )


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
    schema = _types(table)
    extra_schema = {name: _EXTRAS[name] for name in extras}
    columns = dict(zip(schema, zip(*rows, strict=True), strict=True))
    try:
        return pl.DataFrame({**columns, **extras}, schema={**schema, **extra_schema}, strict=True)
    except (TypeError, ValueError, pl.exceptions.PolarsError):
        # the error's text would quote cells
        raise PermanentError(f"a parser of {table.name} gave a value of another type than declared") from None


@cache  # as many as there are tables
def _types(table: Table) -> Mapping[str, Any]:
    return {column.name: _polars_type(column.dtype) for column in table.columns}


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


def _check(rule: RowCheck) -> pa.Check:
    def holds(frame: Any) -> Any:
        return frame.lazyframe.select(rule.holds(pl).fill_null(value=True).alias(frame.key))

    return pa.Check(holds, error=rule.code, ignore_na=False)
