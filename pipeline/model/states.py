"""What a thing may stand at, and of what kind it may be: each closed set of words once, for core and database.

A column that takes such words has a CHECK made from the enumeration (`database.models.closed`). Sets that belong to
one subject of the core stand there: `schooldays`, `rules`, `reconcile`, `alert_state`, `terms`.
"""

from __future__ import annotations

from enum import StrEnum


class TicketState(StrEnum):
    """What became of a row, or a whole file, that went back. All but `open` and `waived` are final."""

    OPEN = "open"
    MENDED = "mended"
    SUPERSEDED = "superseded"
    WAIVED = "waived"
    VOID = "void"
