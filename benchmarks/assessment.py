"""The cost of a province's day in CPU: all rules on all its schools, its figures counted, and all statistics.

Nothing is read from workbooks: the day and the month before it are written by SQL, other years' counts are copies of a
day's. What is measured is what the service does after the last report: warnings, the counting of the counties whose
records changed, and 统计提示 of all divisions and schools. The same again for one county.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from benchmarks import history, ours, workbooks
from benchmarks.measure import measured
from benchmarks.workbooks import DAY
from pipeline import database, rules
from pipeline.alerts import assess
from pipeline.database import sql
from pipeline.database.models import Alert
from pipeline.facts import county_day, statistics
from pipeline.figures.facts import PaperDivision
from pipeline.model import Site, TodoKind
from pipeline.registry import lookup
from pipeline.run.tuning import few_collections
from pipeline.statistics import spans

SECONDS = 10.0
_MONTH = 20  # school days before the day
_DATABASE = "queke.sqlite3"
_STEPS = ("rules", "counting", "statistics")
_SHARES = ((3, 0), (6, 3), (6, 4), (4, 9), (1, 25))  # 5.15 absent pupils a school: the 80,000 rows of a planned day
_ILL = "p.i % 10 < 7"
_SIGNS = {
    "symptoms": f"CASE WHEN {_ILL} THEN CASE (p.i + s.n) % 6 WHEN 0 THEN 'S01 S02' WHEN 1 THEN 'S01' WHEN 2 THEN"
    " 'S02 S03' WHEN 3 THEN 'S06' WHEN 4 THEN 'S07 S08' ELSE 'S04 S05' END ELSE '' END",
    "temperature": f"CASE WHEN {_ILL} AND (p.i + s.n) % 6 < 2 THEN 37.5 + p.i % 20 / 10.0 END",
    "diagnosis": f"CASE WHEN {_ILL} THEN CASE (p.i * 5 + s.n) % 97 WHEN 0 THEN 'D02' WHEN 1 THEN 'D10' WHEN 2 THEN"
    " 'D05' WHEN 3 THEN 'D34' WHEN 4 THEN 'D01' WHEN 5 THEN 'D03' ELSE '' END ELSE '' END",
}


def measure(folder: Path, schools: int) -> dict[str, object]:
    """Assess a day of so many schools, then of one county; print and return the CPU seconds."""
    everyone = workbooks.everywhere(schools)
    site = ours.new_site(folder, everyone)
    database.close()
    days = [*history.school_days(0)[-_MONTH:], DAY]
    history.fill(site.root / _DATABASE, everyone, days, history.Mix(_SHARES, _SIGNS))
    database.open(site)
    rows = sql.fetch("SELECT COUNT(*) FROM absence WHERE day = %s", [DAY.isoformat()])[0][0]
    counties = sorted({school.county for school in everyone})
    _keep_the_past(counties, days[:-1])
    few = [school.code for school in everyone if school.county == counties[0]]
    with few_collections():  # as the service does
        everything = _assessed(site, [school.code for school in everyone], counties)
        part = _assessed(site, few, counties[:1])
    database.close()
    print(f"\na province's day assessed: {schools:,} schools, {rows:,} rows of the day, {len(days)} school days kept")
    print(f"  all changed: {_told(everything)}   goal {SECONDS:.0f} s")
    print(f"  one county's {len(few)} changed: {_told(part)}")
    return {"schools": schools, "rows": rows, "goal_cpu_seconds": SECONDS, "all": everything, "part": part}


def _told(found: dict[str, float]) -> str:
    parts = ", ".join(f"{name} {seconds:.1f}" for name, seconds in found.items() if name in _STEPS)
    return f"{found['total']:.1f} s of CPU ({parts}), {found['alerts']:.0f} alerts"


def _assessed(site: Site, schools: Sequence[str], counties: Sequence[str]) -> dict[str, float]:
    """CPU seconds, by step, when the day's records of these schools have changed."""
    _change(schools, counties)
    found = {
        "rules": _cpu(lambda: assess.warn(site, rules.load(), ours.NOW)),
        "counting": _cpu(county_day.refresh),
    }
    places, counted = _places(counties), county_day.count(DAY, counties)
    recent = county_day.kept(counties, DAY - timedelta(days=35), DAY)
    found["statistics"] = _cpu(lambda: statistics.compare(DAY, places, counted, recent))
    return {"total": round(sum(found.values()), 2), **found, "alerts": Alert.objects.count()}


def _cpu(step: Callable[[], object]) -> float:
    with measured() as cost:
        step()
    return round(cost.own, 2)


def _change(schools: Sequence[str], counties: Sequence[str]) -> None:
    """Leave what settling the day's reports of these schools leaves: the days of their cases, the counties' figures."""
    todo = sql.insert("todo", ("kind", "code", "day", "settled"))
    last = county_day.last_settled()
    text = "SELECT DISTINCT school, began FROM absence WHERE day IN ? AND school IN ?"
    for start in range(0, len(schools), 500):
        cases = sql.fetch_in(text, [DAY.isoformat()], schools[start : start + 500])
        sql.run(todo, [(TodoKind.WARN.value, school, str(began)[:10], last) for school, began in cases])
    sql.run(todo, [(TodoKind.FIGURES.value, county, DAY.isoformat(), last) for county in counties])


def _keep_the_past(counties: Sequence[str], days: Sequence[date]) -> None:
    """Counts of earlier days and years: those of three days, in turn, because the counting itself is not measured."""
    counted = [list(county_day.count(day, counties).values()) for day in days[-3:]]
    past = list(days[:-3])
    for first, last in spans(DAY):
        past += sql.each_day(first, last)
    for found in counted:
        county_day.keep(found)
    for n, day in enumerate(day for day in past if day.weekday() < 5):
        county_day.keep(replace(one, figures=replace(one.figures, day=day)) for one in counted[n % 3])


def _places(counties: Sequence[str]) -> dict[str, PaperDivision]:
    tree = lookup.tree((), day=DAY)
    inside: dict[str, list[str]] = {}
    for county in counties:
        for above in tree.chain(county):
            inside.setdefault(above, []).append(county)
    return {
        code: PaperDivision(code, code, code, tree.places[code].level, tuple(below)) for code, below in inside.items()
    }
