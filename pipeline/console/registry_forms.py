"""Roster and calendar as tables of a page: what stands, typed over or added to; what was changed becomes a workbook."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pipeline import schooldays, units
from pipeline.console import fields
from pipeline.forms import form
from pipeline.forms.base import Column, Form, Table
from pipeline.forms.cells import typed as as_cell
from pipeline.model import Site
from pipeline.registry import lookup, prefill
from pipeline.xlsx.blank import TemplateFacts, blank

FRESH = 4  # empty rows below each table
MOST_ROWS = 400
_HIDDEN = frozenset({"code", "school_name", "division", "ref", "mail_wishes"})  # known, or not for this page

Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class EditedCell:
    """A cell: its field's name, what stands, what was typed (the same, if nothing was)."""

    name: str
    column: Column
    stands: str
    typed: str
    locked: bool

    @property
    def choices(self) -> tuple[str, ...]:
        return tuple(self.column.vocabulary.labels.values()) if self.column.vocabulary else ()

    @property
    def changed(self) -> bool:
        return self.stands != self.typed


@dataclass(frozen=True, slots=True)
class EditedTable:
    """One table: its heads, the rows that stand, and empty ones."""

    table: Table
    columns: tuple[Column, ...]
    rows: tuple[tuple[EditedCell, ...], ...]
    stands: tuple[Cells, ...]


@dataclass(frozen=True, slots=True)
class RegistryForm:
    """A form of the registry about one place, as it is typed over. `version`: of what stands."""

    form: Form
    place: str
    name: str
    tables: tuple[EditedTable, ...]
    version: str

    @property
    def is_changed(self) -> bool:
        return any(cell.changed for table in self.tables for row in table.rows for cell in row)


def roster(place: str, day: date, post: Cells) -> RegistryForm:
    """The roster of one school, or the contacts of a division's organs, with what was typed."""
    if units.is_school(place):
        rows = prefill.roster([place], day)
        return _form(form("roster"), place, {name: rows[name] for name in ("schools", "classes")}, post)
    return _form(form("roster"), place, {"organs": prefill.organs(place)}, post)


def calendar(place: str, post: Cells) -> RegistryForm:
    """The calendar of a division or school, with what was typed."""
    return _form(form("calendar"), place, {"spans": prefill.calendar(place)}, post)


def _form(declared: Form, place: str, stands: Mapping[str, Sequence[prefill.Row]], post: Cells) -> RegistryForm:
    found = {name: [_texts(declared.table(name), row) for row in rows] for name, rows in stands.items()}
    tables = tuple(_table(declared.table(name), rows, post) for name, rows in found.items())
    version = hashlib.sha256(repr(found).encode()).hexdigest()[:16]
    return RegistryForm(declared, place, lookup.names([place]).get(place, place), tables, version)


def _texts(table: Table, row: prefill.Row) -> dict[str, str]:
    return {one.name: str(row[one.name]) for one in table.columns if one.name in row}


def _table(table: Table, rows: Sequence[Cells], post: Cells) -> EditedTable:
    columns = tuple(one for one in table.columns if one.name not in _HIDDEN and not one.beside)
    fresh = [] if table.name == "organs" else [dict[str, str]()] * FRESH
    edited = tuple(
        tuple(_cell(table, n, one, row, post) for one in columns) for n, row in enumerate([*rows, *fresh][:MOST_ROWS])
    )
    return EditedTable(table, columns, edited, tuple(rows))


def _cell(table: Table, n: int, column: Column, row: Cells, post: Cells) -> EditedCell:
    name, stands = f"{table.name}|{n}|{column.name}", row.get(column.name, "")
    typed = fields.typed(column, post[name]) if name in post else stands
    is_key = column.key and table.name != "spans"
    return EditedCell(name, column, stands, typed, bool(row) and is_key)


def workbook(site: Site, edited: RegistryForm, division: str, day: date, by: str) -> bytes:
    """The workbook that says what was changed: keys and changed cells of a roster, whole lines of a calendar.

    A county's roster that has a few rows of a school changes those alone; its word needs nobody's confirmation.
    """
    whose = edited.place if edited.form.name == "calendar" else division
    rows = {one.table.name: tuple(_said(edited, one)) for one in edited.tables}
    serial = school.token_serial if (school := prefill.school(whose)) else lookup.token_serial(whose)
    facts = TemplateFacts(
        fields={"unit": whose, "school": lookup.names([whose]).get(whose, whose), "day": day, "reporter": by},
        rows=rows,
        token=units.token(site.key, whose, edited.form.name, schooldays.term(day), serial),
    )
    return blank(edited.form, facts)


def _said(edited: RegistryForm, one: EditedTable) -> Iterator[prefill.Row]:
    for n, row in enumerate(one.rows):
        known = one.stands[n] if n < len(one.stands) else {}
        changed = {cell.column.name: cell for cell in row if cell.changed}
        if not changed and not (one.table.name == "schools" and n == 0):
            continue  # the sheet of schools says whose classes they are
        whole = edited.form.name == "calendar" or not known
        texts = {**(known if whole else {}), **{name: cell.typed for name, cell in changed.items()}}
        asked = [column.name for column in one.table.columns if column.key or column.missing]
        keys = {name: known.get(name, "") for name in asked}
        yield _row(one.table, {**keys, **texts}, edited)


def _row(table: Table, texts: Cells, edited: RegistryForm) -> prefill.Row:
    told = dict(texts)
    if any(column.name == "code" for column in table.columns):
        told |= {"code": edited.place}
    if table.name == "classes":
        told |= {"school_name": edited.name}
    columns = {column.name: column for column in table.columns}
    return {name: as_cell(columns[name], text) for name, text in told.items() if text}
