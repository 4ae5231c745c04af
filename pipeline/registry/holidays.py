"""How far ahead the statutory days are known: by the table of this version, or by the province's calendar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from gettext import gettext as say

from pipeline.schooldays import Calendar, today

PROVINCE = "320000"
AHEAD = 15  # months
_DAYS = timedelta(days=457)  # 15 months


def unknown(calendar: Calendar, now: datetime) -> Mapping[int, date]:
    """Return the years of which days of the coming months are by weekday only, each with the first such day."""
    day = today(now)
    return calendar.uncovered(PROVINCE, day, day + _DAYS)


def mend() -> str:
    """What to do about a year that is not known."""
    return say(
        "send the province's calendar with its days off and make-up days "
        "(`queke template calendar --unit {province}`), or update queke"
    ).format(province=PROVINCE)
