"""Which days are school days, for whom, and when a report counts as on time.

A day is decided by the most local entry for it: an override of the school, of its county, of its city, of the province;
then the term tables, most local first; then the statutory days with their make-up workdays (chinesecalendar); then the
weekday. If the statutory days of a year are not published, nothing is guessed: `UnknownYear` is raised.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import chinese_calendar

from pipeline.errors import QuekeError
from pipeline.model import WHOLE_SCHOOL, ClosureFacts, ClosureState, SpanKind

ZONE = ZoneInfo("Asia/Shanghai")
VOID_CLOSURES = frozenset({ClosureState.WITHDRAWN, ClosureState.RETURNED})  # states of a closure that is not in force

_TERM = SpanKind.TERM  # looked up once: asked of every span for every school
_ONE_DAY = timedelta(days=1)
_NEW_SCHOOL_YEAR = 9  # September
_SPRING_TERM = range(2, 9)
# A term table that was not renewed must not silence the schools for ever: when more than the longest break (in summer)
# has passed since its last term, it is ignored, and the statutory days decide.
_SATURDAY = 5  # as date.weekday() counts
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


class UnknownYear(QuekeError):  # noqa: N818 - a state of affairs, in the words people use
    """The statutory days of this year are not known here, and not guessed."""

    def __init__(self, year: int) -> None:
        super().__init__(
            f"{year} 年的法定节假日与调休安排尚未收录：请更新 chinesecalendar，或在校历中按日登记放假与上课"
        )
        self.year = year


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

    `year` is set if it is not known: then `known` is False and reading `owed` raises UnknownYear.
    """

    yes: bool
    reason: str = ""
    note: str = ""
    year: int = 0

    @property
    def known(self) -> bool:
        return self.year == 0

    @property
    def owed(self) -> bool:
        if self.year:
            raise UnknownYear(self.year)
        return self.yes


DUE = ReportDue(yes=True)


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

    def owes(
        self,
        places: Sequence[str],
        stages: Sequence[str],
        day: date,
        closures: Iterable[ClosureFacts] = (),
        campuses: Sequence[str] = (),
    ) -> ReportDue:
        """Say whether a school owes a report for `day`.

        `places`: its code, then its divisions upwards (`units.Tree.chain`). `stages`: its 学段s; a report is due if any
        of them has school. `closures`: of this school; nothing is due if every one of `campuses` (default: any) is
        closed as a whole that day.
        """
        answers = [self._stage(places, stage, day) for stage in (stages or ("",))]
        found = next((answer for answer in answers if answer.yes), None)
        found = found or next((answer for answer in answers if not answer.known), answers[0])
        if (found.yes or not found.known) and closed_campuses(closures, day).issuperset(campuses or {""}):
            return ReportDue(yes=False, reason=Off.CLOSED)
        return found

    def is_school_day(self, places: Sequence[str], stages: Sequence[str], day: date) -> bool:
        """Say whether there is school that day. Raises UnknownYear."""
        return self.owes(places, stages, day).owed

    def school_days_between(
        self, places: Sequence[str], stages: Sequence[str], first: date, last: date
    ) -> tuple[date, ...]:
        """Return the school days from `first` to before `last`. Raises UnknownYear."""
        return tuple(day for day in _days(first, last) if self.is_school_day(places, stages, day))

    def missed(self, places: Sequence[str], stages: Sequence[str], start: date, day: date) -> Iterator[date]:
        """Yield the school days from `start` to before `day`; of an unknown year the weekdays."""
        for between in _days(start, day):
            due = self.owes(places, stages, between)
            if due.yes if due.known else between.weekday() < _SATURDAY:
                yield between

    def of(self, place: str) -> tuple[CalendarSpan, ...]:
        """Return the lines of one place itself."""
        return self._of(place)

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
        for place in places:
            word = self._override(place, stage, day)
            if word:
                due = word.kind == SpanKind.SCHOOLDAY
                return DUE if due else ReportDue(yes=False, reason=Off.HOLIDAY, note=word.note)
        if any(self._vacation(place, stage, day) for place in self._term_place(places, stage)):
            return ReportDue(yes=False, reason=Off.VACATION)
        return _statutory(day)

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


def _closed(closure: ClosureFacts, day: date) -> bool:
    return closure.state not in VOID_CLOSURES and closure.start <= day < closure.until


@lru_cache(maxsize=4096)
def _statutory(day: date) -> ReportDue:
    try:
        if chinese_calendar.is_workday(day):
            return DUE
    except NotImplementedError:
        return ReportDue(yes=False, year=day.year)
    named = chinese_calendar.get_holiday_detail(day)[1]
    return ReportDue(yes=False, reason=Off.STATUTORY if named else Off.WEEKEND)


def year_known(year: int) -> bool:
    """Say whether the statutory days of a year are published here (for doctor and status)."""
    return _statutory(date(year, 6, 15)).known


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
