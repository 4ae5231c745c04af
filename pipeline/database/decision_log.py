"""Decisions in the one sequence of arrivals and decisions: how one is journalled, and where it counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from pipeline.database import audit, sql
from pipeline.database.models import Decision
from pipeline.model import DecisionKind

_WIDTHS = sql.widths(Decision)
_PLACE: ContextVar[int] = ContextVar("place", default=0)
_LINE = re.compile(r"^处理单 [0-9]+ 第 [0-9]+ 行(：|$)")


@contextmanager
def placed(seq: int) -> Iterator[None]:
    """Let decisions made meanwhile count at `seq` of the sequence: that of the 处理单 they came in.

    What was received after it, though settled in the same batch, then comes after them too.
    """
    token = _PLACE.set(seq)
    try:
        yield
    finally:
        _PLACE.reset(token)


def decide(who: str, what: DecisionKind, target: str, why: str, now: datetime) -> tuple[int, int]:
    """Journal a decision and leave its audit row; return its place in the sequence and its settled_seq.

    The place is its own number or, for one that came in a 处理单, that workbook's (`placed`). `who` and `why` are
    cut to what the store takes. Raises ValueError for a target too long to be told in full.
    """
    if len(target) > _WIDTHS["target"]:
        raise ValueError("a decision's target must be told in full")
    seq, settled, place = sql.take("received", 1), sql.take("settled", 1), _PLACE.get()
    said = {"who": who[: _WIDTHS["who"]], "what": what, "target": target}
    Decision.objects.create(seq=seq, settled_seq=settled, at=now, place=place, why=why[: _WIDTHS["why"]], **said)
    audit.append([audit.AuditEntry(said["who"], what, target, ("state",))], now)
    return place or seq, settled


def on_desk(seq: int, row: int, why: str) -> str:
    """Return the reason of a decision with the 处理单 and its row that asked for it, as it is journalled."""
    return f"处理单 {seq} 第 {row} 行" + (f"：{why}" if why else "")


def typed(why: str) -> str:
    """Return a reason as somebody typed it: a school has not seen the 处理单 that it came in."""
    return _LINE.sub("", why)


def order_of(row: Decision) -> int:
    """Return where in the sequence a decision counts: at its own number, or at that of the 处理单 it came in."""
    return row.place or row.seq
