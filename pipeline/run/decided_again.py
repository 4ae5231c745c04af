"""Decisions made by a command, made again from their lines in the journal: each by the function that made it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from pipeline.accounts import accounts, rulings
from pipeline.database import transactions
from pipeline.model import DecidedBy, DecisionKind, Raised
from pipeline.run.settling import Settling
from pipeline.schooldays import ZONE
from pipeline.settling import (
    calls,
    card,
    closure_decisions,
    decisions,
    excuses,
    known_mailboxes,
    proposals,
    raising,
    reconciliation,
    reviews,
    rolls,
    tokens,
    undo,
)

FILING = "filing "
ACCOUNT = "account "


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision as the journal has it; `said`: what its act noted beside it."""

    settling: Settling
    target: str
    by: DecidedBy
    day: date | None
    said: Mapping[str, object]


def decide(settling: Settling, line: Mapping[str, object], said: Mapping[str, object]) -> None:
    """Make a decision again, all of it in one transaction. Raises UsageError where it cannot be made any more."""
    day = date.fromisoformat(str(line["day"])) if line.get("day") else None
    by = DecidedBy(str(line["who"]), str(line["why"]), datetime.fromisoformat(str(line["at"])).astimezone(ZONE))
    with transactions.atomic():
        _AGAIN[DecisionKind(str(line["what"]))](Decided(settling, str(line["target"]), by, day, said))


def _release(one: Decided) -> None:
    settling = one.settling
    settling.take(partial(decisions.release, settling.site, [int(one.target)], one.by))


def _excuse(one: Decided, *, excused: bool) -> None:
    if one.day is None:
        raise ValueError("an excuse has its day")
    (excuses.excuse if excused else excuses.take_back)(one.target, one.day, one.by)


def _called(one: Decided) -> None:
    if one.day is None:
        raise ValueError("a call is about a day")
    calls.note(one.target, one.day, one.by)


def _raise(one: Decided) -> None:
    if one.day is None:
        raise ValueError("a warning that was raised has its day")
    said = {name: str(one.said[name]) for name in ("rule", "school", "campus", "room")}
    counted = {name: int(str(one.said[name])) for name in ("n", "deaths")}
    raising.raise_alert(Raised(day=one.day, **said, **counted), one.by)  # type: ignore[arg-type]  # by name


def _review(one: Decided, *, approves: bool) -> None:
    if one.day is None:
        raise ValueError("a review has its day")
    (reviews.approve if approves else reviews.withdraw)(one.target, one.day, one.by)


def _open(one: Decided) -> None:
    stamped = one.said.get("stamped_on")
    seen = date.fromisoformat(str(stamped)) if stamped else None
    rulings.confirm(one.target.removeprefix(FILING), one.by, stamped_on=seen)


def _undo(one: Decided, what: Callable[[DecidedBy], object]) -> None:
    one.settling.judge_later(what(one.by))  # type: ignore[arg-type]  # a Settled


def _remove_campus(one: Decided) -> None:
    school, _, campus = one.target.partition(" ")
    _undo(one, partial(undo.remove_campus, school, campus))


def _account(one: Decided) -> str:
    return one.target.removeprefix(ACCOUNT)


_KIND = DecisionKind
_AGAIN: Mapping[DecisionKind, Callable[[Decided], object]] = {
    _KIND.RELEASE: _release,
    _KIND.DISMISS: lambda one: decisions.dismiss(int(one.target), one.by),
    _KIND.WAIVE: lambda one: decisions.waive([one.target], one.by),
    _KIND.CLOSURE_CONFIRM: lambda one: closure_decisions.confirm(one.target, one.by),
    _KIND.CLOSURE_RETURN: lambda one: closure_decisions.send_back(one.target, one.by),
    _KIND.CARD_CONFIRM: lambda one: one.settling.take(lambda _: card.confirm(one.target, one.by)),
    _KIND.CARD_RETURN: lambda one: one.settling.take(lambda _: card.send_back(one.target, one.by)),
    _KIND.ALERT_RAISE: _raise,
    _KIND.ROSTER_CONFIRM: lambda one: proposals.confirm(one.target, one.by),
    _KIND.ROSTER_RETURN: lambda one: proposals.refuse(one.target, one.by),
    _KIND.CLASS_CONFIRM: lambda one: proposals.confirm(one.target, one.by),
    _KIND.CLASS_RETURN: lambda one: proposals.refuse(one.target, one.by),
    _KIND.CLASS_ALIAS: lambda one: proposals.confirm(one.target, one.by, str(one.said["alias"])),
    _KIND.CLASS_UNDO: lambda one: _undo(one, partial(undo.take_back_class, one.target)),
    _KIND.ROSTER_UNDO: lambda one: _undo(one, partial(undo.take_back_roster, int(one.target))),
    _KIND.CAMPUS_REMOVE: _remove_campus,
    _KIND.CAMPUS_UNDO: lambda one: _undo(one, partial(undo.take_back, int(str(one.said["removed"])))),
    _KIND.CALENDAR_UNDO: lambda one: _undo(one, partial(undo.take_back_calendar, int(one.target))),
    _KIND.EXCUSE: partial(_excuse, excused=True),
    _KIND.UNEXCUSE: partial(_excuse, excused=False),
    _KIND.CALLED: _called,
    _KIND.TOKENS_REVOKE: lambda one: tokens.revoke(one.target, one.by),
    _KIND.MAILBOX_CONFIRM: lambda one: known_mailboxes.confirm(one.target, one.by),
    _KIND.MAILBOX_RETURN: lambda one: known_mailboxes.refuse(one.target, one.by),
    _KIND.MAILBOX_UNDO: lambda one: known_mailboxes.take_back(one.target, one.by),
    _KIND.DAY_REVIEW: partial(_review, approves=True),
    _KIND.DAY_UNREVIEW: partial(_review, approves=False),
    _KIND.RECONCILE: lambda one: reconciliation.settle(one.target, one.by),
    _KIND.ROLL_CONFIRM: lambda one: rolls.confirm(one.target, one.by, one.settling.site.policy),
    _KIND.ROLL_RETURN: lambda one: rolls.send_back(one.target, one.by),
    _KIND.ACCOUNT_OPEN: _open,
    _KIND.ACCOUNT_REFUSE: lambda one: rulings.refuse(one.target.removeprefix(FILING), one.by),
    _KIND.ACCOUNT_ISSUE: lambda one: accounts.issue(_account(one), one.by),  # another password, shown to nobody
    _KIND.ACCOUNT_CLOSE: lambda one: accounts.leave(_account(one), one.by),
    _KIND.ACCOUNT_RECONFIRM: lambda one: accounts.reconfirm(_account(one), one.by),
    _KIND.ACCOUNT_ADMIN: lambda one: accounts.administer(_account(one), one.by, admin=True),
    _KIND.ACCOUNT_NO_ADMIN: lambda one: accounts.administer(_account(one), one.by, admin=False),
}
"""All but 代改, which comes in a 处理单 only: that is settled with its workbook."""
