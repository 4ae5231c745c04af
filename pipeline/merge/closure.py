"""停课报告表: one row is one step of a closure: 首报, 延长, 复课, 更正, 撤销."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from pipeline.forms.closure import ROWS
from pipeline.merge.standing import Earlier, Event, Ticket, repeated, same
from pipeline.merge.tickets import Sifted, sift, turned
from pipeline.model import HOME_CAMPUS, TAKEN, ClosureKind, ClosureState, Issue, Origin, Record, State
from pipeline.schooldays import VOID_CLOSURES

COLUMNS = ("campus", *ROWS.keeps, "state")
"""The values of a closure, by the stored columns' names."""

_COMPARED = tuple(name for name in ROWS.compared if not ROWS.keeps[name].key)
"""The columns in which two rows about one closure may differ."""

Key = tuple[str, str, datetime]  # campus, scope, start

ON = frozenset({ClosureState.DECLARED, ClosureState.CONFIRMED, ClosureState.RETURNED})  # neither ended nor withdrawn


@dataclass(frozen=True, slots=True)
class Declared:
    """A current closure, and the origin of its last change."""

    values: Mapping[str, object]
    origin: Origin


@dataclass(frozen=True, slots=True)
class ClosureStanding:
    """All closures of one school."""

    school: str
    closures: Mapping[Key, Declared] = field(default_factory=dict)
    tickets: Mapping[str, Ticket] = field(default_factory=dict)
    earlier: tuple[Earlier, ...] = ()


@dataclass(frozen=True, slots=True)
class ClosureStep:
    """The outcome of one closure workbook."""

    state: State
    after: ClosureStanding
    issues: tuple[Issue, ...] = ()
    opened: tuple[Ticket, ...] = ()
    accepted: int = 0
    refused: int = 0
    withdrawn: int = 0  # only rows of reports can be withdrawn


def close_step(standing: ClosureStanding, event: Event) -> ClosureStep:
    """Return what one closure workbook changes in the closures of its school.

    The same workbook again is a duplicate while it is the latest, else held. A step of an unknown closure is taken as
    its first: workbooks arrive in any order.
    """
    if event.decided:
        return _unchanged(standing, event, State(event.checked.verdict))
    sifted = sift(event.checked, standing.tickets, partial(_is_unchanged, standing))
    question = None if event.forced else _question(standing, event, sifted)
    if question:
        state = State.DUPLICATE if question.code == "duplicate" else State.HELD
        return replace(_unchanged(standing, event, state), issues=(question,))
    event = replace(event, checked=sifted.checked)
    closures, issues = dict(standing.closures), list(sifted.issues)
    affected: list[Key] = []
    for record in event.checked.records:
        key, questions = _apply_row(closures, record, event.seq)
        affected.append(key)
        issues += questions
    return _applied(standing, event, closures, (*issues, *_outcome(closures, affected)))


_BECAME: Mapping[str, str] = {
    ClosureState.DECLARED: "学校申报，待县级确认",
    ClosureState.RETURNED: "学校申报，待县级确认",
    ClosureState.CONFIRMED: "县级已确认，没有变动",
    ClosureState.ENDED: "已登记复课",
    ClosureState.WITHDRAWN: "已登记撤销",
}


_NOT_IN_FORCE: Mapping[str, str] = {
    ClosureState.RETURNED: "此前县级已退回，停课不计，只登记复课",
    ClosureState.WITHDRAWN: "此前已撤销，停课不计，只登记复课",
}


def _became(closure: Declared) -> str:
    state = str(closure.values["state"])
    resumed = closure.values["kind"] == ClosureKind.RESUME
    return _NOT_IN_FORCE[state] if resumed and state in _NOT_IN_FORCE else _BECAME[state]


def _outcome(closures: Mapping[Key, Declared], affected: Sequence[Key]) -> tuple[Issue, ...]:
    """The issues with the new states of a workbook's closures: most are declared, until
    the
    county has confirmed them.
    """
    counts = Counter(_became(closures[key]) for key in dict.fromkeys(affected))
    parts = [f"{what}（{count} 起）" if len(counts) > 1 or count > 1 else what for what, count in counts.items()]
    return (Issue("closure-became", details=(("what", "；".join(parts)),)),) if parts else ()


def _question(standing: ClosureStanding, event: Event, sifted: Sifted) -> Issue | None:
    checked = event.checked
    applied = [one.seq for one in standing.earlier if one.state in TAKEN]
    again = repeated(standing.earlier, checked.reading.content_sha, applied[-1:])
    if again is None:
        return sifted.question
    # a return workbook whose rows are all unchanged or settled cannot damage a newer one
    settled = any(record.ticket for record in checked.records) and sifted.question is None
    return Issue("duplicate" if again is State.DUPLICATE or settled else "older-again")


def _is_unchanged(standing: ClosureStanding, record: Record) -> bool:
    closures = dict(standing.closures)
    _apply_row(closures, record, 0)
    return all(
        key in standing.closures and same(standing.closures[key].values, declared.values, COLUMNS)
        for key, declared in closures.items()
    )


def rule(standing: ClosureStanding, key: Key, state: ClosureState) -> ClosureStanding:
    """Return the closures after the county confirmed one or sent it back; unchanged if it has moved on."""
    declared = standing.closures.get(key)
    if declared is None or declared.values["state"] not in ON or declared.values["state"] == state:
        return standing
    if state == ClosureState.CONFIRMED and declared.values.get("resume_actual"):
        state = ClosureState.ENDED  # it was told to be over before the county confirmed it
    ruled = replace(declared, values={**declared.values, "state": state})
    return replace(standing, closures={**standing.closures, key: ruled})


def _apply_row(closures: dict[Key, Declared], record: Record, seq: int) -> tuple[Key, list[Issue]]:
    """Apply one row to the closure it means; return that closure's key, and questions for the sender."""
    values = dict(record.values)
    values["campus"] = values.get("campus") or HOME_CAMPUS
    key = _meant(closures, values)
    known = closures.get(key)
    kind = str(values["kind"])
    issues = []
    if known is None and kind != ClosureKind.FIRST:
        issues.append(Issue("closure-not-known", row=record.row))
    if (
        known is not None
        and kind == ClosureKind.FIRST
        and any(_differ(known.values, values, name) for name in _COMPARED)
    ):
        issues.append(Issue("closure-first-again", row=record.row))
    before = dict(known.values) if known else {}
    amends = kind == ClosureKind.AMEND  # then a blank counts as a value too
    given = {name: value for name, value in values.items() if amends or value not in (None, "")}
    after = before | given | {"start": key[2], "state": _state(kind, before, given)}
    if kind == ClosureKind.RESUME and not after.get("resume_actual"):
        after["resume_actual"] = after.get("resume_planned")
    if known is None or not same(known.values, after, COLUMNS):  # said again, it keeps its origin
        closures[key] = Declared(after, Origin(seq, record.row))
    return key, issues


def _meant(closures: Mapping[Key, Declared], values: Mapping[str, object]) -> Key:
    """Return the key of the closure a row means: that of its start, else (not for a
    first
    report) the latest in force.
    """
    start = values["start"]
    if not isinstance(start, datetime):
        raise TypeError("a closure's start is a moment")
    key = (str(values["campus"]), str(values["scope"]), start)
    if key in closures or values["kind"] == ClosureKind.FIRST:
        return key
    same_place = sorted(k for k in closures if k[:2] == key[:2])
    same_day = [k for k in same_place if k[2].date() == start.date()]
    still_on = [k for k in same_place if closures[k].values["state"] in ON and k[2] <= start]
    return (same_day or still_on or [key])[-1]


def _state(kind: str, before: Mapping[str, object], given: Mapping[str, object]) -> ClosureState:
    """The state after a step. One that is not in force (sent back, withdrawn) does not come into force by its end: only
    by being declared again, for the county to confirm.
    """
    if kind == ClosureKind.WITHDRAW:
        return ClosureState.WITHDRAWN
    out = before.get("state") in VOID_CLOSURES
    if out and kind == ClosureKind.RESUME:
        return ClosureState(str(before["state"]))
    if (kind == ClosureKind.RESUME or given.get("resume_actual")) and not out:
        return ClosureState.ENDED
    # confirmed by the county until the school changes it
    changed = any(_differ(before, given, name) for name in given if name in _COMPARED)
    confirmed = before.get("state") == ClosureState.CONFIRMED and not changed
    return ClosureState.CONFIRMED if confirmed else ClosureState.DECLARED


def _differ(one: Mapping[str, object], other: Mapping[str, object], name: str) -> bool:
    return (one.get(name) or "") != (other.get(name) or "")


def _applied(
    standing: ClosureStanding, event: Event, closures: Mapping[Key, Declared], issues: tuple[Issue, ...]
) -> ClosureStep:
    checked = event.checked
    tickets, opened, messages = turned(standing.tickets, event, lambda record: (record.identity,))
    after = replace(
        standing,
        closures=closures,
        tickets=tickets,
        earlier=(*standing.earlier, event.earlier(checked.once_applied)),
    )
    return ClosureStep(
        checked.once_applied, after, (*issues, *messages), opened, len(checked.records), len(checked.refused)
    )


def _unchanged(standing: ClosureStanding, event: Event, state: State) -> ClosureStep:
    after = replace(standing, earlier=(*standing.earlier, event.earlier(state)))
    return ClosureStep(state, after, refused=len(event.checked.refused))
