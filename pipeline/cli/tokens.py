"""tokens list, revoke: the marks by which our own templates are known."""

from __future__ import annotations

from gettext import gettext as say
from typing import Annotated

import typer

from pipeline.cli.terminal import AsJson, Reason, UnitCode, Who, check_place, decided_by, echo, echo_list, opened

tokens = typer.Typer(help="The tokens in issued templates.", no_args_is_help=True, rich_markup_mode=None)


def add(app: typer.Typer) -> None:
    """Hang the commands of this group into `app`."""
    app.add_typer(tokens, name="tokens")


@tokens.command("list")
def list_tokens(
    context: typer.Context,
    unit: Annotated[str, typer.Option("--unit", help="Only of this unit or division.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Show which tokens ended before their time: revoked, or of a desk's workbook that was used."""
    from pipeline.schooldays import local_time
    from pipeline.settling import tokens as ends

    opened(context)
    check_place(unit)
    rows = [
        (one.unit, one.name, one.how, one.at if as_json else local_time(one.at), one.by, one.why)
        for one in ends.ended(unit)
    ]
    if rows or as_json:
        echo_list((say("unit"), say("name"), say("ended"), say("when"), say("by"), say("why")), rows, as_json=as_json)
    else:
        echo(say("no token was revoked, and none used up"))


@tokens.command()
def revoke(context: typer.Context, unit: UnitCode, why: Reason, who: Who = "") -> None:
    """Revoke all tokens of a unit or division: its templates that are out prove nothing from now on.

    What came before stays as it was taken. Its own folder goes on to prove it.
    """
    from pipeline.settling import tokens as ends

    opened(context)
    serial = ends.revoke(unit, decided_by(who, why))
    echo(
        say("{unit}: tokens issued before now are void; the next ones have serial {serial}").format(
            unit=unit, serial=serial
        )
    )
    echo(say("what lies in the outbox has old ones: make them again, a desk by `queke desk`, else by `queke template`"))
