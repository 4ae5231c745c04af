"""accounts: who may enter. Asked for by a 备案, opened or refused by the tier above."""

from __future__ import annotations

from datetime import date
from gettext import gettext as say
from typing import Annotated

import typer

from pipeline.cli.terminal import (
    AsJson,
    Reason,
    Who,
    Why,
    check_division,
    decided_by,
    echo,
    echo_list,
    echo_table,
    opened,
)
from pipeline.errors import UsageError

group = typer.Typer(help="Accounts: who may enter.", no_args_is_help=True, rich_markup_mode=None)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Its number, as `queke accounts list` shows it.")]
Username = Annotated[str, typer.Argument(metavar="USERNAME", help="User name; case and width do not matter.")]
Division = Annotated[str, typer.Option("--unit", help="Only what this division's CDC decides, such as 320106.")]


def add(app: typer.Typer) -> None:
    """Hang the commands of this group into `app`."""
    app.add_typer(group, name="accounts")


@group.command("list")
def list_waiting(context: typer.Context, unit: Division = "", *, as_json: AsJson = False) -> None:
    """List filings that wait to be confirmed or refused. Exit 1 when there are any."""
    from pipeline.accounts import rulings
    from pipeline.cli import english

    opened(context)
    check_division(unit)
    found = rulings.waiting(unit)
    rows = [
        (one.id, one.school, one.school_name, one.day, say("yes") if one.signed else say("NO"), english.words(one.what))
        for one in found
    ]
    header = (say("number"), say("unit"), say("name"), say("day"), say("signed"), say("asks for"))
    echo_list(header, rows, as_json=as_json)
    if found:
        raise typer.Exit(1)


@group.command("show")
def show_filing(context: typer.Context, number: Number) -> None:
    """Show one filing: who asks for what, where its signed paper lies, and what became of it."""
    from pipeline.accounts import rulings

    site = opened(context)
    found = rulings.filing(number)
    received = f"{found.received_at:%Y-%m-%d %H:%M}"
    echo(say("filing {number}").format(number=found.number), found.unit, found.unit_name, received, f"→ {found.office}")
    echo(f"    {found.applicant}  {found.department}  {found.phone}  {found.email}".rstrip())
    echo(say("    stamped on {day}").format(day=found.stamped_on or "—"))
    for path in found.papers:
        echo(say("    signed paper {path}").format(path=site.root / path))
    echo_table((say("username"), say("holder"), say("phone"), say("password"), say("state"), say("why")), found.lines)


@group.command()
def confirm(
    context: typer.Context,
    number: Number,
    why: Why = "",
    who: Who = "",
    stamped_on: Annotated[
        str, typer.Option("--stamped-on", help="Date on the stamped paper you have seen, if no scan came in.")
    ] = "",
) -> None:
    """Open a filing's accounts. Passwords we issue are shown here, once, and nowhere else."""
    from pipeline.accounts import accounts, rulings

    opened(context)
    done = rulings.confirm(number, decided_by(who, why), stamped_on=_date(stamped_on))
    for one in done:
        _show_opened(one.username, one.holder)
        if one.needs_password:
            _hand_over(one.username, accounts.issue(one.username, decided_by(who, f"备案 {number}")).reveal())
        else:
            echo(say("    password: as its user chose it; to be changed at the first login, within seven days"))


@group.command()
def refuse(context: typer.Context, number: Number, why: Reason, who: Who = "") -> None:
    """Open nothing, and tell the unit why."""
    from pipeline.accounts import rulings

    opened(context)
    for username in rulings.refuse(number, decided_by(who, why)):
        echo(say("{username}: refused").format(username=username))


@group.command()
def issue(context: typer.Context, username: Username, why: Why = "", who: Who = "") -> None:
    """Give an account a new first password, shown here once; void after seven days unused."""
    from pipeline.accounts import accounts

    opened(context)
    _hand_over(username, accounts.issue(username, decided_by(who, why)).reveal())


@group.command()
def leave(context: typer.Context, username: Username, why: Reason, who: Who = "") -> None:
    """Close the account of somebody who left."""
    from pipeline.accounts import accounts

    opened(context)
    accounts.leave(username, decided_by(who, why))
    echo(say("{username}: closed").format(username=username))


@group.command()
def reconfirm(context: typer.Context, username: Username, why: Why = "", who: Who = "") -> None:
    """Say for another year that the account is still its holder's."""
    from pipeline.accounts import accounts

    opened(context)
    accounts.reconfirm(username, decided_by(who, why))
    echo(say("{username}: confirmed for a year").format(username=username))


@group.command()
def admin(
    context: typer.Context,
    username: Username,
    why: Why = "",
    who: Who = "",
    *,
    no_longer: Annotated[bool, typer.Option("--no-longer", help="Take it back.")] = False,
) -> None:
    """Let the holder of an account look after the site in the console: quarantine, mailboxes, faults."""
    from pipeline.accounts import accounts

    opened(context)
    accounts.administer(username, decided_by(who, why), admin=not no_longer)
    echo((say("{username}: no admin any more") if no_longer else say("{username}: an admin")).format(username=username))


@group.command("due")
def list_due(context: typer.Context, unit: Division = "", *, as_json: AsJson = False) -> None:
    """List accounts to look at: first passwords nobody used, and yearly confirmation. Exit 1 when there are any."""
    from pipeline import config
    from pipeline.accounts import accounts

    opened(context)
    check_division(unit)
    found = accounts.due(config.clock()(), unit)
    header = (say("username"), say("unit"), say("name"), say("holder"), say("why"), say("on"))
    rows = [(one.username, one.unit, one.unit_name, one.holder, one.why, one.on) for one in found]
    echo_list(header, rows, as_json=as_json)
    if found:
        raise typer.Exit(1)


def _show_opened(username: str, holder: str) -> None:
    echo(say("{username}  {holder}: opened").format(username=username, holder=holder))


def _hand_over(username: str, password: str) -> None:
    """Show a password that we issued: here and now, to whoever must tell its user."""
    echo(
        say(
            "    {username}  password: {password}  (shown once; to be changed at the first login, within seven days)"
        ).format(username=username, password=password)
    )


def _date(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(say("--stamped-on {text}: no such date; write it as 2026-11-20").format(text=text)) from None
