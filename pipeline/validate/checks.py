"""What must hold of a row, and what did not: the values between the rules of the forms and the frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

Expression = Callable[[Any], "pl.Expr"]


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
