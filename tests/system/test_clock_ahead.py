"""A machine's clock far ahead, and right again: nothing that was warned of, due or queued stays behind."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from pipeline import run
from pipeline.alerts import assess
from pipeline.database.models import Alert, AlertEvent, Edition, Letter, Posting
from pipeline.model import PostingKind, PostingState, Site
from pipeline.post import postings
from pipeline.post.postings import WantedPosting
from pipeline.service import doctor, timetable
from tests.inprocess import InProcess
from tests.sites import DAY, NOW, Desk, at, pupil
from tests.system.cardbooks import STANDS, answered, book_of, cluster, confirm, state_of, work
from tests.system.posting import drop

FIRST, SECOND = "2132010001", "2132010002"
MONDAY = DAY + timedelta(days=3)


def ill(desk: Desk, school: str) -> bytes:
    return desk.absence(school, [pupil(n, symptom1="发热", temperature=38.6) for n in range(6)])


def taken(site: Site, now: datetime, **files: bytes) -> None:
    drop(site, {f"{name}.xlsx": content for name, content in files.items()})
    with InProcess() as readers, run.Coordinator(site, readers, lambda: now) as coordinator:
        coordinator.drain()  # and draws nothing, which takes its time


@pytest.mark.parametrize("ahead", [at(8, 5, DAY + timedelta(days=10)), at(8, 5, date(2030, 3, 4))], ids=str)
def test_papers_show_what_was_warned_of_while_the_clock_was_ahead_and_are_all_made(
    ahead: datetime, site: Site, desk: Desk
) -> None:
    taken(site, NOW, a=ill(desk, FIRST))
    timetable.tick(site, ahead)
    taken(site, ahead, b=ill(desk, SECOND))
    assert Alert.objects.filter(opened_at__gt=at(23)).exists() == (ahead.year == DAY.year), "of years ago is refused"
    assert [one.grade for one in doctor._moments(NOW)] == ["warning"]
    for now in (at(15, 11), at(17, 31), at(8, 5, MONDAY)):
        timetable.tick(site, now)
        assert timetable.papers_owed(now + timedelta(minutes=5), site.policy) == []
    digest = Edition.objects.filter(kind="digest", place="320106", day=DAY, final=True).get()
    listed = {row["id"] for row in digest.figures["alerts"]["rows"]}
    assert listed == set(Alert.objects.filter(opened_day__lte=DAY).values_list("id", flat=True))
    assert Edition.objects.filter(kind="rules", day=MONDAY).exists()


def test_what_was_followed_and_ended_while_the_clock_was_ahead_is_followed_again(site: Site, desk: Desk) -> None:
    number = cluster(site, desk)
    drop(site, {"卡.xlsx": answered(book_of(site, number), STANDS)})
    work(site, NOW + timedelta(hours=1))
    confirm(number)
    was = Alert.objects.values().get(pk=number)
    ahead = at(8, 5, DAY + timedelta(days=60))
    taken(site, ahead, b=ill(desk, SECOND))
    assert state_of(number) == "ended"
    Letter.objects.filter(kind="card").update(state="done")
    taken(site, NOW + timedelta(hours=3), c=ill(desk, SECOND))
    assert Alert.objects.values().get(pk=number) == was
    assert "ended" not in AlertEvent.objects.filter(alert=number).values_list("what", flat=True)
    again = Letter.objects.filter(kind="card", ref__startswith=number, state="queued")
    assert set(again.values_list("reader", flat=True)) == {FIRST, "320106"}, "who was told that it ended is told"
    assert assess.sweep(at(8, 5, was["ends_after"] + timedelta(days=1))) == 1, "it ends when it is its time"


def test_mails_that_were_queued_or_sent_while_the_clock_was_ahead_hold_no_others_back(site: Site) -> None:
    ahead = at(9, 0, date(2030, 3, 4))
    kind, address = PostingKind.ANSWER, "clerk@school.example"
    postings.queue([WantedPosting(kind, str(n), address, FIRST) for n in range(3)], ahead)
    first, second, third = Posting.objects.order_by("id")
    postings.end(first.pk, PostingState.SENT, ahead)
    postings.again(second.pk, 1, 451, "wait", ahead)
    assert [one.id for one in postings.waiting(NOW, 9)] == [third.pk, second.pk]
    assert postings.sent(NOW - timedelta(hours=1), NOW) == 0
    assert postings.answered(address, at(0), NOW) == 0
