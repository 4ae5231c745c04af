"""One line of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter

from pipeline.model import Severity

PLACES = frozenset(("sheet", "cell", "column", "value", "row", "who"))
"""What a message may use of the issue itself; all else is one of the issue's details."""


@dataclass(frozen=True, slots=True)
class Message:
    """Texts name an issue's details in braces.

    `public`: details that every reader may see: numbers, dates, addresses in a sheet, and words of our own. All others,
    `value` and `who` among them, may hold text that was typed: only readers who may see names get them. `unsaid`:
    details that no text names, which another room reads.
    """

    severity: Severity
    message: str
    remedy: str = ""
    cost: str = ""
    public: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()

    @property
    def details(self) -> frozenset[str]:
        """Return the names of the details that an issue of this code has."""
        texts = (self.message, self.remedy, self.cost)
        named = {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}
        return frozenset(named - PLACES | set(self.unsaid))


def error(
    message: str, remedy: str, *, public: tuple[str, ...] = (), cost: str = "", unsaid: tuple[str, ...] = ()
) -> Message:
    """The row, or the file, goes back."""
    return Message(Severity.ERROR, message, remedy, cost, public, unsaid)


def query(message: str, remedy: str, *, public: tuple[str, ...] = (), cost: str = "") -> Message:
    """Accepted; the sender is asked."""
    return Message(Severity.QUERY, message, remedy, cost, public)


def advice(message: str, remedy: str = "", *, public: tuple[str, ...] = ()) -> Message:
    """Accepted; a hint that makes the next time easier."""
    return Message(Severity.ADVICE, message, remedy, "", public)
