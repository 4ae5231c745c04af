"""Mails out: what is due gets its bytes, is noted as being sent, given to a server, and what that said is noted.

The bytes of a mail are written once. Between the mark that a server gets it and the mark of what that said lies the one
moment that nobody can decide after a crash: it is then sent once more, the same bytes under the same Message-ID, and
never a third time without a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog

from pipeline import durable
from pipeline.database import errors
from pipeline.database.transactions import atomic
from pipeline.faults import Fault, fault
from pipeline.mail.compose import compose, message_id
from pipeline.mail.replies import LetterFate
from pipeline.mail.servers import MailServerError
from pipeline.mail.smtp import Reply
from pipeline.model import MailAccount, PostingKind, PostingState, Site
from pipeline.post import attempts, mails, postings
from pipeline.post.postings import QueuedPosting
from pipeline.run import mail_writers, noting
from pipeline.run.mail_writers import FirstPage
from pipeline.schooldays import ZONE, today

log = structlog.get_logger("queke.mail")

FOLDER = "post"  # below the site: the bytes of mails, by day
TOGETHER = 100  # answers queued in one transaction
AT_ANY_HOUR = frozenset({PostingKind.ANSWER, PostingKind.CARD})

_ENDS = {
    LetterFate.SENT: PostingState.SENT,
    LetterFate.ADMIN: PostingState.ADMIN,
    LetterFate.NEVER: PostingState.FAILED,
}


@dataclass(frozen=True, slots=True)
class ReadyMail:
    """A mail whose bytes are written, for one reader."""

    id: int
    address: str
    attempts: int
    path: Path = field(repr=False)
    doubtful: bool = False  # its last attempt was unclear: it may have arrived


class ToServer(Protocol):
    """Gives a letter to a server, as `MailSender.send` does."""

    def __call__(self, content: bytes, reader: str, *, begun: Callable[[], None]) -> Reply:
        """`begun` is called before the server gets any of it."""
        ...


def queue_answers(site: Site, now: datetime) -> int:
    """Queue the answers to mails of which all is settled; at most so many a day to one sender. Return how many."""
    begin = datetime.combine(today(now), time(), ZONE)
    waiting, queued, most = mails.unanswered(), 0, site.mail.answers_a_day
    for start in range(0, len(waiting), TOGETHER):
        with atomic():
            for mail in waiting[start : start + TOGETHER]:
                braked = postings.answered(mail.sender, begin, now) >= most
                mails.answer(mail, now, braked=braked)
                queued += not braked
                if braked:
                    log.info("answers_braked", mail=mail.id, most=most)
    return queued


def ready(
    site: Site,
    account: MailAccount,
    now: datetime,
    limit: int,
    *,
    first_page: FirstPage,
    besides: Collection[int] = (),
) -> list[ReadyMail]:
    """Write up to `limit` of the mails that are due, and note them as being sent; those first that were being sent when
    a process ended, as far as nobody knows what became of them. `besides`: those that are in hand.

    At night only what cannot wait. No more than the site's brake lets out in an hour, with those in hand.
    """
    left_over = [old for old in postings.begun() if old.id not in besides]
    begun = [again for old in left_over if (again := _begun(site, old, now))]
    left = min(limit, site.mail.letters_an_hour - postings.sent(now - timedelta(hours=1), now) - len(besides))
    if left <= 0:
        return []
    kinds = AT_ANY_HOUR if is_quiet(site, now) else ()
    waiting = postings.waiting(now, left, kinds)
    for queued in waiting:
        if queued.path:
            attempts.forget(site.root / queued.path)  # of an attempt that is noted
    due = [*begun, *waiting][:left]
    found = [one for posting in due if (one := _written(site, account, posting, now, first_page)) is not None]
    postings.begin([one.id for one in found], now)
    if found:
        noting.note_down(site, now)  # before a server gets them: whoever makes the store again must know
    return found


def _begun(site: Site, posting: QueuedPosting, now: datetime) -> QueuedPosting | None:
    """A mail that was being sent when a process ended; None if what the server said of it was marked: that is noted.

    One that no server was given is sent as if nothing had been. Of one that was given without an answer nobody knows
    whether it arrived: it is in doubt, and stays so; likewise where its bytes are gone, and its mark may be with them.
    """
    path = site.root / posting.path
    attempt = attempts.of(path)
    if attempt is None:
        return posting if path.is_file() else replace(posting, why=LetterFate.UNCLEAR)
    reply = attempt.reply or Reply(LetterFate.UNCLEAR)
    doubtful = posting.why == LetterFate.UNCLEAR
    if attempt.reply is None and not doubtful:
        postings.doubt(posting.id)
        attempts.forget(path)
        return replace(posting, why=LetterFate.UNCLEAR)
    note(ReadyMail(posting.id, posting.address, posting.attempts - 1, path, doubtful), reply, now)
    return None


def give(mail: ReadyMail, to_server: ToServer) -> Reply:
    """Give a mail's bytes to a server, and mark that, and what it said. Raises what that raises, and nothing where the
    bytes are gone.
    """
    try:
        content = mail.path.read_bytes()
    except OSError as error:
        log.warning("mail_unreadable", posting=mail.id, **fault(error).fields())
        return Reply(LetterFate.GONE)
    reply = to_server(content, mail.address, begun=partial(attempts.begin, mail.path))
    with suppress(OSError):  # the store will know; a disk that is full is told elsewhere
        attempts.end(mail.path, reply)
    return reply


def note(mail: ReadyMail, reply: Reply, now: datetime) -> None:
    """Note what a server said of a mail. One that is unclear is sent once more; unclear again, a person looks at it:
    nobody shall get it three times. One whose bytes are gone is written anew; if it may have arrived already, a person
    looks: it would not be the same mail.
    """
    twice = mail.doubtful and reply.fate in {LetterFate.UNCLEAR, LetterFate.GONE}
    state = PostingState.ADMIN if twice else _ENDS.get(reply.fate)
    log.info("mailed", posting=mail.id, fate=reply.fate, code=reply.code)
    if reply.fate is LetterFate.GONE:
        postings.unwritten(mail.id)
    if state is not None:
        postings.end(mail.id, state, now, reply.code, reply.fate if state is not PostingState.SENT else "")
    else:
        why = LetterFate.UNCLEAR if mail.doubtful else reply.fate  # the doubt stays
        postings.again(mail.id, mail.attempts + 1, reply.code, why, now)
    attempts.forget(mail.path)


def send(
    site: Site,
    to_server: ToServer,
    now: Callable[[], datetime],
    account: MailAccount,
    *,
    first_page: FirstPage,
) -> int:
    """Send all that is due, one after the other; return how many went out. Raises what `to_server` raises."""
    sent, batch = 0, list[ReadyMail]()
    try:
        with errors.temporary():
            queue_answers(site, now())
            while batch := ready(site, account, now(), 20, first_page=first_page):
                while batch:
                    reply = give(batch[0], to_server)
                    note(batch.pop(0), reply, now())
                    sent += reply.fate is LetterFate.SENT
    except MailServerError:
        for mail in batch:  # none of these was given to it
            note(mail, Reply(LetterFate.WAIT), now())
        raise
    finally:  # what went out is in the archive, too: nobody who makes the store again sends it twice
        noting.note_down(site, now())
    return sent


def is_quiet(site: Site, now: datetime) -> bool:
    """Whether it is night, when only what cannot wait goes out."""
    clock = f"{now.astimezone(ZONE):%H:%M}"
    begin, end = site.mail.quiet_from, site.mail.quiet_until
    return begin <= clock < end if begin <= end else clock >= begin or clock < end


def _written(
    site: Site, account: MailAccount, posting: QueuedPosting, now: datetime, first_page: FirstPage
) -> ReadyMail | None:
    """A mail with its bytes, written once; None if it has nothing to say, may not go there, or cannot be written."""
    if not posting.path and not may_go(site, posting.address):
        postings.end(posting.id, PostingState.VOID, now, why="domain")
        return None
    doubtful = posting.why == LetterFate.UNCLEAR
    kept = site.root / posting.path if posting.path else None
    if kept is not None and not kept.is_file():
        if doubtful:  # it may have arrived, and what is written now would not be the same
            postings.end(posting.id, PostingState.ADMIN, now, why=LetterFate.GONE)
            return None
        kept = None
    path = kept or _compose(site, account, posting, now, first_page)
    return None if path is None else ReadyMail(posting.id, posting.address, posting.attempts, path, doubtful)


def as_bytes(
    site: Site, account: MailAccount, posting: QueuedPosting, now: datetime, first_page: FirstPage
) -> tuple[str, bytes] | None:
    """Return a mail's Message-ID and bytes; None if it has nothing to say. Raises `mail_writers.NotYetError`."""
    letter = mail_writers.write(posting, site, first_page)
    if letter is None:
        return None
    number = message_id(f"{posting.kind} {posting.ref} {posting.unit} {posting.address}", account)
    return number, compose(letter, account, number=number, at=now)


def _compose(
    site: Site, account: MailAccount, posting: QueuedPosting, now: datetime, first_page: FirstPage
) -> Path | None:
    try:
        made = errors.attempted(lambda: as_bytes(site, account, posting, now, first_page))
    except mail_writers.NotYetError:
        postings.later(posting.id, now)
        return None
    if isinstance(made, Fault):
        log.critical("mail_not_written", posting=posting.id, kind=posting.kind, **made.fields())
        postings.end(posting.id, PostingState.FAILED, now, why="not-written")
        return None
    if made is None:
        postings.end(posting.id, PostingState.VOID, now, why="nothing")
        return None
    number, content = made
    # by what it is about: in a store that is made again another mail may have its id
    path = site.root / FOLDER / today(now).isoformat() / f"{number.strip('<').partition('.')[0]}.eml"
    durable.make_folder(path.parent)
    durable.write_through(path, content)
    place = path.relative_to(site.root).as_posix()
    postings.written(posting.id, number, place, hashlib.sha256(content).hexdigest())
    return path


def may_go(site: Site, address: str) -> bool:
    """Whether the site's policy lets mails go to an address."""
    domains = site.mail.domains
    domain = address.rpartition("@")[2].lower()
    return not domains or any(domain == one or domain.endswith(f".{one}") for one in domains)
