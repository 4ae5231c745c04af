"""An alert's history, made by cards, the county's rulings and the engine: values, and how the last two change it.

A history is folded from its cards and rulings in received order, and from what the engine did (raised, renamed, void …)
where it took effect. The same events give the same history, in whatever order they settled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from pipeline import alert_state
from pipeline.alert_state import AlertState, AlertStep, CardReason, CardState, CardVerdict
from pipeline.model import Opinion, Origin


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, by the submission that brought it. `values` as JSON keeps them; `rows`: [day, pupil] marked as wrong
    (A1). `by` is the division that filled it in, "" for the school itself.
    """

    seq: int
    revision: int
    values: Mapping[str, object]
    by: str = ""
    late: bool = False  # came too late
    report_late: bool = False  # reported to the authorities too late
    state: CardState = CardState.ANSWERED

    @property
    def rows(self) -> list[list[str]]:
        found = self.values.get("rows")
        return [list(map(str, row)) for row in found] if isinstance(found, Sequence) else []


@dataclass(frozen=True, slots=True)
class FollowedDay:
    """The entry for one day of an alert that is followed."""

    fresh: int | None
    present: int | None
    progress: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Face:
    """The alert as shown by the card of one revision. `rank` orders stages, `stage` names one; `speaks_of`: its groups
    and all that they absorb. `told`: it got worse by what an answer itself says.
    """

    groups: frozenset[str]
    rank: int
    stage: str
    speaks_of: frozenset[str]
    told: bool = False

    def covers(self, other: Face) -> bool:
        """Say whether it warned of as much as the other: of no lesser stage, and of all its groups."""
        return self.rank >= other.rank and other.groups <= self.speaks_of


@dataclass(frozen=True, slots=True)
class AlertHistory:
    """Everything that cards and decisions know of one alert. `faces` by revision; the last is the present one."""

    alert: str
    opened_at: datetime
    due_at: datetime
    hours: int
    faces: Mapping[int, Face]
    state: AlertState = AlertState.ISSUED
    into: str = ""  # the alert it was merged into
    answers: tuple[Answer, ...] = ()  # in received order
    days: Mapping[date, FollowedDay] = field(default_factory=dict)
    received: tuple[int, ...] = ()  # submissions that were accepted, in order

    @property
    def revision(self) -> int:
        return max(self.faces)

    @property
    def asked(self) -> Face:
        """What an answer must speak of: the last face that does not come of an answer itself."""
        faces = [self.faces[revision] for revision in sorted(self.faces)]
        return next((face for face in reversed(faces) if not face.told), faces[0])

    @property
    def deaths(self) -> int:
        """How many died, by the last answer that says so."""
        died = self._told("deaths")
        return died if isinstance(died, int) else 0

    @property
    def found(self) -> tuple[str, int | None]:
        """The rule by which a person raised the alert, by the last answer that does, and of how many cases."""
        cases = self._told("checked_cases")
        return str(self._told("found") or ""), cases if isinstance(cases, int) else None

    def _told(self, name: str) -> object:
        """What the last answer says of something; one that had to be given again counts, one sent back does not."""
        stood = [a for a in self.answers if a.state != CardState.RETURNED and a.values["verdict"] == CardVerdict.STANDS]
        told = (a.values.get(name) for a in reversed(stood))
        return next((one for one in told if one not in {None, ""}), None)

    @property
    def current(self) -> Answer | None:
        """The answer in force: the last that waits for the county, or was confirmed."""
        return next((a for a in self.answers[::-1] if a.state in alert_state.COUNTING), None)

    @property
    def closed(self) -> bool:
        return self.state in alert_state.CLOSED


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """A step of an alert's history, as it is noted: answered, followed, confirmed, returned …"""

    alert: str
    what: AlertStep
    origin: int
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CountyRuling:
    """The county's ruling on one answer: `what` is confirm or return. `at` is when it was given."""

    alert: str
    what: Opinion
    answer: int
    order: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Turned:
    """What the engine did with an alert: raised, lowered, renamed, reissued, void, merged, ended, corrected."""

    alert: str
    what: AlertStep
    at: datetime
    revision: int = 0
    face: Face | None = None
    into: str = ""


def rule(one: AlertHistory, ruling: CountyRuling) -> tuple[AlertHistory, tuple[HistoryStep, ...]]:
    """Return a history after the county's ruling on an answer; unchanged if that answer is no longer in force."""
    answer = next((a for a in one.answers if a.seq == ruling.answer), None)
    if one.closed or answer is None or answer.state not in {*alert_state.COUNTING, CardState.REPLACED}:
        return one, ()
    if ruling.what == Opinion.RETURN:
        back = replace(_answered(one, ruling.answer, CardState.RETURNED), state=AlertState.RETURNED)
        step = HistoryStep(one.alert, AlertStep.RETURNED, ruling.order, {"answer": ruling.answer})
        return replace(back, due_at=ruling.at + timedelta(hours=one.hours)), (step,)
    sure = _answered(one, ruling.answer, CardState.CONFIRMED)
    verdict = answer.values["verdict"]
    if verdict == CardVerdict.STANDS:
        state = AlertState.FOLLOWING if sure.days else AlertState.REPORTED
    else:
        # whether the wrong rows were corrected is known from the records: `corrected`
        state = AlertState.CORRECTING if answer.values.get("reason") == CardReason.WRONG else AlertState.EXCLUDED
    details = {"answer": ruling.answer, "verdict": verdict, "reason": answer.values.get("reason") or ""}
    return replace(sure, state=state), (HistoryStep(one.alert, AlertStep.CONFIRMED, ruling.order, details),)


_CLOSES = {
    AlertStep.VOID: AlertState.VOID,
    AlertStep.MERGED: AlertState.MERGED,
    AlertStep.ENDED: AlertState.ENDED,
}


def passed(one: AlertHistory, turned_: Turned) -> AlertHistory:
    """Return a history after the engine did something with the alert."""
    what = turned_.what
    if what in _CLOSES:
        return replace(one, state=_CLOSES[what], into=turned_.into)
    if what == AlertStep.CORRECTED:
        return replace(one, state=AlertState.EXCLUDED) if one.state == AlertState.CORRECTING else one
    if turned_.face is None:
        return one
    was = one.faces[one.revision]
    after = replace(one, faces={**one.faces, turned_.revision: turned_.face})
    if turned_.face.told or was.covers(turned_.face) or one.state not in alert_state.REOPENED:
        return after
    void = tuple(replace(a, state=CardState.VOID) if a.state in alert_state.COUNTING else a for a in one.answers)
    due = turned_.at + timedelta(hours=one.hours)
    return replace(after, answers=void, state=AlertState.ISSUED, due_at=due)


def _answered(one: AlertHistory, seq: int, state: CardState) -> AlertHistory:
    """The history with one answer in a state, and no other in force."""
    answers = tuple(
        replace(a, state=state)
        if a.seq == seq
        else replace(a, state=CardState.REPLACED)
        if a.state in alert_state.COUNTING
        else a
        for a in one.answers
    )
    return replace(one, answers=answers)
