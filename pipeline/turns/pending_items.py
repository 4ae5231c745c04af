"""What waits for a county, a line each: what every owner of such matters tells of it, and a desk shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class PendingItem:
    """One matter that waits for a county. `stamp` is another as soon as the matter has moved on.

    `what` is a Chinese sentence that names classes and codes, no pupil.
    """

    id: str
    stamp: str
    school: str  # code of the school, or of the organ that asks
    school_name: str
    day: date | None
    since: datetime | None
    what: str
