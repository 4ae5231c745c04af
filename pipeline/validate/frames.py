"""One polars frame for a table of the whole batch, through pandera once: a call costs 40–80 ms whatever the rows.

`coerce=False`: cells were parsed one by one before, with an issue each. pandera is imported when first
needed (1.4 s), and never in a reader process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from pipeline.errors import PermanentError
from pipeline.forms.base import Column, Dtype, Table

if TYPE_CHECKING:
    import pandera.polars as pa
    import polars as pl

Expression = Callable[[Any], "pl.Expr"]

CODED = "\0not-in-vocabulary"
"""Error of our own: a parser let a code pass that its vocabulary does not have."""


@dataclass(frozen=True, slots=True)
class RowCheck:
    """What must hold of every row, said at `column`; a null answer holds. `code` names the issue if not."""

    code: str
    column: str
    holds: Expression  # of the polars module: the frame has the table's columns and the `_` ones


@dataclass(frozen=True, slots=True)
class Failure:
    """Row `position` of the frame breaks `code` at `column`."""

    position: int
    column: str
    code: str


def failures(
    table: Table, rules: tuple[RowCheck, ...], rows: Sequence[Sequence[object]], extras: Mapping[str, list[object]]
) -> list[Failure]:
    """Judge all rows at once. `extras`: columns beside the table's own, by name beginning with `_`.

    Raises PermanentError when the schema itself does not fit: our fault, never a row's.
    """
    if not rows:
        return []
    import pandera.errors as pe

    frame = _frame(table, rows, extras)
    try:
        _schema(table, rules, tuple(extras)).validate(frame, lazy=True)
    except pe.SchemaErrors as found:
        return _adapted(table, found.failure_cases)
    return []


def _adapted(table: Table, cases: pl.DataFrame) -> list[Failure]:
    """The only reading of pandera's failure cases. A null index concerns the frame, so it is our fault."""
    missing = {column.name: column.missing for column in table.columns}
    found = []
    for name, check, index in cases.select("column", "check", "index").iter_rows():
        code = missing.get(name, "") if check == "not_nullable" else check
        if index is None or not code or check == CODED:
            raise PermanentError(f"the schema of {table.name} broke at {name}: {check.split('(')[0]!r}")
        found.append(Failure(index, name, code))
    return found


def _frame(table: Table, rows: Sequence[Sequence[object]], extras: Mapping[str, list[object]]) -> pl.DataFrame:
    import polars as pl

    schema = {column.name: _polars_type(column.dtype) for column in table.columns}
    extra_schema = {name: _EXTRAS[name](pl) for name in extras}
    columns = dict(zip(schema, zip(*rows, strict=True), strict=True))
    try:
        return pl.DataFrame({**columns, **extras}, schema={**schema, **extra_schema}, strict=True)
    except (TypeError, ValueError, pl.exceptions.PolarsError):
        # its text would quote cells
        raise PermanentError(f"a parser of {table.name} gave a value of another type than declared") from None


_EXTRAS: Mapping[str, Callable[[Any], Any]] = {
    "_day": lambda pl: pl.Date,
    "_now": lambda pl: pl.Datetime("us"),
    "_known": lambda pl: pl.Boolean,
    "_mine": lambda pl: pl.Boolean,
    "_roll": lambda pl: pl.Int64,
}


def _polars_type(dtype: Dtype) -> Any:
    import polars as pl

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
    import pandera.polars as pa
    import polars as pl

    columns = {
        column.name: pa.Column(
            _polars_type(column.dtype),
            nullable=not column.missing,
            checks=[*_coded(column), *(_check(rule) for rule in rules if rule.column == column.name)],
        )
        for column in table.columns
    }
    columns |= {name: pa.Column(_EXTRAS[name](pl), nullable=True) for name in extras}
    return pa.DataFrameSchema(columns, coerce=False, strict=True)


def _coded(column: Column) -> list[pa.Check]:
    import pandera.polars as pa

    if column.vocabulary is None or not column.strict or column.dtype != "choice":
        return []
    return [pa.Check.isin(list(column.vocabulary.labels), error=CODED)]


def _check(rule: RowCheck) -> pa.Check:
    import pandera.polars as pa
    import polars as pl

    def holds(frame: Any) -> Any:
        return frame.lazyframe.select(rule.holds(pl).fill_null(value=True).alias(frame.key))

    return pa.Check(holds, error=rule.code, ignore_na=False)
