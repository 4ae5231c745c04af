"""Nothing that is done every day grows with what was kept: a day is run, and each of its queries is explained."""

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from pipeline import issuing
from pipeline.database import sql
from pipeline.database.models import Letter
from pipeline.facts import alert_list, status
from pipeline.forms import form
from pipeline.letters import queue
from pipeline.model import Policy, Site
from pipeline.run import Coordinator
from pipeline.schooldays import ZONE
from pipeline.service.timetable import tick
from pipeline.xlsx.fill import Template, fill
from tests.contract.places import GULOU, school
from tests.inprocess import InProcess

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 14, 0, tzinfo=ZONE)
CODES = ("2132900001", "2132900003")
FEW = frozenset(
    (
        "division",
        "unit",
        "unit_place",
        "campus",
        "school_class",
        "account",
        "calendar_day",
        "counter",
        "todo",
        "rules_file",
        "act",  # those of the last cycle: the others are in the journal's file
    )
)
"""Tables that do not grow by the day."""

OF_ALL_SCHOOLS = frozenset(("absence", "absence_past", "report", "report_class", "submission"))
"""Tables in which a span of days holds the rows of a whole province: their rows are sought day by day."""

_NO_READING = ("ModifyTable", "Bitmap Heap Scan")

Query = tuple[str, tuple[Any, ...]]


def _workbook(site: Site, code: str, day: date, rows: int, **header: object) -> bytes:
    blank = issuing.template(site, "absence", code, day)
    row = {"class_name": "三(3)班", "sex": "男", "reason": "因病", "start": day, "symptom1": "发热", "symptom2": "咳嗽"}
    said = {"unit": code, "day": day, "zero": "否" if rows else "是", "reporter": "示例甲"}
    pupils = [{**row, "name": f"示例{'甲乙丙丁戊己庚辛'[n]}"} for n in range(rows)]
    if rows > 1:
        pupils[-1].pop("class_name")  # goes back
    return fill(Template(blank), form("absence"), {**said, **header}, {"rows": pupils})


def _a_day(site: Site) -> None:
    """Reports, a correction, a copy of one, a late one; letters, warnings, and what the clock brings."""
    moment = NOW.replace(hour=7)
    with InProcess() as readers, Coordinator(site, readers, lambda: moment) as coordinator:
        tick(site, moment)
        for n, (code, rows, header) in enumerate(
            ((CODES[0], 8, {}), (CODES[1], 0, {}), (CODES[0], 7, {"mode": "整份更正"}), (CODES[1], 0, {}))
        ):
            moment = NOW + timedelta(minutes=n)
            (site.inbox / f"{n}.xlsx").write_bytes(_workbook(site, code, DAY, rows, **header))
            coordinator.drain()
        for hour in (15, 16, 18):
            moment = NOW.replace(hour=hour, minute=15)
            tick(site, moment)
            coordinator.drain()
    with InProcess() as readers, Coordinator(site, readers, lambda: NOW) as coordinator:
        coordinator.drain()  # a start: what a crash may have left is looked for
    status.standing(NOW, "15:00")
    alert_list.listed(NOW.replace(hour=16), "15:00")


@pytest.fixture
def queries(site: Site) -> Iterator[list[Query]]:
    """What a day asks of the store, each text once."""
    for folder in (site.inbox, site.outbox, site.spool, site.archive):
        folder.mkdir()
    for code in CODES:
        school(code, GULOU)
    seen: dict[str, Query] = {}

    def note(run: Callable[..., Any], text: str, params: Any, many: bool, context: Any) -> Any:
        found = list(params or ()) if many else None
        one = tuple(found[0] if found else ()) if many else tuple(params or ())
        if many and not found:
            return run(text, params, many, context)
        seen.setdefault(re.sub(r"(%s, )+", "%s, ", text), (text, one))
        return run(text, found if many else params, many, context)

    with connection.execute_wrapper(note):
        _a_day(replace(site, policy=Policy(stable_seconds=0)))
    yield [query for query in seen.values() if query[0].startswith(("SELECT", "UPDATE", "DELETE", "INSERT", "WITH"))]
    shutil.rmtree(site.outbox)


def test_no_query_of_a_day_walks_through_what_was_kept(queries: list[Query]) -> None:
    walks = _sqlite_walks if connection.vendor == "sqlite" else _postgres_walks
    copied = re.compile(r"copied_[0-9a-f]+")  # rows under way to PostgreSQL
    grows = {(text, table) for text, params in queries for table in walks(text, params) if table not in FEW}
    found = {f"{table}: {text}" for text, table in grows if not copied.fullmatch(table)}
    assert len(queries) > 60
    assert not found


def test_a_walk_is_seen(site: Site) -> None:
    walks = _sqlite_walks if connection.vendor == "sqlite" else _postgres_walks
    assert walks("SELECT name FROM pupil WHERE name = %s", ("某甲",)) == ["pupil"]
    assert walks("SELECT note FROM absence ORDER BY day", ()) == ["absence"]
    assert not walks("SELECT note FROM absence WHERE day = %s AND school = %s", (DAY, CODES[0]))
    if connection.vendor == "sqlite":  # the other one's plan does not tell
        span = "SELECT note FROM absence WHERE day BETWEEN %s AND %s AND school = %s"
        assert walks(span, (DAY, DAY, CODES[0])) == ["absence"]


def _sqlite_walks(text: str, params: tuple[Any, ...]) -> list[str]:
    """Tables that a statement reads from end to end. An index of a few rows only is none of them."""
    indexes = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '%% WHERE %%'"
    partial = {name for (name,) in sql.fetch(indexes)}
    steps = [row[3] for row in sql.fetch(f"EXPLAIN QUERY PLAN {text}", params)]
    found = [re.fullmatch(r"SCAN (\w+)(?: AS \w+)?(?: USING (?:COVERING )?INDEX (\w+))?.*", step) for step in steps]
    whole = [one[1] for one in found if one and one[2] not in partial and _is_table(one[1])]
    spans = [re.fullmatch(r"SEARCH (\w+)(?: AS \w+)? USING .*\((?:day[<>]\? ?(?:AND )?)+\)", step) for step in steps]
    return whole + [one[1] for one in spans if one and one[1] in OF_ALL_SCHOOLS]


def _postgres_walks(text: str, params: tuple[Any, ...]) -> list[str]:
    """Likewise. With sequential scans forbidden, one is left only where no index can help."""
    partial = {name for (name,) in sql.fetch("SELECT indexname FROM pg_indexes WHERE indexdef LIKE '%% WHERE %%'")}
    nodes = _postgres_plan(text, params)
    read = [node for node in nodes if "Relation Name" in node and node["Node Type"] not in _NO_READING]
    return [
        str(node["Relation Name"])
        for node in read
        if "Index Cond" not in node and node.get("Index Name") not in partial
    ]


def _postgres_plan(text: str, params: tuple[Any, ...]) -> Iterator[Mapping[str, Any]]:
    sql.fetch("SELECT set_config('enable_seqscan', 'off', false)")
    (plan,) = sql.fetch(f"EXPLAIN (FORMAT JSON) {text}", params)[0]
    whole = plan if isinstance(plan, list) else json.loads(plan)
    return _nodes(whole[0]["Plan"])


def _sought_by(text: str, params: tuple[Any, ...]) -> list[str]:
    """The conditions by which a statement searches indexes, as the database tells them."""
    if connection.vendor == "sqlite":
        return [row[3] for row in sql.fetch(f"EXPLAIN QUERY PLAN {text}", params) if row[3].startswith("SEARCH")]
    return [str(node["Index Cond"]) for node in _postgres_plan(text, params) if "Index Cond" in node]


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)


def _is_table(name: str) -> bool:
    return name in connection.introspection.table_names()


def test_the_letters_of_a_submission_are_found_among_those_of_years(site: Site) -> None:
    for kind, ref in (("receipt", "5"), ("receipt", "5.9"), ("receipt", "55.1"), ("page", "5-9"), ("giveback", "5.9")):
        Letter.objects.create(kind=kind, ref=ref, reader="x", queued_at=NOW)
    asked: list[Query] = []

    def note(run: Callable[..., Any], text: str, params: Any, many: bool, context: Any) -> Any:
        asked.append((text, tuple(params or ())))
        return run(text, params, many, context)

    with connection.execute_wrapper(note):
        found = [(row.kind, row.ref) for row in queue.of_submission(5)]
    assert found == [("receipt", "5"), ("receipt", "5.9"), ("giveback", "5.9")]
    sought = [_sought_by(text, params) for text, params in asked]
    assert all(sought)
    assert all("ref" in how for one in sought for how in one), sought
