"""The accounts that an office looks after: those of the tier below, which its CDC opens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from pipeline import units
from pipeline.accounts import accounts
from pipeline.database.models import Account
from pipeline.model import Level
from pipeline.schooldays import ZONE


@dataclass(frozen=True, slots=True)
class HeldAccount:
    """An open account. `why`: what it needs, as of `accounts.due`, "" if nothing; `on`: the day of that."""

    username: str
    unit: str
    unit_name: str
    holder: str
    phone: str
    last_login: datetime | None
    why: str = ""
    on: date | None = None


def below(division: str, now: datetime) -> list[HeldAccount]:
    """Return the accounts that a division looks after, those that need something first."""
    due = {one.username: one for one in accounts.due(now)}
    found = []
    for row in _of_opener(division):
        unit, one = row.unit, due.get(row.username)
        if unit is None:
            continue
        seen = row.last_login.astimezone(ZONE) if row.last_login else None
        told = (one.why, one.on) if one else ("", None)
        found.append(HeldAccount(row.username, unit.code, unit.name, row.holder, row.phone, seen, *told))
    return sorted(found, key=lambda one: (not one.why, one.on or date.max, one.unit, one.username))


def is_below(division: str, username: str) -> bool:
    """Tell whether an account is one that a division looks after."""
    return any(row.username == username for row in _of_opener(division))


def _of_opener(division: str) -> Iterator[Account]:
    lies = Q(unit__division=division) | Q(unit__division__parent=division)
    rows = Account.objects.filter(lies, closed_at__isnull=True).select_related("unit__division").order_by("username")
    for row in rows:
        place = row.unit.division if row.unit else None
        if row.unit is None or place is None:
            continue
        level = Level.SCHOOL if units.is_school(row.unit.code) else units.DivisionNode(place.code, place.kind).level
        if units.opener(level, place.code, place.parent_id or "") == division:
            yield row
