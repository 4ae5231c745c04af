"""What one cycle of the coordinator did, as counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import structlog

from pipeline import faults
from pipeline.inbox.scan import Stuck
from pipeline.model import State

log = structlog.get_logger("queke.run")


@dataclass(slots=True)
class Cycle:
    """The work done, as counts."""

    received: int = 0
    mails: int = 0
    settled: Counter[State] = field(default_factory=Counter)
    letters: int = 0
    alerts: int = 0  # opened
    drawn: int = 0  # letters with drawn pages, and workbooks written with them
    waiting: int = 0  # files seen in the inbox that may still be being written
    unlisted: int = 0  # counties whose 收件汇总 waits for more of their files
    stuck: tuple[Stuck, ...] = ()

    def add(self, other: Cycle) -> None:
        """Add the counts of another cycle."""
        self.received += other.received
        self.mails += other.mails
        self.settled += other.settled
        self.letters += other.letters
        self.alerts += other.alerts
        self.drawn += other.drawn

    def __bool__(self) -> bool:
        return bool(self.received or self.mails or self.settled or self.letters or self.alerts or self.drawn)

    def log_line(self) -> None:
        """Log in one line: the work done, what waits, and the seconds of each stage; at debug level if idle."""
        write = log.info if self else log.debug
        write("cycle" if self else "idle", **self.fields(), seconds=faults.seconds())

    def fields(self) -> dict[str, object]:
        """Return the counts for a log line."""
        settled = {state.value: count for state, count in self.settled.items() if count}
        done = {
            "received": self.received,
            "mails": self.mails,
            "settled": settled,
            "letters": self.letters,
            "alerts": self.alerts,
        }
        return {
            **done,
            "drawn": self.drawn,
            "waiting": self.waiting,
            "unlisted": self.unlisted,
            "stuck": len(self.stuck),
        }
