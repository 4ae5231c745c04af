"""The whole circle on real servers, its lines cut: a mail in, its receipt with a return workbook, the mended workbook
mailed back and taken, the digest mailed to county, city and province.

However a line breaks or hangs, the store and the letters are in the end what they are without; a letter is doubled only
where a line broke after its last dot, and then with the same bytes. In clear each command of both lines, before and
after it; in clear and by TLS byte positions of what servers and client say. `QUEKE_CUTS=200`: so many positions each,
and all commands (`QUEKE_CUTS_PART=2/4`: the second quarter of them); else a few.
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
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from pipeline import config, database, run
from pipeline.database.models import Absence, Edition, Letter, Mail, Posting, Reject, Report, Submission
from pipeline.executors.mails import MailOpener
from pipeline.mail.imap import MailFolder
from pipeline.mail.servers import MailServerError
from pipeline.mail.smtp import MailSender
from pipeline.model import MailAccount, MailboxOrigin, MailboxRole, MailPlan, Security, Site, WithoutPassphrase
from pipeline.post import mails
from pipeline.registry import mailboxes
from pipeline.reports import pages, render
from pipeline.reports.first_page import drawn
from pipeline.reports.render import Renderer
from pipeline.run import delivery
from pipeline.service import mail_fetch, timetable
from tests.inprocess import InProcess
from tests.mail_servers import HOST, Authority, Cut, Dovecot, Sink, Wire
from tests.sites import COUNTY, KEY, NOW, Desk, pupil
from tests.system.mail.schools import AUTHSERV, CLERK, FIRST, SENT, files, mail, mended

READERS = {COUNTY: "jyj@county.example", "320100": "jyj@city.example", "320000": "jyt@province.example"}
OURS = "queke@office.example"
TALK = (b"ehlo", b"AUTH", b"mail", b"rcpt", b"data", b".\r\n", b"rset", b"QUIT", b"quit")
CUTS = int(os.environ.pop("QUEKE_CUTS", "0"))  # no setting of a site may be left that it does not know
PART, PARTS = map(int, os.environ.pop("QUEKE_CUTS_PART", "1/1").split("/"))
FEW = 2
TRIES = 5
PATIENCE = 5.0  # seconds without an answer
PAPERS: dict[str, bytes] = {}
Goes = Callable[..., tuple[dict[str, list[str]], Counter[bytes], Mapping[str, Wire]]]


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
            with suppress(MailServerError), MailSender(account, seconds=PATIENCE, last_seconds=PATIENCE) as sender:
                run.send_mails(self.site, sender.send, lambda: NOW, account, first_page=_first_page)
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


def _drawn(values: Mapping[str, Any], really: Callable[[Mapping[str, Any]], bytes] = render.draw) -> bytes:
    page = pages.page(values)
    if page not in PAPERS:
        PAPERS[page] = really(values)
    return PAPERS[page]


_first_page = cache(drawn)


@pytest.fixture(scope="module")
def opener() -> Iterator[MailOpener]:
    with MailOpener() as made:
        yield made


@pytest.fixture
def goes(
    tmp_path: Path, dovecot: Dovecot, account: MailAccount, prepared_db: Path, desk: Desk, opener: MailOpener,
    monkeypatch: pytest.MonkeyPatch,
) -> Goes:  # fmt: skip
    """Go around with these cuts; return what is held in the end, how often each letter arrived, and the lines."""
    # papers are drawn here, each once for all circles: neither their process nor their looks are at stake
    monkeypatch.setattr(delivery, "Renderer", partial(Renderer, 0))
    monkeypatch.setattr(render, "draw", _drawn)
    monkeypatch.setattr(mail_fetch, "MailFolder", partial(MailFolder, seconds=PATIENCE))
    runs = iter(range(10_000))
    (tmp_path / "tls").mkdir()
    authority = Authority.make(tmp_path / "tls")
    trusted = tmp_path / "both.pem"
    trusted.write_bytes(authority.ca_file.read_bytes() + dovecot.authority.ca_file.read_bytes())

    def once(
        security: Security, where: str = "", **cut: object
    ) -> tuple[dict[str, list[str]], Counter[bytes], Mapping[str, Wire]]:
        n, safe = next(runs), security is Security.TLS
        root = tmp_path / f"site{n}"
        config.write(root)
        (root / "queke.key").write_text(KEY.hex() + "\n")
        shutil.copyfile(prepared_db, root / "queke.sqlite3")
        lines = {name: cut if name == where else {} for name in ("imap", "smtp")}
        there = dovecot.tls_port if safe else dovecot.port
        with (
            Sink(authority if safe else None) as sink,
            Wire(there, **lines["imap"]) as imap,
            Wire(sink.port, **lines["smtp"]) as smtp,
        ):
            reached = replace(
                account, address=OURS, user=f"{n}-{account.user}", authserv_id=AUTHSERV, imap_port=imap.port,
                imap_security=security, smtp_host=HOST, smtp_port=smtp.port, smtp_security=security, ca_file=trusted,
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


def cuts(lines: Mapping[str, Wire], security: Security) -> Iterator[tuple[str, dict[str, object]]]:
    """Where the lines break: commands, before and after them and for ever, and byte positions of both sides."""
    for name, line in lines.items():
        if security is Security.NONE:
            talk = [n for n, words in enumerate(line.lines, 1) if name == "imap" or words.startswith(TALK)]
            yield from ((name, {"how": how, "at": n}) for n in talk for how in (Cut.BEFORE, Cut.AFTER))
            yield from ((name, {"how": Cut.HANG, "at": n}) for n in talk[:: max(1, 8 * len(talk) // (CUTS or 200))])
        places = (CUTS or FEW) // 2
        for n in range(places):
            how = Cut.HANG if n % 8 == 1 else Cut.AFTER
            yield name, {"how": how, "after_bytes": line.sent * n // places}
            if security is Security.TLS:
                yield name, {"how": how, "after_said": line.said * n // places}


@pytest.mark.slow
@pytest.mark.parametrize("security", [Security.NONE, Security.TLS])
@pytest.mark.timeout(300 + 30 * CUTS * 10)
def test_the_circle_closes_wherever_a_line_breaks_or_hangs(goes: Goes, security: Security) -> None:
    whole, arrived, lines = goes(security)
    assert set(arrived.values()) == {1}
    assert [row for row in whole["submissions"] if "accepted" in row or "partial" in row] == whole["submissions"]
    assert len(whole["mailed"]) == 2 + len(READERS)
    tried: Sequence[tuple[str, dict[str, object]]] = list(cuts(lines, security))
    tried = tried[PART - 1 :: PARTS] if CUTS else random.Random(11).sample(tried, FEW)
    doubled = 0
    for where, cut in tried:
        found, arrived, lines = goes(security, where, **cut)
        assert lines[where].was_cut or "after_said" in cut, (where, cut)
        assert found == whole, (where, cut)
        twice = [raw for raw, times in arrived.items() if times > 1]
        assert len(twice) <= (where == "smtp"), (where, cut)
        assert max(arrived.values()) <= 2, (where, cut)
        doubled += len(twice)
    print(f"{len(tried)} cuts, {doubled} letters doubled")
