"""升班: next school year's rosters, one a school, put into the outbox for the schools to edit."""

from __future__ import annotations

from datetime import date, datetime
from gettext import gettext as say

from pipeline import issuing, schooldays
from pipeline.database import errors
from pipeline.errors import UsageError
from pipeline.model import Paper, Site
from pipeline.outbox.folder import Delivery, OutPlace, deliver_all
from pipeline.registry import prefill
from pipeline.run.lock import hold_site

SLICE = 50  # schools whose rosters are made together


def make(site: Site, now: datetime, division: str, year: int) -> int:
    """Make the rosters of a school year for all schools of a division; return of how many schools.

    Raises Busy if another process works on the site, UsageError for a year that is over or far ahead.
    """
    day = schooldays.today(now)
    if not 0 <= year - schooldays.school_year(day) <= 1:
        raise UsageError(
            say("--year {year}: this school year is {now}, the next one more").format(
                year=year, now=schooldays.school_year(day)
            )
        )
    with hold_site(site), errors.temporary():
        schools = prefill.schools(division, date(year, 9, 1))
        for start in range(0, len(schools), SLICE):
            part = schools[start : start + SLICE]
            deliver_all(site, [_delivery(site, one, day, year) for one in part])
    return len(schools)


def _delivery(site: Site, school: prefill.RosterHead, day: date, year: int) -> Delivery:
    content = issuing.template(site, "roster", school.code, day, year=year)
    paper = Paper(f"学校名册 {year}学年 {school.name}.xlsx", content)
    return Delivery(OutPlace.school(school.name, school.code), day, [paper])
