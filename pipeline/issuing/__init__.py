"""Workbooks made out to a unit: what the registry knows is filled in, and a token shows that we issued them.

A module for each form; a new one is named in `_ISSUERS`.
"""

from __future__ import annotations

from datetime import date, datetime

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

    `year`: of a roster, the school year for which it is made out, every class a grade up (升班). Raises UsageError
    for a form or a unit that is not known, or a campus the school has not.
    """
    if name not in _ISSUERS:
        raise UsageError(f"{name}: no such form; choose one of {', '.join(_ISSUERS)}")
    return _ISSUERS[name].template(site, Asked(unit, day, campus, year))


def returned(site: Site, facts: Facts, queued_at: datetime) -> bytes | None:
    """Return the return workbook of a submission: its rows that are still open. None when all were mended meanwhile."""
    rows = tuple(one for one in facts.returned if one.state is TicketState.OPEN)
    return _ISSUERS[facts.form].returned(site, GoingBack(facts, rows, queued_at)) if rows else None
