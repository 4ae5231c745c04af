"""The mark (续) of a prefilled template row, by which the row is recognised however the workbook was treated.

A mark says of one row: we wrote it, for this school and campus, about this pupil, with this content. It is in the row
itself, because rows may be sorted, deleted, copied and pasted over, and the workbook may lose its properties. It proves
nothing else: a mark on a row about another pupil, or a mark that is not ours, counts as none, and the content of a row
is always that of its cells.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pipeline import units
from pipeline.forms.base import NEXT, Column, Frame, Table
from pipeline.forms.block import Block
from pipeline.forms.cells import show, typed
from pipeline.forms.classes import in_order, key_or_name
from pipeline.forms.parse import Reader
from pipeline.forms.reading_notes import ReadingNotes
from pipeline.model import Issue, Row, Sheet

ANSWER = "state"  # the column by which a prefilled absence is answered: 仍缺课, 已返校
_WHO_LENGTH, _CONTENT_LENGTH = 6, 6
_MARK = re.compile(r"([KT])([0-9]{2})([0-9]{2})([0-9]{2})-([0-9A-Z]{6})-([0-9A-Z]{6})")


class PrefillKind(StrEnum):
    """What was prefilled."""

    OPEN = "K"  # an absence that had not ended
    BACK = "T"  # a row that was returned and not corrected


@dataclass(frozen=True, slots=True)
class Mark:
    """A parsed mark. `since`: the day whose report the row comes from."""

    kind: PrefillKind
    since: date
    who: str
    content: str


def read(text: str) -> Mark | None:
    """Parse a cell of the column 续; None if it is not a mark."""
    found = _MARK.fullmatch(text)
    if found is None:
        return None
    try:
        since = date(2000 + int(found[2]), int(found[3]), int(found[4]))
    except ValueError:
        return None
    return Mark(PrefillKind(found[1]), since, found[5], found[6])


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one campus's rows. `key`: the site's."""

    key: bytes
    school: str
    campus: str

    def make(self, kind: PrefillKind, since: date, pupil: tuple[str, str], content: Sequence[str]) -> str:
        """Return the mark of a row about `pupil` (class key, name) with this `content`."""
        return f"{kind}{since:%y%m%d}-{self._who(kind, since, pupil)}-{self._sign_content(kind, since, content)}"

    def about(self, mark: Mark, pupil: tuple[str, str]) -> bool:
        """Tell whether the mark is ours and about this pupil."""
        return hmac.compare_digest(mark.who, self._who(mark.kind, mark.since, pupil))

    def unchanged(self, mark: Mark, content: Sequence[str]) -> bool:
        """Tell whether a row is as it was prefilled, its answer apart."""
        return hmac.compare_digest(mark.content, self._sign_content(mark.kind, mark.since, content))

    def _who(self, kind: PrefillKind, since: date, pupil: tuple[str, str]) -> str:
        return self._code(kind, since, ("who", *pupil), _WHO_LENGTH)

    def _sign_content(self, kind: PrefillKind, since: date, content: Sequence[str]) -> str:
        return self._code(kind, since, ("said", *content), _CONTENT_LENGTH)

    def _code(self, kind: PrefillKind, since: date, parts: Sequence[str], length: int) -> str:
        return units.keyed_code(self.key, ("carry", kind, self.school, self.campus, since.isoformat(), *parts), length)


def content_of(table: Table, row: Row) -> tuple[str, ...]:
    """Return the content of a row, cell by cell: as understood, or as typed where it was not; without its answer."""
    return tuple(
        row.raw.get(column.name, "") if value is None else show(column, value)
        for column, value in zip(table.columns, row.values, strict=True)
        if column.name != ANSWER and not column.beside
    )


def as_read(table: Table, rows: Sequence[Mapping[str, object]], frame: Frame) -> list[Row | None]:
    """Return our own rows (cells by column name) as reading will see them; None for one that reads as no row."""
    columns = table.columns
    lines: list[list[object]] = [[row.get(column.name) for column in columns] for row in rows]
    labels = tuple(column.header for column in columns)
    sheet = Sheet(table.sheet, [list(labels), *lines])
    found = Reader(Block(sheet, table, 0, 1, tuple(range(len(columns))), labels), frame, ReadingNotes()).rows()
    by_number = {row.number: row for row in found}
    return [by_number.get(number) for number in range(2, len(rows) + 2)]


# --------------------------------------------------------------------------- what a template carries over


@dataclass(frozen=True, slots=True)
class Open:
    """An absence that had not ended in the last report: `values` by stored column name."""

    class_key: str
    name: str
    number: str
    values: Mapping[str, object]
    since: date | None = None  # the day of the report, where it is not that of the other rows


@dataclass(frozen=True, slots=True)
class Back:
    """A row of the last report's day that was returned and not corrected, as typed. `asked`: only its answer is
    missing.
    """

    raw: Mapping[str, str]
    issues: tuple[Issue, ...]
    asked: bool


@dataclass(frozen=True, slots=True)
class CarriedOver:
    """The rows carried over for one campus, from the report of the day `since`."""

    since: date
    open: tuple[Open, ...] = ()
    back: tuple[Back, ...] = ()


Cell = str | int | float | date


@dataclass(frozen=True, slots=True)
class Prefilled:
    """One row of a template: its cells by column name, its mark, and why it was returned, if it was."""

    kind: PrefillKind
    cells: Mapping[str, Cell]
    mark: str
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class CampusClasses:
    """The classes of a campus: their names by key, and the school and campus."""

    names: Mapping[str, str]
    kindergarten: bool = False


def prefilled(table: Table, rows: CarriedOver, marks: Marks, room: CampusClasses, day: date) -> tuple[Prefilled, ...]:
    """Return the rows that the template of `day` begins with: absences to be answered, then rows to be corrected."""
    made: list[tuple[PrefillKind, Mapping[str, Cell], tuple[Issue, ...], date]] = []
    in_order = sorted(rows.open, key=_place)
    made += [(PrefillKind.OPEN, _cells_of(table, one, room), (), one.since or rows.since) for one in in_order]
    made += [(PrefillKind.OPEN, _typed(table, one), (), rows.since) for one in rows.back if one.asked]
    made += [(PrefillKind.BACK, _typed(table, one), one.issues, rows.since) for one in rows.back if not one.asked]
    frame = Frame(day=day, kindergarten=room.kindergarten)
    read_back = as_read(table, [cells for _, cells, *_ in made], frame)
    keys = {name: key for key, name in room.names.items()}
    found = []
    for (kind, cells, why, since), row in zip(made, read_back, strict=True):
        if row is not None:
            pupil = _pupil_of(table, row, keys, room)
            found.append(Prefilled(kind, cells, marks.make(kind, since, pupil, content_of(table, row)), why))
    return tuple(found)


def _place(one: Open) -> tuple[int, int, str]:
    return in_order(one.class_key)


def _pupil_of(table: Table, row: Row, keys: Mapping[str, str], room: CampusClasses) -> tuple[str, str]:
    """The pupil of a row, as reading will see it: (class key, name)."""
    place, name = (str(row.values[table.index(column)] or "") for column in ("class_name", "name"))
    return (keys.get(place) or key_or_name(place, kindergarten=room.kindergarten) if place else "", name)


def _cells_of(table: Table, one: Open, room: CampusClasses) -> dict[str, Cell]:
    """An absence as its clerk would type it today; values of that one day are left to the clerk."""
    get = one.values.get
    codes = str(get("symptoms") or "").split()
    symptoms = [*codes[:2], " ".join(codes[2:])] if len(codes) > 3 else codes
    values = {name: get(name) for name, column in table.keeps.items() if NEXT in column.goes and name == column.name}
    values |= {f"symptom{place}": code for place, code in enumerate(symptoms, 1)}
    values |= {"class_name": room.names.get(one.class_key, one.class_key), "name": one.name, "number": one.number}
    columns = {column.name: column for column in table.columns}
    return {name: _cell(columns[name], value) for name, value in values.items() if value not in (None, "")}


def _cell(column: Column, value: object) -> Cell:
    if isinstance(value, date):
        return value
    if column.dtype in ("number", "integer"):
        return float(str(value))
    return show(column, value)


def _typed(table: Table, back: Back) -> dict[str, Cell]:
    return {
        column.name: typed(column, text)
        for column in table.columns
        if column.name != ANSWER and (text := back.raw.get(column.name))
    }
