"""Settle a batch: what stands, what it becomes, and what is left to do, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from pipeline import merge
from pipeline.merge import Earlier, Event, Ticket
from pipeline.model import Checked, Issue, Settled, Site, State
from pipeline.schooldays import today
from pipeline.store import closures, registry, reports, sql
from pipeline.store.models import Absence, Reject, Submission
from pipeline.store.outcomes import Outcome, Turn, Writes, form_of, mark, settled
from pipeline.store.registry import RosterPlan
from pipeline.store.reports import Reread

_APPLIED = (State.ACCEPTED, State.PARTIAL)
WARN_AGAIN = timedelta(days=14)  # how far back a roll that was put right may change a warning


def settle(batch: Sequence[Checked], site: Site, now: datetime, reread: Reread) -> list[Settled]:
    """Give every submission of the batch its outcome, all of them or none; return them in received order.

    `reread(seqs)` reads and validates earlier submissions again, in order; it is called only when a
    submission settles after a later-received one of the same report.
    Raises TemporaryError when one was settled by somebody else meanwhile (nothing is written then), and
    Django's database errors as they come.
    """
    if not batch:
        return []
    with transaction.atomic():
        first = sql.take("settled", len(batch))
        ordered = sorted(batch, key=lambda checked: checked.arrival.seq)
        turns = [Turn(Event(c.arrival.seq, c), first + i) for i, c in enumerate(ordered)]
        return take(turns, State.RECEIVED, site, now, reread)


def take(turns: Sequence[Turn], was: State, site: Site, now: datetime, reread: Reread) -> list[Settled]:
    """Take these turns, in order, inside the caller's transaction; all submissions stand as `was` till now."""
    writes = Writes(now)
    outcomes: dict[int, tuple[Turn, Outcome]] = {}
    mine = [turn for turn in turns if reports.is_report(turn.checked)]
    shut = [turn for turn in turns if _is_closure(turn.checked)]
    done = [*reports.settle(mine, site.policy, reread, writes), *closures.settle(shut, reread, writes)]
    done += [(turn, _settle_roster(turn, reread, writes)) for turn in turns if _is_roster(turn)]
    outcomes.update({turn.event.seq: (turn, outcome) for turn, outcome in done})
    for turn in turns:
        if turn.event.seq not in outcomes:
            outcomes[turn.event.seq] = (turn, _unplaced(turn.checked))
    whole = [outcomes[turn.event.seq] for turn in turns]
    for turn, outcome in whole:
        _queue_letters(turn, outcome, writes, again=was is not State.RECEIVED)
    writes.flush()
    mark(whole, was)
    return [settled(turn, outcome) for turn, outcome in whole]


def _is_closure(checked: Checked) -> bool:
    return form_of(checked) == "closure" and bool(checked.unit)


def _is_roster(turn: Turn) -> bool:
    return form_of(turn.checked) == "roster" and not turn.event.decided


def _unplaced(checked: Checked) -> Outcome:
    """A submission that is about nothing we can name, or that validation settled already, changes nothing."""
    state = State.HELD if checked.verdict == "merge" else State(checked.verdict)
    return Outcome(state, refused=len(checked.refused))


def _queue_letters(turn: Turn, outcome: Outcome, writes: Writes, *, again: bool) -> None:
    checked = turn.checked
    ref = f"{turn.event.seq}.{turn.settled}" if again else str(turn.event.seq)
    reader = checked.unit or checked.arrival.bound
    writes.letter("receipt", ref, reader, checked.day)
    if outcome.opened:
        writes.letter("giveback", ref, reader, checked.day)


# --------------------------------------------------------------------------- rosters


def _settle_roster(turn: Turn, reread: Reread, writes: Writes) -> Outcome:
    """Apply a roster. The registry is written at once: rosters are few, and later turns may be of new schools.

    Later-received rosters of the same places that were settled before are applied again after it.
    """
    checked = turn.checked
    earlier = _rosters(checked.unit)
    applied = [one.seq for one in earlier if one.state in _APPLIED]
    again = merge.repeated(earlier, checked.reading.content_sha, applied[-1:])
    if again and not turn.event.forced:
        issue = Issue("duplicate" if again is State.DUPLICATE else "older-again")
        return Outcome(again, (issue,), refused=len(checked.refused))
    later = [seq for seq in applied if seq > turn.event.order]
    for roster in [checked, *(reread(later) if later else ())]:
        plan = registry.plan_roster(roster, today(roster.arrival.first_seen))
        registry.apply_roster(plan)
        _warn_again(plan, turn, writes)
    opened = _roster_tickets(turn, writes)
    state = State.ACCEPTED
    if checked.refused:
        state = State.PARTIAL if checked.records else State.REJECTED
    return Outcome(state, (), len(checked.records), len(checked.refused), effective=True, opened=opened)


def _warn_again(plan: RosterPlan, turn: Turn, writes: Writes) -> None:
    """Some warnings ask for a share of a class: where a roll is another now, the days with absences are looked at."""
    schools = {one.school for one in plan.changes if one.kind == "class" and (one.new or "roll" in one.fields)}
    since = today(writes.now) - WARN_AGAIN
    rows = Absence.objects.filter(school__in=sorted(schools), day__gte=since) if schools else Absence.objects.none()
    for school, day in rows.values_list("school", "day").distinct():
        writes.todo("warn", f"{school}|{day}", turn.settled)


def _rosters(unit: str) -> list[Earlier]:
    rows = Submission.objects.filter(unit=unit, form="roster").exclude(state=State.RECEIVED).order_by("received_seq")
    return [Earlier(row.received_seq, row.content_sha, State(row.state), row.first_seen) for row in rows]


def _roster_tickets(turn: Turn, writes: Writes) -> tuple[Ticket, ...]:
    checked = turn.checked
    ends = {record.ticket: "mended" for record in checked.records if record.ticket}
    ends |= {refused.ticket: "superseded" for refused in checked.refused if refused.ticket}
    ends |= dict.fromkeys(checked.voided, "void")
    mine = Reject.objects.filter(ticket__in=list(ends), school=checked.unit, form="roster", state="open")
    for name in mine.values_list("ticket", flat=True):
        text = "UPDATE reject SET state = %s, closed_by = %s WHERE ticket = %s"
        writes.add(text, [(ends[name], str(turn.event.order), name)])
    opened = tuple(
        Ticket(merge.ticket_code(turn.event.seq, r.table, r.row), turn.event.seq, r.table, refused=r)
        for r in checked.refused
    )
    for ticket in opened:
        writes.reject(ticket, form="roster", school=checked.unit, campus=checked.campus, day=None)
    return opened
