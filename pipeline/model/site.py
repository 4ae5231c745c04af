"""A working folder and what its office may set, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Policy:
    """What an office may set in queke.toml that the core needs to know. Times are Asia/Shanghai, HH:MM."""

    deadline: str = "15:00"
    first_edition: str = "15:10"
    final_edition: str = "17:30"
    templates_at: str = "06:00"  # the day's templates are made from then on
    desk_at: str = "07:30"  # counties get their 处理单 from then on
    reconcile_at: str = "15:00"  # closures and absences are compared as a whole, and schools asked, from then on
    slipped_share: float = 0.5  # above this share of bad rows …
    slipped_rows: int = 10  # … in a table of at least so many, the whole file goes back
    withdraw_share: float = 0.5  # a later full file that drops more than this share of accepted rows is held
    small_count: int = 3  # counts below are "<3" above county
    answer_hours: int = 24  # an alert is answered within
    workers: int = 0  # reader processes; 0: one a core
    batch: int = 500  # submissions settled together at most
    scan_seconds: float = 30.0  # a full scan of the inbox at least so often
    stable_seconds: float = 1.0  # a file is taken when its size and time have not changed so long
    free_mb: int = 500  # doctor warns below so much free disk


@dataclass(frozen=True, slots=True)
class Site:
    """A working folder: where everything lies, and the secret by which codes and tokens are derived."""

    root: Path
    database: str  # sqlite:///relative-or-absolute or postgresql://…
    key: bytes
    policy: Policy = field(default_factory=Policy)

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def outbox(self) -> Path:
        return self.root / "outbox"

    @property
    def spool(self) -> Path:
        return self.root / "spool"

    @property
    def archive(self) -> Path:
        return self.root / "archive"
