"""Some days of a place in one table: how its schools reported, and who was often silent, late or wrong (通报).

Days are counted as the digests count them, each by itself: 人次 of a week are the sum of its days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pipeline.figures.duty import DAY_OFF, REPORTED, SILENT, StatusCounts
from pipeline.figures.words import NOTHING, assumed, joined, left_out, month_day, percent

_MOST_DAYS = 8  # named in a cell; the number beside them counts all


@dataclass(frozen=True, slots=True)
class Period:
    """Which days, of what place. `year`: of which days only the weekday says that they are school days; 0 for none."""

    code: str
    place: str
    first: date
    last: date
    year: int = 0


@dataclass(frozen=True, slots=True)
class PeriodLine:
    """A school or place over some days. `standings`: days of schools by status; `ill`: 因病人次, None if left out."""

    code: str
    name: str
    standings: Mapping[StatusCounts, int]
    ill: int | None = 0
    alerts: int = 0
    closures: int = 0

    def days(self, *which: StatusCounts) -> int:
        return sum(self.standings.get(one, 0) for one in which)

    @property
    def due(self) -> int:
        return sum(self.standings.values()) - self.days(StatusCounts.CLOSED, *DAY_OFF)


@dataclass(frozen=True, slots=True)
class SchoolConduct:
    """How one school reported over some days. `returned`: days on which rows or whole files of it went back."""

    code: str
    name: str
    county: str
    holder: str
    phone: str
    due: int
    silent: tuple[date, ...] = ()
    late: tuple[date, ...] = ()
    returned: tuple[date, ...] = ()

    @property
    def worst(self) -> tuple[int, int, int]:
        return len(self.silent), len(self.late), len(self.returned)


@dataclass(frozen=True, slots=True)
class PeriodTable:
    """What is printed: a list of an office, as a workbook or in a shell."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str | int | None, ...], ...]
    notes: tuple[str, ...] = field(default=())


def summed(code: str, name: str, lines: Sequence[PeriodLine], ill: int | None) -> PeriodLine:
    """The line of a place from those of its parts; `ill` is given, for it may be left out where theirs is not."""
    standings: Counter[StatusCounts] = Counter()
    for line in lines:
        standings.update(line.standings)
    return PeriodLine(
        code, name, standings, ill, sum(line.alerts for line in lines), sum(line.closures for line in lines)
    )


def summary(about: Period, lines: Sequence[PeriodLine], small: int = 0) -> PeriodTable:
    """The days of a place: a line for each of its parts, the whole last. `small`: below it a count is not shown."""
    header = (
        *("代码", "名称", "应报（校·日）", "按时", "迟报", "未报", "免报", "报告率", "按时率", "因病（人次）"),
        *("发出预警", "停课"),
    )
    notes = (*_notes(about), *([left_out(small)] if small else []))
    return PeriodTable(f"学生缺课报告汇总 {about.place}", header, tuple(map(_summary_row, lines)), notes)


def _summary_row(line: PeriodLine) -> tuple[str | int | None, ...]:
    asked = line.due - line.days(StatusCounts.EXCUSED)
    reported, on_time = line.days(*REPORTED), line.days(StatusCounts.ON_TIME)
    return (
        line.code,
        line.name,
        line.due,
        on_time,
        line.days(StatusCounts.LATE),
        line.days(*SILENT),
        line.days(StatusCounts.EXCUSED),
        percent(reported / asked if asked else None, 1),
        percent(on_time / asked if asked else None, 1),
        NOTHING if line.ill is None else line.ill,
        line.alerts,
        line.closures,
    )


def bulletin(about: Period, schools: Sequence[SchoolConduct], least: int, *, below: bool) -> PeriodTable:
    """The schools that were silent, late or wrong on `least` days or more, the worst first. `below`: of more counties
    than one.
    """
    found = sorted(
        (one for one in schools if max(one.worst) >= least),
        key=lambda one: (*(-n for n in one.worst), one.county, one.code),
    )
    header = (
        *(("县（市、区）",) if below else ()),
        *(
            "标识码",
            "学校",
            "应报（天）",
            "未报（天）",
            "迟报（天）",
            "有退回（天）",
            "未报日期",
            "迟报日期",
            "退回日期",
        ),
        *("填报人", "电话"),
    )
    rows = tuple((*((one.county,) if below else ()), *_bulletin_row(one)) for one in found)
    notes = (
        *_notes(about),
        f"列出未报、迟报或有退回的天数达到 {least} 天的学校，共 {len(found)} 所（应报的共 {len(schools)} 所）。",
        "未报含报了一部分、退回未改和待核；有退回是当天交来的表有整份或几行没有收下，改好了也算一天。",
    )
    return PeriodTable(f"学生缺课日报通报名单 {about.place}", header, rows, notes)


def _bulletin_row(one: SchoolConduct) -> tuple[str | int, ...]:
    days = (_named(which) for which in (one.silent, one.late, one.returned))
    return (one.code, one.name, one.due, *one.worst, *days, one.holder, one.phone)


def _named(days: Sequence[date]) -> str:
    return joined(map(month_day, days[:_MOST_DAYS])) + ("等" if len(days) > _MOST_DAYS else "")


def _notes(about: Period) -> Iterator[str]:
    yield f"{about.first} 至 {about.last}，按每天的时限分别计。放假、学期外和全校停课的不算应报。"
    if about.year:
        yield assumed(about.year)
