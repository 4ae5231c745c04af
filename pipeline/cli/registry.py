"""proposals, calendar: what schools propose of their registry, and which days are school days."""

from __future__ import annotations

from datetime import date, timedelta
from gettext import gettext as say
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import completion
from pipeline.cli.terminal import (
    AsJson,
    Below,
    Reason,
    UnitCode,
    Who,
    Why,
    check_division,
    check_place,
    decided_by,
    echo,
    echo_json,
    echo_table,
    opened,
)
from pipeline.cli.undoing import take_back
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.schooldays import Calendar

proposals_group = typer.Typer(
    help="What schools propose of their registry, and classes only reports know.", no_args_is_help=True,
    rich_markup_mode=None,
)  # fmt: skip
calendar_group = typer.Typer(help="The school calendar.", no_args_is_help=True, rich_markup_mode=None)

Proposal = Annotated[
    str, typer.Argument(metavar="ID", help="As `queke proposals list` shows it.", autocompletion=completion.proposals)
]


def add(app: typer.Typer) -> None:
    """Hang the commands of this group into `app`."""
    app.add_typer(proposals_group, name="proposals")
    app.add_typer(calendar_group, name="calendar")


@proposals_group.command("list")
def list_proposals(
    context: typer.Context,
    unit: Below = "",
    *,
    as_json: AsJson = False,
) -> None:
    """List what waits for a county's word: changed rosters of schools, and new classes. Exit 1 when there is any."""
    from pipeline.cli import english
    from pipeline.settling import proposals

    opened(context)
    check_division(unit)
    found = proposals.waiting(unit)
    if as_json:
        for one in found:
            echo_json({"id": one.id, "unit": one.school, "day": one.day, "what": one.what})
    else:
        echo_table(
            (say("id"), say("unit"), say("school"), say("what")),
            [(one.id, one.school, one.school_name, english.words(one.what)) for one in found],
        )
    if found:
        raise typer.Exit(1)


@proposals_group.command()
def confirm(
    context: typer.Context,
    proposal: Proposal,
    why: Why = "",
    who: Who = "",
    alias: Annotated[str, typer.Option("--alias", help="A new class is only another name of this one.")] = "",
) -> None:
    """Let a proposal take effect; a new class enters the registry or, with --alias, is known by another name."""
    from pipeline.settling import proposals

    opened(context)
    proposals.confirm(proposal, decided_by(who, why), alias)
    echo(say("{proposal}: confirmed").format(proposal=proposal))


@proposals_group.command()
def refuse(context: typer.Context, proposal: Proposal, why: Reason, who: Who = "") -> None:
    """Leave the registry as it is; the school is told why."""
    from pipeline.settling import proposals

    opened(context)
    proposals.refuse(proposal, decided_by(who, why))
    echo(say("{proposal}: refused").format(proposal=proposal))


@proposals_group.command("undo")
def undo_class(
    context: typer.Context,
    new_class: Annotated[str, typer.Argument(metavar="ID", help="The id it had in the list, such as K7MQ3F2C9.")],
    why: Reason,
    who: Who = "",
) -> None:
    """Take the word on a new class back: it waits again. A school's roster: `queke units undo`."""
    from pipeline.settling import undo

    take_back(context, undo.take_back_class, new_class, who, why)


@calendar_group.command("undo")
def undo_calendar(
    context: typer.Context,
    submission: Annotated[
        int, typer.Argument(metavar="SUBMISSION", help="Number of the calendar, as its receipt has it.")
    ],
    why: Reason,
    who: Who = "",
) -> None:
    """Take one calendar back, as if it had not come. The decision is kept with its reason."""
    from pipeline.settling import undo

    take_back(context, undo.take_back_calendar, submission, who, why)


@calendar_group.command()
def show(
    context: typer.Context,
    unit: UnitCode,
    month: Annotated[str, typer.Option("--month", help="As 2026-11; this month if left out.")] = "",
) -> None:
    """Show whose words make the calendar of a school or division, and its days of a month."""
    from pipeline import config
    from pipeline.cli import english
    from pipeline.forms import words
    from pipeline.registry import lookup
    from pipeline.schooldays import today
    from pipeline.turns import context as stored
    from pipeline.validate.calendar import in_words

    opened(context)
    check_place(unit)
    first = _month(month or f"{today(config.clock()()):%Y-%m}")
    school = stored.schools([unit], [first]).get(unit)
    found, chain = stored.calendar(), lookup.tree([unit]).chain(unit)
    names = lookup.names(chain)
    lines = [
        (place, names.get(place, ""), line.ref, english.words(in_words(line)))
        for place in chain
        for line in found.of(place)
    ]
    if lines:
        echo_table((say("of"), say("name"), say("ref"), say("line")), lines)
    for line in _days(found, chain, school.stages if school else tuple(words.STAGE.labels), first):
        echo(line)


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise UsageError(say("--month {text}: write it as 2026-11").format(text=text)) from None


def _days(found: Calendar, chain: tuple[str, ...], stages: tuple[str, ...], first: date) -> list[str]:
    """A line a day: weekday, school day or not and why not; by 学段 where they differ."""
    from pipeline.cli import english

    lines = []
    day = first
    while day.month == first.month:
        answers = {stage: found.owes(chain, (stage,), day) for stage in stages}
        by_stage = {
            stage: (say("school day") if due.yes else f"- {english.words(str(due.reason))} {due.note}".rstrip())
            + say(" (by weekday)") * bool(due.assumed)
            for stage, due in answers.items()
        }
        alike = set(by_stage.values())
        text = (
            alike.pop()
            if len(alike) == 1
            else "; ".join(f"{english.words(stage)}: {one}" for stage, one in by_stage.items())
        )
        lines.append(f"{day} {_weekday(day)}  {text}")
        day += timedelta(days=1)
    return lines


def _weekday(day: date) -> str:
    names = (say("Mon"), say("Tue"), say("Wed"), say("Thu"), say("Fri"), say("Sat"), say("Sun"))
    return names[day.weekday()]
