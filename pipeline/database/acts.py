"""Acts: every transaction that changes what stands, in the order of the commits, so that `queke rebuild` can take them
again one after the other (docs/adr/rebuild.md).

An act is noted in its transaction, with what it was about (numbers, codes, days: nothing from a workbook) and how far
the store had come. Its row stays only until its line is in `journal.jsonl`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.database import audit, serialise, sql
from pipeline.database.models import Counter, NotedAct
from pipeline.database.transactions import atomic
from pipeline.model import ActKind

_HASH = 12  # characters of the chain's hash: enough to see that it is another


@dataclass(frozen=True, slots=True)
class Noted:
    """One act. `said`: plain JSON values; `settled`, `audit`: the last settled_seq, and the end of the audit chain."""

    what: ActKind
    at: datetime
    said: Mapping[str, object] = field(default_factory=dict)
    settled: int = 0
    audit: str = ""


_again: ContextVar[list[Noted] | None] = ContextVar("acts taken again", default=None)


def note(what: ActKind, at: datetime, **said: object) -> None:
    """Note an act, in its transaction. While a store is made again it is only collected, to be compared."""
    noted = Noted(what, at, said, *_extent())
    collected = _again.get()
    if collected is not None:
        collected.append(noted)
        return
    columns = ("seq", "at", "what", "said", "settled", "audit")
    row = (sql.take("act", 1), sql.moment(at), what.value, serialise.text(said), noted.settled, noted.audit)
    sql.run(sql.insert("act", columns), [row])


@contextmanager
def taken_again() -> Iterator[list[Noted]]:
    """Collect the acts noted meanwhile: nothing is written of them."""
    collected: list[Noted] = []
    token = _again.set(collected)
    try:
        yield collected
    finally:
        _again.reset(token)


def unwritten(limit: int = 1000) -> dict[int, Noted]:
    """Return the acts that are not known to be in the journal, by their number, in order."""
    rows = NotedAct.objects.order_by("seq")[:limit]
    return {row.seq: Noted(ActKind(row.what), row.at, row.said, row.settled, row.audit) for row in rows}


def written(seqs: Collection[int]) -> None:
    """Forget acts whose lines are in journal.jsonl, fsynced."""
    with atomic():
        NotedAct.objects.filter(seq__in=list(seqs)).delete()


def begin_after(last: int) -> None:
    """Let the numbers of acts go on after this one, in a store that was made again."""
    Counter.objects.update_or_create(name="act", defaults={"value": last})


def plain(said: Mapping[str, object]) -> object:
    """Return what an act said as its line has it."""
    return json.loads(serialise.text(said))


def _extent() -> tuple[int, str]:
    """The last settled_seq, and the end of the audit chain: its number and the beginning of its hash."""
    rows = {name: (value, chain) for name, value, chain in sql.fetch(_ENDS)}
    last, chain = rows.get("audit", (0, audit.START))
    return int(rows.get("settled", (0, ""))[0]), f"{last}:{(chain or audit.START)[:_HASH]}"


_ENDS = (
    "SELECT name, value, chain FROM counter LEFT JOIN audit ON name = 'audit' AND audit.seq = value "
    "WHERE name IN ('settled', 'audit')"
)
