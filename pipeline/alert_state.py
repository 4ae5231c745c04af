"""The states of an alert, their names on paper, and what must be known of an alert to answer it.

issued → answered → confirmed by the county as excluded (closed, or 更正待收 until the wrong rows are corrected) or as
not to be excluded (reported → following → ended) · sent back by the county → answered again. Lies below `model`,
because a context carries the alerts that workbooks refer to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum


class AlertState(StrEnum):
    """The state of an alert, by its card."""

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


class AlertStep(StrEnum):
    """One step of an alert's history. What the engine makes of it comes first, then what people do."""

    ISSUED = "issued"
    RAISED = "raised"
    LOWERED = "lowered"
    RENAMED = "renamed"
    REISSUED = "reissued"
    MERGED = "merged"
    VOID = "void"
    UNMET = "unmet"
    ENDED = "ended"
    CORRECTED = "corrected"
    ANSWERED = "answered"
    FOLLOWED = "followed"
    CONFIRMED = "confirmed"
    RETURNED = "returned"


class CardState(StrEnum):
    """The state of one answer. `followed`: a card that brought days only."""

    ANSWERED = "answered"
    CONFIRMED = "confirmed"
    RETURNED = "returned"
    REPLACED = "replaced"  # by a later answer
    VOID = "void"  # the alert got worse
    FOLLOWED = "followed"


class CardVerdict(StrEnum):
    """The verdict of an answer: 不可排除 or 可排除."""

    STANDS = "stands"
    EXCLUDED = "excluded"


class CardReason(StrEnum):
    """Why an alert may be excluded (notice, two)."""

    WRONG = "A1"
    HANDLED = "A2"
    TWICE = "A3"
    OTHER = "A9"


UNANSWERED = frozenset({AlertState.ISSUED, AlertState.RETURNED})  # its 24 hours are running
FOLLOWED = frozenset({AlertState.CONFIRMED, AlertState.REPORTED, AlertState.FOLLOWING})  # ends by its rule
REOPENED = frozenset({AlertState.ANSWERED, AlertState.CORRECTING})  # to be answered again
CLOSED = frozenset({AlertState.EXCLUDED, AlertState.ENDED, AlertState.VOID, AlertState.MERGED})
FACED = frozenset({AlertStep.ISSUED, AlertStep.RAISED, AlertStep.LOWERED, AlertStep.RENAMED})
"""Steps that change what the card shows."""
COUNTING = frozenset({CardState.ANSWERED, CardState.CONFIRMED})
"""States of the answer that counts."""
STATES: Mapping[str, str] = {
    AlertState.ISSUED: "待核实",
    AlertState.ANSWERED: "待县确认",
    AlertState.RETURNED: "县级退回",
    AlertState.CORRECTING: "更正待收",
    AlertState.CONFIRMED: "县级已确认",
    AlertState.REPORTED: "已报告",
    AlertState.FOLLOWING: "跟踪中",
    AlertState.EXCLUDED: "已排除",
    AlertState.ENDED: "已结束",
    AlertState.VOID: "已不成立",
    AlertState.MERGED: "已并入",
}


@dataclass(frozen=True, slots=True)
class PastStep:
    """One step of an alert's history with its moment; `verdict` and `reason` of a confirmed answer."""

    what: str
    at: datetime
    verdict: str = ""
    reason: str = ""


def as_of(steps: Sequence[PastStep], at: datetime, opened_at: datetime, hours: int) -> tuple[AlertState, datetime]:
    """Return the state of an alert at a moment in the past, and by when it was to be answered then.

    `steps`: all of its history, in order; `hours`: in which it must be answered.
    """
    limit, state, due, followed = timedelta(hours=hours), AlertState.ISSUED, opened_at + timedelta(hours=hours), False
    for step in steps:
        if step.at > at:
            continue
        followed |= step.what == AlertStep.FOLLOWED
        if step.what in _AGAIN:
            state = _AGAIN[AlertStep(step.what)]
            due = step.at + limit
        elif step.what == AlertStep.CONFIRMED:
            state = _confirmed(step, followed=followed)
        elif step.what == AlertStep.FOLLOWED:
            state = AlertState.FOLLOWING if state == AlertState.REPORTED else state
        else:
            state = _AFTER.get(step.what, state)
    return state, due


def _confirmed(step: PastStep, *, followed: bool) -> AlertState:
    if step.verdict == CardVerdict.STANDS:
        return AlertState.FOLLOWING if followed else AlertState.REPORTED
    return AlertState.CORRECTING if step.reason == CardReason.WRONG else AlertState.EXCLUDED


_AGAIN = {AlertStep.RETURNED: AlertState.RETURNED, AlertStep.REISSUED: AlertState.ISSUED}
_AFTER: Mapping[str, AlertState] = {
    AlertStep.ANSWERED: AlertState.ANSWERED,
    AlertStep.CORRECTED: AlertState.EXCLUDED,
    AlertStep.ENDED: AlertState.ENDED,
    AlertStep.VOID: AlertState.VOID,
    AlertStep.MERGED: AlertState.MERGED,
}


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
    groups: frozenset[str]
    opened_on: date
    kin: frozenset[str] = frozenset()
    cases: tuple[CaseFacts, ...] = field(default=())
