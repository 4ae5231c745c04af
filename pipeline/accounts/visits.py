"""What somebody did or looked at in the console, in the audit: logins, names seen, papers taken, files put in."""

from __future__ import annotations

from datetime import datetime

from pipeline.database import acts, audit
from pipeline.database.transactions import atomic
from pipeline.model import ActKind


def note(who: str, what: str, target: str, now: datetime) -> None:
    """Note one visit: who by the account's name, what in a word of ours, target a code or file, never a cell."""
    entry = audit.AuditEntry(who[:60], what[:40], target[:120])  # as long as its columns
    with atomic():
        audit.append([entry], now)
        acts.note(ActKind.VISIT, now, who=entry.who, deed=entry.what, target=entry.target)
