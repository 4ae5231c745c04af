"""What a report is folded from: its submissions, and what people decided of them, in the one sequence."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.database.decision_log import order_of, typed
from pipeline.database.models import Decision
from pipeline.figures.words import NOT_GIVEN
from pipeline.merge import Event, ReportState
from pipeline.model import DecisionKind, Issue, Site
from pipeline.turns import rebuild_row
from pipeline.turns.report_state import Key
from pipeline.turns.transaction import Reread, Turn

_MOVES = (DecisionKind.RELEASE, DecisionKind.WAIVE, DecisionKind.MEND)  # decisions that change what stands


@dataclass(frozen=True, slots=True)
class Act:
    """One turn of a fold: an event, or a ticket that is waived. `number` orders those of one place."""

    place: int
    number: int
    event: Event | None = None
    waived: str = ""


def acts(standing: ReportState, turn: Turn, site: Site, reread: Reread) -> list[Act]:
    """Return all turns of a report in order, the one being taken among them, last of its place."""
    seqs = [one.seq for one in standing.earlier if one.seq != turn.event.seq]
    checked = {one.arrival.seq: one for one in reread(seqs)}
    found = [Act(seq, 0, Event(seq, one)) for seq, one in checked.items()]
    found.append(Act(turn.event.order, sys.maxsize, turn.event))
    for row in Decision.objects.filter(what=DecisionKind.RELEASE, target__in=[str(seq) for seq in checked]):
        event = Event(order_of(row), checked[int(row.target)], forced=True)
        found.append(Act(event.order, row.seq, event))
    waived = Decision.objects.filter(what=DecisionKind.WAIVE, target__in=list(standing.tickets))
    found += [Act(order_of(row), row.seq, waived=row.target) for row in waived]
    mends = rebuild_row.mends(list(standing.tickets), site, reread, turn)
    found += [Act(event.order, number, event) for number, event in mends]
    return sorted(found, key=lambda act: (act.place, act.number))


def latest(standings: Iterable[ReportState]) -> dict[Key, int]:
    """Return, by report, the place of the last turn it has had: a turn of an earlier place comes late."""
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
    """Return, for submissions that somebody sent back for good, the issue that says so."""
    rows = Decision.objects.filter(what=DecisionKind.DISMISS, target__in=[str(seq) for seq in seqs]) if seqs else ()
    return {int(row.target): dismissed(row.why) for row in rows}


def dismissed(why: str) -> Issue:
    """Return what the sender of a held submission reads when it is not taken."""
    return Issue("dismissed", details=(("why", typed(why) or NOT_GIVEN),))
