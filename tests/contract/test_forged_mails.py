"""Every form by mail from whom it is not, on each database: nothing changes; what proves itself has its page's effect.

What must become of each is read from docs/proof.md, the page for people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pipeline import run
from pipeline.database.models import Audit, Mail, Submission
from pipeline.executors.mails import MailOpener
from pipeline.model import (
    FetchedMail,
    MailAccount,
    MailboxOrigin,
    MailboxRole,
    MailKey,
    MailPlan,
    MailState,
    Policy,
    Site,
)
from pipeline.registry import mailboxes
from pipeline.validate.proof import Proof
from tests.forgeries import BECAME, page, stripped, tokened
from tests.inprocess import InProcess
from tests.senders import FORMS, Sender, laid, stands
from tests.sites import NOW
from tests.system.mail.schools import AUTHSERV, STRANGER, mail, proved

ACCOUNT = MailAccount(
    "main", "queke@office.example", "queke", Path("none"), "imap.office.example", authserv_id=AUTHSERV
)


@dataclass
class Bag:
    """Mails that lie in the spool as if they had been fetched."""

    site: Site
    fetched: list[FetchedMail]
    last: int = 0

    def put(self, raw: bytes) -> int:
        self.last += 1
        path = self.site.spool / "mail" / f"main-1-{self.last}.eml"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(raw)
        key = MailKey("main", "INBOX", 1, self.last)
        self.fetched.append(FetchedMail(key, NOW, len(raw), path, hashlib.sha256(raw).hexdigest()))
        return self.last

    def collect(self, limit: int) -> list[FetchedMail]:
        given, self.fetched = self.fetched[:limit], self.fetched[limit:]
        return given

    def release(self, fetched: Sequence[FetchedMail], states: Mapping[int, MailState]) -> None:
        assert {one.key.uid for one in fetched} <= states.keys()


@pytest.fixture
def mailed(site: Site) -> Site:
    """The site, which takes mails in."""
    for name in ("inbox", "outbox", "spool", "archive"):
        (site.root / name).mkdir(mode=0o700)
    return replace(site, policy=Policy(stable_seconds=0), mail=MailPlan(accounts=(ACCOUNT,)))


def address(sender: Sender) -> str:
    return f"clerk@u{sender.code}.example"


def unproved(sender: Sender, other: Sender) -> dict[str, tuple[str, bytes]]:
    """Mails that nobody proved, each with why it is kept aside. Their workbooks have no token."""
    bare, who = [(f"{sender.form}.xlsx", stripped(sender.made()))], address(sender)
    lies = {
        "no result": b"",
        "a result of another server": proved(who, server="mx.evil.example"),
        "a result of another server above ours": proved(who, server="evil.example") + proved(who),
        "a result for another domain": proved(address(other)),
        "no pass": proved(who, "none"),
    }
    found = {name: ("unproved", mail(*bare, sender=who, extra=lie, subject=name)) for name, lie in lies.items()}
    failed = mail(*bare, sender=who, extra=proved(who, "fail"), subject="fail")
    unknown = mail(*bare, sender=STRANGER, subject="unknown")
    return found | {"failed": ("forged", failed), "a stranger": ("unknown", unknown)}


def test_no_form_by_mail_speaks_for_another(mailed: Site) -> None:
    senders = laid(mailed, dict.fromkeys(FORMS, 2))
    bag = Bag(mailed, [])
    for code in {sender.code for sender in senders}:
        who = next(address(one) for one in senders if one.code == code)
        mailboxes.bind(who, code, MailboxRole.SPEAKER, MailboxOrigin.COMMAND, NOW, "示例甲")
    with MailOpener() as opener, InProcess() as readers:
        desk = run.MailDesk(mailed, opener, readers)
        for form in FORMS:
            sender, other = [one for one in senders if one.form == form]
            before, known = stands(), Submission.objects.count()
            for name, (why, raw) in unproved(sender, other).items():
                uid = bag.put(raw)
                run.drain(mailed, readers, lambda: NOW, mail=run.MailBag(bag, desk))
                row = Mail.objects.get(uid=uid)
                assert (row.state, row.why, row.answerable) == ("quarantined", why, False), (form, name)
            assert Submission.objects.count() == known, form
            _is(
                mailed,
                bag,
                desk,
                mail((f"{form} 1.xlsx", tokened(sender.made(), None)), sender=address(other)),
                form,
                Proof.WRONG,
            )
            assert stands() == before, form
            _is(
                mailed,
                bag,
                desk,
                mail((f"{form} 2.xlsx", tokened(sender.made(), None)), sender=address(sender)),
                form,
                Proof.MAILBOX,
            )


def _is(site: Site, bag: Bag, desk: run.MailDesk, raw: bytes, form: str, proof: Proof) -> None:
    """A mail whose mailbox is proved has the effect that the page says, and what is refused is audited."""
    uid = bag.put(raw)
    run.drain(site, desk.readers, lambda: NOW, mail=run.MailBag(bag, desk))
    row = Submission.objects.get(mail=Mail.objects.get(uid=uid).pk)
    assert row.state in BECAME[page()[form][proof]], (form, proof, row.state, row.issues)
    if row.state == "rejected":
        assert Audit.objects.filter(target__startswith=f"submission {row.received_seq}").exists(), (form, proof)
