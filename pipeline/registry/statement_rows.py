"""The rows of the table `statement`, of rosters and calendars alike."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.database import sql

_COLUMNS = ("order", "unit", "form", "day", "content", "state", "submission")
_ONCE = ("order", "unit", "form")


def put(rows: Sequence[sql.Params]) -> None:
    """Store statements, each (order, unit, form, day, content, state, submission); one of the same order, unit and form
    is replaced.
    """
    sql.run(sql.upsert("statement", _COLUMNS, _ONCE), rows)
