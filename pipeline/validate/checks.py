"""The conditions that rows must meet, and their failures: the values between the rules of the forms and the frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

Expression = Callable[[Any], "pl.Expr"]


@dataclass(frozen=True, slots=True)
class RowCheck:
    """A condition for every row, reported at `column`; a null result counts as met. `code` names the issue if not."""

    code: str
    column: str
    holds: Expression  # of the polars module: the frame has the table's columns and the `_` ones


@dataclass(frozen=True, slots=True)
class Failure:
    """Row `position` of the frame fails with `code` at `column`."""

    position: int
    column: str
    code: str
