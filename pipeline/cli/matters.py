"""matters: what closures and absences say differently (待对账), for somebody who lives in a shell."""

from __future__ import annotations

from gettext import gettext as say
from typing import Annotated

import typer

from pipeline.cli import completion
from pipeline.cli.terminal import AsJson, Below, Reason, Who, check_division, decided_by, echo, echo_json, opened

matters = typer.Typer(help="What closures and absences say differently.", no_args_is_help=True, rich_markup_mode=None)


def add(app: typer.Typer) -> None:
    """Hang the commands of this group into `app`."""
    app.add_typer(matters, name="matters")


def _kind(kind: str) -> str:
    from pipeline.reconcile import MatterKind

    names = {
        MatterKind.CASES: say("ill pupils not among the absences"),
        MatterKind.UNDECLARED: say("closure not declared"),
        MatterKind.APPROVAL: say("approved after it began"),
        MatterKind.OVERDUE: say("day to resume is past"),
        MatterKind.DAY_OFF: say("resumes on a day without school"),
        MatterKind.ROLL: say("rolls differ"),
    }
    return names[MatterKind(kind)]


@matters.command("list")
def list_matters(
    context: typer.Context,
    unit: Below = "320000",
    *,
    as_json: AsJson = False,
) -> None:
    """List what does not agree, oldest first. Exit 1 when there is any."""
    from pipeline.cli import english
    from pipeline.settling import reconciliation

    opened(context)
    check_division(unit)
    found = reconciliation.waiting(unit)
    for one in found:
        if as_json:
            fields = {"id": one.id, "kind": one.kind, "unit": one.school, "day": one.day, "since": one.since}
            echo_json({**fields, "stamp": one.stamp, "what": one.what})
            continue
        echo(f"{one.id}  {one.school} {one.school_name}  {one.day}  {_kind(one.kind)}")
        echo(f"    {english.words(one.what)}")
    if found:
        raise typer.Exit(1)


@matters.command()
def settle(
    context: typer.Context,
    matter: Annotated[
        str,
        typer.Argument(
            metavar="MATTER", help="Its number, as `queke matters list` shows it.", autocompletion=completion.matters
        ),
    ],
    why: Reason,
    who: Who = "",
) -> None:
    """Let a matter rest: somebody looked into it. It comes back when the records change."""
    from pipeline.settling import reconciliation

    opened(context)
    reconciliation.settle(matter, decided_by(who, why))
    echo(say("{matter}: settled").format(matter=matter))


@matters.command()
def confirm(
    context: typer.Context,
    matters_: Annotated[
        list[str],
        typer.Argument(
            metavar="MATTER…", help="Its number, as `queke matters list` shows it.", autocompletion=completion.matters
        ),
    ],
    why: Reason,
    who: Who = "",
) -> None:
    """Confirm what a school reports: another roll enters the registry from that day on; any other matter is settled.
    One after the other: what was confirmed stays so if a later one is refused.
    """
    from pipeline.settling import rolls

    site = opened(context)
    for matter in matters_:
        rolls.confirm(matter, decided_by(who, why), site.policy)
        echo(say("{matter}: confirmed").format(matter=matter))
