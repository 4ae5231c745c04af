"""An alert's life as cards, the county's word and the engine make it: values, and how the last two change it.

A life is folded from its cards and rulings in received order, and from what the engine made of the alert (raised,
renamed, void …) where that took effect. The same events give the same life, whatever the order they settled in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from pipeline import life


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, by the submission that brought it. `values` as JSON keeps them; `rows`: [day, pupil] said to be
    wrong (A1). `by` is the division that filled it in, "" for the school itself.
    """

    seq: int
    revision: int
    values: Mapping[str, object]
    by: str = ""
    late: bool = False  # came after its time
    report_late: bool = False  # reported to the authorities after its time
    state: str = life.ANSWERED  # answered | confirmed | returned | replaced | void

    @property
    def rows(self) -> list[list[str]]:
        found = self.values.get("rows")
        return [list(map(str, row)) for row in found] if isinstance(found, Sequence) else []


@dataclass(frozen=True, slots=True)
class Day:
    """What was told of one day of an alert that is followed."""

    fresh: int | None
    present: int | None
    progress: str
    origin: str


@dataclass(frozen=True, slots=True)
class Face:
    """What the card of one revision warned of. `rank` orders stages, `stage` names one."""

    group: str
    rank: int
    stage: str


@dataclass(frozen=True, slots=True)
class Life:
    """All that cards and decisions know of one alert. `faces` by revision; the last is what it is now."""

    alert: str
    opened_at: datetime
    due_at: datetime
    hours: int
    faces: Mapping[int, Face]
    state: str = life.ISSUED
    into: str = ""  # the alert it was merged into
    answers: tuple[Answer, ...] = ()  # in received order
    days: Mapping[date, Day] = field(default_factory=dict)
    heard: tuple[int, ...] = ()  # submissions that were taken, in order

    @property
    def revision(self) -> int:
        return max(self.faces)

    @property
    def current(self) -> Answer | None:
        """The answer that counts: the last that waits for the county, or was confirmed."""
        return next((a for a in self.answers[::-1] if a.state in (life.ANSWERED, life.CONFIRMED)), None)

    @property
    def closed(self) -> bool:
        return self.state in life.CLOSED


@dataclass(frozen=True, slots=True)
class Told:
    """A step of an alert's life, as it is noted: answered, followed, confirmed, returned …"""

    alert: str
    what: str
    origin: str
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ruling:
    """The county's word on one answer: `what` is confirm or return. `at` is when it was given."""

    alert: str
    what: str
    answer: int
    order: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Turned:
    """What the engine made of an alert: raised, lowered, renamed, reissued, void, merged, ended, corrected."""

    alert: str
    what: str
    at: datetime
    revision: int = 0
    face: Face | None = None
    into: str = ""


def rule(one: Life, ruling: Ruling) -> tuple[Life, tuple[Told, ...]]:
    """Return a life after the county's word on an answer; the same life if that answer no longer counts."""
    answer = next((a for a in one.answers if a.seq == ruling.answer), None)
    if one.closed or answer is None or answer.state not in (life.ANSWERED, life.CONFIRMED, "replaced"):
        return one, ()
    origin = str(ruling.order)
    if ruling.what == "return":
        back = replace(_answered(one, ruling.answer, life.RETURNED), state=life.RETURNED)
        told = Told(one.alert, "returned", origin, {"answer": ruling.answer})
        return replace(back, due_at=ruling.at + timedelta(hours=one.hours)), (told,)
    sure = _answered(one, ruling.answer, life.CONFIRMED)
    verdict = answer.values["verdict"]
    if verdict == life.STANDS:
        state = life.FOLLOWING if sure.days else life.REPORTED
    else:
        # that the wrong rows were put right is told by the records: `corrected`
        state = life.CORRECTING if answer.values.get("reason") == life.WRONG else life.EXCLUDED
    details = {"answer": ruling.answer, "verdict": verdict, "reason": answer.values.get("reason") or ""}
    return replace(sure, state=state), (Told(one.alert, "confirmed", origin, details),)


def passed(one: Life, turned_: Turned) -> Life:
    """Return a life after the engine did something with the alert."""
    what = turned_.what
    if what in ("void", "merged", "ended"):
        return replace(one, state={"void": life.VOID, "merged": life.MERGED}.get(what, life.ENDED), into=turned_.into)
    if what == "corrected":
        return replace(one, state=life.EXCLUDED) if one.state == life.CORRECTING else one
    if turned_.face is None:
        return one
    was = one.faces[one.revision]
    after = replace(one, faces={**one.faces, turned_.revision: turned_.face})
    worse = turned_.face.rank > was.rank or turned_.face.group != was.group
    if not (worse and one.state in life.REOPENED):
        return after
    void = tuple(replace(a, state="void") if a.state in (life.ANSWERED, life.CONFIRMED) else a for a in one.answers)
    due = turned_.at + timedelta(hours=one.hours)
    return replace(after, answers=void, state=life.ISSUED, due_at=due)


def _answered(one: Life, seq: int, state: str) -> Life:
    """The life with one answer in a state, and no other that counts."""
    answers = tuple(
        replace(a, state=state)
        if a.seq == seq
        else replace(a, state="replaced")
        if a.state in (life.ANSWERED, life.CONFIRMED)
        else a
        for a in one.answers
    )
    return replace(one, answers=answers)
