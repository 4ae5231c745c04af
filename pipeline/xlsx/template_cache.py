"""Many templates of one shape at a quarter of the cost: a workbook is drawn once with placeholders, then filled.

The shape is what is drawn: form, kind of school, day, how many classes, whether rows are carried over. A school's own
values go into the cells, the locked fields and the properties. Templates with returned rows are drawn one by one: their
colours and comments are their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from html import escape

from pipeline.carry import Prefilled, PrefillKind
from pipeline.forms.base import Form, Table
from pipeline.forms.block import MARK
from pipeline.xlsx import carried
from pipeline.xlsx.blank import TemplateFacts, blank
from pipeline.xlsx.fill import Cells, Template, heads

SHAPES = 160  # shapes that are kept; a province's schools have some hundred
_OWN = ("unit", "school", "campus", "reporter")
_CLASSES = "classes"
_WRITTEN_OTHERWISE = (",", '"', "_x")
_MODEL = Prefilled(PrefillKind.OPEN, {}, "")


@dataclass(frozen=True, slots=True)
class _Shape:
    """Everything that is drawn. `fields`: a school's own are placeholders, or "" where it has none."""

    fields: tuple[tuple[str, str | int | date], ...]
    classes: int
    token: bool
    kindergarten: bool
    boarding: bool
    since: date | None  # rows are carried over, from this day
    notes: tuple[str, ...]


def from_cache(form: Form, facts: TemplateFacts) -> bytes:
    """Return what `blank` would make of `facts`: the same cells, rules and properties."""
    if not _fits(facts):
        return blank(form, facts)
    fields = tuple(
        (name, _placeholder(name) if name in _OWN and value else value) for name, value in facts.fields.items()
    )
    since = facts.since if facts.carried else None
    classes = len(facts.rows.get(_CLASSES, ()))
    template = _drawn(
        form, _Shape(fields, classes, bool(facts.token), facts.kindergarten, facts.boarding, since, facts.notes)
    )
    texts = {_placeholder(name): escape(str(facts.fields.get(name, ""))) for name in _OWN}
    texts[_placeholder("token")] = escape(facts.token)
    if since is not None:
        texts[escape(carried.lead([_MODEL], since))] = escape(carried.lead(facts.carried, since))
    values: dict[str, Cells] = {}
    like: dict[str, Mapping[int, int]] = {}
    for table in form.tables:
        top, columns = heads(template.cells(table.sheet), table)
        if table.name == _CLASSES:
            values[table.sheet] = dict(_class_cells(top, columns, facts))
        elif since is not None:
            values[table.sheet] = dict(_carried_cells(template, table, top, columns, facts))
            like[table.sheet] = dict.fromkeys(range(top + 1, top + 1 + len(facts.carried)), top + 1)
    return template.put(values, texts=texts, like=like)


def _fits(facts: TemplateFacts) -> bool:
    """Whether nothing is drawn for this school alone: a returned row, or a sign that is written otherwise."""
    plain = all(row.kind is PrefillKind.OPEN for row in facts.carried) and facts.rows.keys() <= {_CLASSES}
    return plain and not any(sign in str(facts.fields.get(name, "")) for name in _OWN for sign in _WRITTEN_OTHERWISE)


@lru_cache(maxsize=SHAPES)
def _drawn(form: Form, shape: _Shape) -> Template:
    rows = tuple({"class_name": "", "roll": ""} for _ in range(shape.classes))
    facts = TemplateFacts(
        fields=dict(shape.fields),
        rows={_CLASSES: rows} if rows else {},
        token=_placeholder("token") if shape.token else "",
        kindergarten=shape.kindergarten,
        boarding=shape.boarding,
        carried=(_MODEL,) if shape.since else (),
        since=shape.since,
        notes=shape.notes,
    )
    return Template(blank(form, facts))


def _class_cells(
    top: int, columns: Mapping[str, int], facts: TemplateFacts
) -> Iterator[tuple[tuple[int, int], object]]:
    for row, room in enumerate(facts.rows.get(_CLASSES, ()), start=top + 1):
        for name in ("class_name", "roll"):
            yield (row, columns[name]), room.get(name)


def _carried_cells(
    template: Template, table: Table, top: int, columns: Mapping[str, int], facts: TemplateFacts
) -> Iterator[tuple[tuple[int, int], object]]:
    mark = next(place for (row, place), text in template.cells(table.sheet).items() if row == top and text == MARK)
    for row, brought in enumerate(facts.carried, start=top + 1):
        yield from (((row, place), brought.cells.get(name)) for name, place in columns.items())
        yield (row, mark), brought.mark


def _placeholder(name: str) -> str:
    return f"§{name}§"
