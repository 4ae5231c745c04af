"""How long an alert may wait for its answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.alert_state import UNANSWERED


@dataclass(frozen=True, slots=True)
class AlertClock:
    """The 24-hour clock of an alert."""

    remaining: timedelta  # negative when overdue
    runs: bool  # still to be answered

    @property
    def overdue(self) -> bool:
        return self.runs and self.remaining < timedelta(0)


def clock(state: str, due_at: datetime, now: datetime) -> AlertClock:
    """Return how much time is left to answer an alert; it runs until the school has answered."""
    return AlertClock(due_at - now, runs=state in UNANSWERED)


def due_at(opened_at: datetime, hours: int) -> datetime:
    """Return when an alert must be answered and, if not excluded, reported (notice, two: 24 h)."""
    return opened_at + timedelta(hours=hours)
