"""The return workbook (退回修正表): only the rows that were not taken, each with its reason and a ticket.

Built from our own form, never from the sender's file. Most give back a row or two for a reason that others have, too:
each such shape is drawn once with placeholders, and filled for one after the other at a quarter of the cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from html import escape

from pipeline.forms.base import Column, Form
from pipeline.forms.block import letters
from pipeline.forms.our_sheets import LISTS_SHEET
from pipeline.forms.whole import FILE
from pipeline.model import Refused
from pipeline.xlsx import table as tables
from pipeline.xlsx.fill import Template
from pipeline.xlsx.marks import ORIGINAL, TWO_WAYS, GivebackFacts
from pipeline.xlsx.returned_rows import GivenBack, Line, draw, returned
from pipeline.xlsx.whole import typed_again
from pipeline.xlsx.writer import clean

__all__ = ["TWO_WAYS", "GivebackFacts", "giveback"]

SHAPES = 64  # shapes that are kept
FEW = 4  # rows: those with more are each drawn
_CLASSES = 32  # there is room for so many class names, or twice, or three times as many
_OWN = ("unit", "school", "campus")
_MARK = "§"
_WRITTEN_OTHERWISE = (",", '"', "_x", _MARK)
_LONG = 100  # characters: a longer name may get no rule


def giveback(form: Form, facts: GivebackFacts) -> bytes:
    """Make the return workbook of one submission; the same facts give the same bytes.

    If the whole file was returned (a ticket of table "file"), it holds all rows as they were typed.
    """
    file = next((row for row in facts.rows if row.table == FILE), None)
    if file:
        return typed_again(form, facts, file)
    given = {table.name: returned(table, facts) for table in form.tables if not table.upright}
    first = given.get(form.tables[0].name)
    if first and _fits(facts, first):
        return _filled(form, facts, first)
    return draw(form, facts, given)


def _fits(facts: GivebackFacts, first: GivenBack) -> bool:
    """Whether nothing but a few rows of the first table goes back, and nothing of it is written otherwise."""
    names = [str(facts.fields.get(name, "")) for name in _OWN]
    plain = all(name.isprintable() and len(name) < _LONG for name in names)
    plain = plain and not any(sign in name for name in names for sign in _WRITTEN_OTHERWISE)
    comments = (comment for line in first.lines for _, _, comment in line.cells)
    few = len(facts.rows) == len(first.lines) <= FEW and not facts.beside
    return few and plain and not any(_MARK in text for text in comments)


@dataclass(frozen=True, slots=True)
class _ReturnShape:
    """Everything that is drawn: texts that are filled in later are placeholders."""

    fields: tuple[tuple[str, str | int | date], ...]
    notes: tuple[str, ...]
    classes: int
    token: str
    kindergarten: bool
    boarding: bool
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]


def _filled(form: Form, facts: GivebackFacts, given: GivenBack) -> bytes:
    room = -(-len(facts.classes) // _CLASSES) * _CLASSES
    texts = {_placeholder(name): escape(str(facts.fields.get(name, ""))) for name in _OWN}
    texts[_placeholder("token")] = escape(facts.token)
    template = _drawn(
        form,
        _ReturnShape(
            fields=tuple(
                (name, _placeholder(name) if name in _OWN and value else value) for name, value in facts.fields.items()
            ),
            notes=tuple(facts.notes),
            classes=room,
            token=_placeholder("token") if facts.token else "",
            kindergarten=facts.kindergarten,
            boarding=facts.boarding,
            columns=given.columns,
            lines=tuple(_emptied(line, number) for number, line in enumerate(given.lines)),
        ),
    )
    sheet, column = form.tables[0].sheet, len(tables.vocabularies(form))
    top = next(row for (row, at), text in template.cells(sheet).items() if at == 0 and text == ORIGINAL)
    cells = {(row, at): value for row, line in enumerate(given.lines, start=top + 1) for at, value in _cells(line)}
    for number, line in enumerate(given.lines):
        texts |= {_placeholder(f"{number}.{at}"): escape(clean(one[2])) for at, one in enumerate(line.cells) if one[2]}
    texts[_names(column, room)] = _names(column, len(facts.classes))
    classes = {(row, column): clean(name) for row, name in enumerate(facts.classes, start=1)}
    return template.put({sheet: cells, LISTS_SHEET: classes}, texts=texts)


@lru_cache(maxsize=SHAPES)
def _drawn(form: Form, shape: _ReturnShape) -> Template:
    facts = GivebackFacts(
        fields=dict(shape.fields),
        rows=[Refused(form.tables[0].name, 0, {}, ()) for _ in shape.lines],
        classes=[""] * shape.classes,
        token=shape.token,
        kindergarten=shape.kindergarten,
        boarding=shape.boarding,
        notes=shape.notes,
    )
    return Template(draw(form, facts, {form.tables[0].name: GivenBack(shape.columns, shape.lines)}))


def _emptied(line: Line, number: int) -> Line:
    """The line with its look and its comments, and nothing in its cells."""
    cells = tuple(
        (None, look, comment and _placeholder(f"{number}.{at}")) for at, (_, look, comment) in enumerate(line.cells)
    )
    return replace(line, number="", why="", cells=cells, ticket="", mark=line.mark and _MARK)


def _cells(line: Line) -> Iterator[tuple[int, object]]:
    """What stands in the cells of a line, by column of its sheet."""
    last = len(line.cells) + 2
    texts = enumerate((line.number, line.why, *(value for value, _, _ in line.cells)))
    for at, value in (*texts, (last + 1, line.ticket), *([(last + 2, line.mark)] if line.mark else [])):
        yield at, (clean(value) or None) if isinstance(value, str) else value


def _names(column: int, count: int) -> str:
    """The place of the class names among the lists, as the workbook names it."""
    return f"${letters(column)}$1:${letters(column)}${count}"


def _placeholder(name: str) -> str:
    return f"{_MARK}{name}{_MARK}"
