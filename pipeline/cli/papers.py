"""digest, cards, trace, export: what comes of the records."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.terminal import Day


def add(app: typer.Typer) -> None:
    """Hang the commands of this group into `app`."""
    app.command()(digest)
    app.command()(cards)
    app.command()(trace)
    app.command()(export)


def digest(
    context: typer.Context,
    day: Day = "",
    division: Annotated[str, typer.Option("--division", help="Only of this division; all of them if left out.")] = "",
) -> None:
    """Make the digests of a day now, as a new edition."""


def cards(context: typer.Context) -> None:
    """Make the cards again."""


def trace(context: typer.Context, code: str) -> None:
    """Say where a code comes from."""


def export(context: typer.Context, records: str) -> None:
    """Write records."""
