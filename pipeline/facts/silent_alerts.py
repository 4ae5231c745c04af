"""Open alerts whose class, or whose campus, has not reported a day: nobody knows how the cluster goes on.

By the same judgement as the list of silent schools: what is closed, off, outside its term or excused is not silent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime

from django.db.models import Q

from pipeline.alert_state import AlertState
from pipeline.alerts import alert_labels
from pipeline.database.models import Alert, AlertCase
from pipeline.facts import county_day, past_alerts
from pipeline.facts.county_day import CountedSchool
from pipeline.figures.duty import SILENT
from pipeline.figures.facts import SilentAlert
from pipeline.registry import lookup
from pipeline.schooldays import deadline, today
from pipeline.turns import context

_GONE = (AlertState.VOID, AlertState.MERGED)


def of_schools(schools: Mapping[str, CountedSchool], day: date, at: datetime) -> dict[str, tuple[SilentAlert, ...]]:
    """Return the silent alerts of some schools by school, as they stood `at`. `schools`: as counted for `day`."""
    silent = {code: one for code, one in schools.items() if one.day.standing in SILENT}
    open_then = Q(closed_at__isnull=True) | Q(closed_at__gt=at)  # years of others were closed
    rows = Alert.objects.filter(open_then, school_id__in=list(silent), opened_day__lte=day)
    alerts = list(past_alerts.opened_by(rows, day, at).exclude(state__in=_GONE).order_by("id"))
    past_alerts.stand_as_of(alerts, day, at)
    standing = [one for one in alerts if one.closed_at is None]
    classes = _classes(standing, day)
    found: dict[str, tuple[SilentAlert, ...]] = defaultdict(tuple)
    for alert in standing:
        one = _silent(alert, silent[alert.school_id], classes[alert.id])
        if one is not None:
            found[alert.school_id] += (one,)
    return dict(found)


def now(moment: datetime, until: str) -> dict[str, SilentAlert]:
    """Return the open alerts that are silent today, by number; none before the time until which reports are due."""
    day = today(moment)
    if moment < deadline(day, until):
        return {}
    codes = sorted(set(Alert.objects.filter(closed_at__isnull=True).values_list("school_id", flat=True)))
    schools = county_day.few(day, codes, lookup.tree(day=day), context.calendar())
    return {one.alert: one for found in of_schools(schools, day, moment).values() for one in found}


def _classes(alerts: Collection[Alert], day: date) -> dict[str, set[str]]:
    """The keys on a day of the classes each alert is about: its own, and those of its cases."""
    found: dict[str, set[str]] = {one.id: {one.scope} - {""} for one in alerts}
    cases = AlertCase.objects.filter(alert__in=list(found), to_settled__isnull=True)
    for alert, key in cases.values_list("alert_id", "class_key"):
        found[alert].add(key)
    _, now = lookup.renamed({one.school_id for one in alerts}, day) if alerts else (set(), {})
    for one in alerts if now else ():
        found[one.id] = {now.get((one.school_id, one.campus, key), key) for key in found[one.id]}
    return found


def _silent(alert: Alert, school: CountedSchool, keys: Collection[str]) -> SilentAlert | None:
    known = {key: (alert.campus, key) for key in keys if (alert.campus, key) in school.rooms}
    out = school.day.closed | school.day.off
    due = {key for key, at in known.items() if at not in out}
    if known and not due:
        return None
    whole = alert.campus in school.unheard
    mute = due if whole else {key for key in due if known[key] in school.day.silent}
    if not whole and not mute:
        return None
    return SilentAlert(
        alert=alert.id,
        group=alert_labels.groups(alert),
        classes=() if whole and not alert.scope else tuple(sorted(school.name_of(known[key]) for key in mute)),
        campus=alert.campus if school.with_campus else "",
    )
