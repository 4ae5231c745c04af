"""Settle 学校名册: a roster changes the registry, by which later reports are validated.

A school's own roster is a proposal: it is kept, and changes nothing until its county confirms it (`proposals`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from pipeline import merge
from pipeline.database import sql
from pipeline.database.models import Absence
from pipeline.figures.words import clauses
from pipeline.forms.roster import ROSTER
from pipeline.merge import Event, roster
from pipeline.merge.registry import Registered, RegistryStatement, has_content, news
from pipeline.merge.registry_changes import Change, changes, in_lines
from pipeline.merge.sweep import Swept, swept
from pipeline.model import Checked, Issue, Policy, Record, Site, State, StatementState, TodoKind
from pipeline.registry import lookup, mailboxes, statements
from pipeline.schooldays import today
from pipeline.settling import copies, sweeps
from pipeline.settling.settler import Settler
from pipeline.turns import affected_days, revised_outcomes, tickets
from pipeline.turns.transaction import Outcome, Turn, Writes, undecided
from pipeline.units import is_school

_LISTED = 12  # changes that a receipt lists
WARN_AGAIN = timedelta(days=14)  # how far back a corrected roll may change a warning


@dataclass(frozen=True, slots=True)
class RosterPlan:
    """What a roster would change: its statements by unit, without what is so already, and the changes in words."""

    day: date
    statements: Mapping[str, RegistryStatement]
    changes: tuple[Change, ...]
    since: date | None  # the first day that it concerns; None: nothing changes
    swept: tuple[Swept, ...] = ()  # what units lose, or what becomes another thing


def settle(turns: Sequence[Turn], site: Site, writes: Writes) -> list[tuple[Turn, Outcome]]:
    """Take the turns of rosters, in order; return their outcomes."""
    return [(turn, _settle(turn, site.policy, writes)) for turn in turns]


def again(turn: Turn, writes: Writes) -> None:
    """Apply a roster that was settled before once more, because an earlier one has come: see `late`."""
    was = statements.of_submission(turn.event.seq)
    proposed = is_proposal(turn.checked)
    copy = copies.found_late(turn.event)
    one = RosterPlan(roster.in_force(turn.checked), {}, (), None) if copy else plan(turn.checked, turn.event.order)
    silent = {
        code: replace(one_statement, unit={}, campuses=(), rooms=())
        for code, one_statement in was.items()
        if code not in one.statements
    }
    one = replace(one, statements={**one.statements, **silent})
    if not proposed:
        enter(one, turn.event.seq, turn.settled, writes)
    elif statements.waiting(turn.event.seq):
        statements.keep(one.statements, submission=turn.event.seq, state=StatementState.PROPOSED)
    if copy:
        revised_outcomes.revise(turn, (_as_it_says(copy, turn.event),), writes, copies.QUESTIONS[copy.code])
    else:
        revised_outcomes.revise(turn, messages(one, proposed=proposed) if turn.checked.records else (), writes)


def plan(checked: Checked, order: int) -> RosterPlan:
    """Return what a checked roster would change, as if it came at this place of the sequence."""
    day = roster.in_force(checked)
    codes = {str(r.values.get("code") or "") for r in checked.records}
    known = statements.units(codes, day, upto=order - 1)
    stated = roster.statements_of(checked, order, known)
    before = statements.units(stated, day, upto=order - 1)
    fresh = {code: news(one, before.get(code)) for code, one in stated.items()}
    return planned({code: one for code, one in fresh.items() if has_content(one)}, day, order)


def planned(stated: Mapping[str, RegistryStatement], day: date, order: int) -> RosterPlan:
    """Return what statements would change at this place of the sequence."""
    before_it = statements.load(stated, upto=order - 1)
    before = statements.fold(before_it, day)
    after = statements.fold({code: [*before_it.get(code, ()), one] for code, one in stated.items()}, day)
    listed: list[Change] = []
    since: list[date] = []
    for code, one in stated.items():
        found = changes(code, before.get(code), after[code], day)
        listed += found
        since += [_since(one, before.get(code), after[code])] if found else []
    return RosterPlan(day, stated, tuple(listed), min(since, default=None), swept(before, after))


def enter(one: RosterPlan, submission: int, settled: int, writes: Writes) -> None:
    """Let a plan take effect: statements, rows, and the figures and warnings that it touches."""
    now = today(writes.now)
    before = affected_days.counties(one.statements, one.since, now) if one.since else {}
    statements.keep(one.statements, submission=submission)
    statements.project(one.statements, now)
    if one.since:
        after = affected_days.counties(one.statements, one.since, now)
        affected_days.figures({*before.values(), *after.values()}, one.since, now, settled, writes)
    schools = sorted({change.school for change in one.changes if change.rolls})
    warn_again(schools, one.since or date.min, settled, writes)


def messages(one: RosterPlan, *, proposed: bool = False) -> tuple[Issue, ...]:
    """Return a receipt's messages about a plan: how many changes, from when, and the first of them."""
    if not one.changes:
        return (Issue("registry-same"),)
    count, day = ("count", str(len(one.changes))), ("day", one.day.isoformat())
    head = Issue("registry-proposed", details=(count,)) if proposed else Issue("registry-changes", details=(count, day))
    every = in_lines(one.changes)
    lines = [Issue("registry-change", details=(("what", what),)) for what in every[:_LISTED]]
    rest = len(every) - len(lines)
    return (head, *lines, *([Issue("registry-rest", details=(("rest", str(rest)),))] if rest else ()))


def _settle(turn: Turn, policy: Policy, writes: Writes) -> Outcome:
    """Apply a roster. The registry is written at once: rosters are few, and later turns may be of new schools."""
    event = turn.event
    known = tickets.load(event.checked.unit, "roster")
    sifted = merge.sift(event.checked, known, lambda record: _stands(event.checked, record, event.order))
    question = copies.question(event, sifted)
    if question:
        state = copies.QUESTIONS.get(question.code, State.HELD)
        asked = _as_it_says(question, replace(event, checked=sifted.checked))
        return Outcome(state, (asked,), refused=len(event.checked.refused))
    event = replace(event, checked=sifted.checked)
    checked = event.checked
    one = plan(checked, event.order)
    proposed = is_proposal(checked) and bool(one.changes)
    if not proposed and not event.forced and (much := sweeps.of_roster(one.swept, checked.unit, one.day, policy)):
        return Outcome(State.HELD, (much,), refused=len(checked.refused))
    if proposed:
        statements.keep(one.statements, submission=event.seq, state=StatementState.PROPOSED)
    else:
        enter(one, event.seq, turn.settled, writes)
    after, opened, home = merge.turned(known, event, lambda record: (record.identity,))
    tickets.write(known, after, checked, writes)
    elsewhere = () if proposed else _elsewhere(one)
    issues = (*sifted.issues, *home, *elsewhere, *(messages(one, proposed=proposed) if checked.records else ()))
    accepted, refused = len(checked.records), len(checked.refused)
    return Outcome(checked.once_applied, issues, accepted, refused, effective=True, opened=opened)


def _elsewhere(one: RosterPlan) -> tuple[Issue, ...]:
    """Say of which schools the mailbox that was named is another unit's, and stays so."""
    named = {code: mailboxes.written(str(stated.unit.get("mailbox") or "")) for code, stated in one.statements.items()}
    whose = mailboxes.speaks_for([address for address in named.values() if address])
    names = lookup.names(named)
    return tuple(
        Issue("mailbox-elsewhere", details=(("school", names.get(code, code)),))
        for code, address in named.items()
        if whose.get(address, code) != code
    )


def is_proposal(checked: Checked) -> bool:
    """Tell whether a roster is a school's own, which its county is to confirm."""
    return is_school(checked.unit)


def _as_it_says(question: Issue, event: Event) -> Issue:
    """Of an old roster that comes again, the question with what it would change now; any other as it is."""
    if question.code != copies.OLDER:
        return question
    lines = in_lines(plan(event.checked, event.order).changes)
    if not lines:
        return Issue("roster-again-same")
    what = clauses(lines[:_LISTED])
    return Issue("roster-again", details=(("count", str(len(lines))), ("what", what)))


def _stands(checked: Checked, record: Record, order: int) -> bool:
    """Whether the registry already has the content of a row."""
    return not plan(replace(checked, records=(record,)), order).changes


def _since(statement: RegistryStatement, before: Registered | None, after: Registered) -> date:
    """The first day that a statement concerns; a new class without a first day exists for its whole school year."""
    known = {room.at for room in before.rooms} if before else set()
    days = [statement.day, *(value for value in statement.unit.values() if isinstance(value, date))]
    days += [room.first or date(room.year, 9, 1) for room in after.rooms if room.at not in known]
    days += [one for room in statement.rooms for one in (room.first, room.until) if one]
    return min(days)


def warn_again(schools: Iterable[str], since: date, settled: int, writes: Writes) -> None:
    """Some warnings depend on a share of a class: where a roll changed, the days with absences are assessed again."""
    codes = list(schools)
    days = sql.each_day(max(today(writes.now) - WARN_AGAIN, since), today(writes.now))
    rows = Absence.objects.filter(day__in=days, school__in=codes) if codes else Absence.objects.none()
    for school, day in rows.values_list("school", "day").distinct():
        writes.todo(TodoKind.WARN, school, settled, day)


SETTLER = Settler(ROSTER, undecided, settle, apply_again=again)
