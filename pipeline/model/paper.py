"""A file we send."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paper:
    """One file of a letter: a Chinese name with its ending, and its bytes."""

    name: str
    content: bytes
