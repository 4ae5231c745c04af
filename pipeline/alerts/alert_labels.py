"""What an alert is called on its papers: its groups, and the class or classes of its cases or the whole campus."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from pipeline import rules
from pipeline.database.models import Alert, AlertCase, AlertHit, SchoolClass
from pipeline.figures.words import CLASSES, listed
from pipeline.rules.values import DORM

_NAMED = 2  # classes named; for more the first two and how many there are


def codes(alert: Alert) -> tuple[str, ...]:
    """Return the groups an alert is named by, the first first."""
    return (alert.group, *alert.also.split())


def groups(alert: Alert) -> str:
    """Return what an alert warns of, as printed: 发热、呼吸道症状."""
    return rules.load().name_of(*codes(alert))


def labels(alerts: Sequence[Alert]) -> dict[str, str]:
    """Return by alert's id the classes of its present cases: 三(3)班、三(4)班等 4 个班.

    First those in which the stage shown was reached, then those with most cases. "" for the whole campus: if it is a
    rule of the campus that was met, with cases of several classes. An alert of a dormitory is named by it; one without
    cases left by the last class it was about.
    """
    return {name: listed(rooms, _NAMED, CLASSES) for name, rooms in _classes(alerts).items()}


def _classes(alerts: Sequence[Alert]) -> dict[str, list[str]]:
    ids = [alert.id for alert in alerts]
    reached: dict[str, set[str]] = defaultdict(set)  # the places in which the stage shown was reached
    stages = {alert.id: alert.stage for alert in alerts}
    hits = AlertHit.objects.filter(alert__in=ids, to_settled__isnull=True)
    for name, stage, scope in hits.values_list("alert", "stage", "scope").distinct():
        if stage == stages[name]:
            reached[name].add(scope)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    cases = AlertCase.objects.filter(alert__in=ids, to_settled__isnull=True)
    for name, key in cases.values_list("alert", "class_key"):
        counts[name][key] += 1
    rooms = _rooms(alerts)
    return {
        alert.id: [
            rooms.get((alert.school_id, alert.campus, key), key)
            for key in _keys(alert, counts[alert.id], reached[alert.id])
        ]
        for alert in alerts
    }


def _keys(alert: Alert, counts: Mapping[str, int], reached: set[str]) -> list[str]:
    if alert.scope.startswith(DORM):
        return [alert.scope]
    if "" in reached and len(counts) > 1:
        return []
    found = sorted(counts, key=lambda key: (key not in reached, -counts[key], key))
    return found or [alert.scope] * bool(alert.scope)


def _rooms(alerts: Sequence[Alert]) -> dict[tuple[str, str, str], str]:
    rows = SchoolClass.objects.filter(school__in={alert.school_id for alert in alerts}).order_by("school_year")
    return {
        (school, campus, key): name
        for school, campus, key, name in rows.values_list("school_id", "campus", "key", "name")
    }
