"""What waits for a county, one line each: the common value of all such matters, shown by a desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class PendingItem:
    """One matter that waits for a county. `stamp` changes whenever the matter does.

    `what` is a Chinese sentence that names classes and codes, no pupil.
    """

    id: str
    stamp: str
    school: str  # code of the school, or of the organ that asks
    school_name: str
    day: date | None
    since: datetime | None
    what: str
