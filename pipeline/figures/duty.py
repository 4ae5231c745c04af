"""A school's standing on a day as one word: `pipeline.duty` tells it, the papers count and print it.

不需报 is told apart by why, 未报 by what is in hand, so that a county's day is ten counts that add up to 在册.
"""

from __future__ import annotations

from enum import StrEnum

from pipeline import duty
from pipeline.schooldays import Off


class Standing(StrEnum):
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


REPORTED = frozenset({Standing.ON_TIME, Standing.LATE})
SILENT = frozenset({Standing.MISSING, Standing.RETURNED, Standing.HELD, Standing.PARTIAL})

_OFF = {Off.CLOSED: Standing.CLOSED, Off.VACATION: Standing.OUT_OF_TERM}
_SAID = {
    duty.Standing.ON_TIME: Standing.ON_TIME,
    duty.Standing.LATE: Standing.LATE,
    duty.Standing.EXCUSED: Standing.EXCUSED,
}
_SILENCES = {
    duty.Silence.NOTHING: Standing.MISSING,
    duty.Silence.RETURNED: Standing.RETURNED,
    duty.Silence.HELD: Standing.HELD,
    duty.Silence.PART: Standing.PARTIAL,
}
LABELS = {
    Standing.HOLIDAY: "放假",
    Standing.OUT_OF_TERM: "学期外",
    Standing.CLOSED: "全校停课",
    Standing.EXCUSED: duty.Standing.EXCUSED.value,
    Standing.ON_TIME: duty.Standing.ON_TIME.value,
    Standing.LATE: duty.Standing.LATE.value,
    **{mine: theirs.value for theirs, mine in _SILENCES.items()},
}


def standing(told: duty.Duty) -> Standing:
    """Return the one word for what `duty.classify` told."""
    if told.standing is duty.Standing.NOT_DUE:
        return next((word for off, word in _OFF.items() if told.reason == off), Standing.HOLIDAY)
    if told.silence is not None:
        return _SILENCES[told.silence]
    return _SAID[told.standing]
