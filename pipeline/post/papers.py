"""Papers by mail: as soon as one lies in the outbox, a mail is queued to each mailbox of its reader, in the same
transaction; it goes out once all that belongs to it lies there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from pipeline.database.models import Submission
from pipeline.forms import mail_wishes
from pipeline.forms.absence import ABSENCE
from pipeline.letters.queue import Queued
from pipeline.model import TAKEN, LetterKind, MailboxRole, MailWish, Organ, PostingKind, SubmissionRef
from pipeline.post import postings
from pipeline.post.postings import WantedPosting
from pipeline.registry import mailboxes
from pipeline.registry.mailboxes import BoundMailbox
from pipeline.schooldays import deadline
from pipeline.units import is_school, organ_code, reads_as

_KINDS = {
    LetterKind.DIGEST: (PostingKind.PAPERS, MailWish.PAPERS),
    LetterKind.MISSING: (PostingKind.PAPERS, MailWish.PAPERS),
    LetterKind.RULES: (PostingKind.PAPERS, MailWish.PAPERS),
    LetterKind.CARD: (PostingKind.CARD, MailWish.CARDS),
    LetterKind.CARDBOOK: (PostingKind.CARD, MailWish.CARDS),
    LetterKind.ACCOUNT: (PostingKind.ACCOUNT, MailWish.ACCOUNTS),
}
"""Letters that go by mail, too, to whom they are for; answers go to the mail they answer."""


def queue(delivered: Iterable[Queued], now: datetime) -> int:
    """Queue the mails of letters that were delivered, in the caller's transaction; return how many are new."""
    letters = [letter for letter in delivered if letter.reader]
    mine = [letter for letter in letters if letter.kind in _KINDS]
    boxes = _boxes({letter.reader for letter in mine})
    wanted = [
        WantedPosting(kind, letter.ref, one.address, letter.reader)
        for letter in mine
        for kind, wish in (_KINDS[letter.kind],)
        for one in boxes[letter.reader]
        if one.role is not MailboxRole.LEADER and wish in mail_wishes.read(one.wishes)
    ]
    wanted += _reviews([letter for letter in letters if letter.kind is LetterKind.RECEIPT])
    fresh = sorted(set(wanted), key=lambda one: (one.kind, one.ref, one.address))
    return postings.queue(fresh, now) if fresh else 0


def queue_templates(day: date, schools: Collection[str], at: str, now: datetime) -> int:
    """Queue the mails with schools' templates of a day, for those that want them, each when it wants it; in the
    caller's transaction. `at`: the site's time.
    """
    wanted = [
        WantedPosting(
            PostingKind.TEMPLATE, f"{day.isoformat()}.{one.unit}", one.address, one.unit,
            max(now, deadline(day, wishes[MailWish.TEMPLATES] or at)),
        )
        for one in (mailboxes.bound(schools) if schools else ())
        if one.role is not MailboxRole.LEADER and MailWish.TEMPLATES in (wishes := mail_wishes.read(one.wishes))
    ]  # fmt: skip
    return postings.queue(wanted, now) if wanted else 0


def _reviews(receipts: Sequence[Queued]) -> list[WantedPosting]:
    """The receipts of reports that were taken, to the 分管领导 of their schools."""
    led = _boxes({letter.reader for letter in receipts if is_school(letter.reader)}, MailboxRole.LEADER)
    mine = {SubmissionRef.read(letter.ref).seq: letter for letter in receipts if led.get(letter.reader)}
    taken = Submission.objects.filter(received_seq__in=list(mine), form=ABSENCE.name, state__in=TAKEN)
    return [
        WantedPosting(PostingKind.REVIEW, mine[seq].ref, one.address, mine[seq].reader)
        for seq in taken.values_list("received_seq", flat=True)
        for one in led[mine[seq].reader]
        if MailWish.REVIEWS in mail_wishes.read(one.wishes)
    ]


def _boxes(readers: Collection[str], role: MailboxRole | None = None) -> dict[str, list[BoundMailbox]]:
    """The mailboxes of readers; those of a division's offices are its own."""
    found: defaultdict[str, list[BoundMailbox]] = defaultdict(list)
    offices = {organ_code(reader, organ) for reader in readers if not is_school(reader) for organ in Organ}
    for one in mailboxes.bound({*readers, *offices}) if readers else ():
        if role is None or one.role is role:
            for reader in {one.unit, reads_as(one.unit)} & set(readers):
                found[reader].append(one)
    return found
