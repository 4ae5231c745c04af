"""kill -9 of `queke watch`, or of a process of it, at random, while mails come and go: nothing lost, nothing twice.

`QUEKE_KILLS=20`: so many kills; else a few.
"""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest

from pipeline import config
from pipeline.database.models import Absence, Letter, Mail, Posting, Submission
from tests.mail_servers import Sink
from tests.sites import NOW, pupil
from tests.system.mail.schools import CLERK, FIRST, OTHER, SECOND, STRANGER, Place, Queke, mail, proved, until
from tools.killing import Killer, Watch

KILLS = int(os.environ.pop("QUEKE_KILLS", "2"))  # no setting of a site may be left that it does not know


def at_rest(place: Place) -> bool:
    """Whether every mail is taken and answered, and put away."""
    return (
        Mail.objects.count() == 4
        and not Submission.objects.filter(state="received").exists()
        and not Letter.objects.filter(state="queued").exists()
        and not Posting.objects.filter(state__in=("queued", "sending")).exists()
        and Posting.objects.count() == 2
        and place.left()["INBOX"] == 0
    )


@pytest.mark.slow
@pytest.mark.timeout(600 + 60 * KILLS)
def test_a_service_that_is_killed_at_random_loses_no_mail_and_answers_each_once(
    sending: Place, queke: Queke, sink: Sink
) -> None:
    queke("mailboxes", "wish", CLERK, "都不要", "--unit", FIRST)  # it is past the hour of reminders
    queke("mailboxes", "wish", OTHER, "都不要", "--unit", SECOND)
    sending.send(mail(("缺课日报.xlsx", sending.desk.absence(FIRST, [pupil(0), pupil(1, class_name=None)]))))
    sending.send(mail(subject="零报告", sender=OTHER))
    sending.send(mail(("a.xlsx", b"PK"), sender=STRANGER))
    sending.send(mail(extra=b"Precedence: list\r\n" + proved(CLERK)))
    killer, watch = Killer(random.Random(KILLS), KILLS), Watch(config.load(sending.root), NOW.isoformat())

    def looked() -> bool:
        watch.mend()
        return at_rest(sending)

    try:
        for _ in range(KILLS):
            killer.strike(watch)
        until(looked, 400)
    finally:
        watch.end()
    assert Counter(Mail.objects.values_list("state", flat=True)) == {"taken": 2, "quarantined": 1, "nothing": 1}
    assert sorted(Submission.objects.values_list("unit", "state")) == [(FIRST, "partial"), (SECOND, "accepted")]
    assert Absence.objects.count() == 1
    assert sum(killer.killed.values()) == KILLS
    arrived = Counter(one.raw for one in sink.taken)
    assert sorted(one.readers[0] for one in {one.raw: one for one in sink.taken}.values()) == [CLERK, OTHER]
    assert max(arrived.values()) <= 2, "one more only where it died after the last dot"
    assert sum(arrived.values()) <= 2 + sum(killer.killed.values())
    assert queke("audit", "verify")[0] == 0
