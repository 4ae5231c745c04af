"""The file as a whole, before its rows are read: sheets and columns that are missing, doubled, or too many."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from pipeline import issues
from pipeline.forms import identify, layout, told_by_head
from pipeline.forms.base import Column, Form, Table
from pipeline.forms.block import Block, Top, letters
from pipeline.forms.reading_notes import ReadingNotes
from pipeline.forms.text_normalise import blank
from pipeline.model import Claims, Issue, Severity

MAX_ROWS = 10_000


def look_over(tops: Sequence[Top], form: Form, claims: Claims, found: dict[str, Block], notes: ReadingNotes) -> None:
    """Note what is wrong with sheets and columns; a file that cannot be read so is refused. `found`: block by table."""
    if claims.version and claims.version != form.version:  # a newer one was refused before
        notes.issues.append(Issue("form-old", details=(("version", claims.version),)))
    for table in form.tables:
        block = found.get(table.name)
        if block is None:
            if table.needed:
                notes.refuse(Issue("sheet-missing", sheet=table.sheet))
            continue
        _look_over_table(block, form, int(claims.version) if claims.version.isdigit() else None, notes)
        if table.needed and (rivals := identify.rivals(tops, found.values(), block)):
            names = "、".join((block.sheet.name, *(rival.sheet.name for rival in rivals)))
            notes.refuse(Issue("sheet-several", sheet=block.sheet.name, details=(("sheets", names),)))


def _look_over_table(block: Block, form: Form, version: int | None, notes: ReadingNotes) -> None:
    sheet = block.sheet.name
    _look_for_columns(block, version, notes)
    for index, first, second in block.twice:
        if column_filled(block, first) and column_filled(block, second):
            where = (("first", letters(first)), ("second", letters(second)))
            header = block.table.columns[index].header
            notes.refuse(Issue("column-twice", sheet=sheet, column=header, details=(("twice", header), *where)))
    if extra := [word for word in block.extra if not told_by_head.symptom(block.table, word)]:
        notes.issues.append(Issue("column-extra", sheet=sheet, details=(("extra", "、".join(extra)[:200]),)))
    for again in layout.heads_again(block):
        if layout.has_header_above(block, form, again):
            notes.refuse(Issue("table-again", sheet=sheet, details=(("again", str(again + 1)),)))
            break
    if len(block.sheet.rows) - block.first > MAX_ROWS and _filled_below(block, block.first + MAX_ROWS):
        notes.refuse(Issue("too-many-rows", sheet=sheet, details=(("limit", str(MAX_ROWS)),)))


def _look_for_columns(block: Block, version: int | None, notes: ReadingNotes) -> None:
    """Note the columns that are missing."""
    sheet = block.sheet.name
    for column in _missing(block.table, block.places):
        lacking = issues.CATALOGUE[column.missing].severity is Severity.ERROR and not block.may_lack(column)
        if not lacking and version is not None and version < column.since:
            continue  # no template of that version could have it, and its rows stand without it
        missing = ("missing", column.header)
        if lacking:
            notes.refuse(Issue("column-missing", sheet=sheet, column=column.header, details=(missing,)))
            continue
        taken = ("taken", column.lacking)
        notes.issues.append(Issue("column-lacking", sheet=sheet, column=column.header, details=(missing, taken)))


@lru_cache(maxsize=512)
def _missing(table: Table, places: tuple[int, ...]) -> tuple[Column, ...]:
    """The columns without a place that are missed. Cached: nearly all heads are those of our templates."""
    return tuple(column for place, column in zip(places, table.columns, strict=True) if place < 0 and column.missing)


def column_filled(block: Block, place: int) -> bool:
    return any(place < len(row) and not blank(row[place]) for row in block.sheet.rows[block.first :])


def _filled_below(block: Block, first: int) -> bool:
    places = [place for place in block.places if place >= 0]
    return any(p < len(row) and not blank(row[p]) for row in block.sheet.rows[first:] for p in places)
