"""Alerts as a list, for whoever operates the site; and one of them as its county may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from pipeline import alert_state, warn
from pipeline.alert_state import AlertState
from pipeline.alerts import alert_labels
from pipeline.database.models import Alert, AlertHit
from pipeline.facts import card_page_facts, silent_alerts
from pipeline.figures import cards
from pipeline.figures.cards import CardPage
from pipeline.figures.facts import SilentAlert
from pipeline.figures.lines import silent_place
from pipeline.model import CardRef, Site
from pipeline.registry import lookup
from pipeline.rules import Stage
from pipeline.schooldays import ZONE

_ORDER: Sequence[str] = (AlertState.RETURNED, AlertState.ISSUED, AlertState.ANSWERED, AlertState.CORRECTING)


@dataclass(frozen=True, slots=True)
class Listed:
    """One alert as a line."""

    id: str
    state: str
    school: str
    school_name: str
    group: str
    stage: str
    state_name: str
    cases: int
    opened_at: datetime
    due_at: datetime
    overdue: bool
    unheard: str  # what of it has not reported today, though it should have by now: 三(2)班


def listed(now: datetime, until: str, *, unit: str = "", closed: bool = False) -> list[Listed]:
    """Return the open alerts (or all) of a school, a division and below, or everywhere: the unanswered first.

    `until`: the time, HH:MM, from which those whose class or campus has not reported today are marked.
    """
    rows = Alert.objects.all() if closed else Alert.objects.filter(closed_at__isnull=True)
    if unit:
        rows = rows.filter(Q(school=unit) | Q(division__in=lookup.tree(()).below(unit)))
    found = list(rows)
    names = lookup.names(alert.school_id for alert in found)
    mute = silent_alerts.now(now, until)
    lines = [_listed(alert, names.get(alert.school_id, ""), now, mute.get(alert.id)) for alert in found]
    return sorted(lines, key=lambda one: (_place(one.state), one.due_at, one.id))


def raised(school: str, campus: str, rule: str, day: date) -> str:
    """Return the number of the alert that holds what a person raised; "" if it is not assessed yet."""
    hit = AlertHit.objects.filter(
        alert__school=school, alert__campus=campus, rule=rule, day=day, to_settled__isnull=True
    ).last()
    return hit.alert_id if hit else ""


def overdue(now: datetime) -> tuple[int, int]:
    """Return how many open alerts are unanswered after their time, and how many answers wait for a county."""
    standing = Alert.objects.filter(closed_at__isnull=True)
    late = standing.filter(state__in=sorted(alert_state.UNANSWERED), due_at__lt=now).count()
    return late, standing.filter(state=AlertState.ANSWERED).count()


def shown(site: Site, alert: str) -> CardPage | None:
    """Return one alert as its county may see it; None if there is none of that number."""
    division = Alert.objects.filter(pk=alert).values_list("division", flat=True).first()
    return cards.card(card_page_facts.card(site, CardRef(alert), division)) if division else None


def _listed(alert: Alert, name: str, now: datetime, mute: SilentAlert | None) -> Listed:
    clock = warn.clock(alert.state, alert.due_at, now)
    return Listed(
        alert.id,
        alert.state,
        alert.school_id,
        name,
        alert_labels.groups(alert),
        Stage(alert.stage).label,
        alert_state.STATES.get(alert.state, alert.state),
        alert.cases,
        alert.opened_at.astimezone(ZONE),
        alert.due_at.astimezone(ZONE),
        clock.overdue and alert.closed_at is None,
        "" if mute is None else silent_place(mute),
    )


def _place(state: str) -> int:
    return _ORDER.index(state) if state in _ORDER else len(_ORDER) + (state in alert_state.CLOSED)
