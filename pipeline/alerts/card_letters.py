"""The letters of an alert: its card, the card as a workbook to be answered, and the worksheet for notes.

They go to the school and its county; city and province see alerts in their digests.
"""

from __future__ import annotations

from datetime import datetime

from pipeline import alert_state
from pipeline.database import sql
from pipeline.database.models import Alert
from pipeline.model import CardRef, LetterKind, LetterState
from pipeline.schooldays import today

KINDS = (LetterKind.CARD, LetterKind.CARDBOOK, LetterKind.WORKSHEET)


def announce(alert: Alert, now: datetime, *, why: str = "") -> list[sql.Params]:
    """Return the letters that inform school and county of an alert's state, as rows to be queued.

    They lie in the folder of the day on which it was issued: a report may come days late, and nobody looks there.
    """
    ref = str(CardRef(alert.id, alert.revision, why))
    kinds = KINDS[:1] if alert.state in alert_state.CLOSED else KINDS  # a closed alert needs no answer
    day, at = sql.day(max(alert.opened_day, today(alert.opened_at))), sql.moment(now)
    readers = [reader for reader in (alert.school_id, alert.division) if reader]
    return [(kind, ref, reader, LetterState.QUEUED, day, at, "", "") for reader in readers for kind in kinds]
