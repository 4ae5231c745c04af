"""The result of validation, and the outcome of a submission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from pipeline.model.arrivals import Arrival
from pipeline.model.reading import Reading
from pipeline.model.states import CheckVerdict
from pipeline.model.terms import HOME_CAMPUS, Issue, Mode, Repair, State


def identity_of(*parts: object) -> str:
    """Return the identity made of these parts, blanks among them. It is compared, never taken apart again."""
    return "|".join("" if part is None else str(part) for part in parts)


class Record(NamedTuple):
    """One accepted row, typed and complete: `values` by the form's column name, derived ones included.

    `identity` is the form's key within its report (absence: the pupil's key). A tuple, because a batch makes thousands.
    """

    table: str
    identity: str
    values: Mapping[str, object]
    row: int
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """One row that goes back: its raw texts by column name and the issues that say why."""

    table: str
    row: int
    raw: Mapping[str, str]
    issues: tuple[Issue, ...]
    ticket: str = ""  # the ticket it came with, if it came in a return workbook
    identity: str = ""  # if it is known (keeps an old record as 待改)
    key: str = ""  # by which the row is recognised if it comes again without its ticket; "" for the identity


@dataclass(frozen=True, slots=True)
class Checked:
    """One submission after validation, before it is compared with the store.

    `verdict` is "merge" (rows may be applied) or an outcome decided already: "rejected", "held", "duplicate",
    "quarantined".
    """

    arrival: Arrival
    reading: Reading
    verdict: CheckVerdict
    unit: str = ""
    day: date | None = None
    campus: str = HOME_CAMPUS
    mode: Mode = Mode.FIRST
    records: tuple[Record, ...] = ()
    refused: tuple[Refused, ...] = ()
    voided: tuple[str, ...] = ()  # tickets the sender marked 作废
    back: Refused | None = None  # the whole file, if it goes back for an error above its table
    issues: tuple[Issue, ...] = ()  # all of them: file, header, rows; errors, advice, queries
    repairs: tuple[Repair, ...] = ()

    @property
    def once_applied(self) -> State:
        """The state of one whose rows were applied, row by row: some of them, or all, may go back."""
        if not self.refused:
            return State.ACCEPTED
        return State.PARTIAL if self.records else State.REJECTED


@dataclass(frozen=True, slots=True)
class Settled:
    """The outcome of one submission, as it is in the store."""

    seq: int
    settled_seq: int
    state: State
    form: str
    unit: str
    day: date | None
    accepted: int
    refused: int
    issues: tuple[Issue, ...]
    repairs: tuple[Repair, ...]
