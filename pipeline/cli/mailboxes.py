"""mailboxes: whose mailbox is whose, what each wants, and those about which a county is asked."""

from __future__ import annotations

from gettext import gettext as say
from typing import Annotated

import typer

from pipeline.cli.terminal import (
    AsJson,
    Below,
    Reason,
    UnitCode,
    Who,
    check_division,
    check_place,
    decided_by,
    echo,
    echo_json,
    echo_list,
    opened,
)
from pipeline.errors import UsageError
from pipeline.model import MailboxOrigin, MailboxRole

mailboxes = typer.Typer(help="Whose mailbox is whose.", no_args_is_help=True, rich_markup_mode=None)

Address = Annotated[str, typer.Argument(help="The mailbox: name@example.edu.cn.")]
Asked = Annotated[str, typer.Argument(metavar="ID", help="Its number, as `queke mailboxes asked` shows it.")]


def add(app: typer.Typer) -> None:
    """Hang the commands of this group into `app`."""
    app.add_typer(mailboxes, name="mailboxes")


@mailboxes.command("list")
def list_mailboxes(context: typer.Context, unit: UnitCode = "", *, as_json: AsJson = False) -> None:
    """List the mailboxes that speak or read for units."""
    from pipeline.registry import mailboxes as store

    opened(context)
    check_place(unit)
    rows = [
        (one.unit, one.role, one.address, one.origin, f"{one.since:%Y-%m-%d}", one.wishes)
        for one in store.bound([unit] if unit else [])
    ]
    echo_list((say("unit"), say("role"), say("address"), say("by"), say("since"), say("wishes")), rows, as_json=as_json)


@mailboxes.command()
def bind(
    context: typer.Context,
    address: Address,
    unit: UnitCode,
    role: Annotated[
        MailboxRole, typer.Option(help="speaker: its mails are the unit's; leader; reader.")
    ] = MailboxRole.SPEAKER,
    who: Who = "",
) -> None:
    """Let a mailbox speak, or read, for a unit. An address speaks for one unit: an earlier one loses it."""
    from pipeline import config
    from pipeline.mail_settings import ADDRESS
    from pipeline.registry import mailboxes as store

    opened(context)
    check_place(unit)
    if not unit or not ADDRESS.fullmatch(address):
        raise UsageError(
            say("{address}: no mailbox; write name@example.edu.cn, and --unit with a code").format(address=address)
        )
    new = store.bind(address, unit, role, MailboxOrigin.COMMAND, config.clock()(), who)
    echo(
        say("{address}: {role} of {unit}").format(address=address, role=role, unit=unit)
        + ("" if new else say(", as before"))
    )


@mailboxes.command()
def unbind(
    context: typer.Context,
    address: Address,
    unit: UnitCode,
    who: Who = "",
) -> None:
    """Take a mailbox away from a unit, in every role."""
    from pipeline import config
    from pipeline.registry import mailboxes as store

    opened(context)
    count = store.unbind(address, unit, config.clock()(), who)
    if not count:
        raise UsageError(
            say("{address}: not bound to {unit}; see `queke mailboxes list`").format(address=address, unit=unit)
        )
    echo(say("{address}: no longer of {unit}").format(address=address, unit=unit))


@mailboxes.command()
def passphrase(
    context: typer.Context,
    unit: Annotated[str, typer.Option("--unit", help="Code of the school or division.")],
    who: Who = "",
) -> None:
    """Give a unit a passphrase, or another one: files that name its pupils are locked by it. It is shown this once."""
    from pipeline import config
    from pipeline.post import passphrases

    site = opened(context)
    check_place(unit)
    fresh = passphrases.renew(site, unit, config.clock()(), who)
    echo(
        say("{unit}: {passphrase}  (shown once; tell it by telephone, not by mail)").format(unit=unit, passphrase=fresh)
    )


@mailboxes.command()
def wish(
    context: typer.Context,
    address: Address,
    unit: Annotated[str, typer.Option("--unit", help="Code of the school or division.")],
    wishes: Annotated[str, typer.Argument(help="As the roster has them.")] = "",
    who: Who = "",
) -> None:
    """Note what a mailbox wants by mail, and when; without wishes again the usual: all but templates."""
    from pipeline import config
    from pipeline.forms import mail_wishes
    from pipeline.registry import mailboxes as store

    opened(context)
    if wishes and mail_wishes.is_unknown(wishes):
        raise UsageError(
            say("{wishes}: not understood; write it as in the roster, such as {example}").format(
                wishes=wishes, example=mail_wishes.EXAMPLE
            )
        )
    kept = mail_wishes.write(mail_wishes.read(wishes)) if wishes else ""
    if not store.wish(address, unit, kept, config.clock()(), who):
        raise UsageError(
            say("{address}: not bound to {unit}; see `queke mailboxes list`").format(address=address, unit=unit)
        )
    echo(f"{address}: {kept or mail_wishes.write(mail_wishes.USUAL)}")


@mailboxes.command("asked")
def list_asked(context: typer.Context, unit: Below = "320000", *, as_json: AsJson = False) -> None:
    """List the mailboxes that sent a school's own template and are not known: are they the school's? Exit 1 if any."""
    from pipeline.settling import known_mailboxes

    opened(context)
    check_division(unit)
    found = known_mailboxes.waiting(unit)
    for one in found:
        if as_json:
            echo_json({"id": one.id, "unit": one.school, "since": one.since, "what": one.what})
            continue
        echo(f"{one.id}  {one.school} {one.school_name}  {one.day}")
        echo(f"    {one.what}")
    if found:
        raise typer.Exit(1)


@mailboxes.command()
def confirm(context: typer.Context, asked: Asked, who: Who = "") -> None:
    """The mailbox is the school's: from now on it speaks for it."""
    from pipeline.settling import known_mailboxes

    opened(context)
    known_mailboxes.confirm(asked, decided_by(who, ""))
    echo(say("{id}: confirmed").format(id=asked))


@mailboxes.command()
def refuse(context: typer.Context, asked: Asked, why: Reason, who: Who = "") -> None:
    """The mailbox is not the school's; it is not asked about again."""
    from pipeline.settling import known_mailboxes

    opened(context)
    known_mailboxes.refuse(asked, decided_by(who, why))
    echo(say("{id}: refused").format(id=asked))


@mailboxes.command()
def undo(context: typer.Context, asked: Asked, why: Reason, who: Who = "") -> None:
    """Take the word on a mailbox back: it waits again, and no longer speaks for the school by it."""
    from pipeline.settling import known_mailboxes

    opened(context)
    known_mailboxes.take_back(asked, decided_by(who, why))
    echo(say("{number}: taken back").format(number=asked))
