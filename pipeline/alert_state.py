"""The states of an alert, their names on paper, and what must be known of an alert to answer it.

issued → answered → confirmed by the county as excluded (closed, or 更正待收 until the wrong rows are corrected) or as
not to be excluded (reported → following → ended) · sent back by the county → answered again. Lies below `model`,
because a context carries the alerts that workbooks refer to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

ISSUED = "issued"
ANSWERED = "answered"  # by the school, or for it; waits for the county
RETURNED = "returned"  # by the county: to be answered again
CORRECTING = "correcting"  # excluded for wrong information that has not been corrected yet
CONFIRMED = "confirmed"
REPORTED = "reported"
FOLLOWING = "following"
EXCLUDED = "excluded"
ENDED = "ended"
VOID = "void"
MERGED = "merged"

UNANSWERED = frozenset({ISSUED, RETURNED})  # its 24 hours are running
FOLLOWED = frozenset({CONFIRMED, REPORTED, FOLLOWING})  # answered, not excluded: ends by its rule
REOPENED = frozenset({ANSWERED, CORRECTING})  # the alert to be excluded was a lesser one: to be answered again
CLOSED = frozenset({EXCLUDED, ENDED, VOID, MERGED})
STATES: Mapping[str, str] = {
    ISSUED: "待核实",
    ANSWERED: "待县确认",
    RETURNED: "县级退回",
    CORRECTING: "更正待收",
    CONFIRMED: "县级已确认",
    REPORTED: "已报告",
    FOLLOWING: "跟踪中",
    EXCLUDED: "已排除",
    ENDED: "已结束",
    VOID: "已不成立",
    MERGED: "已并入",
}

STANDS = "stands"  # 不可排除
WRONG, HANDLED, TWICE, OTHER = "A1", "A2", "A3", "A9"  # why an alert may be excluded (notice, two)


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """One pupil ever linked to an alert. `days`: those on which a row of it was reported, then or now."""

    pupil: str  # the whole code
    class_key: str
    name: str
    days: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """What validation must know of an alert that a card names. `kin`: groups of which it may be a repetition."""

    id: str
    school: str
    campus: str
    group: str
    opened_on: date
    kin: frozenset[str] = frozenset()
    cases: tuple[CaseFacts, ...] = field(default=())
