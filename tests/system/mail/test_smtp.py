"""Letters given to a real server: each reader's fate, many on one connection, a line that breaks anywhere."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.mail.replies import LetterFate, fate
from pipeline.mail.servers import MailServerError, Trouble
from pipeline.mail.smtp import LETTERS_A_CONNECTION, MailSender
from pipeline.model import MailAccount, Security
from tests.mail_servers import HOST, Cut, Sink, Wire

READER = "clerk@school.example"


def letter(n: int = 0) -> bytes:
    return f"Message-ID: <{n}@office.example>\r\nSubject: {n}\r\n\r\n.dots\r\n..\r\nend {n}\r\n".encode()


@pytest.fixture
def sender(account: MailAccount, sink: Sink, tmp_path: Path) -> MailAccount:
    """An account that sends through the sink, by TLS."""
    return replace(account, smtp_host=HOST, smtp_port=sink.port, ca_file=tmp_path / "tls" / "ca.pem")


def trouble(account: MailAccount) -> Trouble:
    with pytest.raises(MailServerError) as caught, MailSender(account, seconds=5):
        pass
    return caught.value.trouble


def test_a_letter_arrives_as_it_is(sink: Sink, sender: MailAccount) -> None:
    with MailSender(sender) as connection:
        assert connection.limit == 40_000_000
        assert connection.send(letter(), READER).fate is LetterFate.SENT
        assert connection.send(letter(1), READER, envelope="").fate is LetterFate.SENT
    assert [(one.sender, one.readers) for one in sink.taken] == [(sender.address, [READER]), ("<>", [READER])]
    assert sink.taken[0].raw == letter()


def test_a_connection_is_changed_after_some_letters(sink: Sink, sender: MailAccount) -> None:
    with MailSender(sender) as connection:
        for n in range(2 * LETTERS_A_CONNECTION + 1):
            assert connection.send(letter(n), READER).fate is LetterFate.SENT
    assert (len(sink.taken), sink.connections) == (2 * LETTERS_A_CONNECTION + 1, 3)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("550 5.1.1 User unknown", LetterFate.NEVER),
        ("451 4.3.0 later", LetterFate.WAIT),
        ("550 Sender frequency limited", LetterFate.WAIT),
        ("552 message size exceeds limit", LetterFate.NEVER),
        ("450 MI:DMC too many mails on one connection", LetterFate.SLOW),
        ("554 DT:SPM rejected", LetterFate.ADMIN),
    ],
)
def test_a_refusal_is_one_reader_s_and_the_next_letter_goes_out(
    sink: Sink, sender: MailAccount, stage: str, reply: str, expected: LetterFate
) -> None:
    sink.replies = lambda at, about: reply if at == stage and (at != "RCPT" or about == READER) else None
    with MailSender(sender) as connection:
        assert connection.send(letter(), READER).fate is expected
        sink.replies = lambda _stage, _about: None
        assert connection.send(letter(1), READER).fate is LetterFate.SENT
    assert len(sink.taken) == 1


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (250, "OK", LetterFate.SENT),
        (421, "HL:IFC 163 smtp", LetterFate.SLOW),
        (421, "HL:ICC", LetterFate.SLOW),
        (421, "closing", LetterFate.SLOW),
        (450, "MI:DMC", LetterFate.SLOW),
        (451, "MI:SFQ", LetterFate.WAIT),
        (451, "DT:SPM 163 smtp", LetterFate.WAIT),
        (452, "insufficient storage", LetterFate.WAIT),
        (501, "mail from address must be same as authorization user", LetterFate.ADMIN),
        (535, "Login Fail. Please enter your authorization code", LetterFate.ADMIN),
        (535, "login frequency limited", LetterFate.WAIT),
        (550, "Domain frequency limited", LetterFate.WAIT),
        (550, "Connection frequency limited", LetterFate.WAIT),
        (550, 'The "From" header is missing or invalid', LetterFate.NEVER),
        (550, "Mailbox not found", LetterFate.NEVER),
        (550, "user has been suspended", LetterFate.ADMIN),
        (552, "mailbox quota exceeded", LetterFate.WAIT),
        (552, "Message size exceeds maximum permitted", LetterFate.NEVER),
        (554, "HL:REP", LetterFate.ADMIN),
        (554, "no", LetterFate.NEVER),
    ],
)
def test_a_server_s_answer_is_read_by_its_words(code: int, text: str, expected: LetterFate) -> None:
    assert fate(code, text) is expected


def test_each_trouble_has_its_name(sink: Sink, sender: MailAccount) -> None:
    assert trouble(replace(sender, ca_file=None)) is Trouble.CERTIFICATE
    assert trouble(replace(sender, smtp_port=1)) is Trouble.UNREACHABLE
    assert trouble(replace(sender, smtp_host="nowhere.invalid")) is Trouble.UNREACHABLE
    sender.password_file.write_text("revoked", "utf-8")
    assert trouble(sender) is Trouble.LOGIN


@pytest.mark.parametrize("how", [Cut.BEFORE, Cut.AFTER])
def test_a_line_that_breaks_anywhere_sends_twice_only_where_nobody_can_tell(account: MailAccount, how: Cut) -> None:
    """Sent again as long as it did not succeed: once, or twice with one Message-ID after an unclear end."""
    for at in range(1, 30):
        with Sink() as sink, Wire(sink.port, how, at) as wire:
            plain = replace(account, smtp_host=HOST, smtp_port=wire.port, smtp_security=Security.NONE)
            fates: list[LetterFate] = []
            while LetterFate.SENT not in fates:
                try:
                    with MailSender(plain, seconds=3) as connection:
                        fates.append(connection.send(letter(), READER).fate)
                except MailServerError:
                    continue
            twice = len(sink.taken) == 2
            assert Counter(one.raw for one in sink.taken) == Counter({letter(): 1 + twice})
            assert not twice or fates == [LetterFate.UNCLEAR, LetterFate.SENT]
            if not wire.was_cut:
                return
    raise AssertionError("the conversation has an end")
