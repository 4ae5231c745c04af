"""template, check: a blank for a school, and a look at a filled one that changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.terminal import AsJson, Day, UnitCode, day_of, opened, say
from pipeline.errors import UsageError


def add(app: typer.Typer) -> None:
    """Hang the commands of this group into `app`."""
    app.command()(template)
    app.command()(check)


def template(
    context: typer.Context,
    form: Annotated[str, typer.Argument(metavar="FORM", help="absence, closure, roster or filing.")],
    unit: UnitCode,
    out: Annotated[Path, typer.Option("-o", "--out", help="The workbook to write.")],
    day: Day = "",
    campus: Annotated[str, typer.Option(help="校区, where a school has several.")] = "",
) -> None:
    """Make the template of a form for one school (a roster: for one county), with what we know filled in."""
    from pipeline import config

    site = opened(context)
    from pipeline import issuing

    now = config.clock()()
    content = issuing.template(site, form, unit, day_of(day, now), campus)
    out.write_bytes(content)
    say(f"{out}")


def check(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Filled workbooks.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Say what would become of workbooks that were dropped now; nothing is stored, nothing is sent."""
    from pipeline import config
    from pipeline.cli import taking

    site = opened(context)
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise UsageError(f"no such file: {', '.join(missing)}")
    outcomes = taking.rehearse(site, files, config.clock()())
    for arrival, settled in outcomes:
        told = taking.show_json if as_json else taking.show
        told(arrival, settled)
    if taking.needs_somebody(outcomes):
        raise typer.Exit(1)
