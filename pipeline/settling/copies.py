"""Rosters and calendars that come once more: copies of the one in force, or of one before it.

By the order in which they were received, whichever settled first: what stands has the number of the first.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline import merge
from pipeline.database.decision_log import order_of
from pipeline.database.models import Decision, Submission
from pipeline.merge import Earlier, Event, Sifted
from pipeline.model import TAKEN, DecisionKind, Issue, State
from pipeline.turns.transaction import form_of

OLDER = "older-again"
QUESTIONS: dict[str, State] = {"duplicate": State.DUPLICATE, OLDER: State.HELD}
"""The issue of a copy, and the state of its submission."""
SAID = frozenset({*QUESTIONS, "roster-again", "roster-again-same"})
"""The issues of copies, as receipts say them."""


@dataclass(frozen=True, slots=True)
class _Placed:
    place: int
    seen: Earlier


def question(event: Event, sifted: Sifted) -> Issue | None:
    """Return why a roster or calendar may not simply be applied; None if it may."""
    if event.forced:
        return None
    again = _copy_of(event)
    if again is None:
        return sifted.question
    settled = merge.carried(event.checked) and sifted.question is None
    return Issue("duplicate" if again is State.DUPLICATE or settled else OLDER)


def found_late(event: Event) -> Issue | None:
    """Return why one that was settled before turns out to be a copy, because an earlier one has come; None if it is
    none. A return workbook can damage nothing newer: its rows are judged by their tickets.
    """
    again = None if event.forced else _copy_of(event)
    if again is None or (again is State.HELD and merge.carried(event.checked)):
        return None
    return Issue("duplicate" if again is State.DUPLICATE else OLDER)


def _copy_of(event: Event) -> State | None:
    """Whether it repeats one that was applied before its place in the sequence: the last one, or another."""
    checked = event.checked
    rows = Submission.objects.filter(unit=checked.unit, form=form_of(checked)).exclude(state=State.RECEIVED)
    released = Decision.objects.filter(what=DecisionKind.RELEASE, submission__in=rows.values("received_seq"))
    places = {row.submission: order_of(row) for row in released.order_by("seq")}
    placed = sorted(
        (
            _Placed(
                places.get(row.received_seq, row.received_seq),
                Earlier(row.received_seq, row.content_sha, State(row.state), row.first_seen),
            )
            for row in rows.only("received_seq", "content_sha", "state", "first_seen")
        ),
        key=lambda one: one.place,
    )
    before = [one.seen for one in placed if one.place < event.order]
    applied = [one.seq for one in before if one.state in TAKEN]
    return merge.repeated(before, checked.reading.content_sha, applied[-1:])
