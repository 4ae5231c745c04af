"""What years leave in a store besides reports: sums, rows that changed or went back, alerts, decisions, editions.

Written by SQL, day by day, in the shares of a province; the sums of each day are those of a day that was counted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import date

CHANGED, BACK, COUNTED = 12, 40, 10  # of so many reports one had a row changed later, or sent back; or counts classes
ALERTS, CLOSURES, MATTERS, DECISIONS = 60, 310, 390, 52  # of so many schools one has one a day
ROSTERS = 200  # likewise: each school has one a year

Sums = tuple[str, str, str]  # a county's day as it is kept: its code, figures, schools
Insert = Callable[[sqlite3.Connection, str, Mapping[str, str], str], None]


def write(connection: sqlite3.Connection, days: Sequence[date], sums: Sequence[Sums], insert: Insert) -> None:
    """Write it for all days, each with the sums of the one that was counted."""
    schools = connection.execute("SELECT COUNT(*) FROM s").fetchone()[0]
    connection.execute("CREATE TEMP TABLE counted (division TEXT, figures TEXT, schools TEXT)")
    connection.executemany("INSERT INTO counted VALUES (?, ?, ?)", sums)
    connection.execute("CREATE TEMP TABLE k (i INTEGER PRIMARY KEY)")
    connection.executemany("INSERT INTO k VALUES (?)", [(n,) for n in range(schools // min(ALERTS, DECISIONS))])
    for n in range(len(days)):
        check_first(connection, n)
        for table, (values, source) in ({**_of_reports(n, schools), **_of_people(n, schools)}).items():
            insert(connection, table.partition(" ")[0], values, f"{source} AND d.n = {n}")
    audited = connection.execute("SELECT MAX(seq) FROM audit").fetchone()[0]
    counters = [("audit", audited), (f"alert-{days[-1].year}", schools // ALERTS * len(days)), ("act", 3 * len(days))]
    connection.executemany("INSERT OR REPLACE INTO counter VALUES (?, ?)", counters)


def check_first(connection: sqlite3.Connection, n: int) -> None:
    """Have the constraints of the tables checked on the first day alone: the others differ in nothing they look at."""
    connection.execute(f"PRAGMA ignore_check_constraints={'ON' if n else 'OFF'}")


Rows = Mapping[str, tuple[Mapping[str, str], str]]  # by table: its columns as SQL, and from what
_WHEN, _DAY = "d.day || ' 06:00:00'", "d.day"
_EDITION = {"place": "v.code", "day": _DAY, "n": "1", "made_at": _WHEN, "final": "1", "figures": "'{}'"}
_PLACE = {"school": "s.code", "campus": "'本部'"}
_CASE = {**_PLACE, "day": _DAY, "pupil": "p.code", "began": _DAY, "row_state": "'new'", "to_settled": "2"}
_PAST = {
    **_CASE, "division": "s.county", "class_key": "p.key", "sex": "'1'", "reason": "'ill'", "start": _DAY,
    "why": "'changed'", "from_settled": "1", "origin": "'1:8'",
}  # fmt: skip
_REJECT = {
    **_PLACE, "form": "'absence'", "day": _DAY, "table": "'rows'", "row": "8", "raw": "'{}'",
    "state": "CASE s.n % 8 WHEN 0 THEN 'open' ELSE 'mended' END",
}  # fmt: skip
_ALERT = {
    **_PLACE, "division": "s.county", "scope": "'三3'", "group": "'FEV'", "stage": "'early'", "state": "'ended'",
    "opened_day": _DAY, "opened_at": _WHEN, "due_at": _WHEN, "first_onset": _DAY, "last_onset": _DAY, "cases": "4",
    "ends_after": _DAY, "closed_at": _WHEN, "revision": "1", "hours": "24",
}  # fmt: skip
_HIT = {
    "rule": "'P01'", "rule_version": "'1'", "scope": "'三3'", "stage": "'early'", "day": _DAY, "group": "'FEV'",
    "n": "4", "threshold": "'3'", "members": "'[]'",
}  # fmt: skip
_CLOSURE = {
    **_PLACE, "division": "s.county", "scope": "'三3'", "start": _WHEN, "kind": "'resume'", "reason": "'D02'",
    "ill": "5", "resume_planned": _DAY, "resume_actual": _DAY, "approved_at": _WHEN, "state": "'ended'",
    "approved_how": "'phone'", "approved_by": "'示例'", "origin": "'1:1'",
}  # fmt: skip
_COUNTED = {"day": _DAY, "division": "c.division", "as_of_settled": "1", "figures": "c.figures", "schools": "c.schools"}


def _of_reports(n: int, schools: int) -> Rows:
    changed = f"d CROSS JOIN s CROSS JOIN p WHERE p.i = s.n % 7 AND (s.n + d.n) % {CHANGED} = 0"
    seq = f"({n} * {schools} + s.n + 1)"
    some = "d CROSS JOIN s WHERE (s.n + d.n) % {} = 0"
    lines = {**_PLACE, "day": _DAY, "key": "'一1'", "roll": "40", "other_absent": "1"}
    audit = {"seq": seq, "at": _WHEN, "who": "'queke'", "what": "'send'", "target": "'receipt ' || s.n",
             "fields": "'[]'", "chain": "lower(hex(randomblob(32)))"}  # fmt: skip
    return {
        "absence_past": (_PAST, changed),
        "case_past": (_CASE, changed),
        "reject": ({**_REJECT, "ticket": f"'T' || {n} || '-' || s.n", "submission": seq}, some.format(BACK)),
        "report_class": (lines, some.format(COUNTED)),
        "audit": (audit, "d CROSS JOIN s WHERE 1"),
        "county_day": (_COUNTED, "d CROSS JOIN counted c WHERE 1"),
        "edition digest": ({**_EDITION, "kind": "'digest'"}, "d CROSS JOIN division v WHERE 1"),
        "edition missing": ({**_EDITION, "kind": "'missing'"}, "d CROSS JOIN division v WHERE 1"),
    }


def _of_people(n: int, schools: int) -> Rows:
    def of(share: int) -> str:
        return f"d CROSS JOIN k JOIN s ON s.n = (k.i * 59 + d.n * 17) % {schools} WHERE k.i < {schools // share}"

    alert = f"printf('A%05d-%04d', {n}, k.i)"
    mine, seq = {"alert_id": alert}, f"({n} * {schools} + k.i + 1)"
    card = {**mine, "submission": seq, "at": _WHEN, "answer": "'{}'", "state": "'answered'"}
    matter = {**_PLACE, "division": "s.county", "id": f"printf('M%05d-%03d', {n}, k.i)", "kind": "'roll'",
              "day": _DAY, "state": "'agreed'", "since": _WHEN, "closed_at": _WHEN}  # fmt: skip
    decision = {"seq": seq, "at": _WHEN, "who": "'示例'", "what": "'waive'", "target": "s.code", "journalled": "1"}
    roster = {"order": seq, "unit": "s.code", "form": "'roster'", "day": _DAY, "content": "'{}'",
              "state": "'standing'"}  # fmt: skip
    return {
        "alert": ({**_ALERT, "id": alert}, of(ALERTS)),
        "alert_hit": ({**_HIT, **mine}, of(ALERTS)),
        "alert_event": ({**mine, "at": _WHEN, "what": "'issued'", "details": "'{}'"}, of(ALERTS)),
        "alert_case": ({**mine, "pupil": "'PAST' || k.i", "class_key": "'三3'", "onset": _DAY}, of(ALERTS)),
        "card": (card, of(ALERTS)),
        "closure": (_CLOSURE, of(CLOSURES)),
        "matter": (matter, of(MATTERS)),
        "decision": (decision, of(DECISIONS)),
        "statement": (roster, of(ROSTERS)),
    }
