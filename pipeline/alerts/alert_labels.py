"""The label of an alert on its papers: the class or classes of its cases, or the whole campus."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from pipeline.database.models import Alert, AlertCase, AlertHit, SchoolClass
from pipeline.figures.words import CLASSES, listed
from pipeline.rules.values import DORM

_NAMED = 2  # classes named; for more the first two and how many there are


def labels(alerts: Sequence[Alert]) -> dict[str, str]:
    """Return by alert's id the classes of its present cases, most cases first: 三(3)班、三(4)班等 4 个班.

    "" if it has absorbed a hit of the whole campus. An alert of a dormitory is named by it; one without cases left by
    the last class it was about.
    """
    ids = [alert.id for alert in alerts]
    whole = set(
        AlertHit.objects.filter(alert__in=ids, to_settled__isnull=True, scope="").values_list("alert", flat=True)
    )
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    cases = AlertCase.objects.filter(alert__in=ids, to_settled__isnull=True)
    for name, key in cases.values_list("alert", "class_key"):
        counts[name][key] += 1
    rooms = _rooms(alerts)
    return {alert.id: "" if alert.id in whole else _label(alert, counts[alert.id], rooms) for alert in alerts}


def _label(alert: Alert, counts: Mapping[str, int], rooms: Mapping[tuple[str, str, str], str]) -> str:
    if alert.scope.startswith(DORM) or not alert.scope:
        return alert.scope
    keys = sorted(counts, key=lambda key: (-counts[key], key)) or [alert.scope]
    return listed([rooms.get((alert.school_id, alert.campus, key), key) for key in keys], _NAMED, CLASSES)


def _rooms(alerts: Sequence[Alert]) -> dict[tuple[str, str, str], str]:
    rows = SchoolClass.objects.filter(school__in={alert.school_id for alert in alerts}).order_by("school_year")
    return {
        (school, campus, key): name
        for school, campus, key, name in rows.values_list("school_id", "campus", "key", "name")
    }
