"""words: what people wrote that was not understood."""

from __future__ import annotations

from gettext import gettext as say
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.terminal import PROVINCE, AsJson, Within, check_place, day_of, echo, echo_list, opened
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.units import Scope


def add(app: typer.Typer) -> None:
    """Hang the commands of this group into `app`."""
    app.command()(words)


def words(
    context: typer.Context,
    reader: Annotated[
        str, typer.Option("--for", help="Code of who shall read it; only a school sees what it alone wrote.")
    ] = PROVINCE,
    unit: Within = "",
    first: Annotated[str, typer.Option("--from", help="The first day, as 2026-09-01; all if left out.")] = "",
    last: Annotated[str, typer.Option("--to", help="The last day; today if left out.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Words for symptoms, diagnoses and reasons that were not understood, the most frequent first. Never a name."""
    from pipeline import config
    from pipeline.facts.exports import DayRange
    from pipeline.facts.unread_words import unread_words

    site = opened(context)
    now = config.clock()()
    begin = day_of(first, now, "--from") if first else None
    span = DayRange(begin, day_of(last, now, "--to"))
    if begin and span.last and begin > span.last:
        raise UsageError(say("--from {begin}: it comes after --to {last}").format(begin=begin, last=span.last))
    check_place(unit)
    small = site.policy.small_count
    found = unread_words(_scope(reader, small), span, _scope(unit, small) if unit else None)
    rows = [
        (one.word, one.times, len(one.schools), "、".join(sorted(one.columns)), one.first, one.last)
        for one in found.words
    ]
    header = (say("words"), say("times"), say("schools"), say("columns"), say("first"), say("last"))
    echo_list(header, rows, as_json=as_json)
    if found.lone and not as_json:
        echo(
            say("not shown: {lone} that one school alone wrote; --for the school's code shows its own").format(
                lone=found.lone
            )
        )
    if found.named and not as_json:
        echo(say("not shown: {named} with somebody's name").format(named=found.named))


def _scope(code: str, small: int) -> Scope:
    from pipeline import units
    from pipeline.registry import lookup

    tree = lookup.tree()
    if code not in tree.units and code not in tree.places:
        raise UsageError(say("--for {code}: nobody of this code is in the registry").format(code=code))
    return units.scope(code, tree, small)
