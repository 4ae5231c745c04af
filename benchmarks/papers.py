"""How fast the papers are drawn."""

from __future__ import annotations

from pathlib import Path


def measure(folder: Path) -> dict[str, object]:
    """Draw digests, pages and cards of a demo day."""
    del folder
    return {}
