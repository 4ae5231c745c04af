"""digest, cards, trace, export: what comes of the records."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from gettext import gettext as say
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.terminal import (
    PROVINCE,
    Day,
    check_division,
    day_of,
    echo,
    echo_table,
    opened,
    printable,
    progress,
    show_error,
)
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.facts.exports import DayRange, ExportTable, Value
    from pipeline.model import Site


class Format(StrEnum):
    """How an export is written."""

    CSV = "csv"
    XLSX = "xlsx"


def add(app: typer.Typer) -> None:
    """Hang the commands of this group into `app`."""
    app.command()(digest)
    app.command()(cards)
    app.command()(trace)
    app.command()(export)


def digest(
    context: typer.Context,
    day: Day = "",
    division: Annotated[str, typer.Option("--division", help="Only this division and those below it.")] = "",
    *,
    final: Annotated[bool, typer.Option("--final", help="As the day's final edition.")] = False,
) -> None:
    """Make the digests of a day now: a new edition where something changed, else the last one again."""
    from pipeline import config
    from pipeline.service import timetable

    site = opened(context)
    check_division(division, "--division")
    now = config.clock()()
    with progress(say("drawing")):
        paths = timetable.make(site, now, day_of(day, now), final=final, places=[division] if division else [])
    for path in paths:
        echo(str(path))
    if not paths:
        show_error(say("no school of the registry lies there: nothing to report on"))
        raise typer.Exit(1)


def cards(context: typer.Context) -> None:
    """List the open alerts and where their cards lie; cards not yet drawn are drawn now."""
    from pipeline import config, run
    from pipeline.cli import english
    from pipeline.facts import alert_list

    site = opened(context)
    now = config.clock()()
    with progress(say("drawing")):
        run.deliver(site, now)
    found = alert_list.listed(now, site.policy.deadline)
    header = (
        say("alert"),
        say("unit"),
        say("name"),
        say("group"),
        say("stage"),
        say("cases"),
        say("state"),
        say("opened"),
        say("due"),
    )
    rows = [
        (
            *(
                one.id,
                one.school,
                one.school_name,
                english.words(one.group),
                english.words(one.stage),
                one.cases,
                english.words(one.state_name),
            ),
            *(f"{at:%Y-%m-%d %H:%M}" for at in (one.opened_at, one.due_at)),
        )
        for one in found
    ]
    if rows:
        echo_table(header, rows)
    else:
        echo(say("no alert is open"))
    still = {one.id for one in found}
    for path in sorted(site.outbox.glob("*/*/*/预警信息报告卡 *.pdf")):
        if path.name.split(" ")[1] in still:
            echo(str(path.relative_to(site.root)))


def trace(
    context: typer.Context,
    code: Annotated[list[str], typer.Argument(help="A submission's number, ticket, pupil code, alert, edition …")],
) -> None:
    """Say where something comes from, down to the workbook and its row."""
    from pipeline.facts import trace as trails
    from pipeline.inbox import packed

    site = opened(context)
    for line in trails.trace(" ".join(code)):
        echo(packed.where(site.root, line))


def export(  # noqa: PLR0913, PLR0917  # the options of a command
    context: typer.Context,
    records: Annotated[str, typer.Argument(metavar="RECORDS", help="absence, reports, closures or alerts.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write; - is stdout (CSV only).")] = Path("-"),
    reader: Annotated[
        str, typer.Option("--for", help="Code of who shall read it: it holds what they may see.")
    ] = PROVINCE,
    day: Annotated[str, typer.Option("--day", help="Only this day, as 2026-11-20; all if left out.")] = "",
    first: Annotated[str, typer.Option("--from", help="From this day on, as 2026-11-16; in place of --day.")] = "",
    last: Annotated[str, typer.Option("--to", help="Up to this day, itself included.")] = "",
    form: Annotated[Format, typer.Option("--format", help="csv or xlsx.")] = Format.CSV,
) -> None:
    """Write records as one reader may see them."""
    from pipeline import config
    from pipeline.xlsx import lists

    site = opened(context)
    span = _span(day, first, last)
    table = _exported(site, records, reader, span)
    now = config.clock()()
    if form is Format.CSV:
        for note in table.notes:  # a CSV has rows only
            sys.stderr.write(f"{note}\n")
    if str(out) == "-":
        if form is Format.XLSX:
            raise UsageError(say("--format xlsx: name a file with -o"))
        shown = (tuple(printable(cell) if isinstance(cell, str) else cell for cell in row) for row in table.rows)
        _write_csv(replace(table, rows=shown), sys.stdout)
        return
    if form is Format.CSV:
        with out.open("w", encoding="utf-8-sig", newline="") as file:
            _write_csv(table, file)
    else:
        notes = [f"{reader} · {now:%Y-%m-%d %H:%M}", *table.notes]
        out.write_bytes(lists.build(table.title, table.header, list(table.rows), notes))
    echo(str(out))


def _span(day: str, first: str, last: str) -> DayRange:
    from pipeline import config
    from pipeline.facts.exports import DayRange

    now = config.clock()()
    if day and (first or last):
        raise UsageError(say("--day: one day, or --from and --to, not both"))
    span = DayRange(*(day_of(one, now) if one else None for one in (day or first, day or last)))
    if span.first and span.last and span.first > span.last:
        raise UsageError(
            say("--from {first} --to {last}: the first day comes after the last").format(first=first, last=last)
        )
    return span


def _exported(site: Site, records: str, reader: str, span: DayRange) -> ExportTable:
    from pipeline import units
    from pipeline.facts import exports
    from pipeline.registry import lookup

    tree = lookup.tree()
    if reader not in tree.units and reader not in tree.places:
        raise UsageError(say("--for {reader}: nobody of this code is in the registry").format(reader=reader))
    scope = units.scope(reader, tree, site.policy.small_count)
    return exports.export(records, scope, span)


def _write_csv(table: ExportTable, file: object) -> None:
    writer = csv.writer(file, lineterminator="\r\n")  # type: ignore[arg-type]  # anything that takes text
    writer.writerow(table.header)
    writer.writerows(map(_escaped, table.rows))


def _escaped(row: Iterable[Value]) -> list[Value]:
    """No cell begins as a formula would: a spreadsheet must not run what a sender typed."""
    return [f"'{cell}" if isinstance(cell, str) and cell[:1] in _FORMULA else cell for cell in row]


_FORMULA = frozenset("=+-@\t\r＝＋－＠")
