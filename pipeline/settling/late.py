"""Submissions validated without a roster or a calendar that had come before them: to be validated again.

A roster that keeps its reader busy settles after reports that came later. Each of these is validated by the statements
up to its own place, so reading them once more, in order, gives the right result. `run` reads and validates them, within
the transaction of the roster.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.database import sql
from pipeline.database.decision_log import order_of
from pipeline.database.models import Decision, Division, Reject, Statement, Submission, Unit
from pipeline.database.transactions import atomic
from pipeline.forms.desk import DESK
from pipeline.merge import Event
from pipeline.model import (
    TAKEN,
    Checked,
    CheckVerdict,
    DecisionKind,
    LetterKind,
    Settled,
    Site,
    State,
    StatementState,
    SubmissionRef,
    UnitKind,
)
from pipeline.settling import SETTLERS, copies, submissions
from pipeline.settling.settler import Settler
from pipeline.turns import replay, whole_file_tickets
from pipeline.turns.again import NOTHING, AtHand, Needed
from pipeline.turns.transaction import Turn, Writes, form_of
from pipeline.units import is_school

_APPLY = {name: settler.apply_again for name, settler in SETTLERS.items() if settler.apply_again}
_JUDGED_BY = frozenset({*_APPLY, DESK.name})  # a 处理单 confirms proposals of schools, at its own place
_FOUND = "campus"  # found by the registry, as far as a file does not name it: it may be another one now
_FOLDED = {name: settler for name, settler in SETTLERS.items() if settler.folded_by}


@dataclass(frozen=True, slots=True)
class Later:
    """Submissions that came after one but were settled before it, though they are validated by its content."""

    registry: tuple[int, ...] = ()  # rosters and calendars that were accepted, in order
    reports: tuple[tuple[int, ...], ...] = ()  # those of a school's day together, and of its closures
    unplaced: tuple[int, ...] = ()  # those whose unit could not be determined


def after(done: Settled) -> Later:
    """Return what is to be validated again after a submission that has just settled; nearly always nothing."""
    schools = _affected(done) if done.form in _JUDGED_BY else set()
    if not schools and not _came_again(done):
        return Later()
    later = list(
        Submission.objects.filter(received_seq__gt=done.seq)
        .exclude(state=State.RECEIVED)
        .order_by("received_seq")
        .only("received_seq", "form", "unit", "day", "campus", "state", "issues", "refused")
    )
    together: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for row in later:
        if row.form in _FOLDED and row.unit in schools:
            sure = (getattr(row, name) for name in _FOLDED[row.form].folded_by if name != _FOUND)
            together[row.form, *sure].append(row.received_seq)
    return Later(
        registry=tuple(_places(later, done.seq)),
        reports=tuple(map(tuple, together.values())),
        unplaced=tuple(row.received_seq for row in later if schools and not row.unit and row.state == State.REJECTED),
    )


def apply_again(checked: Checked, done: Settled, now: datetime) -> None:
    """Apply a roster or a calendar of `Later.registry` once more; in the caller's transaction."""
    if checked.verdict != CheckVerdict.MERGE:
        return
    writes = Writes(now)
    _APPLY[form_of(checked)](_turn(checked, done), writes)
    writes.flush()


def fold(anew: Sequence[Checked], done: Settled, site: Site, now: datetime, again: AtHand) -> None:
    """Fold again everything that these of `Later.reports` are folded with. Raises NeedsAgain, with nothing written."""
    with atomic():
        writes = Writes(now)
        at_hand = again.joined(anew)
        turns = []
        for form, settler in _FOLDED.items():
            if mine := [one for one in anew if form_of(one) == form]:
                turns += _fold(settler, mine, done, site, writes, at_hand)
        writes.flush()
        whole_file_tickets.settle(turns)


def _fold(
    settler: Settler, mine: Sequence[Checked], done: Settled, site: Site, writes: Writes, at_hand: AtHand
) -> list[Turn]:
    """A turn for the first of each report is enough: all of it is folded with it."""
    left = _moved(settler, mine, done, writes)
    first: dict[tuple[object, ...], Checked] = {}
    for one in mine:
        first.setdefault(_key(settler, one), one)
    rest = {key: _first_of(settler, key) for key in left - first.keys()}
    at_hand.require(Needed(frozenset(filter(None, rest.values()))))
    first |= {key: at_hand.submissions[seq] for key, seq in rest.items() if seq}
    if settler.leave:
        settler.leave([key for key, seq in rest.items() if not seq], done, writes)
    turns = [turn for one in first.values() if settler.takes(turn := _turn(one, done, at_hand))]
    settler.settle(turns, site, writes)
    return turns


def _moved(settler: Settler, mine: Sequence[Checked], done: Settled, writes: Writes) -> set[tuple[object, ...]]:
    """Let submissions of which another campus is meant now belong to it, with their tickets; return what they left."""
    if _FOUND not in settler.folded_by:
        return set()
    was = Submission.objects.in_bulk([one.arrival.seq for one in mine])
    left = set()
    for one in mine:
        seq, before = one.arrival.seq, was[one.arrival.seq]
        if before.campus == one.campus:
            continue
        left.add(tuple(getattr(before, name) for name in settler.folded_by))
        Submission.objects.filter(received_seq=seq).update(campus=one.campus, effective=False)
        Reject.objects.filter(submission=seq).update(campus=one.campus)
        writes.letter(LetterKind.RECEIPT, str(SubmissionRef(seq, done.settled_seq)), one.unit, one.day)
    return left


def _key(settler: Settler, checked: Checked) -> tuple[object, ...]:
    return tuple(getattr(checked, name) for name in settler.folded_by)


def _first_of(settler: Settler, key: tuple[object, ...]) -> int | None:
    """The first submission of what some have left; None if nothing of it is left."""
    mine = dict(zip(settler.folded_by, key, strict=True))
    rows = Submission.objects.filter(form=settler.form.name, **mine).exclude(state=State.RECEIVED)
    first: int | None = rows.order_by("received_seq").values_list("received_seq", flat=True).first()
    return first


def place(checked: Checked, site: Site, now: datetime, again: AtHand) -> None:
    """Take one of `Later.unplaced`, if its unit is known now. Raises NeedsAgain, with nothing written."""
    if checked.unit:
        with atomic():
            turn = Turn(Event(checked.arrival.seq, checked), sql.take("settled", 1), again)
            submissions.take([turn], State.REJECTED, site, now)


def _places(later: Sequence[Submission], seq: int) -> list[int]:
    """Rosters and calendars that were judged by what came before, and came, or were released, after a place of the
    sequence; by that place.
    """
    found = {row.received_seq: row.received_seq for row in later if row.form in _APPLY and _judged(row)}
    for row in Decision.objects.filter(what=DecisionKind.RELEASE).order_by("seq"):
        mine = row.submission or 0
        if order_of(row) > seq and (mine in found or _in_force(mine)):
            found[mine] = order_of(row)
    return sorted(found, key=lambda one: found[one])


def _judged(row: Submission) -> bool:
    """Whether what came before decides what became of it: it is in force, a copy, or all of its rows went back."""
    if row.state in TAKEN or any(issue["code"] in copies.SAID for issue in row.issues):
        return True
    return row.state == State.REJECTED and bool(row.refused) and not replay.dismissals([row.received_seq])


def _came_again(done: Settled) -> bool:
    """Whether a roster or calendar of the same unit came later and was settled before: it may be a copy of this one."""
    if done.form not in _APPLY:  # asked of every submission: no query is even made up
        return False
    later = Submission.objects.filter(received_seq__gt=done.seq, unit=done.unit, form=done.form)
    return later.exclude(state=State.RECEIVED).exists()


def _in_force(seq: int) -> bool:
    return Submission.objects.filter(received_seq=seq, form__in=list(_APPLY), state__in=TAKEN).exists()


def _turn(checked: Checked, done: Settled, again: AtHand = NOTHING) -> Turn:
    """A submission's turn once more, at its own place, as of the settling that made it necessary."""
    seq = checked.arrival.seq
    released = Decision.objects.filter(what=DecisionKind.RELEASE, submission=seq).order_by("seq").last()
    at_release = released is not None and form_of(checked) in _APPLY
    order = order_of(released) if released is not None and at_release else seq
    return Turn(Event(order, checked, forced=at_release), done.settled_seq, again, anew=True)


def _affected(done: Settled) -> set[str]:
    """The schools with a statement in force, or taken back, at this place of the sequence; what is of one school
    concerns that alone.
    """
    if is_school(done.unit):
        return {done.unit}
    in_force = Statement.objects.filter(order=done.seq, state__in=(StatementState.STANDING, StatementState.UNDONE))
    units = set(in_force.values_list("unit", flat=True))
    schools = set(Unit.objects.filter(code__in=units, kind=UnitKind.SCHOOL).values_list("code", flat=True))
    places = _below(Division.objects.filter(code__in=units).values_list("code", flat=True))
    return schools | set(Unit.objects.filter(division__in=places, kind=UnitKind.SCHOOL).values_list("code", flat=True))


def _below(codes: Iterable[str]) -> set[str]:
    found, fresh = set(), set(codes)
    while fresh:
        found |= fresh
        fresh = set(Division.objects.filter(parent__in=fresh).values_list("code", flat=True)) - found
    return found
