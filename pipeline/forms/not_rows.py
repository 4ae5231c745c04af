"""Which lines of a table are not rows, and what is said of those that were left out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from pipeline.forms.base import Table
from pipeline.forms.block import Block
from pipeline.forms.classes import names_class
from pipeline.forms.lines import (
    kind_of_all,
    line_kind,
    may_be_word,
    only_a_class,
    runs_in_words,
    says_all_are_there,
    says_nobody,
    surely_of_a_pupil,
)
from pipeline.forms.reading_notes import ReadingNotes
from pipeline.forms.text_normalise import blank
from pipeline.model import Issue

_WHEN = ("start", "part")  # filled down beside classes: they tell of nobody


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the cells are that tell whether a line is a row; -1 for a missing one."""

    all: frozenset[int]
    required: tuple[int, ...]
    name: int
    room: int  # the class, of a table of pupils
    told: tuple[int, ...]  # 缺课原因 first: few words
    others: tuple[int, ...]


@lru_cache(maxsize=512)
def _places(table: Table, places: tuple[int, ...]) -> _Places:
    """Cached: nearly all heads are those of our templates."""
    at = {c.name: place for c, place in zip(table.columns, places, strict=True) if place >= 0}
    required = tuple(at[c.name] for c in table.columns if c.required and c.name in at)
    rooms = [at[c.name] for c in table.columns if names_class(c) and c.name in at]
    room = rooms[0] if rooms and "name" in at else -1
    apart = (room, *(at[name] for name in _WHEN if name in at))
    told = tuple(place for place in reversed(required) if place not in apart)
    others = tuple(at[c.name] for c in table.columns if c.kept and c.name in at and at[c.name] not in apart)
    return _Places(frozenset(at.values()), required, at.get("name", -1), room, told, others)


class NotRows:
    """Recognises the lines of one table that are not rows."""

    def __init__(self, block: Block, notes: ReadingNotes) -> None:
        self.block = block
        self.sheet = block.sheet
        self.notes = notes
        self.at = _places(block.table, block.places)
        self.name, self.room, self.told = self.at.name, self.at.room, self.at.told
        self.ours = [place for place in (block.ticket, block.mark) if place >= 0]
        self.classes: list[int] = []
        self.nobody: tuple[int, int, str] | None = None  # where a line says that nobody of the whole school is absent

    def holds(self, r: int, cells: list[object]) -> bool:
        """Whether a line is no row; a line of a return workbook, or brought along from another day, always is one."""
        for place in self.ours:
            if not blank(cells[place]):
                return False
        named = self.room >= 0 and type(name := cells[self.name]) is str and not blank(name)
        if named and self.told and surely_of_a_pupil(cells[0], cells[self.room], cells[self.told[0]]):
            return False
        if self._by_first_word(r, cells):
            return True
        if self.room < 0:
            return False
        told = self._may_be_words(cells[self.room], cells[self.name])  # else it names a class and a pupil
        if told and (self._by_all_words(r, cells) or self._says_all_are_there(r, cells)):
            return True
        return self._names_only_a_class(r, cells)

    def _by_first_word(self, r: int, cells: list[object]) -> bool:
        """Our example, a sum, a signature line: recognised by the first word, and by the missing name."""
        first = cells[0] or next((cell for cell in cells if cell is not None and cell != ""), None)
        if type(first) is not str or len(first) > 60:
            return False
        kind = line_kind(first)
        if not kind:
            return False
        if kind == "example":  # in the first column or beside the table: without its class, a row begins with a name
            example = cells.index(first) not in self.block.places[1:]
            if example:
                self.notes.issues.append(Issue("example-row", sheet=self.sheet.name, row=r + 1))
            return example
        # three of them: columns were moved, and a remark that begins so is in the first one
        filled = sum(not blank(cells[place]) for place in self.at.required)
        if filled > 2 or (self.name >= 0 and not blank(cells[self.name]) and cells[self.name] != first):
            return False
        self._report_sum(r, kind)
        return True

    def _by_all_words(self, r: int, cells: list[object]) -> bool:
        """A sum or signature line by all its words, in whatever column they stand."""
        kind = kind_of_all(cells)
        self._report_sum(r, kind)
        return bool(kind)

    @staticmethod
    def _may_be_words(room: object, name: object) -> bool:
        """Whether a line's class or name is blank, a number, or begins like a sum: spares rows the closer look."""
        return type(name) is not str or blank(name) or may_be_word(room)

    def _report_sum(self, r: int, kind: str) -> None:
        if kind == "sum":
            self.notes.issues.append(Issue("total-row", sheet=self.sheet.name, row=r + 1))

    def _names_only_a_class(self, r: int, cells: list[object]) -> bool:
        """A class of which nothing is told, or that nobody of it is absent. One that says nothing is listed: its pupil
        may have been forgotten.
        """
        for place in self.told:
            if not says_nobody(cells[place]):
                return False
        kind = only_a_class(cells[self.room], [cells[place] for place in self.at.others])
        if not kind or self._has_more(r, cells):
            return False
        if kind == "bare":
            self.classes.append(r + 1)
        return True

    def _says_all_are_there(self, r: int, cells: list[object]) -> bool:
        """Whether a line says that nobody is absent, and nothing else: 今日全校无缺课."""
        filled = ((place, cell) for place, cell in enumerate(cells) if cell is not None and not blank(cell))
        place, cell = next(filled, (-1, None))
        if not isinstance(cell, str) or next(filled, None) is not None or not says_all_are_there(cell):
            return False
        self.nobody = self.nobody or (r, place, cell)
        return True

    def _has_more(self, r: int, cells: list[object]) -> bool:
        """Whether there are a cell that could not be calculated, or words under no header."""
        headed = self._headed
        if self.sheet.errors and any((r + 1, place) in self.sheet.errors for place in headed):
            return True
        if self.sheet.formulas and any(self.sheet.formulas.get((r + 1, place)) is False for place in headed):
            return True
        return any(
            place not in headed and isinstance(cell, str) and not blank(cell) for place, cell in enumerate(cells)
        )

    @cached_property
    def _headed(self) -> set[int]:
        head = self.sheet.rows[self.block.first - 1] if self.block.page is None else []
        return {place for place, cell in enumerate(head) if not blank(cell)} | self.at.all

    def report(self) -> None:
        """Say which lines named a class and nothing else."""
        if not self.classes:
            return
        details = (("rows", runs_in_words(self.classes)), ("count", str(len(self.classes))))
        self.notes.issues.append(Issue("rows-only-class", sheet=self.sheet.name, details=details))
