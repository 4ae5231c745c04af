"""A workbook that came in, with its channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.model.states import Channel


@dataclass(frozen=True, slots=True)
class Arrival:
    """A workbook that came in and is kept. `seq` is its received_seq (0 until journalled)."""

    sha256: str
    size: int
    name: str  # as the sender named it: display only, never trusted
    channel: Channel
    folder: str  # the inbox sub-folder it was in, "" for the inbox itself
    bound: str  # unit or division code proved by the channel, "" without a sub-folder
    first_seen: datetime  # aware
    received_at: datetime  # aware
    path: Path  # where its bytes are now (spool, later archive)
    seq: int = 0
    attempts: int = 0
    claim: str = ""  # the permanent name of the claim: one found again after a crash is journalled once
    mail: int | None = None  # the number of the mail it came in
