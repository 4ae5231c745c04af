"""The alerts that cards name, for validation: their school, their cases, and on which days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from pipeline import rules
from pipeline.alert_state import AlertFacts, CaseFacts
from pipeline.database import sql
from pipeline.database.models import Absence, AbsencePast, Alert, AlertCase
from pipeline.forms import form as form_named
from pipeline.model import Arrival, Reading
from pipeline.rules import Rules
from pipeline.schooldays import today

_AROUND = timedelta(days=31)  # rows of a case are no further from the alert's first and last day


def alerts(readings: Iterable[tuple[Arrival, Reading]]) -> dict[str, AlertFacts]:
    """Return the alerts that the cards among these readings answer, or name as repeated."""
    named = {number for _, reading in readings for number in _named(reading)}
    if not named:
        return {}
    known = rules.load()
    return {row.id: _facts(row, known) for row in Alert.objects.filter(pk__in=named)}


def _named(reading: Reading) -> list[str]:
    if reading.claims is None or reading.claims.form != "card":
        return []
    place = form_named("card").table("answer").index("other_alert")
    others = [row.values[place] for row in reading.tables.get("answer", ())]
    return [str(number) for number in (reading.header.get("alert"), *others) if number]


def _facts(alert: Alert, known: Rules) -> AlertFacts:
    codes: dict[str, str] = dict(AlertCase.objects.filter(alert=alert).values_list("pupil", "class_key"))
    text = "SELECT code, name FROM pupil WHERE school IN ? AND code IN ?"
    names = dict(sql.fetch_in(text, [alert.school_id], sorted(codes)))
    days = _days(alert, codes)
    cases = (CaseFacts(code, key, names.get(code, ""), frozenset(days[code])) for code, key in sorted(codes.items()))
    groups = frozenset([alert.group, *alert.also.split()])
    kin = known.covered(groups) | {code for code, group in known.groups.items() if groups & group.absorbs}
    return AlertFacts(
        alert.id,
        alert.school_id,
        alert.campus,
        groups,
        min(alert.opened_day, today(alert.opened_at)),
        kin,
        tuple(cases),
    )


def _days(alert: Alert, codes: Mapping[str, str]) -> Mapping[str, set[date]]:
    """The days on which a row of each case was current: now, or until it was corrected."""
    found: dict[str, set[date]] = defaultdict(set)
    around = sql.each_day(alert.first_onset - _AROUND, max(alert.last_onset, alert.opened_day) + _AROUND)
    for model in (Absence, AbsencePast):
        rows = model.objects.filter(day__in=around, school=alert.school_id, campus=alert.campus, pupil__in=list(codes))
        for pupil, day in rows.values_list("pupil", "day"):
            found[pupil].add(day)
    return found
