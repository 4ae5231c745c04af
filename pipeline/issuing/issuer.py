"""What each form's module of this room offers, and what it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from pipeline.forms.base import Form
from pipeline.letters.queue import Facts, Returned
from pipeline.model import Refused, Site


@dataclass(frozen=True, slots=True)
class Asked:
    """A template that somebody wants: for whom, for which day; "" and 0 where nothing was said."""

    unit: str
    day: date
    campus: str = ""
    year: int = 0  # of a roster: the school year for which it is made out


@dataclass(frozen=True, slots=True)
class GoingBack:
    """What goes back of a submission: the rows that are still open, as the letter was queued."""

    facts: Facts
    rows: tuple[Returned, ...]
    queued_at: datetime

    @property
    def refused(self) -> list[Refused]:
        """The rows as a return workbook takes them."""
        return [Refused(one.table, one.row, one.raw, one.issues, one.ticket) for one in self.rows]


@dataclass(frozen=True, slots=True)
class Issuer:
    """How the workbooks of one form are made out to a unit. The store must be open."""

    form: Form
    template: Callable[[Site, Asked], bytes]
    """UsageError for a unit or a campus that is not known."""
    returned: Callable[[Site, GoingBack], bytes]
