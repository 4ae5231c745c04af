"""Workbooks made for a unit: filled in with what the registry knows, with a token that shows that we issued them.

A module for each form; a new one is named in `_ISSUERS`.
"""

from __future__ import annotations

from datetime import date, datetime
from gettext import gettext as say

from pipeline.errors import UsageError
from pipeline.issuing import absence, calendar, card, closure, desk, filing, roster
from pipeline.issuing.issuer import Asked, GoingBack
from pipeline.letters.queue import Facts
from pipeline.model import Site, TicketState

_ISSUERS = {
    one.form.name: one
    for one in (
        absence.ISSUER,
        closure.ISSUER,
        card.ISSUER,
        roster.ISSUER,
        calendar.ISSUER,
        filing.ISSUER,
        desk.ISSUER,
    )
}


def template(site: Site, name: str, unit: str, day: date, campus: str = "", year: int = 0) -> bytes:
    """Return the template of form `name` for one unit and day; the store must be open.

    `year`: of a roster, its school year, every class a grade up (升班). Raises UsageError for a form or a unit that is
    not known, or a campus the school does not have.
    """
    if name not in _ISSUERS:
        raise UsageError(
            say("{name}: no such form; choose one of {names}").format(name=name, names=", ".join(_ISSUERS))
        )
    return _ISSUERS[name].template(site, Asked(unit, day, campus, year))


def returned(site: Site, facts: Facts, queued_at: datetime) -> bytes | None:
    """Return the return workbook of a submission: its rows that are still open. None if
    all
    were corrected meanwhile.
    """
    rows = tuple(one for one in facts.returned if one.state is TicketState.OPEN)
    return _ISSUERS[facts.form].returned(site, GoingBack(facts, rows, queued_at)) if rows else None
