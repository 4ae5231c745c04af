"""县级处理单: which rows are one deed, and what it asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pipeline.model import HOME_CAMPUS, Checked, DeskSheet, Opinion, Raised, Record


@dataclass(frozen=True, slots=True)
class Deed:
    """A county's decision on one matter. `cells`: column name → the value to put there (代改). `raised`: the warning
    that it raises, its school as the county wrote it.
    """

    board: DeskSheet
    id: str
    stamp: str
    opinion: Opinion
    why: str
    table: str  # the form's table of its rows: that of the board, unless a sheet was renamed
    rows: tuple[int, ...]  # its Excel rows
    cells: Mapping[str, str] = field(default_factory=dict)
    stamped_on: date | None = None
    raised: Raised | None = None

    @property
    def row(self) -> int:
        return self.rows[0]


def deeds(checked: Checked) -> list[Deed]:
    """Return the decisions of a checked 处理单: sheet by sheet, in the order of the rows.

    The rows of one ticket (one for each wrong cell) are one decision.
    """
    found: dict[tuple[str, str], list[Record]] = {}
    for record in checked.records:
        found.setdefault((record.table, str(record.values["id"])), []).append(record)
    return [_deed(board, target, records) for (board, target), records in found.items()]


def _deed(board: str, target: str, records: Sequence[Record]) -> Deed:
    first = records[0].values
    stamped = first.get("stamped_on")
    return Deed(
        board=DeskSheet(board),
        id=target,
        stamp=str(first["stamp"]),
        opinion=Opinion(str(first["opinion"])),
        why=next((str(r.values["why"]) for r in records if r.values.get("why")), ""),
        table=str(first["table"]),
        rows=tuple(record.row for record in records),
        cells={str(r.values["column"]): str(r.values["now"]) for r in records if r.values.get("now")},
        stamped_on=stamped if isinstance(stamped, date) else None,
        raised=_raised(first) if board == DeskSheet.RAISED else None,
    )


def _raised(said: Mapping[str, Any]) -> Raised:
    school, campus, room = (str(said.get(name) or "") for name in ("at_school", "at_campus", "room"))
    return Raised(
        str(said["rule"]),
        school,
        campus or HOME_CAMPUS,
        said["from_day"],
        int(said["ill"]),
        room,
        int(said.get("deaths") or 0),
    )
