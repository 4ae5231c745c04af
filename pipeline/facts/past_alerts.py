"""Alerts as they stood at a moment: a paper of a past day must not show what happened since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from pipeline import alert_state
from pipeline.alert_state import PastStep
from pipeline.database.models import Alert, AlertEvent


def stand_as_of(alerts: Sequence[Alert], at: datetime) -> None:
    """Set state, time limit and closing of these alerts to what they were then; nothing is stored.

    Only those are touched in whose history something happened later.
    """
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
