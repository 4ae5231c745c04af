"""Settle 停课报告表: fold the turns of each school in order, and write which closures changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from pipeline import merge
from pipeline.merge import ClosureStanding, ClosureStep, Declared, Earlier, Event
from pipeline.merge.closure import CLOSURE
from pipeline.model import Site, State
from pipeline.schooldays import today
from pipeline.store import sql
from pipeline.store.models import Closure, Decision, Reject, Submission
from pipeline.store.outcomes import Outcome, Reread, Turn, Writes, form_of
from pipeline.store.standings import ticket_of

_WIDTHS = sql.widths(Closure)
_KEY = ("school", "campus", "scope", "start")
_SAID = tuple(name for name in CLOSURE if name not in _KEY)
_CLOSURE = (*_KEY, "division", "from_settled", "origin", *_SAID)
_PAST = (*_CLOSURE, "to_settled", "closed_by")
_LONGEST = 60  # days of figures that one closure may touch


@dataclass(slots=True)
class _Loaded:
    standing: ClosureStanding
    division: str
    since: dict[merge.closure.Key, int]


def takes(turn: Turn) -> bool:
    """Tell whether a submission is about the closures of a school we can name, whatever became of it."""
    return form_of(turn.checked) == "closure" and bool(turn.checked.unit)


def settle(turns: Sequence[Turn], site: Site, reread: Reread, writes: Writes) -> list[tuple[Turn, Outcome]]:
    """Take the turns of closure workbooks, in order; collect what they change; return their outcomes."""
    del site
    found = _load(sorted({turn.checked.unit for turn in turns}))
    outcomes = []
    for turn in turns:
        loaded = found[turn.checked.unit]
        before = loaded.standing
        late = any(one.seq > turn.event.order for one in before.earlier)
        step = _refold(before, turn, reread) if late else merge.close_step(before, turn.event)
        loaded.standing = step.after
        _write(loaded, before, turn, writes)
        effective = step.state in {State.ACCEPTED, State.PARTIAL}
        outcomes.append(
            (
                turn,
                Outcome(step.state, step.issues, step.accepted, step.refused, effective=effective, opened=step.opened),
            )
        )
    return outcomes


def _refold(before: ClosureStanding, turn: Turn, reread: Reread) -> ClosureStep:
    """Fold all closures of the school again: a later-received workbook was settled before this one."""
    seqs = [one.seq for one in before.earlier]
    again = [Event(checked.arrival.seq, checked) for checked in reread(seqs)]
    by_seq = {event.seq: event for event in again}
    released = Decision.objects.filter(what="release", target__in=[str(seq) for seq in seqs])
    events = [*again, *(Event(row.seq, by_seq[int(row.target)].checked, forced=True) for row in released), turn.event]
    standing = ClosureStanding(before.school)
    mine = None
    for event in sorted(events, key=lambda event: event.order):
        step = merge.close_step(standing, event)
        standing = step.after
        if event is turn.event:
            mine = step
    if mine is None:
        raise ValueError("a turn takes part in its own fold")
    # what the county confirmed is not in the workbooks: it stays where the school still says the same
    for key, declared in before.closures.items():
        now = standing.closures.get(key)
        if (
            now
            and declared.values["state"] == "confirmed"
            and now.values["state"] == "declared"
            and _same(declared, now)
        ):
            values = {**now.values, "state": "confirmed"}
            standing = replace(standing, closures={**standing.closures, key: replace(now, values=values)})
    return replace(mine, after=standing)


def _load(schools: Sequence[str]) -> dict[str, _Loaded]:
    counties = dict(sql.fetch_in("SELECT code, division_id FROM unit WHERE code IN ?", schools))
    closures: dict[str, dict[merge.closure.Key, Declared]] = defaultdict(dict)
    since: dict[str, dict[merge.closure.Key, int]] = defaultdict(dict)
    for row in Closure.objects.select_for_update().filter(school__in=schools).order_by(*_KEY):
        key = (row.campus, row.scope, row.start)
        closures[row.school][key] = Declared({name: getattr(row, name) for name in CLOSURE}, row.origin)
        since[row.school][key] = row.from_settled
    tickets: dict[str, dict[str, merge.Ticket]] = defaultdict(dict)
    for reject in Reject.objects.filter(school__in=schools, form="closure").defer("raw", "issues"):
        tickets[reject.school][reject.ticket] = ticket_of(reject)
    earlier: dict[str, list[Earlier]] = defaultdict(list)
    rows = Submission.objects.filter(unit__in=schools, form="closure").exclude(state=State.RECEIVED)
    for seq, unit, sha, state, seen in rows.order_by("received_seq").values_list(
        "received_seq", "unit", "content_sha", "state", "first_seen"
    ):
        earlier[unit].append(Earlier(seq, sha, State(state), seen))
    return {
        code: _Loaded(
            ClosureStanding(code, closures[code], tickets[code], tuple(earlier[code])),
            counties.get(code, ""),
            since[code],
        )
        for code in schools
    }


def _write(loaded: _Loaded, before: ClosureStanding, turn: Turn, writes: Writes) -> None:
    after = loaded.standing
    touched: set[date] = set()
    for key in sorted(before.closures.keys() | after.closures.keys()):
        old, new = before.closures.get(key), after.closures.get(key)
        if old is new or (old and new and _same(old, new)):
            continue
        if old:
            row = _row(loaded, key, old, loaded.since.pop(key, 0))
            writes.add(sql.insert("closure_past", _PAST), [(*row, turn.settled, str(turn.event.order))])
        if new:
            loaded.since[key] = turn.settled
            writes.add(sql.upsert("closure", _CLOSURE, _KEY), [_row(loaded, key, new, turn.settled)])
        else:
            text = "DELETE FROM closure WHERE school = %s AND campus = %s AND scope = %s AND start = %s"
            writes.add(text, [(after.school, key[0], key[1], sql.moment(key[2]))])
        touched |= _days(writes.now, (old, new))
    for day in sorted(touched):
        writes.todo("figures", f"{loaded.division}|{day}", turn.settled)
        writes.todo("warn", f"{after.school}|{day}", turn.settled)
    for name, ticket in after.tickets.items():
        was = before.tickets.get(name)
        if was is None and ticket.refused is not None:
            writes.reject(ticket, form="closure", school=after.school, campus=turn.checked.campus, day=turn.checked.day)
        elif was is not None and was.state != ticket.state:
            writes.close_ticket(ticket)


def _same(old: Declared, new: Declared) -> bool:
    return merge.same(old.values, new.values, CLOSURE)


def _row(loaded: _Loaded, key: merge.closure.Key, declared: Declared, settled: int) -> sql.Params:
    head = (loaded.standing.school, key[0], key[1], sql.moment(key[2]), loaded.division, settled, declared.origin)
    values = _unsaid(declared) | {name: value for name, value in declared.values.items() if value is not None}
    return (*head, *[_kept(name, values.get(name)) for name in _SAID])


def _unsaid(declared: Declared) -> dict[str, object]:
    """What a closure has till its first word arrives, when all we have is, say, its resumption."""
    start = declared.values["start"]
    first = today(start) if isinstance(start, datetime) else None
    return {"ill": 0, "resume_planned": declared.values.get("resume_actual") or first, "approved_at": start}


def _kept(name: str, value: object) -> object:
    if isinstance(value, datetime):
        return sql.moment(value)
    if isinstance(value, date):
        return value.isoformat()
    width = _WIDTHS.get(name)
    return value if width is None else str(value or "")[:width]


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
