"""Settle 学校名册: a roster changes the registry, by which later reports are judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from pipeline import merge
from pipeline.merge import Earlier, Event, Sifted
from pipeline.model import Checked, Issue, Record, Site, State
from pipeline.schooldays import today
from pipeline.store import registry, tickets
from pipeline.store.models import Absence, Submission
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
    event = turn.event
    known = tickets.load(event.checked.unit, "roster")
    day = today(event.checked.arrival.first_seen)
    sifted = merge.sift(event.checked, known, lambda record: _stands(event.checked, record, day))
    earlier = _earlier(event.checked.unit)
    applied = [one.seq for one in earlier if one.state in _APPLIED]
    question = None if event.forced else _question(event, sifted, earlier, applied)
    if question:
        state = State.DUPLICATE if question.code == "duplicate" else State.HELD
        return Outcome(state, (question,), refused=len(event.checked.refused))
    event = replace(event, checked=sifted.checked)
    checked = event.checked
    later = [seq for seq in applied if seq > event.order]
    for roster in [checked, *(reread(later) if later else ())]:
        plan = registry.plan_roster(roster, today(roster.arrival.first_seen))
        registry.apply_roster(plan)
        _warn_again(plan, turn, writes)
    after, opened, told = merge.turned(known, event, lambda record: (record.identity,))
    tickets.write(known, after, checked, writes)
    state = State.ACCEPTED
    if checked.refused:
        state = State.PARTIAL if checked.records else State.REJECTED
    issues = (*sifted.issues, *told)
    return Outcome(state, issues, len(checked.records), len(checked.refused), effective=True, opened=opened)


def _question(event: Event, sifted: Sifted, earlier: Sequence[Earlier], applied: Sequence[int]) -> Issue | None:
    again = merge.repeated(earlier, event.checked.reading.content_sha, applied[-1:])
    if again is None:
        return sifted.question
    settled = merge.carried(event.checked) and sifted.question is None
    return Issue("duplicate" if again is State.DUPLICATE or settled else "older-again")


def _stands(checked: Checked, record: Record, day: date) -> bool:
    """Does the registry say already what a row says?"""
    return not registry.plan_roster(replace(checked, records=(record,)), day).changes


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
