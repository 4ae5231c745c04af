"""The thread that sends: no mail stops the others, whatever is the matter with it, and none is tried for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline import config, database, run
from pipeline.database.models import Posting
from pipeline.post import postings
from pipeline.reports.first_page import drawn
from pipeline.service import mail_send
from pipeline.service.mail_send import MailSenderThread
from tests.mail_servers import DROPS, Sink
from tests.sites import NOW
from tests.system.mail.schools import CLERK, OTHER, Place, Queke, mail, until


@pytest.fixture
def thread(sending: Place, queke: Queke, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailSenderThread]:
    """Two answers wait, and a thread that sends, not started yet."""
    monkeypatch.setattr(mail_send, "FIRST_PAUSE", 0.1)
    monkeypatch.setattr(postings, "MOST_ATTEMPTS", 3)
    sending.send(mail())
    sending.send(mail(sender=OTHER))
    queke("mail", "fetch")
    site = config.load(sending.root)
    database.open(site)
    sender = site.mail.sending
    assert sender is not None
    made = MailSenderThread(site, sender, lambda: NOW, drawn, lambda: None)
    yield made
    made.stop()


def states() -> dict[str, tuple[str, str]]:
    return {to: (state, why) for to, state, why in Posting.objects.values_list("address", "state", "why")}


def turning(thread: MailSenderThread, true: Callable[[], bool]) -> None:
    """Turn until it is true, later and later."""
    now = NOW

    def looked() -> bool:
        nonlocal now
        now += timedelta(minutes=5)
        thread.turn(now)
        return true()

    until(looked)


def test_a_mail_whose_file_is_gone_is_written_anew(thread: MailSenderThread, sending: Place, sink: Sink) -> None:
    thread.turn(NOW)
    numbers = dict(Posting.objects.values_list("address", "message_id"))
    for path in sending.root.glob("post/*/*.eml"):
        path.unlink()
    thread.start()
    turning(thread, lambda: all(state == "sent" for state, _ in states().values()))
    assert sorted(one.readers[0] for one in sink.taken) == [CLERK, OTHER]
    assert all(numbers[one.readers[0]].encode() in one.raw for one in sink.taken), "under the Message-ID that it had"


def test_one_that_may_have_arrived_and_whose_file_is_gone_waits_for_a_person(
    thread: MailSenderThread, sending: Place, queke: Queke, sink: Sink
) -> None:
    thread.turn(NOW)  # as a crash in the middle leaves them
    doubtful = Path(Posting.objects.get(address=CLERK).path)
    (sending.root / doubtful).unlink()
    queke("mail", "send")
    assert states() == {CLERK: ("admin", "gone"), OTHER: ("sent", "")}
    assert "1" in queke("status")[1]
    queke("mail", "send", "--again")
    assert states()[CLERK] == ("sent", "")
    assert len(sink.taken) == 2


def test_a_mail_at_which_the_line_always_breaks_does_not_stop_the_others(thread: MailSenderThread, sink: Sink) -> None:
    sink.replies = lambda stage, about: DROPS if stage == "RCPT" and about == CLERK else None
    thread.start()
    turning(thread, lambda: states()[OTHER][0] == "sent")
    turning(thread, lambda: states()[CLERK][0] == "failed")
    assert [one.readers for one in sink.taken] == [[OTHER]]


def test_an_address_that_no_command_can_hold_fails_alone(thread: MailSenderThread, sending: Place, sink: Sink) -> None:
    run.queue_answers(config.load(sending.root), NOW)
    Posting.objects.filter(address=CLERK).update(address="张@school1.example")
    thread.start()
    turning(thread, lambda: states()[OTHER][0] == "sent")
    turning(thread, lambda: states()["张@school1.example"][0] == "failed")
    assert len(sink.taken) == 1
