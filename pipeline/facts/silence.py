"""For how many school days in a row schools have not reported."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from pipeline.database.models import CountyDay
from pipeline.facts import county_day
from pipeline.figures.duty import REPORTED, SILENT
from pipeline.figures.words import RUN_MOST
from pipeline.registry import lookup, statements
from pipeline.turns import context


def days_in_a_row(schools: Mapping[str, str], day: date, most: int = RUN_MOST) -> dict[str, int]:
    """Return for how many school days in a row each school has not reported in full, `day` included, at most `most`.

    `schools`: code → county, of schools that are silent on `day`. Past days are judged like it: a day in part or sent
    back is silent; one that was excused, closed or off neither counts nor ends the run. Days before the site knew the
    school, and those before its county's time, do not count. Only a little more than two weeks are searched.
    """
    tree, calendar = lookup.tree(), context.calendar()
    past = [day - timedelta(days=n) for n in range(1, 2 * most)]
    rows = CountyDay.objects.filter(day__in=past, division__in=set(schools.values())).values_list("day", "division")
    in_use = set(rows)
    began = statements.first_known(schools)
    runs, running = dict.fromkeys(schools, 1), set(schools)
    for when in past:
        running -= {code for code in running if runs[code] >= most or when < began.get(code, when)}
        asked = sorted(code for code in running if (when, schools[code]) in in_use)
        then = county_day.few(when, asked, tree, calendar) if asked else {}
        for code, one in then.items():
            runs[code] += one.day.standing in SILENT
        running -= {code for code, one in then.items() if one.day.standing in REPORTED}
    return runs
