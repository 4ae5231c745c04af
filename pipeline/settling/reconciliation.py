"""待对账: a contradiction is kept as long as it exists; schools are asked once a day, counties see all of it.

The open matters of a school are those that `reconcile.matters` finds in the current records; here is the rest: since
when, whether a person settled it, when the school was asked. A settled matter stays settled until the records change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pipeline import reconcile, schooldays
from pipeline.database import acts, audit, sql
from pipeline.database.decision_log import decide
from pipeline.database.models import Counter, Matter
from pipeline.database.transactions import atomic
from pipeline.issues.refusals import refusal
from pipeline.letters import queue
from pipeline.model import (
    HOME_CAMPUS,
    ActKind,
    DecidedBy,
    DecisionKind,
    LetterKind,
    MatterState,
    Policy,
    Site,
    TodoKind,
)
from pipeline.registry import lookup
from pipeline.schooldays import today
from pipeline.turns import reconciliation_facts
from pipeline.turns.pending_items import PendingItem

BATCH = 500  # schools a transaction
_ROUND = "reconciled"  # the counter whose value is the last day on which all schools were compared: 20261120


@dataclass(frozen=True, slots=True)
class MatterLine(PendingItem):
    """One open matter, for the county. `stamp` changes when the records do."""

    kind: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """The question to a school about one matter."""

    id: str
    campus: str
    what: str
    ask: str


def waiting(division: str) -> list[MatterLine]:
    """Return the open matters of a division and all below it, oldest first."""
    rows = Matter.objects.filter(state=MatterState.OPEN)
    places = lookup.tree(()).below(division)
    rows = rows.filter(division__in=places).order_by("since", "school", "id")
    found = list(rows)
    names = lookup.names(row.school_id for row in found)
    return [
        MatterLine(
            row.pk, row.stamp, row.school_id, names.get(row.school_id, row.school_id), row.day, row.since,
            row.what if row.campus == HOME_CAMPUS else f"{row.campus} {row.what}", row.kind,
        )
        for row in found
    ]  # fmt: skip


def of_counties(codes: Sequence[str], at: datetime) -> dict[str, tuple[str, ...]]:
    """Return the school of each matter of these counties that was open at a moment, oldest first; once for each of its
    matters.
    """
    mine = Matter.objects.filter(since__lte=at, division__in=list(codes))
    then = mine.filter(state=MatterState.OPEN) | mine.filter(closed_at__gt=at)
    rows = list(then.order_by("since", "school", "id"))
    names = lookup.names(row.school_id for row in rows)
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        found[row.division] = (*found.get(row.division, ()), names.get(row.school_id, row.school_id))
    return found


def settle(
    matter_id: str, by: DecidedBy, *, stamp: str = "", what: DecisionKind = DecisionKind.RECONCILE
) -> tuple[int, int]:
    """Settle a matter: the county has looked into it. It comes back only when the records change.

    Returns the decision's place and settled_seq. Raises UsageError, and changes nothing, if it is not open, or if its
    stamp differs from `stamp`.
    """
    with atomic():
        row = open_one(matter_id)
        if stamp and stamp != row.stamp:
            raise refusal("matter-moved-on", matter=matter_id)
        at = decide(what, matter_id, by)
        row.state, row.closed_at, row.closed_by, row.why = MatterState.SETTLED, by.at, by.who[:60], by.why[:400]
        row.save()
        return at


def open_one(matter_id: str) -> Matter:
    """Return an open matter, locked. Raises UsageError if it is not open."""
    row = Matter.objects.select_for_update().filter(pk=matter_id).first()
    if row is None:
        raise refusal("matter-unknown", matter=matter_id)
    if row.state != MatterState.OPEN:
        raise refusal("matter-settled", matter=matter_id)
    return row


# --------------------------------------------------------------------------- finding them


def find(site: Site, now: datetime) -> int:
    """Take everything that settling left to be compared; return how many schools were compared."""
    taken = 0
    while n := compare(site.policy, now):
        taken += n
    return taken


def go_round(site: Site, now: datetime) -> int:
    """Once a day from `policy.reconcile_at` on: compare every school with anything to compare.

    Returns how many schools were compared; 0 if it was done before, or it is not time yet.
    """
    if now < schooldays.deadline(today(now), site.policy.reconcile_at) or not begin_round(now):
        return 0
    return find(site, now)


def begin_round(now: datetime) -> bool:
    """Leave todos for the day's round; False if it was begun before. One transaction."""
    day = today(now)
    mark = sql.day_number(day)
    with atomic():
        row = Counter.objects.select_for_update().filter(name=_ROUND).first()
        if row is not None and row.value == mark:  # a later day: the clock was ahead
            return False
        Counter.objects.update_or_create(name=_ROUND, defaults={"value": mark})
        days = [day - timedelta(days=n) for n in range(reconcile.RECENT)]
        schools = reconciliation_facts.of_interest(day) | reconciliation_facts.speaking(days)
        schools |= set(Matter.objects.filter(state=MatterState.OPEN).values_list("school", flat=True))
        text = sql.insert("todo", ("kind", "code", "settled")) + " ON CONFLICT DO NOTHING"
        sql.run(text, [(TodoKind.RECONCILE, code, 0) for code in sorted(schools)])
        acts.note(ActKind.ROUND, now)
    return True


def compare(policy: Policy, now: datetime) -> int:
    """Compare some of the schools that wait for it; return how many todos were taken. One transaction."""
    with atomic():
        text = "SELECT id, code, settled FROM todo WHERE kind = %s ORDER BY code LIMIT %s"
        todos = sql.fetch(text, [TodoKind.RECONCILE, BATCH])
        if not todos:
            return 0
        codes = sorted({code for _, code, _ in todos})
        found = reconciliation_facts.load(codes, now, policy)
        _keep(codes, found, now)
        _ask([code for code, one in found.items() if one.clock.school(today(now))], policy, now)
        sql.run("DELETE FROM todo WHERE id = %s AND settled = %s", [(n, settled) for n, _, settled in todos])
        acts.note(ActKind.COMPARE, now)
    return len(todos)


def _keep(codes: Sequence[str], found: Mapping[str, reconciliation_facts.ReconciliationFacts], now: datetime) -> None:
    """Make the open matters equal to those that are found now."""
    rows: dict[str, dict[str, Matter]] = defaultdict(dict)
    for row in Matter.objects.select_for_update().filter(school__in=codes).order_by("id"):
        rows[row.school_id][row.pk] = row
    changed: list[Matter] = []
    fresh: list[Matter] = []
    for code in codes:
        one, known = found.get(code), rows.get(code, {})
        now_open = {m.id: m for m in reconcile.matters(one.known, one.clock)} if one else {}
        changed += _agreed((row for name, row in known.items() if name not in now_open), now)
        changed += [row for name, row in known.items() if name in now_open and _moved(row, now_open[name], now)]
        division = one.division if one else ""
        fresh += [_row(code, division, matter, now) for name, matter in now_open.items() if name not in known]
    Matter.objects.bulk_create(fresh)
    Matter.objects.bulk_update(changed, ["state", "day", "what", "ask", "stamp", "since", "closed_at"])
    audit.append(
        [audit.AuditEntry("queke", f"matter {row.state}", row.pk, ("state",)) for row in (*fresh, *changed)], now
    )


def _agreed(rows: Iterable[Matter], now: datetime) -> list[Matter]:
    found = []
    for row in rows:
        if row.state != MatterState.AGREED:
            row.state, row.closed_at = MatterState.AGREED, row.closed_at or now
            found.append(row)
    return found


def _moved(row: Matter, matter: reconcile.FoundMatter, now: datetime) -> bool:
    """Update a stored matter to what is found; False if nothing changed."""
    same = row.stamp == matter.stamp
    if same and row.state in {MatterState.OPEN, MatterState.SETTLED}:
        return False
    if row.state != MatterState.OPEN:
        row.since = now
    row.state, row.closed_at = MatterState.OPEN, None
    row.day, row.what, row.ask, row.stamp = matter.day, matter.what, matter.ask, matter.stamp
    return True


def _row(school: str, division: str, matter: reconcile.FoundMatter, now: datetime) -> Matter:
    return Matter(
        id=matter.id,
        school_id=school,
        campus=matter.campus,
        division=division,
        kind=matter.kind.value,
        subject=matter.subject[:80],
        day=matter.day,
        what=matter.what[:400],
        ask=matter.ask[:400],
        stamp=matter.stamp,
        since=now,
    )


# --------------------------------------------------------------------------- asking the school


def asked(school: str, day: date) -> list[Question]:
    """Return the questions of a school's letter of that day: all that were open then and still are, oldest first."""
    rows = Matter.objects.filter(school=school, state=MatterState.OPEN, asked_on=day).order_by("since", "id")
    return [Question(row.pk, row.campus, row.what, row.ask) for row in rows]


def _ask(codes: Sequence[str], policy: Policy, now: datetime) -> None:
    """Queue one letter a school and day, from `policy.reconcile_at` on, if something is new since the last one.

    `codes`: schools with school today; no school is asked on a holiday. A letter has all open matters of its school;
    matters that come up after it was queued wait for the next day's.
    """
    day = today(now)
    if now < schooldays.deadline(day, policy.reconcile_at):
        return
    rows = list(Matter.objects.filter(school__in=codes, state=MatterState.OPEN).order_by("school", "id"))
    new = {row.school_id for row in rows if row.asked_stamp != row.stamp}
    asked_today = {row.school_id for row in rows if row.asked_on == day}
    schools = sorted(new - asked_today)
    queue.queue_all([(LetterKind.QUERY, day.isoformat(), school) for school in schools], now, day)
    for row in rows:
        if row.school_id in schools:
            row.asked_on, row.asked_stamp = day, row.stamp
    Matter.objects.bulk_update([row for row in rows if row.school_id in schools], ["asked_on", "asked_stamp"])
