"""What people decide about submissions and tickets: journalled in the same sequence as arrivals, audited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from pipeline.errors import UsageError
from pipeline.merge import Event
from pipeline.model import Settled, Site, State
from pipeline.store import audit, records, reports, sql
from pipeline.store.models import Decision, Reject, Submission
from pipeline.store.outcomes import Reread, Turn, Writes


def release(site: Site, seqs: Sequence[int], who: str, why: str, now: datetime, reread: Reread) -> list[Settled]:
    """Let held submissions be applied after all, in received order; return what became of them.

    They take their turn at the decision's place in the sequence, and no question is asked again.
    `reread` as for `records.settle`. Raises UsageError, and changes nothing, if one of them is not held.
    """
    with transaction.atomic():
        ordered = sorted(set(seqs))
        held = set(Submission.objects.filter(received_seq__in=ordered, state=State.HELD).values_list("pk", flat=True))
        if missing := [str(seq) for seq in ordered if seq not in held]:
            raise UsageError(f"不在待核中：{'、'.join(missing)}")
        settled: list[Settled] = []
        for checked in reread(ordered):
            order, number = decide(who, "release", str(checked.arrival.seq), why, now)
            # with what validation said then: a release answers the question, it does not make bad rows good
            turn = Turn(Event(order, checked, forced=True), number)
            settled += records.take([turn], State.HELD, site, now, reread)
        return settled


def waive(tickets: Sequence[str], who: str, why: str, now: datetime) -> list[str]:
    """Let rows that went back rest: nobody is asked for them any more, old records behind them stay.

    Return the tickets that were closed by this; those closed before are left out. Raises UsageError for a
    ticket never given out.
    """
    with transaction.atomic():
        rows = {row.ticket: row for row in Reject.objects.filter(ticket__in=list(tickets)).defer("raw", "issues")}
        if missing := [name for name in tickets if name not in rows]:
            raise UsageError(f"没有这样的凭单：{'、'.join(missing)}")
        waived = []
        for name in tickets:
            if rows[name].state == "open":
                order, number = decide(who, "waive", name, why, now)
                writes = Writes(now)
                _waive(rows[name], writes, by=str(order), settled=number)
                writes.flush()
                waived.append(name)
        return waived


def _waive(row: Reject, writes: Writes, *, by: str, settled: int) -> None:
    if row.form == "absence" and isinstance(row.day, date):
        key = (row.day, row.school, row.campus)
        reports.waive(key, row.ticket, by=by, settled=settled, writes=writes)
    else:
        text = "UPDATE reject SET state = 'waived', closed_by = %s WHERE ticket = %s AND state = 'open'"
        writes.add(text, [(by, row.ticket)])


def decide(who: str, what: str, target: str, why: str, now: datetime) -> tuple[int, int]:
    """Journal a decision and leave its audit row; return its seq and its settled_seq."""
    seq, settled = sql.take("received", 1), sql.take("settled", 1)
    Decision.objects.create(seq=seq, settled_seq=settled, at=now, who=who, what=what, target=target, why=why)
    audit.append([audit.Entry(who, what, target, ("state",))], now)
    return seq, settled
