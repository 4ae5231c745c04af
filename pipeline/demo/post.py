"""The demo's mail: a Dovecot and a letter box on loopback, mailboxes of one county's schools and of those above it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline import run
from pipeline.demo.dovecot import PASSWORD, Dovecot
from pipeline.demo.letter_box import LetterBox
from pipeline.demo.province import COUNTIES, DemoSchool
from pipeline.executors import Readers
from pipeline.executors.mails import MailOpener
from pipeline.mail.smtp import MailSender
from pipeline.model import (
    Clock,
    MailAccount,
    MailboxOrigin,
    MailboxRole,
    MailPlan,
    MailState,
    PostingKind,
    PostingState,
    Security,
    Site,
)
from pipeline.post import mails, postings
from pipeline.registry import mailboxes
from pipeline.reports.first_page import FirstPages
from pipeline.service.mail_fetch import Round

COUNTY = COUNTIES[3]  # its schools mail, where others drop
READERS = (COUNTY.code, "320300", "320000")
OURS = "queke@office.example"
AUTHSERV = "mx.office.example"
LOCALHOST = "localhost"
WHO = "示例管理员"
_SENT = {
    PostingKind.ANSWER: "去信：回执，附退回修正表",
    PostingKind.PAPERS: "去信：每日简报，首页在正文里，附未报名单",
    PostingKind.CARD: "去信：预警信息报告卡",
    PostingKind.REVIEW: "去信：请分管领导审核",
    PostingKind.REMIND: "去信：催未报的学校",
    PostingKind.LEAD: "去信：请分管领导过问",
    PostingKind.LIST: "去信：县里的未报名单，点开就能打电话",
    PostingKind.TEMPLATE: "去信：今天的模板",
    PostingKind.ACCOUNT: "去信：开户通知",
}
"""How letters are named in the table of outcomes."""


class DemoPost:
    """The mail of a demo: a context manager. OSError where its servers cannot be started."""

    def __init__(self) -> None:
        self._held = ExitStack()
        self._dovecot, self._box = Dovecot(), LetterBox()
        self._opener, self._pages = MailOpener(), FirstPages()
        self._waiting = 0  # mails that were not fetched yet

    def __enter__(self) -> Self:
        for one in (self._dovecot, self._box, self._opener, self._pages):
            self._held.enter_context(one)
        self._secret.touch(0o600)
        self._secret.write_text(PASSWORD + "\n", "utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    @property
    def _secret(self) -> Path:
        return self._dovecot.root / "secret"

    @property
    def plan(self) -> MailPlan:
        """What a queke.toml would say of it."""
        account = MailAccount(
            name="demo", address=OURS, user=OURS, password_file=self._secret, authserv_id=AUTHSERV,
            imap_host=LOCALHOST, imap_port=self._dovecot.port, imap_security=Security.NONE,
            smtp_host=LOCALHOST, smtp_port=self._box.port, smtp_security=Security.NONE,
        )  # fmt: skip
        return MailPlan(accounts=(account,))

    def bind(self, codes: list[str], now: datetime) -> None:
        """Bind each school's mailbox, and those of the readers above."""
        for code in codes:
            mailboxes.bind(_address(code), code, MailboxRole.SPEAKER, MailboxOrigin.COMMAND, now, WHO)
        for code in READERS:
            mailboxes.bind(_address(code), code, MailboxRole.READER, MailboxOrigin.COMMAND, now, WHO)

    def mail(self, school: DemoSchool, subject: str, at: datetime, name: str = "", content: bytes = b"") -> None:
        """Let a school mail a workbook, or one line; our server has proved its mailbox."""
        sender = _address(school.code)
        made = EmailMessage()
        made["Authentication-Results"] = f"{AUTHSERV}; dmarc=pass header.from={sender.partition('@')[2]}"
        made["From"], made["To"] = Address(school.reporter, addr_spec=sender), OURS
        made["Subject"], made["Message-ID"] = subject, f"<{at:%H%M%S}.{school.code}@school.example>"
        made.set_content("老师好，见附件。\n" if content else "\n")
        if content:
            made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
        self._dovecot.put(OURS, made.as_bytes(), at)
        self._waiting += 1

    @contextmanager
    def bag(self, site: Site, readers: Readers) -> Iterator[run.MailBag | None]:
        """What came and was not fetched; None if nothing did."""
        if not self._waiting:
            yield None
            return
        self._waiting = 0
        with Round(site) as source:
            yield run.MailBag(source, run.MailDesk(site, self._opener, readers))

    def send(self, site: Site, clock: Clock) -> None:
        """Send all letters that are due."""
        account = self.plan.accounts[0]
        with MailSender(account) as sender:
            run.send_mails(
                site, sender.send, clock, account,
                first_page=self._pages.draw,
            )  # fmt: skip

    def lines(self, day: date) -> Iterator[tuple[str, ...]]:
        """Of mails that came, and letters that went out: lines of the table of outcomes."""
        taken = mails.counts()[MailState.TAKEN]
        yield (f"来信：{COUNTY.city}{COUNTY.name}各校改用邮件报", f"{taken} 封", "收下", "", "", "")
        for kind, count in postings.counts_of(PostingState.SENT).items():
            yield (_SENT[PostingKind(kind)], f"{count} 封", f"已发出，见 post/{day}/", "", "", "")


def _address(code: str) -> str:
    return f"{code}@school.example" if len(code) > len(COUNTY.code) else f"jyj{code}@office.example"
