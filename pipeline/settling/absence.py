"""Settle 缺课日报: fold the turns of each report in order, and write what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from pipeline import merge
from pipeline.database.decision_log import order_of
from pipeline.database.models import Decision
from pipeline.forms.absence import ABSENCE
from pipeline.merge import Event, ReportState, ReportStep
from pipeline.model import (
    Checked,
    DecisionKind,
    PastReason,
    Policy,
    Settled,
    Site,
    State,
    TicketState,
)
from pipeline.settling import cases, pupils
from pipeline.settling.report_writes import (
    KEEPS,
    Fold,
    leave_to_compare,
    stored_row,
    write,
    write_new_classes,
    write_rows,
)
from pipeline.settling.settler import Settler
from pipeline.turns import replay, report_state, revised_outcomes
from pipeline.turns.replay import Act
from pipeline.turns.report_state import Key, LoadedReport, Then
from pipeline.turns.transaction import Outcome, Turn, Writes


def settle(turns: Sequence[Turn], site: Site, writes: Writes) -> list[tuple[Turn, Outcome]]:
    """Take the turns of absence reports, in order; collect what they change; return their outcomes.

    Raises NeedsAgain, with nothing collected, for what must be read and validated again.
    """
    policy = site.policy
    by_key: dict[Key, list[Turn]] = defaultdict(list)
    for turn in turns:
        by_key[key_of(turn.checked)].append(turn)
    found = report_state.load(sorted(by_key), lock=True)
    latest = replay.latest(loaded.standing for loaded in found.values())
    _require(by_key, found, latest)
    earlier_seqs = [one.seq for loaded in found.values() for one in loaded.standing.earlier]
    then = Then(by_key, min([*earlier_seqs, *(turn.event.seq for turn in turns)]))
    outcomes: list[tuple[Turn, Outcome]] = []
    folds = []
    for key, mine in by_key.items():
        fold = Fold(key, found[key].standing, found[key])
        folds.append(fold)
        fold.own = {turn.event.seq for turn in mine if not turn.anew}
        for turn in mine:
            kept = fold.loaded.lines if fold.standing is fold.before else None
            fold.loaded.standing = then.classes(fold.standing, turn.event.seq, kept)
            fold.checked.append(turn.checked)
            if _late(turn, latest[key]):
                step = _replay(fold, turn, policy, writes, then)
            else:
                step = merge.step(fold.standing, turn.event, policy)
            _take(fold, step, turn.settled, by=str(turn.event.order), voided=bool(turn.checked.voided))
            outcomes.append((turn, _outcome(step)))
    _place_cases(folds, writes)
    write_rows(folds, writes)
    for fold in folds:
        write(fold, writes)
        pupils.write(by_key[fold.key], writes)
        write_new_classes(fold, writes)
    leave_to_compare(folds, writes)
    return [(turn, _as_it_stands(outcome, turn, found)) for turn, outcome in outcomes]


def key_of(checked: Checked) -> Key:
    """Return the key of the report a submission is about."""
    if checked.day is None:
        raise ValueError("a report has a day")
    return (checked.day, checked.unit, checked.campus)


def takes(turn: Turn) -> bool:
    """Tell whether a submission is about a report we can name, in any state."""
    checked = turn.checked
    return bool(checked.unit) and checked.day is not None


def waive(key: Key, ticket: str, *, by: str, settled: int, writes: Writes) -> bool:
    """Close a ticket by a decision; return False if it was no longer open."""
    loaded = report_state.load([key], lock=True)[key]
    fold = Fold(key, loaded.standing, loaded)
    after = merge.waive(fold.standing, ticket, by)
    if after is fold.standing:
        return False
    _take(fold, ReportStep(State.ACCEPTED, after), settled, by=by)
    write_rows([fold], writes)
    write(fold, writes)
    return True


def leave(keys: Sequence[Key], done: Settled, writes: Writes) -> None:
    """Let reports stand no more that have no submission left: another campus was meant by all of them."""
    found = report_state.load(sorted(keys), lock=True, left=True)
    folds = [Fold(key, loaded.standing, loaded) for key, loaded in found.items()]
    for fold in folds:
        _take(fold, ReportStep(State.ACCEPTED, _empty(fold.standing)), done.settled_seq, by=str(done.seq))
    _place_cases(folds, writes)
    write_rows(folds, writes)
    for fold in folds:
        write(fold, writes)
        write_new_classes(fold, writes)
    leave_to_compare(folds, writes)


# --------------------------------------------------------------------------- the fold


def _late(turn: Turn, latest: int) -> bool:
    return turn.anew or latest > turn.event.order


def _require(
    by_key: Mapping[Key, Sequence[Turn]], found: Mapping[Key, LoadedReport], latest: Mapping[Key, int]
) -> None:
    """Make sure that everything is at hand for replaying late turns."""
    late = [(key, turn) for key, turns in by_key.items() for turn in turns if _late(turn, latest[key])]
    if late:
        late_ones = [(turn, found[key].standing) for key, turn in late]
        needed = [replay.needed(turn, one.earlier, one.tickets) for turn, one in late_ones]
        late[0][1].again.require(*needed)


@dataclass(frozen=True, slots=True)
class _Waived:
    """A county waived a returned row, at this place of the sequence."""

    ticket: str
    place: int


def _replay(fold: Fold, turn: Turn, policy: Policy, writes: Writes, then: Then) -> ReportStep:
    """Replay a whole report, because a later submission or decision was settled before this turn.

    Makes the store depend on the received order only.
    """
    before = fold.standing
    again = replay.replay(_empty(before), _acts(before, turn), partial(_step, policy, then))
    for does, _ in again.taken:
        if isinstance(does, Event):
            fold.checked.append(does.checked)
    revised_outcomes.revise_others(again, before.earlier, turn, writes, effective=False)
    standing: ReportState = again.after
    dropped = {
        name: replace(ticket, state=TicketState.SUPERSEDED, closed_by=str(turn.event.order))
        for name, ticket in before.tickets.items()
        if name not in standing.tickets
    }
    return replace(again.of(turn.event), after=replace(standing, tickets={**dropped, **standing.tickets}))


def _empty(before: ReportState) -> ReportState:
    return replace(before, head=None, rows={}, lines={}, tickets={}, earlier=())


def _acts(before: ReportState, turn: Turn) -> list[Act[Event | _Waived]]:
    waived = Decision.objects.filter(what=DecisionKind.WAIVE, target__in=list(before.tickets))
    return [
        *replay.submissions(before.earlier, turn),
        *replay.mended(before.tickets, turn),
        *(replay.decided(row, _Waived(row.target, order_of(row))) for row in waived),
    ]


def _step(policy: Policy, then: Then, standing: ReportState, does: Event | _Waived) -> ReportStep:
    if isinstance(does, _Waived):
        return ReportStep(State.ACCEPTED, merge.waive(standing, does.ticket, str(does.place)))
    seen = then.classes(standing, does.seq)
    step = merge.step(seen, does, policy)
    if step.after.head is not seen.head or step.after.rows is not seen.rows:
        return step
    # a submission without effect leaves the report as it was written, with the classes of that time
    return replace(step, after=replace(step.after, lines=standing.lines, classes=standing.classes))


def _take(fold: Fold, step: ReportStep, settled: int, *, by: str, voided: bool = False) -> None:
    """Take over the result of a step, with history as of this settled_seq."""
    before, after, since = fold.standing, step.after, fold.loaded.since
    hung = merge.pending(before)
    changed = False
    for identity, old in before.rows.items():
        new = after.rows.get(identity)
        if new is old or (new is not None and merge.same(old.values, new.values, KEEPS)):
            continue
        away = PastReason.VOIDED if voided else PastReason.WITHDRAWN
        why = (PastReason.CHANGED if new else away).value
        gone = stored_row(fold, identity, old, since.pop(identity), pending=identity in hung, end=(settled, by, why))
        fold.past.append(gone)
        changed = True
    for identity in after.rows.keys() - since.keys():
        since[identity] = settled
        changed = True
    fold.settled = settled
    fold.changed = fold.changed or changed
    if before.head is not after.head or changed:
        fold.changed_by = settled
    fold.loaded.standing = after


def _outcome(step: ReportStep) -> Outcome:
    return Outcome(step.state, step.issues, step.accepted, step.refused, step.withdrawn, opened=step.opened)


def _as_it_stands(outcome: Outcome, turn: Turn, found: Mapping[Key, LoadedReport]) -> Outcome:
    head = found[key_of(turn.checked)].standing.head
    effective = head is not None and turn.event.seq in head.seqs
    return replace(outcome, effective=effective, on_time=head.on_time if head and effective else None)


def _place_cases(folds: Sequence[Fold], writes: Writes) -> None:
    """Find the case of each row, once all reports of the batch are final."""
    reports = {
        fold.key: cases.ReportChange(fold.before, fold.standing, fold.loaded.division, fold.settled) for fold in folds
    }
    derived = cases.place(reports, writes)
    for fold in folds:
        fold.loaded.standing = cases.placed(fold.standing, derived.get(fold.key, {}))


SETTLER = Settler(ABSENCE, takes, settle, folded_by=("day", "unit", "campus"), leave=leave)
