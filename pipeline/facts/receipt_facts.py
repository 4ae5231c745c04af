"""What receipts say of the day they are about: what of it is still missing, and whether what came late was due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from pipeline.database import sql
from pipeline.facts import county_day
from pipeline.registry import lookup
from pipeline.turns import context

Report = tuple[str, str, date]  # school, campus, day


@dataclass(frozen=True, slots=True)
class StillMissing:
    """The classes of the report's campus that are due and that it does not mention; and campuses due without a
    report.
    """

    classes: tuple[str, ...] = ()
    campuses: tuple[str, ...] = ()


def missing(reports: Mapping[int, Report], several: Collection[str]) -> dict[int, StillMissing]:
    """Return, by submission, what is missing; a submission after which nothing is missing is left out.

    `several`: the schools among them that have several campuses. By the same count as the list of silent schools.
    """
    by_day: dict[date, set[str]] = defaultdict(set)
    days, schools = ({report[place] for report in reports.values()} for place in (2, 0))
    text = "SELECT DISTINCT day, school FROM report_class WHERE day IN ? AND school IN ? AND silent"
    for day, school in sql.fetch_in(text, sorted(map(str, days)), sorted(map(str, schools))):
        by_day[sql.date_of(day)].add(school)
    for school, _, day in reports.values():
        if school in several:
            by_day[day].add(school)
    if not by_day:
        return {}
    tree, calendar = lookup.tree({code for codes in by_day.values() for code in codes}), context.calendar()
    counted = {
        (code, day): one
        for day, codes in by_day.items()
        for code, one in county_day.few(day, sorted(codes), tree, calendar).items()
    }
    found = {}
    for seq, (school, campus, day) in reports.items():
        if one := counted.get((school, day)):
            classes = tuple(one.name_of(at) for at in one.silent_classes if at[0] == campus)
            campuses = tuple(name for name in one.silent_campuses if name != campus)
            if classes or campuses:
                found[seq] = StillMissing(classes, campuses)
    return found


def lateness(reports: Iterable[Report]) -> dict[Report, bool | None]:
    """Return, by report that is kept as late, whether it is on time after all, or None: nobody asked for it that day
    (a campus that is closed, a school without lessons). By the same count as the digest's 迟报.
    """
    by_day: dict[date, set[str]] = defaultdict(set)
    wanted = set(reports)
    for school, _, day in wanted:
        by_day[day].add(school)
    if not by_day:
        return {}
    tree, calendar = lookup.tree({school for school, *_ in wanted}), context.calendar()
    counted = {day: county_day.few(day, sorted(codes), tree, calendar) for day, codes in by_day.items()}
    return {
        (school, campus, day): one.in_time.get(campus)
        for school, campus, day in wanted
        if (one := counted[day].get(school)) and campus not in one.unheard
    }
