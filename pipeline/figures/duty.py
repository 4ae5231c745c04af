"""A school's status on a day as one word: from `pipeline.duty`, counted and printed by the papers.

不需报 is divided by reason, 未报 by what has arrived, so that a county's day is ten counts that add up to 在册.
"""

from __future__ import annotations

from enum import StrEnum

from pipeline import duty
from pipeline.schooldays import Off


class StatusCounts(StrEnum):
    """在册 = 不需报 (the first three) + 应报 (all others); 未报 is the last four."""

    HOLIDAY = "holiday"
    OUT_OF_TERM = "out_of_term"
    CLOSED = "closed"
    ON_TIME = "on_time"
    LATE = "late"
    EXCUSED = "excused"
    MISSING = "missing"
    RETURNED = "returned"
    HELD = "held"
    PARTIAL = "partial"


REPORTED = frozenset({StatusCounts.ON_TIME, StatusCounts.LATE})
SILENT = frozenset({StatusCounts.MISSING, StatusCounts.RETURNED, StatusCounts.HELD, StatusCounts.PARTIAL})
DAY_OFF = frozenset({StatusCounts.HOLIDAY, StatusCounts.OUT_OF_TERM})

_OFF = {Off.CLOSED: StatusCounts.CLOSED, Off.VACATION: StatusCounts.OUT_OF_TERM}
_SAID = {
    duty.ReportStatus.ON_TIME: StatusCounts.ON_TIME,
    duty.ReportStatus.LATE: StatusCounts.LATE,
    duty.ReportStatus.EXCUSED: StatusCounts.EXCUSED,
}
_SILENCES = {
    duty.Silence.NOTHING: StatusCounts.MISSING,
    duty.Silence.RETURNED: StatusCounts.RETURNED,
    duty.Silence.HELD: StatusCounts.HELD,
    duty.Silence.PART: StatusCounts.PARTIAL,
}
LABELS = {
    StatusCounts.HOLIDAY: "放假",
    StatusCounts.OUT_OF_TERM: "学期外",
    StatusCounts.CLOSED: "全校停课",
    StatusCounts.EXCUSED: duty.ReportStatus.EXCUSED.value,
    StatusCounts.ON_TIME: duty.ReportStatus.ON_TIME.value,
    StatusCounts.LATE: duty.ReportStatus.LATE.value,
    **{mine: theirs.value for theirs, mine in _SILENCES.items()},
}


def standing(found: duty.Duty) -> StatusCounts:
    """Return the one word for the result of `duty.classify`."""
    if found.standing is duty.ReportStatus.NOT_DUE:
        return next((word for off, word in _OFF.items() if found.reason == off), StatusCounts.HOLIDAY)
    if found.silence is not None:
        return _SILENCES[found.silence]
    return _SAID[found.standing]
