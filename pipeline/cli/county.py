"""desk, closures, excuse, unreview: a county's work, for somebody who lives in a shell."""

from __future__ import annotations

from gettext import gettext as say
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import completion
from pipeline.cli.terminal import (
    AsJson,
    Below,
    Day,
    Reason,
    UnitCode,
    Who,
    Why,
    check_division,
    day_of,
    decided_by,
    echo,
    echo_json,
    echo_table,
    opened,
)
from pipeline.errors import UsageError

closures = typer.Typer(help="Closures that schools have declared.", no_args_is_help=True, rich_markup_mode=None)

Closure = Annotated[
    str,
    typer.Argument(metavar="CLOSURE", help="As `queke closures list` shows it.", autocompletion=completion.closures),
]


def add(app: typer.Typer) -> None:
    """Hang the commands of this group into `app`."""
    app.command()(desk)
    app.command()(excuse)
    app.command()(unreview)
    app.command()(called)
    app.add_typer(closures, name="closures")


def desk(
    context: typer.Context,
    unit: UnitCode,
    out: Annotated[Path, typer.Option("-o", "--out", help="The workbook to write.")],
) -> None:
    """Make a county's desk now: all that waits for its word, to be filled and dropped into its folder."""
    from pipeline import config
    from pipeline.issuing import desk as county_desk

    site = opened(context)
    out.write_bytes(county_desk.workbook(site, unit, config.clock()()))
    echo(str(out))


def excuse(
    context: typer.Context,
    unit: UnitCode,
    day: Annotated[str, typer.Option("--day", help="The day as 2026-11-20.")],
    why: Why = "",
    who: Who = "",
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Ask for the day's report after all.")] = False,
) -> None:
    """Excuse a school from a day's report: it is neither silent nor late; figures say so, and why."""
    from pipeline import config, run
    from pipeline.settling import excuses

    if not undo and not why:
        raise UsageError(say("--why: say why the school need not report"))
    site = opened(context)
    now = config.clock()()
    act = excuses.take_back if undo else excuses.excuse
    act(unit, day_of(day, now), decided_by(who, why))
    run.follow(site, config.clock())
    said = say("{unit}: no longer excused on {day}") if undo else say("{unit}: excused on {day}")
    echo(said.format(unit=unit, day=day_of(day, now)))


def unreview(
    context: typer.Context,
    unit: UnitCode,
    day: Annotated[str, typer.Option("--day", help="The day as 2026-11-20.")],
    why: Why = "",
    who: Who = "",
) -> None:
    """Take back that a school's head approved a day's report: it was a mistake. By mail he can do so himself."""
    from pipeline import config
    from pipeline.settling import reviews

    opened(context)
    found = day_of(day, config.clock()())
    reviews.withdraw(unit, found, decided_by(who, why))
    echo(say("{unit}: {day} is not approved any more").format(unit=unit, day=found))


def called(
    context: typer.Context,
    unit: UnitCode,
    day: Day = "",
    why: Annotated[str, typer.Option("--why", help="What the school said.")] = "",
    who: Who = "",
) -> None:
    """Note that a silent school was rung; its county sees when, and by whom."""
    from pipeline import config
    from pipeline.settling import calls

    opened(context)
    about = day_of(day, config.clock()())
    calls.note(unit, about, decided_by(who, why))
    echo(say("{unit}: called about {day}").format(unit=unit, day=about))


@closures.command("list")
def list_closures(
    context: typer.Context,
    unit: Below = "",
    state: Annotated[
        str, typer.Option(help="declared, confirmed, returned, ended, withdrawn; several with commas.")
    ] = "declared",
    *,
    as_json: AsJson = False,
) -> None:
    """List closures; those that wait for the county unless told otherwise. Exit 1 when any waits."""
    from pipeline.cli import english
    from pipeline.figures.words import CLOSURE_STATES
    from pipeline.model import ClosureState
    from pipeline.settling import closure_decisions

    opened(context)
    check_division(unit)
    found = closure_decisions.listed(unit, state.split(","))
    for one in found:
        if as_json:
            echo_json({"closure": one.id, "state": one.state, "unit": one.school, "day": one.day})
    if not as_json:
        header = (say("closure"), say("state"), say("school"), say("what"))
        echo_table(
            header,
            [
                (one.id, english.words(CLOSURE_STATES[one.state]), one.school_name, english.words(one.what))
                for one in found
            ],
        )
    if any(one.state is ClosureState.DECLARED for one in found):
        raise typer.Exit(1)


@closures.command("confirm")
def confirm_closure(context: typer.Context, closure: Closure, why: Why = "", who: Who = "") -> None:
    """Confirm a declared closure. The school is told."""
    from pipeline import config, run
    from pipeline.settling import closure_decisions

    site = opened(context)
    closure_decisions.confirm(closure, decided_by(who, why))
    run.follow(site, config.clock())
    echo(say("{closure}: confirmed").format(closure=closure))


@closures.command("return")
def return_closure(context: typer.Context, closure: Closure, why: Reason, who: Who = "") -> None:
    """Send a closure back to its school: it closes nothing till the school says something else of it."""
    from pipeline import config, run
    from pipeline.settling import closure_decisions

    site = opened(context)
    closure_decisions.send_back(closure, decided_by(who, why))
    run.follow(site, config.clock())
    echo(say("{closure}: sent back").format(closure=closure))
