"""`python -m benchmarks --mail [2000]`: so many schools mail their report; each is fetched, settled, and answered.

On a Dovecot and a letter box on loopback, by one connection each. The answer of a school whose row went back brings its
return workbook. Fetching with settling, and answering, are measured apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

from benchmarks import ours, workbooks
from benchmarks.measure import Cost, measured
from benchmarks.workbooks import Drop
from pipeline import run
from pipeline.demo.dovecot import PASSWORD, Dovecot
from pipeline.demo.letter_box import LetterBox
from pipeline.executors import Readers
from pipeline.executors.mails import MailOpener
from pipeline.mail.smtp import MailSender
from pipeline.model import (
    MailAccount,
    MailboxOrigin,
    MailboxRole,
    MailPlan,
    PostingKind,
    PostingState,
    Security,
    Site,
    WithoutPassphrase,
)
from pipeline.post import mails, postings
from pipeline.registry import mailboxes
from pipeline.reports.first_page import drawn
from pipeline.service.mail_fetch import Round

MAILS = 2_000
OURS, AUTHSERV = "queke@office.example", "mx.office.example"


def measure(folder: Path, readers: Readers, count: int) -> dict[str, object]:
    """Mail so many reports, and measure what becomes of them."""
    schools = workbooks.schools(count)
    site = ours.new_site(folder / "site", schools)
    template = workbooks.master(site, schools[0])
    with Dovecot() as dovecot, LetterBox() as box, MailOpener() as opener:
        site = _with_mail(site, dovecot, box)
        drops = list(workbooks.write(site, template, schools, "real", folder / "made"))
        _mail(dovecot, drops)
        for drop in drops:
            code = drop.path.stem
            mailboxes.bind(_address(code), code, MailboxRole.SPEAKER, MailboxOrigin.COMMAND, ours.NOW, "示例")
        with measured() as taking, Round(site) as source:
            bag = run.MailBag(source, run.MailDesk(site, opener, readers))
            run.drain(site, readers, lambda: ours.NOW, mail=bag)
        account = site.mail.accounts[0]
        with measured() as answering, MailSender(account) as sender:
            sent = run.send_mails(
                site, sender.send, lambda: ours.NOW, account,
                first_page=drawn,
            )  # fmt: skip
    found: dict[str, object] = {
        "mails": count,
        "settled": _figures(taking, count),
        "answered": _figures(answering, count),
    }
    states = {state: n for state, n in mails.counts().items() if n}
    print(f"{'':10}{'mails/s':>9}{'CPU ms a mail':>15}{'seconds':>9}")
    for name in ("settled", "answered"):
        print(f"{name:10}" + "{per_second:>9}{cpu_ms_a_mail:>15}{wall_seconds:>9}".format_map(found[name]))
    print(f"mails {states}, letters {len(box.taken)}, {sum(drop.bad > 0 for drop in drops)} with a return workbook")
    answers = postings.counts_of(PostingState.SENT).get(PostingKind.ANSWER, 0)  # cards of alerts go out besides
    lost = count - sum(states.values()) + count - answers + abs(sent - len(box.taken))
    print("every mail has its row and its answer" if not lost else f"NOT SO: {postings.counts()}")
    return found | {"letters": len(box.taken), "lost": lost}


def _with_mail(site: Site, dovecot: Dovecot, box: LetterBox) -> Site:
    secret = site.root / "mail.secret"
    secret.touch(0o600)
    secret.write_text(PASSWORD, "utf-8")
    account = MailAccount(
        name="bench", address=OURS, user=OURS, password_file=secret, authserv_id=AUTHSERV,
        imap_host="localhost", imap_port=dovecot.port, imap_security=Security.NONE,
        smtp_host="localhost", smtp_port=box.port, smtp_security=Security.NONE,
    )  # fmt: skip
    plan = MailPlan(accounts=(account,), letters_an_hour=1_000_000, without_passphrase=WithoutPassphrase.SEND)
    return replace(site, mail=plan)


def _mail(dovecot: Dovecot, drops: Sequence[Drop]) -> None:
    """Put each workbook into our mailbox, as its school mails it."""
    with dovecot.client(OURS) as client:
        for drop in drops:
            code, made = drop.path.stem, EmailMessage()
            made["Authentication-Results"] = f"{AUTHSERV}; dmarc=pass header.from=school.example"
            made["From"], made["To"], made["Subject"] = _address(code), OURS, "缺课日报"
            made["Message-ID"] = f"<{code}@school.example>"
            made.set_content("见附件。\n")
            made.add_attachment(
                drop.path.read_bytes(), maintype="application", subtype="octet-stream", filename="缺课日报.xlsx"
            )
            client.append("INBOX", made.as_bytes(), msg_time=ours.NOW)


def _address(code: str) -> str:
    return f"{code}@school.example"


def _figures(cost: Cost, count: int) -> dict[str, float]:
    return {
        "per_second": round(count / cost.wall, 1),
        "cpu_ms_a_mail": round(1000 * cost.cpu / count, 2),
        "wall_seconds": round(cost.wall, 1),
    }
