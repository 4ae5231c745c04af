"""What would go out by mail, to whom and when, if it were sent now: read and composed, nothing noted, nothing sent."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from enum import StrEnum

from pipeline.model import MailAccount, PostingKind, Site
from pipeline.post import mails, postings
from pipeline.post.postings import QueuedPosting
from pipeline.run import mail_out, mail_writers
from pipeline.run.mail_writers import FirstPage

BY_MAIL = "m"  # before the number of a mail whose answer is not queued yet


class Hindrance(StrEnum):
    """Why a mail would not go out now."""

    LATER = "not-due"  # it is not due, or waits after a refusal
    NIGHT = "night"
    BRAKE = "brake"  # so many went out in this hour
    DOMAIN = "domain"  # not among the domains that letters may go to
    UNWRITTEN = "unwritten"  # a paper that belongs to it is still to be drawn
    NOTHING = "nothing"  # what it was to say is no longer so


@dataclass(frozen=True, slots=True)
class PreviewedMail:
    """A mail that would go out. `content` is empty where it has nothing to say, or not yet."""

    number: str  # of the posting; m7: the answer to mail 7
    kind: PostingKind
    address: str
    unit: str
    due: datetime
    hindrance: Hindrance | None
    content: bytes = field(repr=False)

    @property
    def message(self) -> EmailMessage:
        """The mail, as a program reads it."""
        return email.message_from_bytes(self.content, _class=EmailMessage, policy=email.policy.default)

    @property
    def files(self) -> list[str]:
        """The names of the files that go along."""
        return [one.get_filename("") for one in self.message.iter_attachments()]


def outline(
    site: Site, account: MailAccount, now: datetime, limit: int, first_page: FirstPage
) -> Iterator[PreviewedMail]:
    """Return up to `limit` of the mails that would go out, soonest first; answers last that are not queued yet."""
    left = site.mail.letters_an_hour - postings.sent(now - timedelta(hours=1), now)
    for n, (posting, due) in enumerate(_wanted(now, limit)):
        content, hindrance = _content(site, account, posting, now, first_page)
        hindrance = hindrance or _hindrance(site, posting, due, now, braked=n >= left)
        yield _previewed(posting, due, hindrance, content)


def find(site: Site, account: MailAccount, number: str, now: datetime, first_page: FirstPage) -> PreviewedMail | None:
    """Return one of them by its number."""
    for posting, due in _wanted(now, None):
        if _number(posting) == number:
            content, hindrance = _content(site, account, posting, now, first_page)
            return _previewed(posting, due, hindrance, content)
    return None


def _wanted(now: datetime, limit: int | None) -> list[tuple[QueuedPosting, datetime]]:
    queued = postings.unsent(limit)
    answers = [
        (QueuedPosting(0, PostingKind.ANSWER, str(one.id), one.sender, one.unit, now, 0, "", "", ""), now)
        for one in mails.unanswered()
    ]
    return [*queued, *answers][:limit]


def _number(posting: QueuedPosting) -> str:
    return str(posting.id) if posting.id else f"{BY_MAIL}{posting.ref}"


def _previewed(posting: QueuedPosting, due: datetime, hindrance: Hindrance | None, content: bytes) -> PreviewedMail:
    return PreviewedMail(_number(posting), posting.kind, posting.address, posting.unit, due, hindrance, content)


def _content(
    site: Site, account: MailAccount, posting: QueuedPosting, now: datetime, first_page: FirstPage
) -> tuple[bytes, Hindrance | None]:
    """A mail's bytes: those that are written already, else as they would be written now."""
    kept = site.root / posting.path
    if posting.path and kept.is_file():
        return kept.read_bytes(), None
    try:
        made = mail_out.as_bytes(site, account, posting, now, first_page)
    except mail_writers.NotYetError:
        return b"", Hindrance.UNWRITTEN
    return (made[1], None) if made else (b"", Hindrance.NOTHING)


def _hindrance(site: Site, posting: QueuedPosting, due: datetime, now: datetime, *, braked: bool) -> Hindrance | None:
    if not posting.path and not mail_out.may_go(site, posting.address):
        return Hindrance.DOMAIN
    if due > now:
        return Hindrance.LATER
    if mail_out.is_quiet(site, now) and posting.kind not in mail_out.AT_ANY_HOUR:
        return Hindrance.NIGHT
    return Hindrance.BRAKE if braked else None
