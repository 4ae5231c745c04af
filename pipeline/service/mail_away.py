"""A mail server that does not answer: known to the thread that asks it, told by the coordinator once it lasts."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from pipeline import fault_log, faults
from pipeline.faults import Fault
from pipeline.model import Clock, MailAccount, Site

log = structlog.get_logger("queke.mail")

STEP = "mail"


class ServerAway:
    """Since when a server has failed without one success. One thread writes, the coordinator's reads."""

    def __init__(self, site: Site, account: MailAccount, clock: Clock, about: str) -> None:
        self._site, self._account, self._clock, self._about = site, account, clock, about
        self._trouble: tuple[Fault, datetime, int] | None = None  # the last fault, since when, how often
        self._told = 0  # how many of them `status` knows

    def failed(self, error: Exception, pause: float) -> None:
        """Note a fault. In the thread that asks."""
        _, since, times = self._trouble or (None, self._clock(), 0)
        fault = faults.fault(error)
        self._trouble = fault, since, times + 1
        log.warning("mail_server_failed", account=self._account.name, **fault.fields(), pause=pause)

    def answered(self) -> None:
        """Note that it does what is asked. In the thread that asks."""
        self._trouble = None

    def tell(self, now: datetime) -> None:
        """Remember a server that has failed for long, for `status` and `doctor`, and say so loudly, once; forget it
        when it answers again.
        """
        trouble = self._trouble
        if trouble is None:
            self._told = 0
            if fault_log.stands(STEP, self._about):
                fault_log.forget(self._site, STEP, [self._about])
                log.info("mail_server_back", account=self._account.name)
            return
        fault, since, times = trouble
        if now - since < timedelta(minutes=self._site.mail.loud_minutes) or times == self._told:
            return
        if fault_log.note(self._site, STEP, fault, now, about=self._about):
            minutes = round((now - since).total_seconds() / 60)
            log.critical("mail_server_away", account=self._account.name, minutes=minutes, **fault.fields())
        self._told = times
