"""The map of a digest: a tile for each division below, where its neighbours are near, and its measures in points.

Nothing is cut and nothing covers anything: a name too long for its tile takes a second line, which all tiles of the map
then have; a badge stands beside the name, or where there is no room in a gap above, which its row then has for it; a
map of many columns is wider.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Any

from pipeline import resources
from pipeline.figures.paper_values import Values
from pipeline.model import Level
from pipeline.reports.front import ems

WIDTHS = {Level.PROVINCE: 244.0, Level.CITY: 196.0}  # at least
SIZE = 9.0  # of the letters
_GAP = 3.2
_LEAST, _MOST = 38.0, 58.0  # of a tile: four characters of a label, and what looks well
_LINE, _PAD = 10.0, 2.8
_MARGIN = 1.0
_BADGE, _OVER = 9.8, 1.2  # its height, and how far one above stands over its tile: not as far as the letters
_DIGIT, _ROUND = 5.2, 4.6  # the width of a figure, and of the badge's two sides
_BESIDE = 1.5  # between a name and its badge


@dataclass(frozen=True, slots=True)
class Tilemap:
    """`tiles`: rows of a digest's table, each with column, row, x, y, the lines of its name, the middle of the first
    (`name_x`), and its badge or None.
    """

    tiles: Sequence[Mapping[str, Any]]
    width: float
    height: float
    tile_width: float
    tile_height: float


def tilemap(place: str, level: str, below: Sequence[Values]) -> Tilemap:
    """Lay out the map of a place above county."""
    spots = _spots(place, below)
    columns = max(column for column, _ in spots.values()) + 1
    width = max(WIDTHS[Level(level)], columns * (_LEAST + _GAP) + 2 * _MARGIN)
    wide = min((width - 2 * _MARGIN) / columns - _GAP, _MOST)
    names = {row["code"]: _broken(row["short"], int((wide - 2) / SIZE)) for row in below}
    high = _PAD + _LINE * (max(map(len, names.values())) + 1)
    above = {row["code"] for row in below if row["open_alerts"] and not _beside(names[row["code"]], row, wide)}
    tops, height = _tops(high, spots, above)
    tiles = []
    for row in below:
        code = row["code"]
        column, line = spots[code]
        x, y, name = _MARGIN + column * (wide + _GAP), tops[line], names[code]
        middle = x + wide / 2
        badge = None
        if row["open_alerts"]:
            size = _badge_width(row)
            if code in above:
                badge = _box(x + wide - size, y - _BADGE + _OVER, size)
            else:
                badge = _box(middle + (SIZE * ems(name[0]) + _BESIDE - size) / 2, y + 1.7, size)
                middle -= (size + _BESIDE) / 2
        place_of = {"column": column, "row": line, "x": x, "y": y}
        tiles.append({**row, **place_of, "lines": name, "name_x": middle, "badge": badge})
    return Tilemap(tiles, width, height, wide, high)


def _beside(name: Sequence[str], row: Values, wide: float) -> bool:
    """Whether a badge has room beside the name."""
    return len(name) == 1 and SIZE * ems(name[0]) + _BESIDE + _badge_width(row) <= wide - 1


def _badge_width(row: Values) -> float:
    return max(_BADGE, _DIGIT * len(str(row["open_alerts"])) + _ROUND)


def _box(x: float, y: float, width: float) -> Mapping[str, float]:
    return {"x": x, "y": y, "width": width, "height": _BADGE}


def _tops(high: float, spots: Mapping[str, tuple[int, int]], above: set[str]) -> tuple[list[float], float]:
    """The top of each row, with a wider gap above one with a badge there; and the height of all."""
    badges = {row for code, (_, row) in spots.items() if code in above}
    tops, y = [], 0.0
    for line in range(max(row for _, row in spots.values()) + 1):
        y += _BADGE - _OVER + 1 if line in badges else _GAP if line else _MARGIN
        tops.append(round(y, 1))
        y += high
    return tops, round(y + _MARGIN, 1)


def _broken(name: str, most: int) -> list[str]:
    """A name in lines of about the same length."""
    lines = ceil(ems(name) / most)
    each = ceil(len(name) / lines)
    return [name[at : at + each] for at in range(0, len(name), each)]


@lru_cache(maxsize=1)
def grids() -> Mapping[str, Mapping[str, tuple[int, int]]]:
    """Return place → division below → (column, row), from tiles.txt."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    blocks = resources.path("reports/tiles.txt").read_text(encoding="utf-8").split("\n\n")
    for block in blocks:
        rows = [line.split() for line in block.splitlines() if line.strip() and not line.startswith("#")]
        if rows:
            found[rows[0][0]] = {
                code: (column, row)
                for row, cells in enumerate(rows[1:])
                for column, code in enumerate(cells)
                if code.isdigit()
            }
    return found


def _spots(place: str, below: Sequence[Values]) -> Mapping[str, tuple[int, int]]:
    """The position of each division on the map; those that are not on the map get rows of their own below it."""
    grid = grids().get(place, {})
    known = {row["code"]: grid[row["code"]] for row in below if row["code"] in grid}
    columns = max((column for column, _ in known.values()), default=3) + 1
    free = max((row for _, row in known.values()), default=-1) + 1
    unplaced = [row["code"] for row in below if row["code"] not in grid]
    return known | {code: (i % columns, free + i // columns) for i, code in enumerate(unplaced)}
