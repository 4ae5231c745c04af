"""Mails that were seen on a server: a row for each, in the transaction that journals its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from django.db.models import Count, Max

from pipeline.database import acts, audit, journal, serialise, sql
from pipeline.database.models import Letter, Mail, Submission
from pipeline.database.transactions import atomic
from pipeline.inbox import archive
from pipeline.mail.verdict import BELIEVED
from pipeline.model import (
    ActKind,
    Arrival,
    FetchedMail,
    Issue,
    LetterKind,
    LetterState,
    MailKey,
    MailState,
    MailVerdict,
    OpenedMail,
    PostingKind,
    Site,
    State,
)
from pipeline.post import postings
from pipeline.post.postings import WantedPosting
from pipeline.schooldays import ZONE, today

_SHOWN = 255
_ANSWERS = (LetterKind.RECEIPT, LetterKind.GIVEBACK)


@dataclass(frozen=True, slots=True)
class JudgedMail:
    """A mail, what becomes of it, and its files, kept in the spool."""

    fetched: FetchedMail
    opened: OpenedMail
    verdict: MailVerdict
    arrivals: tuple[Arrival, ...] = ()
    proved: bool = False  # it came from the mailbox that its From names
    then: Callable[[], None] | None = None  # what it does besides, with its row


@dataclass(frozen=True, slots=True)
class KeptMail:
    """A mail in the store."""

    id: int
    account: str
    sender: str
    unit: str
    state: MailState
    why: str
    at: datetime
    received_at: datetime
    path: Path
    size: int


def settled(account: str, folder: str, validity: int) -> dict[int, MailState]:
    """Return the mails of a folder that have their row, by UID, with what became of each."""
    rows = Mail.objects.filter(account=account, folder=folder, validity=validity)
    return {uid: MailState(state) for uid, state in rows.values_list("uid", "state")}


def seen_before(sha256s: Sequence[str]) -> frozenset[str]:
    """Return, of these hashes, those of mails that came before, under whatever number."""
    return frozenset(Mail.objects.filter(sha256__in=sha256s).values_list("sha256", flat=True))


def place_of(key: MailKey) -> str | None:
    """Return where the bytes of a mail are, below the site; None if it has no row yet."""
    return (
        Mail.objects.filter(account=key.account, folder=key.folder, validity=key.validity, uid=key.uid)
        .values_list("path", flat=True)
        .first()
    )


def spooled() -> frozenset[str]:
    """Return the paths of mails whose bytes are in the spool, below the site."""
    return frozenset(Mail.objects.filter(path__startswith="spool/").values_list("path", flat=True))


def receive(site: Site, judged: Sequence[JudgedMail], now: datetime) -> list[Arrival]:
    """Give each mail its row and journal its files as received, in one transaction; return these, numbered.

    A mail that has its row already keeps it, and its files are not journalled again.
    """
    arrivals: list[Arrival] = []
    fresh: list[Mail] = []
    with atomic():
        for one in judged:
            key = one.fetched.key
            known = {"account": key.account, "folder": key.folder, "validity": key.validity, "uid": key.uid}
            if Mail.objects.filter(**known).exists():
                continue
            row = Mail.objects.create(**known, **_values(site, one, now))
            fresh.append(row)
            if one.then is not None:
                one.then()
            arrivals += [replace(arrival, mail=row.pk) for arrival in one.arrivals]
        arrivals = journal.receive(site, arrivals)
        if fresh:
            seqs = {row.pk: [one.seq for one in arrivals if one.mail == row.pk] for row in fresh}
            acts.note(ActKind.MAILS, now, rows=[_said(row) for row in fresh], seqs=list(seqs.items()))
    return arrivals


def receive_again(rows: Sequence[Mapping[str, object]], seqs: Sequence[tuple[int, list[int]]], now: datetime) -> None:
    """Give mails their rows in a store that is made again, as the act says; their files are received already."""
    with atomic():
        for said in rows:
            row = Mail(**said)
            row.at, row.received_at = datetime.fromisoformat(str(said["at"])), now
            row.save(force_insert=True)
        for number, numbers in seqs:
            Submission.objects.filter(received_seq__in=numbers).update(mail=number)
        acts.note(ActKind.MAILS, now, rows=rows, seqs=seqs)


def found_again(site: Site) -> None:
    """In a store that was made again, note where the mails' bytes are, and let the next mail have the next number."""
    with atomic():
        for row in Mail.objects.filter(path__startswith="spool/"):
            if not (site.root / row.path).exists():
                moved({row.pk: archive.mail_place(today(row.received_at), row.pk)})
    sql.go_on_numbering(Mail)


def to_archive(site: Site) -> list[tuple[KeptMail, bool]]:
    """Return the mails whose bytes are still in the spool and may leave it, each with whether they are archived whole.

    What is in quarantine stays, and what brings submissions until these are settled. Of a mail of which nothing was
    taken, or that may hold a password, the head alone is archived.
    """
    rows = Mail.objects.filter(path__startswith="spool/").exclude(state=MailState.QUARANTINED).order_by("id")
    files = Submission.objects.filter(mail__in=[row.pk for row in rows]).values_list("mail", "state", "secret")
    waiting = {mail for mail, state, _ in files if state == State.RECEIVED}
    secret = {mail for mail, _, kept_secret in files if kept_secret}
    return [
        (_kept(row, site.root), row.state == MailState.TAKEN and not row.secret and row.pk not in secret)
        for row in rows
        if row.pk not in waiting
    ]


def moved(places: Mapping[int, str]) -> None:
    """Note where in the archive mails are now, below the site, by their numbers."""
    with atomic():
        sql.run("UPDATE mail SET path = %s WHERE id = %s", [(path, number) for number, path in places.items()])


def counts() -> dict[MailState, int]:
    """Return how many mails are in each state: their sum is the number of mails seen."""
    found = dict.fromkeys(MailState, 0)
    for row in Mail.objects.values("state").annotate(n=Count("id")):
        found[MailState(row["state"])] = row["n"]
    return found


def braked(since: datetime) -> tuple[int, int]:
    """Return how many mails got no answer since a moment because their sender had got so many, and of how many."""
    rows = Mail.objects.filter(braked=True, answered_at__gte=since)
    return rows.count(), rows.values("sender").distinct().count()


def believed(since: datetime) -> int:
    """Return how many mails were taken since a moment by policy, though nothing proved their sender."""
    return Mail.objects.filter(why=BELIEVED, received_at__gte=since).count()


def latest() -> dict[str, datetime]:
    """Return, by account, when its latest mail was taken."""
    rows = Mail.objects.values("account").annotate(last=Max("received_at"))
    return {row["account"]: row["last"].astimezone(ZONE) for row in rows}


def waits(account: str, limit: int = 20) -> list[timedelta]:
    """Return how long the latest mails of an account lay on its server before they were taken in, by both clocks."""
    rows = Mail.objects.filter(account=account).order_by("-id")[:limit]
    return [received_at - at for received_at, at in rows.values_list("received_at", "at")]


def quarantined(site: Site) -> list[KeptMail]:
    """Return the mails that an admin must look at, oldest first."""
    return [_kept(row, site.root) for row in Mail.objects.filter(state=MailState.QUARANTINED).order_by("id")]


@dataclass(frozen=True, slots=True)
class AnsweringMail:
    """A mail to be answered. `givebacks`: its submissions of which a return workbook may lie ready, for whom."""

    id: int
    sender: str
    unit: str
    message_id: str
    references: tuple[str, ...]
    issues: tuple[Issue, ...]
    submissions: tuple[int, ...]
    givebacks: tuple[tuple[int, str], ...]


def unanswered() -> list[AnsweringMail]:
    """Return the mails that may be answered now: all that they brought is settled, and its letters are written."""
    rows = list(Mail.objects.filter(answerable=True, answered_at__isnull=True).order_by("id"))
    files = Submission.objects.filter(mail__in=[row.pk for row in rows]).values_list("mail", "received_seq", "state")
    waiting = {mail for mail, _, state in files if state == State.RECEIVED}
    refs = {str(seq): mail for mail, seq, _ in files}
    unwritten = Letter.objects.filter(kind__in=_ANSWERS, ref__in=list(refs), state=LetterState.QUEUED)
    waiting |= {refs[ref] for ref in unwritten.values_list("ref", flat=True)}
    return [_answering(row) for row in rows if row.pk not in waiting]


def answering(number: int) -> AnsweringMail | None:
    """Return a mail that is to be answered, by its number."""
    row = Mail.objects.filter(pk=number).first()
    return _answering(row) if row else None


def answer(mail: AnsweringMail, now: datetime, *, braked: bool) -> None:
    """Queue the answer to a mail, once; with `braked` it gets none, since its sender got so many today."""
    with atomic():
        if not Mail.objects.filter(pk=mail.id, answered_at__isnull=True).update(answered_at=now, braked=braked):
            return
        if not braked:
            postings.queue([WantedPosting(PostingKind.ANSWER, str(mail.id), mail.sender, mail.unit)], now)
        acts.note(ActKind.ANSWERED, now, mail=mail.id, braked=braked)


def answer_again(number: int, now: datetime, *, braked: bool) -> None:
    """Note in a store that is made again that a mail needs no answer any more: its posting is an act of its own."""
    with atomic():
        Mail.objects.filter(pk=number).update(answered_at=now, braked=braked)
        acts.note(ActKind.ANSWERED, now, mail=number, braked=braked)


def find(site: Site, number: int) -> KeptMail | None:
    """Return a mail by its number."""
    row = Mail.objects.filter(pk=number).first()
    return _kept(row, site.root) if row else None


def release(
    site: Site, mail: KeptMail, unit: str, arrivals: Sequence[Arrival], now: datetime, who: str
) -> list[Arrival]:
    """Take a quarantined mail after all, as the word of a unit; its files, numbered. None if it is not in quarantine.

    Audited.
    """
    with atomic():
        if not Mail.objects.filter(pk=mail.id, state=MailState.QUARANTINED).exists():
            return []
        numbered = journal.receive(site, [replace(arrival, mail=mail.id) for arrival in arrivals])
        decide(mail.id, MailState.TAKEN, now, who, unit=unit, seqs=[one.seq for one in numbered])
        return numbered


def decide(number: int, state: MailState, now: datetime, who: str, *, unit: str = "", seqs: Sequence[int] = ()) -> bool:
    """Take a mail out of quarantine: taken as the word of a unit, with these submissions, or dropped. False if it is
    not in quarantine. Audited; its bytes stay.
    """
    with atomic():
        mine = Mail.objects.filter(pk=number, state=MailState.QUARANTINED)
        if not mine.update(state=state, unit=unit):
            return False
        Submission.objects.filter(received_seq__in=seqs).update(mail=number)
        audit.append([audit.AuditEntry(who, f"mail-{state}", f"mail {number} {unit}".strip())], now)
        acts.note(ActKind.MAIL_DECIDED, now, mail=number, state=state, who=who, unit=unit, seqs=list(seqs))
    return True


def _values(site: Site, one: JudgedMail, now: datetime) -> dict[str, object]:
    mail = one.opened
    return {
        "sha256": one.fetched.sha256,
        "size": one.fetched.size,
        "at": one.fetched.at,
        "received_at": now,
        "sender": mail.senders[0][:254] if len(mail.senders) == 1 else "",
        "unit": one.verdict.bound,
        "proved": one.proved,
        "state": one.verdict.state,
        "why": one.verdict.why,
        "answerable": one.verdict.answerable,
        "message_id": mail.message_id[:_SHOWN],
        "references": list(mail.references[-10:]),
        "issues": [serialise.issue(issue) for issue in mail.issues],
        "secret": mail.secret,
        "path": one.fetched.path.relative_to(site.root).as_posix(),
    }


def _said(row: Mail) -> dict[str, object]:
    """A mail's row as its act says it."""
    said = {field.name: getattr(row, field.name) for field in Mail._meta.concrete_fields}
    del said["received_at"], said["answered_at"], said["braked"]
    return {**said, "at": row.at.isoformat()}


def _kept(row: Mail, root: Path) -> KeptMail:
    return KeptMail(
        row.pk, row.account, row.sender, row.unit, MailState(row.state), row.why, row.at.astimezone(ZONE),
        row.received_at, root / row.path, row.size,
    )  # fmt: skip


def _answering(row: Mail) -> AnsweringMail:
    files = list(
        Submission.objects.filter(mail=row.pk)
        .order_by("received_seq")
        .values_list("received_seq", "bound_unit", "unit")
    )
    givebacks = {(seq, reader) for seq, bound, unit in files for reader in (bound, unit) if reader}
    return AnsweringMail(
        id=row.pk,
        sender=row.sender,
        unit=row.unit,
        message_id=row.message_id,
        references=tuple(row.references),
        issues=tuple(map(serialise.as_issue, row.issues)),
        submissions=tuple(seq for seq, *_ in files),
        givebacks=tuple(sorted(givebacks)),
    )
