"""Who did what to which fields, in a chain of hashes: a removed or changed row is detected.

Values are never written here; they are in the history of the records.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from pipeline.database import serialise, sql
from pipeline.database.models import Audit

_AUDIT = ("seq", "at", "who", "what", "target", "fields", "chain")
START = "0" * 64


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry: `fields` are names of what changed, never its values."""

    who: str
    what: str
    target: str
    fields: tuple[str, ...] = ()


def append(entries: Sequence[AuditEntry], now: datetime) -> None:
    """Add rows to the chain, in the caller's transaction or in one of their own."""
    if not entries:
        return
    with transaction.atomic():
        first = sql.take("audit", len(entries))
        chain = _link_before(first)
        rows = []
        for seq, entry in enumerate(entries, first):
            chain = link(chain, seq, now, entry)
            fields = serialise.text(list(entry.fields))
            rows.append((seq, sql.moment(now), entry.who, entry.what, entry.target, fields, chain))
        sql.run(sql.insert("audit", _AUDIT), rows)


def broken_at() -> int | None:
    """Return the seq of the first row that does not follow from those before, None if all do."""
    chain, expected = START, 1
    for row in Audit.objects.order_by("seq").iterator():
        entry = AuditEntry(row.who, row.what, row.target, tuple(row.fields))
        chain = link(chain, expected, row.at, entry)
        if row.seq != expected or row.chain != chain:
            return int(row.seq)
        expected += 1
    return None


def head() -> tuple[int, str]:
    """Return the last row's seq and hash: who kept them can tell that no row was cut off the end, or all made anew."""
    row = Audit.objects.order_by("-seq").first()
    return (int(row.seq), str(row.chain)) if row else (0, START)


def last_at() -> datetime | None:
    """Return the moment of the last row."""
    row = Audit.objects.order_by("-seq").first()
    return row.at if row else None


def chain_at(seq: int) -> str:
    """Return the hash of a row, "" if there is none."""
    return str(Audit.objects.filter(seq=seq).values_list("chain", flat=True).first() or "")


def _link_before(seq: int) -> str:
    return Audit.objects.get(seq=seq - 1).chain if seq > 1 else START


def link(chain: str, seq: int, at: datetime, entry: AuditEntry) -> str:
    """Return the hash of a row that follows the one whose hash is `chain`."""
    moment = at.astimezone(UTC).isoformat()
    text = serialise.text([chain, seq, moment, entry.who, entry.what, entry.target, list(entry.fields)])
    return hashlib.sha256(text.encode()).hexdigest()
