"""One line of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.model import Severity

PLACES = frozenset(("sheet", "cell", "column", "value", "row"))
"""What a message may name of the issue itself; all else must be in `Entry.details`."""


@dataclass(frozen=True, slots=True)
class Message:
    severity: Severity
    message: str
    remedy: str = ""
    cost: str = ""
    details: tuple[str, ...] = ()  # names in `Issue.details` that the texts may use


def error(message: str, remedy: str, *details: str, cost: str = "") -> Message:
    """The row, or the file, goes back."""
    return Message(Severity.ERROR, message, remedy, cost, details)


def query(message: str, remedy: str, *details: str, cost: str = "") -> Message:
    """Taken; the sender is asked."""
    return Message(Severity.QUERY, message, remedy, cost, details)


def advice(message: str, remedy: str = "", *details: str) -> Message:
    """Taken; said so that next time is easier."""
    return Message(Severity.ADVICE, message, remedy, "", details)
