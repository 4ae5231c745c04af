"""A workbook that came in, by the channel it came by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Arrival:
    """A workbook that came in and is kept. `seq` is its received_seq (0 until journalled)."""

    sha256: str
    size: int
    name: str  # as the sender named it: display only, never trusted
    channel: str  # "folder" | "mail" | "cli"
    folder: str  # the inbox sub-folder it lay in, "" for flat
    bound: str  # unit or division code proved by the channel, "" for flat
    first_seen: datetime  # aware
    received_at: datetime  # aware
    path: Path  # where its bytes lie now (spool, later archive)
    seq: int = 0
    attempts: int = 0
    claim: str = ""  # names the claim for good: one found again after a crash is journalled once
