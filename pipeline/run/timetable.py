"""The papers of the day: cut when they are due, once; drawn and delivered like any other letter."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import structlog

from pipeline import schooldays
from pipeline.county import build_desk
from pipeline.database import errors
from pipeline.diagnosis import stage
from pipeline.errors import TemporaryError, UsageError
from pipeline.facts import county_day, editions
from pipeline.letters import queue
from pipeline.model import LetterKind, Level, Policy, Site
from pipeline.registry import statements
from pipeline.reports.render import Renderer
from pipeline.run import sending, templates
from pipeline.run.lock import Busy, hold_site
from pipeline.settling import reconciliation
from pipeline.turns import context

log = structlog.get_logger("queke.editions")

PROVINCE = "320000"
STUCK_SECONDS = 180.0  # one page may take two minutes
LOOK_BACK = timedelta(days=7)  # a final edition that was missed is cut so long after


@dataclass(frozen=True, slots=True)
class EditionDue:
    """An edition that should have been cut by now."""

    day: date
    final: bool


def due(now: datetime, policy: Policy, cut: dict[date, bool], *, owed: bool) -> list[EditionDue]:
    """Return the editions due now. `cut`: days that have digests, and whether a final one; `owed`: school is today.

    A day that had its first edition gets its final one, though later.
    """
    today = schooldays.today(now)
    found = [EditionDue(day, final=True) for day, final in sorted(cut.items()) if day < today and not final]
    if cut.get(today):
        return found
    if now >= schooldays.deadline(today, policy.final_edition) and (owed or today in cut):
        return [*found, EditionDue(today, final=True)]
    if now >= schooldays.deadline(today, policy.first_edition) and owed and today not in cut:
        return [*found, EditionDue(today, final=False)]
    return found


def tick(site: Site, now: datetime) -> int:
    """Do what is due by the clock, and return how many editions were cut. Safe to call at any time.

    In order: the next slice of the day's templates (`templates.left` tells whether there is more), 待对账 as a whole,
    editions. What is queued by it goes out with the other letters.
    """
    with stage("tick"), errors.temporary():
        today = schooldays.today(now)
        statements.take_effect(today)
        owed = _owed(today)
        if owed:
            with stage("templates"):
                templates.some(site, now)
            with stage("reconcile"):
                reconciliation.go_round(site, now)
        with stage("desks"):
            build_desk.lay(site, now, owed=owed)
        with stage("editions"):
            wanted = due(now, site.policy, editions.cut_since(today - LOOK_BACK), owed=owed)
            for one in wanted:
                _cut(site, editions.Order(one.day, now, final=one.final), ())
    return len(wanted)


def make(site: Site, now: datetime, day: date, *, final: bool = False, places: Sequence[str] = ()) -> list[Path]:
    """Cut a day's digests and missing lists now, for `places` and all below them (default: all), draw and deliver them.

    Gives the last edition again if nothing has changed since. Returns the digests' files. The final edition has
    every school's page besides; what is cut after it is final too. Raises UsageError for a day that has not come:
    everybody would stand there as silent.
    """
    today = schooldays.today(now)
    if day > today:
        raise UsageError(f"{day}: that day has not come yet")
    with errors.temporary():
        statements.take_effect(today)
        final = final or editions.cut_since(day).get(day, False)
        issued = _cut(site, editions.Order(day, now, final=final), places)
    deliver(site, now)
    with errors.temporary():
        wanted = {(editions.letter_ref(one.day, one.n), one.place) for one in issued if one.kind is LetterKind.DIGEST}
        return [site.root / path for path in queue.lying(LetterKind.DIGEST, wanted)]


def deliver(site: Site, now: datetime) -> None:
    """Have every letter that is queued written and drawn: here, or by the process that works on the site."""
    try:
        with hold_site(site), errors.temporary():
            sending.send(site, now)
            while sending.books(site, now):
                pass
            if sending.undrawn():
                with Renderer() as renderer:
                    while sending.draw(site, now, renderer):
                        pass
    except Busy:
        _wait_for_the_other()


def _wait_for_the_other() -> None:
    """Wait for the coordinator to draw what is queued. Raises TemporaryError if it does not get anywhere."""
    left, since = -1, time.monotonic()
    while now_left := sending.undrawn():
        if now_left != left:
            left, since = now_left, time.monotonic()
        elif time.monotonic() - since > STUCK_SECONDS:
            raise TemporaryError(f"{left} letters wait to be drawn, and the process at work on this site draws none")
        time.sleep(0.5)


def _cut(site: Site, order: editions.Order, places: Sequence[str]) -> list[editions.Issued]:
    county_day.refresh()
    issued = editions.cut(site, order, places)
    if order.final:
        counties = [one.place for one in issued if one.kind is LetterKind.DIGEST and one.level is Level.COUNTY]
        for county in counties:
            editions.cut_pages(site, order, [county])
    log.info("edition_cut", day=order.day.isoformat(), final=order.final, places=len(issued))
    return issued


def _owed(day: date) -> bool:
    """Whether a report may be owed anywhere; a year nobody knows is loud in `status` and `doctor`, and cuts nothing."""
    calendar = context.calendar()
    called_in = any(span.kind == "schoolday" and span.first <= day <= span.last for span in calendar.spans)
    return called_in or calendar.owes((PROVINCE,), (), day).yes
