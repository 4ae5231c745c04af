"""Mails taken in on real servers: what a proved mailbox sends is its unit's, and every mail has one outcome, once."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from pipeline import config, run
from pipeline.database.models import Absence, Letter, Mail, Report, Submission
from pipeline.executors.mails import MailOpener
from pipeline.model import FetchedMail, MailKey, MailState, Security, Site
from pipeline.post import mails
from pipeline.schooldays import ZONE
from pipeline.service import mail_fetch
from pipeline.service.watch import Service
from tests.inprocess import InProcess
from tests.mail_servers import Cut, Wire
from tests.sites import COUNTY, NOW
from tests.system.mail.schools import (
    CLERK,
    FIRST,
    OTHER,
    SECOND,
    SENT,
    STRANGER,
    Place,
    Queke,
    mail,
    proved,
    serve,
    until,
    untokened,
)
from tests.system.mail.shapes import head, packed


def states() -> Counter[str]:
    return Counter(Submission.objects.values_list("state", flat=True))


def whys() -> Counter[tuple[str, str]]:
    return Counter(Mail.objects.values_list("state", "why"))


def test_a_mail_of_a_bound_and_proved_mailbox_is_its_school_s_report(place: Place, queke: Queke) -> None:
    place.send(mail(("缺课日报.xlsx", untokened(place.report(FIRST, 0, 1)))))
    code, said = queke("mail", "fetch")
    assert code == 0, said
    row = Submission.objects.get()
    assert (row.state, row.unit, row.bound_unit, row.channel) == ("accepted", FIRST, FIRST, "mail")
    assert row.first_seen == SENT, "on time by when the server got it"
    assert row.name == "缺课日报.xlsx"
    assert Report.objects.get().on_time
    assert place.left() == {"INBOX": 0, "queke-done": 1, "queke-aside": 0}
    kept = Mail.objects.get()
    assert (place.root / kept.path).read_bytes() == place.dovecot.mails(place.account.user, "queke-done")[0]
    assert Letter.objects.filter(kind="receipt", state="done").count() == 1


def test_the_same_workbook_by_mail_again_and_in_the_folder_changes_nothing(place: Place, queke: Queke) -> None:
    content = place.report(FIRST, 0)
    place.send(mail(("a.xlsx", content)))
    queke("mail", "fetch")
    place.send(mail(("另一个名字.xlsx", content), subject="再发一次"))
    (place.root / "inbox" / "a.xlsx").write_bytes(content)
    queke("mail", "fetch")
    assert states() == Counter(accepted=1, duplicate=2)
    assert Absence.objects.count() == 1


def test_a_mail_delivered_twice_is_one_mail(place: Place, queke: Queke) -> None:
    raw = mail(("a.xlsx", place.report(FIRST, 0)))
    place.send(raw)
    place.send(raw)
    queke("mail", "fetch")
    place.send(raw)
    queke("mail", "fetch")
    assert whys() == Counter({("taken", ""): 1, ("nothing", "again"): 2})
    assert states() == Counter(accepted=1)


def test_several_workbooks_a_zip_and_a_forwarded_mail_are_each_taken(place: Place, queke: Queke) -> None:
    one, two = place.report(FIRST, 0), place.report(SECOND, 1)
    queke("mailboxes", "bind", "desk@county.example", "--unit", COUNTY)
    box = packed(("甲校.xlsx", one), ("乙校.xlsx", two))
    place.send(mail(("全县.zip", box), sender="desk@county.example"))
    queke("mail", "fetch")
    assert sorted(Submission.objects.values_list("unit", "name", "state")) == [
        (FIRST, "甲校.xlsx", "accepted"),
        (SECOND, "乙校.xlsx", "accepted"),
    ]


def test_a_zero_report_that_nobody_proved_waits_for_an_admin(place: Place, queke: Queke) -> None:
    place.send(mail(subject="今日零报告", sender=STRANGER))
    place.send(mail(subject="通知", sender=STRANGER).replace(b"<1@", b"<2@"))
    queke("mail", "fetch")
    assert whys() == Counter({("quarantined", "unknown"): 1, ("nothing", "no-files"): 1})
    (listed,) = map(json.loads, queke("quarantine", "list", "--json")[1].splitlines())
    assert listed["came"] == f"{SENT.astimezone(ZONE):%Y-%m-%d %H:%M}", "by the clock on the wall"
    assert queke("quarantine", "release", listed["mail"], "--unit", FIRST, "--who", "李")[0] == 0
    assert Report.objects.get().zero


@pytest.mark.parametrize(
    ("extra", "sender", "state", "why"),
    [
        (b"", CLERK, "quarantined", "unproved"),
        (proved(CLERK, server="evil.example"), CLERK, "quarantined", "unproved"),
        (proved(CLERK, server="evil.example") + proved(CLERK), CLERK, "quarantined", "unproved"),
        (proved(OTHER), CLERK, "quarantined", "unproved"),
        (proved(CLERK, "fail"), CLERK, "quarantined", "forged"),
        (None, STRANGER, "quarantined", "unknown"),
        (proved(CLERK) + b"From: second@school1.example\r\n", CLERK, "quarantined", "senders"),
    ],
)
def test_what_nobody_proved_is_kept_aside_and_not_answered(
    place: Place, queke: Queke, extra: bytes | None, sender: str, state: str, why: str
) -> None:
    place.send(mail(("a.xlsx", untokened(place.report(FIRST, 0))), sender=sender, extra=extra))
    queke("mail", "fetch")
    assert whys() == Counter({(state, why): 1})
    assert not Mail.objects.get().answerable
    assert (Submission.objects.count(), Letter.objects.count()) == (0, 0)
    assert place.left() == {"INBOX": 0, "queke-done": 0, "queke-aside": 1}
    assert not any(path.is_file() for path in (place.root / "spool").iterdir()), "its files are not kept twice"


def test_a_workbook_that_we_issued_proves_itself_whoever_mails_it(place: Place, queke: Queke) -> None:
    place.send(mail(("a.xlsx", place.report(FIRST, 0)), sender=STRANGER, extra=b""))
    queke("mail", "fetch")
    assert whys() == Counter({("taken", "token"): 1})
    assert states() == Counter(accepted=1)
    assert not Mail.objects.get().answerable


def test_a_school_s_mailbox_speaks_for_no_other_school(place: Place, queke: Queke) -> None:
    place.send(mail(("a.xlsx", place.report(SECOND, 0)), sender=CLERK))
    queke("mail", "fetch")
    assert states() == Counter(rejected=1)
    assert Absence.objects.count() == 0


def test_an_admin_releases_a_mail_as_a_unit_s_word_or_drops_it(place: Place, queke: Queke) -> None:
    place.send(mail(("a.xlsx", untokened(place.report(FIRST, 0))), sender=STRANGER))
    place.send(mail(("b.xlsx", untokened(place.report(FIRST, 1))), sender="spam@else.example"))
    queke("mail", "fetch")
    code, said = queke("quarantine", "list", "--json")
    listed = [json.loads(line) for line in said.splitlines()]
    assert (code, [row["from"] for row in listed]) == (1, [STRANGER, "spam@else.example"])
    code, said = queke("quarantine", "show", listed[0]["mail"])
    assert code == 0
    assert "a.xlsx" in said
    assert "示例" not in said, "not what is in it"
    assert queke("quarantine", "release", listed[0]["mail"], "--unit", FIRST, "--who", "李")[0] == 0
    assert queke("quarantine", "drop", listed[1]["mail"], "--who", "李")[0] == 0
    assert states() == Counter(accepted=1)
    assert queke("quarantine", "list")[0] == 0
    assert queke("quarantine", "release", listed[1]["mail"], "--unit", FIRST, "--who", "李")[0] == 2
    assert queke("audit", "verify")[0] == 0


def test_nothing_for_us_is_a_row_and_is_not_looked_at_again(
    place: Place, queke: Queke, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.send(mail(sender=CLERK, extra=b"Precedence: bulk\r\n" + proved(CLERK)))
    place.send(mail(("a.xlsx", place.report(FIRST)), extra=b"X-Queke-Letter: 7\r\n" + proved(CLERK)))
    place.send(mail(sender=STRANGER))
    queke("mail", "fetch")
    assert whys() == Counter({("nothing", "no-files"): 1, ("nothing", "automatic"): 1, ("nothing", "ours"): 1})
    taken: list[int] = []
    monkeypatch.setattr(mail_fetch, "fetch", lambda *args: taken.append(1) or iter(()))
    queke("mail", "fetch")
    assert Mail.objects.count() == 3


def test_other_numbers_on_the_server_double_nothing(place: Place, queke: Queke) -> None:
    place.send(mail(("a.xlsx", place.report(FIRST, 0))))
    place.send(mail(("b.xlsx", place.report(SECOND, 1)), sender=OTHER))
    queke("mail", "fetch")
    with place.dovecot.client(place.account.user) as client:  # somebody moves all back
        client.select_folder("queke-done")
        client.move(client.search("ALL"), "INBOX")
    place.dovecot.renumber(place.account.user)
    queke("mail", "fetch")
    assert states() == Counter(accepted=2)
    assert whys() == Counter({("taken", ""): 2, ("nothing", "again"): 2})


def test_a_mail_that_is_too_large_is_refused_unread(place: Place, queke: Queke) -> None:
    settings = place.root / "queke.toml"
    settings.write_text(re.sub("message_mb = .*", "message_mb = 1", settings.read_text("utf-8")), "utf-8")
    place.send(mail(("a.xlsx", b"PK\x03\x04" + bytes(2_000_000))))
    queke("mail", "fetch")
    assert whys() == Counter({("refused", "mail-too-large"): 1})
    assert Mail.objects.get().answerable
    assert max(path.stat().st_size for path in (place.root / "archive").rglob("*.eml")) < 100_000


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 3000,
        mail(("a.xlsx", b"PK\x03\x04 no workbook")),
        mail(("a.xlsx", b"")),
        mail(*[(f"{n}.xlsx", b"PK\x03\x04 x") for n in range(500)]),
        mail(("a.zip", packed(("a.xlsx", bytes(150 * 2**20))))),
        proved(CLERK)
        + head().replace(b"clerk@school.example", CLERK.encode())
        + b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(1000)),
    ],
    ids=["empty", "noughts", "no workbook", "empty file", "500 files", "bomb", "1000 nested"],
)
def test_a_bad_mail_gets_its_row_and_delays_no_other(place: Place, queke: Queke, raw: bytes) -> None:
    place.send(raw or b"\r\n")
    place.send(mail(("b.xlsx", place.report(SECOND, 1)), sender=OTHER))
    queke("mail", "fetch")
    assert Mail.objects.count() == 2
    assert Report.objects.get().school == SECOND
    assert place.left()["INBOX"] == 0
    assert sum(mails.counts().values()) == 2


def test_commands_say_what_is_wrong(place: Place, queke: Queke) -> None:
    assert queke("mail", "test")[0] == 0
    code, said = queke("mail", "status", "--json")
    assert (code, json.loads(said)["seen"]) == (0, 0)
    assert queke("mailboxes", "bind", "no mailbox", "--unit", FIRST, "--who", "张")[0] == 2
    assert queke("mailboxes", "bind", STRANGER, "--unit", "9999999999", "--who", "张")[0] == 2
    assert queke("mailboxes", "unbind", STRANGER, "--unit", FIRST, "--who", "张")[0] == 2
    code, said = queke("mailboxes", "list", "--json")
    assert [json.loads(line)["address"] for line in said.splitlines()] == [CLERK, OTHER]
    (place.root / "mail.secret").write_text("revoked", "utf-8")
    code, said = queke("mail", "test")
    assert (code, "授权码" in said) == (2, True)
    assert queke("mail", "fetch")[0] == 2


# --------------------------------------------------------------------------- lines that break


def through(place: Place, port: int) -> Site:
    """The site with its account behind a wire."""
    site = config.load(place.root)
    account = replace(site.mail.accounts[0], imap_security=Security.NONE, imap_port=port)
    return replace(site, mail=replace(site.mail, accounts=(account,)))


def one_round(site: Site) -> None:
    with mail_fetch.Round(site) as source, mail_opener() as opener, InProcess() as readers:
        run.drain(site, readers, lambda: NOW, mail=run.MailBag(source, run.MailDesk(site, opener, readers)))


def mail_opener():  # a context manager
    from pipeline.executors.mails import MailOpener

    return MailOpener()


def test_a_line_that_breaks_anywhere_loses_and_doubles_nothing(
    place: Place, queke: Queke, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut at every command, before and after it, and at byte positions: in the end the store is the same."""
    monkeypatch.setattr("pipeline.mail.imap.SECONDS", 3.0)
    for n, content in enumerate((place.report(FIRST, 0, 1), place.report(SECOND, 2))):
        place.send(mail((f"{n}.xlsx", content), sender=(CLERK, OTHER)[n]))
    place.send(mail(sender=STRANGER))
    cuts = [(how, at, -1) for how in (Cut.BEFORE, Cut.AFTER) for at in range(2, 14, 2)]
    cuts += [(Cut.BEFORE, 0, at) for at in range(200, 60_000, 7_000)]
    for how, at, after in cuts:
        with Wire(place.dovecot.port, how, at, after) as wire:
            one_round(through(place, wire.port))
            one_round(through(place, wire.port))
        assert states() == Counter(accepted=2), (how, at, after)
        assert whys() == Counter({("taken", ""): 2, ("nothing", "no-files"): 1})
        assert place.left() == {"INBOX": 0, "queke-done": 3, "queke-aside": 0}
        put_back(place)


def put_back(place: Place) -> None:
    """All mails new again on the server, and the store without them: for the next cut."""
    from pipeline.database.models import AbsencePast, Pupil, ReportClass, Todo

    with place.dovecot.client(place.account.user) as client:
        client.select_folder("queke-done")
        client.move(client.search("ALL"), "INBOX")
    for model in (Mail, Letter, Todo, Absence, AbsencePast, ReportClass, Report, Submission, Pupil):
        model.objects.all().delete()
    shutil.rmtree(place.root / "archive")
    (place.root / "archive").mkdir()


# --------------------------------------------------------------------------- the service


@pytest.fixture
def served(place: Place, queke: Queke) -> Iterator[Service]:
    site = config.load(place.root)
    with InProcess() as readers:
        service = Service(site, readers, lambda: NOW)
        thread = threading.Thread(target=serve, args=(service,))
        thread.start()
        yield service
        service.stop()
        thread.join(60)
        assert not thread.is_alive()


def test_the_service_takes_mails_as_they_come_and_goes_on_after_its_server_was_away(
    place: Place, served: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_fetch, "FIRST_PAUSE", 0.5)
    place.send(mail(("a.xlsx", place.report(FIRST, 0))))
    until(lambda: states() == Counter(accepted=1))
    until(lambda: place.left() == {"INBOX": 0, "queke-done": 1, "queke-aside": 0})
    place.dovecot.stop()
    try:
        (place.root / "inbox" / "b.xlsx").write_bytes(place.report(SECOND, 1))
        until(lambda: states() == Counter(accepted=2))
    finally:
        place.dovecot.start()
    place.send(mail(("c.xlsx", place.report(SECOND, 1, 2, mode="整份更正")), sender=OTHER))
    until(lambda: states()["accepted"] == 3)
    assert {state: count for state, count in mails.counts().items() if count} == {MailState.TAKEN: 2}


# --------------------------------------------------------------------------- one line


def test_one_line_of_a_proved_mailbox_is_its_zero_report(place: Place, queke: Queke) -> None:
    place.send(mail(subject="今日零报告"))
    place.send(mail(subject="回复", sender=OTHER).replace("您好".encode(), "本校11月20日无缺课".encode()))
    code, said = queke("mail", "fetch")
    assert code == 0, said
    assert sorted(Report.objects.values_list("school", "zero", "on_time")) == [
        (FIRST, True, True),
        (SECOND, True, True),
    ]
    assert whys() == Counter({("taken", "zero-line"): 2})
    place.send(mail(subject="零缺课"))
    queke("mail", "fetch")
    assert states() == Counter(accepted=2, duplicate=1), whys()


@pytest.mark.parametrize(
    ("raw", "state", "why"),
    [
        (mail(subject="零报告？"), "refused", "mail-zero-unclear"),
        (mail(subject="零报告", sender=STRANGER), "quarantined", "unknown"),
        (mail(subject="零报告", extra=b""), "quarantined", "unproved"),
        (mail(subject="零报告", extra=b"Auto-Submitted: auto-replied\r\n" + proved(CLERK)), "nothing", "automatic"),
    ],
)
def test_a_line_that_doubts_or_that_nobody_proved_is_no_report(
    place: Place, queke: Queke, raw: bytes, state: str, why: str
) -> None:
    place.send(raw)
    queke("mail", "fetch")
    assert whys() == Counter({(state, why): 1})
    assert Report.objects.count() == 0


def test_a_line_takes_no_pupil_away_that_was_reported(place: Place, queke: Queke) -> None:
    place.send(mail(("a.xlsx", place.report(FIRST, 0, 1))))
    place.send(mail(subject="零报告"))
    queke("mail", "fetch")
    assert Absence.objects.count() == 2
    assert states()["accepted"] == 1


def test_what_was_fetched_once_more_or_never_taken_in_does_not_stay_in_the_spool(place: Place, queke: Queke) -> None:
    place.send(mail(("a.xlsx", place.report(FIRST, 0))))
    place.send(mail(("b.xlsx", untokened(place.report(FIRST, 1))), extra=b"", subject="没有证明"))
    queke("mail", "fetch")
    taken, aside = Mail.objects.order_by("uid")
    site = config.load(place.root)
    fetched = site.spool / "mail" / f"{taken.account}-{taken.validity}-{taken.uid}.eml"
    never = fetched.with_name("main-1-99.eml")
    for path in (fetched, never):
        path.write_bytes(b"From: x\r\n\r\n")
    key = MailKey(taken.account, taken.folder, taken.validity, taken.uid)
    with MailOpener() as opener, InProcess() as readers:
        again = FetchedMail(key, taken.at, taken.size, fetched, taken.sha256)
        assert run.MailDesk(site, opener, readers).take([again], taken.received_at) == []
    assert not fetched.exists()
    run.sweep_mails(site)
    assert not never.exists()
    assert (place.root / aside.path).exists(), "what an admin must look at stays"
    assert whys() == Counter({("taken", ""): 1, ("quarantined", "unproved"): 1})
