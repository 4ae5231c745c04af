"""Whose mailbox is whose: by a roster, a 备案, a county's word or an admin's command, and what each wants by mail.

An admin may take a mailbox from one unit for another. A roster, a 备案 or a county's word only gives what is free: an
address in the workbook of one school must not silence another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from pipeline.database import acts, audit
from pipeline.database.models import Mailbox, Unit
from pipeline.database.transactions import atomic
from pipeline.model import ActKind, MailboxOrigin, MailboxRole
from pipeline.schooldays import ZONE
from pipeline.units import is_school

_OF_SCHOOL = {"mailbox": MailboxRole.SPEAKER, "leader_mailbox": MailboxRole.LEADER}
_OF_ORGAN = {"mailbox": MailboxRole.READER}
_WISHES = "mail_wishes"
_STATED = (*_OF_SCHOOL, _WISHES)
_ROSTER = "roster"


@dataclass(frozen=True, slots=True)
class BoundMailbox:
    """A mailbox that speaks or reads for a unit now. `wishes`: as `forms.mail_wishes` reads them, "" the usual ones."""

    address: str
    unit: str
    role: MailboxRole
    origin: MailboxOrigin
    since: datetime
    who: str
    wishes: str


def speaks_for(addresses: Collection[str]) -> dict[str, str]:
    """Return, of these addresses, those that speak for a unit, with its code."""
    rows = Mailbox.objects.filter(address__in=set(addresses), role=MailboxRole.SPEAKER, until__isnull=True)
    return dict(rows.values_list("address", "unit"))


def leads(address: str) -> frozenset[str]:
    """Return the units whose 分管领导 has this mailbox."""
    rows = Mailbox.objects.filter(address=address, role=MailboxRole.LEADER, until__isnull=True)
    return frozenset(rows.values_list("unit", flat=True))


def wishes() -> list[str]:
    """Return what any mailbox wants, each once."""
    return list(Mailbox.objects.filter(until__isnull=True).values_list("wishes", flat=True).distinct())


def bound(units: Collection[str] = ()) -> list[BoundMailbox]:
    """Return the mailboxes of these units, or of all, in order."""
    rows = Mailbox.objects.filter(until__isnull=True)
    if units:
        rows = rows.filter(unit__in=units)
    return [
        BoundMailbox(
            row.address, row.unit, MailboxRole(row.role), MailboxOrigin(row.origin), row.since, row.who, row.wishes
        )
        for row in rows.order_by("unit", "role", "address")
    ]


def bind(address: str, unit: str, role: MailboxRole, origin: MailboxOrigin, now: datetime, who: str) -> bool:
    """Let a mailbox speak or read for a unit, by command; False if it does. A speaker's earlier unit loses it."""
    address = written(address)
    with atomic():
        if role is MailboxRole.SPEAKER:
            mine = Mailbox.objects.filter(address=address, role=role, until__isnull=True)
            mine.exclude(unit=unit).update(until=now)
        if not _put(address, unit, role, origin, now, who):
            return False
        acts.note(ActKind.MAILBOX, now, address=address, unit=unit, role=role, origin=origin, who=who)
    return True


def give(address: str, unit: str, role: MailboxRole, origin: MailboxOrigin, now: datetime, who: str) -> bool:
    """Let a mailbox speak or read for a unit, within the act of the caller; False, and audited, if it speaks for
    another.
    """
    address = written(address)
    if role is MailboxRole.SPEAKER and speaks_for([address]).get(address, unit) != unit:
        audit.append([audit.AuditEntry(who[:60], "mailbox-elsewhere", f"{unit} {role}", ("mailbox",))], now)
        return False
    _put(address, unit, role, origin, now, who)
    return True


def written(address: str) -> str:
    """Return an address as it is kept."""
    return address.strip().lower()


def unbind(address: str, unit: str, now: datetime, who: str) -> int:
    """Take a mailbox away from a unit, in every role; return in how many it was. Audited."""
    with atomic():
        count = take(address, unit, now, who)
        if count:
            acts.note(ActKind.MAILBOX_ENDED, now, address=written(address), unit=unit, who=who)
    return count


def take(address: str, unit: str, now: datetime, who: str, origin: MailboxOrigin | None = None) -> int:
    """Likewise, within the act of the caller; with `origin` only what was said so."""
    mine = Mailbox.objects.filter(address=written(address), unit=unit, until__isnull=True)
    count = (mine.filter(origin=origin) if origin else mine).update(until=now)
    if count:
        audit.append([audit.AuditEntry(who[:60], "mailbox-unbind", unit, ("mailbox",))], now)
    return count


def wish(address: str, unit: str, wishes: str, now: datetime, who: str) -> int:
    """Note what a unit's mailbox wants by mail; return in how many roles it is bound. Audited."""
    with atomic():
        mine = Mailbox.objects.filter(address=written(address), unit=unit, until__isnull=True)
        count = mine.update(wishes=wishes)
        if count:
            audit.append([audit.AuditEntry(who[:60], "mailbox-wish", unit, ("wishes",))], now)
            acts.note(ActKind.MAILBOX_WISH, now, address=written(address), unit=unit, wishes=wishes, who=who)
    return count


def stated(codes: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return what the registry's rows of units say of their mailboxes."""
    rows = Unit.objects.filter(code__in=list(codes)).values("code", *_STATED)
    return {row.pop("code"): row for row in rows}


def follow(was: Mapping[str, Mapping[str, str]], codes: Iterable[str], day: date) -> None:
    """Let the mailboxes of units follow their rows, which may be gone, where these differ from what they were; within
    the caller's act.
    """
    now = stated(codes)
    for code in sorted(was.keys() | now.keys()):
        if (before := was.get(code, {})) != (after := now.get(code, {})):
            _follow(code, before, after, datetime.combine(day, time(), ZONE))


def _follow(unit: str, was: Mapping[str, str], now: Mapping[str, str], at: datetime) -> None:
    roles = _OF_SCHOOL if is_school(unit) else _OF_ORGAN
    for name, role in roles.items():
        old, new = written(was.get(name, "")), written(now.get(name, ""))
        if old == new:
            continue
        if old:
            take(old, unit, at, _ROSTER, MailboxOrigin.ROSTER)
        if new:
            give(new, unit, role, MailboxOrigin.ROSTER, at, _ROSTER)
    mine = [written(now.get(name, "")) for name in roles]
    Mailbox.objects.filter(unit=unit, address__in=mine, until__isnull=True).update(wishes=now.get(_WISHES, ""))


def _put(address: str, unit: str, role: MailboxRole, origin: MailboxOrigin, now: datetime, who: str) -> bool:
    if Mailbox.objects.filter(address=address, unit=unit, role=role, until__isnull=True).exists():
        return False
    Mailbox.objects.create(address=address, unit=unit, role=role, origin=origin, since=now, who=who[:60])
    audit.append([audit.AuditEntry(who[:60], "mailbox-bind", f"{unit} {role}", ("mailbox",))], now)
    return True
