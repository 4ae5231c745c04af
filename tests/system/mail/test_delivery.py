"""What goes out by mail, to whom and when: reports to approve, reminders, lists, templates, accounts; our brakes."""

from __future__ import annotations

import json
from datetime import datetime
from email.message import EmailMessage

import pytest

from pipeline import config
from pipeline.database.models import Decision, Edition, Letter, Mail, Posting, Submission
from pipeline.database.transactions import atomic
from pipeline.letters.queue import Queued
from pipeline.model import LetterKind, Site
from pipeline.post import papers
from pipeline.run import mail_out
from pipeline.service import timetable
from pipeline.xlsx.locked import is_locked, lock
from tests.mail_servers import Sink
from tests.sites import COUNTY, DAY, NOW, at, pupil
from tests.system.mail.schools import (
    CLERK,
    FIRST,
    OTHER,
    SECOND,
    Place,
    Queke,
    files,
    letters,
    mail,
    proved,
    setting,
    untokened,
    words,
)

HEAD, OFFICE = "head@school1.example", "jyj@county.example"


def site(place: Place) -> Site:
    return config.load(place.root)


def reply(sender: str, to: EmailMessage, said: str, extra: bytes = b"", number: int = 9) -> bytes:
    heads = proved(sender) + f"In-Reply-To: {to['Message-ID']}\r\n".encode() + extra
    body = f"{said}\r\n\r\n------------------ 原始邮件 ------------------\r\n同意的，直接回复这封邮件".encode()
    raw = mail(sender=sender, extra=heads, subject="回复：请审核").replace("您好".encode(), body)
    return raw.replace(b"<1@", f"<{number}@".encode())


def exchange(place: Place, queke: Queke, sink: Sink, *raws: bytes) -> list[EmailMessage]:
    """The letters that go out for these mails."""
    before = len(sink.taken)
    for raw in raws:
        place.send(raw)
    queke("mail", "fetch")
    Posting.objects.filter(state="queued").update(due_at=at(8))  # each command's clock begins anew
    queke("mail", "send")
    return letters(sink)[before:]


@pytest.fixture
def led(sending: Place, queke: Queke) -> Place:
    """The first school has a 分管领导 with a mailbox."""
    queke("mailboxes", "bind", HEAD, "--unit", FIRST, "--role", "leader")
    return sending


def test_a_leader_approves_a_day_by_one_word_from_his_own_mailbox(led: Place, queke: Queke, sink: Sink) -> None:
    found = {str(one["To"]): one for one in exchange(led, queke, sink, mail(("a.xlsx", led.report(FIRST, 0))))}
    assert set(found) == {CLERK, HEAD}
    asked = found[HEAD]
    assert asked["Subject"].startswith("请审核2026年11月20日")
    assert "示例甲" not in words(asked), "no pupil, and not the clerk either where nobody is registered"
    (told,) = exchange(led, queke, sink, reply(HEAD, asked, "同意。"))
    assert (str(told["To"]), "已审核" in told["Subject"]) == (HEAD, True)
    row = Decision.objects.get()
    assert (row.what, row.target, row.day, HEAD in row.who) == ("day-review", FIRST, DAY, True)
    assert Mail.objects.get(why="mail-reviewed").state == "taken"
    assert json.loads(queke("status", "--json")[1])["reviewed"] == [1, 1]
    queke("digest", "--day", DAY, "--final")
    assert "已审核（邮件）" in str(page_of(FIRST)["reviewed"])
    more = mail(("b.xlsx", led.report(FIRST, 0, 1, mode="整份更正")), subject="更正").replace(b"<1@", b"<2@")
    again = {str(one["To"]): one for one in exchange(led, queke, sink, more)}
    assert set(again) == {CLERK, HEAD}, "he is asked again"
    assert json.loads(queke("status", "--json")[1])["reviewed"] == [1, 0]
    receipt = max((led.root / "outbox").rglob("回执*.txt"), key=lambda one: one.stat().st_mtime_ns)
    assert "之后又有更正" in receipt.read_text("utf-8-sig")
    (told,) = exchange(led, queke, sink, reply(HEAD, asked, "同意", number=10))
    assert "没有记为审核" in told["Subject"], "what he saw is not what stands"
    assert Decision.objects.count() == 1


def test_what_was_approved_by_mistake_is_taken_back_by_mail_or_command(led: Place, queke: Queke, sink: Sink) -> None:
    found = {str(one["To"]): one for one in exchange(led, queke, sink, mail(("a.xlsx", led.report(FIRST, 0))))}

    def reviewed() -> list[int]:
        return json.loads(queke("status", "--json")[1])["reviewed"]

    for n, (said, subject, stands) in enumerate(
        [("同意", "已审核", 1), ("撤回，点错了", "已撤回审核", 0), ("撤回", "没有记为审核", 0), ("同意", "已审核", 1)]
    ):
        (told,) = exchange(led, queke, sink, reply(HEAD, found[HEAD], said, number=20 + n))
        assert subject in told["Subject"]
        assert reviewed() == [1, stands]
    assert queke("unreview", "--unit", FIRST, "--day", "2026-11-20", "--why", "打错了")[0] == 0
    assert reviewed() == [1, 0]
    assert queke("unreview", "--unit", FIRST, "--day", "2026-11-20")[0] == 2, "nothing is left to take back"
    kinds = Decision.objects.order_by("seq").values_list("what", flat=True)
    assert list(kinds) == ["day-review", "day-unreview", "day-review", "day-unreview"]


def page_of(school: str) -> dict[str, object]:
    """What the page of the day says."""
    return dict(Edition.objects.filter(kind="page", place=school).latest("n").figures)


@pytest.mark.parametrize(
    ("sender", "said", "extra", "answered", "why"),
    [
        (HEAD, "不同意，三班少报一人", b"", "没有记为审核", "mail-review-no"),
        (HEAD, "收到，谢谢", b"", "没有记为审核", "mail-review-unclear"),
        (HEAD, "", b"", "没有记为审核", "mail-review-unclear"),
        (CLERK, "同意", b"", "", "no-files"),
        (OTHER, "同意", b"", "", "no-files"),
        (HEAD, "同意", b"Auto-Submitted: auto-replied\r\n", "", "no-files"),
    ],
)
def test_no_other_word_and_nobody_else_approves(
    led: Place, queke: Queke, sink: Sink, sender: str, said: str, extra: bytes, answered: str, why: str
) -> None:
    first = exchange(led, queke, sink, mail(("a.xlsx", led.report(FIRST, 0))))
    asked = next(one for one in first if one["To"] == HEAD)
    found = exchange(led, queke, sink, reply(sender, asked, said, extra))
    assert [answered in str(one["Subject"]) for one in found] == [True] * bool(answered)
    assert Mail.objects.latest("id").why in {why, "automatic"}
    assert not Decision.objects.exists()


def test_an_approval_that_nothing_proves_is_none(led: Place, queke: Queke, sink: Sink) -> None:
    first = exchange(led, queke, sink, mail(("a.xlsx", led.report(FIRST, 0))))
    raw = reply(HEAD, next(one for one in first if one["To"] == HEAD), "同意").replace(proved(HEAD), b"")
    assert exchange(led, queke, sink, raw) == []
    assert not Decision.objects.exists()


def test_who_is_missing_is_reminded_then_his_leader_and_the_county_has_its_list(
    led: Place, queke: Queke, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    queke("mailboxes", "bind", OFFICE, "--unit", f"{COUNTY}JY", "--role", "reader")
    queke("mailboxes", "wish", OTHER, "都不要", "--unit", SECOND)

    def sent_at(moment: datetime) -> dict[str, EmailMessage]:
        monkeypatch.setenv("QUEKE_NOW", moment.isoformat())
        before = len(sink.taken)
        timetable.tick(site(led), moment)
        queke("mail", "send")
        return {str(one["To"]): one for one in letters(sink)[before:]}

    assert sent_at(at(13, 59)) == {}
    first = sent_at(at(14, 0))
    assert set(first) == {CLERK}, "who wants nothing gets nothing"
    assert "还没有收到" in words(first[CLERK])
    assert "零报告" in words(first[CLERK])
    assert sent_at(at(14, 1)) == {}
    second = sent_at(at(14, 46))
    assert set(second) == {HEAD, OFFICE}
    listed = words(second[OFFICE])
    assert all(name in listed for name in ("示例第一小学", "示例第二小学", "未报 2 所学校"))
    assert sent_at(at(15, 5)) == {}
    told = {str(one["To"]): one for one in exchange(led, queke, sink, reply(CLERK, first[CLERK], "零报告"))}
    assert "已收到" in told[CLERK]["Subject"], "one line answers the reminder"
    assert Submission.objects.get().state == "accepted"


def test_a_school_that_reports_meanwhile_is_not_reminded(
    sending: Place, queke: Queke, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    queke("mailboxes", "wish", CLERK, "催报13:30", "--unit", FIRST)
    timetable.tick(site(sending), at(13, 30))
    sending.send(mail(("a.xlsx", sending.report(FIRST, 0))))
    queke("mail", "fetch")
    queke("mail", "send")
    assert set(Posting.objects.values_list("kind", "state")) == {("remind", "void"), ("answer", "sent")}


def test_the_morning_s_template_goes_to_who_wants_it(
    sending: Place, queke: Queke, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    queke("mailboxes", "wish", CLERK, "模板06:45", "--unit", FIRST)
    setting(sending, "without_passphrase", '"send"')
    for moment in (at(6, 0), at(6, 44), at(6, 45)):
        assert sink.taken == []
        monkeypatch.setenv("QUEKE_NOW", moment.isoformat())
        timetable.tick(site(sending), moment)
        queke("mail", "send")
    (letter,) = letters(sink)
    assert letter["To"] == CLERK
    ((name, content),) = files(letter)
    assert (name, content[:2]) == ("缺课日报模板 2026-11-20.xlsx", b"PK")
    monkeypatch.setenv("QUEKE_NOW", NOW.isoformat())
    sending.send(mail((name, untokened(content))))
    queke("mail", "fetch")
    assert Submission.objects.get().state == "rejected", "nobody filled it in"


def test_a_decision_on_accounts_goes_by_mail_without_a_password(sending: Place, queke: Queke, sink: Sink) -> None:
    place = sending.root / "outbox" / "开户通知 备案 000007.txt"
    place.write_text("备案 000007 已开户：用户名 SL_01\n初始密码由县疾控中心当面交付。\n", "utf-8-sig")
    Letter.objects.create(
        kind="account", ref="7.9", reader=FIRST, state="done", queued_at=NOW, path=place.relative_to(sending.root)
    )
    with atomic():
        papers.queue([Queued(0, LetterKind.ACCOUNT, "7.9", FIRST, None, NOW)], NOW)
    queke("mail", "send")
    (letter,) = letters(sink)
    assert (letter["To"], letter["Subject"]) == (CLERK, "开户通知 备案 000007：示例第一小学")
    assert "用户名 SL_01" in words(letter)


def test_brakes_that_hold_are_told(sending: Place, queke: Queke, sink: Sink) -> None:
    for n in range(7):
        sending.send(mail(subject=f"空{n}"))
    sending.send(mail(sender=OTHER))
    setting(sending, "letters_an_hour", "3")
    queke("mail", "fetch")
    queke("mail", "send")
    assert len(sink.taken) == 3
    Posting.objects.filter(state="queued").update(due_at=at(8))  # each command's clock begins anew
    Posting.objects.filter(state="sent").update(done_at=at(13, 50))
    found = json.loads(queke("mail", "status", "--json")[1])["braked"]
    assert found == {"unanswered": 2, "senders": 1, "waiting": 3, "believed": 0}
    said = queke("mail", "status")[1]
    assert ("2" in said, "3" in said) == (True, True)
    waiting = {one["what"]: one["count"] for one in json.loads(queke("status", "--json")[1])["waiting"]}
    assert sorted(count for what, count in waiting.items() if "mails" in what or "邮件" in what or "信" in what) == [
        2,
        3,
    ]


def test_what_is_in_hand_counts_for_the_brake(sending: Place, queke: Queke) -> None:
    setting(sending, "letters_an_hour", "3")
    for n, sender in enumerate((CLERK, OTHER, CLERK, OTHER, CLERK)):
        sending.send(mail(sender=sender, subject=str(n)))
    queke("mail", "fetch")
    place, account = site(sending), site(sending).mail.sending
    assert account is not None
    mail_out.queue_answers(place, NOW)
    first = mail_out.ready(place, account, NOW, 2, first_page=lambda _: None)
    assert len(first) == 2
    assert (
        len(mail_out.ready(place, account, NOW, 40, first_page=lambda _: None, besides={one.id for one in first})) == 1
    )


def test_a_locked_workbook_in_a_folder_opens_with_the_unit_s_own_passphrases(sending: Place, queke: Queke) -> None:
    def renewed() -> str:
        return queke("mailboxes", "passphrase", "--unit", FIRST, "--who", "张")[1].partition(": ")[2].split()[0]

    def dropped(name: str, content: bytes) -> str:
        path = sending.root / "inbox" / f"{FIRST} 示例第一小学" / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.write_bytes(content)
        queke("ingest")
        return Submission.objects.latest("received_seq").state

    older, last, now = renewed(), renewed(), renewed()
    plain = [sending.desk.absence(FIRST, [pupil(n)], mode=mode) for n, mode in enumerate(("首报", "整份更正", "补充"))]
    assert is_locked(lock(plain[0], now))
    assert dropped("a.xlsx", lock(plain[0], now)) == "accepted"
    assert dropped("b.xlsx", lock(plain[1], last)) == "accepted"
    assert dropped("c.xlsx", lock(plain[2], older)) == "quarantined"
    kept = Submission.objects.earliest("received_seq")
    assert (sending.root / kept.path).read_bytes() == plain[0], "kept as any other"
