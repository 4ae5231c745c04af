"""alerts: warnings, how they are answered, and the county's word on the answers."""

from __future__ import annotations

from gettext import gettext as say
from typing import Annotated

import typer

from pipeline.cli import completion
from pipeline.cli.language import is_chinese
from pipeline.cli.terminal import (
    AsJson,
    Reason,
    Who,
    Why,
    Within,
    check_place,
    day_of,
    decided_by,
    echo,
    echo_list,
    opened,
)
from pipeline.errors import UsageError

alerts = typer.Typer(help="Warnings, and what was answered to them.", no_args_is_help=True, rich_markup_mode=None)

Number = Annotated[
    str,
    typer.Argument(
        metavar="ALERT", help="Number of the alert, as `queke alerts list` shows it.", autocompletion=completion.alerts
    ),
]


def add(app: typer.Typer) -> None:
    """Hang the commands of this group into `app`."""
    app.add_typer(alerts, name="alerts")


@alerts.command("list")
def list_alerts(
    context: typer.Context,
    unit: Within = "",
    *,
    closed: Annotated[bool, typer.Option("--closed", help="Those that are closed too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the open alerts: those to be answered soonest first, then those that wait for the county.

    From the deadline on it also says of which no class, or no campus, has reported today. Exit 1 when one is overdue.
    """
    from pipeline import config
    from pipeline.cli import english
    from pipeline.facts import alert_list

    site = opened(context)
    check_place(unit)
    found = alert_list.listed(config.clock()(), site.policy.deadline, unit=unit, closed=closed)
    header = (
        say("alert"),
        say("state"),
        say("unit"),
        say("name"),
        say("group"),
        say("cases"),
        say("opened"),
        say("due"),
        say("overdue"),
        say("unheard today"),
    )
    rows = [
        (
            *(one.id, one.state if as_json else english.words(one.state_name), one.school, one.school_name),
            *(one.group if as_json else english.words(one.group), one.cases),
            *(one.opened_at, one.due_at, say("overdue") if one.overdue else "", one.unheard),
        )
        for one in found
    ]
    echo_list(header, rows, as_json=as_json)
    if any(one.overdue for one in found):
        raise typer.Exit(1)


@alerts.command()
def show(context: typer.Context, alert: Number) -> None:
    """Show one alert as its county may see it: what it warns of, its cases by code, what was answered and followed."""
    from pipeline.cli import english
    from pipeline.facts import alert_list

    site = opened(context)
    facts = alert_list.shown(site, alert)
    if facts is None:
        raise UsageError(say("{alert}: no such alert; see `queke alerts list --closed`").format(alert=alert))
    echo(f"{facts.id}  {english.words(facts.closed or facts.state)}  {facts.school_code} {facts.school} {facts.campus}")
    echo(
        say("    {group} {stage}: {cases}, {onsets}; issued {issued}, due {due}").format(
            group=english.words(facts.group),
            stage=english.words(facts.stage),
            cases=facts.cases,
            onsets=english.words(facts.onsets),
            issued=facts.issued,
            due=facts.due,
        )
    )
    for hit in facts.hits:
        echo(
            f"    {english.marks(hit.rule)} {english.words(hit.words)} {hit.scope} {english.words(hit.window)}: "
            f"{hit.n} ({english.words(hit.threshold)})"
        )
    for row in facts.rows:
        echo(
            f"    {row.pupil}  {row.class_name}  {row.onset}  "
            f"{english.words(row.symptoms)} {english.words(row.diagnosis)}".rstrip()
        )
    for label, text in facts.answer:
        echo(f"    {english.pair(english.words(label), english.words(text))}")
    for day in facts.days:
        echo(f"    {day.day}: +{day.fresh or '?'} = {day.present or '?'}  {day.progress}".rstrip())
    for line in (facts.notice * is_chinese(), facts.close_reason):
        if line:
            echo(f"    {line}")


@alerts.command()
def confirm(context: typer.Context, alert: Number, why: Why = "", who: Who = "") -> None:
    """Let an answer stand: the alert is closed as excluded, or reported and followed to its end."""
    from pipeline import config, run

    site = opened(context)
    _show_state(alert, run.confirm_answer(site, alert, who, why, config.clock()))


@alerts.command("return")
def send_back(context: typer.Context, alert: Number, why: Reason, who: Who = "") -> None:
    """Send an answer back with the reason: the school gets its card again, and answers within its hours."""
    from pipeline import config, run

    site = opened(context)
    _show_state(alert, run.return_answer(site, alert, who, why, config.clock()))


@alerts.command("raise")
def raise_alert(  # noqa: PLR0913, PLR0917  # the options of a command
    context: typer.Context,
    school: Annotated[str, typer.Option("--school", help="The school's code.")],
    rule: Annotated[str, typer.Option("--rule", help="E05, P10 or P12: see docs/rules.md.")],
    count: Annotated[int, typer.Option("--count", min=1, help="How many pupils are concerned.")],
    reason: Annotated[str, typer.Option("--reason", help="What is the case, and who has looked into it.")],
    campus: Annotated[str, typer.Option("--campus", help="Of a school with several.")] = "",
    room: Annotated[str, typer.Option("--class", help="If they are of one class.")] = "",
    day: Annotated[str, typer.Option("--day", help="Since when; today if left out.")] = "",
    deaths: Annotated[int, typer.Option("--deaths", min=0, help="How many of them died.")] = 0,
    who: Who = "",
) -> None:
    """Raise a warning that no record can show: food poisoning, a disease without known cause, another emergency.

    It has its card and its 24 hours like any other.
    """
    from pipeline import config, run
    from pipeline.facts import alert_list
    from pipeline.model import HOME_CAMPUS, Raised
    from pipeline.schooldays import today
    from pipeline.settling import raising

    if not reason.strip():
        raise UsageError(say("--reason: say what is the case, and who has looked into it"))
    site = opened(context)
    now = config.clock()()
    since = day_of(day, now)
    if since > today(now):
        raise UsageError(say("--day {since}: this day is still to come").format(since=since))
    what = Raised(rule, school, campus or HOME_CAMPUS, since, count, room, deaths)
    raising.raise_alert(what, decided_by(who, reason))
    run.follow(site, config.clock())
    number = alert_list.raised(what.school, what.campus, what.rule, since)
    echo(
        say("{rule} raised: {number}").format(rule=rule, number=number)
        if number
        else say("{rule} raised; its alert opens when the site's service has assessed it").format(rule=rule)
    )


def _show_state(alert: str, state: str) -> None:
    from pipeline import alert_state
    from pipeline.cli import english

    echo(f"{alert}: {english.words(alert_state.STATES[state])}")
