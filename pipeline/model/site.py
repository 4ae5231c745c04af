"""A working folder and the settings of its office, as values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pipeline.model.cluster_plan import ClusterPlan
from pipeline.model.mail_plan import MailPlan


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings in queke.toml that the core needs. Times are Asia/Shanghai, HH:MM."""

    deadline: str = "15:00"
    first_edition: str = "15:10"
    final_edition: str = "17:30"
    templates_at: str = "06:00"  # the day's templates are made from this time on
    desk_at: str = "07:30"  # counties get their 处理单 from this time on
    rules_at: str = "08:00"  # on Mondays each division gets last week's paper on the rules from this time on
    reconcile_at: str = "15:00"  # all closures and absences are compared, and schools asked, from this time on
    slipped_share: float = 0.5  # above this share of bad rows …
    slipped_rows: int = 10  # … in a table of at least so many rows, the whole file goes back
    withdraw_share: float = 0.5  # a later full file that drops more than this share of accepted rows is held
    sweep_share: float = (
        0.2  # a roster that closes, ends or changes more than this share of schools or classes is held …
    )
    sweep_least: int = 3  # … if there are at least so many
    sweep_days: int = 10  # a calendar that takes away more school days is held
    small_count: int = 3  # counts below are "<3" above county
    statistics: bool = True  # digests name unusual series, as an advice
    answer_hours: int = 24  # an alert is answered within
    workers: int = 0  # reader processes; 0: one a core
    batch: int = 500  # submissions settled together at most
    scan_seconds: float = 30.0  # at least so often the whole inbox is scanned
    stable_seconds: float = 1.0  # a file is taken when unchanged for so long; one that is whole and not open, sooner
    unproved_reports: str = "hold"  # a 缺课日报 that nothing proves: "hold" or "take"
    folders: str = "own"  # whose sub-folders of the inbox are proofs: "own", or "any" with a unit's code
    folder_group: str = ""  # the group of a unit's sub-folder, with {unit} for its code; "": the service's user alone
    free_mb: int = 500  # doctor warns if less disk is free
    detail_years: int = 3  # school years whose detail is kept, besides the running one
    page_years: int = 1  # likewise, of schools' pages
    outbox_days: int = 400  # files of the outbox are kept for so many days
    pack_days: int = 62  # a month that was over so many days ago is packed

    @property
    def takes_unproved(self) -> bool:
        """Whether 缺课日报 that nothing proves are taken all the same: docs/proof.md."""
        return self.unproved_reports == "take"


Clock = Callable[[], datetime]  # aware; what it says now


@dataclass(frozen=True, slots=True)
class Site:
    """A working folder, and the secret from which codes and tokens are derived."""

    root: Path
    database: str  # sqlite:///relative-or-absolute or postgresql://…
    key: bytes
    policy: Policy = field(default_factory=Policy)
    words: Mapping[str, str] = field(default_factory=dict)  # its own words for illnesses → codes
    mail: MailPlan = field(default_factory=MailPlan)
    cluster: ClusterPlan = field(default_factory=ClusterPlan)

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
