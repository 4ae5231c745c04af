"""Mails out, on real servers: each answer in its thread, once; papers to their readers; no pupil in words."""

from __future__ import annotations

import io
import json
import shutil
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from pipeline import config, run
from pipeline.database.models import Mail, Posting
from pipeline.mail.replies import LetterFate
from pipeline.mail.smtp import MailSender, Reply
from pipeline.post import attempts
from pipeline.reports.first_page import MOST_BYTES, FirstPages
from pipeline.run import mail_out
from pipeline.xlsx.locked import is_locked, lock, unlock
from tests import whole_store
from tests.faults import Crash
from tests.mail_servers import Sink
from tests.sites import COUNTY, NOW, pupil
from tests.system.mail.schools import (
    CLERK,
    FIRST,
    OTHER,
    SECOND,
    STRANGER,
    Place,
    Queke,
    files,
    letters,
    mail,
    mended,
    proved,
    setting,
    words,
)
from tests.system.mail.shapes import mixed, text_part

PUPIL = "示例甲"
UNCLEAR = Reply(LetterFate.UNCLEAR)


def posted() -> Counter[tuple[str, str]]:
    return Counter(Posting.objects.values_list("kind", "state"))


def test_from_mail_to_receipt_to_mended_workbook_to_accepted(
    sending: Place, queke: Queke, sink: Sink, tmp_path: Path
) -> None:
    setting(sending, "without_passphrase", '"send"')
    bad = sending.desk.absence(FIRST, [pupil(0), pupil(1, class_name=None)])
    sending.send(mail(("缺课日报.xlsx", bad)))
    assert queke("mail", "fetch")[0] == 1
    assert queke("mail", "send")[0] == 0
    (first,) = letters(sink)
    assert (str(first["To"]), str(first["In-Reply-To"])) == (CLERK, "<1@school.example>")
    assert first["Subject"].startswith("已收到")
    assert "退回 1 行" in first["Subject"]
    assert "示例" not in words(first).replace("示例第一小学", ""), "no pupil in words that anybody may read"
    ((name, back),) = files(first)
    assert name.startswith("退回修正表")
    again = mail((name, mended(back, tmp_path)), subject="改好了").replace(b"<1@", b"<2@")
    sending.send(again)
    code, said = queke("mail", "fetch")
    assert code == 0, said
    queke("mail", "send")
    second = letters(sink)[1]
    assert "退回" not in second["Subject"]
    assert str(second["In-Reply-To"]) == "<2@school.example>"
    assert posted() == Counter({("answer", "sent"): 2})
    queke("mail", "send")
    assert len(sink.taken) == 2, "nothing is sent twice"


def test_a_file_with_names_stays_at_home_unless_the_policy_lets_it_go(sending: Place, queke: Queke, sink: Sink) -> None:
    sending.send(mail(("a.xlsx", sending.desk.absence(FIRST, [pupil(0), pupil(1, class_name=None)]))))
    queke("mail", "fetch")
    queke("mail", "send")
    (letter,) = letters(sink)
    assert list(files(letter)) == []
    assert "没有随邮件发出" in words(letter)


def test_with_a_passphrase_a_workbook_goes_out_locked_and_may_come_back_so(
    sending: Place, queke: Queke, sink: Sink, tmp_path: Path
) -> None:
    said = queke("mailboxes", "passphrase", "--unit", FIRST, "--who", "张")[1]
    passphrase = said.partition(": ")[2].split()[0]
    assert len(passphrase) == 10
    for path in (path for path in sending.root.rglob("*") if path.is_file()):
        assert passphrase.encode() not in path.read_bytes(), "it lies nowhere in clear"
    sending.send(mail(("a.xlsx", sending.desk.absence(FIRST, [pupil(0), pupil(1, class_name=None)]))))
    queke("mail", "fetch")
    queke("mail", "send")
    ((name, back),) = files(letters(sink)[0])
    assert is_locked(back)
    assert "示例" not in back.decode("latin-1")
    opened = unlock(back, ["wrong", passphrase])
    assert opened is not None
    queke("mailboxes", "passphrase", "--unit", FIRST, "--who", "张")
    sending.send(mail((name, lock(mended(opened, tmp_path), passphrase)), subject="改好了"))
    code, said = queke("mail", "fetch")
    assert code == 0, said
    sending.send(mail((name, lock(opened, "another's")), subject="打不开"))
    assert "file-encrypted" in queke("mail", "fetch")[1]


def test_one_answer_a_mail_whatever_it_brought(sending: Place, queke: Queke, sink: Sink) -> None:
    queke("mailboxes", "bind", "desk@county.example", "--unit", COUNTY)
    two = [(f"{code}.xlsx", sending.report(code, n)) for n, code in enumerate((FIRST, SECOND))]
    sending.send(mail(*two, sender="desk@county.example"))
    sending.send(mail(sender=OTHER))
    queke("mail", "fetch")
    queke("mail", "send")
    subjects = {str(one["To"]): str(one["Subject"]) for one in letters(sink)}
    assert subjects == {"desk@county.example": "收到 2 份，都不用再发", OTHER: "没有收下 · 邮件里没有附件"}


@pytest.mark.parametrize(
    "raw",
    [
        mail(sender=STRANGER),
        mail(extra=b"Auto-Submitted: auto-replied\r\n" + proved(CLERK)),
        mail(extra=b"Precedence: list\r\n" + proved(CLERK)),
        mail(extra=b"X-Queke-Letter: 1\r\n" + proved(CLERK)),
        mail(extra=b""),
    ],
    ids=["stranger", "robot", "list", "ours", "unproved"],
)
def test_no_robot_and_no_stranger_is_answered(sending: Place, queke: Queke, sink: Sink, raw: bytes) -> None:
    sending.send(raw)
    queke("mail", "fetch")
    queke("mail", "send")
    assert sink.taken == []


def test_thanks_for_an_answer_are_not_answered(sending: Place, queke: Queke, sink: Sink) -> None:
    sending.send(mail(("a.xlsx", sending.report(FIRST, 0))))
    queke("mail", "fetch")
    queke("mail", "send")
    number = str(letters(sink)[0]["Message-ID"])
    sending.send(mail(extra=f"In-Reply-To: {number}\r\n".encode() + proved(CLERK)))
    queke("mail", "fetch")
    queke("mail", "send")
    assert len(sink.taken) == 1


def test_a_storm_is_braked_at_so_many_answers_a_day(sending: Place, queke: Queke, sink: Sink) -> None:
    for n in range(8):
        sending.send(mail(subject=str(n)))
    queke("mail", "fetch")
    queke("mail", "send")
    assert len(sink.taken) == 5
    assert Mail.objects.filter(answered_at__isnull=True).count() == 0


def test_no_more_goes_out_in_an_hour_than_the_brake_lets_out(sending: Place, queke: Queke, sink: Sink) -> None:
    setting(sending, "letters_an_hour", "2")
    for n, sender in enumerate((CLERK, OTHER, CLERK)):
        sending.send(mail(sender=sender, subject=str(n)))
    queke("mail", "fetch")
    queke("mail", "send")
    assert len(sink.taken) == 2
    assert posted()["answer", "queued"] == 1


def test_papers_go_to_their_readers_in_one_mail_each(sending: Place, queke: Queke, sink: Sink) -> None:
    bureaus = (
        ("jyj@county.example", COUNTY), ("jyj@city.example", "320100"), ("both@office.example", COUNTY),
        ("both@office.example", "320100"),
    )  # fmt: skip
    for address, unit in bureaus:
        queke("mailboxes", "bind", address, "--unit", unit, "--role", "reader")
    sending.send(mail(("a.xlsx", sending.report(FIRST, 0, 1))))
    queke("mail", "fetch")
    code, said = queke("digest", "--day", "2026-11-20")
    assert code == 0, said
    queke("mail", "send")
    assert Counter(str(one["To"]) for one in letters(sink)) == {
        **dict.fromkeys((CLERK, "jyj@county.example", "jyj@city.example"), 1),
        "both@office.example": 2,  # who reads for two gets the papers of both
    }
    assert len({str(one["Message-ID"]) for one in letters(sink)}) == 5
    found = {str(one["To"]): one for one in letters(sink)}
    county = dict(files(found["jyj@county.example"]))
    assert any(name.startswith("学生缺课监测每日简报") for name in county)
    assert any(name.startswith("未报名单") and name.endswith(".xlsx") for name in county)
    assert all(content for content in county.values())
    assert PUPIL not in words(found["jyj@county.example"])
    (picture,) = [one for one in found["jyj@county.example"].walk() if one.get_content_type() == "image/png"]
    content = picture.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert len(content) <= MOST_BYTES
    with Image.open(io.BytesIO(content)) as page:
        assert page.width >= 1000, "small signs can be read when it is drawn out on a telephone"
        assert page.height > page.width
    assert f'src="cid:{str(picture["Content-ID"]).strip("<>")}"' in words(found["jyj@county.example"])
    queke("mail", "send")
    assert len(sink.taken) == 5


def test_a_paper_that_cannot_be_drawn_goes_out_without_its_picture() -> None:
    with FirstPages() as pages:
        assert pages.draw(b"no PDF") is None
        assert pages.draw(b"%PDF-1.7\n" + bytes(1000)) is None


def test_each_answer_of_a_server_has_its_end(sending: Place, queke: Queke, sink: Sink) -> None:
    sending.send(mail())
    queke("mail", "fetch")
    sink.replies = lambda stage, _about: "451 MI:SFQ" if stage == "RCPT" else None
    queke("mail", "send")
    assert posted() == Counter({("answer", "queued"): 1})
    Posting.objects.update(due_at="2026-11-20T00:00:00Z")
    sink.replies = lambda stage, _about: "554 DT:SPM" if stage == "DATA" else None
    queke("mail", "send")
    assert posted() == Counter({("answer", "admin"): 1})
    sink.replies = lambda _stage, _about: None
    queke("mail", "send", "--again")
    assert posted() == Counter({("answer", "sent"): 1})
    bounce = mixed(
        text_part("退信".encode()),
        text_part(b"Final-Recipient: rfc822; x@y\r\nAction: failed\r\nStatus: 5.1.1\r\n", b"message/delivery-status"),
        text_part(f"Message-ID: {Posting.objects.get().message_id}\r\n".encode(), b"text/rfc822-headers"),
        top=b"From: MAILER-DAEMON@mx.example\r\n",
        kind=b"report",
    )
    sending.send(bounce)
    queke("mail", "fetch")
    assert posted() == Counter({("answer", "bounced"): 1})
    assert json.loads(queke("mail", "status", "--json")[1])["out"]["bounced"] == 1


def test_whoever_makes_the_store_again_knows_of_a_mail_before_a_server_does(
    sending: Place, queke: Queke, sink: Sink
) -> None:
    sending.send(mail())
    queke("mail", "fetch")
    acts, noted = next(sending.root.glob("archive/*/acts.jsonl")), list[int]()

    def note(stage: str, _about: str) -> None:
        if stage == "RCPT":
            noted.append(acts.read_text("utf-8").count('"mailing"'))

    sink.replies = note
    queke("mail", "send")
    assert noted == [1]


@pytest.mark.parametrize(
    ("owner", "name", "crashes", "arrived", "ends"),
    [
        (MailSender, "_offered", 3, 1, "sent"),
        (attempts, "begin", 3, 1, "sent"),
        (MailSender, "_last_word", 1, 2, "sent"),
        (MailSender, "_last_word", 2, 2, "admin"),
        (mail_out, "note", 1, 1, "sent"),
    ],
    ids=["before-it", "before-its-text", "after-the-last-dot", "there-again-and-again", "after-the-answer"],
)
def test_a_process_that_dies_sends_a_mail_again_only_where_nobody_knows_and_never_thrice(
    sending: Place, queke: Queke, sink: Sink, monkeypatch: pytest.MonkeyPatch,
    owner: object, name: str, crashes: int, arrived: int, ends: str,
) -> None:  # fmt: skip
    really, left = getattr(owner, name), [crashes]

    def dies(*arguments: object, **named: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            return really(*arguments, **named)
        if name == "_last_word":
            really(*arguments, **named)
        raise Crash

    monkeypatch.setattr(owner, name, dies)
    for n in range(3):
        sending.send(mail(subject=str(n)))
    queke("mail", "fetch")
    for _ in range(crashes + 1):
        with suppress(Crash):
            queke("mail", "send")
    assert posted() == Counter(
        {("answer", "sent"): 3} if ends == "sent" else {("answer", ends): 1, ("answer", "sent"): 2}
    )
    assert sorted(Counter(one.raw for one in sink.taken).values()) == [1, 1, arrived]
    assert not list(sending.root.glob("post/*/*.sending"))


def test_a_mail_whose_end_stays_unclear_is_sent_twice_at_most(
    sending: Place, queke: Queke, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[bytes] = []
    monkeypatch.setattr(MailSender, "_given_over", lambda _self, _server, raw, _begun: (given.append(raw), UNCLEAR)[1])
    sending.send(mail())
    queke("mail", "fetch")
    for _ in range(4):
        queke("mail", "send")
        Posting.objects.update(due_at="2026-11-20T00:00:00Z")
    assert given == [given[0]] * 2
    assert posted() == Counter({("answer", "admin"): 1})


def test_after_a_restore_nothing_goes_out_that_may_have_gone_out(
    sending: Place, queke: Queke, sink: Sink, tmp_path: Path
) -> None:
    sending.send(mail(("a.xlsx", sending.report(FIRST, 0))))
    queke("mail", "fetch")
    run.queue_answers(config.load(sending.root), NOW)
    assert queke("backup", tmp_path / "backups")[0] == 0
    queke("mail", "send")
    code, said = queke("restore", tmp_path / "backups", sending.root, "--replace")
    assert (code, "1 mails were to go out" in said) == (0, True), said
    shutil.copy(next(sending.root.glob("before-restore-*/mail.secret")), sending.root)  # it is in no backup
    queke("mail", "send")
    assert len(sink.taken) == 1
    assert posted() == Counter({("answer", "admin"): 1})
    queke("mail", "send", "--again")
    assert [one.readers for one in sink.taken] == [[CLERK]] * 2
    numbers = {str(one["Message-ID"]) for one in letters(sink)}
    assert len(numbers) == 1, "a reader's program knows it again"


def test_letters_go_to_allowed_domains_only(sending: Place, queke: Queke, sink: Sink) -> None:
    setting(sending, "domains", '"school2.example"')
    sending.send(mail())
    sending.send(mail(sender=OTHER))
    queke("mail", "fetch")
    queke("mail", "send")
    assert [one.readers for one in sink.taken] == [[OTHER]]
    assert posted() == Counter({("answer", "void"): 1, ("answer", "sent"): 1})


# --------------------------------------------------------------------------- before anything is sent


def test_a_preview_shows_what_would_go_out_and_changes_nothing(
    sending: Place, queke: Queke, sink: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queke("mailboxes", "bind", "jyj@county.example", "--unit", COUNTY, "--role", "reader")
    setting(sending, "domains", '"school1.example county.example"')
    sending.send(mail(("a.xlsx", sending.desk.absence(FIRST, [pupil(0), pupil(1, class_name=None)]))))
    sending.send(mail(sender=OTHER))
    queke("mail", "fetch")
    queke("digest", "--day", "2026-11-20")
    before = whole_store.whole(), {path: path.read_bytes() for path in sending.root.glob("post/**/*")}
    code, said = queke("mail", "preview", "--json")
    assert code == 0, said
    found = {one["to"]: one for one in map(json.loads, said.splitlines())}
    assert {to: (one["kind"], one["not now"]) for to, one in found.items()} == {
        "jyj@county.example": ("papers", ""),
        CLERK: ("answer", ""),
        OTHER: ("answer", "domain"),
    }
    assert "退回 1 行" in found[CLERK]["subject"]
    assert "学生缺课监测每日简报" in found["jyj@county.example"]["files"]
    number = found["jyj@county.example"]["letter"]
    assert "每日简报" in queke("mail", "preview", number)[1]
    queke("mail", "preview", number, "-o", tmp_path / "seen")
    names = {path.suffix for path in (tmp_path / "seen").iterdir()}
    assert {".eml", ".txt", ".html", ".pdf", ".xlsx"} <= names
    assert queke("mail", "preview", "9999")[0] == 2
    monkeypatch.setenv("QUEKE_NOW", "2026-11-20T22:00:00+08:00")
    night = {one["to"]: one["not now"] for one in map(json.loads, queke("mail", "preview", "--json")[1].splitlines())}
    assert night == {"jyj@county.example": "night", CLERK: "", OTHER: "domain"}
    assert before == (whole_store.whole(), {path: path.read_bytes() for path in sending.root.glob("post/**/*")})
    assert sink.taken == []
    monkeypatch.setenv("QUEKE_NOW", NOW.isoformat())
    queke("mail", "send")
    assert (tmp_path / "seen" / f"{number}.eml").exists()
    assert len(sink.taken) == 2
