"""Mails that were being sent when a store was lost: a person looks at them in the one that is made again."""

from pipeline.database.models import Posting
from pipeline.model import PostingKind, PostingState, Site
from pipeline.post import postings
from pipeline.post.postings import WantedPosting
from tests.sites import NOW


def test_a_mail_that_was_in_a_servers_hands_waits_for_a_person_and_is_not_lost(site: Site) -> None:
    postings.queue([WantedPosting(PostingKind.ANSWER, str(n), "clerk@school.example", "") for n in range(3)], NOW)
    first, second, third = (row.pk for row in Posting.objects.order_by("id"))
    postings.begin([first, second], NOW)
    postings.end(first, PostingState.SENT, NOW)
    assert postings.found_again() == 1
    assert postings.begun() == []
    assert [one.id for one in postings.waiting(NOW, 9)] == [third]
    assert Posting.objects.get(pk=second).state == PostingState.ADMIN
    postings.retry(NOW)
    assert {one.id for one in postings.waiting(NOW, 9)} == {second, third}
