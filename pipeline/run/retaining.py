"""What is kept no longer leaves the store: sums first, then the detail, names, letters and pages, a day at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pipeline import schooldays
from pipeline.database import kept
from pipeline.database.models import CountyDay, Report
from pipeline.database.transactions import atomic
from pipeline.facts import county_day
from pipeline.model import Policy
from pipeline.settling import retention
from pipeline.settling.retention import Removal

Advance = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The first day of which each kind is still kept, and the month before which all is packed."""

    detail: date
    pages: date
    outbox: date
    packed: date


def bounds(policy: Policy, now: datetime) -> Bounds:
    """Whole school years are kept besides the running one."""
    day = schooldays.today(now)

    def years_ago(years: int) -> date:
        return schooldays.year_began(schooldays.school_year(day) - years)

    return Bounds(
        detail=years_ago(policy.detail_years),
        pages=years_ago(policy.page_years),
        outbox=day - timedelta(days=policy.outbox_days),
        packed=day - timedelta(days=policy.pack_days),
    )


def remove_detail(before: date, by: Removal, advance: Advance) -> int:
    """Remove the detail of days before that one, with names and letters; return how many rows. May be repeated."""
    retention.begin(before, by)
    count = 0
    for day in retention.days(before):
        sum_up(day)
        count += sum(retention.remove_detail(day, by).values())
        advance(day.isoformat())
    count += _names(before, by, advance)
    for day in retention.letter_days(before):
        count += retention.remove_letters(day, by)
        advance(day.isoformat())
    return count


def remove_pages(before: date, by: Removal, advance: Advance) -> int:
    """Remove the figures of schools' pages of days before that one; return how many. May be repeated."""
    count = 0
    for day in retention.page_days(before):
        count += retention.remove_pages(day, by)
        advance(day.isoformat())
    return count


def sum_up(day: date) -> None:
    """Keep the sums of every county that reported on a day, as they are by its detail."""
    county_day.refresh()
    reported = set(Report.objects.filter(day=day).values_list("division", flat=True).distinct())
    missing = reported - set(CountyDay.objects.filter(day=day).values_list("division", flat=True))
    if missing:
        with atomic():
            county_day.keep(county_day.recount(day, sorted(missing)).values())


def _names(before: date, by: Removal, advance: Advance) -> int:
    """Remove names of which no row is kept, once a bound."""
    if kept.upto(retention.PUPILS) >= before:
        return 0
    schools, count = retention.schools(), 0
    for at in range(0, len(schools), retention.SCHOOLS):
        count += retention.remove_pupils(schools[at : at + retention.SCHOOLS], by)
        advance(schools[at])
    retention.named_upto(before, by)
    return count


def again(said: Mapping[str, Any], at: datetime) -> None:
    """Take an act of it again."""
    by = Removal(said["who"], at)
    if "since" in said:
        retention.begin(date.fromisoformat(said["since"]), by)
    elif said["kind"] == retention.PUPILS:
        if said["schools"]:
            retention.remove_pupils(said["schools"], by)
        else:
            retention.named_upto(_day(said), by)
    elif said["kind"] in _DAYS:
        if said["kind"] == retention.DETAIL:
            sum_up(_day(said))
        _DAYS[said["kind"]](_day(said), by)
    else:
        retention.note_files(said["kind"], said["of"], said["files"], by)


def _day(said: Mapping[str, Any]) -> date:
    return date.fromisoformat(said["day"])


_DAYS: Mapping[str, Callable[[date, Removal], object]] = {
    retention.DETAIL: retention.remove_detail,
    retention.LETTERS: retention.remove_letters,
    retention.PAGES: retention.remove_pages,
}
