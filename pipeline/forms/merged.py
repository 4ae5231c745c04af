"""Cells merged over several rows, and 同上: the one value counts for each row they cover."""

from __future__ import annotations

from pipeline.forms.block import Block
from pipeline.forms.cells import number_text, person
from pipeline.forms.text_normalise import blank, is_ditto

_MOST = 50_000  # cells; merges may overlap and be as long as a sheet
_OF_ONE_PUPIL = (person, number_text)


def values(block: Block) -> dict[int, dict[int, object]]:
    """By row and place (0-based), the value that a merged cell above gives to the rows below its first.

    What tells pupils apart is given to nobody else.
    """
    places = {
        place
        for place, column in zip(block.places, block.table.columns, strict=True)
        if place >= 0 and column.parse not in _OF_ONE_PUPIL
    }
    rows, found, left = block.sheet.rows, _above(block, places), _MOST
    for top, bottom, place in block.sheet.merged:
        first, last = top - 1, min(bottom, len(rows)) - 1
        if first < block.first or place not in places or last <= first or blank(rows[first][place]):
            continue
        left -= last - first
        if left < 0:
            return {}
        for r in range(first + 1, last + 1):
            found.setdefault(r, {})[place] = rows[first][place]
    return found


def _above(block: Block, places: set[int]) -> dict[int, dict[int, object]]:
    """What 同上 stands for: the cell above it; nothing on a sheet with hidden rows, of which one may be between."""
    found: dict[int, dict[int, object]] = {}
    if not block.table.ditto or block.sheet.hidden_rows:
        return found
    rows = block.sheet.rows
    for r in range(block.first + 1, min(len(rows), block.first + _MOST)):
        for place in places:
            if place < len(rows[r]) and is_ditto(rows[r][place]) and place < len(rows[r - 1]):
                above = found.get(r - 1, {}).get(place, rows[r - 1][place])
                if not blank(above) and not is_ditto(above):
                    found.setdefault(r, {})[place] = above
    return found
