"""What `units undo`, `calendar undo` and `proposals undo` share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from gettext import gettext as say
from typing import TYPE_CHECKING, TypeVar

import typer

from pipeline.cli.terminal import echo, opened

if TYPE_CHECKING:
    from pipeline.model import DecidedBy, Settled

T = TypeVar("T", int, str)


def take_back(context: typer.Context, way: Callable[[T, DecidedBy], Settled], number: T, who: str, why: str) -> None:
    """Take one thing back, by its number or id, in a way of `settling.undo`; what came after it is judged again."""
    from pipeline import config, run

    run.undo(opened(context), partial(way, number), who, why, config.clock())
    echo(say("{number}: taken back").format(number=number))
