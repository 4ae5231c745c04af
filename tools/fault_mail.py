"""The mail of a day that is disturbed: a Dovecot for both sites, a letter box for each, and what must be alike."""

from __future__ import annotations

import email
import email.policy
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline import config
from pipeline.database.models import Mail, Posting
from pipeline.demo.dovecot import PASSWORD, Dovecot
from pipeline.demo.letter_box import LetterBox
from pipeline.demo.province import DemoSchool
from pipeline.model import MailboxOrigin, MailboxRole, Site
from pipeline.registry import mailboxes

AUTHSERV = "mx.office.example"
OFFICE, HEAD = "jyj@office.example", "head@school.example"
STRANGER = "somebody@else.example"
WHO = "示例管理员"
TWICE = 2

_ACCOUNT = """
[[mail_accounts]]
name = "main"
address = "{user}"
password_file = "mail.secret"
authserv_id = "{authserv}"
imap_host = "localhost"
imap_port = {imap}
imap_security = "none"
smtp_host = "localhost"
smtp_port = {smtp}
smtp_security = "none"
"""


class DayMail:
    """The mail servers of two sites that have the same day. A context manager."""

    def __init__(self, names: Sequence[str]) -> None:
        self._held = ExitStack()
        self._dovecot = Dovecot()
        self._boxes = {name: LetterBox() for name in names}

    def __enter__(self) -> Self:
        self._held.enter_context(self._dovecot)
        for box in self._boxes.values():
            self._held.enter_context(box)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    def settle(self, root: Path) -> None:
        """Give a site its account."""
        secret = root / "mail.secret"
        secret.touch(0o600)
        secret.write_text(PASSWORD + "\n", "utf-8")
        settings = root / config.FILE
        smtp = self._boxes[root.name].port
        said = _ACCOUNT.format(user=_user(root), authserv=AUTHSERV, imap=self._dovecot.port, smtp=smtp)
        settings.write_text(settings.read_text("utf-8") + said, "utf-8")

    def bind(self, schools: Sequence[DemoSchool], county: str, now: datetime) -> None:
        """Bind these schools' mailboxes, the head's of the first, and the county's, in the open store."""
        bound = [(_address(one), one.code, MailboxRole.SPEAKER) for one in schools]
        bound += [(HEAD, schools[0].code, MailboxRole.LEADER), (OFFICE, county, MailboxRole.READER)]
        for address, unit, role in bound:
            mailboxes.bind(address, unit, role, MailboxOrigin.COMMAND, now, WHO)

    def put(self, site: Site, school: DemoSchool | None, name: str, content: bytes, at: datetime) -> None:
        """Let a school, or a stranger, mail a workbook to a site."""
        sender, made = _address(school) if school else STRANGER, EmailMessage()
        made["Authentication-Results"] = f"{AUTHSERV}; dmarc=pass header.from={sender.partition('@')[2]}"
        made["From"], made["To"], made["Subject"] = Address("", addr_spec=sender), _user(site.root), "缺课日报"
        made["Message-ID"] = f"<{at:%H%M}.{sender}>"
        made.set_content("老师好，见附件。\n")
        made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
        self._dovecot.put(_user(site.root), made.as_bytes(), at)

    def at_rest(self, site: Site) -> bool:
        """Whether all that came is taken and put away, and all that is to go out has gone."""
        if Posting.objects.filter(state__in=("queued", "sending")).exists():
            return False
        if Mail.objects.filter(answerable=True, answered_at__isnull=True).exists():
            return False
        with self._dovecot.client(_user(site.root)) as client:
            return not client.folder_exists("INBOX") or not client.folder_status("INBOX", ["MESSAGES"])[b"MESSAGES"]

    def held(self, site: Site) -> dict[str, list[tuple[object, ...]]]:
        """What both must hold: mails, letters queued, and letters that arrived, each once."""
        raws = dict.fromkeys(self._boxes[site.root.name].taken)
        letters = [email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default) for raw in raws]
        return {
            "mails": list(Mail.objects.values_list("message_id", "sender", "unit", "state", "why", "braked")),
            "postings": list(Posting.objects.values_list("kind", "address", "unit", "state")),
            "mailed": [(str(one["To"]), str(one["Subject"]), _words(one)) for one in letters],
        }

    def broken(self, site: Site, killed: int) -> list[str]:
        """Promises of one site: each letter under one Message-ID with one content, none oftener than twice, and that
        no more often than processes were killed.
        """
        arrived = Counter(self._boxes[site.root.name].taken)
        numbers = Counter(str(email.message_from_bytes(raw)["Message-ID"]) for raw in arrived)
        found = [f"{site.root.name}: two letters under {number}" for number, n in numbers.items() if n > 1]
        again = sum(n - 1 for n in arrived.values())
        found += [f"{site.root.name}: {again} letters twice after {killed} kills"] * (again > killed)
        return found + [f"{site.root.name}: one letter {n} times" for n in arrived.values() if n > TWICE]


def _words(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    return str(body.get_content()) if body is not None else ""


def _user(root: Path) -> str:
    return f"queke-{root.name}@office.example"


def _address(school: DemoSchool) -> str:
    return f"{school.code}@school.example"
