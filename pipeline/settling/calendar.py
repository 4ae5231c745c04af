"""Settle 校历登记表: the calendar of one place changes, and with it which days were, or will be, school days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pipeline import merge
from pipeline.database.models import CountyDay, Unit
from pipeline.figures.words import some_days
from pipeline.forms import words
from pipeline.forms.calendar import CALENDAR
from pipeline.model import Checked, Issue, Policy, Record, Site, State, TodoKind, UnitKind
from pipeline.registry import calendar_spans, lookup
from pipeline.schooldays import Calendar, CalendarSpan, school_year, today
from pipeline.settling import copies, sweeps
from pipeline.settling.settler import Settler
from pipeline.turns import affected_days, revised_outcomes, tickets
from pipeline.turns.transaction import Outcome, Turn, Writes, undecided
from pipeline.validate.calendar import change_in_words

FORM = "calendar"
_LISTED, _DAYS = 12, 10


@dataclass(frozen=True, slots=True)
class CalendarPlan:
    """What a workbook would change in the calendar of its place: its lines, and the changes in words."""

    place: str
    change: calendar_spans.CalendarChange
    changes: tuple[str, ...]


def settle(turns: Sequence[Turn], site: Site, writes: Writes) -> list[tuple[Turn, Outcome]]:
    """Take the turns of calendars, in order; return their outcomes. The calendar is written at once."""
    return [(turn, _settle(turn, site.policy, writes)) for turn in turns]


def again(turn: Turn, writes: Writes) -> None:
    """Apply a calendar that was settled before once more, because an earlier one has come: see `late`."""
    if copy := copies.found_late(turn.event):
        nothing = CalendarPlan(turn.checked.unit, calendar_spans.CalendarChange(turn.event.order, (), ()), ())
        enter(nothing, turn.event.seq, turn.settled, writes)
        revised_outcomes.revise(turn, (copy,), writes, copies.QUESTIONS[copy.code])
        return
    messages = enter(plan(turn.checked, turn.event.order), turn.event.seq, turn.settled, writes)
    revised_outcomes.revise(turn, messages if turn.checked.records else (), writes)


def plan(checked: Checked, order: int) -> CalendarPlan:
    """Return what a checked calendar would change, as if it came at this place of the sequence."""
    before = calendar_spans.standing(checked.unit, upto=order - 1)
    stand = {span.ref: span for span in before}
    put: list[CalendarSpan] = []
    withdrawn: list[str] = []
    changes: list[str] = []
    for record in checked.records:
        mine: tuple[CalendarSpan, ...] = record.values["spans"]  # type: ignore[assignment]  # validate.calendar puts them there
        if record.values["withdraw"] and (gone := stand.get(str(record.values["ref"]))):
            withdrawn.append(gone.ref)
            changes.append(change_in_words(gone, None))
        for span in mine:
            was = stand.get(span.ref)
            if was != span:
                put.append(span)
                changes.append(change_in_words(was, span))
    return CalendarPlan(
        checked.unit, calendar_spans.CalendarChange(order, tuple(put), tuple(withdrawn)), tuple(changes)
    )


def enter(one: CalendarPlan, submission: int, settled: int, writes: Writes) -> tuple[Issue, ...]:
    """Let a plan take effect; return the messages for its sender: the changes, and the reported days they touch."""
    before = calendar_spans.calendar()
    now = today(writes.now)
    calendar_spans.keep(one.place, one.change, now, submission)
    if not one.changes:
        return (Issue("calendar-same"),)
    return (*_messages(one.changes), *_touching(count_again(one.place, before, settled, writes)))


def count_again(place: str, before: Calendar, settled: int, writes: Writes) -> list[date]:
    """Leave todos for the figures of days that are school days only now, or only `before`; return those reported."""
    schools = _schools(place)
    days = _other_days(place, set(schools.values()), before, calendar_spans.calendar())
    for division in sorted(set(schools.values())):
        for day in days:
            writes.todo(TodoKind.FIGURES, division, settled, day)
    return affected_days.reported(schools, days)


def _settle(turn: Turn, policy: Policy, writes: Writes) -> Outcome:
    event, checked = turn.event, turn.event.checked
    known = tickets.load(checked.unit, FORM)
    sifted = merge.sift(checked, known, lambda record: _stands(checked, record, event.order))
    question = copies.question(event, sifted)
    if question:
        return Outcome(copies.QUESTIONS.get(question.code, State.HELD), (question,), refused=len(checked.refused))
    checked = sifted.checked
    one = plan(checked, event.order)
    if not event.forced and (much := _sweeps(one, policy)):
        return Outcome(State.HELD, (much,), refused=len(checked.refused))
    messages = enter(one, event.seq, turn.settled, writes) if checked.records else ()
    after, opened, home = merge.turned(
        known, merge.Event(event.order, checked, event.forced), lambda record: (record.identity,)
    )
    tickets.write(known, after, checked, writes)
    issues = (*sifted.issues, *home, *messages)
    accepted, refused = len(checked.records), len(checked.refused)
    return Outcome(checked.once_applied, issues, accepted, refused, effective=True, opened=opened)


def _sweeps(one: CalendarPlan, policy: Policy) -> Issue | None:
    """The question about a calendar that takes away more school days than policy allows, None for any other."""
    stand = calendar_spans.standing(one.place, upto=one.change.order - 1)
    touched = [span for span in stand if span.ref in {*one.change.withdrawn, *(put.ref for put in one.change.put)}]
    if not (dated := (*touched, *one.change.put)):
        return None
    before = calendar_spans.calendar()
    gone, fresh = set(one.change.withdrawn), {span.ref: span for span in one.change.put}
    kept = [span for span in before.spans if span.place != one.place or span.ref not in {*gone, *fresh}]
    after = Calendar((*kept, *fresh.values()))
    years = (school_year(min(span.first for span in dated)), school_year(max(span.last for span in dated)))
    return sweeps.of_calendar(one.place, before, after, years, one.changes, policy)


def _stands(checked: Checked, record: Record, order: int) -> bool:
    """Whether the calendar already has the content of a row."""
    stand = {span.ref: span for span in calendar_spans.standing(checked.unit, upto=order - 1)}
    mine: tuple[CalendarSpan, ...] = record.values["spans"]  # type: ignore[assignment]  # as above
    if record.values["withdraw"]:
        return str(record.values["ref"]) not in stand
    return all(stand.get(span.ref) == span for span in mine)


def _messages(changes: Sequence[str]) -> tuple[Issue, ...]:
    head = Issue("calendar-changes", details=(("count", str(len(changes))),))
    lines = [Issue("registry-change", details=(("what", what),)) for what in changes[:_LISTED]]
    rest = len(changes) - len(lines)
    return (head, *lines, *([Issue("registry-rest", details=(("rest", str(rest)),))] if rest else ()))


def _touching(days: Sequence[date]) -> tuple[Issue, ...]:
    if not days:
        return ()
    shown = some_days(days, _DAYS)
    return (Issue("calendar-days", details=(("count", str(len(days))), ("days", shown))),)


def _schools(place: str) -> Mapping[str, str]:
    """School → its division, of all schools the calendar of a place applies to."""
    divisions = lookup.tree(()).below(place)
    rows = Unit.objects.filter(kind=UnitKind.SCHOOL)
    mine = rows.filter(division__in=divisions) if divisions else rows.filter(code=place)
    return dict(mine.values_list("code", "division_id"))


def _other_days(place: str, divisions: Iterable[str], before: Calendar, after: Calendar) -> list[date]:
    """The days with figures that are school days for some 学段 in one of the two calendars only."""
    counted = CountyDay.objects.filter(division__in=list(divisions)).order_by("day")
    chain = lookup.tree([place]).chain(place)
    stages = ("", *words.STAGE.labels)
    return [
        day
        for day in counted.values_list("day", flat=True).distinct()
        if any(before.owes(chain, (one,), day) != after.owes(chain, (one,), day) for one in stages)
    ]


SETTLER = Settler(CALENDAR, undecided, settle, apply_again=again)
