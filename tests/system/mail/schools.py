"""A site whose schools mail, and what they send: shared by the tests of mail."""

from __future__ import annotations

import email
import email.policy
import io
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import openpyxl

from pipeline import database
from pipeline.model import MailAccount
from pipeline.service.watch import Service
from tests.mail_servers import Dovecot, Sink
from tests.sites import NOW, SCHOOLS, Desk, pupil
from tests.system.mail.shapes import b, head, mixed, part, text_part

FIRST, SECOND = SCHOOLS
CLERK, OTHER, STRANGER = "clerk@school1.example", "clerk@school2.example", "somebody@else.example"
AUTHSERV = "mx.office.example"
SENT = NOW.astimezone(UTC) - timedelta(hours=1)
Queke = Callable[..., tuple[int, str]]


@dataclass(frozen=True)
class Place:
    """A site with an account, its server, and what its schools send."""

    root: Path
    account: MailAccount
    dovecot: Dovecot
    desk: Desk

    def send(self, raw: bytes, at: datetime = SENT) -> None:
        self.dovecot.put(self.account.user, raw, at)

    def left(self) -> dict[str, int]:
        folders = ("INBOX", "queke-done", "queke-aside")
        return {name: len(self.dovecot.mails(self.account.user, name)) for name in folders}

    def report(self, school: str, *pupils: int, **more: object) -> bytes:
        return self.desk.absence(school, [pupil(n) for n in pupils], **more)


def proved(sender: str, result: str = "pass", server: str = AUTHSERV) -> bytes:
    domain = sender.partition("@")[2]
    return f"Authentication-Results: {server};\r\n dmarc={result} header.from={domain}\r\n".encode()


def mail(*files: tuple[str, bytes], sender: str = CLERK, extra: bytes | None = None, subject: str = "日报") -> bytes:
    """A mail of a school with these workbooks, proved unless `extra` says otherwise."""
    heads = proved(sender) if extra is None else extra
    top = heads + head(b(subject).encode()).replace(b"clerk@school.example", sender.encode())
    parts = [
        part(f'Content-Type: application/x; name="{b(name)}"\r\nContent-Disposition: attachment\r\n'.encode(), content)
        for name, content in files
    ]
    return mixed(text_part(), *parts, top=top)


def setting(place: Place, name: str, value: str) -> None:
    path = place.root / "queke.toml"
    text = path.read_text("utf-8")
    assert re.search(f"(?m)^{name} = ", text)
    path.write_text(re.sub(f"(?m)^{name} = .*", f"{name} = {value}", text), "utf-8")


def untokened(content: bytes) -> bytes:
    """The workbook as a program saves it that keeps no properties."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    del book.custom_doc_props["queke_token"]
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def letters(sink: Sink) -> list[EmailMessage]:
    found = [email.message_from_bytes(one.raw, policy=email.policy.default) for one in sink.taken]
    return [one for one in found if isinstance(one, EmailMessage)]


def words(letter: EmailMessage) -> str:
    """All that is read without opening a file."""
    bodies = [letter.get_body((kind,)) for kind in ("plain", "html")]
    return "\n".join([str(letter["Subject"]), *(body.get_content() for body in bodies if body is not None)])


def files(letter: EmailMessage) -> Iterator[tuple[str, bytes]]:
    for one in letter.iter_attachments():
        yield str(one.get_filename()), one.get_payload(decode=True)


def serve(service: Service) -> None:
    """Run a service in a thread of its own."""
    try:
        service.serve()
    finally:
        database.close()


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never became true"
        time.sleep(0.2)


def mended(back: bytes, folder: Path) -> bytes:
    """A return workbook with its missing class filled in, saved by openpyxl."""
    path = folder / "back.xlsx"
    path.write_bytes(back)
    book = openpyxl.load_workbook(path)
    sheet = book.active
    assert sheet is not None
    head = next(row for row in sheet.iter_rows() if any(str(cell.value or "").startswith("班级") for cell in row))
    at = next(cell.column for cell in head if str(cell.value or "").startswith("班级"))
    sheet.cell(head[0].row + 1, at).value = "三(3)班"
    book.save(path)
    return path.read_bytes()
