"""The template of a form: a workbook that a tired clerk can fill in, in WPS, in twenty minutes.

Run as `python -m pipeline.xlsx.blank templates/xlsx` it writes the generic blank of every form.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pipeline.carry import Prefilled
from pipeline.forms import FORMS
from pipeline.forms.base import Column, Form, Table
from pipeline.model import WHOLE_SCHOOL, WorkbookKind
from pipeline.xlsx import carried, filing_sheet, upright
from pipeline.xlsx import table as tables
from pipeline.xlsx import writer as ink
from pipeline.xlsx.explain import write_help
from pipeline.xlsx.table import HeaderBlock
from pipeline.xlsx.writer import Sheet, Writer

SPARE_CLASSES = 20  # empty lines below the known classes that the dropdown already covers
_LONG_LIST = 60  # lines the class dropdown covers when no class is known


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """What is known of the unit a template is for. All empty: the generic template.

    `fields` by field name of the form (unit, school, campus, day, reporter, reviewer). `rows` by table name, each row
    by column name, as the sender would see it (labels, dates). Rows of "classes" also fill the dropdown of class names,
    even in a form that has no such table. `carried`: the rows that the first table begins with, carried over from the
    report of the day `since`.
    """

    fields: Mapping[str, str | int | date] = field(default_factory=dict)
    rows: Mapping[str, tuple[Mapping[str, str | int | float | date], ...]] = field(default_factory=dict)
    token: str = ""
    kindergarten: bool = False
    boarding: bool = True
    carried: tuple[Prefilled, ...] = ()
    since: date | None = None
    lead: str = ""  # a warning printed above the title; "" for none
    notes: tuple[str, ...] = ()  # lines under the title, before those of the form
    without: frozenset[str] = frozenset()  # tables that this unit does not fill in


GENERIC = TemplateFacts()


def blank(form: Form, facts: TemplateFacts = GENERIC) -> bytes:
    """Make the template of `form` for the unit in `facts`; the same facts give the same bytes."""
    title = form.kindergarten_title if facts.kindergarten and form.kindergarten_title else form.title
    with ink.writing(properties(form, facts.fields, facts.token, kind=WorkbookKind.BLANK), title=title) as writer:
        own = any(names_classes(table) for table in form.tables)
        names = [] if own else [str(row["class_name"]) for row in facts.rows.get("classes", ())]
        for number, table in enumerate(one for one in form.tables if one.name not in facts.without):
            if form.signed:
                filing_sheet.draw(writer, form, facts.fields, facts.rows.get(table.name, ()), facts.token)
                continue
            head = _first_head(title, form, facts) if number == 0 else _second_head(title, table, facts)
            if table.upright:
                upright.write(writer, table, head, upright.Filled(next(iter(facts.rows.get(table.name, ())), {})))
                continue
            write_table(writer, table, head, facts, classes=(own or bool(names)) and not names_classes(table))
        write_help(writer, form, kindergarten=facts.kindergarten, boarding=facts.boarding)
        tables.write_lists(writer, tables.vocabularies(form), [*names, WHOLE_SCHOOL] if names else [])
    return writer.content


def properties(
    form: Form, fields: Mapping[str, object], token: str, *, kind: WorkbookKind, ticket: str = ""
) -> dict[str, str]:
    """The custom document properties that identify a workbook even if its title is lost."""
    values = {
        "queke_form": form.name,
        "queke_version": form.version,
        "queke_kind": kind.value,
        "queke_token": token,
        "queke_unit": str(fields.get("unit", "")),
        "queke_day": str(fields.get("day", "")),
        "queke_campus": str(fields.get("campus", "")),
        "queke_ticket": ticket,
    }
    return {name: value for name, value in values.items() if value}


def _first_head(title: str, form: Form, facts: TemplateFacts) -> HeaderBlock:
    if not facts.carried or facts.since is None:
        return HeaderBlock(title, (*facts.notes, *form.notes), form.fields, facts.fields, facts.lead)
    notes = (*facts.notes, *carried.notes(facts.carried, facts.since), *form.notes)
    return HeaderBlock(title, notes, form.fields, facts.fields, carried.lead(facts.carried, facts.since))


def _second_head(title: str, table: Table, facts: TemplateFacts) -> HeaderBlock:
    known = [str(facts.fields[name]) for name in ("alert", "school", "campus", "day") if facts.fields.get(name)]
    notes = ("　".join(known), table.note)
    return HeaderBlock(f"{title} · {table.sheet}", tuple(note for note in notes if note))


def names_classes(table: Table) -> bool:
    """Whether the table lists the classes of one unit, from which the other tables choose."""
    return table.name == "classes" and table.columns[0].name == "class_name"


def write_table(writer: Writer, table: Table, head: HeaderBlock, facts: TemplateFacts, *, classes: bool) -> None:
    """Draw one table of a template on its sheet."""
    columns = tables.columns_for(table, boarding=facts.boarding)
    brought = facts.carried if table.name == "rows" else ()
    columns = carried.in_view(columns) if brought else columns
    shown = sum(not c.folded for c in columns)
    sheet = writer.sheet(table.sheet)
    tables.format_columns(writer, sheet, columns)
    header = tables.write_head(writer, sheet, head, shown)
    tables.write_header(writer, sheet, header, columns, kindergarten=facts.kindergarten)
    rows = facts.rows.get(table.name, ())
    _write_rows(writer, sheet, header + 1, columns, rows)
    if brought:
        carried.write(writer, sheet, header, columns, brought)
    tables.add_rules(sheet, header + 1, columns, rows=len(rows), classes=classes)
    sheet.autofilter(header, 0, header + tables.FILTER_ROWS, len(columns) - (not brought))
    sheet.freeze_panes(header + 1, 2 if len(columns) > 6 else 1)
    first = header + 1 + len(rows)  # the first row to be filled in, or to be answered
    sheet.set_selection(first, 0, first, 0)
    sheet.outline_settings(symbols_right=False)
    tables.set_print(sheet, header, landscape=shown > 6)
    if names_classes(table):
        spare = len(rows) + SPARE_CLASSES if rows else _LONG_LIST
        tables.name_classes(writer, table.sheet, (0, header + 1, header + spare))


def _write_rows(
    writer: Writer,
    sheet: Sheet,
    first: int,
    columns: list[Column],
    rows: tuple[Mapping[str, str | int | float | date], ...],
) -> None:
    for down, row in enumerate(rows):
        for at, column in enumerate(columns):
            if column.name in row:
                writer.write(sheet, first + down, at, row[column.name], tables.cell_style(writer, column))


def main(arguments: list[str]) -> int:
    """Write the generic blank of every form into the folder named."""
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for form in FORMS:
        (folder / file_name(form)).write_bytes(blank(form))
    return 0


def file_name(form: Form) -> str:
    """The file name of a form's generic blank."""
    return f"{form.title}.xlsx"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
