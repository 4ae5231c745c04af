"""What `doctor` says of mail, on real servers: each trouble with how to mend it; and a server that is away for long."""

from __future__ import annotations

import json
import socketserver
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest
from structlog.testing import capture_logs

from pipeline import config
from pipeline.database.models import FaultRecord, Mail, Submission
from pipeline.model import MailAccount, Security, Site
from pipeline.service import mail_fetch, mail_send
from pipeline.service.watch import Service
from tests.inprocess import InProcess
from tests.mail_servers import Dovecot, Sink, Wire, free_port
from tests.sites import NOW
from tests.system.mail.schools import CLERK, FIRST, OTHER, SECOND, Place, Queke, mail, serve, until

GOOD = {
    "office.example": ["v=spf1 a:smtp.office.example -all", "another word"],
    "_domainkey.office.example": [],
    "k1._domainkey.office.example": ["v=DKIM1; k=rsa; p=MIGf"],
    "_dmarc.office.example": ["v=DMARC1; p=quarantine"],
}


class NameServer:
    """A name server on loopback. A context manager; the resolver of this process asks it meanwhile."""

    def __init__(self, texts: Mapping[str, list[str]]) -> None:
        self._texts = texts

    def __enter__(self) -> None:
        texts = self._texts

        class Answer(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                query = dns.message.from_wire(self.request[0])
                name = query.question[0].name
                answer = dns.message.make_response(query)
                found = texts.get(name.to_text(omit_final_dot=True))
                if found is None:
                    answer.set_rcode(dns.rcode.NXDOMAIN)
                elif found:
                    answer.answer.append(dns.rrset.from_text_list(name, 60, "IN", "TXT", [f'"{one}"' for one in found]))
                self.request[1].sendto(answer.to_wire(), self.client_address)

        self._server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self._before = dns.resolver.default_resolver
        asked = dns.resolver.Resolver(configure=False)
        asked.nameservers, asked.port = ["127.0.0.1"], self._server.server_address[1]
        dns.resolver.default_resolver = asked

    def __exit__(self, *_: object) -> None:
        dns.resolver.default_resolver = self._before
        self._server.shutdown()
        self._server.server_close()


def doctor(queke: Queke, texts: Mapping[str, list[str]]) -> dict[str, tuple[str, str]]:
    """What doctor says, by what it looked at: the worst of each."""
    found: dict[str, tuple[str, str]] = {}
    with NameServer(texts):
        for line in queke("doctor", "--json")[1].splitlines():
            one = json.loads(line)
            if found.get(one["what"], ("ok",))[0] == "ok":
                found[one["what"]] = (one["grade"], one["said"])
    return found


def test_a_good_site_with_mail_has_nothing_to_mend(sending: Place, queke: Queke, sink: Sink) -> None:
    settings = sending.root / "queke.toml"
    settings.write_text(settings.read_text("utf-8") + 'dkim_selector = "k1"\n', "utf-8")
    found = doctor(queke, GOOD)
    assert {found[what][0] for what in ("main (localhost)", "out (localhost)", "SPF", "DKIM", "DMARC")} == {"ok"}
    assert sink.taken == []


@pytest.mark.parametrize(
    ("what", "texts", "grade", "mend"),
    [
        ("SPF", {}, "warning", "v=spf1 a:localhost -all"),
        ("SPF", {"office.example": ["v=spf1 -all", "v=spf1 mx -all"]}, "problem", "leave one"),
        ("SPF", {"office.example": ["v=spf1 +all"]}, "warning", "-all"),
        ("DKIM", {}, "warning", "publish"),
        ("DMARC", {}, "warning", "_dmarc.office.example"),
        ("DMARC", {"_dmarc.office.example": ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}, "warning", "TXT"),
    ],
)
def test_what_our_domain_lacks_is_said_with_how_to_mend_it(
    sending: Place, queke: Queke, what: str, texts: Mapping[str, list[str]], grade: str, mend: str
) -> None:
    found = doctor(queke, texts)[what]
    assert (found[0], mend in found[1]) == (grade, True), found


def test_a_name_service_that_does_not_answer_is_said(
    sending: Place, queke: Queke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.service.doctor_mail.DNS_SECONDS", 0.2)
    nobody = dns.resolver.Resolver(configure=False)
    nobody.nameservers, nobody.port = ["127.0.0.1"], free_port()
    monkeypatch.setattr(dns.resolver, "default_resolver", nobody)
    code, said = queke("doctor", "--json")
    assert [json.loads(line)["grade"] for line in said.splitlines() if '"DNS"' in line] == ["warning"]
    assert code == 1


def test_servers_that_cannot_be_used_are_named_each(sending: Place, queke: Queke) -> None:
    (sending.root / "mail.secret").write_text("revoked", "utf-8")
    found = doctor(queke, GOOD)
    for what in ("main (localhost)", "out (localhost)"):
        assert found[what][0] == "problem"
        assert "授权码" in found[what][1]
    assert queke("mail", "test")[0] == 2


def test_a_certificate_that_ends_soon_and_clocks_that_differ_are_said(
    place: Place, queke: Queke, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Dovecot(expired=datetime.now(UTC) + timedelta(days=5)) as server:
        settings = place.root / "queke.toml"
        text = settings.read_text("utf-8").replace(
            f"imap_port = {place.account.imap_port}", f"imap_port = {server.tls_port}"
        )
        settings.write_text(text.replace(str(place.account.ca_file), str(server.authority.ca_file)), "utf-8")
        monkeypatch.setenv("QUEKE_NOW", datetime.now(UTC).isoformat())
        grade, said = doctor(queke, GOOD)["main (localhost)"]
    assert (grade, "renew" in said) == ("warning", True), said
    for n in range(6):
        Mail.objects.create(
            account="main", folder="INBOX", validity=1, uid=n, sha256=str(n), size=1, state="nothing", path="archive/x",
            at=NOW + timedelta(minutes=5 + n), received_at=NOW,
        )  # fmt: skip
    grade, said = doctor(queke, GOOD)["clock of main"]
    assert (grade, "10 minutes" in said) == ("problem", True), said


def test_a_look_changes_no_mailbox(place: Place, queke: Queke, account: MailAccount) -> None:
    place.send(mail(("a.xlsx", b"PK")))
    for _ in range(2):
        assert queke("mail", "test")[0] == 0
    assert place.left() == {"INBOX": 1, "queke-done": 0, "queke-aside": 0}
    with place.dovecot.client(account.user) as client:  # still new to whoever looks next
        assert client.select_folder("INBOX")[b"RECENT"] == 1
        assert dict(client.get_flags([1])) == {1: (b"\\Recent",)}
        assert [name for *_, name in client.list_folders()] == ["INBOX"]


# --------------------------------------------------------------------------- away for long


def elsewhere(site: Site, imap: int, smtp: int) -> Site:
    """The site with its servers at other ports."""
    first, second = site.mail.accounts
    accounts = (replace(first, imap_security=Security.NONE, imap_port=imap), replace(second, smtp_port=smtp))
    return replace(site, mail=replace(site.mail, accounts=accounts))


def away() -> set[str]:
    """The accounts that status names as failing."""
    return set(FaultRecord.objects.filter(step="mail").values_list("about", flat=True))


def events(logged: Sequence[Mapping[str, object]]) -> Counter[object]:
    return Counter(one["event"] for one in logged)


def test_a_server_that_is_away_stops_nothing_and_is_loud_after_ten_minutes(
    sending: Place, queke: Queke, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are away, by the service's clock; then they answer."""
    for module in (mail_fetch, mail_send):
        monkeypatch.setattr(module, "FIRST_PAUSE", 0.05)
        monkeypatch.setattr(module, "LONGEST_PAUSE", 0.2)
    queke("mailboxes", "wish", CLERK, "都不要", "--unit", FIRST)  # it is past the hour of reminders
    queke("mailboxes", "wish", OTHER, "都不要", "--unit", SECOND)
    sending.send(mail())
    queke("mail", "fetch")  # its answer waits
    moment = [NOW]
    ports = (free_port(), free_port())
    site = elsewhere(config.load(sending.root), *ports)
    with InProcess() as readers, capture_logs() as logged:
        service = Service(site, readers, lambda: moment[0])
        thread = threading.Thread(target=serve, args=(service,))
        thread.start()
        try:
            until(lambda: {one.get("account") for one in logged} >= {"main", "out"})
            moment[0] += timedelta(minutes=9)
            (sending.root / "inbox" / "a.xlsx").write_bytes(sending.report(FIRST, 0))
            until(lambda: Submission.objects.filter(state="accepted").count() == 1)
            assert away() == set(), "a short break is nobody's business"
            moment[0] += timedelta(minutes=2)
            until(lambda: away() == {"main", "smtp"})
            assert events(logged)["mail_server_away"] == 2
            assert "mail main" in queke("status")[1]
            assert "mail smtp" in queke("doctor")[1]
            moment[0] += timedelta(minutes=20)
            with Wire(sending.dovecot.port, port=ports[0]), Wire(sink.port, port=ports[1]):
                until(lambda: away() == set() and len(sink.taken) == 1)
        finally:
            service.stop()
            thread.join(60)
    assert [one.readers for one in sink.taken] == [[CLERK]]
    assert events(logged)["mail_server_away"] == 2, "each is said once"
