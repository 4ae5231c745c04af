"""Whose mailbox is whose, as an admin said; what is said later stands."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from pipeline.database import acts, audit
from pipeline.database.models import Mailbox
from pipeline.database.transactions import atomic
from pipeline.model import ActKind, MailboxOrigin, MailboxRole


@dataclass(frozen=True, slots=True)
class BoundMailbox:
    """A mailbox that speaks or reads for a unit now."""

    address: str
    unit: str
    role: MailboxRole
    origin: MailboxOrigin
    since: datetime
    who: str


def speaks_for(addresses: Collection[str]) -> dict[str, str]:
    """Return, of these addresses, those that speak for a unit, with its code."""
    rows = Mailbox.objects.filter(address__in=set(addresses), role=MailboxRole.SPEAKER, until__isnull=True)
    return dict(rows.values_list("address", "unit"))


def bound(units: Collection[str] = ()) -> list[BoundMailbox]:
    """Return the mailboxes of these units, or of all, in order."""
    rows = Mailbox.objects.filter(until__isnull=True)
    if units:
        rows = rows.filter(unit__in=units)
    return [
        BoundMailbox(row.address, row.unit, MailboxRole(row.role), MailboxOrigin(row.origin), row.since, row.who)
        for row in rows.order_by("unit", "role", "address")
    ]


def bind(address: str, unit: str, role: MailboxRole, origin: MailboxOrigin, now: datetime, who: str) -> bool:
    """Let a mailbox speak or read for a unit; False if it does. A speaker's earlier unit loses it. Audited."""
    address = address.strip().lower()
    with atomic():
        mine = Mailbox.objects.filter(address=address, role=role, until__isnull=True)
        if mine.filter(unit=unit).exists():
            return False
        if role is MailboxRole.SPEAKER:
            mine.update(until=now)
        Mailbox.objects.create(address=address, unit=unit, role=role, origin=origin, since=now, who=who)
        audit.append([audit.AuditEntry(who, "mailbox-bind", f"{unit} {role}", ("mailbox",))], now)
        acts.note(ActKind.MAILBOX, now, address=address, unit=unit, role=role, origin=origin, who=who)
    return True


def unbind(address: str, unit: str, now: datetime, who: str) -> int:
    """Take a mailbox away from a unit, in every role; return in how many it was. Audited."""
    with atomic():
        mine = Mailbox.objects.filter(address=address.strip().lower(), unit=unit, until__isnull=True)
        count = mine.update(until=now)
        if count:
            audit.append([audit.AuditEntry(who, "mailbox-unbind", unit, ("mailbox",))], now)
            acts.note(ActKind.MAILBOX_ENDED, now, address=address.strip().lower(), unit=unit, who=who)
    return count
