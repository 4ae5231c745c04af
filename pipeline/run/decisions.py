"""Decisions made by a command. Possible while another process works on the site."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from gettext import gettext as say
from typing import TypeVar

from pipeline.database import decision_log, errors, journal, transactions
from pipeline.errors import TemporaryError
from pipeline.executors import Pool
from pipeline.model import Arrival, Clock, DecidedBy, Settled, Site
from pipeline.run import noting, sending, warning
from pipeline.run.lock import Busy, hold_site
from pipeline.run.settling import Settling
from pipeline.settling import card, decisions
from pipeline.turns.again import AtHand

T = TypeVar("T")


def release(site: Site, seq: int, who: str, why: str, clock: Clock) -> tuple[Arrival, Settled]:
    """Accept a held submission; return its outcome. Its letters are sent by the process that works on the site.

    Raises UsageError if it is not held.
    """
    now = clock()
    (settled,) = _taken(site, now, partial(decisions.release, site, [seq], DecidedBy(who, why, now)))
    with errors.temporary():
        (arrival,) = journal.arrivals(site, [seq])
    follow(site, clock)
    return arrival, settled


def confirm_answer(site: Site, alert: str, who: str, why: str, clock: Clock) -> str:
    """Confirm the answer of an alert; return the alert's new state. Raises UsageError if none waits."""
    now = clock()
    state = _taken(site, now, lambda _: card.confirm(alert, DecidedBy(who, why, now)))
    follow(site, clock)
    return state


def return_answer(site: Site, alert: str, who: str, why: str, clock: Clock) -> str:
    """Send the answer of an alert back; return the alert's new state. Raises UsageError if there is none."""
    now = clock()
    state = _taken(site, now, lambda _: card.send_back(alert, DecidedBy(who, why, now)))
    follow(site, clock)
    return state


def undo(site: Site, what: Callable[[DecidedBy], Settled], who: str, why: str, clock: Clock) -> int:
    """Take one roster, calendar or word on a class back, or remove a campus, one of `settling.undo`; judge again what
    came after it. Return the decision's number.

    Raises UsageError, and changes nothing, where that is not possible.
    """
    now = clock()
    with errors.temporary(), Pool(1, at_once=False) as readers, transactions.atomic():
        done = what(DecidedBy(who, why, now))
        Settling(site, readers, now).judge_later(done)
        number = decision_log.number(done.settled_seq)
    follow(site, clock)
    return number


def follow(site: Site, clock: Clock) -> None:
    """Do the work a decision leaves, warnings and letters, unless another process works on the site, which will do it.

    Raises TemporaryError where it cannot be done now: the decision stands.
    """
    try:
        with hold_site(site), errors.temporary():
            warning.warn(site, clock())
            sending.send(site, clock())
            noting.note_down(site, clock())
    except Busy:
        return
    except (TemporaryError, OSError) as error:
        why = f"{error.filename or site.root}: {error.strerror}" if isinstance(error, OSError) else str(error)
        said = say("it is decided, and stands; its letters wait for `queke watch` or `queke ingest`, since {why}")
        raise TemporaryError(said.format(why=why)) from error


def _taken(site: Site, now: datetime, step: Callable[[AtHand], T]) -> T:
    """Take a step that may need something read, validated or assessed first; all of it in one transaction."""
    with errors.temporary(), Pool(1, at_once=False) as readers, transactions.atomic():
        return Settling(site, readers, now).take(step)
