"""Decisions in the one sequence of arrivals and decisions: how one is journalled, and where it counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from pipeline.database import acts, audit, sql
from pipeline.database.models import Decision
from pipeline.model import ActKind, DecidedBy, DecisionKind

NOTHING: Mapping[str, object] = MappingProxyType({})
_WIDTHS = sql.widths(Decision)


def decide(
    what: DecisionKind,
    target: str,
    by: DecidedBy,
    *,
    day: date | None = None,
    submission: int | None = None,
    said: Mapping[str, object] = NOTHING,
) -> tuple[int, int]:
    """Journal a decision and leave its audit row; return its place in the sequence and its settled_seq.

    The place is its own number or, for one that came in a 处理单, that workbook's: submissions received after it, even
    if settled in the same batch, then come after the decision too. `day`, `submission`: of a school's day, of a held
    file or an alert's answer; `said`: what else must be known to make it again. Who and why are cut to
    the length of their columns. Raises ValueError if the target is too long for its column.
    """
    if len(target) > _WIDTHS["target"]:
        raise ValueError("a decision's target must be told in full")
    row = Decision(
        seq=sql.take("received", 1),
        settled_seq=sql.take("settled", 1),
        at=by.at,
        who=by.who[: _WIDTHS["who"]],
        what=what,
        target=target,
        day=day,
        submission=submission,
        why=by.why[: _WIDTHS["why"]],
        place=by.desk.seq,
        row=by.desk.row,
    )
    row.save(force_insert=True)
    audit.append([audit.AuditEntry(row.who, what, about(row), ("state",))], by.at)
    if not by.desk.seq:  # one of a 处理单 is settled with it
        acts.note(ActKind.DECIDE, by.at, seq=row.seq, **said)
    return order_of(row), row.settled_seq or 0


def number(settled: int) -> int:
    """Return the number of the decision that settled as this."""
    return Decision.objects.get(settled_seq=settled).seq


def about(row: Decision) -> str:
    """Return the subject of a decision, as one text."""
    parts = (row.target, row.day, row.submission)
    return " ".join(dict.fromkeys(str(part) for part in parts if part is not None))


def order_of(row: Decision) -> int:
    """Return where in the sequence a decision counts: at its own number, or at that of the 处理单 it came in."""
    return row.place or row.seq
