"""A 分管领导 answers a receipt: 同意 marks the day 已审核, 撤回 takes that back. His mailbox must be bound as his and
proved, and the thread one of ours; what he quotes is not his word.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipeline.figures.words import chinese_date
from pipeline.forms import approval
from pipeline.model import Issue, OpenedMail, PostingKind, SubmissionRef
from pipeline.post import mails, postings
from pipeline.registry import mailboxes
from pipeline.settling import reviews


@dataclass(frozen=True, slots=True)
class LeaderWord:
    """What a 分管领导 said of a receipt, and the answer to it. `approves`: False where he takes it back, None where
    nothing comes of it.
    """

    school: str
    day: date
    issue: Issue
    approves: bool | None = None


def read(mail: OpenedMail) -> LeaderWord | None:
    """Return what a mail from a proved mailbox says of a receipt; None if it is no such answer."""
    led = mailboxes.leads(mail.senders[0])
    found = postings.known(mail.references) if led else ()
    seqs = [seq for kind, ref in found for seq in _submissions(kind, ref)]
    about = reviews.of_receipt(seqs, led) if seqs else None
    if about is None:
        return None
    school, day, stands = about
    said = approval.read(next(iter(mail.lines), ""))
    details = (("day", chinese_date(day)),)
    if said is False and reviews.of([(school, day)]):
        return LeaderWord(school, day, Issue("mail-review-undone", details=details), approves=False)
    if not said:
        return LeaderWord(
            school, day, Issue("mail-review-no" if said is False else "mail-review-unclear", details=details)
        )
    if not stands:
        return LeaderWord(school, day, Issue("mail-review-older", details=details))
    return LeaderWord(school, day, Issue("mail-reviewed", details=details), approves=True)


def _submissions(kind: PostingKind, ref: str) -> tuple[int, ...]:
    if kind is PostingKind.REVIEW:
        return (SubmissionRef.read(ref).seq,)
    answered = mails.answering(int(ref)) if kind is PostingKind.ANSWER else None
    return answered.submissions if answered else ()
