"""States and kinds of mails: the closed sets of words of the tables of mail."""

from __future__ import annotations

from enum import StrEnum


class MailState(StrEnum):
    """What became of a mail."""

    TAKEN = "taken"  # at least one submission came of it, or a word that counts
    NOTHING = "nothing"  # nothing in it for us
    REFUSED = "refused"  # it could not be taken, and its sender is told why
    QUARANTINED = "quarantined"  # nobody knows for whom it speaks: an admin looks at it
    DROPPED = "dropped"  # by an admin, out of quarantine


class PostingKind(StrEnum):
    """What goes out by mail; `run.mail_writers` has a writer for each."""

    ANSWER = "answer"  # to a mail; its ref is the mail's number
    PAPERS = "papers"  # of an edition, to whom they are for
    CARD = "card"  # of a warning
    REVIEW = "review"  # of a report that was taken, to its school's 分管领导; its ref is the receipt's
    REMIND = "remind"  # a report is missing; "2026-11-20.2132010001"
    LEAD = "lead"  # likewise, to the 分管领导
    LIST = "list"  # the schools of a county that are missing, to telephone them; "2026-11-20.320106"
    TEMPLATE = "template"  # of the morning; "2026-11-20.2132010001"
    ACCOUNT = "account"  # opened or refused; its ref is the letter's


class PostingState(StrEnum):
    """Whether a mail went out."""

    QUEUED = "queued"
    SENDING = "sending"  # given to a server, or about to be: found so after a crash, it is sent once more
    SENT = "sent"
    VOID = "void"  # nothing to say any more, or no longer to whom
    ADMIN = "admin"  # a server refuses us, or our brake holds it: a person must look
    FAILED = "failed"  # the reader's server will not have it
    BOUNCED = "bounced"  # taken, and sent back later


class MailboxRole(StrEnum):
    """What a mailbox may do for a unit."""

    SPEAKER = "speaker"  # what it sends is the unit's
    LEADER = "leader"  # 分管领导: may approve, is reminded
    READER = "reader"  # gets papers


class MailboxOrigin(StrEnum):
    """Who said that a mailbox belongs to a unit."""

    COMMAND = "command"
    FILING = "filing"
    ROSTER = "roster"
    DESK = "desk"


class AskedState(StrEnum):
    """Whether a mailbox that nobody knows is its school's, by its county's word."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


class MailWish(StrEnum):
    """What a mailbox may want from us; answers to its own mails it gets in any case."""

    PAPERS = "papers"
    CARDS = "cards"
    REMIND = "remind"  # that a report is missing
    TEMPLATES = "templates"  # of the morning
    REVIEWS = "reviews"  # to the 分管领导: what was reported
    ACCOUNTS = "accounts"  # that one was opened or refused
