"""县级处理单 for a county: everything that waits for its decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pipeline import schooldays
from pipeline.county import build_desk
from pipeline.forms.desk import DESK
from pipeline.issuing.issuer import Asked, GoingBack, Issuer
from pipeline.model import Site
from pipeline.xlsx.deskbook import deskbook


def template(site: Site, asked: Asked) -> bytes:
    """Return the desk of a day as it is when desks are sent. UsageError for a division that is not known."""
    return workbook(site, asked.unit, schooldays.deadline(asked.day, site.policy.desk_at))


def workbook(site: Site, division: str, now: datetime) -> bytes:
    """Return a division's desk as it is now; the store must be open. UsageError for a division that is not known."""
    return deskbook(build_desk.desk(site, division, now))


def some(site: Site, division: str, now: datetime, targets: Mapping[str, Sequence[str]]) -> bytes:
    """Return a desk that has only these lines, by board. UsageError for a division that is not known."""
    return deskbook(build_desk.some(site, division, now, targets))


def returned(site: Site, back: GoingBack) -> bytes:
    """Return the lines that were not carried out, and are to be decided once more."""
    return deskbook(build_desk.back(site, back.facts.unit, back.facts.seq, back.rows, back.queued_at))


ISSUER = Issuer(DESK, template, returned)
