"""retain: what is kept how long, and its going."""

from __future__ import annotations

from gettext import gettext as say
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.terminal import AsJson, echo, echo_json, echo_table, opened, progress
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.service.retain import Going


def add(app: typer.Typer) -> None:
    """Hang the command into `app`."""
    app.command()(retain)


def retain(  # the options of a command
    context: typer.Context,
    *,
    remove: Annotated[
        str, typer.Option("--remove", metavar="WHO", help="Remove what is listed, in this name; it is audited.")
    ] = "",
    pack: Annotated[
        bool, typer.Option("--pack", help="Pack old months of archive and outbox, a file a month.")
    ] = False,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="Only this: detail, pages, workbooks or outbox; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List, by kind, what is kept longer than queke.toml says: nothing is changed.

    With --remove it goes, with --pack old months are packed; no other process may work on the site meanwhile.
    """
    from dataclasses import asdict

    from pipeline import config
    from pipeline.service import retain as service

    kinds = kind or list(service.KINDS)
    if unknown := sorted(set(kinds) - set(service.KINDS)):
        raise UsageError(
            say("--kind {kind}: take one of {kinds}").format(kind=unknown[0], kinds=", ".join(service.KINDS))
        )
    site = opened(context)
    now = config.clock()()
    packed: dict[str, tuple[int, int]] = {}
    if pack:
        with progress(say("packing")) as advance:
            packed = dict(service.pack(site, now, lambda _: advance(1)))
    if remove:
        with progress(say("removing")) as advance:
            found = service.remove(site, kinds, remove, now, lambda _: advance(1))
    else:
        found = [one for one in service.plan(site, now) if one.kind in kinds]
    if as_json:
        echo_json({"removed": bool(remove), "kinds": [asdict(one) for one in found], "packed": packed})
        return
    _tell(found)
    for what, (files, packs) in packed.items():
        echo(say("{what}: {files} files packed into {packs}").format(what=_named(what), files=files, packs=packs))
    if not remove and any(one.rows or one.files for one in found):
        echo(say("nothing was removed; `--remove` removes it"))


def _tell(found: Sequence[Going]) -> None:
    header = (say("kind"), say("rows"), say("files"), say("MB"), say("from"), say("to"), say("kept from"))
    rows = [
        (
            _named(one.kind),
            one.rows,
            one.files,
            f"{one.size / 2**20:.1f}",
            one.first or "-",
            one.last or "-",
            str(one.until),
        )
        for one in found
    ]
    echo_table(header, rows)


def _named(kind: str) -> str:
    """A kind in the language of the command line; `--kind` takes its word."""
    return {
        "detail": say("detail"),
        "pages": say("school pages"),
        "workbooks": say("workbooks"),
        "outbox": say("outbox"),
        "archive": say("archive"),
    }[kind]
