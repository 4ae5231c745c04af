"""已审核: what a school's 分管领导 says, by mail, of the day's report as it stood then; or takes back.

A decision like any other; it changes no record. What is changed of the day afterwards is to be looked at again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from pipeline.database.decision_log import decide
from pipeline.database.models import Decision, Report, Submission
from pipeline.database.transactions import atomic
from pipeline.figures import notices
from pipeline.forms.absence import ABSENCE
from pipeline.issues.refusals import refusal
from pipeline.model import TAKEN, DecidedBy, DecisionKind
from pipeline.schooldays import ZONE

_SAID = (DecisionKind.DAY_REVIEW, DecisionKind.DAY_UNREVIEW)


@dataclass(frozen=True, slots=True)
class Review:
    """`stands`: nothing of the day's report has changed since."""

    at: datetime
    who: str
    stands: bool


def said(one: Review | None) -> str:
    """Return a review in words, "" for none."""
    return notices.reviewed(one.at.astimezone(ZONE), stands=one.stands) if one else ""


def approve(school: str, day: date, by: DecidedBy) -> None:
    """Note that a day's report was looked at and found right, in the caller's transaction."""
    decide(DecisionKind.DAY_REVIEW, school, by, day=day)


def withdraw(school: str, day: date, by: DecidedBy) -> None:
    """Note that a day's report was not looked at after all. Raises UsageError where nobody said it was."""
    with atomic():
        if not of([(school, day)]):
            raise refusal("review-none", school=school, day=day.isoformat())
        decide(DecisionKind.DAY_UNREVIEW, school, by, day=day)


def of(days: Iterable[tuple[str, date]]) -> dict[tuple[str, date], Review]:
    """Return the last review of each of these schools' days; a day nobody looked at is left out."""
    wanted = set(days)
    rows = Decision.objects.filter(
        day__in={day for _, day in wanted}, what__in=_SAID, target__in={school for school, _ in wanted}
    )
    last = {(row.target, row.day): row for row in rows.order_by("seq") if row.day and (row.target, row.day) in wanted}
    last = {at: row for at, row in last.items() if row.what == DecisionKind.DAY_REVIEW}
    changed = _changed({school for school, _ in last}, {day for _, day in last}) if last else {}
    return {
        at: Review(row.at, row.who, stands=changed.get(at, 0) <= (row.settled_seq or 0)) for at, row in last.items()
    }


def counts(day: date) -> tuple[int, int]:
    """Return how many schools have a report of a day, and of how many of these it was looked at as it stands."""
    schools = set(Report.objects.filter(day=day).values_list("school", flat=True))
    decided = Decision.objects.filter(day=day, what=DecisionKind.DAY_REVIEW).values_list("target", flat=True)
    mine = schools & set(decided)
    return len(schools), sum(one.stands for one in of((school, day) for school in mine).values())


def of_receipt(seqs: Collection[int], schools: Collection[str]) -> tuple[str, date, bool] | None:
    """Return of which school's day the last of these submissions is a report that was taken, and whether it is what
    stands; None if none is.
    """
    rows = Submission.objects.filter(
        received_seq__in=seqs, form=ABSENCE.name, unit__in=schools, state__in=TAKEN, day__isnull=False
    )
    row = rows.order_by("received_seq").last()
    if row is None or row.day is None:
        return None
    later = _changed({row.unit}, {row.day}).get((row.unit, row.day), 0)
    return row.unit, row.day, later <= (row.settled_seq or 0)


def _changed(schools: Collection[str], days: Collection[date]) -> dict[tuple[str, date], int]:
    """When each day's report was last changed, of all its campuses."""
    found: dict[tuple[str, date], int] = {}
    rows = Report.objects.filter(school__in=schools, day__in=days).values_list("school", "day", "from_settled")
    for school, day, settled in rows:
        found[school, day] = max(settled, found.get((school, day), 0))
    return found
