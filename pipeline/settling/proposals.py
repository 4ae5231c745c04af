"""Schools' proposals for the registry, and classes that only reports name: both wait for the county's decision.

A proposal (P123: the submission it came with) takes effect as a statement at the place of the decision. A class
(K7MQ3F2C9) is confirmed, refused, or recorded as another name of an existing class.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from pipeline import short_ids
from pipeline.database import serialise, sql
from pipeline.database.decision_log import decide
from pipeline.database.models import SchoolClass, Submission, Unit
from pipeline.database.models import Statement as Kept
from pipeline.database.transactions import atomic
from pipeline.figures import deskwork
from pipeline.figures.words import NOT_GIVEN
from pipeline.forms.classes import key_or_name
from pipeline.issues.refusals import refusal
from pipeline.letters import queue
from pipeline.merge.registry import AliasRuling, ClassStatement, RegistryStatement
from pipeline.merge.registry_changes import in_lines
from pipeline.model import (
    KINDERGARTEN,
    ClassState,
    DecidedBy,
    DecisionKind,
    Issue,
    LetterKind,
    State,
    StatementState,
    SubmissionRef,
    TodoKind,
    UnitKind,
)
from pipeline.registry import lookup, statements
from pipeline.schooldays import today
from pipeline.settling import roster
from pipeline.turns.pending_items import PendingItem
from pipeline.turns.transaction import Writes

_LAST = 2**62  # a place in the received sequence after all others


def waiting(division: str) -> list[PendingItem]:
    """Return the proposals of a division's schools and the classes their reports name, oldest first; "" for all."""
    schools = Unit.objects.filter(kind=UnitKind.SCHOOL)
    if division:
        schools = schools.filter(division__in=lookup.tree(()).below(division))
    names = dict(schools.values_list("code", "name"))
    proposed = Kept.objects.filter(form=statements.FORM, state=StatementState.PROPOSED, unit__in=schools.values("code"))
    seqs = sorted(set(proposed.values_list("submission", flat=True)))
    received = dict(Submission.objects.filter(received_seq__in=seqs).values_list("received_seq", "received_at"))
    lines = [_proposal(seq, names, received.get(seq)) for seq in seqs]
    rooms = SchoolClass.objects.filter(state=ClassState.NEW, school__in=schools.values("code"))
    return lines + [_class(row, names) for row in rooms.order_by("valid_from", "school", "campus", "key")]


def confirm(proposal_id: str, by: DecidedBy, alias: str = "") -> None:
    """Let it take effect; with `alias` a class is, from now on, another name of the class of that key or name.

    Raises UsageError, and changes nothing, if it no longer waits, or there is no such class.
    """
    with atomic():
        if proposal_id.startswith("P") and not alias:
            _confirm_roster(proposal_id, by)
        else:
            _rule_on_class(proposal_id, by, alias=alias)


def refuse(proposal_id: str, by: DecidedBy) -> None:
    """Leave the registry as it is; the school is told why. Raises UsageError if it no longer waits."""
    with atomic():
        if not proposal_id.startswith("P"):
            _rule_on_class(proposal_id, by, refused=True)
            return
        seq, _ = _proposed(proposal_id)
        order, settled = decide(DecisionKind.ROSTER_RETURN, proposal_id, by)
        del order
        Kept.objects.filter(submission=seq, state=StatementState.PROPOSED).update(state=StatementState.REFUSED)
        _notify(
            seq, State.REJECTED, Issue("registry-returned", details=(("why", by.why or NOT_GIVEN),)), settled, by.at
        )


# --------------------------------------------------------------------------- a school's roster


def _proposal(seq: int, names: Mapping[str, str], since: datetime | None) -> PendingItem:
    stated = statements.of_submission(seq)
    school = next(iter(stated))
    day = stated[school].day
    plan = roster.planned(stated, day, _LAST)
    what = deskwork.proposal(day, in_lines(plan.changes), len(plan.changes))
    return PendingItem(f"P{seq}", _stamp(what), school, names.get(school, school), day, since, what)


def _proposed(proposal_id: str) -> tuple[int, dict[str, RegistryStatement]]:
    seq = int(proposal_id[1:]) if proposal_id[1:].isdecimal() else 0
    found = Kept.objects.filter(form=statements.FORM, submission=seq, state=StatementState.PROPOSED).select_for_update()
    if not seq or not found.exists():
        raise refusal("roster-not-waiting", proposal=proposal_id)
    return seq, statements.of_submission(seq)


def _confirm_roster(proposal_id: str, by: DecidedBy) -> None:
    seq, stated = _proposed(proposal_id)
    order, settled = decide(DecisionKind.ROSTER_CONFIRM, proposal_id, by)
    day = next(iter(stated.values())).day
    stated = {code: statements.joined(code, replace(one, order=order)) for code, one in stated.items()}
    plan = roster.planned(stated, day, order)
    Kept.objects.filter(submission=seq, state=StatementState.PROPOSED).delete()
    writes = Writes(by.at)
    roster.enter(plan, seq, settled, writes)
    writes.flush()
    count, since = ("count", str(len(plan.changes))), ("day", day.isoformat())
    _notify(seq, State.ACCEPTED, Issue("registry-confirmed", details=(count, since)), settled, by.at)


def _notify(seq: int, state: State, issue: Issue, settled: int, now: datetime) -> None:
    """Another receipt for the workbook, with the outcome instead of the question."""
    row = Submission.objects.get(received_seq=seq)
    kept = [one for one in row.issues if one["code"] != "registry-proposed"]
    row.issues = [serialise.issue(issue), *kept]
    row.state = state.value if state is State.REJECTED else row.state
    row.save(update_fields=["issues", "state"])
    queue.queue(LetterKind.RECEIPT, str(SubmissionRef(seq, settled)), row.unit, now, row.day)


# --------------------------------------------------------------------------- a class that a report named


@dataclass(frozen=True, slots=True)
class NewClass(PendingItem):
    """A class that only reports name."""

    class_name: str


def _class(row: SchoolClass, names: Mapping[str, str]) -> NewClass:
    what = deskwork.new_class(row.campus, row.name, row.roll, row.valid_from)
    name = names.get(row.school_id, row.school_id)
    return NewClass(_id(row), _stamp(what), row.school_id, name, row.valid_from, None, what, row.name)


def _rule_on_class(proposal_id: str, by: DecidedBy, *, alias: str = "", refused: bool = False) -> None:
    if not proposal_id.startswith(short_ids.CLASS):
        raise refusal("proposal-unknown", proposal=proposal_id)
    rows = SchoolClass.objects.filter(state=ClassState.NEW).order_by("pk").select_for_update()
    row = next((row for row in rows if _id(row) == proposal_id), None)
    if row is None:
        raise refusal("class-not-waiting", proposal=proposal_id)
    school, campus, year, key = row.school_id, row.campus, row.school_year, row.key
    of = _named(row, alias) if alias else ""
    agreed = DecisionKind.CLASS_ALIAS if alias else DecisionKind.CLASS_CONFIRM
    what = DecisionKind.CLASS_RETURN if refused else agreed
    order, settled = decide(what, proposal_id, by, said={"alias": alias})
    day = row.valid_from or today(by.at)
    if refused or alias:
        statement = RegistryStatement(order, day, rulings=(AliasRuling(campus, year, key, row.name, of),))
    else:
        statement = RegistryStatement(
            order, day, rooms=(ClassStatement(campus, year, key, row.name, row.stage, row.roll),)
        )
    writes = Writes(by.at)
    plan = roster.planned({school: statements.joined(school, statement)}, day, order)
    roster.enter(plan, 0, settled, writes)
    _count_again(school, day, today(by.at), settled, writes)
    writes.letter(LetterKind.DECIDED, str(order), school)
    writes.flush()


def _id(row: SchoolClass) -> str:
    return short_ids.new_class(row.school_id, row.campus, row.school_year, row.key)


def _named(row: SchoolClass, alias: str) -> str:
    """The key of the class of the same campus with this name, however it is written."""
    mine = SchoolClass.objects.filter(school=row.school, campus=row.campus, school_year=row.school_year)
    small = row.stage == KINDERGARTEN
    meant = key_or_name(alias, kindergarten=small)
    # a class that has changed since the school year began has a row for each time
    known = set(mine.filter(state=ClassState.CONFIRMED).values_list("key", "name"))
    found = {key for key, name in known if alias in (key, name)}
    found = found or {key for key, name in known if meant in (key, key_or_name(name, kindergarten=small))}
    if len(found) != 1:
        raise refusal("class-unknown", name=alias)
    return str(found.pop())


def _count_again(school: str, first: date, last: date, settled: int, writes: Writes) -> None:
    """A class that does not exist owes nothing: the days since it was first found are counted again."""
    text = "SELECT DISTINCT division, day FROM report WHERE school = %s AND day >= %s AND day <= %s"
    for division, day in sql.fetch(text, (school, sql.day(first), sql.day(last))):
        writes.todo(TodoKind.FIGURES, division, settled, day)


def _stamp(what: str) -> str:
    return hashlib.sha256(what.encode()).hexdigest()[:8]
