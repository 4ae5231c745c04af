"""A mail is opened as its sender meant it, and a hostile one within bounds."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from pipeline.mail.opened import opened
from tests.system.mail.shapes import BOOK, NAME, SHAPES, Shape, b, head, mixed, packed, part, text_part


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.called)
def test_names_files_and_words_are_those_a_person_means(shape: Shape) -> None:
    found = opened(shape.raw)
    assert tuple(one.name for one in found.parts) == shape.names
    assert tuple(issue.code for issue in found.issues) == shape.issues
    assert (found.subject, next(iter(found.lines), "")) == (shape.subject, shape.line)
    assert found.senders == ("clerk@school.example",)
    assert all(one.content.startswith((b"PK\x03\x04", b"\xff\xd8")) for one in found.parts)


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("尊敬的王老师：\n\n同意\n张校长", ("同意", "张校长")),
        ("各位领导好！\n今日零报告", ("今日零报告",)),
        ("同意\n\n\n---- 回复的原邮件 ----\n| 发件人 | queke |", ("同意",)),
        (
            "同意。\n发自我的iPhone\n\n在 2026年11月20日，10:04，queke <queke@office.example> 写道：\n不同意",
            ("同意。", "发自我的iPhone"),
        ),
        ('零报告\nAt 2026-11-20 14:00:00, "queke" <queke@office.example> wrote:\n3人缺课', ("零报告",)),
        ("张校长不同意", ("张校长不同意",)),
        ("好", ("好",)),
    ],
)
def test_what_a_person_wrote_is_found_among_greetings_and_what_he_answers(body: str, lines: tuple[str, ...]) -> None:
    assert opened(mixed(text_part(body.encode()))).lines == lines


def test_there_are_sixty_shapes_at_least() -> None:
    assert len({shape.called for shape in SHAPES}) == len(SHAPES) >= 60


def test_a_zip_of_windows_has_its_names_in_gbk() -> None:
    found = opened(
        mixed(text_part(), part(b"Content-Type: application/zip\r\n", packed(("三年级.xlsx", BOOK), gbk=True)))
    )
    assert [one.name.strip("_") for one in found.parts] == ["三年级.xlsx"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"Auto-Submitted: auto-replied", "auto-submitted"),
        (b"Auto-Submitted: no", ""),
        (b"Auto-Submitted: auto-generated; owner-email=x@y", "auto-submitted"),
        (b"Precedence: bulk", "bulk"),
        (b"Precedence: LIST", "bulk"),
        (b"Precedence: first-class", ""),
        (b"List-Unsubscribe: <mailto:x@y>", "list"),
        (b"Return-Path: <>", "no-sender"),
        (b"Return-Path: <clerk@school.example>", ""),
        (b"X-Autoreply: yes", "robot"),
        (b"X-Queke-Letter: 12", "ours"),
        (b"X-Auto-Response-Suppress: All", ""),
    ],
)
def test_what_no_person_sent_is_known(line: bytes, why: str) -> None:
    assert opened(mixed(text_part(), top=head(extra=line + b"\r\n"))).automatic == why


@pytest.mark.parametrize("who", ["MAILER-DAEMON@x.cn", "postmaster@x.cn", "noreply@x.cn", "no-reply@x.cn"])
def test_a_daemon_is_no_person(who: str) -> None:
    raw = mixed(text_part()).replace(b"clerk@school.example", who.encode())
    assert opened(raw).automatic == "daemon"


@pytest.mark.parametrize("subject", ["自动回复: 我在休假", "Automatic reply: x", "Out of Office: x"])
def test_an_absence_note_is_no_answer(subject: str) -> None:
    assert opened(mixed(text_part(), top=head(b(subject).encode()))).automatic == "away"


def test_two_senders_are_two() -> None:
    raw = mixed(text_part(), top=head(extra=b"From: other@school.example\r\n"))
    assert opened(raw).senders == ("clerk@school.example", "other@school.example")
    assert opened(mixed(text_part()).replace(b"From:", b"X-From:")).senders == ()


def test_a_thread_is_known_and_nothing_else_of_it_is_kept() -> None:
    extra = b"References: <a@x>\r\n <b@y> rubbish\r\nIn-Reply-To: <c@z\r\n Bcc: evil@x>\r\n"
    found = opened(mixed(text_part(), top=head(extra=extra)))
    assert (found.message_id, found.references) == ("<1@school.example>", ("<a@x>", "<b@y>"))


def test_a_server_s_word_on_a_letter_of_ours_is_read() -> None:
    report = (
        b'From: MAILER-DAEMON@mx.example\r\nContent-Type: multipart/report; boundary="=_b"\r\n\r\n'
        b"--=_b\r\nContent-Type: text/plain\r\n\r\nno\r\n--=_b\r\nContent-Type: message/delivery-status\r\n\r\n"
        b"Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; Clerk@school.example\r\n"
        b"Action: failed\r\nStatus: 5.1.1\r\n\r\n"
        b"--=_b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <7.q@office.example>\r\n\r\n--=_b--\r\n"
    )
    bounce = opened(report).bounce
    assert bounce is not None
    assert (bounce.readers, bounce.status, bounce.final) == (("clerk@school.example",), "5.1.1", True)
    assert "<7.q@office.example>" in bounce.message_ids
    delayed = opened(report.replace(b"Action: failed", b"Action: delayed").replace(b"5.1.1", b"4.4.1")).bounce
    assert delayed is not None
    assert not delayed.final
    prose = mixed(text_part("退信：<7.q@office.example> 用户不存在".encode())).replace(
        b"<clerk@school", b"<postmaster@school"
    )
    bounce = opened(prose).bounce
    assert bounce is not None
    assert "<7.q@office.example>" in bounce.message_ids
    assert opened(mixed(text_part(b"<7.q@office.example>"))).bounce is None


def nested(depth: int) -> bytes:
    heads = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(depth))
    return head() + heads + part(f'Content-Type: application/x; name="{b(NAME)}"\r\n'.encode())


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (nested(40), "mail-too-nested"),
        (mixed(*[text_part(b"x")] * 20_000), "mail-too-nested"),
        (mixed(*[part(b"Content-Type: application/x; name=a.xlsx\r\n")] * 150), "mail-too-many"),
        (head(extra=b"X-A: " + b"a" * 200_000 + b"\r\n"), "mail-broken"),
        (head(b" ".join([b("甲").encode()] * 20_000)), "mail-broken"),
        (
            mixed(
                text_part(),
                part(b"Content-Type: application/zip\r\n", packed(*[(f"{n}.xlsx", b"x") for n in range(60)])),
            ),
            "mail-zip-too-much",
        ),
        (
            mixed(text_part(), part(b"Content-Type: application/zip\r\n", packed(("a.xlsx", bytes(150 * 2**20))))),
            "mail-zip-too-much",
        ),
    ],
    ids=["nested", "parts", "files", "header", "words", "files in a zip", "bomb"],
)
def test_what_is_too_much_is_said_and_bounded(raw: bytes, code: str) -> None:
    began = time.process_time()
    tracemalloc.start()
    try:
        found = opened(raw)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert code in {issue.code for issue in found.issues}
    assert time.process_time() - began < 20
    assert peak < 12 * len(raw) + 200_000_000


def test_only_the_head_of_a_large_mail_tells_who_sent_it() -> None:
    found = opened(mixed(text_part())[:300], whole=False)
    assert (found.senders, [issue.code for issue in found.issues]) == (("clerk@school.example",), ["mail-too-large"])


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 5000,
        b"From",
        b"\xff\xfe\r\n\r\n",
        b"Content-Type: multipart/mixed\r\n\r\nx",
        bytes(range(256)) * 40,
    ],
)
def test_what_is_no_mail_is_nothing(raw: bytes) -> None:
    assert opened(raw).parts == ()
