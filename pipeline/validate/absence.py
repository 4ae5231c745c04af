"""缺课日报: which rows are accepted, which go back, and who the pupil is.

Only these return a row: no class, no name, no reason, an impossible or future date; and what says that it is of another
school, campus or day. The row of a sick child is not lost for anything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from operator import itemgetter

from pipeline import carry
from pipeline.forms import clinical
from pipeline.forms.absence import ABSENCE, CLASSES, ROWS
from pipeline.model import (
    Context,
    DayPart,
    Issue,
    Mode,
    Reason,
    Record,
    RowState,
    SchoolFacts,
    identity_of,
)
from pipeline.schooldays import Calendar, today
from pipeline.validate import carried, whose, wording
from pipeline.validate.carried import Sorted
from pipeline.validate.case import AsKept, RowCase, SubmissionCase
from pipeline.validate.channel import chain
from pipeline.validate.checks import RowCheck
from pipeline.validate.classes import Classes
from pipeline.validate.judge import Extras, Judge, Judgement, Lines
from pipeline.validate.pupils import Pupils

# plain texts, looked up once: rows come by the ten thousand
_NEW, _ONGOING, _RETURNED = (one.value for one in RowState)
_WHOLE_DAY = DayPart.DAY.value

RULES = (
    RowCheck("start-after-day", "start", lambda pl: pl.col("start") <= pl.col("_day")),
    RowCheck("start-too-old", "start", lambda pl: (pl.col("_day") - pl.col("start")) <= timedelta(days=366)),
    RowCheck(
        "start-last-year",
        "start",
        lambda pl: (
            ~(pl.col("_day") - pl.col("start")).is_between(timedelta(days=300), timedelta(days=366))
            | pl.col("state").is_not_null()
        ),
    ),
    RowCheck("onset-after-day", "onset", lambda pl: pl.col("onset") <= pl.col("_day")),
    RowCheck("onset-too-old", "onset", lambda pl: (pl.col("start") - pl.col("onset")) <= timedelta(days=60)),
    RowCheck(
        "onset-after-start",
        "onset",
        lambda pl: (pl.col("onset") <= pl.col("start")) | (pl.col("onset") > pl.col("_day")),
    ),
    RowCheck("returned-before-start", "returned", lambda pl: pl.col("returned") >= pl.col("start")),
    RowCheck("returned-after-day", "returned", lambda pl: pl.col("returned") <= pl.col("_day")),
    RowCheck("temperature-range", "temperature", lambda pl: pl.col("temperature").is_between(35.0, 42.0)),
    RowCheck(
        "symptom-missing",
        "symptom1",
        lambda pl: (
            (pl.col("reason") != Reason.ILL.value)
            | (pl.col("state").fill_null("") == _RETURNED)
            | pl.any_horizontal(pl.col("symptom1", "symptom2", "symptom3", "other_symptom").is_not_null())
            | ~pl.col("diagnosis").fill_null("D99").is_in(["D33", "D99"])
        ),
    ),
)
CLASS_RULES = (RowCheck("present-over-roll", "present", lambda pl: pl.col("present") <= pl.col("_roll")),)

DROPPED = {
    "returned-before-start": "returned",
    "returned-after-day": "returned",
    "temperature-range": "temperature",
}
"""Issues after which the cell is left blank: false values are not stored."""

_ROW_KEPT = AsKept({c.name: c for c in ROWS.columns if c.kept and (not c.stored or "." in c.stored)})
_CLASS_KEPT = AsKept({column.name: column for column in CLASSES.columns})
"""Columns that are kept as they were read; the stored values of the others are computed below."""
_SYMPTOMS = tuple(column.name for column in ROWS.columns if column.stored == "symptoms")
_counts = itemgetter(*(CLASSES.index(name) for name in ("other_absent", "roll", "present")))
_MANY = 200  # rows; for fewer, an incomplete registry is a likely cause too
_LONGEST = timedelta(days=60)


def _asked(issue: Issue) -> Issue:
    """What was not read, as it is asked about beside a zero report."""
    if issue.code == "text-unread":
        return Issue("zero-with-text", sheet=issue.sheet, details=(("texts", dict(issue.details)["texts"]),))
    if issue.code == "sheet-unread":
        return Issue("zero-with-sheet", sheet=issue.sheet, details=(("count", dict(issue.details)["count"]),))
    return replace(issue, code="zero-with-comment") if issue.code == "comment-unread" else issue


def settle_zero(case: SubmissionCase, rows: Sorted) -> None:
    """零报告 must agree with the rows; about a file with neither we ask."""
    zero = case.reading.header.get("zero")
    if case.claims.returned:
        return
    others, missing = _counted(case)
    if zero is True:
        if rows.absent:
            case.issues.append(Issue("zero-with-rows", details=(("count", str(rows.absent)),)))
        elif others:
            case.issues.append(Issue("zero-with-others", details=(("count", str(others)),)))
        elif missing:
            case.issues.append(Issue("zero-with-missing", details=(("count", str(missing)),)))
        if not rows.absent:  # it may tell of somebody
            case.issues = [_asked(one) for one in case.issues]
    elif not rows.written and not others:
        if not rows.untouched:
            case.reject(Issue("nothing-reported"))
        elif zero is None:
            case.reject(Issue("carried-nothing", details=(("count", str(len(rows.untouched))),)))


def _counted(case: SubmissionCase) -> tuple[int, int]:
    """Pupils who are counted as absent for their classes, without names; and by how many 实到 is below 应到."""
    others = missing = 0
    for row in case.rows("classes"):
        absent, roll, present = _counts(row.values)
        others += absent if isinstance(absent, int) else 0
        missing += max(0, roll - present) if isinstance(roll, int) and isinstance(present, int) else 0
    return others, missing


def _settle(case: SubmissionCase, context: Context) -> None:
    _settle_mode(case, context)
    _report_day_off(case, context)
    settle_size(case)


def _settle_mode(case: SubmissionCase, context: Context) -> None:
    case.mode = Mode(str(case.reading.header.get("mode") or Mode.FIRST.value))
    if case.day is None or case.claims.returned:
        return
    first_seen = today(case.arrival.first_seen)
    if case.mode is Mode.LATE and case.day >= first_seen:
        case.mode = Mode.FIRST
        case.issues.append(Issue("mode-late-today"))
    late = case.day < first_seen and case.mode is Mode.FIRST
    if late and (case.day, case.unit, case.campus) not in context.reported:
        case.issues.append(Issue("mode-late-assumed", details=(("day", case.day.isoformat()),)))


def _report_day_off(case: SubmissionCase, context: Context) -> None:
    school, calendar = case.school, context.calendar
    if school is None or case.day is None or not isinstance(calendar, Calendar):
        return
    owed = calendar.of_facts(chain(school.county, context), school, case.day)
    if not owed.due.yes:
        case.issues.append(Issue("day-off", details=(("day", case.day.isoformat()),)))


def settle_size(case: SubmissionCase) -> None:
    """Far more pupils absent than the campus has: a whole list was pasted in, and all figures would be wrong."""
    rows = len(case.rows("rows"))
    if case.school is None or rows < _MANY:
        return
    rolls = [facts.roll or 0 for (campus, _), facts in case.school.classes.items() if campus == case.campus]
    if 0 < 2 * sum(rolls) < rows:
        case.reject(Issue("rows-over-roll", details=(("rows", str(rows)), ("roll", str(sum(rolls))))))


def judge(case: SubmissionCase, lines: Sequence[RowCase], by: Judgement) -> None:
    """Accept or refuse every row of the 缺课登记 table."""
    classes = by.classes(case)
    elsewhere = [whose.ask(line) for line in lines]
    whose.ask_of_all(case)
    rooms = [classes.key(line.values["class_name"]) for line in lines]
    pupils = Pupils(case, lines, rooms, by)
    for line, room, another in zip(lines, rooms, elsewhere, strict=True):
        class_key = room
        if not another and not classes.ask(line, "class_name", class_key):
            class_key = ""  # nothing is made of it: a pupil's code would show it
        wording.ask(line)
        identity = pupils.identity(line, class_key) if class_key and line.values["name"] else ""
        if line.bad:
            line.refuse(identity, _by_name(line))
        else:
            line.accept(identity, _values(case, line, class_key, by.context))
        if line.issues:
            case.issues.extend(line.new_issues)


def judge_classes(case: SubmissionCase, lines: Sequence[RowCase], classes: Classes, rows: Sorted) -> None:
    """Accept or refuse every line of the 班级 table; count the rows of a class against its roll, and against 实到."""
    absent = Counter(str(r.values["class_key"]) for r in _rows(case) if r.values["row_state"] != _RETURNED)
    listed = _Listed(case, classes, rows)
    seen: dict[str, int] = {}
    for line in lines:
        class_key = classes.key(line.values["class_name"])
        facts = classes.facts(class_key)
        if whose.ask(line):
            line.refuse(class_key)
            case.issues.extend(line.new_issues)
            continue
        if class_key and class_key in seen:
            line.add_issue("class-row-repeated", "class_name", first=str(seen[class_key]))
        elif class_key:
            seen[class_key] = line.row.number
            if facts is None and not classes.ask(line, "class_name", class_key):
                class_key = ""
        roll, others = line.values["roll"], line.values["other_absent"]
        if facts and facts.roll is not None and roll is not None and roll != facts.roll:
            line.add_issue("roll-differs", "roll", roll=str(facts.roll))
        total = absent.get(class_key, 0) + (others if isinstance(others, int) else 0)
        limit = roll if isinstance(roll, int) else facts.roll if facts else None
        if limit is not None and total > limit:
            line.add_issue("absent-over-roll", "other_absent", absent=str(total), roll=str(limit))
        elif (
            class_key and limit is not None and (away := listed.contradicted(class_key, limit, line.values)) is not None
        ):
            line.add_issue("present-differs", "present", roll=str(limit), away=str(away), absent=str(total))
        if line.bad:
            line.refuse(class_key)
        else:
            kept = _CLASS_KEPT(line.values)
            kept["class_key"], kept["campus"] = class_key, case.campus
            line.accept(class_key, kept)
        case.issues.extend(line.new_issues)


class _Listed:
    """How many of each class a file lists as away all day; and how many more may be away: for half a day, in rows that
    go back, in rows brought along that nobody answered.
    """

    def __init__(self, case: SubmissionCase, classes: Classes, rows: Sorted) -> None:
        header = case.reading.header
        # a 补充 lists some; a zero report that is none is asked about as a whole
        self._all = not case.claims.returned and header.get("mode") != Mode.ADD.value and header.get("zero") is not True
        away = {(str(r.values["class_key"]), r.identity): r for r in _rows(case) if r.values["row_state"] != _RETURNED}
        self._whole = Counter(key for (key, _), record in away.items() if not record.values["part"])
        self._maybe = Counter(key for (key, _), record in away.items() if record.values["part"])
        quiet = {id(line) for line in rows.untouched}
        unsure = (line for line in rows.rows if line.bad or id(line) in quiet)
        self._maybe.update(classes.key(line.values["class_name"]) or "" for line in unsure)

    def contradicted(self, key: str, roll: int, counts: Mapping[str, object]) -> int | None:
        """Return how many of a class are away by its 实到, if its rows and 其他缺课 say otherwise."""
        present, others = counts["present"], counts["other_absent"]
        if not self._all or not isinstance(present, int) or present > roll:
            return None
        least, away = self._whole[key] + (others if isinstance(others, int) else 0), roll - present
        return None if least <= away <= least + self._maybe[key] + self._maybe[""] else away


def roll_of(line: RowCase, classes: Classes) -> int | None:
    """The roll of a class line: its own, else the registry's."""
    roll = line.values["roll"]
    if isinstance(roll, int):
        return roll
    facts = classes.facts(classes.key(line.values["class_name"]))
    return facts.roll if facts else None


def _rows(case: SubmissionCase) -> list[Record]:
    return [record for record in case.records if record.table == "rows"]


def _by_name(line: RowCase) -> str:
    """The key of a row without a class: name and start, as `merge.coverage.keys_of` looks for it."""
    name, start = line.values["name"], line.values["start"] or line.case.day
    unread = line.values["start"] is None and "start" in line.row.raw
    return "" if line.values["class_name"] or not name or unread else identity_of(None, name, start)


def _values(case: SubmissionCase, line: RowCase, class_key: str, context: Context) -> dict[str, object]:
    """One accepted row by stored column name, derived ones included."""
    got = line.values
    for issue in line.issues:
        if issue.code in DROPPED:
            got[DROPPED[issue.code]] = None
    day = case.day
    start = got["start"] or day
    if got["part"] in carried.HALVES and got["state"] == _RETURNED and got["returned"] is None:
        got["returned"] = day  # back the same day: not brought along to the next
    kept = _ROW_KEPT(got)
    kept["campus"] = case.campus
    kept["class_name"] = got["class_name"]
    kept["class_key"] = class_key
    kept["start"] = start
    kept["part"] = "" if got["part"] in (None, _WHOLE_DAY) else got["part"]
    kept["symptoms"] = _symptoms(got)
    kept["row_state"] = _row_state(line, got, start, class_key, context)
    return kept


def _symptoms(got: dict[str, object]) -> str:
    codes = _in_order(" ".join([str(got[name]) for name in _SYMPTOMS if got[name]]))
    own = got["other_symptom"]
    if own and "S99" in codes and codes != "S99" and clinical.all_read(str(own)):
        return codes.replace("S99", "").strip()  # 其他 only pointed to the words, and they are symptoms of the list
    return codes


@lru_cache(maxsize=4096)
def _in_order(text: str) -> str:
    """Each code once, in order; 不详 beside another code is dropped."""
    codes = set(text.split())
    if len(codes) > 1:
        codes.discard("S00")
    return " ".join(sorted(codes))


def _row_state(line: RowCase, got: dict[str, object], start: object, class_key: str, context: Context) -> str:
    """Returned · new (no school day between start and day) · ongoing. A row carried over is not new."""
    case = line.case
    if carried.is_back(line):
        return _RETURNED
    if not isinstance(start, date) or case.day is None or start >= case.day or case.school is None:
        return _NEW
    if got["state"] == _ONGOING and carry.read(line.row.mark):
        return _ONGOING
    room = case.school.classes.get((case.campus, class_key))
    at = (start, room.stage if room else "")
    if at not in case.missed:
        case.missed[at] = _missed(*at, case.day, case.school, context)
    return _ONGOING if case.missed[at] else _NEW


def _missed(start: date, stage: str, day: date, school: SchoolFacts, context: Context) -> bool:
    """Tell whether a school day was missed from `start` to before the report's day."""
    calendar = context.calendar
    first = max(start, day - _LONGEST)
    places = (school.code, *chain(school.county, context))
    if isinstance(calendar, Calendar):
        return any(calendar.missed(places, (stage,) if stage else school.stages, first, day))
    return any((first + timedelta(days=n)).weekday() < 5 for n in range((day - first).days))


def _extras(table: str, lines: Sequence[RowCase], by: Judgement) -> Extras:
    if table == "classes":
        return {"_roll": [roll_of(line, by.classes(line.case)) for line in lines]}
    return {"_day": [line.case.day for line in lines]}


def _judge(case: SubmissionCase, lines: Lines, by: Judgement) -> None:
    classes = by.classes(case)
    rows = carried.sort(case, lines["rows"], classes, by.key)
    settle_zero(case, rows)
    if case.open:
        judge(case, rows.rows, by)
        judge_classes(case, lines["classes"], classes, rows)


JUDGE = Judge(ABSENCE, {"rows": RULES, "classes": CLASS_RULES}, _judge, _settle, _extras, remember=Judgement.remember)
