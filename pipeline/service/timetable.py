"""What is due by the clock: templates, desks, 待对账, and the papers of the day, cut when they are due, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from gettext import gettext as say
from pathlib import Path

import structlog

from pipeline import fault_log, faults, schooldays
from pipeline.county import build_desk
from pipeline.database import errors
from pipeline.errors import UsageError
from pipeline.facts import county_day, editions
from pipeline.faults import Fault, stage
from pipeline.letters import queue
from pipeline.model import EditionRef, LetterKind, Policy, Site
from pipeline.registry import statements
from pipeline.registry.holidays import PROVINCE
from pipeline.run import mail_due, templates
from pipeline.run.delivery import deliver
from pipeline.settling import reconciliation
from pipeline.turns import context

log = structlog.get_logger("queke.editions")

GRACE = timedelta(minutes=2)  # in which a service that works makes what has become due
LOOK_BACK = timedelta(days=7)  # a missed final edition is cut so long afterwards


@dataclass(frozen=True, slots=True)
class EditionDue:
    """An edition that should have been cut by now."""

    day: date
    final: bool


@dataclass(frozen=True, slots=True)
class PaperOwed:
    """Papers of a day that are not made: `what` is first or final (digests and missing lists), school-pages, or rules
    (the week's).
    """

    day: date
    what: str

    @property
    def name(self) -> str:
        """What they are called, in the language that is spoken."""
        names = {
            "first": say("first edition"),
            "final": say("final edition"),
            "school-pages": say("pages of schools"),
            "rules": say("papers on the rules"),
        }
        return names.get(self.what, self.what)


def due(now: datetime, policy: Policy, cut: dict[date, bool], *, owed: bool) -> list[EditionDue]:
    """Return the editions due now. `cut`: days that have digests, and whether a final one; `owed`: today is a school
    day.

    A day that had its first edition gets its final one, even later.
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


def papers_owed(now: datetime, policy: Policy) -> list[PaperOwed]:
    """Return the papers that were due two minutes ago and are not made yet, oldest first."""
    today = schooldays.today(now)
    owed = context.calendar().anywhere(PROVINCE, today).yes
    wanted = due(now - GRACE, policy, editions.cut_since(today - LOOK_BACK), owed=owed)
    found = {PaperOwed(one.day, "final" if one.final else "first") for one in wanted}
    found |= {PaperOwed(day, "school-pages") for day, _ in editions.pages_owed()}
    if _rules_due(now - GRACE, policy):
        found.add(PaperOwed(today, "rules"))
    return sorted(found, key=lambda one: (one.day, one.what))


def tick(site: Site, now: datetime) -> int:
    """Do what is due by the clock, and return how many editions were cut. Safe to call at any time.

    In order: the next slice of the day's templates (`templates.left` tells whether there is more), all of 待对账,
    editions. Their letters go out with the others. A failed step is logged and remembered, the others are done all the
    same; the first fault is raised at the end.
    """
    steps, today = _Steps(site, now), schooldays.today(now)
    owed, wanted = False, list[EditionDue]()
    with steps("tick"):
        statements.take_effect(today)
        owed = context.calendar().anywhere(PROVINCE, today).yes
    steps.end()
    if owed:
        with steps("templates"):
            templates.some(site, now)
        with steps("reconcile"):
            reconciliation.go_round(site, now)
    with steps("desks"):
        build_desk.queue_due(site, now, owed=owed)
    with steps("editions"):
        cut = editions.cut_since(today - LOOK_BACK)
        wanted = due(now, site.policy, cut, owed=owed)
        _log_missed(site, now, cut, owed=owed)
    if owed:
        with steps("reminders"):
            mail_due.queue(site, now)
    for one in wanted:
        with steps("editions", one.day.isoformat()):
            _cut(site, editions.Order(one.day, now, final=one.final), ())
    for day, county in editions.pages_owed():  # of an edition just cut, or left by a process that ended
        with steps("pages", f"{day.isoformat()} {county}"):
            editions.cut_pages(site, editions.Order(day, now, final=True), [county])
    with steps("rules"):
        _cut_rules(now, site.policy)
    steps.end()
    return len(wanted)


class _Steps:
    """The steps of one look at the clock, each tried even if earlier ones failed."""

    def __init__(self, site: Site, now: datetime) -> None:
        self._site, self._now = site, now
        self._failed: Exception | None = None

    @contextmanager
    def __call__(self, step: str, about: str = "") -> Iterator[None]:
        """Do a step; a fault is logged, remembered until the step succeeds, and kept for the end."""
        remembered = fault_log.remembered(self._site, step, lambda: self._now, about=about)
        try:
            with remembered, stage(step), errors.temporary():
                yield
        except Exception as error:  # noqa: BLE001  # raised at the end
            write = log.warning if errors.may_pass(error) else log.critical
            write("step_failed", step=step, day=about, **faults.fault(error).fields())
            self._failed = self._failed or error

    def end(self) -> None:
        """Raise the first fault, if there was one."""
        if self._failed is not None:
            raise self._failed


def _log_missed(site: Site, now: datetime, cut: Mapping[date, bool], *, owed: bool) -> None:
    """Log what should have been made while the clock was not looked at, once: no later look makes up for it."""
    today = schooldays.today(now)
    calendar = context.calendar()
    for day in (today - timedelta(days=n) for n in range(LOOK_BACK.days, 0, -1)):
        if day not in cut and calendar.owes((PROVINCE,), (), day).yes and editions.is_gap(day):
            _log_skipped(site, now, "editions", day, f"no digest was made: `queke digest --day {day} --final` makes it")
    if owed and templates.were_missed(site, now):
        _log_skipped(site, now, "templates", today, "not all templates were laid before the deadline")


def _log_skipped(site: Site, now: datetime, step: str, day: date, message: str) -> None:
    if not fault_log.stands(step, day.isoformat()):
        fault = Fault("Skipped", text=message, stage=step)
        log.error("skipped", step=step, day=day.isoformat(), **fault.fields())
        fault_log.note(site, step, fault, now, about=day.isoformat())


def _cut_rules(now: datetime, policy: Policy) -> None:
    """Cut the weekly papers on the rules, on Monday or as soon afterwards as the clock is looked at."""
    if _rules_due(now, policy):
        today = schooldays.today(now)
        issued = editions.cut_rules(editions.Order(today, now))
        log.info("rules_cut", day=today.isoformat(), places=len(issued))


def _rules_due(now: datetime, policy: Policy) -> bool:
    today = schooldays.today(now)
    monday = today - timedelta(days=today.weekday())
    return now >= schooldays.deadline(monday, policy.rules_at) and editions.rules_owed(today)


def make(site: Site, now: datetime, day: date, *, final: bool = False, places: Sequence[str] = ()) -> list[Path]:
    """Cut a day's digests and missing lists now, for `places` and all below them (default: all), draw and deliver them.

    Gives the last edition again if nothing has changed since. Returns the digests' files. The final edition also has
    every school's page; editions cut after it are final too. Raises UsageError for a future day: all schools would be
    shown as silent.
    """
    today = schooldays.today(now)
    if day > today:
        raise UsageError(say("{day}: that day has not come yet").format(day=day))
    with errors.temporary():
        statements.take_effect(today)
        final = final or editions.cut_since(day).get(day, False)
        issued = _cut(site, editions.Order(day, now, final=final), places)
        for _, county in editions.pages_owed(day):
            editions.cut_pages(site, editions.Order(day, now, final=True), [county])
        fault_log.forget(site, "editions", () if places else (day.isoformat(),))
    deliver(site, now)
    with errors.temporary():
        wanted = {(str(EditionRef(one.day, one.n)), one.place) for one in issued if one.kind is LetterKind.DIGEST}
        return [site.root / path for path in queue.lying(LetterKind.DIGEST, wanted)]


def _cut(site: Site, order: editions.Order, places: Sequence[str]) -> list[editions.Issued]:
    county_day.refresh()
    issued = editions.cut(site, order, places)
    log.info("edition_cut", day=order.day.isoformat(), final=order.final, places=len(issued))
    return issued
