"""Settle 停课报告表: fold the turns of each school in order, and write which closures changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from pipeline import merge, short_ids
from pipeline.database import sql
from pipeline.database.decision_log import order_of
from pipeline.database.models import Closure, Decision, Reject, Submission
from pipeline.forms.closure import CLOSURE, ROWS
from pipeline.forms.whole import FILE
from pipeline.merge import ClosureStanding, ClosureStep, Declared, Earlier, Event
from pipeline.merge.closure import COLUMNS
from pipeline.model import ClosureState, DecisionKind, Origin, Site, State, TodoKind
from pipeline.schooldays import today
from pipeline.settling.settler import Settler
from pipeline.turns import replay, revised_outcomes
from pipeline.turns.replay import Act
from pipeline.turns.report_state import ticket_of
from pipeline.turns.transaction import Outcome, Turn, Writes, of_known_unit, outcome_of

_WIDTHS = sql.widths(Closure)
_KEY = ("school", "campus", *(name for name, column in ROWS.keeps.items() if column.key))
_SAID = tuple(name for name in COLUMNS if name not in _KEY)
_CLOSURE = (*_KEY, "division", "from_settled", "origin", *_SAID)
_PAST = (*_CLOSURE, "to_settled", "closed_by")
_LONGEST = 60  # days of figures that one closure may touch


RULINGS = {DecisionKind.CLOSURE_CONFIRM: ClosureState.CONFIRMED, DecisionKind.CLOSURE_RETURN: ClosureState.RETURNED}
"""A county's decision on a closure, and the state it then has."""


@dataclass(slots=True)
class _LoadedClosures:
    standing: ClosureStanding
    division: str
    since: dict[merge.closure.Key, int]
    ruled: tuple[Decision, ...] = ()  # the county's decisions on these closures, in order

    @property
    def last(self) -> int:
        """The place in the sequence of its last workbook or decision."""
        return max([*(one.seq for one in self.standing.earlier), *map(order_of, self.ruled)], default=0)


def settle(turns: Sequence[Turn], site: Site, writes: Writes) -> list[tuple[Turn, Outcome]]:
    """Take the turns of closure workbooks, in order; collect what they change; return their outcomes.

    Raises NeedsAgain, with nothing collected, for what must be read and validated again.
    """
    del site
    found = _load(sorted({turn.checked.unit for turn in turns}))
    _require(turns, found)
    outcomes = []
    for turn in turns:
        loaded = found[turn.checked.unit]
        before = loaded.standing
        step = _replay(loaded, turn, writes) if _late(turn, loaded) else merge.close_step(before, turn.event)
        loaded.standing = step.after
        _write_closures(loaded, before, (turn.event.order, turn.settled), writes)
        _write_tickets(before, turn, step.after, writes)
        outcomes.append((turn, outcome_of(step)))
    return outcomes


def rule(school: str, key: merge.closure.Key, state: ClosureState, at: tuple[int, int], writes: Writes) -> bool:
    """Apply a county's decision on a closure, `at` (place in the sequence, settled_seq); False if it has moved on."""
    (loaded,) = _load([school]).values()
    before = loaded.standing
    loaded.standing = merge.rule(before, key, state)
    if loaded.standing is before:
        return False
    _write_closures(loaded, before, at, writes)
    return True


def _late(turn: Turn, loaded: _LoadedClosures) -> bool:
    return turn.anew or loaded.last > turn.event.order


def _require(turns: Sequence[Turn], found: Mapping[str, _LoadedClosures]) -> None:
    """Make sure that everything is at hand for replaying late turns."""
    late = [(turn, found[turn.checked.unit].standing) for turn in turns if _late(turn, found[turn.checked.unit])]
    if late:
        late[0][0].again.require(*(replay.needed(turn, one.earlier, one.tickets) for turn, one in late))


def _replay(loaded: _LoadedClosures, turn: Turn, writes: Writes) -> ClosureStep:
    """Replay all closures of the school: a later submission or decision was settled before this turn."""
    before = loaded.standing
    acts: list[Act[Event | Decision]] = [
        *replay.submissions(before.earlier, turn),
        *replay.mended(before.tickets, turn),
        *(replay.decided(row, row) for row in loaded.ruled),
    ]
    again = replay.replay(ClosureStanding(before.school), acts, _step)
    revised_outcomes.revise_others(again, before.earlier, turn, writes, effective=True)
    return replace(again.of(turn.event), after=again.after)


def _step(standing: ClosureStanding, does: Event | Decision) -> ClosureStep:
    if isinstance(does, Event):
        return merge.close_step(standing, does)
    keys = [key for key in standing.closures if short_ids.closure(standing.school, *key) == does.target]
    after = merge.rule(standing, keys[0], RULINGS[DecisionKind(does.what)]) if keys else standing
    return ClosureStep(State.ACCEPTED, after)


def _load(schools: Sequence[str]) -> dict[str, _LoadedClosures]:
    counties = dict(sql.fetch_in("SELECT code, division_id FROM unit WHERE code IN ?", schools))
    closures: dict[str, dict[merge.closure.Key, Declared]] = defaultdict(dict)
    since: dict[str, dict[merge.closure.Key, int]] = defaultdict(dict)
    for row in Closure.objects.select_for_update().filter(school__in=schools).order_by(*_KEY):
        key = (row.campus, row.scope, row.start)
        closures[row.school_id][key] = Declared({name: getattr(row, name) for name in COLUMNS}, Origin.read(row.origin))
        since[row.school_id][key] = row.from_settled
    tickets: dict[str, dict[str, merge.Ticket]] = defaultdict(dict)
    for reject in Reject.objects.filter(school__in=schools, form="closure").exclude(table=FILE).defer("raw", "issues"):
        tickets[reject.school][reject.ticket] = ticket_of(reject)
    earlier: dict[str, list[Earlier]] = defaultdict(list)
    rows = Submission.objects.filter(unit__in=schools, form="closure").exclude(state=State.RECEIVED)
    for seq, unit, sha, state, seen in rows.order_by("received_seq").values_list(
        "received_seq", "unit", "content_sha", "state", "first_seen"
    ):
        earlier[unit].append(Earlier(seq, sha, State(state), seen))
    ruled = _rulings(closures)
    return {
        code: _LoadedClosures(
            ClosureStanding(code, closures[code], tickets[code], tuple(earlier[code])),
            counties.get(code, ""),
            since[code],
            tuple(ruled[code]),
        )
        for code in schools
    }


def _rulings(closures: Mapping[str, Mapping[merge.closure.Key, Declared]]) -> dict[str, list[Decision]]:
    schools = {short_ids.closure(code, *key): code for code, mine in closures.items() for key in mine}
    found: dict[str, list[Decision]] = defaultdict(list)
    for row in Decision.objects.filter(target__in=schools, what__in=list(RULINGS)).order_by("seq") if schools else ():
        found[schools[row.target]].append(row)
    return found


def _write_closures(loaded: _LoadedClosures, before: ClosureStanding, at: tuple[int, int], writes: Writes) -> None:
    """Write which closures changed. `at`: place in the sequence and settled_seq of the change."""
    after, (order, settled) = loaded.standing, at
    affected: set[date] = set()
    for key in sorted(before.closures.keys() | after.closures.keys()):
        old, new = before.closures.get(key), after.closures.get(key)
        if old is new:
            continue
        if old and new and _same(old, new):
            if old.origin != new.origin:  # an earlier copy of its workbook came late: nothing else changed
                writes.add(
                    sql.upsert("closure", _CLOSURE, _KEY), [_row(loaded, key, new, loaded.since.get(key, settled))]
                )
            continue
        if old:
            row = _row(loaded, key, old, loaded.since.pop(key, 0))
            writes.add(sql.insert("closure_past", _PAST), [(*row, settled, str(order))])
        if new:
            loaded.since[key] = settled
            writes.add(sql.upsert("closure", _CLOSURE, _KEY), [_row(loaded, key, new, settled)])
        else:
            text = "DELETE FROM closure WHERE school = %s AND campus = %s AND scope = %s AND start = %s"
            writes.add(text, [(after.school, key[0], key[1], sql.moment(key[2]))])
        affected |= _days(writes.now, (old, new))
    for day in sorted(affected):
        writes.todo(TodoKind.FIGURES, loaded.division, settled, day)
        writes.todo(TodoKind.WARN, after.school, settled, day)
    if affected:
        writes.todo(TodoKind.RECONCILE, after.school, settled)


def _write_tickets(before: ClosureStanding, turn: Turn, after: ClosureStanding, writes: Writes) -> None:
    for name, ticket in after.tickets.items():
        was = before.tickets.get(name)
        if was is None and ticket.refused is not None:
            writes.reject(ticket, form="closure", school=after.school, campus=turn.checked.campus, day=turn.checked.day)
        elif was is not None and was != ticket:
            writes.note_ticket(ticket)


def _same(old: Declared, new: Declared) -> bool:
    return merge.same(old.values, new.values, COLUMNS)


def _row(loaded: _LoadedClosures, key: merge.closure.Key, declared: Declared, settled: int) -> sql.Params:
    head = (loaded.standing.school, key[0], key[1], sql.moment(key[2]), loaded.division, settled, str(declared.origin))
    values = _defaults(declared) | {name: value for name, value in declared.values.items() if value is not None}
    return (*head, *[sql.param(values.get(name), _WIDTHS.get(name)) for name in _SAID])


def _defaults(declared: Declared) -> dict[str, object]:
    """Values of a closure before its first report arrives, when we only have, for example, its resumption."""
    start = declared.values["start"]
    first = today(start) if isinstance(start, datetime) else None
    return {"ill": 0, "resume_planned": declared.values.get("resume_actual") or first, "approved_at": start}


def _days(now: datetime, versions: Iterable[Declared | None]) -> set[date]:
    """Return the days up to today whose figures a closure touches."""
    days: set[date] = set()
    for declared in versions:
        if declared:
            start, planned = declared.values["start"], declared.values.get("resume_planned")
            end = declared.values.get("resume_actual") or planned
            if isinstance(start, datetime) and isinstance(end, date):
                first = today(start)
                span = min(_LONGEST, (min(end, today(now)) - first).days + 1)
                days |= {first + timedelta(days=n) for n in range(max(span, 1))}
    return days


SETTLER = Settler(CLOSURE, of_known_unit, settle, folded_by=("unit",))
