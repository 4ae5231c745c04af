"""What a check of `queke doctor` found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Grade = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked."""

    grade: Grade
    what: str
    said: str
