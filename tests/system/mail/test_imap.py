"""Mails on a real server: each listed once, fetched unmarked, moved only when told; a line may break anywhere."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from imapclient import IMAPClient

from pipeline.mail.imap import MailFolder
from pipeline.mail.servers import MailServerError, Trouble
from pipeline.model import MailAccount, Security
from tests.mail_servers import Authority, Cut, Dovecot, Wire

AT = datetime(2026, 11, 20, 6, 40, tzinfo=UTC)


def mail(n: int) -> bytes:
    return f"From: school{n}@example.org\r\nSubject: {n}\r\n\r\nmail {n}\r\n".encode()


def fill(dovecot: Dovecot, account: MailAccount, count: int) -> None:
    for n in range(count):
        dovecot.put(account.user, mail(n), AT + timedelta(minutes=n))


def trouble(account: MailAccount) -> Trouble:
    with pytest.raises(MailServerError) as caught, MailFolder(account, seconds=5):
        pass
    return caught.value.trouble


def test_mails_are_listed_with_the_time_at_which_the_server_got_them(dovecot: Dovecot, account: MailAccount) -> None:
    fill(dovecot, account, 3)
    with MailFolder(account) as folder:
        found = folder.listed()
        assert [one.at for one in found] == [AT + timedelta(minutes=n) for n in range(3)]
        assert [one.size for one in found] == [len(mail(n)) for n in range(3)]
        assert folder.listed(above=found[1].uid) == found[2:]
        assert folder.listed(above=found[2].uid) == []


def test_fetching_marks_nothing_and_what_others_marked_stays(dovecot: Dovecot, account: MailAccount) -> None:
    fill(dovecot, account, 3)
    with dovecot.client(account.user) as other:
        other.select_folder("INBOX")
        other.add_flags([1], [b"\\Deleted"])
    with MailFolder(account) as folder:
        assert [folder.fetch(one.uid) for one in folder.listed()] == [mail(0), mail(1), mail(2)]
        assert folder.head(2) == mail(1).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        assert folder.fetch(99) is None
        folder.put_away([2])
    assert dovecot.flags(account.user) == [{b"\\Deleted"}, set()]
    assert dovecot.mails(account.user, "queke-done") == [mail(1)]


@pytest.mark.parametrize("without", [(), ("MOVE",), ("MOVE", "UIDPLUS")])
def test_settled_mails_leave_by_the_best_way_the_server_has(
    dovecot: Dovecot, account: MailAccount, without: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(dovecot, account, 3)
    able = IMAPClient.has_capability
    monkeypatch.setattr(IMAPClient, "has_capability", lambda self, name: name not in without and able(self, name))
    with MailFolder(account) as folder:
        folder.put_away([1], aside=True)
        folder.put_away([3, 77])
    if "UIDPLUS" in without:
        assert dovecot.flags(account.user) == [{b"$QuekeSettled", b"\\Seen"}, set(), {b"$QuekeSettled", b"\\Seen"}]
    else:
        assert dovecot.mails(account.user) == [mail(1)]
        assert dovecot.mails(account.user, "queke-aside") == [mail(0)]
        assert dovecot.mails(account.user, "queke-done") == [mail(2)]


def test_a_mail_that_comes_while_we_wait_ends_the_waiting(dovecot: Dovecot, account: MailAccount) -> None:
    with MailFolder(account) as folder:
        Thread(target=lambda: (time.sleep(0.5), dovecot.put(account.user, mail(0), AT))).start()
        began = time.monotonic()
        folder.wait(50, lambda: False)
        assert time.monotonic() - began < 40
        assert len(folder.listed()) == 1


def test_waiting_ends_when_the_service_stops(account: MailAccount) -> None:
    with MailFolder(account) as folder:
        began = time.monotonic()
        folder.wait(50, lambda: True)
        assert time.monotonic() - began < 40


def test_other_numbers_show_by_the_validity(dovecot: Dovecot, account: MailAccount) -> None:
    fill(dovecot, account, 2)
    with MailFolder(account) as folder:
        before = folder.validity
    dovecot.renumber(account.user)
    with MailFolder(account) as folder:
        assert folder.validity != before


@pytest.mark.parametrize("security", list(Security))
def test_each_way_to_secure_the_line_works(dovecot: Dovecot, account: MailAccount, security: Security) -> None:
    port = dovecot.tls_port if security is Security.TLS else dovecot.port
    with MailFolder(replace(account, imap_security=security, imap_port=port)) as folder:
        assert folder.listed() == []


def test_each_trouble_has_its_name(dovecot: Dovecot, account: MailAccount, tmp_path: Path) -> None:
    assert trouble(replace(account, ca_file=None)) is Trouble.CERTIFICATE
    assert trouble(replace(account, imap_host="127.0.0.1", imap_port=1)) is Trouble.UNREACHABLE
    assert trouble(replace(account, imap_host="nowhere.invalid")) is Trouble.UNREACHABLE
    assert trouble(replace(account, folder="没有这个")) is Trouble.FOLDER
    assert trouble(replace(account, password_file=tmp_path / "none")) is Trouble.PASSWORD_FILE
    account.password_file.chmod(0o644)
    assert trouble(account) is Trouble.PASSWORD_FILE
    account.password_file.chmod(0o600)
    account.password_file.write_text("revoked", "utf-8")
    assert trouble(account) is Trouble.LOGIN


def test_an_expired_certificate_is_not_believed(account: MailAccount) -> None:
    with Dovecot(expired=datetime(2026, 1, 1, tzinfo=UTC)) as stale:
        assert (
            trouble(replace(account, imap_port=stale.tls_port, ca_file=stale.authority.ca_file)) is Trouble.CERTIFICATE
        )


def test_a_server_of_another_authority_is_not_believed(account: MailAccount, tmp_path: Path) -> None:
    other = Authority.make(tmp_path)
    assert trouble(replace(account, ca_file=other.ca_file)) is Trouble.CERTIFICATE


def take_all(account: MailAccount, kept: dict[int, bytes], port: int) -> None:
    """Keep every mail by its number, then move it away: the order that loses nothing."""
    plain = replace(account, imap_security=Security.NONE, imap_port=port)
    with MailFolder(plain, seconds=2) as folder:
        for one in folder.listed():
            raw = kept.get(one.uid) or folder.fetch(one.uid)
            if raw is not None:
                kept[one.uid] = raw
        folder.put_away(sorted(kept))


@pytest.mark.parametrize("how", [Cut.BEFORE, Cut.AFTER])
def test_a_line_that_breaks_at_any_command_loses_and_doubles_nothing(
    dovecot: Dovecot, account: MailAccount, how: Cut
) -> None:
    for at in range(1, 40):
        mine = replace(account, user=f"{how}-{at}-{account.user}")
        fill(dovecot, mine, 3)
        kept: dict[int, bytes] = {}
        with Wire(dovecot.port, how, at) as wire:
            for _ in range(3):
                with suppress(MailServerError):
                    take_all(mine, kept, wire.port)
                    break
        assert sorted(kept.values()) == [mail(0), mail(1), mail(2)]
        assert dovecot.mails(mine.user) == []
        assert Counter(dovecot.mails(mine.user, "queke-done")) == Counter([mail(0), mail(1), mail(2)])
        if not wire.was_cut:
            return
    raise AssertionError("the conversation has an end")


def test_a_server_that_answers_no_more_is_given_up(dovecot: Dovecot, account: MailAccount) -> None:
    fill(dovecot, account, 1)
    with Wire(dovecot.port, Cut.HANG, 4) as wire, pytest.raises(MailServerError) as caught:
        take_all(account, {}, wire.port)
    assert caught.value.trouble is Trouble.UNREACHABLE
