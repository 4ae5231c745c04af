"""Accounts: what becomes of one once it is open. A password is issued, its holder leaves, each year it is confirmed.

Every step is a person's decision, journalled in the sequence and audited. A password that we issue is handed over once,
as a `Secret`, and kept only as a hash.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.db.models import Q

from pipeline.accounts import visits
from pipeline.accounts.filing import folded
from pipeline.database import sql
from pipeline.database.decision_log import decide
from pipeline.database.models import Account, Filing
from pipeline.database.transactions import atomic
from pipeline.filed import Secret
from pipeline.issues.refusals import refusal
from pipeline.model import DecidedBy, DecisionKind
from pipeline.schooldays import ZONE, today
from pipeline.validate.filing import password_fault

UNUSED = timedelta(days=7)  # an unused initial password is void after
YEAR = timedelta(days=365)  # accounts are confirmed anew after
SOON = timedelta(days=30)  # … and the confirmation is asked for so long before
GRACE = timedelta(days=30)  # … and the account is locked so long after
_LENGTH = 14
_SYMBOLS = "!#$%&*+-=?@_"
_LETTERS = "".join(letter for letter in string.ascii_letters if letter not in "IOl")
_DIGITS = "23456789"


@dataclass(frozen=True, slots=True)
class AccountDue:
    """An account that needs attention, and why: issue, unused, expired, confirm, overdue."""

    username: str
    unit: str
    unit_name: str
    holder: str
    why: str
    on: date


def first_state(password: str, now: datetime) -> dict[str, Any]:
    """The state of an account with a first password: to be changed, and void after a week unused."""
    fresh = {"password": password, "is_active": True, "must_change": True}
    return {**fresh, "expires_at": now + UNUSED, "last_login": None}


def issue(username: str, by: DecidedBy) -> Secret:
    """Give an account a new first password, void after seven days unused; the caller shows it once.

    Raises UsageError if the account does not exist or is closed.
    """
    with atomic():
        account = _named(username)
        secret = new_password(account.folded)
        decide(DecisionKind.ACCOUNT_ISSUE, f"account {account.username}", by)
        Account.objects.filter(pk=account.pk).update(**first_state(make_password(secret.reveal()), by.at))
    return secret


def new_password(username: str) -> Secret:
    """Return a password that keeps the rule: fourteen characters, none that is mistaken for another when read aloud."""
    while True:
        parts = [secrets.choice(_LETTERS + _DIGITS + _SYMBOLS) for _ in range(_LENGTH)]
        secret = Secret("".join(parts))
        if not password_fault(secret, username):
            return secret


def leave(username: str, by: DecidedBy) -> None:
    """Close the account of somebody who left. Raises UsageError if it does not exist or is closed."""
    with atomic():
        account = _named(username)
        decide(DecisionKind.ACCOUNT_CLOSE, f"account {account.username}", by)
        shut = {"is_active": False, "password": make_password(None)}
        Account.objects.filter(pk=account.pk).update(**shut, closed_at=by.at, closed_why=by.why[:400])


def reconfirm(username: str, by: DecidedBy) -> None:
    """Confirm for another year that the account is still its holder's. Raises UsageError as `leave`."""
    with atomic():
        account = _named(username)
        decide(DecisionKind.ACCOUNT_RECONFIRM, f"account {account.username}", by)
        Account.objects.filter(pk=account.pk).update(confirmed_on=today(by.at))


def administer(username: str, by: DecidedBy, *, admin: bool) -> None:
    """Let an account's holder look after the site in the console, or no longer. Raises UsageError as `leave`."""
    with atomic():
        account = _named(username)
        kind = DecisionKind.ACCOUNT_ADMIN if admin else DecisionKind.ACCOUNT_NO_ADMIN
        decide(kind, f"account {account.username}", by)
        Account.objects.filter(pk=account.pk).update(is_staff=admin)


def _named(username: str) -> Account:
    sql.take("received", 0)
    account = Account.objects.filter(folded=folded(username)).first()
    if account is None:
        raise refusal("account-unknown", username=username)
    if account.closed_at is not None:
        raise refusal("account-closed", username=account.username)
    return account


def barred(account: Account, now: datetime) -> str:
    """Why the account cannot be used now: closed, expired, overdue; "" if its password opens it."""
    if not account.is_active:
        return "closed"
    if account.must_change and account.expires_at is not None and account.expires_at <= now:
        return "expired"
    if account.confirmed_on is not None and account.confirmed_on + YEAR + GRACE < today(now):
        return "overdue"
    return ""


def due(now: datetime, division: str = "") -> list[AccountDue]:
    """Return the accounts that need attention, soonest first: unused ones, expired ones, yearly confirmation.

    `division`: only those of units whose accounts its CDC opens.
    """
    rows = Account.objects.filter(closed_at__isnull=True).exclude(unit=None)
    asked = Q(must_change=True) | Q(confirmed_on__lte=today(now) - YEAR + SOON)
    found = [one for row in rows.filter(asked).select_related("unit") if (one := _due(row, now)) is not None]
    if division:
        mine = _opened_by(division, {one.unit for one in found})
        found = [one for one in found if one.unit in mine]
    return sorted(found, key=lambda one: (one.on, one.username))


def _due(account: Account, now: datetime) -> AccountDue | None:
    bar = barred(account, now)
    on, why = None, ""
    if not account.has_usable_password():
        on, why = today(account.opened_at or now), "issue"
    elif account.must_change and account.expires_at is not None and bar != "overdue":
        on, why = account.expires_at.astimezone(ZONE).date(), "expired" if bar == "expired" else "unused"
    elif account.confirmed_on is not None:
        on, why = account.confirmed_on + YEAR, "overdue" if bar == "overdue" else "confirm"
    if on is None or account.unit is None:
        return None
    return AccountDue(account.username, account.unit.code, account.unit.name, account.holder, why, on)


def _opened_by(division: str, codes: Iterable[str]) -> set[str]:
    return set(Filing.objects.filter(unit__in=set(codes), opener=division).values_list("unit", flat=True))


def choose(account: Account, secret: Secret, now: datetime) -> str:
    """Let the holder of an account choose his password; return the issue's code if it breaks the rule (notice, three),
    "same" for the one that is being changed, "" when it is changed.

    A second copy of the store does not know it: after `queke rebuild` the account needs a first password again.
    """
    if fault := password_fault(secret, account.folded):
        return fault
    if check_password(secret.reveal(), account.password):
        return "password-same"
    with atomic():
        changed = {"password": make_password(secret.reveal()), "must_change": False, "expires_at": None}
        Account.objects.filter(pk=account.pk).update(**changed)
        visits.note(account.username, "password", f"account {account.username}", now)
    return ""
