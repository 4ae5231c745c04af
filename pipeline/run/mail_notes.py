"""Our shorter mails, written: what a 分管领导 is asked, who is reminded, whom a county telephones, templates, accounts.

A reminder is written when it goes out: of a school that has reported meanwhile there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pipeline import issues
from pipeline.facts import county_day
from pipeline.facts.county_day import CountedSchool
from pipeline.figures import mail_notes
from pipeline.figures.duty import SILENT
from pipeline.figures.mail_notes import NoteLetter, SchoolMissing
from pipeline.figures.paper_values import values_of
from pipeline.figures.words import chinese_date
from pipeline.letters import queue
from pipeline.letters.queue import Queued
from pipeline.model import Issue, LetterKind, MailboxRole, MailLetter, MailPart, PostingKind, Severity, Site
from pipeline.post.postings import QueuedPosting
from pipeline.registry import lookup, mailboxes
from pipeline.reports import mail_pages
from pipeline.run import sending
from pipeline.run.writers import answers
from pipeline.schooldays import ZONE
from pipeline.turns import context


def about(day: date, unit: str) -> str:
    """The ref of a mail about a unit's day."""
    return f"{day.isoformat()}.{unit}"


def review(posting: QueuedPosting, site: Site) -> MailLetter | None:
    """Ask a 分管领导 about a report; its words are those of the receipt."""
    letter = Queued(0, LetterKind.RECEIPT, posting.ref, posting.unit, None, posting.queued_at)
    batch = sending.batch_of(site, [letter])
    if posting.ref not in batch.facts:
        return None
    clerk = lookup.contact(posting.unit)
    made = mail_notes.review(
        batch.names.get(posting.unit, ""), answers.without_cells(letter, batch), clerk.reporter, clerk.reporter_phone
    )
    return written(posting, made)


def remind(posting: QueuedPosting, site: Site) -> MailLetter | None:
    """Remind a school, or its 分管领导."""
    day = _day(posting)
    found = missing(day, [posting.unit]).get(posting.unit)
    if found is None or found.standing not in mail_notes.REMINDED:
        return None
    leader = posting.kind is PostingKind.LEAD
    speaks = any(
        one.address == posting.address and one.role is MailboxRole.SPEAKER for one in mailboxes.bound([posting.unit])
    )
    alone = posting.unit not in lookup.campuses([posting.unit])
    made = mail_notes.remind(
        found.name, chinese_date(day), site.policy.deadline, found, leader=leader, zero=speaks and alone
    )
    return written(posting, made)


def call_list(posting: QueuedPosting, _site: Site) -> MailLetter | None:
    """Tell a county whom to telephone."""
    day = _day(posting)
    listed = county_day.schools(day, [posting.unit], lookup.tree(day=day), context.calendar()).get(posting.unit, [])
    found = [_missing(one) for one in listed if one.day.standing in SILENT]
    if not found:
        return None
    clock = f"{posting.queued_at.astimezone(ZONE):%H:%M}"
    name = lookup.names([posting.unit]).get(posting.unit, "")
    return written(posting, mail_notes.call_list(name, chinese_date(day), clock, found))


def account(posting: QueuedPosting, site: Site) -> MailLetter | None:
    """What became of a request for accounts."""
    found = queue.lying(LetterKind.ACCOUNT, {(posting.ref, posting.unit)})
    if not found:
        return None
    path = site.root / found[0]
    text = path.read_text("utf-8-sig")
    return written(posting, mail_notes.account(_name(posting.unit), path.stem, text))


def told(posting: QueuedPosting, issue: Issue) -> MailLetter:
    """What is said to a 分管领导 who answered a receipt."""
    todo = issues.severity(issue) is Severity.ERROR
    made = mail_notes.told(_name(posting.unit), issues.message(issue), issues.remedy(issue), todo=todo)
    return written(posting, made)


def written(posting: QueuedPosting, made: NoteLetter, files: Sequence[MailPart] = ()) -> MailLetter:
    """A note as a mail."""
    text, page = mail_pages.words("note", values_of(made))
    return MailLetter(posting.address, made.subject, text, page, tuple(files))


def missing(day: date, schools: Sequence[str]) -> dict[str, SchoolMissing]:
    """Return, of these schools, those of which something is due and has not come, by code."""
    found = county_day.few(day, sorted(schools), lookup.tree(schools, day=day), context.calendar())
    return {code: _missing(one) for code, one in found.items() if one.day.standing in SILENT}


def _missing(one: CountedSchool) -> SchoolMissing:
    return SchoolMissing(one.day.name, one.holder, one.phone, one.day.standing, one.silent_names)


def _day(posting: QueuedPosting) -> date:
    return date.fromisoformat(posting.ref.partition(".")[0])


def _name(unit: str) -> str:
    return lookup.names([unit]).get(unit, "")
