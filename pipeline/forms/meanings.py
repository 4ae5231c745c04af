"""What the cells of a table mean, column by column; remembered from one workbook to the next, for most cells are words
of short lists, classes and days.

Nothing is remembered of columns that may hold a name or somebody's own words, and nothing that depends on more than the
cell itself, its column and the frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from itertools import zip_longest

from pipeline.forms.base import Bad, Column, Fixed, Frame, Table
from pipeline.forms.cells import is_picture

MOST = 512  # cells of a column: what people write of one list, the classes of a province, the days of two school years
FRAMES = 48  # tables of a frame: those of all forms, of schools and kindergartens, and of a day before
_LONG = 20  # characters of a text that is remembered
_UNCLEAR = frozenset((Fixed, Bad))


class Meanings(dict[object, object]):
    """What the cells of one column mean in one frame, as its parser says: a blank means nothing, and is not parsed."""

    def __init__(self, column: Column, frame: Frame) -> None:
        super().__init__(_BLANK)
        self._parse, self._frame = column.parse, frame
        self._remembers = not column.personal

    def __missing__(self, cell: object) -> object:
        got = Bad("cell-is-picture") if is_picture(cell) else self._parse(cell, self._frame)
        # no numbers: 1 is True, and 38 is 38.0
        if self._remembers and (len(cell) <= _LONG if isinstance(cell, str) else type(cell) is date):
            if len(self) >= MOST:
                self.clear()
                self.update(_BLANK)
            self[cell] = got
        return got


_BLANK: dict[object, object] = {None: None, "": None}


@lru_cache(maxsize=FRAMES)
def meanings(table: Table, frame: Frame) -> tuple[Meanings, ...]:
    """Return those of each column of a table."""
    return tuple(Meanings(column, frame) for column in table.columns)


class Meant:
    """What the cells of a table's rows mean. `filled`: the places at which some row has something (in most columns
    none has); `rows`: by row, what each column's cell means; `unclear`: the rows, counted from 0, in which one is more
    than a value.
    """

    def __init__(self, table: Table, frame: Frame, lines: Sequence[list[object]], places: Sequence[int]) -> None:
        """`places`: of the table's columns, -1 for one that is missing."""
        self._meanings = meanings(table, frame)
        columns = [*zip_longest(*lines)]
        self.filled = {place for place in places if 0 <= place < len(columns) and _says_something(columns[place])}
        self._places = [(index, place) for index, place in enumerate(places) if place in self.filled]
        by_column: list[Sequence[object]] = [(None,) * len(lines)] * len(table.columns)
        self.unclear: set[int] = set()
        for index, place in self._places:
            by_column[index] = got = [*map(self._meanings[index].__getitem__, columns[place])]
            if not _UNCLEAR.isdisjoint(map(type, got)):
                self.unclear.update(at for at, one in enumerate(got) if type(one) in _UNCLEAR)
        self.rows: list[tuple[object, ...]] = [*zip(*by_column, strict=True)]

    def row(self, cells: Sequence[object]) -> tuple[object, ...]:
        """What the cells of one row mean, if they are others than at first."""
        got: list[object] = [None] * len(self._meanings)
        for index, place in self._places:
            got[index] = self._meanings[index][cells[place]]
        return tuple(got)


def _says_something(cells: Sequence[object]) -> bool:
    return any(cells) or cells.count(None) + cells.count("") < len(cells)
