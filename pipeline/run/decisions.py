"""What a person decides by command. May be done while another process works on the site."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

from pipeline.database import errors, journal, transactions
from pipeline.executors import InProcess
from pipeline.model import Arrival, DecidedBy, Settled, Site
from pipeline.run import sending, warning
from pipeline.run.lock import Busy, hold_site
from pipeline.run.settling import Settling
from pipeline.settling import card, decisions
from pipeline.turns.again import AtHand

T = TypeVar("T")
Clock = Callable[[], datetime]


def release(site: Site, seq: int, who: str, why: str, clock: Clock) -> tuple[Arrival, Settled]:
    """Take a held submission after all; return what became of it. Its letters are sent by whoever works on the site.

    Raises UsageError if it is not held.
    """
    now = clock()
    (settled,) = _taken(site, now, partial(decisions.release, site, [seq], DecidedBy(who, why, now)))
    with errors.temporary():
        (arrival,) = journal.arrivals(site, [seq])
    follow(site, clock)
    return arrival, settled


def confirm_answer(site: Site, alert: str, who: str, why: str, clock: Clock) -> str:
    """Let the answer of an alert stand; return the state the alert then has. Raises UsageError if none waits."""
    now = clock()
    state = _taken(site, now, lambda _: card.confirm(alert, DecidedBy(who, why, now)))
    follow(site, clock)
    return state


def return_answer(site: Site, alert: str, who: str, why: str, clock: Clock) -> str:
    """Send the answer of an alert back; return the state the alert then has. Raises UsageError if there is none."""
    now = clock()
    state = _taken(site, now, lambda _: card.send_back(alert, DecidedBy(who, why, now)))
    follow(site, clock)
    return state


def follow(site: Site, clock: Clock) -> None:
    """See to what a decision leaves to do, warnings and letters: unless another process works on the site, and will."""
    try:
        with hold_site(site), errors.temporary():
            warning.warn(site, clock())
            sending.send(site, clock())
    except Busy:
        return


def _taken(site: Site, now: datetime, step: Callable[[AtHand], T]) -> T:
    """Take a step that may need something read, validated or assessed first; all of it in one transaction."""
    with errors.temporary(), InProcess() as readers, transactions.atomic():
        return Settling(site, readers, now).take(step)
