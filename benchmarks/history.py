"""The cost of history: a day, its digests and all that is asked of it, in three years of a province and in a month.

Daily work may not depend on how much has been kept. Both stores hold the last month, because warnings and charts use
it; one holds everything before as well.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time

from benchmarks import ours, past, workbooks
from benchmarks.measure import measured
from benchmarks.workbooks import CLASSES, DAY
from pipeline import database, durable, units
from pipeline.database import sql, transactions
from pipeline.executors import Readers
from pipeline.facts import alert_list, county_day, editions, exports, spells, status, trace
from pipeline.forms.classes import class_key
from pipeline.inbox import archive
from pipeline.model import SchoolFacts, Site
from pipeline.registry import lookup
from pipeline.run import templates
from pipeline.schooldays import ZONE
from pipeline.xlsx.fill import Template

ROWS = 26_000_000
SCHOOLS = 15_500
MONTH = 20  # school days that both stores hold
TURNS = 5  # the day comes in so many parts, to each store in turn
FILES = 300  # workbooks a part
TIMES = 1.2
PASSES = 3
LEAST = 0.002  # seconds: less is told apart by nothing
BYTES_A_ROW = 1000  # on disk, with the reports, submissions, letters and editions that came with it
PUPILS = 120  # a school, who are absent from time to time
_HOLIDAYS = (2, 7, 8)  # months without school
_DATABASE = "queke.sqlite3"


@dataclass(frozen=True)
class Mix:
    """Of twenty school days of a school: so many, each with so many absent pupils; and what ails them, as SQL."""

    shares: Sequence[tuple[int, int]] = ((11, 0), (5, 2), (3, 9), (1, 22))
    signs: Mapping[str, str] = field(default_factory=dict)


MIX = Mix()


def room(folder: Path, rows: int) -> bool:
    """Tell whether the disk has room for a history of so many rows."""
    return shutil.disk_usage(folder).free > 2 * BYTES_A_ROW * rows


def measure(folder: Path, readers: Readers, rows: int) -> dict[str, object]:
    """Add a day to a long history and to a short one, part by part in turn; print and return what each cost."""
    schools = workbooks.everywhere(SCHOOLS)
    short = ours.new_site(folder / "short", schools)
    template = workbooks.master(short, schools[0])
    made = [_made(short, template, schools[n :: SCHOOLS // FILES][:FILES], folder / f"part{n}") for n in range(TURNS)]
    days = school_days(rows)
    sums = _sums(ours.again(short, folder / "one"), schools, days[-1])
    long = ours.again(short, folder / "long")
    database.close()
    for site, span in ((short, days[-MONTH:]), (long, days)):
        began = perf_counter()
        there = fill(site.root / _DATABASE, schools, span, sums=sums)
        _journal(site, span[-1])
        size = (site.root / _DATABASE).stat().st_size / 2**30
        print(f"{there:,} rows in {len(span)} days, {size:.1f} GiB, made in {perf_counter() - began:.0f} s", flush=True)
    cost = {site.root.name: _Cost([], [], []) for site in (short, long)}
    asked = {site.root.name: _asked(site, schools, days[-1]) for site in (short, long)}
    for part in made:
        for site in (short, long):
            _open(site)
            taken = ours.take(site, part, readers, answer=True)
            cost[site.root.name].day.append(taken.cost.cpu)
            cost[site.root.name].wall.append(taken.cost.wall)
    for site in (short, long):
        _open(site)
        cost[site.root.name].digests.extend(_cut(site, hours) for hours in (2, 3, 4))
    database.close()
    return _print_costs(cost["short"], cost["long"], rows) | _print_asked(asked["short"], asked["long"])


def _journal(site: Site, day: date) -> None:
    """Write the last line that the archive has of these years: store and archive are compared by it."""
    with closing(sqlite3.connect(site.root / _DATABASE)) as store:
        last = store.execute("SELECT received_seq, sha256 FROM submission ORDER BY received_seq DESC LIMIT 1")
        seq, sha256 = last.fetchone()
    folder = site.archive / day.isoformat()
    durable.make_folder(folder)
    durable.append_lines(folder / archive.JOURNAL, [json.dumps({"kind": "arrival", "seq": seq, "sha256": sha256})])


def _sums(site: Site, schools: Sequence[SchoolFacts], day: date) -> list[past.Sums]:
    """The sums of one day of every county, counted from its reports."""
    database.close()
    fill(site.root / _DATABASE, schools, [day])
    database.open(site)
    counties = sorted({school.county for school in schools})
    county_day.keep(county_day.recount(day, counties).values())
    found = sql.fetch("SELECT division, figures, schools FROM county_day ORDER BY division")
    database.close()
    return [(code, str(figures), str(of_schools)) for code, figures, of_schools in found]


def _asked(site: Site, schools: Sequence[SchoolFacts], day: date) -> dict[str, float]:
    """CPU seconds of what people and the clock ask of a store, the least of several passes."""
    _open(site)
    morning = datetime.combine(DAY, datetime.min.time(), ZONE).replace(hour=7)
    county = units.scope(schools[0].county, lookup.tree(), 3)
    ((*pupil,),) = sql.fetch("SELECT school, pupil FROM absence WHERE day = %s LIMIT 1", [sql.day(day)])
    asks: dict[str, Callable[[], object]] = {
        "status": lambda: status.standing(morning, "15:00"),
        "alerts": lambda: alert_list.listed(morning, "15:00"),
        "export": lambda: list(exports.export("absence", county, exports.DayRange(day, day)).rows),
        "trace_school_day": lambda: trace.trace(f"{schools[3].code} {day}"),
        "spells_of_a_pupil": lambda: spells.of_pupil(*pupil),
        "templates": lambda: templates.some(site, morning),
    }
    return {name: min(_cpu(ask) for _ in range(PASSES)) for name, ask in asks.items()}


def _cpu(ask: Callable[[], object]) -> float:
    with transactions.undone():
        began = process_time()
        ask()
        return process_time() - began


def _print_asked(short: Mapping[str, float], long: Mapping[str, float]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, few in short.items():
        times = long[name] / max(few, LEAST)
        found[f"{name}_cpu_seconds"] = {"month": round(few, 4), "years": round(long[name], 4), "times": round(times, 2)}
        print(f"{name}: {few * 1000:.1f} → {long[name] * 1000:.1f} ms, {times:.2f} times (goal {TIMES})")
    return found


@dataclass(frozen=True)
class _Cost:
    """Seconds: of CPU and on the wall for each part of the day, of CPU for each cutting of all digests."""

    day: list[float]
    wall: list[float]
    digests: list[float]


def _print_costs(short: _Cost, long: _Cost, rows: int) -> dict[str, object]:
    found: dict[str, object] = {"rows": rows, "files_a_part": FILES, "goal": TIMES}
    for name, few, many in (
        ("day_cpu_seconds", short.day, long.day),
        ("day_wall_seconds", short.wall, long.wall),
        ("digests_cpu_seconds", short.digests, long.digests),
    ):
        times = statistics.median(b / a for a, b in zip(few, many, strict=True))
        found[name] = {
            "month": [round(s, 3) for s in few],
            "years": [round(s, 3) for s in many],
            "times": round(times, 2),
        }
        print(f"{name}: {statistics.median(few):.2f} → {statistics.median(many):.2f}, {times:.2f} times (goal {TIMES})")
    return found


def _made(site: Site, template: Template, schools: Sequence[SchoolFacts], folder: Path) -> Path:
    for _ in workbooks.write(site, template, schools, "real", folder):
        pass
    return folder


def _open(site: Site) -> None:
    database.close()
    database.open(site)


def _cut(site: Site, hours: int) -> float:
    """CPU seconds to make every division's digest and missing list."""
    with measured() as cost:
        county_day.refresh()
        editions.cut(site, editions.Order(DAY, ours.NOW + timedelta(hours=hours)))
    return cost.own


def school_days(rows: int) -> list[date]:
    """The school days before ours, as many as hold so many rows, oldest first."""
    a_day = SCHOOLS * sum(share * absent for share, absent in MIX.shares) / sum(share for share, _ in MIX.shares)
    found: list[date] = []
    day = DAY
    while len(found) < max(MONTH, round(rows / a_day)):
        day -= timedelta(days=1)
        if day.weekday() < 5 and (day.month not in _HOLIDAYS or len(found) < MONTH):
            found.append(day)
    return found[::-1]


# --------------------------------------------------------------------------- years, written by SQL


def fill(
    file: Path,
    schools: Sequence[SchoolFacts],
    days: Sequence[date],
    mix: Mix = MIX,
    *,
    sums: Sequence[past.Sums] = (),
) -> int:
    """Write the days directly into a store's file; return how many absence rows it then has."""
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1000000", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        indexes = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        kept = [(name, text) for name, text in indexes.fetchall()]
        for name, _ in kept:
            connection.execute(f'DROP INDEX "{name}"')
        _make_tables(connection, schools, days, mix)
        connection.execute("BEGIN")
        _write_places(connection)
        for n in range(len(days)):
            _write_day(connection, n, mix)
        if sums:
            past.write(connection, days, sums, _insert)
        counters = [("received", len(days) * SCHOOLS), ("settled", len(days) * SCHOOLS)]
        connection.executemany("INSERT OR REPLACE INTO counter VALUES (?, ?)", counters)
        connection.execute("COMMIT")
        for _, text in kept:
            connection.execute(text)
        connection.execute("PRAGMA journal_mode=WAL")
        return int(connection.execute("SELECT COUNT(*) FROM absence").fetchone()[0])
    finally:
        connection.close()


def _make_tables(
    connection: sqlite3.Connection, schools: Sequence[SchoolFacts], days: Sequence[date], mix: Mix
) -> None:
    """Temporary tables: the schools, the classes, and who is absent on each kind of day."""
    keys = [class_key(name) or name for name in CLASSES]
    connection.execute("CREATE TEMP TABLE s (n INTEGER PRIMARY KEY, code TEXT, county TEXT)")
    connection.executemany("INSERT INTO s VALUES (?, ?, ?)", [(n, s.code, s.county) for n, s in enumerate(schools)])
    connection.execute("CREATE TEMP TABLE d (n INTEGER PRIMARY KEY, day TEXT)")
    connection.executemany("INSERT INTO d VALUES (?, ?)", [(n, day.isoformat()) for n, day in enumerate(days)])
    connection.execute("CREATE TEMP TABLE m (h INTEGER, k INTEGER, PRIMARY KEY (h, k)) WITHOUT ROWID")
    kinds = [absent for share, absent in mix.shares for _ in range(share)]
    connection.executemany("INSERT INTO m VALUES (?, ?)", [(h, k) for h, n in enumerate(kinds) for k in range(n)])
    connection.execute("CREATE TEMP TABLE p (i INTEGER PRIMARY KEY, key TEXT, code TEXT)")
    pupils = [(i, keys[i % len(keys)], f"{keys[i % len(keys)]}-PAST{i:06d}") for i in range(PUPILS)]
    connection.executemany("INSERT INTO p VALUES (?, ?, ?)", pupils)


def _write_places(connection: sqlite3.Connection) -> None:
    pupil = {"school": "s.code", "code": "p.code", "class_key": "p.key", "name": "'示例' || p.i"}
    _insert(connection, "pupil", pupil, "s CROSS JOIN p")


def _write_day(connection: sqlite3.Connection, n: int, mix: Mix) -> None:
    """Write one day: absences, reports, submissions, letters and editions."""
    past.check_first(connection, n)
    whole = "d CROSS JOIN s"
    seq = f"({n} * {SCHOOLS} + s.n + 1)"
    place = {"day": "d.day", "school": "s.code", "campus": "'本部'", "division": "s.county", "from_settled": seq}
    absent = "d CROSS JOIN s CROSS JOIN m ON m.h = (s.n * 13 + d.n * 7 + s.n / 20 * 3) % 20"
    absent += f" CROSS JOIN p ON p.i = (s.n * 7 + d.n * 3 + m.k * 31) % {PUPILS}"
    moments = {"first_seen": "d.day || ' 06:00:00'"}
    taken = {**_TAKEN, **moments, "received_at": moments["first_seen"], "received_seq": seq, "settled_seq": seq}
    sent = {
        "reader": "s.code",
        "state": "'done'",
        "day": "d.day",
        "queued_at": "d.day || ' 06:00:00'",
        "path": "'outbox'",
    }
    rows: Mapping[str, tuple[Mapping[str, str], str]] = {
        "absence": ({**place, **_ABSENT, **mix.signs, "origin": f"{seq} || ':' || (m.k + 7)"}, absent),
        "report": ({**place, **moments, "current_seq": seq, "seqs": f"'[' || {seq} || ']'", "on_time": "1"}, whole),
        "submission": ({**taken, "unit": "s.code", "day": "d.day"}, whole),
        "letter": ({**sent, "kind": "'receipt'", "ref": f"CAST({seq} AS TEXT)"}, whole),
        "edition": ({"kind": "'page'", "place": "s.code", "day": "d.day", "n": "1", "figures": "'{}'"}, whole),
    }
    for table, (values, source) in rows.items():
        _insert(connection, table, values, f"{source} WHERE d.n = {n}")
    _insert(connection, "letter", {**sent, "kind": "'page'", "ref": "d.day || '|1'"}, f"{whole} WHERE d.n = {n}")


_ABSENT = {
    "pupil": "p.code", "class_key": "p.key", "sex": "CASE p.i % 2 WHEN 0 THEN '1' ELSE '2' END",
    "reason": "CASE WHEN p.i % 10 < 7 THEN 'ill' ELSE 'other' END",
    "row_state": "CASE p.i % 3 WHEN 0 THEN 'ongoing' ELSE 'new' END",
    "start": "date(d.day, '-' || (p.i % 3) || ' days')",
    "began": "date(d.day, '-' || (p.i % 3) || ' days')",
    "symptoms": "CASE WHEN p.i % 10 < 7 THEN 'S07' ELSE '' END",
}  # fmt: skip
_TAKEN = {
    "sha256": "lower(hex(randomblob(32)))", "content_sha": "lower(hex(randomblob(32)))", "name": "s.code || '.xlsx'",
    "channel": "'folder'", "path": "'archive'", "state": "'accepted'", "form": "'absence'", "campus": "'本部'",
    "on_time": "1", "effective": "1", "journalled": "1",
}  # fmt: skip


def _insert(connection: sqlite3.Connection, table: str, values: Mapping[str, str], source: str) -> None:
    """Insert the result of a query; columns that it does not name get the value of a blank form."""
    columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    given = dict(_blank(columns)) | dict(values)
    names = ", ".join(f'"{name}"' for name in given)
    connection.execute(f'INSERT INTO "{table}" ({names}) SELECT {", ".join(given.values())} FROM {source}')


def _blank(columns: Iterable[tuple[int, str, str, int, object, int]]) -> Iterable[tuple[str, str]]:
    for _, name, kind, required, _, key in columns:
        if required and not key:
            yield name, "'[]'" if kind.lower() == "text" else "''" if kind.startswith(("varchar", "date")) else "0"
