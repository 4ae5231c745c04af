"""Issues and repairs as JSON for the store, and back. Empty fields are left out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import from_json  # twice as quick as json: a day's statistics read the counts of years

from pipeline.model import FileRows, Issue, Repair


def issue(value: Issue) -> dict[str, object]:
    """Return an issue as JSON values."""
    whole: dict[str, object] = {
        "code": value.code,
        "sheet": value.sheet,
        "cell": value.cell,
        "row": value.row,
        "column": value.column,
        "value": value.value,
        "details": [list(pair) for pair in value.details],
        "rows_of": [[one.seq, one.rows] for one in value.rows_of],
    }
    return {name: part for name, part in whole.items() if part}


def as_issue(kept: Mapping[str, Any]) -> Issue:
    """Return the issue that `issue` wrote."""
    details = tuple((str(name), str(value)) for name, value in kept.get("details", ()))
    rows_of = tuple(FileRows(seq, tuple((code, row) for code, row in rows)) for seq, rows in kept.get("rows_of", ()))
    return Issue(**{**kept, "details": details, "rows_of": rows_of})


def as_repair(kept: Mapping[str, Any]) -> Repair:
    """Return the repair that `repairs_text` wrote."""
    return Repair(**kept)


def issues_text(values: Iterable[Issue]) -> str:
    """Return issues as a JSON text."""
    return text([issue(value) for value in values])


def repairs_text(values: Iterable[Repair]) -> str:
    """Return repairs as a JSON text."""
    return text(
        [
            {"sheet": r.sheet, "cell": r.cell, "column": r.column, "was": r.was, "now": r.now, "row": r.row}
            for r in values
        ]
    )


def text(value: object) -> str:
    """Return any JSON value as its shortest text."""
    if value == []:
        return "[]"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def read(kept: object) -> Any:
    """Return a JSON value that was fetched without the ORM, as either database gives it."""
    return from_json(kept) if isinstance(kept, str) else kept
