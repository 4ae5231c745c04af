"""What was judged without a roster or a calendar that had come before it: judged again once that is settled.

A roster that keeps its reader busy settles after reports that came later. Each of these is judged by what had been
said up to its own place (`judging`), so reading them once more, in order, gives what would have been.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from pipeline.database import sql
from pipeline.database.models import Division, Statement, Submission, Unit
from pipeline.merge import Event
from pipeline.model import Settled, Site, State
from pipeline.settling import absence, calendar, closure, roster
from pipeline.turns.transaction import Reread, Turn, Writes, form_of

Take = Callable[[Sequence[Turn], State, Site, datetime, Reread], list[Settled]]

_SPEAK = frozenset({"roster", "calendar", "desk"})  # a 处理单 confirms what schools propose, at its own place
_SAYS = {"roster": roster.again, "calendar": calendar.again}


def catch_up(turns: Iterable[Turn], take: Take, site: Site, now: datetime, reread: Reread) -> None:
    """Judge again what came after these turns and was settled before, where they speak of registry or calendar.

    In the caller's transaction. `take`: how submissions that could not be placed before have their turn.
    """
    for turn in turns:
        if form_of(turn.checked) in _SPEAK and (schools := _touched(turn)):
            _catch_up(turn, schools, take, site, now, reread)


def _touched(turn: Turn) -> set[str]:
    """The schools of which a turn says something that counts."""
    said = Statement.objects.filter(order=turn.event.order, state="standing")
    units = set(said.values_list("unit", flat=True))
    schools = set(Unit.objects.filter(code__in=units, kind="school").values_list("code", flat=True))
    places = _below(Division.objects.filter(code__in=units).values_list("code", flat=True))
    return schools | set(Unit.objects.filter(division__in=places, kind="school").values_list("code", flat=True))


def _below(codes: Iterable[str]) -> set[str]:
    found, fresh = set(), set(codes)
    while fresh:
        found |= fresh
        fresh = set(Division.objects.filter(parent__in=fresh).values_list("code", flat=True)) - found
    return found


def _catch_up(turn: Turn, schools: set[str], take: Take, site: Site, now: datetime, reread: Reread) -> None:
    later = list(
        Submission.objects.filter(received_seq__gt=turn.event.order)
        .exclude(state=State.RECEIVED)
        .order_by("received_seq")
        .only("received_seq", "form", "unit", "day", "campus", "state")
    )
    writes = Writes(now)
    for row in later:
        if row.form in _SAYS and row.state in (State.ACCEPTED, State.PARTIAL):
            _SAYS[row.form](_turn(row, turn, reread), writes)
    first: dict[tuple[object, ...], Submission] = {}
    for row in later:
        if row.form in ("absence", "closure") and row.unit in schools:
            first.setdefault((row.form, row.unit, row.day, row.campus)[: 4 if row.form == "absence" else 2], row)
    for row in first.values():
        settle = absence.settle if row.form == "absence" else closure.settle
        settle([_turn(row, turn, reread)], site, reread, writes, anew=True)
    writes.flush()
    for row in later:
        if not row.unit and row.state == State.REJECTED:
            again = _turn(row, turn, reread)
            if again.checked.unit:
                take([Turn(again.event, sql.take("settled", 1))], State.REJECTED, site, now, reread)


def _turn(row: Submission, turn: Turn, reread: Reread) -> Turn:
    """A submission's turn once more, as of the settling that made it necessary."""
    (checked,) = reread([row.received_seq])
    return Turn(Event(row.received_seq, checked), turn.settled)
