"""The letters of an alert: its card, the card as a workbook to be answered, and the worksheet for notes.

They go to the school and its county; city and province see alerts in their digests.
"""

from __future__ import annotations

from datetime import datetime

from pipeline import alert_state
from pipeline.database import sql
from pipeline.database.models import Alert
from pipeline.model import LetterKind, LetterState

KINDS = (LetterKind.CARD, LetterKind.CARDBOOK, LetterKind.WORKSHEET)


def card_ref(alert: str, revision: int, why: str = "") -> str:
    """Return a card letter's ref: `2026-0001|2`; with the reason if the same card is sent
    again, `2026-0001|2|closed`.
    """
    return f"{alert}|{revision}|{why}" if why else f"{alert}|{revision}"


def announce(alert: Alert, now: datetime, *, why: str = "") -> list[sql.Params]:
    """Return the letters that inform school and county of an alert's state, as rows to be queued."""
    ref = card_ref(alert.id, alert.revision, why)
    kinds = KINDS[:1] if alert.state in alert_state.CLOSED else KINDS  # a closed alert needs no answer
    day, at = sql.day(alert.opened_day), sql.moment(now)
    readers = [reader for reader in (alert.school, alert.division) if reader]
    return [(kind, ref, reader, LetterState.QUEUED, day, at, "", "") for reader in readers for kind in kinds]
