"""Mails that are due by the clock: schools that are missing are reminded, their 分管领导, and the county gets its list.

Each mailbox at the time it wants, else at the site's. What was due while nobody looked is sent if that was not long
ago; a day later it would only confuse.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from pipeline import schooldays
from pipeline.database import acts
from pipeline.database.models import Counter
from pipeline.database.transactions import atomic
from pipeline.facts import county_day
from pipeline.figures.duty import SILENT
from pipeline.figures.mail_notes import REMINDED
from pipeline.forms import mail_wishes
from pipeline.model import ActKind, Level, MailboxRole, MailWish, PostingKind, Site
from pipeline.post import postings
from pipeline.post.postings import WantedPosting
from pipeline.registry import lookup, mailboxes
from pipeline.registry.mailboxes import BoundMailbox
from pipeline.run import mail_notes
from pipeline.schooldays import ZONE
from pipeline.turns import context
from pipeline.units import is_school, reads_as

log = structlog.get_logger("queke.mail")

LATEST = timedelta(hours=2)  # a reminder that was due longer ago is not sent any more
_LOOKED = "reminded"  # the counter of the moment up to which all that was due is queued: seconds since 1970


def queue(site: Site, now: datetime) -> int:
    """Queue the reminders that have become due since the last look; return how many."""
    if site.mail.sending is None:
        return 0
    with atomic():
        last = Counter.objects.select_for_update().filter(name=_LOOKED).values_list("value", flat=True).first()
        since = max(datetime.fromtimestamp(last or 0, ZONE), now - LATEST)
        times = {clock for wishes in mailboxes.wishes() for clock in _times(wishes, site).values()}
        if not any(_is_due(clock, since, now) for clock in times):
            return 0
        looked(now)
        due = [one for one in mailboxes.bound() if _is_due(_times(one.wishes, site)[_is_first(one)], since, now)]
        wanted = [*_schools(due, now), *_counties(due, now)]
        count = postings.queue(wanted, now) if wanted else 0
    log.info("reminders", queued=count)
    return count


def looked(now: datetime) -> None:
    """Note that what was due by now is queued."""
    with atomic():
        Counter.objects.update_or_create(name=_LOOKED, defaults={"value": int(now.timestamp())})
        acts.note(ActKind.REMINDED, now)


def _times(wishes: str, site: Site) -> dict[bool, str]:
    """When a mailbox with such wishes is reminded, "" for never: as one of those who are first, or not."""
    wanted = mail_wishes.read(wishes)
    own = wanted.get(MailWish.REMIND)
    usual = {True: site.mail.remind_at, False: site.mail.remind_leader_at}
    return {first: own or at if own is not None else "" for first, at in usual.items()}


def _is_first(one: BoundMailbox) -> bool:
    """Whether it is a school's own: after it come its 分管领导 and the county's offices."""
    return one.role is MailboxRole.SPEAKER and is_school(one.unit)


def _is_due(clock: str, since: datetime, now: datetime) -> bool:
    return bool(clock) and since < schooldays.deadline(schooldays.today(now), clock) <= now


def _schools(due: list[BoundMailbox], now: datetime) -> list[WantedPosting]:
    day = schooldays.today(now)
    kinds = {MailboxRole.SPEAKER: PostingKind.REMIND, MailboxRole.LEADER: PostingKind.LEAD}
    mine = [one for one in due if is_school(one.unit) and one.role in kinds]
    missing = mail_notes.missing(day, sorted({one.unit for one in mine})) if mine else {}
    return [
        WantedPosting(kinds[one.role], mail_notes.about(day, one.unit), one.address, one.unit)
        for one in mine
        if (found := missing.get(one.unit)) and found.standing in REMINDED
    ]


def _counties(due: list[BoundMailbox], now: datetime) -> list[WantedPosting]:
    """The lists of those counties that have schools that are missing, for all their offices."""
    day = schooldays.today(now)
    tree = lookup.tree(())
    mine = {one: reads_as(one.unit) for one in due if not is_school(one.unit)}
    counties = sorted({code for code in mine.values() if tree.places[code].level is Level.COUNTY})
    if not counties:
        return []
    found = county_day.schools(day, counties, lookup.tree(day=day), context.calendar())
    lists = {code for code, schools in found.items() if any(one.day.standing in SILENT for one in schools)}
    return [
        WantedPosting(PostingKind.LIST, mail_notes.about(day, code), one.address, code)
        for one, code in mine.items()
        if code in lists
    ]
