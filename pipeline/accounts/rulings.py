"""A 备案 decided: its accounts opened or refused by the tier above, once the signed and stamped paper was seen.

Every step is a person's decision, journalled in the sequence and audited.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.hashers import make_password

from pipeline.accounts.accounts import first_state
from pipeline.accounts.filing import OPEN, filing_number, office
from pipeline.database import audit, sql
from pipeline.database.decision_log import decide, order_of
from pipeline.database.models import Account, Decision, Filing, FilingLine, Submission
from pipeline.database.transactions import atomic
from pipeline.figures import deskwork, notices
from pipeline.forms.filing import LEVEL
from pipeline.issues.refusals import refusal
from pipeline.letters import queue
from pipeline.model import (
    DecidedBy,
    DecisionKind,
    FilingLineState,
    FilingRef,
    LetterKind,
    MailboxOrigin,
    MailboxRole,
)
from pipeline.registry import lookup, mailboxes
from pipeline.schooldays import ZONE, today
from pipeline.turns.pending_items import PendingItem
from pipeline.units import is_school

_ROLES = {True: MailboxRole.SPEAKER, False: MailboxRole.READER}
"""What the mailbox of a 备案 may do: a school reports, an office reads."""


@dataclass(frozen=True, slots=True)
class PendingFiling(PendingItem):
    """One filing that waits for its opener. `stamp` changes whenever something of it does."""

    signed: bool  # the signed and stamped paper was seen


@dataclass(frozen=True, slots=True)
class Opened:
    """An account as it was opened. If its user chose no password, it cannot be used before `issue`."""

    username: str
    holder: str
    needs_password: bool


@dataclass(frozen=True, slots=True)
class User:
    """One account of a ruling. `issued`: the password is handed over by us, not chosen by its user."""

    username: str
    holder: str
    issued: bool


@dataclass(frozen=True, slots=True)
class FilingRuling:
    """The decision on a filing, for its unit."""

    number: str
    opened: bool
    users: tuple[User, ...]
    office: str
    why: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One filing, for whoever decides about it. `lines`: user name, holder, telephone, whose password, state, why."""

    number: str
    unit: str
    unit_name: str
    office: str
    received_at: datetime
    applicant: str
    department: str
    phone: str
    email: str
    stamped_on: date | None
    papers: tuple[str, ...]  # paths of the scans, below the site
    lines: tuple[tuple[str, ...], ...]


def waiting(division: str = "") -> list[PendingFiling]:
    """Return the filings that wait for the CDC of `division` (all if empty), in the order they came."""
    rows = Filing.objects.filter(lines__state=FilingLineState.WAITING).distinct().order_by("number")
    if division:
        rows = rows.filter(opener=division)
    found = list(rows.prefetch_related("lines", "scans"))
    names = lookup.names(row.unit_id for row in found)
    return [_waiting(row, names.get(row.unit_id, "")) for row in found]


def _waiting(row: Filing, name: str) -> PendingFiling:
    waiting = (one for one in row.lines.all() if one.state == FilingLineState.WAITING)
    lines = sorted(waiting, key=lambda one: (one.seq, one.row))
    signed = row.stamped_on is not None or bool(row.scans.all())
    what = deskwork.filing(
        LEVEL.labels[row.level],
        [line.username for line in lines],
        row.applicant,
        signed=signed,
        asked_before=[line.username for line in lines if _asked_before(line)],
        takeover=any(line.takeover for line in lines),
    )
    day = today(row.received_at)
    return PendingFiling(filing_number(row.number), _stamp(row), row.unit_id, name, day, row.received_at, what, signed)


def _stamp(row: Filing) -> str:
    lines = sorted((line.pk, line.seq, line.state) for line in row.lines.all())
    scans = sorted(scan.submission_id for scan in row.scans.all())
    return hashlib.sha256(repr((lines, scans, row.stamped_on)).encode()).hexdigest()[:8]


def _asked_before(line: FilingLine) -> bool:
    others = FilingLine.objects.filter(folded=line.folded, state__in=OPEN, seq__lt=line.seq)
    return others.exclude(filing=line.filing_id).exists()


def confirm(request_id: int | str, by: DecidedBy, *, stamped_on: date | None = None) -> list[Opened]:
    """Open the accounts of a filing that still wait; return them.

    The signed and stamped paper must have been seen: as a scan, or by a person who gives its date. Raises UsageError,
    and changes nothing, if there is nothing to open, no paper, or a name that is taken.
    """
    with atomic():
        filing, lines = _open_filing(request_id)
        _see_paper(filing, stamped_on, by.at)
        taken = [_account_of(line) for line in lines]
        seen = {"stamped_on": stamped_on.isoformat() if stamped_on else ""}
        place, _ = decide(DecisionKind.ACCOUNT_OPEN, _target(filing), by, said=seen)
        for line, account in zip(lines, taken, strict=True):
            _open(filing, line, account, place, by.at)
        _end(lines, FilingLineState.OPENED, place, by.why)
        if stamped_on is not None:
            Filing.objects.filter(pk=filing.pk).update(stamped_on=stamped_on)
        what, fields = DecisionKind.ACCOUNT_OPEN, ("state", "password", "unit", "holder", "phone")
        entries = [audit.AuditEntry(by.who, what, f"account {line.username}", fields) for line in lines]
        audit.append(entries, by.at)
        if filing.email:
            mailboxes.give(
                filing.email, filing.unit_id, _ROLES[is_school(filing.unit_id)], MailboxOrigin.FILING, by.at, by.who
            )
        queue.queue(LetterKind.ACCOUNT, str(FilingRef(filing.number, place)), filing.unit_id, by.at)
    return [Opened(line.username, line.holder, needs_password=not line.password) for line in lines]


def refuse(request_id: int | str, by: DecidedBy) -> list[str]:
    """Refuse the accounts of a filing that still wait, and notify the unit; return their names.

    Raises UsageError, and changes nothing, without a reason or if there is nothing to refuse.
    """
    if not by.why.strip():
        raise refusal("filing-refused-why")
    with atomic():
        filing, lines = _open_filing(request_id)
        place, _ = decide(DecisionKind.ACCOUNT_REFUSE, _target(filing), by)
        _end(lines, FilingLineState.REFUSED, place, by.why)
        queue.queue(LetterKind.ACCOUNT, str(FilingRef(filing.number, place)), filing.unit_id, by.at)
    return [line.username for line in lines]


def filing(request_id: int | str) -> Shown:
    """Return one filing, in any state. Raises UsageError if there is none of that number."""
    row = _numbered(request_id)
    scans = Submission.objects.filter(pk__in=row.scans.values_list("submission", flat=True)).order_by("pk")
    decided = Decision.objects.filter(target=_target(row))
    why = {order_of(one): notices.reason(one.place, one.row, one.why) for one in decided}
    lines = []
    for one in row.lines.order_by("seq", "row"):
        whose = "own" if one.password else "to be issued"
        lines.append((one.username, one.holder, one.phone, whose, one.state, why.get(one.decided or 0, one.why)))
    return Shown(
        number=filing_number(row.number),
        unit=row.unit_id,
        unit_name=lookup.names([row.unit_id]).get(row.unit_id, ""),
        office=office(row.opener_id),
        received_at=row.received_at.astimezone(ZONE),
        applicant=row.applicant,
        department=row.department,
        phone=row.phone,
        email=row.email,
        stamped_on=row.stamped_on,
        papers=tuple(scans.values_list("path", flat=True)),
        lines=tuple(lines),
    )


def _numbered(request_id: int | str) -> Filing:
    text = str(request_id).removeprefix(deskwork.FILING).strip()
    found = Filing.objects.filter(number=int(text)).first() if text.isascii() and text.isdigit() else None
    if found is None:
        raise refusal("filing-unknown", number=text)
    return found


def ruling(ref: FilingRef) -> FilingRuling | None:
    """Return the content of the letter about a decision on a filing; None if it touched no existing line."""
    filing = Filing.objects.filter(number=ref.number).first()
    lines = list(filing.lines.filter(decided=ref.place).order_by("seq", "row")) if filing else []
    if filing is None or not lines:
        return None
    users = tuple(User(line.username, line.holder, issued=not line.password) for line in lines)
    opened = lines[0].state == FilingLineState.OPENED
    return FilingRuling(filing_number(filing.number), opened, users, office(filing.opener_id), lines[0].why)


def _open_filing(request_id: int | str) -> tuple[Filing, list[FilingLine]]:
    """A filing and its waiting lines; no other process can decide about it until the transaction ends."""
    sql.take("received", 0)  # other decisions and settlements wait here
    filing = _numbered(request_id)
    lines = list(filing.lines.filter(state=FilingLineState.WAITING).order_by("seq", "row"))
    if not lines:
        held = filing.lines.filter(state=FilingLineState.HELD).exists()
        number = filing_number(filing.number)
        raise refusal("filing-held", number=number) if held else refusal("filing-done", number=number)
    return filing, lines


def _see_paper(filing: Filing, stamped_on: date | None, now: datetime) -> None:
    if stamped_on is not None and stamped_on > today(now):
        raise refusal("filing-stamped-ahead")
    if stamped_on is None and filing.stamped_on is None and not filing.scans.exists():
        number = filing_number(filing.number)
        raise refusal("filing-unsigned", number=number)


def _account_of(line: FilingLine) -> Account | None:
    """The account that has the name already: only its own unit may take it over, and only after a release."""
    if _asked_before(line):
        raise refusal("username-asked-before", username=line.username)
    account = Account.objects.filter(folded=line.folded).first()
    if account is None:
        return None
    if account.unit_id != line.filing.unit_id:
        raise refusal("username-of-another", username=line.username)
    if not line.takeover:
        raise refusal("account-open", username=line.username)
    return account


def _open(filing: Filing, line: FilingLine, account: Account | None, place: int, now: datetime) -> None:
    Account.objects.update_or_create(
        folded=line.folded,
        defaults={
            "username": account.username if account else line.username,
            "unit_id": filing.unit_id,
            "division_id": filing.home_id,
            "level": filing.level,
            "holder": line.holder,
            "phone": line.phone,
            "email": filing.email,
            "confirmed_on": today(now),
            "opened_at": now,
            "opened_seq": place,
            "filing": filing.number,
            "closed_at": None,
            "closed_why": "",
            **first_state(line.password or make_password(None), now),
        },
    )


def _end(lines: Sequence[FilingLine], state: str, place: int, why: str) -> None:
    keys = [line.pk for line in lines]
    FilingLine.objects.filter(pk__in=keys).update(state=state, decided=place, why=why[:400], takeover=False)


def _target(filing: Filing) -> str:
    return f"filing {filing_number(filing.number)}"
