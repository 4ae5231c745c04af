"""停课 ↔ 缺课: contradictions between a school's closures, absences and rolls (待对账).

Values in, values out: the matters of a school are a function of the current records and the clock, in whatever order
the two workbooks came. Nothing here returns a row: schools are asked, counties see it. Whether many ill pupils call for
a closure is decided by the warning rules; here we only ask about a closure that the absences mention and no 停课报告表
has announced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from pipeline import short_ids
from pipeline.model import WHOLE_SCHOOL
from pipeline.schooldays import ZONE, ReportDue, deadline, short_time, today

WATCHED = timedelta(days=60)  # a closure that ended longer ago is not asked about
CLOSURE_NOTE = "停课"  # a note with this word mentions a closure
RECENT = 7  # days whose reports are searched for closures without a declaration, and for rolls
MANY = 5  # ill pupils of one class, or …
MANY_SHARE = 0.3  # … this share of it: the standard for assessing a closure (流感样病例暴发疫情处置指南, 2018)
REPORTED_ROLL = "report "  # before the class, in the subject of the matter about its roll in a report


class MatterKind(StrEnum):
    """The kinds of contradiction."""

    CASES = "cases"  # a closure whose ill pupils are not among the absences
    UNDECLARED = "undeclared"  # absences that mention a closure, and no closure
    APPROVAL = "approval"  # approved after it began
    OVERDUE = "overdue"  # the day to resume is past
    DAY_OFF = "day-off"  # resumes on a day without school
    ROLL = "roll"  # rolls that differ from the registry's


@dataclass(frozen=True, slots=True)
class ClosureKnown:
    """A current closure, not withdrawn. `place`: 全校 or the class's name; `resumed`: it is over."""

    campus: str
    scope: str
    place: str
    start: datetime
    resumes: date
    resumed: date | None
    ill: int
    pupils: int | None
    approved_at: datetime
    extended: bool = False  # the approval is that of the extension

    @property
    def subject(self) -> str:
        return f"{self.scope} {self.start.astimezone(ZONE):%Y-%m-%dT%H:%M:%S}"

    def covers(self, campus: str, key: str, day: date) -> bool:
        """Is this class closed on this day?"""
        here = self.campus == campus and self.scope in {WHOLE_SCHOOL, key}
        return here and today(self.start) <= day < (self.resumed or self.resumes)


@dataclass(frozen=True, slots=True)
class ClassKnown:
    """What the report of one day has of one class. `absent` counts pupils by name and 其他缺课."""

    ill: int = 0
    absent: int = 0
    roll: int | None = None  # as reported, if it differs from the registry
    present: int | None = None
    speaks: bool = False  # a note contains CLOSURE_NOTE


@dataclass(frozen=True, slots=True)
class RoomKnown:
    """A class of the registry."""

    name: str
    roll: int | None


@dataclass(frozen=True, slots=True)
class SchoolKnown:
    """Everything of one school that is compared. Keys of places are (campus, class key)."""

    code: str
    closures: tuple[ClosureKnown, ...] = ()
    reported: frozenset[tuple[date, str]] = frozenset()  # (day, campus) that has a report
    classes: Mapping[tuple[date, str, str], ClassKnown] = field(default_factory=dict)  # (day, campus, key) →
    rooms: Mapping[tuple[str, str], RoomKnown] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SchoolClock:
    """Now, the hour of the deadline, and the school's own calendar: whether a day is a school day of a 学段."""

    now: datetime
    deadline: str
    owes: Callable[[date, str], ReportDue]  # day, 学段 ("": any of the school's)
    stages: Mapping[tuple[str, str], str] = field(default_factory=dict)  # (campus, class key) → 学段

    @property
    def today(self) -> date:
        return today(self.now)

    def passed(self, day: date) -> bool:
        return self.now >= deadline(day, self.deadline)

    def school(self, day: date, closure: ClosureKnown | None = None) -> bool:
        """Whether there is school: in the class that the closure is of, if it is of one."""
        return self.of(day, closure).yes

    def of(self, day: date, closure: ClosureKnown | None = None) -> ReportDue:
        """Whether, and why, there is school: in the class that the closure is of, if it is of one."""
        at = (closure.campus, closure.scope) if closure else ("", "")
        return self.owes(day, self.stages.get(at, ""))


@dataclass(frozen=True, slots=True)
class FoundMatter:
    """One contradiction: `what` for the county, `ask` for the school. No pupil is named."""

    id: str
    kind: MatterKind
    campus: str
    subject: str
    day: date
    what: str
    ask: str
    stamp: str


def matters(known: SchoolKnown, clock: SchoolClock) -> tuple[FoundMatter, ...]:
    """Return all contradictions, in order of their ids."""
    found = [
        *(one for closure in known.closures for one in _of_closure(known, closure, clock)),
        *_undeclared(known, clock),
        *_rolls(known, clock),
    ]
    return tuple(sorted(found, key=lambda one: one.id))


def days_needed(closures: Iterable[ClosureKnown], clock: SchoolClock) -> frozenset[date]:
    """Return the days whose reports are compared: the first days of closures, and the last few days."""
    recent = {clock.today - timedelta(days=n) for n in range(RECENT)}
    return frozenset(recent | {day for one in closures if (day := case_day(one, clock)) is not None})


def concerns(ill: Mapping[str, int], rolls: Mapping[str, int | None], reported: Mapping[str, int | None]) -> bool:
    """Tell whether a report alone may be a matter: many ill pupils in a class (`ill`), or a different roll.

    By class key: `rolls` from the registry, `reported` from the report.
    """
    if any(n >= MANY or n >= MANY_SHARE * (rolls.get(key) or n + 1) for key, n in ill.items()):
        return True
    return any(roll is not None and rolls.get(key) not in {None, roll} for key, roll in reported.items())


# --------------------------------------------------------------------------- closures


def case_day(closure: ClosureKnown, clock: SchoolClock) -> date | None:
    """Return the day whose report must have the closure's ill pupils: that on which it began, else the last school day
    before; None before it begins.
    """
    start = today(closure.start)
    if start > clock.today:
        return None
    back = (start - timedelta(days=n) for n in range(RECENT * 2))
    return next((day for day in back if clock.school(day, closure)), start)


def _of_closure(known: SchoolKnown, closure: ClosureKnown, clock: SchoolClock) -> Iterator[FoundMatter]:
    make = _Maker(known.code, closure.campus, closure.subject)
    began = f"{_day(today(closure.start))} 起停课的{closure.place}"
    yield from _cases(known, closure, clock, make, began)
    if closure.approved_at > closure.start and not closure.extended:
        approved, start = short_time(closure.approved_at), short_time(closure.start)
        yield make(
            MatterKind.APPROVAL,
            today(closure.start),
            f"{closure.place}停课 {start} 开始，批准时间是 {approved}，晚于开始。",
            "停课前须先经批准：填错了请用“更正”重报；确系先停后批，请电话告知县（市、区）。",
        )
    yield from _resumption(closure, clock, make)
    roll = _roll(known, closure)
    if closure.pupils is not None and roll and closure.pupils != roll:
        yield make(
            MatterKind.ROLL,
            today(closure.start),
            f"{began}报涉及 {closure.pupils} 人，名册是 {roll} 人。",
            "人数填错了请用“更正”重报；名册不对请告知县（市、区）更新名册。",
        )


def _cases(
    known: SchoolKnown, closure: ClosureKnown, clock: SchoolClock, make: _Maker, began: str
) -> Iterator[FoundMatter]:
    day = case_day(closure, clock)
    if day is None or not closure.ill:
        return
    reported = (day, closure.campus) in known.reported
    found = sum(
        room.ill
        for (when, campus, key), room in known.classes.items()
        if (when, campus) == (day, closure.campus) and closure.scope in {WHOLE_SCHOOL, key}
    )
    if found >= closure.ill or not (reported or clock.passed(day)):
        return
    says = "里没有一名因病缺课的学生" if not found else f"里只有 {found} 人因病"
    says = f"{_day(day)} 的缺课登记{says}" if reported else f"{_day(day)} 的缺课日报还没有收到"
    yield make(
        MatterKind.CASES,
        day,
        f"{began}报患病 {closure.ill} 人，{says}。",
        f"停课的患病学生也要逐名报进 {_day(day)} 的缺课日报（当天可选“补充”，过后选“整份更正”）；"
        "停课表上的人数填错了，请用“更正”重报。",
    )


def _resumption(closure: ClosureKnown, clock: SchoolClock, make: _Maker) -> Iterator[FoundMatter]:
    day = closure.resumed or closure.resumes
    due = clock.of(day, closure)
    if not due.yes:
        word = "报" if closure.resumed else "拟于"
        yield make(
            MatterKind.DAY_OFF,
            day,
            f"{closure.place}{word} {_day(day)} 复课，这一天是{due.note or due.reason or '假日'}，不上课。",
            "请核对复课日期，用“更正”重报。",
        )
    if closure.resumed is not None:
        return
    ahead = (day + timedelta(days=n) for n in range(RECENT * 2))
    first = next((one for one in ahead if clock.school(one, closure)), day)
    if clock.passed(first):
        yield make(
            MatterKind.OVERDUE,
            day,
            f"{closure.place}拟于 {_day(day)} 复课，日期已过，没有收到复课或延长的报告。",
            "已经复课请报“复课”，还要停课请报“延长”。",
        )


def _roll(known: SchoolKnown, closure: ClosureKnown) -> int | None:
    if closure.scope != WHOLE_SCHOOL:
        room = known.rooms.get((closure.campus, closure.scope))
        return room.roll if room else None
    rolls = [room.roll for (campus, _), room in known.rooms.items() if campus == closure.campus]
    return sum(roll or 0 for roll in rolls) if rolls and None not in rolls else None


# --------------------------------------------------------------------------- reports


def _undeclared(known: SchoolKnown, clock: SchoolClock) -> Iterator[FoundMatter]:
    """Many ill pupils in a class whose own report suggests a closure: by a note, or because nobody came."""
    for (day, campus, key), reported in sorted(known.classes.items()):
        room = known.rooms.get((campus, key))
        roll = reported.roll or (room.roll if room else None)
        empty = reported.present == 0 or (roll is not None and reported.absent >= roll)
        many = reported.ill >= MANY or (roll is not None and reported.ill >= MANY_SHARE * roll and reported.ill > 1)
        closed = any(one.covers(campus, key, day) for one in known.closures)
        if not many or not (empty or reported.speaks) or closed or clock.today - day >= timedelta(days=RECENT):
            continue
        why = "全班无人到校" if empty else f"备注里写有{CLOSURE_NOTE}"
        size = f"（应到 {roll} 人）" if roll else ""
        yield _Maker(known.code, campus, f"{key} {day.isoformat()}")(
            MatterKind.UNDECLARED,
            day,
            f"{room.name if room else key} {_day(day)} 因病缺课 {reported.ill} 人{size}，{why}，没有收到停课报告。",
            "如已停课，请补报停课报告表；没有停课，请更正当天的缺课日报。",
        )


def _rolls(known: SchoolKnown, clock: SchoolClock) -> Iterator[FoundMatter]:
    """Rolls of a campus's latest report that differ from the registry's: a matter a class, to be decided by itself."""
    for campus in sorted({campus for _, campus in known.reported}):
        days = [day for day, place in known.reported if place == campus and day <= clock.today]
        latest = max(days, default=None)
        if latest is None or clock.today - latest >= timedelta(days=RECENT):
            continue
        for key, roll in differing(known, latest, campus).items():
            room = known.rooms[campus, key]
            yield _Maker(known.code, campus, f"{REPORTED_ROLL}{key}")(
                MatterKind.ROLL,
                latest,
                f"{room.name} {_day(latest)} 缺课日报的应到是 {roll} 人，名册是 {room.roll} 人。",
                "填错了请更正日报；人数确有变动的，由县（市、区）确认，确认前按名册计算。",
            )


def differing(known: SchoolKnown, day: date, campus: str) -> Mapping[str, int]:
    """Return the rolls of a campus's report that differ from the registry's, by class key."""
    return {
        key: counted.roll
        for (when, place, key), counted in sorted(known.classes.items())
        if (when, place) == (day, campus)
        and counted.roll is not None
        and (room := known.rooms.get((campus, key))) is not None
        and room.roll is not None
        and counted.roll != room.roll
    }


# --------------------------------------------------------------------------- parts


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the matters of one subject."""

    school: str
    campus: str
    subject: str

    def __call__(self, kind: MatterKind, day: date, what: str, ask: str) -> FoundMatter:
        name = short_ids.matter(self.school, self.campus, kind.value, self.subject)
        return FoundMatter(name, kind, self.campus, self.subject, day, what, ask, short_ids.short_code((what,), 6))


def _day(day: date) -> str:
    return f"{day:%m-%d}"
