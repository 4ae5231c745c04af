"""mail, quarantine: what comes and goes by mail, and what an admin must look at."""

from __future__ import annotations

from gettext import gettext as say
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.mail_preview import preview
from pipeline.cli.terminal import AsJson, Who, check_place, echo, echo_json, echo_list, opened, show_error
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.cli.taking import Outcome
    from pipeline.model import Arrival, MailAccount, Settled, Site
    from pipeline.post.mails import KeptMail
    from pipeline.run import Cycle

mail = typer.Typer(help="Mail: what came, and whether the servers answer.", no_args_is_help=True, rich_markup_mode=None)
quarantine = typer.Typer(help="Mails of which nobody knows whose word they are.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="Number of the mail, as `queke quarantine list` shows it.")]


def add(app: typer.Typer) -> None:
    """Hang the commands of this group into `app`."""
    mail.command()(preview)
    app.add_typer(mail, name="mail")
    app.add_typer(quarantine, name="quarantine")


@mail.command()
def fetch(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Fetch new mails once, take in what they bring, answer it, and end. `queke watch` does so by itself."""
    from pipeline import config, run
    from pipeline.cli import taking
    from pipeline.cli.intake import show_outcomes
    from pipeline.executors.mails import MailOpener
    from pipeline.service.mail_fetch import Round

    site = opened(context, log="info")
    _check_used(site)
    if run.is_held(site):
        show_error(say("`queke watch` works on this site and fetches by itself"))
        return
    outcomes: list[Outcome] = []

    def observe(arrival: Arrival, settled: Settled) -> None:
        outcomes.append((arrival, settled))

    with Round(site) as source, MailOpener() as opener, taking.readers_for(site, 0) as readers:
        bag = run.MailBag(source, run.MailDesk(site, opener, readers))
        done = run.drain(site, readers, config.clock(), observe=observe, mail=bag)
    for name, trouble in source.troubles.items():
        show_error(f"{name}: {trouble}")
    show_outcomes(outcomes, done, as_json=as_json)
    if source.troubles:
        raise typer.Exit(2)


@mail.command()
def send(
    context: typer.Context,
    *,
    again: Annotated[bool, typer.Option("--again", help="Those too that a server refused for our sake.")] = False,
) -> None:
    """Send the mails that are due, and end. `queke watch` does so by itself."""
    from pipeline import config, run
    from pipeline.mail.smtp import MailSender
    from pipeline.post import postings
    from pipeline.reports.first_page import FirstPages
    from pipeline.run.lock import hold_site

    site, clock = opened(context, log="info"), config.clock()
    account = site.mail.sending
    if account is None:
        raise UsageError(say("queke.toml has no [[mail_accounts]] with smtp_host: this site sends no mail"))
    if again:
        postings.retry(clock())
    if run.is_held(site):
        show_error(say("`queke watch` works on this site and sends by itself"))
        return
    with hold_site(site), FirstPages() as pages, MailSender(account) as sender:
        count = run.send_mails(site, sender.send, clock, account, first_page=pages.draw)
    echo(say("{count} sent").format(count=count))


@mail.command()
def status(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Say how many mails came and what became of them, what our brakes hold, and since when an account is silent."""
    from pipeline import config
    from pipeline.post import mails, postings
    from pipeline.schooldays import day_bounds, today

    site = opened(context)
    _check_used(site)
    found, last, out = mails.counts(), mails.latest(), postings.counts()
    now = config.clock()()
    begin, _ = day_bounds(today(now))
    unanswered, senders = mails.braked(begin)
    waiting, believed = postings.brake(site.mail.letters_an_hour, now), mails.believed(begin)
    if as_json:
        braked = {"unanswered": unanswered, "senders": senders, "waiting": waiting, "believed": believed}
        seen = {account.name: last.get(account.name) for account in site.mail.accounts}
        echo_json({"mails": found, "seen": sum(found.values()), "latest": seen, "out": out, "braked": braked})
        return
    echo_list((say("mails in"), ""), [(state, count) for state, count in found.items() if count], as_json=False)
    echo_list((say("mails out"), ""), [(state, count) for state, count in out.items() if count], as_json=False)
    if unanswered:
        echo(
            say("{n} mails of today left unanswered: {senders} senders had had {most} answers").format(
                n=unanswered, senders=senders, most=site.mail.answers_a_day
            )
        )
    if waiting:
        echo(
            say("sending stands still: {n} wait, {most} went out within an hour").format(
                n=waiting, most=site.mail.letters_an_hour
            )
        )
    if believed:
        echo(say("{n} mails of today taken though nothing proved their sender").format(n=believed))
    for account in site.mail.receiving:
        echo(
            f"{account.name}: "
            + (
                say("latest mail {at:%Y-%m-%d %H:%M}").format(at=last[account.name])
                if account.name in last
                else say("none yet")
            )
        )


@mail.command("test")
def try_servers(context: typer.Context) -> None:
    """Try each account's servers: connect, log in, look at the folder. No mailbox is changed, nothing is sent."""
    from pipeline import config
    from pipeline.service import doctor_mail

    site = opened(context)
    _check_used(site)
    failed = False
    for found in doctor_mail.servers(site, config.clock()()):
        failed = failed or found.grade == "problem"
        (echo if found.grade == "ok" else show_error)(f"{found.what}: {found.said}")
    if failed:
        raise typer.Exit(2)


@quarantine.command("list")
def list_quarantine(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List mails that wait for an admin. Exit 1 when there are any."""
    from pipeline.post import mails

    site = opened(context)
    found = mails.quarantined(site)
    rows = [(one.id, f"{one.at:%Y-%m-%d %H:%M}", one.sender, one.why, one.size) for one in found]
    echo_list((say("mail"), say("came"), say("from"), say("why"), say("bytes")), rows, as_json=as_json)
    if found:
        raise typer.Exit(1)


@quarantine.command("show")
def show_quarantined(context: typer.Context, number: Number) -> None:
    """Show who a quarantined mail says it is from, its subject, and the names of its files; not what is in them."""
    from pipeline.executors.mails import MailOpener

    site = opened(context)
    kept = _quarantined(site, number)
    with MailOpener() as opener:
        found = opener.open(kept.path)
    echo(say("mail {id}  {why}  {senders}").format(id=kept.id, why=kept.why, senders=", ".join(found.senders)))
    echo(f"    {found.subject}")
    for part in found.parts:
        echo(say("    {name}  {content} bytes").format(name=part.name, content=len(part.content)))


@quarantine.command()
def release(
    context: typer.Context,
    number: Number,
    unit: Annotated[str, typer.Option("--unit", help="Whose word it is: code of the school or division.")],
    who: Who = "",
) -> None:
    """Take a quarantined mail after all, as a unit's word. Its mailbox is not bound by that: see `mailboxes bind`."""
    from pipeline import config, run
    from pipeline.cli import taking
    from pipeline.cli.intake import show_outcomes
    from pipeline.executors.mails import MailOpener

    site = opened(context)
    check_place(unit)
    kept, clock = _quarantined(site, number), config.clock()
    outcomes: list[Outcome] = []
    with MailOpener() as opener, taking.readers_for(site, 0) as readers:
        desk = run.MailDesk(site, opener, readers)
        if not desk.release(kept, unit, clock(), who):
            raise UsageError(
                say("mail {number}: there is no file in it, and no line that is read as a zero report").format(
                    number=number
                )
            )
        if run.is_held(site):
            echo(say("released; `queke watch` takes it in"))
            return
        done: Cycle = run.drain(
            site, readers, clock, observe=lambda arrival, settled: outcomes.append((arrival, settled))
        )
        desk.archive()
    show_outcomes(outcomes, done)


@quarantine.command()
def drop(context: typer.Context, number: Number, who: Who = "") -> None:
    """Put a quarantined mail aside for good; its bytes stay in the archive."""
    from pipeline import config
    from pipeline.model import MailState
    from pipeline.post import mails

    site = opened(context)
    _quarantined(site, number)
    mails.decide(number, MailState.DROPPED, config.clock()(), who)
    echo(say("mail {number}: dropped").format(number=number))


def _quarantined(site: Site, number: int) -> KeptMail:
    from pipeline.model import MailState
    from pipeline.post import mails

    kept = mails.find(site, number)
    if kept is None or kept.state is not MailState.QUARANTINED:
        raise UsageError(say("mail {number}: not in quarantine; see `queke quarantine list`").format(number=number))
    return kept


def _check_used(site: Site) -> None:
    accounts: tuple[MailAccount, ...] = site.mail.accounts
    if not accounts:
        raise UsageError(say("queke.toml has no [[mail_accounts]]: this site uses no mail"))
