"""Mails into submissions: opened, judged, their files kept in the spool, a row for each mail with its files journalled.

In this order, so that a crash at any point is repaired by taking the mail again: its bytes are in the spool, its files
are durable there, the store has both in one transaction, the journal has its lines, the mail goes to the archive; and
only then the server may be told. A mail's number on its server tells whether it was taken before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol

import structlog

from pipeline import durable
from pipeline.database import errors
from pipeline.executors import Readers, ReadJob
from pipeline.executors.mails import MailOpener
from pipeline.faults import Fault, stage
from pipeline.inbox import archive
from pipeline.inbox.archive import SpooledMail
from pipeline.inbox.scan import shown
from pipeline.mail.opened import head_of
from pipeline.mail.proof import SenderProof
from pipeline.mail.verdict import NO_FILES, NO_PARTS, FilesProof, found_of, policy, verdict
from pipeline.model import (
    Arrival,
    Channel,
    DecidedBy,
    FetchedMail,
    Issue,
    MailAccount,
    MailPart,
    MailState,
    MailVerdict,
    OpenedMail,
    ProofPolicy,
    Site,
)
from pipeline.post import mails, passphrases, postings
from pipeline.post.mails import JudgedMail, KeptMail
from pipeline.registry import lookup, mailboxes
from pipeline.run import mail_review, zero_mail
from pipeline.run.mail_review import LeaderWord
from pipeline.schooldays import today
from pipeline.settling import reviews
from pipeline.xlsx.locked import is_locked

log = structlog.get_logger("queke.mail")

TOGETHER = 100  # mails archived in one transaction
MAY_PROVE_ITSELF = frozenset({"unknown", "unproved"})
"""Why a mail is quarantined whose files may yet show that we issued them."""


def sweep(site: Site) -> None:
    """Remove mails from the spool that were fetched and never taken in, before any are fetched: they come again."""
    with errors.temporary():
        known = mails.spooled()
    for path in (site.spool / archive.MAIL).glob("*"):
        if path.relative_to(site.root).as_posix() not in known:
            durable.unlink(path)


@dataclass(frozen=True)
class MailDesk:
    """A site, and what opens and reads its mails."""

    site: Site
    opener: MailOpener
    readers: Readers

    def take(self, fetched: Sequence[FetchedMail], now: datetime) -> list[Arrival]:
        """Take mails in; return the submissions that came of them, journalled as received.

        One on which we fail is put into quarantine, and the others are taken. One that was taken before, and fetched
        once more after its line broke, is left out.
        """
        fresh = [one for one in fetched if not self._was_taken(one)]
        judged = errors.attempted(lambda: self._judged(fresh, now))
        if isinstance(judged, Fault):
            log.critical("mails_one_by_one", mails=len(fresh), **judged.fields())
            judged = [self._judged_alone(one, now) for one in fresh]
        arrivals = self._journalled(mails.receive(self.site, judged, now))
        for one in judged:
            if (bounce := one.opened.bounce) is not None and bounce.final:
                postings.bounced(bounce.message_ids, bounce.status, now)
        return arrivals

    def release(self, mail: KeptMail, unit: str, now: datetime, who: str) -> list[Arrival]:
        """Take a quarantined mail after all, as the word of a unit; return its submissions, journalled."""
        opened = self.opener.open(mail.path)
        zero = None if opened.parts else zero_mail.report(self.site, opened, unit, today(mail.at))
        parts = [zero] if isinstance(zero, MailPart) else opened.parts
        arrivals = self._kept(parts, f"mail-{mail.account}-q{mail.id}", mail.at, unit, now)
        return self._journalled(mails.release(self.site, mail, unit, arrivals, now, who))

    def _was_taken(self, one: FetchedMail) -> bool:
        """Whether a mail has its row; what was fetched of it once more is removed, unless it is where its bytes are."""
        place = mails.place_of(one.key)
        if place is not None and self.site.root / place != one.path:
            with suppress(FileNotFoundError):
                durable.unlink(one.path)
        return place is not None

    def archive(self) -> None:
        """Move mails that are settled from the spool into the archive, or what may be kept of them. May be repeated."""
        waiting = [
            SpooledMail(mail.path, today(mail.received_at), mail.id, None if whole else head_of)
            for mail, whole in mails.to_archive(self.site)
        ]
        for start in range(0, len(waiting), TOGETHER):
            mails.moved(archive.keep_mails(self.site, waiting[start : start + TOGETHER]))

    def _judged(self, fetched: Sequence[FetchedMail], now: datetime) -> list[JudgedMail]:
        before = mails.seen_before([one.sha256 for one in fetched])
        opened = [(one, self.opener.open(one.path, whole=one.whole)) for one in fetched]
        units = mailboxes.speaks_for({sender for _, mail in opened for sender in mail.senders})
        judged: list[JudgedMail] = []
        for one, mail in opened:
            again = one.sha256 in before or one.sha256 in {other.fetched.sha256 for other in judged}
            judged.append(
                JudgedMail(one, mail, MailVerdict(MailState.NOTHING, "again"))
                if again
                else self._judge(one, mail, units, now)
            )
        return judged

    def _judged_alone(self, one: FetchedMail, now: datetime) -> JudgedMail:
        judged = errors.attempted(lambda: self._judged([one], now)[0])
        if isinstance(judged, Fault):
            log.critical("mail_failed", uid=one.key.uid, **judged.fields())
            return JudgedMail(one, OpenedMail(), MailVerdict(MailState.QUARANTINED, "failed"))
        return judged

    def _judge(self, one: FetchedMail, mail: OpenedMail, units: Mapping[str, str], now: datetime) -> JudgedMail:
        unit = units.get(mail.senders[0], "") if len(mail.senders) == 1 else ""
        proof = found_of(mail, one.signed_by, self._account(one.key.account))
        review = self._review(mail) if proof is SenderProof.PASS and not mail.automatic else None
        if review is not None:
            return self._reviewed(one, mail, review, now)
        to_ours = bool(mail.references) and not mail.parts and postings.ours(mail.references)
        judge = partial(verdict, mail, unit, proof, self.site.mail, to_ours=to_ours)
        found = judge()
        arrivals: tuple[Arrival, ...] = ()
        if found.bound and mail.parts:
            mail = replace(mail, parts=self._unlocked(mail.parts, found.bound))
        if found.state is MailState.TAKEN or found.why in MAY_PROVE_ITSELF:
            arrivals = tuple(self._kept(mail.parts, _called(one), one.at, found.bound, now))
            if found.state is not MailState.TAKEN:
                found, arrivals = self._by_its_files(arrivals, unit, judge)
            if found.state is not MailState.TAKEN:
                durable.unlink_many([arrival.path for arrival in arrivals])
                arrivals = ()
        if not mail.parts and not mail.issues and found.bound and not mail.automatic:
            found, mail, arrivals = self._without_files(one, mail, found, now)
        elif found == MailVerdict(MailState.NOTHING, NO_PARTS) and zero_mail.speaks(mail, today(one.at)):
            found = MailVerdict(MailState.QUARANTINED, "unproved" if unit else "unknown")  # its school waits for it
        log.info(
            "mail", account=one.key.account, uid=one.key.uid, state=found.state, why=found.why, files=len(arrivals)
        )
        return JudgedMail(one, mail, found, arrivals, proof is SenderProof.PASS)

    def _review(self, mail: OpenedMail) -> LeaderWord | None:
        """The word of a 分管领导 on a receipt, from his own mailbox."""
        answers = bool(mail.references) and not mail.parts and len(mail.senders) == 1
        return mail_review.read(mail) if answers else None

    def _reviewed(self, one: FetchedMail, mail: OpenedMail, word: LeaderWord, now: datetime) -> JudgedMail:
        """A mail that approves a day's report, or takes that back, or is told why nothing comes of it."""
        state = MailState.REFUSED if word.approves is None else MailState.TAKEN
        found = MailVerdict(state, word.issue.code, word.school, answerable=True)
        by = DecidedBy(f"{lookup.contact(word.school).leader} {mail.senders[0]}".strip(), "", now)
        said = reviews.approve if word.approves else reviews.withdraw
        then = partial(said, word.school, word.day, by) if word.approves is not None else None
        log.info("mail", account=one.key.account, uid=one.key.uid, state=state, why=found.why, files=0)
        return JudgedMail(one, replace(mail, issues=(word.issue,)), found, proved=True, then=then)

    def _unlocked(self, parts: Sequence[MailPart], unit: str) -> tuple[MailPart, ...]:
        """The files of a unit's mail, those opened that its own passphrase, or the one before, opens."""
        if not any(is_locked(part.content) for part in parts):
            return tuple(parts)
        known = passphrases.of(self.site, [unit]).get(unit, ())
        opened = [self.opener.unlock(part.content, known) if is_locked(part.content) else None for part in parts]
        return tuple(
            part if inside is None else replace(part, content=inside)
            for part, inside in zip(parts, opened, strict=True)
        )

    def _without_files(
        self, one: FetchedMail, mail: OpenedMail, found: MailVerdict, now: datetime
    ) -> tuple[MailVerdict, OpenedMail, tuple[Arrival, ...]]:
        """A mail without files of a mailbox we know: a zero report in one line, or an attachment that was forgotten.
        Of an answer to a mail of ours only its own line counts: its subject is ours, perhaps of another day.
        """
        unit, asked = found.bound, found.why != NO_FILES
        made = zero_mail.report(self.site, replace(mail, subject="") if asked else mail, unit, today(one.at))
        if isinstance(made, MailPart):
            arrivals = self._kept([made], _called(one), one.at, unit, now)
            return MailVerdict(MailState.TAKEN, "zero-line", unit, answerable=True), mail, tuple(arrivals)
        if made is None and asked:
            return found, mail, ()
        issue = made or Issue(NO_FILES)
        return MailVerdict(MailState.REFUSED, issue.code, unit, answerable=True), replace(mail, issues=(issue,)), ()

    def _by_its_files(
        self, arrivals: Sequence[Arrival], unit: str, judge: Callable[..., MailVerdict]
    ) -> tuple[MailVerdict, tuple[Arrival, ...]]:
        """The verdict on a mail of which nothing is proved, by what its files say of themselves: that we issued them,
        which is seen when they are validated, or of which form they are. A file whose form needs no proof is the word
        of the unit whose mailbox it is.
        """
        jobs = [ReadJob(at, one.path, today(one.first_seen)) for at, one in enumerate(arrivals)]
        claims = {at: reading.claims for at, reading in self.readers.read(jobs)}
        forms = [one.form if (one := claims.get(at)) else "" for at in range(len(arrivals))]
        free = [bool(unit and form) and policy(self.site.mail, form) is not ProofPolicy.REQUIRE for form in forms]
        issued = [bool((one := claims.get(at)) and one.token) for at in range(len(arrivals))]
        if not all(a or b for a, b in zip(free, issued, strict=True)):
            return judge(), tuple(arrivals)
        bound = tuple(replace(one, bound=unit if ours else "") for one, ours in zip(arrivals, free, strict=True))
        return judge(files=FilesProof.FREE if any(free) else FilesProof.ISSUED), bound

    def _kept(self, parts: Sequence[MailPart], name: str, at: datetime, unit: str, now: datetime) -> list[Arrival]:
        """Put a mail's files into the spool, durably."""
        durable.make_folder(self.site.spool)
        arrivals = []
        for n, part in enumerate(parts, start=1):
            kept = archive.spool_part(self.site, f"{name}-{n}{archive.ending(part.name)}", part.content)
            arrivals.append(
                Arrival(
                    sha256=kept.sha256,
                    size=kept.stamp.size,
                    name=shown(part.name),
                    channel=Channel.MAIL,
                    folder="",
                    bound=unit,
                    first_seen=at.astimezone(now.tzinfo),
                    received_at=now,
                    path=kept.path,
                    claim=f"{name}/{n}",
                )
            )
        durable.sync_many([arrival.path for arrival in arrivals], (self.site.spool,))
        return arrivals

    def _journalled(self, arrivals: list[Arrival]) -> list[Arrival]:
        archive.write_journal(self.site, arrivals)
        return arrivals

    def _account(self, name: str) -> MailAccount:
        return next(account for account in self.site.mail.accounts if account.name == name)


def _called(one: FetchedMail) -> str:
    """By what the files of a mail are known, the same whenever it is taken."""
    return f"mail-{one.key.account}-{one.key.validity}-{one.key.uid}"


class MailSource(Protocol):
    """Where fetched mails come from; told when each has its row, so that the server may be told."""

    def collect(self, limit: int) -> list[FetchedMail]:
        """Return up to `limit` mails that were fetched, oldest first."""
        ...

    def release(self, fetched: Sequence[FetchedMail], states: Mapping[int, MailState]) -> None:
        """Hear that these are settled, by UID."""
        ...


@dataclass(frozen=True)
class MailBag:
    """Mails that a source fetched, taken in by a desk."""

    source: MailSource
    desk: MailDesk

    def take(self, limit: int, now: datetime) -> tuple[int, list[Arrival]]:
        """Take in what was fetched; return how many mails that were, and the submissions that came of them."""
        fetched = self.source.collect(limit)
        if not fetched:
            return 0, []
        with errors.temporary():
            arrivals = self.desk.take(fetched, now)
            for key in {(one.key.account, one.key.folder, one.key.validity) for one in fetched}:
                states = mails.settled(*key)
                mine = [one for one in fetched if (one.key.account, one.key.folder, one.key.validity) == key]
                self.source.release(mine, states)
        return len(fetched), arrivals

    def archive(self) -> None:
        """Archive mails whose submissions are settled."""
        with stage("archive"), errors.temporary():
            self.desk.archive()
