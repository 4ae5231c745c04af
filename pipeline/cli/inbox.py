"""inbox prepare: the sub-folders by which units are known."""

from __future__ import annotations

from gettext import gettext as say
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.terminal import check_place, echo, opened, show_error
from pipeline.errors import UsageError

inbox = typer.Typer(help="The folders into which units drop their files.", no_args_is_help=True, rich_markup_mode=None)


def add(app: typer.Typer) -> None:
    """Hang the commands of this group into `app`."""
    app.add_typer(inbox, name="inbox")


@inbox.command()
def prepare(
    context: typer.Context,
    unit: Annotated[str, typer.Option("--unit", help="A school; or a division, with all that is below it.")],
    packed: Annotated[
        Path | None, typer.Option("--zip", help="The same folders, empty, as a zip to give out.", metavar="FILE")
    ] = None,
) -> None:
    """Make the sub-folders of a unit and of all below it, each closed to all but its own; nobody else may make one.

    May be repeated: what is there keeps its name and files, and is mended. Exit 1 if a folder cannot be.
    """
    from pipeline import config, run
    from pipeline.inbox.bundle import bundle

    site = opened(context)
    check_place(unit)
    if not unit:
        raise UsageError(say("--unit: name a school or a division, such as 320106"))
    done = run.prepare_folders(site, unit, config.clock()())
    for one in done:
        if one.doubt is not None:
            show_error(
                say("{path}: {doubt}; no proof until it is moved away or mended (docs/operations.md)").format(
                    path=one.path, doubt=say(one.doubt)
                )
            )
        elif one.no_group:
            show_error(
                say("{path}: no group {no_group} on this machine: the service's user alone may write there").format(
                    path=one.path, no_group=one.no_group
                )
            )
    made = sum(1 for one in done if one.made)
    if packed is not None:
        packed.write_bytes(bundle(sorted({one.path.name for one in done})))
        echo(str(packed))
    echo(
        say("{done} folders in {inbox}: {made} made, {left} were there").format(
            done=len(done), inbox=site.inbox, made=made, left=len(done) - made
        )
    )
    if any(one.doubt or one.no_group for one in done):
        raise typer.Exit(1)
