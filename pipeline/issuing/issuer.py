"""What each form's module of this room offers, and what it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from pipeline.forms.base import Form
from pipeline.letters.queue import Facts, Returned
from pipeline.model import Refused, Site


@dataclass(frozen=True, slots=True)
class Asked:
    """A template that is asked for: its unit, its day; "" and 0 if not given."""

    unit: str
    day: date
    campus: str = ""
    year: int = 0  # of a roster: its school year


@dataclass(frozen=True, slots=True)
class GoingBack:
    """What is returned of a submission: the rows that are still open when the letter is queued."""

    facts: Facts
    rows: tuple[Returned, ...]
    queued_at: datetime

    @property
    def refused(self) -> list[Refused]:
        """The rows, for a return workbook."""
        return [Refused(one.table, one.row, one.raw, one.issues, one.ticket) for one in self.rows]


@dataclass(frozen=True, slots=True)
class Issuer:
    """How the workbooks of one form are made for a unit. The store must be open."""

    form: Form
    template: Callable[[Site, Asked], bytes]
    """UsageError for a unit or a campus that is not known."""
    returned: Callable[[Site, GoingBack], bytes]
