"""What people do wrong in a workbook, and how they mend it: for any form, from its declaration.

`filled(…)` is a workbook as values; `mistakes(filled)` draws what may go wrong in it so that a row, or the file,
goes back; `Filled.made(…)` makes the bytes; `mended(…)` is a return workbook as its clerk sends it. A new form gets
all of it by an example of itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import strategies as st

from pipeline import issues
from pipeline.forms.base import Bad, Column, Form, Frame, Table
from pipeline.forms.block import TICKET, VOID
from pipeline.model import Issue, Severity
from pipeline.xlsx.fill import Template, fill, heads

NONSENSE: Sequence[object] = (None, "看不懂的话", "11.2", 12345.0, "2026-02-30")
HEADING = -1
"""The row of a mistake that is about a column's heading."""

Row = Mapping[str, object]
Cell = tuple[str, int, str]  # table, number of the row in it (or HEADING), column; ("", 0, field) above the table


@dataclass(frozen=True)
class Filled:
    """A workbook as values: header fields and rows by our names."""

    form: Form
    header: Mapping[str, object]
    tables: Mapping[str, Sequence[Row]]
    also: Sequence[tuple[Cell, object]] = ()  # what sends a row back though its declaration does not tell

    def made(self, blank: bytes, wrong: Mapping[Cell, object] | None = None) -> bytes:
        """The workbook, typed into its template; then with these mistakes."""
        told = wrong or {}
        header = {name: told.get(("", 0, name), value) for name, value in self.header.items()}
        lying = {name: rows for name, rows in self.tables.items() if not self.form.table(name).upright}
        book = Template(fill(Template(blank), self.form, header, lying))
        cells: dict[str, dict[tuple[int, int], object]] = {}
        for table in self.form.tables:
            if table.upright and (rows := self.tables.get(table.name)):
                said = {c: told.get((table.name, 0, c), value) for c, value in rows[0].items()}
                cells[table.sheet] = dict(_beside(book, table, said))
        lines = {place: row for row, place in self.lines(blank).items()} if told else {}
        for (name, row, column), value in told.items():
            table = self.form.table(name or self.form.tables[0].name)
            if name and not table.upright:
                top, places = heads(book.cells(table.sheet), table)
                # a heading that somebody deleted, or a row's cell
                at = top if row == HEADING else lines[name, row][1]
                cells.setdefault(table.sheet, {})[at, places[column]] = value
        return book.put(cells)

    def lines(self, blank: bytes) -> dict[tuple[str, int], tuple[str, int]]:
        """Where the rows come to lie: (table, Excel row) → (table, number); rows of the template may stand above."""
        told = {name: rows for name, rows in self.tables.items() if not self.form.table(name).upright}
        before, after = Template(blank), Template(fill(Template(blank), self.form, {}, told))
        found = {}
        for name, rows in told.items():
            table = self.form.table(name)
            old, new = before.cells(table.sheet), after.cells(table.sheet)
            top, _ = heads(new, table)
            changed = sorted({row for (row, column), text in new.items() if old.get((row, column)) != text})
            if len(changed) != len(rows):  # some say what stood there already
                changed = list(range(top + 1, top + 1 + len(rows)))
            found |= {(name, row): (name, at) for at, row in enumerate(changed)}
        return found


def mistakes(right: Filled, *, most: int = 4) -> st.SearchStrategy[dict[Cell, object]]:
    """Some of the mistakes after which a row of this workbook, or all of it, goes back: at most one a row."""
    by_row: dict[tuple[str, int], list[tuple[Cell, object]]] = {}
    for cell, value in possible(right):
        by_row.setdefault(cell[:2], []).append((cell, value))
    rows = st.lists(st.sampled_from(sorted(by_row)), unique=True, min_size=1, max_size=most)
    return rows.flatmap(lambda chosen: st.tuples(*(st.sampled_from(by_row[row]) for row in chosen))).map(dict)


def possible(right: Filled) -> Iterable[tuple[Cell, object]]:
    """Every mistake that sends something back, cell by cell."""
    for field in right.form.fields:
        if field.required and field.dtype == "date" and isinstance(day := right.header.get(field.name), date):
            yield ("", 0, field.name), None
            yield ("", 0, field.name), "11.2"
            yield ("", 0, field.name), day + timedelta(days=20)
    for table in right.form.tables:
        rows = right.tables.get(table.name, ())
        for column in table.columns:
            for at, row in enumerate(rows):
                told = any(row.get(name) for name in column.told_by)  # whatever stands in its cell, it is known
                if column.name in row and not told:
                    yield from (((table.name, at, column.name), value) for value in wrong_values(column))
            if (
                rows
                and table is right.form.tables[0]
                and not table.upright
                and column is not table.columns[0]
                and _needed(column)
                and not column.lacking
            ):
                yield (table.name, HEADING, column.name), None

    yield from right.also


def wrong_values(column: Column) -> list[object]:
    """What may stand in a cell of this column so that its row goes back."""
    values = [
        v for v in NONSENSE if not (isinstance(v, float) and column.dtype in ("date", "datetime"))
    ]  # a day of 1933
    return [v for v in values if (_needed(column) if v is None else _refuses(column, v))]


def _needed(column: Column) -> bool:
    return bool(column.missing) and issues.severity(Issue(column.missing)) is Severity.ERROR


def _refuses(column: Column, value: object) -> bool:
    got = column.parse(value, Frame())
    return column.decides and isinstance(got, Bad) and issues.CATALOGUE[got.issue].severity is Severity.ERROR


# --------------------------------------------------------------------------- mending


Origin = Callable[[str], tuple[str, int]]
"""A ticket → the table and number of the row it is about."""


def ticketed_rows(content: bytes, form: Form) -> list[str]:
    """The tickets of single rows in a return workbook, in its order; none in that of a whole file."""
    return [ticket for _, _, ticket in ticketed(Template(content), form)]


def mended(
    content: bytes, right: Filled, origin: Origin, which: Callable[[str], bool] = lambda _: True, void: str = ""
) -> bytes:
    """A return workbook of single rows as its clerk sends it: the rows whose tickets are `which` typed as they
    should be, the others left as they came. `void`: a ticket marked 作废.
    """
    book = Template(content)
    cells: dict[str, dict[tuple[int, int], object]] = {}
    for table, row, ticket in ticketed(book, right.form):
        if table.upright:
            if which(ticket):
                cells[table.sheet] = dict(_beside(book, table, right.tables[table.name][0]))
            continue
        top, places = heads(book.cells(table.sheet), table)
        mine = cells.setdefault(table.sheet, {})
        if ticket == void:
            at = next(column for (r, column), text in book.cells(table.sheet).items() if r == top and text == VOID)
            mine[row, at] = VOID
        elif which(ticket):
            name, number = origin(ticket)
            mine |= {(row, places[c]): v for c, v in right.tables[name][number].items() if c in places}
    return book.put(cells)


def mended_whole(content: bytes, right: Filled, rows: bool) -> bytes:
    """A return workbook of a whole file, its header as it should be; `rows`: and its rows too."""
    book = Template(content)
    first = right.form.tables[0]
    told = {name: value for name, value in right.header.items() if value is not None}
    content = fill(book, right.form, told, {})
    book = Template(content)
    cells: dict[str, dict[tuple[int, int], object]] = {}
    for table in right.form.tables:
        wanted = right.tables.get(table.name, ())
        if not wanted or table.sheet not in book.sheets:
            continue
        top, places = heads(book.cells(table.sheet), table)
        needed = [c.name for c in first.columns if _needed(c)] if table is first and not rows else None
        for at, row in enumerate(wanted, start=top + 1):
            said = {name: value for name, value in row.items() if name in places}
            if needed is not None:  # a column that was not there is filled in, the rest stays as it came
                said = {n: v for n, v in said.items() if n in needed and not _any(book, table, places[n], top)}
            cells.setdefault(table.sheet, {}).update({(at, places[name]): value for name, value in said.items()})
    return book.put(cells)


def _any(book: Template, table: Table, column: int, top: int) -> bool:
    return any(c == column and row > top for row, c in book.cells(table.sheet))


def ticketed(book: Template, form: Form) -> Iterable[tuple[Table, int, str]]:
    """The rows of a return workbook that carry a ticket: table, Excel row, ticket."""
    for table in form.tables:
        if table.sheet not in book.sheets:
            continue
        cells = book.cells(table.sheet)
        if table.upright:
            yield from ((table, r, cells[r, c + 1]) for (r, c), text in cells.items() if text == TICKET)
            continue
        top, _ = heads(cells, table)
        heading = next(((row, c) for (row, c), text in cells.items() if text == TICKET and row == top), None)
        if heading is not None:
            found = ((row, text) for (row, c), text in sorted(cells.items()) if c == heading[1] and row > heading[0])
            yield from ((table, row, text) for row, text in found)


def _beside(book: Template, table: Table, said: Row) -> Iterable[tuple[tuple[int, int], object]]:
    """Where the values of an upright table stand: right of their labels."""
    labels = {text.strip("*"): at for at, text in sorted(book.cells(table.sheet).items(), reverse=True)}
    for name, value in said.items():
        row, column = labels[next(c.header for c in table.columns if c.name == name)]
        yield (row, column + 1), value
