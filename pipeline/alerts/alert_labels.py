"""What an alert is called on its papers: its groups, and the class or classes of its cases or the whole campus."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline import rules
from pipeline.database.models import Alert, AlertCase, AlertHit
from pipeline.figures.words import CLASSES, listed
from pipeline.model import HOME_CAMPUS
from pipeline.registry import lookup
from pipeline.registry.lookup import RoomNames
from pipeline.rules.values import DORM, Stage

_NAMED_IN_FULL = 8
_NAMED = 2  # classes named; for more the first two and how many there are


def codes(alert: Alert) -> tuple[str, ...]:
    """Return the groups an alert is named by, the first first."""
    return (alert.group, *alert.also.split())


def groups(alert: Alert) -> str:
    """Return what an alert warns of, as printed: 发热、呼吸道症状."""
    return rules.load().name_of(*codes(alert))


def labels(alerts: Sequence[Alert]) -> dict[str, str]:
    """Return by alert's id the classes of its present cases in short: 三(3)班、三(4)班等 4 个班.

    Those with most cases first; beside 班级停课评估标准 those that reached it (三(2)班等 4 个班, if one of four). ""
    for the whole campus: if a rule of the campus was met, with cases of several classes. An alert of a dormitory is
    named by it; one without cases left by the last class it was about. Where a school has several campuses, they are
    named: 东校区 三(3)班, 东校区; of 本部 as a whole 本部.
    """
    where, several = _where(alerts), lookup.campuses(alert.school_id for alert in alerts)
    return {alert.id: _at(alert, _short(where[alert.id]), alert.school_id in several) for alert in alerts}


def _at(alert: Alert, rooms: str, several: bool) -> str:
    if not several or (rooms and alert.campus == HOME_CAMPUS):
        return rooms
    return f"{alert.campus} {rooms}".rstrip()


def _short(where: _Where) -> str:
    few = len(where.rooms) <= _NAMED
    return listed(where.rooms, _NAMED if few else min(where.reached or _NAMED, _NAMED), CLASSES)


def in_full(alert: Alert) -> str:
    """Return the classes of an alert's present cases by name, in the order of `labels`; "" for the whole campus."""
    return listed(_where([alert])[alert.id].rooms, _NAMED_IN_FULL, CLASSES)


@dataclass(frozen=True, slots=True)
class _Where:
    """The classes of an alert, and how many of them, which are the first, reached the standard of a closure."""

    rooms: list[str]
    reached: int


def _where(alerts: Sequence[Alert]) -> dict[str, _Where]:
    ids = [alert.id for alert in alerts]
    reached: dict[str, set[str]] = defaultdict(set)
    stages = {alert.id: alert.stage for alert in alerts}
    hits = AlertHit.objects.filter(alert__in=ids, to_settled__isnull=True)
    for name, stage, scope in hits.values_list("alert", "stage", "scope").distinct():
        if stage == stages[name] and (stage == Stage.CLOSURE or not scope):
            reached[name].add(scope)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    cases = AlertCase.objects.filter(alert__in=ids, to_settled__isnull=True)
    for name, key in cases.values_list("alert", "class_key"):
        counts[name][key] += 1
    known = lookup.room_names(alert.school_id for alert in alerts)
    found = {}
    for alert in alerts:
        rooms = room_names(alert, known)
        keys = _keys(alert, counts[alert.id], reached[alert.id])
        names = [rooms.get(key, key) for key in keys]
        found[alert.id] = _Where(names, sum(key in reached[alert.id] for key in keys))
    return found


def _keys(alert: Alert, counts: Mapping[str, int], reached: set[str]) -> list[str]:
    if alert.scope.startswith(DORM):
        return [alert.scope]
    if "" in reached and len(counts) > 1:
        return []
    found = sorted(counts, key=lambda key: (key not in reached, -counts[key], key))
    return found or [alert.scope] * bool(alert.scope)


def room_names(alert: Alert, names: RoomNames) -> dict[str, str]:
    """Return the names of the classes of an alert's campus by key, as they were when the last of its pupils fell ill:
    a class that was renamed has its later name.
    """
    return names.on(alert.school_id, alert.campus, max(alert.opened_day, alert.last_onset))
