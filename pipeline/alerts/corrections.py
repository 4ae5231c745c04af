"""更正待收: an alert excluded for wrong information stays open until the rows it names are corrected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from pipeline.alert_state import AlertState, AlertStep, CardState
from pipeline.alerts.card_letters import announce
from pipeline.database import sql
from pipeline.database.models import Absence, Alert, AlertCase, AlertEvent, Card
from pipeline.forms.card_words import closed_for
from pipeline.turns.transaction import LETTER


def missing(alert: Alert, rows: Sequence[Sequence[str]]) -> list[tuple[date, str]]:
    """Return those of the rows, each [day, pupil], that have not changed since the alert was raised."""
    named = [(date.fromisoformat(str(day)), str(pupil)) for day, pupil in rows]
    first: dict[str, int] = {}
    cases = AlertCase.objects.filter(alert=alert, pupil__in=[pupil for _, pupil in named])
    for pupil, settled in cases.values_list("pupil", "from_settled"):
        first[pupil] = min(settled, first.get(pupil, settled))
    standing = Absence.objects.filter(
        day__in={day for day, _ in named}, school=alert.school_id, campus=alert.campus, pupil__in=list(first)
    )
    since = {(day, pupil): settled for day, pupil, settled in standing.values_list("day", "pupil", "from_settled")}
    return [one for one in named if one in since and since[one] <= first.get(one[1], 0)]


def close(schools: Mapping[str, int], now: datetime) -> int:
    """Close the alerts of these schools whose correction has come. Returns how many.

    `schools`: code → settled_seq of the last change there.
    """
    waiting = Alert.objects.filter(school__in=list(schools), state=AlertState.CORRECTING, closed_at__isnull=True)
    done = 0
    for alert in waiting.select_for_update():
        answer = Card.objects.filter(alert=alert, state=CardState.CONFIRMED).order_by("-submission").first()
        if answer is not None and not missing(alert, answer.answer.get("rows", ())):
            exclude(alert, answer.reason, now)
            alert.save(update_fields=["state", "close_reason", "closed_at"])
            AlertEvent.objects.create(
                alert=alert, at=now, what=AlertStep.CORRECTED, origin=schools[alert.school_id], state=alert.state
            )
            sql.run(sql.upsert("letter", LETTER, ("kind", "ref", "reader")), announce(alert, now, why="closed"))
            done += 1
    return done


def exclude(alert: Alert, reason: str, now: datetime) -> None:
    """Set an alert closed as excluded, for the caller to save."""
    alert.state, alert.closed_at = AlertState.EXCLUDED, now
    alert.close_reason = closed_for(reason)[:40]
