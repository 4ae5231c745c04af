"""What became of alerts, by the county's word: the ground of every figure about how good rules are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pipeline import alert_state, warn
from pipeline.alert_state import AlertState, CardState, CardVerdict
from pipeline.database.models import Alert, Card


class Verdict(StrEnum):
    """What an alert turned out to be."""

    CONFIRMED = "confirmed"  # its county confirmed that it cannot be excluded
    EXCLUDED = "excluded"  # its county confirmed that it can
    VOID = "void"  # records were corrected before anybody answered
    PENDING = "pending"  # no word of its county, yet or ever


@dataclass(frozen=True, slots=True)
class Fate:
    """The verdict on an alert, and the reason for which it was excluded (A1 …). `alert`: the one it was merged into,
    else itself.
    """

    alert: str
    verdict: Verdict
    reason: str = ""


def fates(alerts: Collection[str]) -> dict[str, Fate]:
    """Return what became of these alerts; of one that was merged, what became of the other."""
    rows: dict[str, Alert] = {}
    wanted = set(alerts)
    while wanted:
        found = Alert.objects.in_bulk(sorted(wanted))
        rows |= found
        wanted = {_next(row) for row in found.values()} - rows.keys() - {""}
    answers: dict[str, Card] = {}
    for card in Card.objects.filter(alert__in=list(rows), state=CardState.CONFIRMED).order_by("submission"):
        answers[card.alert_id] = card
    return {alert: _fate(_last(rows, alert), answers) for alert in alerts if alert in rows}


def _next(row: Alert) -> str:
    return warn.merged_into(row.close_reason) if row.state == AlertState.MERGED else ""


def _last(rows: Mapping[str, Alert], alert: str) -> Alert:
    row, seen = rows[alert], {alert}
    while (other := _next(row)) in rows and other not in seen:
        row = rows[other]
        seen.add(other)
    return row


def _fate(row: Alert, answers: Mapping[str, Card]) -> Fate:
    answer, state = answers.get(row.id), AlertState(row.state)
    if state in {AlertState.EXCLUDED, AlertState.CORRECTING}:
        return Fate(row.id, Verdict.EXCLUDED, answer.reason if answer else "")
    followed = answer is not None and answer.verdict == CardVerdict.STANDS
    if state in alert_state.FOLLOWED or (state == AlertState.ENDED and followed):
        return Fate(row.id, Verdict.CONFIRMED)
    return Fate(row.id, Verdict.VOID if state == AlertState.VOID else Verdict.PENDING)
