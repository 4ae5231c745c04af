"""Settle 学校名册: a roster changes the registry, by which later reports are judged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pipeline import merge
from pipeline.merge import Earlier, Ticket
from pipeline.model import Issue, Site, State
from pipeline.schooldays import today
from pipeline.store import registry
from pipeline.store.models import Absence, Reject, Submission
from pipeline.store.outcomes import Outcome, Reread, Turn, Writes, form_of
from pipeline.store.registry import RosterPlan

_APPLIED = (State.ACCEPTED, State.PARTIAL)
WARN_AGAIN = timedelta(days=14)  # how far back a roll that was put right may change a warning


def takes(turn: Turn) -> bool:
    """Tell whether a turn is of a roster that has something to say."""
    return form_of(turn.checked) == "roster" and not turn.event.decided


def settle(turns: Sequence[Turn], site: Site, reread: Reread, writes: Writes) -> list[tuple[Turn, Outcome]]:
    """Take the turns of rosters, in order; return their outcomes."""
    del site
    return [(turn, _settle(turn, reread, writes)) for turn in turns]


def _settle(turn: Turn, reread: Reread, writes: Writes) -> Outcome:
    """Apply a roster. The registry is written at once: rosters are few, and later turns may be of new schools.

    Later-received rosters of the same places that were settled before are applied again after it.
    """
    checked = turn.checked
    earlier = _earlier(checked.unit)
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
    opened = _tickets(turn, writes)
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


def _earlier(unit: str) -> list[Earlier]:
    rows = Submission.objects.filter(unit=unit, form="roster").exclude(state=State.RECEIVED).order_by("received_seq")
    return [Earlier(row.received_seq, row.content_sha, State(row.state), row.first_seen) for row in rows]


def _tickets(turn: Turn, writes: Writes) -> tuple[Ticket, ...]:
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
