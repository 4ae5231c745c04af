"""A store made again on a site that takes and sends mail: what came and went by mail, and nothing is sent twice."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from types import SimpleNamespace

import pytest

from pipeline import config, database
from pipeline.database import audit
from pipeline.database.models import Decision, Mail, Posting
from pipeline.post import postings
from pipeline.registry import lookup
from pipeline.service import rebuild, timetable
from tests import whole_store
from tests.mail_servers import Sink
from tests.sites import COUNTY, NOW, enter_schools, pupil
from tests.system.mail.schools import (
    CLERK,
    FIRST,
    OTHER,
    SECOND,
    STRANGER,
    Place,
    Queke,
    letters,
    mail,
    proved,
    untokened,
)

HEAD, UNKNOWN = "head@school1.example", "new@school2.example"


def a_week_of_mails(place: Place, queke: Queke, sink: Sink) -> None:
    """What schools and strangers mail, what an admin does about it, and what servers say to our letters."""

    def exchange(*raws: bytes) -> None:
        for raw in raws:
            place.send(raw)
        queke("mail", "fetch")
        os.environ["QUEKE_NOW"] = (NOW + timedelta(minutes=1)).isoformat()  # each command's clock begins anew
        queke("mail", "send")
        os.environ["QUEKE_NOW"] = NOW.isoformat()

    queke("mailboxes", "bind", "jyj@county.example", "--unit", COUNTY, "--role", "reader")
    queke("mailboxes", "bind", "gone@county.example", "--unit", COUNTY)
    queke("mailboxes", "unbind", "gone@county.example", "--unit", COUNTY)
    queke("mailboxes", "bind", HEAD, "--unit", FIRST, "--role", "leader")
    queke("mailboxes", "wish", OTHER, "催报13:30", "--unit", SECOND)
    exchange(mail(("知.xlsx", place.report(SECOND, 5)), sender=UNKNOWN, subject="新邮箱"))
    queke("mailboxes", "confirm", f"M{Mail.objects.get().pk}", "--who", "李")
    timetable.tick(config.load(place.root), NOW)
    good = mail(("缺课日报.xlsx", place.report(FIRST, 0, 1)))
    exchange(good, good, mail(("乙.xlsx", place.desk.absence(SECOND, [pupil(2, class_name=None)])), sender=OTHER))
    asked = next(one for one in letters(sink) if one["To"] == HEAD)
    approves = proved(HEAD) + f"In-Reply-To: {asked['Message-ID']}\r\n".encode()
    exchange(mail(sender=HEAD, extra=approves, subject="回复").replace("您好".encode(), "同意".encode()))
    queke("unreview", "--unit", FIRST, "--day", "2026-11-20")
    assert set(Decision.objects.values_list("what", flat=True)) >= {"day-review", "day-unreview"}
    for n in range(3):
        place.send(mail(("a.xlsx", untokened(place.report(FIRST, n + 2))), sender=STRANGER, subject=f"陌生{n}"))
    exchange(mail(extra=b"Precedence: list\r\n" + proved(CLERK)))
    strangers = list(Mail.objects.filter(state="quarantined").order_by("id").values_list("id", flat=True))
    queke("quarantine", "release", strangers[0], "--unit", FIRST)
    queke("quarantine", "drop", strangers[1])
    queke("digest", "--day", "2026-11-20")
    queke("mail", "send")
    sink.replies = lambda stage, _about: "554 DT:SPM" if stage == "DATA" else None
    exchange(mail(sender=OTHER, subject="谢谢"))
    sink.replies = lambda _stage, _about: None
    queke("mail", "send", "--again")
    sink.replies = lambda stage, _about: "550 5.1.1" if stage == "RCPT" else None
    exchange(mail(sender=OTHER, subject="附件忘了"))
    sink.replies = lambda stage, _about: "554 DT:SPM" if stage == "DATA" else None
    exchange(mail(sender=OTHER, subject="又忘了"))
    queke("mail", "send", "--again")  # and again it waits for an admin
    sink.replies = lambda stage, _about: "451 later" if stage == "RCPT" else None
    queke("mail", "send", "--again")  # now it waits by itself
    sink.replies = lambda _stage, _about: None
    exchange(*(mail(subject=f"空{n}") for n in range(7)))  # more than are answered in a day


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_site_with_mail_is_made_again_and_nothing_is_sent_twice(
    sending: Place, queke: Queke, sink: Sink, onto: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def divisions() -> None:  # the fixture's schools came in no workbook
        lookup.load_divisions()
        enter_schools()

    monkeypatch.setattr(rebuild, "lookup", SimpleNamespace(load_divisions=divisions))
    a_week_of_mails(sending, queke, sink)
    before, head = whole_store.whole(), audit.head()
    states = postings.counts()
    assert all(states[state] for state in ("sent", "failed", "queued")), states  # type: ignore[index]  # a StrEnum
    assert len(set(Mail.objects.values_list("state", flat=True))) >= 4
    assert Mail.objects.filter(answerable=True).count() > Posting.objects.filter(kind="answer").count(), "one is braked"
    database.close()
    code, said = queke("rebuild", "--database", onto, "--json")
    found = json.loads(said)
    assert (code, found["differs"], found["failed"], found["unsettled"]) == (0, [], [], 0)
    settings = sending.root / "queke.toml"
    settings.write_text(config.amended(settings.read_text("utf-8"), "database", onto), "utf-8")
    database.open(config.load(sending.root))
    assert audit.broken_at() is None
    assert audit.head() == head
    assert whole_store.differences(before, whole_store.whole()) == {}
    sent = [one.raw for one in sink.taken]
    Posting.objects.filter(state="queued").update(state="void")  # it may go: it never went
    queke("mail", "fetch")
    queke("mail", "send")
    assert [one.raw for one in sink.taken] == sent
    sending.send(mail(("新.xlsx", sending.report(SECOND, 0, mode="补充")), sender=OTHER, subject="第二天"))
    code, said = queke("mail", "fetch")
    assert code == 0, said
    queke("mail", "send")
    assert len(sink.taken) == len(sent) + 1, "the store takes and answers mails as before"
