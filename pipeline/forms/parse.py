"""Workbook and claims → typed rows with Excel coordinates, repairs and issues. Pure; runs in a worker.

Speed matters here: a province sends 15,500 workbooks a day, so cells are understood by column (`meanings`). Only rows
with a cell that is more than a value, and files with error cells or formulas, take the slower way through each cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from pipeline import issues
from pipeline.forms import form as form_named
from pipeline.forms import identify, layout, merged, unheaded
from pipeline.forms.base import Bad, Column, Field, Fixed, Form, Frame, Mixed
from pipeline.forms.block import VOID, Block, Top, address
from pipeline.forms.cells import flag, is_picture, show
from pipeline.forms.dates import school_year
from pipeline.forms.look_over import MAX_ROWS, column_filled, look_over
from pipeline.forms.meanings import Meant
from pipeline.forms.not_rows import NotRows
from pipeline.forms.reading_notes import FixedCell, ReadingNotes
from pipeline.forms.reasons import told_reason
from pipeline.forms.text_normalise import blank, fold, is_ditto, mask, shown, sweep
from pipeline.forms.told_by_head import ToldByHead
from pipeline.forms.words import YES_NO
from pipeline.model import Claims, Issue, Reading, ReadVerdict, Repair, Row, TablePlace, Workbook

_VALUE = 60  # characters of a cell that an issue or a repair quotes
_EMPTIED = "（空）"
_IN_WORDS = "原话记在"
_OF_PUPILS = ("rows",)  # tables with a row a pupil
_void = flag(YES_NO)


def parse(book: Workbook, claims: Claims, tops: Sequence[Top] = (), seen: date | None = None) -> Reading:
    """Every row of every table; verdict "rejected" if the file as a whole cannot be taken.

    `tops`: if they are known. `seen`: the day the file came, in whose school year a plan's dates without a year lie.
    """
    form = form_named(claims.form)
    tops = tops or layout.tops(book)
    found = identify.blocks(tops, form)
    # a comment may hold a password
    notes = ReadingNotes([one for one in book.facts if not (form.secret and one.value)])
    look_over(tops, form, claims, found, notes)
    notes.issues += unheaded.unread(() if form.secret else found.values())
    if any(entry.name == "zero" for entry in form.fields):  # pupils whom another sheet names are missing from it
        notes.issues += unheaded.sheets(tops, found.values())
    frame = Frame(day=claims.day, date1904=book.date1904, kindergarten=claims.unit.startswith("11"))
    main = identify.principal(found, form)
    header = _header(main, form, frame, notes) if main else {}
    if claims.day is None:
        frame = _undated(frame, header.get("issued"), seen)
    tables: dict[str, tuple[Row, ...]] = {}
    if not notes.unread:
        readers = {name: Reader(block, frame, notes) for name, block in found.items()}
        tables = {name: reader.rows() for name, reader in readers.items()}
        header |= _zero(readers, header, tables, notes)
    verdict = ReadVerdict.REJECTED if notes.refused else ReadVerdict.PARSED
    return Reading(
        verdict,
        claims,
        header,
        tables,
        tuple(notes.issues),
        tuple(notes.repairs),
        places={
            name: TablePlace(block.sheet.name, block.places, block.labels, block.cells, block.sheet.turned)
            for name, block in found.items()
        },
    )


def _undated(frame: Frame, issued: object, seen: date | None) -> Frame:
    """What dates of a form without a day are told from: the day it came, of a plan its school year. A card answers what
    was issued: 今天 is clear only on that day.
    """
    if isinstance(issued, date):
        day = issued.date() if isinstance(issued, datetime) else issued
        return replace(frame, day=seen or day, spoken=seen in {None, day})
    return replace(frame, day=seen, among=school_year(seen), spoken=False) if seen else frame


# --------------------------------------------------------------------------- the header block


def _header(main: Block, form: Form, frame: Frame, notes: ReadingNotes) -> dict[str, object]:
    found = layout.header_of(main, form)
    header: dict[str, object] = {}
    for entry in form.fields:
        values = []
        for hit in found.get(entry.name, ()):
            got = entry.parse(hit.value, frame)
            value = _field_value(got, entry, main, (hit.row, hit.column, hit.value), notes)
            if value is not None and value not in values:
                values.append(value)
        if len(values) > 1 and entry.required:
            values_seen = (("label", entry.label), ("first", shown(values[0])), ("second", shown(values[1])))
            notes.refuse(Issue("header-twice", sheet=main.sheet.name, column=entry.label, details=values_seen))
        if values:
            header[entry.name] = values[0]
    return header


def _field_value(got: object, entry: Field, main: Block, where: tuple[int, int, object], notes: ReadingNotes) -> object:
    row, column, cell = where
    was = mask(shown(cell))[:_VALUE]
    place = address(row, column)
    if isinstance(got, Fixed):
        labels = entry.vocabulary.labels if entry.vocabulary else {}
        now = (
            "是" if got.value is True else "否" if got.value is False else labels.get(str(got.value), shown(got.value))
        )
        if was != now:
            notes.repairs.append(Repair(main.sheet.name, place, entry.label, was, now, row + 1))
        return got.value
    if isinstance(got, Bad):
        code = got.issue if entry.required else issues.left(got.issue)
        notes.issues.append(Issue(code, main.sheet.name, place, 0, entry.label, was, got.details))
        return None
    return got


def _zero(
    readers: Mapping[str, Reader],
    header: Mapping[str, object],
    tables: Mapping[str, tuple[Row, ...]],
    notes: ReadingNotes,
) -> dict[str, object]:
    """零报告 where it was said in the table: 今日全校无缺课, and no row."""
    said = next((reader.no_rows.nobody for reader in readers.values() if reader.no_rows.nobody), None)
    if said is None or header.get("zero") is not None or any(tables.get(name) for name in _OF_PUPILS):
        return {}
    r, place, text = said
    sheet = next(reader.sheet for reader in readers.values() if reader.no_rows.nobody)
    notes.repairs.append(Repair(sheet.name, address(r, place), "零报告", mask(text)[:_VALUE], "是", r + 1))
    return {"zero": True}


# --------------------------------------------------------------------------- rows


class Reader:
    """Reads one table, row by row."""

    def __init__(self, block: Block, frame: Frame, notes: ReadingNotes) -> None:
        self.block = block
        self.sheet = block.sheet
        self.frame = frame
        self.notes = notes
        columns = block.table.columns
        self.count = len(columns)
        self.marked = {*self.sheet.errors, *self.sheet.formulas}
        self.odd = bool(self.marked)
        self.lines = self.sheet.rows[block.first : block.first + MAX_ROWS]
        self.meant = Meant(block.table, frame, self.lines, () if self.odd else block.places)
        self.cells = tuple(
            (index, place, column)
            for index, (place, column) in enumerate(zip(block.places, columns, strict=True))
            if place in self.meant.filled or (self.odd and place >= 0)
        )
        self.names = block.table.indexes
        self.width = max(*block.places, block.ticket, block.void, block.mark) + 1
        self.formulas: set[int] = set()
        self.hidden = 0
        self.heads = frozenset(layout.heads_again(block))
        self.told = ToldByHead(block)
        self.reason = told_reason(columns)
        self.no_rows = NotRows(block, notes)
        ours = max(block.ticket, block.void, block.mark) >= 0
        self.bare = not (ours or self.told.speaks or self.sheet.hidden_rows)  # rows are told by their cells alone
        self.merged = merged.values(block)

    def rows(self) -> tuple[Row, ...]:
        found = []
        for at, (cells, got) in enumerate(zip(self.lines, self.meant.rows, strict=True)):
            r = self.block.first + at
            wide = cells if len(cells) >= self.width else cells + [None] * (self.width - len(cells))
            if r in self.merged:
                wide = self._with_merged(r, wide)
                row = self._row(r, wide, self.meant.row(wide), clear=False)
            elif not self.bare or at in self.meant.unclear or not any(got) or not self._has_reason(got):
                row = self._row(r, wide, got, clear=not self.odd and at not in self.meant.unclear)
            else:  # most
                row = None if r in self.heads or self.no_rows.holds(r, wide) else Row(r + 1, got, {})
            if row is not None:
                found.append(row)
        if self.hidden:
            count = (("count", str(self.hidden)),)
            self.notes.issues.append(Issue("rows-hidden", sheet=self.sheet.name, details=count))
        self._report_hidden_columns()
        self.no_rows.report()
        return tuple(found)

    def _with_merged(self, r: int, cells: list[object]) -> list[object]:
        """A row with what cells merged over it say, if it says anything itself."""
        given = self.merged[r]
        if all(place in given or blank(cells[place]) for _, place, _ in self.cells):
            return cells
        cells = list(cells)
        for index, place, column in self.cells:
            if place in given and (blank(cells[place]) or is_ditto(cells[place])):
                was = shown(cells[place]) or _EMPTIED
                cells[place] = given[place]
                where, label = self.block.address(r, place), self.block.labels[index] or column.header
                now = mask(shown(cells[place]))[:_VALUE]
                self.notes.repairs.append(Repair(self.sheet.name, where, label, was, now, r + 1))
        return cells

    def _report_hidden_columns(self) -> None:
        """The issue about columns that the template shows and somebody hid, if they are not empty; our own folded
        columns do not count.
        """
        hidden = [
            self.block.labels[index]
            for index, place, column in self.cells
            if place in self.sheet.hidden_columns and not column.folded and column_filled(self.block, place)
        ]
        if hidden:
            details = (("hidden", "、".join(hidden)),)
            self.notes.issues.append(Issue("columns-hidden", sheet=self.sheet.name, details=details))

    def _row(self, r: int, cells: list[object], got: tuple[object, ...], *, clear: bool) -> Row | None:
        """`got`: what its cells mean; `clear`: all are values."""
        if (not any(got) and self._nothing(r, cells)) or r in self.heads or self.no_rows.holds(r, cells):
            return None
        raw: dict[str, str] = {}
        fixed: list[FixedCell] = []
        values = [*got] if clear else self._values(r, cells, got, raw, fixed)
        ticket = self._ours(self.block.ticket, cells)
        if not raw and not ticket and not any(values) and values.count(None) == self.count:
            return None
        for cell in fixed:
            self._settle(r, cell, values, raw)
        if self.told.speaks:
            self.notes.repairs.extend(self.told.tell(r, cells, values, raw))
        if not self._has_reason(values):
            self._tell_reason(r, values, raw)
        if r + 1 in self.sheet.hidden_rows:
            self.hidden += 1
        if void := self._is_void(r, cells):
            self.notes.forget(self.sheet.name, r + 1)
        return Row(r + 1, tuple(values), raw, ticket, void, self._ours(self.block.mark, cells))

    def _has_reason(self, values: Sequence[object]) -> bool:
        return self.reason.place < 0 or values[self.reason.place] is not None

    def _tell_reason(self, r: int, values: list[object], raw: dict[str, str]) -> None:
        """Fill 缺课原因 in where the row leaves no doubt of it: a repair, or a question if it has words of its own."""
        index = self.reason.place
        place, column = self.block.places[index], self.block.table.columns[index]
        code = self.reason.tell(values)
        if not code or self._is_void(r, self.sheet.rows[r] + [None] * self.width):
            return
        values[index], was = code, raw.get(column.name, "")
        if place < 0:
            return  # said once: the sheet has no such column
        where, label, now = self.block.address(r, place), self.block.labels[index] or column.header, show(column, code)
        if not was:
            self.notes.repairs.append(Repair(self.sheet.name, where, label, _EMPTIED, now, r + 1))
            return
        self.notes.issues = [one for one in self.notes.issues if (one.row, one.cell) != (r + 1, where)]
        self._add_issue("reason-told", r, place, column, was, (("reason", now),))

    def _values(
        self, r: int, cells: list[object], got: tuple[object, ...], raw: dict[str, str], fixed: list[FixedCell]
    ) -> list[object]:
        """The values of a row in which some cells are not simply what they mean."""
        values = [*got]
        for index, place, column in self.cells:
            cell = cells[place]
            one = self._odd_cell(r, place, column, cell) if self.odd else values[index]
            if isinstance(one, Fixed):
                one = self._fixed(r, index, one, cell, raw, fixed)
            elif isinstance(one, Bad):
                self._bad(r, index, one, cell, raw)
                one = None
            values[index] = one
        return values

    def _nothing(self, r: int, cells: list[object]) -> bool:
        if self.odd and any((r + 1, place) in self.marked for _, place, _ in self.cells):
            return False
        if self.block.ticket >= 0 and not blank(cells[self.block.ticket]):
            return False  # an emptied row of a return workbook: it may be marked 作废
        mine = [cells[place] for _, place, _ in self.cells]
        return mine.count(None) + mine.count("") == len(mine)

    def _odd_cell(self, r: int, place: int, column: Column, cell: object) -> object:
        at = (r + 1, place)
        if at in self.sheet.errors:
            return Bad("error-cell")
        cached = self.sheet.formulas.get(at)
        if cached is False:
            return Bad("formula-uncached")
        if is_picture(cell):
            return Bad("cell-is-picture")
        if cached and place not in self.formulas:
            self.formulas.add(place)
            self._add_issue("formula-value", r, place, column, cell)
        return None if cell is None or cell == "" else column.parse(cell, self.frame)

    def _fixed(
        self, r: int, index: int, got: Fixed, cell: object, raw: dict[str, str], fixed: list[FixedCell]
    ) -> object:
        place, column = self.block.places[index], self.block.table.columns[index]
        value = got.value
        spills: tuple[tuple[str, str], ...] = ()
        if isinstance(value, Mixed):
            spills = (((column.spill, value.rest),) if value.rest else ()) + value.also
            value = value.value
        was = mask(shown(cell))
        raw[column.name] = was
        if got.issue:
            self._add_issue(got.issue, r, place, column, cell, got.details)
        fixed.append(FixedCell(index, was, show(column, value), spills))
        return value

    def _settle(self, r: int, cell: FixedCell, values: list[object], raw: dict[str, str]) -> None:
        """Give what a cell says of other columns to them; the receipt lists what changed."""
        column, place = self.block.table.columns[cell.index], self.block.places[cell.index]
        told = [label for target, text in cell.spills if (label := self._spill(r, cell, (target, text), values, raw))]
        moved = [label for label in told if not label.startswith(_IN_WORDS)]
        own = [cell.now] if cell.now and (cell.now != cell.was or not moved) else []
        was, now = cell.was[:_VALUE], "；".join([*own, *moved] or [_EMPTIED, *told[:1]])[:_VALUE]
        if was != now:
            where, label = self.block.address(r, place), self.block.labels[cell.index]
            self.notes.repairs.append(Repair(self.sheet.name, where, label or column.header, was, now, r + 1))

    def _bad(self, r: int, index: int, got: Bad, cell: object, raw: dict[str, str]) -> None:
        place, column = self.block.places[index], self.block.table.columns[index]
        text = self.sheet.errors.get((r + 1, place), "")
        if column.dtype != "secret":
            raw[column.name] = text or mask(shown(cell))
        code = got.issue if column.decides else issues.left(got.issue)
        self._add_issue(code, r, place, column, text or cell, got.details)

    def _add_issue(
        self, code: str, r: int, place: int, column: Column, cell: object, details: tuple[tuple[str, str], ...] = ()
    ) -> None:
        label = self.block.labels[self.names[column.name]]
        value = "" if column.dtype == "secret" else mask(shown(cell))[:_VALUE]
        self.notes.issues.append(
            Issue(code, self.sheet.name, self.block.address(r, place), r + 1, label, value, details)
        )

    def _spill(self, r: int, cell: FixedCell, found: tuple[str, str], values: list[object], raw: dict[str, str]) -> str:
        """Add what another cell says to its own column, whose typed text is kept; "诊断：水痘" if it is new there."""
        target, text = found
        index = self.names[target]
        column = self.block.table.columns[index]
        before = values[index]
        typed = raw.setdefault(target, show(column, before))
        if column.dtype == "text":
            if text not in str(before or ""):
                values[index] = f"{before}；{text}"[:200] if before else text
            return f"{_IN_WORDS}{self.block.labels[index] or column.header}里"
        if column.dtype == "number":  # its own cell, understood or not, goes before what another tells
            values[index] = before if typed else float(text)
        elif column.dtype == "date":  # the end of a span, told where it begins
            values[index] = before or date.fromisoformat(text)
        elif column.join and before:
            values[index], issue = column.join(str(before), text)
            if issue:
                source = self.block.table.columns[cell.index]
                self._add_issue(issue, r, self.block.places[cell.index], source, cell.was)
            if text not in {before, values[index]} and column.spill:  # what gave way is kept in words
                return self._spill(r, cell, (column.spill, cell.was), values, raw)
        else:
            there = " ".join(str(values[at]) for at in self._as_one(column) if values[at]).split()
            text = " ".join(code for code in text.split() if code not in there)
            values[index] = f"{before or ''} {text}".strip() or None
        if values[index] == before or index == cell.index:
            return ""
        return f"{self.block.labels[index] or column.header}：{show(column, text)}"

    def _as_one(self, column: Column) -> list[int]:
        """The columns that are stored as one with this: 症状1 to 症状3."""
        columns = enumerate(self.block.table.columns)
        return [at for at, one in columns if one is column or (column.stored and one.stored == column.stored)]

    def _ours(self, place: int, cells: list[object]) -> str:
        """The content of a column of ours: a ticket, a mark."""
        return mask(sweep(shown(cells[place])))[:24] if place >= 0 else ""

    def _is_void(self, r: int, cells: list[object]) -> bool:
        if self.block.void < 0 or blank(cells[self.block.void]):
            return False
        if fold(shown(cells[self.block.void])) in ("作废", "删除", "删", "废"):
            return True
        got = _void(cells[self.block.void], self.frame)
        if isinstance(got, Bad):
            where = self.block.address(r, self.block.void)
            value = mask(shown(cells[self.block.void]))[:_VALUE]
            self.notes.issues.append(Issue("void-unclear", self.sheet.name, where, r + 1, VOID, value))
            return False
        return (got.value if isinstance(got, Fixed) else got) is True
