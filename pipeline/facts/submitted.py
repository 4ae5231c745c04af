"""What was sent in, as a list, and whose a file is: the history of imports as one reader may see it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet

from pipeline import forms, units
from pipeline.database.models import Submission, Unit
from pipeline.figures import batch_summary, receipts
from pipeline.model import Channel, State
from pipeline.registry import lookup
from pipeline.schooldays import ZONE, day_bounds
from pipeline.units import Scope

PAGE = 50


@dataclass(frozen=True, slots=True)
class SubmittedFile:
    """One file in a line. `name`: "" where it is another's word; `opens`: whether the reader may have the file."""

    seq: int
    received_at: datetime
    unit: str
    unit_name: str
    form: str  # "": not recognized
    day: date | None
    channel: Channel
    name: str
    outcome: str
    good: bool
    opens: bool


@dataclass(frozen=True, slots=True)
class SubmittedWhich:
    """Which files are asked for: of a day of arrival, a unit, an outcome; those below a number."""

    day: date | None = None
    unit: str = ""
    state: str = ""
    below: int | None = None


def listed(scope: Scope, which: SubmittedWhich) -> list[SubmittedFile]:
    """Return the files of a reader's units, newest first, one more than a page if there are more."""
    rows = Submission.objects.filter(_of(scope))
    if which.day is not None:
        begin, end = day_bounds(which.day)
        rows = rows.filter(received_at__gte=begin, received_at__lt=end)
    if which.unit:
        rows = rows.filter(Q(unit=which.unit) | Q(unit="", bound_unit=which.unit))
    if which.state:
        rows = rows.filter(state=which.state)
    if which.below is not None:
        rows = rows.filter(received_seq__lt=which.below)
    return _lines(rows.order_by("-received_seq")[: PAGE + 1], scope)


def one(scope: Scope, seq: int) -> Submission | None:
    """Return a file of a reader's units; None for any other."""
    return Submission.objects.filter(_of(scope), received_seq=seq).first()


def opens(row: Submission, scope: Scope) -> bool:
    """Whether a reader may have a file itself, once it is kept: what his own unit sent, and of his schools what
    holds no pupil.
    """
    if row.state == State.RECEIVED or not row.path.startswith("archive/"):
        return False
    if units.reads_as(row.unit or row.bound_unit) == scope.code:
        return True
    return scope.classes and bool(row.form) and not forms.form(row.form).pupils


def stuck(state: State) -> list[Submission]:
    """Return all files of a state in which nothing more becomes of them, newest first: for admins."""
    return list(Submission.objects.filter(state=state).order_by("-received_seq")[:PAGE])


def _of(scope: Scope) -> Q:
    """The files of a reader's units: that name one, or that name nobody and lay in the folder of one."""
    if not scope.divisions:
        return Q(unit=scope.code) | Q(unit="", bound_unit=scope.code)
    mine: QuerySet[Unit, str] = Unit.objects.filter(division__in=scope.divisions).values_list("code", flat=True)
    named = Q(unit__in=mine) | Q(unit__in=scope.divisions)
    return named | Q(unit="") & (Q(bound_unit__in=mine) | Q(bound_unit__in=scope.divisions))


def _lines(rows: Iterable[Submission], scope: Scope) -> list[SubmittedFile]:
    found: Sequence[Submission] = list(rows)
    names = lookup.names({row.unit or row.bound_unit for row in found})
    return [_line(row, names.get(row.unit or row.bound_unit, ""), scope) for row in found]


def _line(row: Submission, name: str, scope: Scope) -> SubmittedFile:
    state, may = State(row.state), opens(row, scope)
    return SubmittedFile(
        row.received_seq,
        row.received_at.astimezone(ZONE),
        row.unit or row.bound_unit,
        name,
        forms.form(row.form).short_title if row.form else "",
        row.day,
        Channel(row.channel),
        row.name if may else "",
        # so many rows are so many pupils
        batch_summary.OUTCOMES[state] if scope.masks else receipts.outcome(state, row.accepted, row.refused),
        state in (State.ACCEPTED, State.DUPLICATE),
        may,
    )
