"""summary, bulletin: a week or more of a division in one table."""

from __future__ import annotations

from gettext import gettext as say
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.terminal import UnitCode, check_division, day_of, echo, echo_table, opened, progress
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from pipeline.figures.periods import PeriodTable
    from pipeline.model import Site
    from pipeline.units import Scope

First = Annotated[str, typer.Option("--from", help="The first day, as 2026-11-16; Monday of the last one's week else.")]
Last = Annotated[str, typer.Option("--to", help="The last day, itself included; else the last one that is over.")]
Out = Annotated[Path | None, typer.Option("-o", "--out", help="The workbook to write; shown here else.")]


def add(app: typer.Typer) -> None:
    """Hang the commands of this group into `app`."""
    app.command()(summary)
    app.command()(bulletin)


def summary(context: typer.Context, unit: UnitCode, first: First = "", last: Last = "", out: Out = None) -> None:
    """Sum up some days of a division as it may read them: a county by school, those above by county."""
    from pipeline.facts import periods

    site, scope, days = _asked(context, unit, first, last)
    with progress(say("counting"), len(days)) as advance:
        table = periods.summary(scope, days, site.policy, advance)
    _give(table, out)


def bulletin(  # the options of a command
    context: typer.Context,
    unit: UnitCode,
    first: First = "",
    last: Last = "",
    least: Annotated[int, typer.Option(min=1, help="On so many days or more.")] = 2,
    out: Out = None,
) -> None:
    """List the schools of a division that were often silent, late or wrong, to be named; no pupil is in it."""
    from pipeline.facts import periods

    _, scope, days = _asked(context, unit, first, last)
    with progress(say("counting"), len(days)) as advance:
        table = periods.bulletin(scope, days, least, advance)
    _give(table, out)


def _asked(context: typer.Context, unit: str, first: str, last: str) -> tuple[Site, Scope, Sequence[date]]:
    from pipeline import config, units
    from pipeline.facts import periods
    from pipeline.registry import lookup

    site = opened(context)
    check_division(unit)
    now = config.clock()()
    begin = day_of(first, now, "--from") if first else None
    end = day_of(last, now, "--to") if last else None
    if begin and end and begin > end:
        raise UsageError(
            say("--from {first} --to {last}: the first day comes after the last").format(first=first, last=last)
        )
    scope = units.scope(unit, lookup.tree(), site.policy.small_count)
    return site, scope, periods.days_over(begin, end, now, site.policy.deadline)


def _give(table: PeriodTable, out: Path | None) -> None:
    from pipeline.cli import english
    from pipeline.xlsx import lists

    if out is not None:
        out.write_bytes(lists.build(table.title, table.header, table.rows, table.notes))
        echo(str(out))
        return
    echo(english.words(table.title))
    echo_table([english.words(head) for head in table.header], table.rows)
    for note in table.notes:
        echo(english.words(note))
