"""An upright table on a sheet: each label left of its cell, one row in all. Found by its labels, wherever they are.

It is made flat (one row, a column a label) so that the code for rows reads it too; `Block.cells` keeps the real address
of each cell, for messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.forms.base import Table
from pipeline.forms.block import TICKET, VOID, Block, Top, address, column_labels, label
from pipeline.forms.text_normalise import blank, sweep
from pipeline.model import Sheet

DEEP = 80  # rows in which its labels are searched
_WIDE = 20
_REACH = 8  # cells between a label and its value, if either was merged
_LEAST = 3  # labels by which it is recognised
_COLON = re.compile(r"[:：]")


@dataclass(frozen=True, slots=True)
class _Spot:
    """A label and the cell beside it. 0-based; `column` is that of the value."""

    row: int
    column: int
    text: str
    value: object


def upright(top: Top, table: Table) -> Block | None:
    """The table on this sheet made flat, None if too few of its labels are found."""
    meant = {word: places[0] for word, places in column_labels(table).items()}
    count = len(table.columns)
    meant |= {TICKET: count, VOID: count + 1}
    spots: dict[int, _Spot] = {}
    for place, spot in _spots(top.sheet, meant):
        # the first that is not blank: a label may be repeated in a note
        if place not in spots or (blank(spots[place].value) and not blank(spot.value)):
            spots[place] = spot
    return _flat(top.sheet, table, spots) if sum(place < count for place in spots) >= _LEAST else None


def _spots(sheet: Sheet, meant: Mapping[str, int]) -> Iterator[tuple[int, _Spot]]:
    for r, row in enumerate(sheet.rows[:DEEP]):
        for c, cell in enumerate(row[:_WIDE]):
            if type(cell) is not str or not cell:
                continue
            place = meant.get(label(cell))
            if place is not None:
                yield place, _beside(row, r, c, meant)
                continue
            before, *rest = _COLON.split(cell, maxsplit=1)
            if rest and (place := meant.get(label(before))) is not None:
                yield place, _Spot(r, c, before, sweep(rest[0]))


def _beside(row: list[object], r: int, c: int, meant: Mapping[str, int]) -> _Spot:
    text = sweep(str(row[c])).replace("*", "").strip()
    for at in range(c + 1, min(c + 1 + _REACH, len(row))):
        cell = row[at]
        if label(cell) in meant:
            break
        if cell is not None and cell != "":
            return _Spot(r, at, text, cell)
    return _Spot(r, c + 1, text, None)


def _flat(sheet: Sheet, table: Table, spots: Mapping[int, _Spot]) -> Block:
    """One row, at the row of its first label, so that Excel's number for it is a row the sender finds."""
    count = len(table.columns)
    first = max(1, min(spot.row for spot in spots.values()))
    cells: list[object] = [spots[place].value if place in spots else None for place in range(count + 2)]
    errors, formulas = {}, {}
    for place, spot in spots.items():
        at = (spot.row + 1, spot.column)
        if at in sheet.errors:
            errors[first + 1, place] = sheet.errors[at]
        if at in sheet.formulas:
            formulas[first + 1, place] = sheet.formulas[at]
    nothing: list[object] = [None] * len(cells)
    rows = [*([nothing] * first), cells]
    flat = Sheet(sheet.name, rows, hidden=sheet.hidden, errors=errors, formulas=formulas)
    return Block(
        flat,
        table,
        head=max(spot.row for spot in spots.values()) + 1,
        first=first,
        places=tuple(place if place in spots else -1 for place in range(count)),
        labels=tuple(spots[p].text if p in spots else column.header for p, column in enumerate(table.columns)),
        ticket=count if count in spots else -1,
        void=count + 1 if count + 1 in spots else -1,
        page=sheet,
        cells=tuple(address(spots[p].row, spots[p].column) if p in spots else "" for p in range(count + 2)),
    )
