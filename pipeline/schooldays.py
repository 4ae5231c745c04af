"""Which days are school days, for whom, and when a report counts as on time.

A day is decided by the most local entry for it: an override of the school, of its county, of its city, of the province;
then the term tables, most local first; then the statutory days with their make-up workdays (chinesecalendar); then the
weekday. If the statutory days of a year are not known here, weekdays are school days, and the answer says so
(`ReportDue.assumed`), until a calendar has entered them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import chinese_calendar

from pipeline.model import HOME_CAMPUS, WHOLE_SCHOOL, ClosureFacts, ClosureState, SchoolFacts, SpanKind

ZONE = ZoneInfo("Asia/Shanghai")
VOID_CLOSURES = frozenset({ClosureState.WITHDRAWN, ClosureState.RETURNED})  # states of a closure that is not in force

_TERM = SpanKind.TERM  # looked up once: asked of every span for every school
_ONE_DAY = timedelta(days=1)
_NEW_SCHOOL_YEAR = 9  # September
_SPRING_TERM = range(2, 9)
# A term table that was not renewed must not silence the schools for ever: when more than the longest break (in summer)
# has passed since its last term, it is ignored, and the statutory days decide.
_SATURDAY = 5  # as date.weekday() counts
_FIXED = ((1, 1), (5, 1), (10, 1))  # 元旦, 劳动节, 国庆节: statutory days of every year (全国年节及纪念日放假办法)
_LONGEST_BREAK = timedelta(days=75)
LONGEST_TERM = 250  # days, with the vacation after it


def local_time(moment: datetime) -> str:
    """2026-11-20 14:05."""
    return f"{moment.astimezone(ZONE):%Y-%m-%d %H:%M}"


def short_time(moment: datetime) -> str:
    """11-20 14:05."""
    return f"{moment.astimezone(ZONE):%m-%d %H:%M}"


class Off(StrEnum):
    """Why no report is due, in the words the papers print."""

    WEEKEND = "周末"
    STATUTORY = "法定节假日"
    HOLIDAY = "放假"  # by a school's, county's or city's own decision
    VACATION = "假期"  # outside the terms
    CLOSED = "停课"


@dataclass(frozen=True, slots=True)
class CalendarSpan:
    """One line of a calendar: of `place` (school or division code), both ends included.

    `term`: days between terms are vacation. `holiday`: nothing is due. `schoolday`: a report is due whatever the
    statutory days are. `stage` "" means all stages.
    """

    place: str
    first: date
    last: date
    kind: SpanKind
    stage: str = ""
    note: str = ""
    ref: str = ""  # 编号: by which a workbook refers to this line

    def speaks(self, stage: str, day: date) -> bool:
        return self.stage in {"", stage} and self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class ReportDue:
    """Whether a report is due; if not, why (`reason` is an `Off`), and the note of the entry that decides (`note`).

    `assumed`: the year, if its statutory days are not known here and the weekday decided; else 0.
    """

    yes: bool
    reason: str = ""
    note: str = ""
    assumed: int = 0


DUE = ReportDue(yes=True)


ClassAt = tuple[str, str]  # campus, class key
_NO_CLASSES = frozenset[ClassAt]()


@dataclass(frozen=True, slots=True)
class SchoolDue:
    """What a school owes on one day: whether a report is due at all, from which campuses, and about which classes not.

    `off`: classes whose 学段 has no school that day; `closed`: classes that are closed, with their campus or alone.
    """

    due: ReportDue
    campuses: frozenset[str] = frozenset()
    off: frozenset[ClassAt] = frozenset()
    closed: frozenset[ClassAt] = frozenset()

    def of(self, school: SchoolFacts) -> SchoolFacts:
        """Return the school with the campuses from which a report is due, and the classes it is due about."""
        out = self.off | self.closed
        rooms = {at: one for at, one in school.classes.items() if at not in out}
        campuses = tuple(one for one in school.campuses if one in self.campuses)
        return replace(school, campuses=campuses, classes=rooms, off=out)


@dataclass(frozen=True, slots=True)
class Calendar:
    """All calendar entries; without any, the statutory days alone decide."""

    spans: tuple[CalendarSpan, ...] = ()
    # a province has hundreds of spans and 15,500 schools: for each only its own places are searched
    _by_place: Mapping[str, tuple[CalendarSpan, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found: dict[str, tuple[CalendarSpan, ...]] = {}
        for one in self.spans:
            found[one.place] = (*found.get(one.place, ()), one)
        object.__setattr__(self, "_by_place", found)

    def owes(self, places: Sequence[str], stages: Sequence[str], day: date) -> ReportDue:
        """Say whether there is school for any of these 学段s. `places`: a unit, then its divisions upwards
        (`units.Tree.chain`).
        """
        answers = [self._stage(places, stage, day) for stage in (stages or ("",))]
        return next((answer for answer in answers if answer.yes), answers[0])

    def of_school(
        self,
        places: Sequence[str],
        stages: Sequence[str],
        day: date,
        classes: Mapping[ClassAt, str],
        campuses: Sequence[str] = (HOME_CAMPUS,),
        closures: Iterable[ClosureFacts] = (),
    ) -> SchoolDue:
        """Say what a school owes: days are those of each class's 学段.

        `classes`: the 学段 of each, "" where it is not known: such a class has school whenever any 学段 of the school
        (`stages`) has. `closures`: of this school; it owes nothing if every campus that has school is closed as a
        whole.
        """
        own = stages or ("",)
        wanted = set(classes.values())
        if not wanted or "" in wanted:
            wanted = wanted - {""} | set(own)
        known = {one: self._stage(places, one, day) for one in (*own, *sorted(wanted)) if one in wanted}
        at_school = {stage for stage, answer in known.items() if answer.yes}
        at_school |= {""} if at_school.intersection(own) else set()
        off = _NO_CLASSES
        if not at_school.issuperset(classes.values()):
            off = frozenset(at for at, stage in classes.items() if stage not in at_school)
        with_classes = {campus for campus, _ in classes}
        taught = {campus for campus, _ in classes.keys() - off} if off else with_classes
        open_ones = [one for one in campuses if one in taught or (at_school and one not in with_classes)]
        shut = closed_campuses(closures, day)
        owing = frozenset(open_ones) - shut
        closed = _closed_classes(closures, classes, shut, day)
        due = next((answer for answer in known.values() if answer.yes is bool(open_ones)), DUE)
        if open_ones and not owing:
            due = ReportDue(yes=False, reason=Off.CLOSED, assumed=due.assumed)
        return SchoolDue(due, owing, off, closed)

    def of_facts(
        self, divisions: Sequence[str], school: SchoolFacts, day: date, closures: Iterable[ClosureFacts] = ()
    ) -> SchoolDue:
        """Say what a school owes; `divisions`: that of the school, upwards."""
        classes = {at: one.stage for at, one in school.classes.items() if one.confirmed}
        return self.of_school((school.code, *divisions), school.stages, day, classes, school.campuses, closures)

    def school_days_between(
        self, places: Sequence[str], stages: Sequence[str], first: date, last: date
    ) -> tuple[date, ...]:
        """Return the school days from `first` to before `last`."""
        return tuple(self.missed(places, stages, first, last))

    def missed(self, places: Sequence[str], stages: Sequence[str], start: date, day: date) -> Iterator[date]:
        """Yield the school days from `start` to before `day`."""
        return (between for between in _days(start, day) if self.owes(places, stages, between).yes)

    def anywhere(self, root: str, day: date) -> ReportDue:
        """Say whether there may be school anywhere below `root`: by its own calendar, or by that of any place."""
        here = self.owes((root,), (), day)
        if here.yes:
            return here
        own = ((place, stage) for place, lines in self._by_place.items() for stage in {one.stage for one in lines})
        answers = (self._stage((place, root), stage, day) for place, stage in own)
        return next((answer for answer in answers if answer.yes), here)

    def uncovered(self, place: str, first: date, last: date) -> Mapping[int, date]:
        """Return the years in which days of `place` are by weekday only, each with the first such day; `last` too."""
        found: dict[int, date] = {}
        for day in _days(first, last + _ONE_DAY):
            if day.year not in found and self.owes((place,), (), day).assumed:
                found[day.year] = day
        return found

    def of(self, place: str) -> tuple[CalendarSpan, ...]:
        """Return the lines of one place itself."""
        return self._of(place)

    def has_terms(self, place: str) -> bool:
        """Tell whether a place has a term table of its own, for whichever 学段."""
        return any(one.kind is _TERM for one in self._of(place))

    def week(self, places: Sequence[str], day: date) -> int:
        """Return the week of its term, weeks beginning on Monday; 0 if there is no term table."""
        for place in self._term_place(places, ""):
            for term in self._terms(place, ""):
                if term.first <= day <= term.last:
                    monday = term.first - _ONE_DAY * term.first.weekday()
                    return (day - monday).days // 7 + 1
        return 0

    def term_began(self, places: Sequence[str], day: date) -> date:
        """Return the first day of the term; the vacation after a term belongs to it. Without a term table: September
        and February.
        """
        for place in self._term_place(places, ""):
            began = [term.first for term in self._terms(place, "") if term.first <= day]
            if began and (day - max(began)).days < LONGEST_TERM:
                return max(began)
        return half_year(day)

    def _stage(self, places: Sequence[str], stage: str, day: date) -> ReportDue:
        places = [place for place in places if place in self._by_place]  # nearly no school has a calendar of its own
        for place in places:
            word = self._override(place, stage, day)
            if word:
                school = word.kind == SpanKind.SCHOOLDAY
                return DUE if school else ReportDue(yes=False, reason=Off.HOLIDAY, note=word.note)
        if any(self._vacation(place, stage, day) for place in self._term_place(places, stage)):
            return ReportDue(yes=False, reason=Off.VACATION)
        due = _statutory(day)
        if due.assumed and any(self._entered(place, stage, day.year) for place in places):
            return replace(due, assumed=0)
        return due

    def _entered(self, place: str, stage: str, year: int) -> bool:
        """Whether a place has entered the statutory days of a year: those that have a fixed date are among its days
        off.
        """
        off = [one for one in self._of(place) if one.kind == SpanKind.HOLIDAY]
        return bool(off) and all(any(one.speaks(stage, date(year, *day)) for one in off) for day in _FIXED)

    def _override(self, place: str, stage: str, day: date) -> CalendarSpan | None:
        """The entry of one place for a day: a stage's own before that of all stages, the shorter before the longer."""
        words = [s for s in self._of(place) if s.kind is not _TERM and s.speaks(stage, day)]
        return min(words, key=lambda s: (s.stage == "", s.last - s.first, s.kind, s.first), default=None)

    def _term_place(self, places: Sequence[str], stage: str) -> Sequence[str]:
        """The most local place that has a term table for the stage, as a list of one or none."""
        with_table = (p for p in places if self._terms(p, stage))
        return [p for p in [next(with_table, "")] if p]

    def _terms(self, place: str, stage: str) -> list[CalendarSpan]:
        terms = [s for s in self._of(place) if s.kind is _TERM and s.stage in {"", stage}]
        own = [s for s in terms if s.stage]
        return own or terms

    def _of(self, place: str) -> tuple[CalendarSpan, ...]:
        return self._by_place.get(place, ())

    def _vacation(self, place: str, stage: str, day: date) -> bool:
        terms = self._terms(place, stage)
        if any(term.first <= day <= term.last for term in terms):
            return False
        ended = [term.last for term in terms if term.last < day]
        to_come = [term.first for term in terms if term.first > day]
        return bool(ended) and (bool(to_come) or day - max(ended) <= _LONGEST_BREAK)


def closed_campuses(closures: Iterable[ClosureFacts], day: date) -> frozenset[str]:
    """Return the campuses closed as a whole on `day`; "" is among them if any is.

    The first day back is not closed; a closure withdrawn, or sent back by the county, does not count. A declared
    closure counts before the county confirms it: the papers say which ones are unconfirmed.
    """
    closed = {c.campus for c in closures if c.scope == WHOLE_SCHOOL and _closed(c, day)}
    return frozenset(closed | {""}) if closed else frozenset()


def closed_classes(closures: Iterable[ClosureFacts], campus: str, day: date) -> frozenset[str]:
    """Return the keys of the campus's classes that are closed individually on `day`."""
    return frozenset(c.scope for c in closures if c.campus == campus and c.scope != WHOLE_SCHOOL and _closed(c, day))


def _closed_classes(
    closures: Iterable[ClosureFacts], classes: Iterable[ClassAt], shut: frozenset[str], day: date
) -> frozenset[ClassAt]:
    alone = {(c.campus, c.scope) for c in closures if c.scope != WHOLE_SCHOOL and _closed(c, day)}
    return frozenset(at for at in classes if at[0] in shut or at in alone) if shut or alone else _NO_CLASSES


def _closed(closure: ClosureFacts, day: date) -> bool:
    return closure.state not in VOID_CLOSURES and closure.start <= day < closure.until


@lru_cache(maxsize=4096)
def _statutory(day: date) -> ReportDue:
    try:
        if chinese_calendar.is_workday(day):
            return DUE
    except NotImplementedError:
        weekday = day.weekday() < _SATURDAY
        return ReportDue(yes=weekday, reason="" if weekday else Off.WEEKEND, assumed=day.year)
    named = chinese_calendar.get_holiday_detail(day)[1]
    return ReportDue(yes=False, reason=Off.STATUTORY if named else Off.WEEKEND)


# --------------------------------------------------------------------------- the clock


def deadline(day: date, at: str = "15:00") -> datetime:
    """Return the moment (Asia/Shanghai) from which a report of `day` is late. `at` is HH:MM."""
    return datetime.combine(day, time.fromisoformat(at), tzinfo=ZONE)


def on_time(first_seen: datetime, day: date, at: str = "15:00") -> bool:
    """Say whether a report first seen then is on time: 15:00:00 itself is late (“3时前”)."""
    return first_seen < deadline(day, at)


def today(now: datetime) -> date:
    """Return the reporting date of an aware moment."""
    return now.astimezone(ZONE).date()


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """Return the first and the last moment of a day."""
    return datetime.combine(day, time.min, tzinfo=ZONE), datetime.combine(day, time.max, tzinfo=ZONE)


def clock_of(day: date, now: datetime) -> datetime:
    """Return the moment as of which a paper of `day` that is made `now` speaks: a past day's never after its end."""
    return min(now, datetime.combine(day + _ONE_DAY, time.min, tzinfo=ZONE))


def school_year(day: date) -> int:
    """Return 2026 for 2026-09-01 to 2027-08-31."""
    return day.year if day.month >= _NEW_SCHOOL_YEAR else day.year - 1


def year_began(year: int) -> date:
    """Return the first day of a school year."""
    return date(year, _NEW_SCHOOL_YEAR, 1)


def term(day: date) -> str:
    """Return the term of the day: `2026-1` for autumn 2026, `2026-2` for the spring after it."""
    return f"{school_year(day)}-{2 if day.month in _SPRING_TERM else 1}"


def half_year(day: date) -> date:
    """Return the first day of the term, by the month alone: 1 September or 1 February."""
    if day.month in _SPRING_TERM:
        return date(day.year, _SPRING_TERM[0], 1)
    return date(school_year(day), _NEW_SCHOOL_YEAR, 1)


def _days(first: date, last: date) -> Iterator[date]:
    return (first + _ONE_DAY * n for n in range((last - first).days))
