"""A letter reads back as it was meant, by the standard library and by our own reading; nothing in it makes a header."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.mail.compose import compose, message_id
from pipeline.mail.opened import opened
from pipeline.model import MailAccount, MailLetter, MailPart
from tests.sites import NOW

ACCOUNT = MailAccount("main", "queke@office.example", "u", Path("no-secret"))
NUMBER = message_id("answer 7", ACCOUNT)
READER = "clerk@school.example"


def letter(**more: object) -> MailLetter:
    return MailLetter(**{"to": READER, "subject": "已收到·按时·无需再发", "text": "您好\n收下 2 行", **more})


def read(made: MailLetter) -> email.message.EmailMessage:
    found = email.message_from_bytes(compose(made, ACCOUNT, number=NUMBER, at=NOW), policy=email.policy.default)
    assert isinstance(found, email.message.EmailMessage)
    return found


def test_the_same_letter_is_the_same_bytes_and_every_line_is_short_ascii() -> None:
    made = letter(html="<p>您好</p>", attachments=(MailPart("退回修正表.xlsx", bytes(5000)),))
    content = compose(made, ACCOUNT, number=NUMBER, at=NOW)
    assert content == compose(made, ACCOUNT, number=NUMBER, at=NOW)
    assert content.isascii()
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(len(line) for line in content.split(b"\r\n")) < 200


def test_all_of_it_reads_back() -> None:
    made = letter(
        html="<p>您好</p><img src='cid:one'>",
        attachments=(MailPart("退回修正表 缺课日报 12.xlsx", b"PK\x03\x04"), MailPart("简报.pdf", b"%PDF-1.7")),
        pictures=(MailPart("one", b"\x89PNG\r\n"),),
        in_reply_to="<1@school.example>",
        references=("<0@school.example>",),
        answer=True,
    )
    found = read(made)
    assert (found["Subject"], found["To"]) == (made.subject, READER)
    assert str(found["From"].addresses[0].addr_spec) == ACCOUNT.address
    assert (found["In-Reply-To"], found["References"]) == (
        "<1@school.example>",
        "<0@school.example> <1@school.example>",
    )
    assert (found["Auto-Submitted"], found["Message-ID"]) == ("auto-replied", NUMBER)
    plain, page = found.get_body(("plain",)), found.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert plain.get_content().splitlines() == made.text.splitlines()
    assert page.get_content().strip() == made.html
    assert [part.get_filename() for part in found.iter_attachments()] == [one.name for one in made.attachments]
    ours = opened(compose(made, ACCOUNT, number=NUMBER, at=NOW))
    assert [(one.name, one.content) for one in ours.parts] == [(one.name, one.content) for one in made.attachments]
    assert (ours.automatic, ours.subject) == ("ours", made.subject)


def test_a_thread_of_many_is_folded_and_never_encoded() -> None:
    ids = tuple(f"<{n:030}@school.example>" for n in range(20))
    content = compose(letter(in_reply_to=ids[-1], references=ids), ACCOUNT, number=NUMBER, at=NOW)
    assert b"=?" not in content.partition(b"References:")[2].partition(b"Auto-Submitted")[0]
    assert read(letter(in_reply_to=ids[-1], references=ids))["References"].split() == list(ids)


@pytest.mark.parametrize("text", ["甲\r\nBcc: x@y", "甲\nX-A: 1\n\nbody", "a\x00b", "\u2028甲", '"甲"; x=1'])
def test_nothing_in_a_subject_or_a_name_makes_a_header(text: str) -> None:
    found = read(letter(subject=text, attachments=(MailPart(f"{text}.xlsx", b"PK\x03\x04"),)))
    assert set(found.keys()) == set(read(letter(attachments=(MailPart("a.xlsx", b"PK\x03\x04"),))).keys())
    assert "甲" not in text or "甲" in found["Subject"]
    assert len(list(found.iter_attachments())) == 1


@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Zl", "Zp", "Zs", "Cn", "Co")),
        min_size=1,
        max_size=90,
    )
)
def test_any_name_reads_back(name: str) -> None:
    made = letter(
        subject=name, attachments=(MailPart(f"{name}.xlsx".replace("/", "_").replace("\\", "_"), b"PK\x03\x04"),)
    )
    ours = opened(compose(made, ACCOUNT, number=NUMBER, at=datetime(2026, 11, 20, tzinfo=UTC)))
    assert ours.subject == name
    assert [one.name for one in ours.parts] == [one.name.strip("\"' ") or one.name for one in made.attachments]
