"""Counties' decisions on declared closures: confirmed, or sent back to the school."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline import short_ids
from pipeline.database.decision_log import decide
from pipeline.database.models import Closure, SchoolClass, Submission
from pipeline.database.transactions import atomic
from pipeline.figures.deskwork import Closed, closure
from pipeline.forms import words
from pipeline.issues.refusals import refusal
from pipeline.merge.closure import ON
from pipeline.model import HOME_CAMPUS, WHOLE_SCHOOL, ClosureState, DecidedBy, DecisionKind, LetterKind, Origin
from pipeline.registry import lookup
from pipeline.schooldays import ZONE, today
from pipeline.settling import closure as settling_closure
from pipeline.turns.pending_items import PendingItem
from pipeline.turns.transaction import Writes


@dataclass(frozen=True, slots=True)
class PendingClosure(PendingItem):
    """One closure, for its county. `stamp` changes whenever the school, or an office, changes something of it."""

    state: ClosureState = ClosureState.DECLARED


def waiting(division: str) -> list[PendingClosure]:
    """Return the closures of a division and all below it that the county has not confirmed, by their start."""
    return listed(division, (ClosureState.DECLARED,))


def listed(division: str, states: Sequence[str]) -> list[PendingClosure]:
    """Return the closures in these states, by their start; division "" for all."""
    found = Closure.objects.filter(state__in=states).order_by("start", "school", "campus", "scope")
    if division:
        found = found.filter(division__in=lookup.tree(()).below(division))
    rows = list(found)
    names, classes = lookup.names(row.school_id for row in rows), _classes({row.school_id for row in rows})
    received = _received_at(Origin.read(row.origin).seq for row in rows)
    return [
        PendingClosure(
            id=short_ids.closure(row.school_id, *_key(row)),
            stamp=f"{row.state} {row.from_settled}",
            school=row.school_id,
            school_name=names.get(row.school_id, row.school_id),
            day=today(row.start),
            since=received.get(Origin.read(row.origin).seq),
            what=closure(_closed(row, classes.get((row.school_id, row.campus, row.scope), row.scope))),
            state=ClosureState(row.state),
        )
        for row in rows
    ]


def confirm(closure_id: str, by: DecidedBy) -> None:
    """Confirm a closure. Raises UsageError, and changes nothing, if it is confirmed, ended or withdrawn."""
    _rule(closure_id, DecisionKind.CLOSURE_CONFIRM, by)


def send_back(closure_id: str, by: DecidedBy) -> None:
    """Send a closure back to its school: it is not in force until the school changes it.

    Raises UsageError, and changes nothing, if it was sent back, has ended or was withdrawn.
    """
    _rule(closure_id, DecisionKind.CLOSURE_RETURN, by)


def _rule(closure_id: str, what: DecisionKind, by: DecidedBy) -> None:
    state = settling_closure.RULINGS[what]
    with atomic():
        row = _found(closure_id)
        if row is None:
            raise refusal("closure-unknown", closure=closure_id)
        at = decide(what, closure_id, by)
        writes = Writes(by.at)
        if not settling_closure.rule(row.school_id, _key(row), state, at, writes):
            raise refusal("closure-moved-on", closure=closure_id)
        writes.letter(LetterKind.DECIDED, str(at[0]), row.school_id)
        writes.flush()


def _found(closure_id: str) -> Closure | None:
    """The closure of an id: searched among those in force, then among all."""
    rows = Closure.objects.values_list("pk", "school", "campus", "scope", "start")
    for some in (rows.filter(state__in=ON), rows.exclude(state__in=ON)):
        for key, school, campus, scope, start in some.iterator():
            if short_ids.closure(school, campus, scope, start) == closure_id:
                return Closure.objects.select_for_update().get(pk=key)
    return None


def _received_at(seqs: Iterable[int]) -> dict[int, datetime]:
    """When the submissions came: a closure waits from then on, whenever it begins."""
    rows = Submission.objects.filter(received_seq__in=set(seqs)).values_list("received_seq", "received_at")
    return dict(rows)


def _key(row: Closure) -> tuple[str, str, datetime]:
    return row.campus, row.scope, row.start


def _classes(schools: set[str]) -> dict[tuple[str, str, str], str]:
    rows = SchoolClass.objects.filter(school__in=schools).order_by("school_year")
    return {(row.school_id, row.campus, row.key): row.name for row in rows}


def _closed(row: Closure, class_name: str) -> Closed:
    return Closed(
        where=row.scope if row.scope == WHOLE_SCHOOL else class_name,
        campus="" if row.campus == HOME_CAMPUS else row.campus,
        reason=words.closure_reason(row.reason),
        ill=row.ill,
        start=row.start.astimezone(ZONE),
        resumes=row.resume_actual or row.resume_planned,
        approved_at=row.approved_at,
        approved_how=words.APPROVED_HOW.labels.get(row.approved_how, ""),
        approved_by=row.approved_by,
    )
