"""What waits for somebody: rows that went back, and submissions held with a question. For the county's desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from pipeline.model import Issue, State
from pipeline.store import codec, letters, registry
from pipeline.store.letters import Returned
from pipeline.store.models import Reject, Submission


@dataclass(frozen=True, slots=True)
class Rejected:
    """One row that went back, with where it belongs."""

    returned: Returned
    submission: int
    form: str
    school: str
    school_name: str
    campus: str
    day: date | None
    closed_by: str


@dataclass(frozen=True, slots=True)
class Held:
    """A submission held with a question."""

    seq: int
    form: str
    unit: str
    unit_name: str
    campus: str
    day: date | None
    mode: str
    name: str
    received_at: datetime
    issues: tuple[Issue, ...]


def rejects(*, school: str = "", day: date | None = None, state: str = "open", limit: int = 1000) -> list[Rejected]:
    """Return rows that went back, oldest first; `state` "" for all of them."""
    rows = Reject.objects.order_by("submission", "table", "row")
    if school:
        rows = rows.filter(school=school)
    if day:
        rows = rows.filter(day=day)
    if state:
        rows = rows.filter(state=state)
    return _rejected(list(rows[:limit]))


def reject(ticket: str) -> Rejected | None:
    """Return one row that went back, None if the ticket was never given out."""
    found = _rejected(list(Reject.objects.filter(ticket=ticket)))
    return found[0] if found else None


def held(limit: int = 1000) -> list[Held]:
    """Return submissions held with a question, in received order."""
    rows = list(Submission.objects.filter(state=State.HELD).order_by("received_seq")[:limit])
    names = registry.names(row.unit for row in rows)
    return [
        Held(
            seq=row.received_seq,
            form=row.form,
            unit=row.unit,
            unit_name=names.get(row.unit, ""),
            campus=row.campus,
            day=row.day,
            mode=row.mode,
            name=row.name,
            received_at=row.received_at,
            issues=tuple(codec.as_issue(one) for one in row.issues),
        )
        for row in rows
    ]


def _rejected(rows: list[Reject]) -> list[Rejected]:
    names = registry.names(row.school for row in rows)
    return [
        Rejected(
            letters.returned_of(row),
            row.submission,
            row.form,
            row.school,
            names.get(row.school, ""),
            row.campus,
            row.day,
            row.closed_by,
        )
        for row in rows
    ]
