"""Typed text kept as it is: of one row, and of a whole file that goes back for an error above its table.

A file that goes back whole is kept like a returned row: one ticket, with texts by name. Its header fields are under
their own names, its rows under "table:row", each as JSON of texts by column name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pipeline.forms.base import Field, Form, Table
from pipeline.forms.block import label, labels_of
from pipeline.forms.cells import show
from pipeline.forms.text_normalise import mask, shown
from pipeline.forms.words import yes_no
from pipeline.model import Issue, Reading, Refused, Row

FILE = "file"
"""The table of a ticket that is about a whole file."""

MARKED = ""
"""The name under which a row's texts keep the mark of a prefilled row."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A file that went back whole. `fields` by field name; `rows` by table name: (Excel row, texts by column)."""

    fields: Mapping[str, str]
    rows: Mapping[str, tuple[tuple[int, Mapping[str, str]], ...]]


def texts(table: Table, row: Row) -> dict[str, str]:
    """All cells of a row as typed, by column name, blanks left out."""
    names = (
        (column.name, row.raw.get(column.name) or mask(show(column, value)))
        for column, value in zip(table.columns, row.values, strict=True)
    )
    return {name: text for name, text in names if text}


def likeness(table: Table, raw: Mapping[str, str], issues: Sequence[Issue]) -> str:
    """A key by which a row is recognised when it comes back corrected, if nothing else identifies it: all its text
    except the cells that were wrong. "~columns left out~hash".
    """
    labels = {label(issue.column) for issue in issues} - {""}
    wrong = [column.name for column in table.columns if labels.intersection(labels_of(column))]
    return _likeness(raw, ",".join(wrong))


def same_but_for(key: str, raw: Mapping[str, str]) -> bool:
    """Whether a row equals the one with this `likeness`."""
    return key == _likeness(raw, key.split("~")[1])


def _likeness(raw: Mapping[str, str], wrong: str) -> str:
    left_out = wrong.split(",")
    kept = sorted((name, text) for name, text in raw.items() if name not in left_out)
    return f"~{wrong[:90]}~{hashlib.sha256(repr(kept).encode()).hexdigest()[:16]}" if kept else ""


def sent_back(form: Form, reading: Reading, issues: Sequence[Issue]) -> Refused | None:
    """The file as one thing that goes back; None if nothing could be read that would have to be typed again."""
    if not reading.tables.get(form.tables[0].name) and reading.header.get("zero") is not True:
        return None
    raw = {field.name: text for field in form.fields if (text := _field_text(field, reading, issues))}
    for table in form.tables:
        for row in reading.tables.get(table.name, ()):
            if not row.void:
                kept = texts(table, row) | ({MARKED: row.mark} if row.mark else {})
                raw[f"{table.name}:{row.number}"] = json.dumps(kept, ensure_ascii=False)
    return Refused(FILE, 0, raw, tuple(issues))


def unpacked(raw: Mapping[str, str]) -> Whole:
    """The texts of a file's ticket, unpacked."""
    rows: dict[str, list[tuple[int, Mapping[str, str]]]] = {}
    for name, text in raw.items():
        table, colon, number = name.partition(":")
        if colon:
            rows.setdefault(table, []).append((int(number), json.loads(text)))
    fields = {name: text for name, text in raw.items() if ":" not in name}
    return Whole(fields, {name: tuple(sorted(found, key=lambda one: one[0])) for name, found in rows.items()})


def as_typed(form: Form, table: str, raw: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the content of a ticket, for a person to read: by the form's own heads, a whole
    file's rows one line each.
    """
    heads = {one.name: {column.name: column.header for column in one.columns} for one in form.tables}
    if table != FILE:
        yield from ((heads.get(table, {}).get(name, name), text) for name, text in raw.items())
        return
    found = unpacked(raw)
    labels = {field.name: field.label for field in form.fields}
    yield from ((labels.get(name, name), text) for name, text in found.fields.items())
    for one in form.tables:
        for number, kept in found.rows.get(one.name, ()):
            cells = (f"{heads[one.name].get(name, name)} {text}" for name, text in kept.items() if name != MARKED)
            yield f"{one.sheet} 第 {number} 行", "；".join(cells)


def _field_text(field: Field, reading: Reading, issues: Sequence[Issue]) -> str:
    """A header field as its sender typed it; a cell that was not understood is taken from its issue."""
    value = reading.header.get(field.name)
    if value is None:
        here = (issue.value for issue in (*reading.issues, *issues) if not issue.row and issue.column == field.label)
        return next((text for text in here if text), "")
    if isinstance(value, bool):
        return yes_no(value)
    if field.vocabulary is not None:
        return field.vocabulary.labels.get(str(value), str(value))
    return value.isoformat() if type(value) is date else shown(value) if not isinstance(value, datetime) else str(value)
