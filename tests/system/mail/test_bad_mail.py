"""What mail brings that nobody wants, on real servers: each has one outcome, and stops no other."""

from __future__ import annotations

from collections import Counter

import pytest

from pipeline.database.models import Absence, Mail, Posting, Submission, Unit
from pipeline.mail.imap import SETTLED, MailFolder
from pipeline.model import MailAccount
from tests.mail_servers import Dovecot, Sink
from tests.sites import pupil
from tests.system.mail.schools import CLERK, FIRST, OTHER, SECOND, Place, Queke, letters, mail, proved, words
from tests.system.mail.shapes import mixed, part, text_part


def exchange(queke: Queke) -> None:
    queke("mail", "fetch")
    queke("mail", "send")


def states() -> Counter[str]:
    return Counter(Submission.objects.values_list("state", flat=True))


def test_two_workbooks_of_one_day_and_three_of_one_name(sending: Place, queke: Queke, sink: Sink) -> None:
    two = [("日报.xlsx", sending.report(FIRST, 0)), ("日报.xlsx", sending.report(FIRST, 1))]
    sending.send(mail(*two, ("日报.xlsx", two[0][1])))
    exchange(queke)
    assert states() == Counter(accepted=1, held=1, duplicate=1), "the second is asked about, the third is the first"
    assert Absence.objects.count() == 1
    (letter,) = letters(sink)
    assert letter["Subject"].startswith("收到 3 份，其中 1 份要处理")


def test_no_name_makes_a_header(sending: Place, queke: Queke, sink: Sink) -> None:
    Unit.objects.filter(code=FIRST).update(name="示例第一小学\r\nBcc: thief@evil.example\r\n\r\n")
    bad = sending.desk.absence(FIRST, [pupil(0), pupil(1, class_name=None)])
    name = b"\"a.xlsx\\r\\nBcc: thief@evil.example\"; filename*=UTF-8''a%0D%0ABcc%3A%20thief@evil.example.xlsx"
    sending.send(
        mixed(
            text_part(),
            part(b"Content-Type: application/x\r\nContent-Disposition: attachment; filename=" + name + b"\r\n", bad),
            top=mail().partition(b"\r\n\r\n")[0].partition(b"Content-Type")[0] + b"",
        )
    )
    queke("mailboxes", "bind", "head@school1.example", "--unit", FIRST, "--role", "leader")
    exchange(queke)
    Posting.objects.filter(state="queued").update(due_at="2026-11-20T00:00:00Z")
    queke("mail", "send")
    assert len(sink.taken) == 2
    for raw, letter in zip((one.raw for one in sink.taken), letters(sink), strict=True):
        assert letter["Bcc"] is None
        assert b"\nBcc:" not in raw.partition(b"\r\n\r\n")[0].replace(b"\r", b"")
        assert {reader for one in sink.taken for reader in one.readers} <= {CLERK, "head@school1.example"}


def test_another_robot_is_not_played_with(sending: Place, queke: Queke, sink: Sink) -> None:
    for n in range(3):
        sending.send(mail(subject=f"自动回复: 我在休假{n}"))
    sending.send(mail(("a.xlsx", sending.report(FIRST, 0))))
    exchange(queke)
    assert len(sink.taken) == 1
    for n in range(3):
        ours = str(letters(sink)[0]["Message-ID"])
        heads = proved(CLERK) + f"In-Reply-To: {ours}\r\nReferences: {ours}\r\n".encode()
        sending.send(mail(extra=heads, subject=f"已收到您的来信{n}"))
    exchange(queke)
    assert len(sink.taken) == 1
    assert Mail.objects.count() == 7


@pytest.mark.parametrize(
    "raw",
    [
        proved(CLERK) + b"From: " + CLERK.encode() + b"\r\nContent-Type: multipart/mixed\r\n\r\n--x\r\n\r\nPK\x03\x04",
        mail(("a.xlsx", b"PK\x03\x04" + b"\xff" * 500)).replace(b"base64", b"base-64"),
        mail(("a.xlsx", b"PK\x03\x04" + b"x" * 500)).replace(b"base64", b"quoted-printable"),
        mail(("a.xlsx", b"PK\x03\x04" + b"x" * 500))[:-300],
        mail(("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 500)),
    ],
    ids=["no boundary", "false encoding", "another encoding", "cut off", "no workbook"],
)
def test_what_is_broken_is_told_and_keeps_nobody_waiting(sending: Place, queke: Queke, sink: Sink, raw: bytes) -> None:
    sending.send(raw)
    sending.send(mail(("b.xlsx", sending.report(SECOND, 0)), sender=OTHER))
    exchange(queke)
    found = {str(one["To"]): one for one in letters(sink)}
    assert found[OTHER]["Subject"].startswith("已收到")
    assert Mail.objects.count() == 2
    if CLERK in found:
        assert "已收到·" not in found[CLERK]["Subject"]
        assert any(said in words(found[CLERK]) for said in ("没有收下", "附件", "打不开", "不是"))
    assert states()["accepted"] == 1


def test_a_password_that_was_revoked_is_told_and_changes_nothing(sending: Place, queke: Queke) -> None:
    sending.send(mail(("a.xlsx", sending.report(FIRST, 0))))
    (sending.root / "mail.secret").write_text("revoked\n")
    code, said = queke("mail", "fetch")
    assert (code, "login" in said) == (2, True)
    (sending.root / "mail.secret").write_text("shouquanma-1\n")
    assert queke("mail", "fetch")[0] == 0
    assert states() == Counter(accepted=1)


def test_mails_that_cannot_be_moved_are_marked_and_no_other_waits(dovecot: Dovecot, account: MailAccount) -> None:
    for n in range(2):
        dovecot.put(account.user, mail(subject=str(n)))
    no_folder = MailAccount(
        **{name: getattr(account, name) for name in account.__slots__} | {"done_folder": "no//such..folder"}
    )
    with MailFolder(no_folder) as folder:
        first, second = folder.listed()
        folder.put_away([first.uid])
        assert folder.fetch(second.uid) is not None
    assert [SETTLED in flags for flags in dovecot.flags(account.user)] == [True, False]
