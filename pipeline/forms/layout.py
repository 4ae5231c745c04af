"""Where things are on a sheet: the header block and the tables, found by their labels, never by position."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from pipeline.forms import FORMS, turned
from pipeline.forms.base import Field, Form, Table
from pipeline.forms.block import (
    MARK,
    OURS,
    TICKET,
    VOID,
    Block,
    HeaderValue,
    Top,
    as_label,
    column_labels,
    label,
    labels_beside,
)
from pipeline.forms.cells import spellings
from pipeline.forms.looks import LOOKS, NOTHING, known_as
from pipeline.forms.our_sheets import explains
from pipeline.forms.text_normalise import blank, shown, sweep
from pipeline.forms.upright import upright
from pipeline.forms.words import SYMPTOM
from pipeline.model import Sheet, Workbook

_DEEP = 40  # rows in which a header block and a table's head are searched
_WIDE = 60
_SYMPTOMS = frozenset(spellings(SYMPTOM))  # below 症状, a column each
_HEADER_ROWS = 8  # rows of a header block between one table and the head of the next
_TICKET = (TICKET, ())  # as a cell is looked at
_REACH = 6  # cells between a label and its value, if labels were merged


def tops(book: Workbook) -> tuple[Top, ...]:
    """The upper rows of every sheet."""
    return tuple(_top(sheet) for sheet in book.sheets)


def _top(sheet: Sheet) -> Top:
    found = top(sheet)
    heads = [0] * turned.WIDE
    for row in found.words:
        for c, _ in row:
            if c < turned.WIDE:
                heads[c] += 1
    flat = _flat(sheet) if max(heads) >= turned.LEAST and not explains(sheet) else sheet
    return found if flat is sheet else top(flat)


def _flat(sheet: Sheet) -> Sheet:
    """A sheet whose list of pupils is upright, laid flat."""
    for table in (form.tables[0] for form in FORMS if form.mended):
        needed = frozenset(
            n for n, column in enumerate(table.columns) if column.decides and column.required and not column.lacking
        )
        sheet = turned.laid_flat(sheet, column_labels(table), needed)
    return sheet


def top(sheet: Sheet) -> Top:
    """Look through the upper rows once; title and table heads are searched in what is found."""
    titles: set[str] = set()
    rows: list[tuple[tuple[int, str], ...]] = []
    for row in sheet.rows[:_DEEP]:
        seen = [*map(LOOKS.__getitem__, row[:_WIDE])]
        if seen.count(NOTHING) == len(seen):
            rows.append(())
            continue
        titles.update(name for _, named in seen for name in named)
        rows.append(tuple((c, word) for c, (word, _) in enumerate(seen) if word))
    return Top(sheet, tuple(rows), frozenset(titles))


# --------------------------------------------------------------------------- the header block


@cache
def _field_labels(fields: tuple[Field, ...]) -> Mapping[str, str]:
    by_label = [field for field in fields if field.find is None]
    return {as_label(name): field.name for field in by_label for name in (*field.aliases, field.label)}


def header_of(below: Block, form: Form) -> dict[str, list[HeaderValue]]:
    """The header block over a table, searched once: identifying and parsing ask for the same."""
    if form.name not in below.over:
        below.over[form.name] = header(below.page or below.sheet, form, below.head)
    return below.over[form.name]


def header(sheet: Sheet, form: Form, head: int) -> dict[str, list[HeaderValue]]:
    """Values of the header block by field name: right of the label, or after a colon in its cell, or where the field's
    own search finds them.

    Searches above row `head` only. A label without a value is not in the result.
    """
    known = _field_labels(form.fields)
    found: dict[str, list[HeaderValue]] = {}
    rows = sheet.rows[: min(head, _DEEP)]
    for entry in form.fields:
        if entry.find is not None and (hits := [HeaderValue(value, r, c) for r, c, value in entry.find(rows)]):
            found[entry.name] = hits
    for r, row in enumerate(rows):
        for c, cell in enumerate(row[:_WIDE]):
            if type(cell) is not str or not cell:
                continue
            name = known.get(label(cell))
            hit = _right_of(row, r, c, known) if name else None
            if name is None and len(cell) <= 120 and (":" in cell or "：" in cell):
                name, hit = _behind_colon(cell, r, c, known)
            if name and hit and not blank(hit.value):
                found.setdefault(name, []).append(hit)
    return found


def file_ticket(found: Block) -> str:
    """The ticket of a whole file that was returned: right of its label, above the table. "" for none."""
    for r, row in enumerate(found.sheet.rows[: min(found.head, _DEEP)]):
        seen = [*map(LOOKS.__getitem__, row[:_WIDE])]
        if _TICKET in seen:
            hit = _right_of(row, r, seen.index(_TICKET), {})
            return sweep(shown(hit.value)) if hit else ""
    return ""


def _right_of(row: list[object], r: int, c: int, known: Mapping[str, str]) -> HeaderValue | None:
    for place in range(c + 1, min(c + 1 + _REACH, len(row))):
        cell = row[place]
        if cell is None or cell == "":
            continue
        # what repeats its own label is a value: 零报告 beside 零报告
        return HeaderValue(cell, r, place) if known.get(label(cell)) in (None, known.get(label(row[c]))) else None
    return None


def _behind_colon(cell: str, r: int, c: int, known: Mapping[str, str]) -> tuple[str | None, HeaderValue | None]:
    parts = re.split(r"[:：]", cell, maxsplit=1)
    name = known.get(as_label(parts[0])) if len(parts) == 2 else None
    return name, HeaderValue(sweep(parts[1]), r, c) if name else None


# --------------------------------------------------------------------------- tables


def block(top: Top, table: Table) -> Block | None:
    """The table on this sheet, if most of its head can be recognised; None if it is missing."""
    if table not in top.looked_for:
        top.looked_for[table] = _block(top, table)
    return top.looked_for[table]


def _block(top: Top, table: Table) -> Block | None:
    if table.upright:
        return upright(top, table)
    best, head = 1, -1
    for r, words in enumerate(top.words):
        if len(words) > best and (score := _labels_in(table, words)) > best:
            best, head = score, r
    if head < 0:
        return None
    at, fit = _best_fit(top.sheet.rows, table, head)
    return Block(
        top.sheet,
        table,
        at,
        at + fit.deep,
        fit.places,
        fit.labels,
        fit.twice,
        fit.extra,
        fit.ticket,
        fit.void,
        fit.mark,
    )


@lru_cache(maxsize=1024)
def _labels_in(table: Table, words: tuple[tuple[int, str], ...]) -> int:
    """How many words of a row are labels of a table. Cached: nearly all rows with labels are those of our templates."""
    known = column_labels(table)
    return sum(known_as(word, known) is not None for _, word in words)


def _best_fit(rows: list[list[object]], table: Table, head: int) -> tuple[int, _Fit]:
    """How the head about a row fits best, and its first row: it may be of several rows."""
    known = column_labels(table)
    fits = [(head, _fit(table, (tuple(rows[head][:_WIDE]),)))]
    for deep in (2, 3):
        for upper in range(head, head - deep, -1):
            below = rows[head + 1 : upper + deep]
            lower = rows[upper + 1 : upper + deep]
            there = upper >= 0 and upper + deep <= len(rows)
            apart = there and not any(_holds_data(rows[upper], row, known) for row in lower)
            if apart and all(map(_may_be_head, below)):
                fit = _fit(table, tuple(tuple(row[:_WIDE]) for row in rows[upper : upper + deep]))
                if fit.known > max(one.matched for _, one in fits):
                    fits.append((upper, fit))
    at, fit = max(fits, key=lambda found: (found[1].matched, -found[1].deep))
    if _names_symptoms(rows[at + fit.deep : at + fit.deep + 1]):
        fit = _fit(table, tuple(tuple(row[:_WIDE]) for row in rows[at : at + fit.deep + 1]))
    return at, fit


def _names_symptoms(below: list[list[object]]) -> bool:
    """Whether a row below a head has symptoms in it and nothing else: 症状 over 发热, 咳嗽, 呕吐, to be ticked."""
    named = [label(cell) for row in below for cell in row[:_WIDE] if not blank(cell)]
    return len(named) > 1 and all(word in _SYMPTOMS for word in named)


def _may_be_head(row: list[object]) -> bool:
    """Whether a row below a head could be its second half: short texts or numbers with gaps between them."""
    filled = [cell for cell in row if cell is not None and cell != ""]
    return bool(filled) and all(isinstance(cell, int | float) or label(cell) for cell in filled)


def _holds_data(upper: list[object], row: list[object], known: Mapping[str, tuple[int, ...]]) -> bool:
    """Whether a row below a head has a text under a label that is none itself: a class, a name."""
    return (
        any(upper)
        and any(row)
        and any(
            cell
            and above
            and type(cell) is str
            and known_as(label(above), known) is not None
            and known_as(label(cell), known) is None
            and label(cell) not in _SYMPTOMS
            for above, cell in zip(upper, row, strict=False)
        )
    )


@dataclass(frozen=True, slots=True)
class _Fit:
    """How a row, or several, fit as the head of a table: what a Block needs of it."""

    deep: int  # rows
    known: int  # cells that are labels of the table
    matched: int  # columns of the form that are present
    places: tuple[int, ...]
    labels: tuple[str, ...]
    twice: tuple[tuple[int, int, int], ...]
    extra: tuple[str, ...]
    ticket: int
    void: int
    mark: int


@lru_cache(maxsize=512)
def _fit(table: Table, head: tuple[tuple[object, ...], ...]) -> _Fit:
    """Match a head with a table's columns. Cached: nearly all heads are those of our templates."""
    known, beside = column_labels(table), labels_beside(table)
    words = _joined(head, known) if len(head) > 1 else [(c, label(cell)) for c, cell in enumerate(head[0])]
    places = [-1] * len(table.columns)
    labels = [column.header for column in table.columns]
    twice: list[tuple[int, int, int]] = []
    for c, word in words:
        targets = known_as(word, known) or ()
        free = next((target for target in targets if places[target] < 0), None)
        if free is not None:
            places[free] = c
            labels[free] = _seen(head, c) or labels[free]
        elif targets:
            twice.append((targets[0], places[targets[0]], c))
        elif (at := beside.get(word, -1)) >= 0 and places[at] < 0:
            places[at] = c
            labels[at] = _seen(head, c) or labels[at]
    ours = {word: c for c, word in words if word in OURS}
    return _Fit(
        len(head),
        sum(known_as(word, known) is not None for _, word in words),
        sum(place >= 0 for place in places[: len(places) - len({*beside.values()})]),
        tuple(places),
        tuple(labels),
        tuple(twice),
        tuple(word for _, word in words if word and word not in {*OURS, *beside} and not known_as(word, known)),
        ticket=ours.get(TICKET, -1),
        void=ours.get(VOID, -1),
        mark=ours.get(MARK, -1),
    )


def _joined(head: tuple[tuple[object, ...], ...], known: Mapping[str, tuple[int, ...]]) -> list[tuple[int, str]]:
    """Labels of a head of several rows: group names above (merged cells fill to the right), names below."""
    words = []
    groups = [""] * len(head)
    for c in range(max(map(len, head))):
        mine = [label(_text(row[c]) if deep else row[c]) if c < len(row) else "" for deep, row in enumerate(head)]
        groups = [one or group for one, group in zip(mine, groups, strict=True)]
        options = [
            option
            for low in range(len(head) - 1, -1, -1)
            if mine[low]
            for option in (mine[low], *(groups[up] + mine[low] for up in range(low - 1, -1, -1)))
        ]
        ticked = mine[-1] if mine[-1] in _SYMPTOMS and not known_as(mine[-1], known) else ""
        plain = next((word for word in options if known_as(word, known)), next(filter(None, mine), ""))
        words.append((c, ticked or plain))
    return words


def _text(cell: object) -> object:
    return shown(cell) if isinstance(cell, int | float) else cell


def heads_again(found: Block) -> list[int]:
    """Rows below the head (0-based) that repeat it: pasted with what was copied. Searched once."""
    if found.head not in found.again:
        found.again[found.head] = _heads_again(found)
    return found.again[found.head]


def _heads_again(found: Block) -> list[int]:
    place = next(place for place in found.places if place >= 0)
    head = found.sheet.rows[found.first - 1]
    text = label(head[place])
    below = found.sheet.rows[found.first :]
    cells = [row[place] if place < len(row) else None for row in below]
    if text not in map(label, {*cells}):
        return []
    again = []
    for r, (row, cell) in enumerate(zip(below, cells, strict=True), start=found.first):
        if type(cell) is str and cell and label(cell) == text:
            alike = sum(label(a) == label(b) != "" for a, b in zip(row, head, strict=False))
            if alike >= min(3, found.matched):
                again.append(r)
    return again


def has_header_above(found: Block, form: Form, row: int) -> bool:
    """Whether a header block is above a repeated head: then a second report begins there."""
    known = _field_labels(form.fields)
    over = found.sheet.rows[max(found.first, row - _HEADER_ROWS) : row]
    return any(label(cell) in known for cells in over for cell in cells[:_WIDE])


def _seen(head: tuple[tuple[object, ...], ...], c: int) -> str:
    """The label as it is written on the sheet, for messages."""
    for row in head[::-1]:
        if c < len(row) and isinstance(row[c], str) and row[c]:
            return sweep(str(row[c])).replace("*", "").strip()
    return ""
