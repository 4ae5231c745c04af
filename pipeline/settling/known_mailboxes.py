"""待认邮箱: a mailbox nobody knows sent a school's own template. Its county says whether the mailbox is the school's.

M12: the number of the first such workbook. Confirmed, what comes from there is the school's word, as soon as it is
proved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from pipeline.database import sql
from pipeline.database.decision_log import decide
from pipeline.database.models import AskedMailbox, Mail, Submission, Unit
from pipeline.database.transactions import atomic
from pipeline.figures import deskwork
from pipeline.issues.refusals import refusal
from pipeline.letters import queue
from pipeline.model import (
    AskedState,
    Channel,
    Checked,
    DecidedBy,
    DecisionKind,
    LetterKind,
    MailboxOrigin,
    MailboxRole,
    Settled,
    Site,
    State,
)
from pipeline.registry import lookup, mailboxes
from pipeline.schooldays import today
from pipeline.turns.pending_items import PendingItem
from pipeline.units import is_school

PREFIX = "M"
_PROVED = frozenset({State.ACCEPTED, State.PARTIAL, State.DUPLICATE})


def ask(checked: Sequence[Checked], settled: Sequence[Settled], site: Site, now: datetime) -> None:
    """Ask about the mailboxes of mails whose files proved themselves, once for each and its school."""
    states = {one.seq: one.state for one in settled}
    mine = {one.arrival.seq: one for one in checked if _came_by_its_token(one) and states[one.arrival.seq] in _PROVED}
    if not mine:
        return
    mails = dict(Submission.objects.filter(received_seq__in=list(mine)).values_list("received_seq", "mail"))
    rows = {row.pk: row for row in Mail.objects.filter(pk__in={number for number in mails.values() if number})}
    known = mailboxes.speaks_for({row.sender for row in rows.values()})
    for seq, one in mine.items():
        row = rows.get(mails[seq] or 0)
        if row is None or not row.sender or row.sender in known:
            continue
        if row.proved or site.mail.lenient:  # else nothing would be gained
            columns = ("id", "address", "unit", "asked_at", "state")
            text = sql.insert("asked_mailbox", columns) + " ON CONFLICT DO NOTHING"
            sql.run(text, [(seq, row.sender, one.unit, sql.moment(now), AskedState.WAITING)])


def waiting(division: str) -> list[PendingItem]:
    """Return the mailboxes that wait for a division, oldest first; "" for all."""
    rows = AskedMailbox.objects.filter(state=AskedState.WAITING).order_by("id")
    if division:
        schools = Unit.objects.filter(division__in=lookup.tree(()).below(division)).values("code")
        rows = rows.filter(unit__in=schools)
    found = list(rows)
    names = lookup.names({row.unit for row in found})
    schools_of = Counter(row.address for row in found)
    return [
        PendingItem(
            id=f"{PREFIX}{row.pk}",
            stamp=str(row.pk),
            school=row.unit,
            school_name=names.get(row.unit, row.unit),
            day=today(row.asked_at),
            since=row.asked_at,
            what=deskwork.mailbox(row.address, row.pk, schools_of[row.address] - 1),
        )
        for row in found
    ]


def confirm(asked: str, by: DecidedBy) -> None:
    """Let the mailbox speak for its school. Raises UsageError, and changes nothing, if it no longer waits, or speaks
    for another school.
    """
    with atomic():
        row = _asked(asked, AskedState.WAITING)
        if mailboxes.speaks_for([row.address]).get(row.address, row.unit) != row.unit:
            raise refusal("mailbox-elsewhere", mailbox=asked)
        order, _ = decide(DecisionKind.MAILBOX_CONFIRM, asked, by)
        mailboxes.give(row.address, row.unit, MailboxRole.SPEAKER, MailboxOrigin.DESK, by.at, by.who)
        _end(row, AskedState.CONFIRMED, order, by.at)


def refuse(asked: str, by: DecidedBy) -> None:
    """It is not the school's; it is not asked about again. Raises UsageError if it no longer waits."""
    with atomic():
        row = _asked(asked, AskedState.WAITING)
        order, _ = decide(DecisionKind.MAILBOX_RETURN, asked, by)
        _end(row, AskedState.REFUSED, order, by.at)


def take_back(asked: str, by: DecidedBy) -> None:
    """Take the word on a mailbox back: it waits again, and speaks for nobody by it. Raises UsageError if none was
    given.
    """
    with atomic():
        row = _asked(asked, AskedState.CONFIRMED, AskedState.REFUSED)
        order, _ = decide(DecisionKind.MAILBOX_UNDO, asked, by)
        mailboxes.take(row.address, row.unit, by.at, by.who, MailboxOrigin.DESK)
        _end(row, AskedState.WAITING, order, by.at)


def _came_by_its_token(one: Checked) -> bool:
    """Whether a mail's file is a school's by its token alone. One that has ended proves nothing, and says so."""
    claims = one.reading.claims
    ended = any(issue.code.startswith(("token-", "sender-unproved")) for issue in one.issues)
    by_mail = one.arrival.channel is Channel.MAIL and not one.arrival.bound
    return by_mail and is_school(one.unit) and bool(claims and claims.token) and not ended


def _asked(asked: str, *states: AskedState) -> AskedMailbox:
    number = asked.removeprefix(PREFIX)
    rows = AskedMailbox.objects.select_for_update().filter(state__in=states)
    row = rows.filter(pk=int(number)).first() if asked.startswith(PREFIX) and number.isdecimal() else None
    if row is None and AskedState.WAITING in states:
        raise refusal("mailbox-not-asked", mailbox=asked)
    if row is None:
        raise refusal("mailbox-not-decided", mailbox=asked)
    return row


def _end(row: AskedMailbox, state: AskedState, order: int, now: datetime) -> None:
    AskedMailbox.objects.filter(pk=row.pk).update(state=state)
    queue.queue(LetterKind.DECIDED, str(order), row.unit, now)
