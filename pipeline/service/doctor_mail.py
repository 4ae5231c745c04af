"""The check of mail: both servers of each account, their certificates and clocks, how full the mailbox is, and what the
name service says of our domain. No mailbox is changed, nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from gettext import gettext as say

import dns.exception
import dns.resolver

from pipeline.mail.imap import MailFolder
from pipeline.mail.servers import MailServerError, Trouble
from pipeline.mail.smtp import MailSender
from pipeline.model import MailAccount, Site
from pipeline.post import mails
from pipeline.service.finding import Finding

FULL = 0.85  # of a mailbox: mails are refused when it is full
CERTIFICATE = timedelta(days=14)  # before it ends
EARLY = timedelta(minutes=2)  # a mail cannot be taken before its server got it
SLOW = timedelta(minutes=10)  # for the quickest of the latest mails
ENOUGH = 5  # mails by which clocks are compared
DNS_SECONDS = 4.0

MEND: Mapping[Trouble, str] = {
    Trouble.UNREACHABLE: "it does not answer, or breaks off: look at host, port, firewall",
    Trouble.CERTIFICATE: "its certificate has ended, is of another name, or not trusted: see ca_file",
    Trouble.PASSWORD_FILE: "the password file is missing, empty, or others may read it: chmod 600",
    Trouble.LOGIN: "it refuses user and password; QQ and 163 want a 授权码, which may be revoked",
    Trouble.REFUSED: "it refuses what we ask: is IMAP or SMTP switched on for this mailbox?",
    Trouble.FOLDER: "it has no such folder: see folder",
}
"""What to look at, by kind of trouble."""


def examine(site: Site, now: datetime) -> Iterator[Finding]:
    """Check all that mail needs; nothing where a site uses no mail. The store must be open."""
    if site.mail.accounts:
        yield from servers(site, now)
        yield from _clocks(site)
        yield from _domain(site)


def servers(site: Site, now: datetime) -> Iterator[Finding]:
    """Try each account's servers: connect, log in, look."""
    for account in site.mail.accounts:
        for host, look in ((account.imap_host, _folder), (account.smtp_host, _sender)):
            if not host:
                continue
            what = f"{account.name} ({host})"
            try:
                yield from look(account, what, now)
            except MailServerError as error:
                yield Finding("problem", what, f"{error.trouble}: {say(MEND[error.trouble])}")


def _folder(account: MailAccount, what: str, now: datetime) -> Iterator[Finding]:
    with MailFolder(account, readonly=True) as folder:
        listed, quota, until = folder.listed(), folder.quota(), folder.certificate_until
    full = "" if quota is None else say(", {quota:.0%} full").format(quota=quota)
    said = say("ok, {count} mails in {folder}{full}").format(count=len(listed), folder=account.folder, full=full)
    yield Finding("ok", what, said)
    if quota is not None and quota >= FULL:
        said = say("the mailbox is {quota:.0%} full: remove old mails from {folder}; archive/ has them")
        yield Finding("warning", what, said.format(quota=quota, folder=account.done_folder))
    yield from _certificate(until, what, now)


def _sender(account: MailAccount, what: str, now: datetime) -> Iterator[Finding]:
    with MailSender(account) as sender:
        limit, until = sender.limit, sender.certificate_until
    yield Finding("ok", what, say("ok, letters up to {limit} bytes").format(limit=limit or "?"))
    yield from _certificate(until, what, now)


def _certificate(until: datetime | None, what: str, now: datetime) -> Iterator[Finding]:
    if until is not None and until - now < CERTIFICATE:
        said = say("its certificate ends on {until:%Y-%m-%d}: whoever runs the server must renew it").format(
            until=until
        )
        yield Finding("warning", what, said)


def _clocks(site: Site) -> Iterator[Finding]:
    """The server's clock decides what came on time: the latest mails tell whether it agrees with ours."""
    for account in site.mail.receiving:
        waits = mails.waits(account.name)
        if len(waits) < ENOUGH:
            continue
        least, what = min(waits), say("clock of {name}").format(name=account.name)
        if least < -EARLY:
            said = say(
                "a mail came {minutes} minutes after we took it in: one of both clocks is wrong; set ours by NTP"
            )
            yield Finding("problem", what, said.format(minutes=round(-least.total_seconds() / 60)))
        elif least > SLOW:
            said = say("mails are taken in {minutes} minutes or more after they came, by the clocks: set ours by NTP")
            yield Finding("warning", what, said.format(minutes=round(least.total_seconds() / 60)))
        else:
            yield Finding("ok", what, say("agrees with ours"))


# --------------------------------------------------------------------------- our domain


def _domain(site: Site) -> Iterator[Finding]:
    """What others' servers look up when a mail of ours comes. Sources: RFC 7208 (SPF), 6376 (DKIM), 7489 (DMARC)."""
    account = site.mail.sending
    if account is None:
        return
    domain = account.address.rpartition("@")[2]
    try:
        yield _spf(domain, account)
        yield _dkim(domain, account)
        yield _dmarc(domain)
    except dns.exception.DNSException:
        said = say("{domain}: the name service does not answer; SPF, DKIM and DMARC could not be looked up")
        yield Finding("warning", "DNS", said.format(domain=domain))


def _spf(domain: str, account: MailAccount) -> Finding:
    found = [text for text in _texts(domain) if text.lower().split(" ")[0] == "v=spf1"]
    if len(found) > 1:
        said = say("{domain} has {count} records, so that none counts: leave one")
        return Finding("problem", "SPF", said.format(domain=domain, count=len(found)))
    if not found:
        said = say(
            '{domain} has no record, and letters may be taken for forged: TXT of {domain}: "v=spf1 a:{host} -all"'
        )
        return Finding("warning", "SPF", said.format(domain=domain, host=account.smtp_host))
    if {"+all", "all"} & set(found[0].lower().split()):
        return Finding(
            "warning", "SPF", say("{domain} lets anybody send in its name: end it with -all").format(domain=domain)
        )
    return Finding("ok", "SPF", found[0])


def _dkim(domain: str, account: MailAccount) -> Finding:
    if not account.dkim_selector:
        if _has_keys(domain):
            said = say("{domain} has keys; name the one of our relay as dkim_selector, and it is looked at").format(
                domain=domain
            )
            return Finding("ok", "DKIM", said)
        said = say("{domain} has no key: let the mail server sign, and publish its key").format(domain=domain)
        return Finding("warning", "DKIM", said)
    name = f"{account.dkim_selector}._domainkey.{domain}"
    keys = [text for text in _texts(name) if "p=" in text]
    if not keys:
        return Finding(
            "warning", "DKIM", say("{name} has no key: publish the server's, or mend dkim_selector").format(name=name)
        )
    if any(part.strip() == "p=" for part in keys[0].split(";")):
        return Finding("problem", "DKIM", say("the key {name} is revoked: publish the present one").format(name=name))
    return Finding("ok", "DKIM", name)


def _dmarc(domain: str) -> Finding:
    found = [text for text in _texts(f"_dmarc.{domain}") if text.lower().startswith("v=dmarc1")]
    if len(found) != 1:
        said = say('{domain} says nothing of forged letters: TXT of _dmarc.{domain}: "v=DMARC1; p=quarantine"')
        return Finding("warning", "DMARC", said.format(domain=domain))
    return Finding("ok", "DMARC", found[0])


def _texts(name: str) -> list[str]:
    """The TXT records of a name. Raises DNSException if nobody answers."""
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=DNS_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


def _has_keys(domain: str) -> bool:
    """Whether there is anything below _domainkey: a name without records of its own exists while it has some below it
    (RFC 8020).
    """
    try:
        dns.resolver.resolve(f"_domainkey.{domain}", "TXT", lifetime=DNS_SECONDS)
    except dns.resolver.NXDOMAIN:
        return False
    except dns.resolver.NoAnswer:
        pass
    return True
