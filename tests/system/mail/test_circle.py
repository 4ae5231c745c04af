"""The whole circle on real servers, its lines cut: a mail in, its receipt with a return workbook, the mended workbook
mailed back and taken, the digest mailed to county, city and province.

However a line breaks, the store and the letters are in the end what they are without; a letter is doubled only where a
line broke after its last dot, and then with the same bytes. `QUEKE_CUTS=200`: each command of both lines, before and
after it, and so many byte positions of what the servers say; else a few of them.
"""

from __future__ import annotations

import email
import email.policy
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest

from pipeline import config, database, run
from pipeline.database.models import Absence, Edition, Letter, Mail, Posting, Reject, Report, Submission
from pipeline.executors.mails import MailOpener
from pipeline.mail.servers import MailServerError
from pipeline.mail.smtp import MailSender
from pipeline.model import MailAccount, MailboxOrigin, MailboxRole, MailPlan, Security, Site, WithoutPassphrase
from pipeline.post import mails
from pipeline.registry import mailboxes
from pipeline.reports.first_page import drawn
from pipeline.reports.render import Renderer
from pipeline.run import delivery
from pipeline.service import mail_fetch, timetable
from tests.inprocess import InProcess
from tests.mail_servers import HOST, Cut, Dovecot, Sink, Wire
from tests.sites import COUNTY, KEY, NOW, Desk, pupil
from tests.system.mail.schools import AUTHSERV, CLERK, FIRST, SENT, files, mail, mended

READERS = {COUNTY: "jyj@county.example", "320100": "jyj@city.example", "320000": "jyt@province.example"}
OURS = "queke@office.example"
TALK = (b"ehlo", b"AUTH", b"mail", b"rcpt", b"data", b".\r\n", b"rset", b"QUIT", b"quit")
CUTS = int(os.environ.get("QUEKE_CUTS", "0"))
FEW = 4
TRIES = 5


@dataclass
class Circle:
    """A site whose accounts are reached by two lines, and its mailbox."""

    site: Site
    dovecot: Dovecot
    sink: Sink
    opener: MailOpener
    user: str

    def send(self, raw: bytes) -> None:
        self.dovecot.put(self.user, raw, SENT)

    def turn(self, done: Callable[[], bool]) -> None:
        """Fetch and send until it is done, as the service does after each break."""
        for _ in range(TRIES):
            with mail_fetch.Round(self.site) as source, InProcess() as readers:
                bag = run.MailBag(source, run.MailDesk(self.site, self.opener, readers))
                run.drain(self.site, readers, lambda: NOW, mail=bag)
            account = self.site.mail.accounts[0]
            with suppress(MailServerError), MailSender(account, seconds=5) as sender:
                run.send_mails(self.site, sender.send, lambda: NOW, account, first_page=drawn)
            if done() and not source.troubles and not Posting.objects.filter(state__in=("queued", "sending")).exists():
                return
            Posting.objects.filter(state="queued").update(due_at=NOW)
        raise AssertionError("it never was done")

    def letter_to(self, address: str) -> list[EmailMessage]:
        return [one for one in read(self.sink) if str(one["To"]) == address]


def read(sink: Sink) -> list[EmailMessage]:
    """The letters that arrived, each once."""
    raws = dict.fromkeys(one.raw for one in sink.taken)
    return [email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default) for raw in raws]


def around(circle: Circle, desk: Desk, folder: Path) -> None:
    """Go once around."""
    circle.send(mail(("缺课日报.xlsx", desk.absence(FIRST, [pupil(0), pupil(1, class_name=None)]))))
    circle.turn(lambda: len(circle.letter_to(CLERK)) == 1)
    ((name, back),) = files(circle.letter_to(CLERK)[0])
    circle.send(mail((name, mended(back, folder)), subject="改好了").replace(b"<1@", b"<2@"))
    circle.turn(lambda: len(circle.letter_to(CLERK)) == 2)
    timetable.make(circle.site, NOW, NOW.date(), places=[COUNTY, "320100", "320000"])
    circle.turn(lambda: len(read(circle.sink)) == 2 + len(READERS))


def held(circle: Circle) -> dict[str, list[str]]:
    """All that must be the same: the store, and every letter."""
    rows = {
        "submissions": Submission.objects.values_list("name", "state", "unit", "day", "accepted", "refused"),
        "absences": Absence.objects.values_list("day", "school", "pupil", "row_state", "symptoms"),
        "reports": Report.objects.values_list("day", "school", "rows", "zero", "on_time"),
        "tickets": Reject.objects.values_list("school", "day", "row", "state"),
        "mails": Mail.objects.values_list("message_id", "state", "why", "unit"),
        "letters": Letter.objects.values_list("kind", "ref", "reader", "state", "sha256"),
        "editions": Edition.objects.values_list("kind", "place", "n", "final"),
        "postings": Posting.objects.values_list("kind", "ref", "address", "unit", "state", "message_id"),
    }
    found = {name: sorted(map(str, some)) for name, some in rows.items()}
    return found | {"mailed": sorted(said(one) for one in read(circle.sink))}


def said(letter: EmailMessage) -> str:
    bodies = [letter.get_body((kind,)) for kind in ("plain", "html")]
    heads = [str(letter[name]) for name in ("To", "Subject", "Message-ID", "In-Reply-To")]
    words = [str(body.get_content()) for body in bodies if body is not None]
    return "\n".join([*heads, *words, *(name for name, _ in files(letter))])


@pytest.fixture(scope="module")
def opener() -> Iterator[MailOpener]:
    with MailOpener() as made:
        yield made


@pytest.fixture
def goes(
    tmp_path: Path, dovecot: Dovecot, account: MailAccount, prepared_db: Path, desk: Desk, opener: MailOpener,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., tuple[dict[str, list[str]], Counter[bytes], Mapping[str, Wire]]]:  # fmt: skip
    """Go around with these cuts; return what is held in the end, how often each letter arrived, and the lines."""
    monkeypatch.setattr(
        delivery, "Renderer", partial(Renderer, 0)
    )  # papers are drawn here: their process is not at stake
    monkeypatch.setattr("pipeline.mail.imap.SECONDS", 5.0)
    runs = iter(range(10_000))

    def once(where: str = "", **cut: object) -> tuple[dict[str, list[str]], Counter[bytes], Mapping[str, Wire]]:
        n = next(runs)
        root = tmp_path / f"site{n}"
        config.write(root)
        (root / "queke.key").write_text(KEY.hex() + "\n")
        shutil.copyfile(prepared_db, root / "queke.sqlite3")
        lines = {name: cut if name == where else {} for name in ("imap", "smtp")}
        with Sink() as sink, Wire(dovecot.port, **lines["imap"]) as imap, Wire(sink.port, **lines["smtp"]) as smtp:
            reached = replace(
                account, address=OURS, user=f"{n}-{account.user}", authserv_id=AUTHSERV, imap_port=imap.port,
                imap_security=Security.NONE, smtp_host=HOST, smtp_port=smtp.port, smtp_security=Security.NONE,
            )  # fmt: skip
            plan = MailPlan(accounts=(reached,), without_passphrase=WithoutPassphrase.SEND)
            site = replace(config.load(root), mail=plan)
            database.open(site)
            try:
                mailboxes.bind(CLERK, FIRST, MailboxRole.SPEAKER, MailboxOrigin.COMMAND, NOW, "张")
                for unit, address in READERS.items():
                    mailboxes.bind(address, unit, MailboxRole.READER, MailboxOrigin.COMMAND, NOW, "张")
                circle = Circle(site, dovecot, sink, opener, reached.user)
                around(circle, desk, tmp_path)
                assert sum(mails.counts().values()) == 2, "every mail has its row, once"
                assert dovecot.mails(reached.user) == []
                return held(circle), Counter(one.raw for one in sink.taken), {"imap": imap, "smtp": smtp}
            finally:
                database.close()
                shutil.rmtree(root)

    return once


def cuts(lines: Mapping[str, Wire]) -> Iterator[tuple[str, dict[str, object]]]:
    """Every command of both lines, before and after it, and byte positions."""
    for name, line in lines.items():
        talk = [n for n, words in enumerate(line.lines, 1) if name == "imap" or words.startswith(TALK)]
        yield from ((name, {"how": how, "at": n}) for n in talk for how in (Cut.BEFORE, Cut.AFTER))
        places = (CUTS or FEW) // 2
        yield from ((name, {"after_bytes": line.sent * n // places}) for n in range(places))


@pytest.mark.slow
@pytest.mark.timeout(180 + 30 * CUTS * 10)
def test_the_circle_closes_wherever_a_line_breaks(
    goes: Callable[..., tuple[dict[str, list[str]], Counter[bytes], Mapping[str, Wire]]],
) -> None:
    whole, arrived, lines = goes()
    assert set(arrived.values()) == {1}
    assert [row for row in whole["submissions"] if "accepted" in row or "partial" in row] == whole["submissions"]
    assert len(whole["mailed"]) == 2 + len(READERS)
    tried: Sequence[tuple[str, dict[str, object]]] = list(cuts(lines))
    if not CUTS:
        tried = random.Random(11).sample(tried, FEW)
    doubled = 0
    for where, cut in tried:
        found, arrived, lines = goes(where, **cut)
        assert lines[where].was_cut, (where, cut)
        assert found == whole, (where, cut)
        twice = [raw for raw, times in arrived.items() if times > 1]
        assert len(twice) <= (where == "smtp"), (where, cut)
        assert max(arrived.values()) <= 2, (where, cut)
        doubled += len(twice)
    print(f"{len(tried)} cuts, {doubled} letters doubled")
