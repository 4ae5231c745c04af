"""Alerts as they stood at a moment: a paper of a past day must not show what happened since.

While its day runs, everything that the store knows has happened: a later moment in it was noted while the machine's
clock was ahead, and hides nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import QuerySet

from pipeline import alert_state
from pipeline.alert_state import PastStep
from pipeline.database.models import Alert, AlertEvent
from pipeline.schooldays import day_bounds


def opened_by(alerts: QuerySet[Alert], day: date, at: datetime) -> QuerySet[Alert]:
    """Of these alerts those that were open, or closed already, at a moment as of which a paper of the day speaks."""
    return alerts if _runs(day, at) else alerts.filter(opened_at__lte=at)


def stand_as_of(alerts: Sequence[Alert], day: date, at: datetime) -> None:
    """Set state, time limit and closing of these alerts to what they were then, for a paper of the day; nothing is
    stored.

    Only those are touched in whose history something happened later.
    """
    if _runs(day, at):
        return
    later = AlertEvent.objects.filter(alert__in=[one.id for one in alerts], at__gt=at)
    moved = set(later.values_list("alert_id", flat=True).distinct())
    moved |= {one.id for one in alerts if one.closed_at is not None and one.closed_at > at}
    if not moved:
        return
    steps: dict[str, list[PastStep]] = defaultdict(list)
    for event in AlertEvent.objects.filter(alert__in=moved).order_by("id"):
        said = event.details
        steps[event.alert_id].append(
            PastStep(event.what, event.at, str(said.get("verdict", "")), str(said.get("reason", "")))
        )
    for one in alerts:
        if one.id in moved:
            one.state, one.due_at = alert_state.as_of(steps[one.id], at, one.opened_at, one.hours)
            one.closed_at = one.closed_at if one.closed_at is not None and one.closed_at <= at else None


def _runs(day: date, at: datetime) -> bool:
    return at <= day_bounds(day)[1]
