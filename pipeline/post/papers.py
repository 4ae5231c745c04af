"""Papers by mail: as soon as one lies in the outbox, a mail is queued to each mailbox of its reader, in the same
transaction; it goes out once all that belongs to it lies there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from pipeline.letters.queue import Queued
from pipeline.model import LetterKind, MailboxRole, PostingKind
from pipeline.post import postings
from pipeline.post.postings import WantedPosting
from pipeline.registry import mailboxes

_KINDS = {
    LetterKind.DIGEST: PostingKind.PAPERS,
    LetterKind.MISSING: PostingKind.PAPERS,
    LetterKind.RULES: PostingKind.PAPERS,
    LetterKind.CARD: PostingKind.CARD,
    LetterKind.CARDBOOK: PostingKind.CARD,
}
"""Letters that go by mail, too, to whom they are for; answers go to the mail they answer."""


def queue(delivered: Iterable[Queued], now: datetime) -> int:
    """Queue the mails of letters that were delivered, in the caller's transaction; return how many are new."""
    mine = [letter for letter in delivered if letter.kind in _KINDS and letter.reader]
    if not mine:
        return 0
    addresses: defaultdict[str, set[str]] = defaultdict(set)
    for one in mailboxes.bound({letter.reader for letter in mine}):
        if one.role is not MailboxRole.LEADER:
            addresses[one.unit].add(one.address)
    wanted = {
        (_KINDS[letter.kind], letter.ref, address, letter.reader)
        for letter in mine
        for address in addresses[letter.reader]
    }
    return postings.queue([WantedPosting(*one) for one in sorted(wanted)], now) if wanted else 0
