"""Replays events of the one sequence from the beginning: for reports, closures and cards alike.

Needed when a turn comes late: a later submission or decision has been settled before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Generic, Protocol, TypeVar

from pipeline.database.decision_log import order_of
from pipeline.database.models import Decision
from pipeline.figures.words import NOT_GIVEN
from pipeline.merge import Earlier, Event, ReportState, Ticket
from pipeline.model import DecisionKind, Issue, State
from pipeline.turns.again import MendedRow, Needed
from pipeline.turns.report_state import Key
from pipeline.turns.transaction import Turn

_MOVES = (DecisionKind.RELEASE, DecisionKind.WAIVE, DecisionKind.MEND)  # decisions that change records
_PEOPLE, _NOW, _ENGINE = range(3)  # the order of events at one place


class TakenStep(Protocol):
    """The result of one event; for a submission, its outcome too."""

    @property
    def after(self) -> Any: ...
    @property
    def state(self) -> State: ...
    @property
    def issues(self) -> tuple[Issue, ...]: ...
    @property
    def opened(self) -> tuple[Ticket, ...]: ...
    @property
    def accepted(self) -> int: ...
    @property
    def refused(self) -> int: ...
    @property
    def withdrawn(self) -> int: ...


S = TypeVar("S")
D = TypeVar("D")
Acted_co = TypeVar("Acted_co", covariant=True)
Step = TypeVar("Step", bound=TakenStep)


@dataclass(frozen=True, slots=True)
class Act(Generic[Acted_co]):
    """One event. `at`: its place in the sequence, then the order at one place."""

    at: tuple[int, int, int]
    does: Acted_co


@dataclass(frozen=True, slots=True)
class Replayed(Generic[D, Step]):
    """All events, in order, with their results."""

    taken: Sequence[tuple[D, Step]]

    @property
    def after(self) -> Any:
        """The state in the end."""
        return self.taken[-1][1].after

    @property
    def last(self) -> dict[int, tuple[Event, Step]]:
        """By submission: its last turn, and its result."""
        return {does.seq: (does, step) for does, step in self.taken if isinstance(does, Event)}

    def of(self, event: Event) -> Step:
        """The result of this very event."""
        return next(step for does, step in self.taken if does is event)


def replay(standing: S, acts: Iterable[Act[D]], step: Callable[[S, D], Step]) -> Replayed[D, Step]:
    """Take a step for each act, in the order of the sequence, starting from `standing`."""
    taken = []
    for act in sorted(acts, key=attrgetter("at")):
        made = step(standing, act.does)
        standing = made.after
        taken.append((act.does, made))
    return Replayed(taken)


def needed(turn: Turn, earlier: Iterable[Earlier], tickets: Collection[str] = ()) -> Needed:
    """Return what `submissions` and `mended` need for a turn that comes late.

    `earlier`: all that was settled of what it is folded with; `tickets`: all that were given out there.
    """
    rows = frozenset(_mended(row) for row in _mends(tickets, turn))
    return Needed(frozenset(one.seq for one in earlier) - {turn.event.seq}, rows)


def submissions(earlier: Iterable[Earlier], turn: Turn) -> list[Act[Event]]:
    """Return the turns of earlier submissions, of those released, and the one being taken: last of its place."""
    seqs = [one.seq for one in earlier if one.seq != turn.event.seq]
    checked = {seq: turn.again.submissions[seq] for seq in seqs}
    found = [Act((seq, _PEOPLE, 0), Event(seq, one)) for seq, one in checked.items()]
    released = Decision.objects.filter(what=DecisionKind.RELEASE, target__in=[str(seq) for seq in seqs])
    again = [decided(row, Event.released(order_of(row), checked[row.submission or 0])) for row in released]
    return [*found, *again, Act((turn.event.order, _NOW, 0), turn.event)]


def mended(tickets: Collection[str], turn: Turn) -> list[Act[Event]]:
    """Return the rows of these tickets that counties corrected, without the one that is being taken now."""
    rows = _mends(tickets, turn)
    return [decided(row, Event(order_of(row), turn.again.mended[_mended(row)])) for row in rows]


def decided(row: Decision, does: D) -> Act[D]:
    """Return a person's decision as an act."""
    return Act((order_of(row), _PEOPLE, row.seq), does)


def followed(place: int, number: int, does: D) -> Act[D]:
    """Return a consequence of the records as an act: after all acts of people at that place."""
    return Act((place, _ENGINE, number), does)


def _mends(tickets: Collection[str], turn: Turn) -> list[Decision]:
    rows = Decision.objects.filter(what=DecisionKind.MEND, target__in=list(tickets)).order_by("seq") if tickets else ()
    now = {record.ticket for record in turn.checked.records}
    return [row for row in rows if not (order_of(row) == turn.event.order and row.target in now)]


def _mended(row: Decision) -> MendedRow:
    return MendedRow(order_of(row), row.target)


def latest(standings: Iterable[ReportState]) -> dict[Key, int]:
    """Return, by report, the place of its last turn: a turn of an earlier place comes late."""
    by_target: dict[str, list[Key]] = defaultdict(list)
    found: dict[Key, int] = {}
    for one in standings:
        key = (one.day, one.school, one.campus)
        found[key] = max((earlier.seq for earlier in one.earlier), default=0)
        for target in (*(str(earlier.seq) for earlier in one.earlier), *one.tickets):
            by_target[target].append(key)
    rows = Decision.objects.filter(target__in=list(by_target), what__in=_MOVES) if by_target else ()
    for row in rows:
        for key in by_target[row.target]:
            found[key] = max(found[key], order_of(row))
    return found


def dismissals(seqs: Sequence[int]) -> Mapping[int, Issue]:
    """Return, for submissions that were dismissed, the issue that says so."""
    rows = Decision.objects.filter(what=DecisionKind.DISMISS, target__in=[str(seq) for seq in seqs]) if seqs else ()
    return {row.submission or 0: dismissed(row.why) for row in rows}


def dismissed(why: str) -> Issue:
    """Return the issue for the sender of a held submission that is not accepted."""
    return Issue("dismissed", details=(("why", why or NOT_GIVEN),))
