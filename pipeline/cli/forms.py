"""template, check: a blank for a school, and a look at a filled one that changes nothing."""

from __future__ import annotations

from datetime import date, datetime
from gettext import gettext as say
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import completion
from pipeline.cli.terminal import AsJson, Day, UnitCode, check_division, day_of, echo, opened
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.model import Site


def add(app: typer.Typer) -> None:
    """Hang the commands of this group into `app`."""
    app.command()(template)
    app.command()(check)


def template(  # noqa: PLR0913, PLR0917  # what a command may be told
    context: typer.Context,
    form: Annotated[
        str,
        typer.Argument(
            metavar="FORM",
            help="absence, closure, card, roster, calendar, filing or desk.",
            autocompletion=completion.forms,
        ),
    ],
    unit: UnitCode = "",
    out: Annotated[Path | None, typer.Option("-o", "--out", help="The workbook to write.")] = None,
    day: Day = "",
    campus: Annotated[str, typer.Option(help="The campus, where a school has several.")] = "",
    alert: Annotated[str, typer.Option(help="For a card: the number of the alert it is to answer.")] = "",
    year: Annotated[int, typer.Option(help="For a roster: next school year's, 2027, every class a grade up.")] = 0,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Of every school that owes a report (below --unit), into the outbox.")
    ] = False,
) -> None:
    """Make the template of a form for one school (a roster: for one county), with what we know filled in.

    With --all, which the service does by itself each morning: templates of absence for all schools of a day; or each
    school's own roster of the school year --year, to be edited, sent in and confirmed by the county.
    """
    from pipeline import config, issuing
    from pipeline.issuing import card

    site = opened(context)
    now = config.clock()()
    if every:
        if form == "roster" and year and unit and out is None:
            _make_rosters(site, now, unit, year)
            return
        if form != "absence" or out is not None or campus:
            raise UsageError(
                say("--all: for absence, or a roster with --unit and --year; templates go into the outbox, without -o")
            )
        _make_all(site, now, day_of(day, now), unit)
        return
    if not unit or out is None:
        raise UsageError(say("name the school or division with --unit, and the workbook to write with -o"))
    if form == "card" and alert:
        content = card.workbook(site, unit, alert, day_of(day, now))
    else:
        content = issuing.template(site, form, unit, day_of(day, now), campus, year)
    out.write_bytes(content)
    echo(f"{out}")


def _make_all(site: Site, now: datetime, day: date, unit: str) -> None:
    from pipeline import run
    from pipeline.cli.terminal import progress

    check_division(unit)
    schools = made = 0
    with progress(say("making templates")) as advance:
        for slice_ in run.make_templates(site, now, day, [unit] if unit else []):
            schools, made = schools + slice_.schools, made + slice_.made
            advance(slice_.schools)
    echo(
        say("{schools} schools owe a report of {day}: {made} templates made, {left} lie there as they should").format(
            schools=schools, day=day, made=made, left=schools - made
        )
    )


def _make_rosters(site: Site, now: datetime, unit: str, year: int) -> None:
    from pipeline import run

    check_division(unit)
    echo(
        say("{schools} schools have their roster of {year} in the outbox").format(
            schools=run.make_rosters(site, now, unit, year), year=year
        )
    )


def check(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Filled workbooks.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Say what would become of workbooks that were dropped now; nothing is stored, nothing is sent."""
    from pipeline import config, run
    from pipeline.cli import taking

    site = opened(context)
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise UsageError(say("no such file: {names}").format(names=", ".join(missing)))
    outcomes = run.rehearse(site, files, config.clock()())
    for arrival, settled in outcomes:
        show = taking.show_json if as_json else taking.show
        show(arrival, settled)
    if taking.needs_somebody(outcomes):
        raise typer.Exit(1)
