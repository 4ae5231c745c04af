"""The words of figures: percent, differences, dates, states; in one place, so that all papers use the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from pipeline.model import ClosureState, Level
from pipeline.rules.values import DORM, TERM, Rule, Stage
from pipeline.schooldays import Off, short_time

WEEKDAYS = "一二三四五六日"
RUN_MOST = 10  # school days in a row that are searched for a report
NOTHING = "—"
FLU_DIAGNOSED = "流感确诊"  # of a case that counts as influenza-like by its diagnosis
OVERDUE = "逾期"
LEFT_OUT = "不列"  # a figure that would give a small count away
NOT_GIVEN = "没有写明"  # for a reason that was left blank
EXCUSED = "县级免报"
CLASSES = "个班"  # the unit that `listed` counts
A_CLASS = "班级"  # if a reader may not see which
EXPORT_TITLES: Mapping[str, str] = {
    "absence": "缺课登记",
    "counts": "缺课人数",
    "reports": "报告",
    "closures": "停课",
    "alerts": "预警",
}
CLOSURE_STATES: Mapping[str, str] = {
    ClosureState.DECLARED: "待县级确认",
    ClosureState.CONFIRMED: "县级已确认",
    ClosureState.RETURNED: "县级退回",
    ClosureState.ENDED: "已复课",
    ClosureState.WITHDRAWN: "已撤销",
}
SAME_CAMPUS = "同校区"  # beside 同班, 同宿舍: how a rule counts, whatever classes the cases are of
SCHOOL_CLOSURE = "达到全校（园）停课评估标准"
_WINDOWS: Mapping[int, str] = {1: "当日", TERM: "本学期内"}
_MINUTES_BELOW = 3  # hours; a longer span is printed in whole ones


def condition(rule: Rule, group: str, scope: str) -> str:
    """A rule that was met, in words that name no class: 发热：同班 3 日内 ≥5 人.

    `scope` is that of the hit: "" for the whole campus, "宿舍 …", else a class.
    """
    if rule.stage is Stage.CLOSURE:
        return f"{group}：{rule.stage.label if scope else SCHOOL_CLOSURE}"
    if rule.raised:
        return f"{group}：经核实上报"
    where = SAME_CAMPUS if not scope else f"同{DORM}" if scope.startswith(DORM) else "同班"
    when = "当日现症" if rule.present else _WINDOWS.get(rule.window) or f"{rule.window} 日内"
    gap = " " if when[0].isdigit() else ""
    ways = "或".join(way if way.endswith("%") else f"{way} 人" for way in rule.ways)
    tested = f"（检测阳性≥{rule.tested}）" if rule.tested else ""
    return f"{group}：{where}{gap}{when} {ways}{tested}"


def named_condition(rule: Rule, names: str, group: str, scope: str) -> str:
    """A rule that was met, after the names of its alert: 流行性感冒（发热：同班当日 ≥3 人）.

    The names stand in place of the group where they say it: 发热、呼吸道症状：同班当日 ≥3 人.
    """
    if group in names.split("、"):
        return condition(rule, names, scope)
    return f"{names}（{condition(rule, group, scope)}）"


def number(n: float) -> str:
    """1532 → 1,532; halves keep their .5."""
    return f"{n:,.0f}" if n == int(n) else f"{n:,.1f}"


def percent(rate: float | None, digits: int = 2) -> str:
    """0.0049 → 0.49%; — where there is no rate: missing is never zero."""
    return NOTHING if rate is None else f"{100 * rate:.{digits}f}%"


def points(now: float | None, then: float | None) -> float | None:
    """Difference in percentage points of the printed values, so that readers who subtract get the same."""
    if now is None or then is None:
        return None
    return round(round(100 * now, 2) - round(100 * then, 2), 2)


def chinese_date(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日（星期{WEEKDAYS[day.weekday()]}）"


def month_day(day: date) -> str:
    return f"{day.month:02d}-{day.day:02d}"


def from_when(start: datetime) -> str:
    """11-20 13:00, or 11-20 for what begins with its day."""
    return f"{start:%m-%d %H:%M}" if start.time() > time() else month_day(start)


def day_name(day: date, today: date) -> str:
    """昨日, 上周五, else 11-18."""
    if day == today - timedelta(days=1):
        return "昨日"
    if day == today - timedelta(days=7):
        return f"上周{WEEKDAYS[day.weekday()]}"
    return month_day(day)


def span(left: timedelta) -> str:
    """2 小时 20 分 … or 逾期 5 小时; minutes only below three hours."""
    minutes = abs(int(left.total_seconds() // 60))
    hours, rest = divmod(minutes, 60)
    fine = hours < _MINUTES_BELOW and (rest or not hours)  # minutes do not matter when half a day is left
    text = (f"{hours} 小时" if hours else "") + (f" {rest} 分" if fine else "")
    text = text.strip()
    return text if left >= timedelta(0) else f"{OVERDUE} {text}"


def kept_from(since: date) -> str:
    """What is said of a list that reaches back further than detail is kept."""
    return f"明细从 {since:%Y-%m-%d} 起，更早的日子按规定只留合计。"


def left_out(small: int) -> str:
    """Why counts of pupils are missing above county."""
    return (
        f"为保护学生个人信息，1–{small - 1} 人写作“<{small}”；能由合计、其他版次或附表推算出这类人数的人数和缺课率"
        f"也不列，写作“{NOTHING}”。"
    )


def joined(names: Iterable[str]) -> str:
    """甲、乙、丙."""
    return "、".join(names)


def clauses(parts: Iterable[str]) -> str:
    """甲；乙."""
    return "；".join(parts)


def days_lost(count: int) -> str:
    """How many school days a calendar would take away."""
    return f"减少上课日 {count} 天"


def some_days(days: Sequence[date], most: int) -> str:
    """2026-11-20、2026-11-23等: the first days, and whether there are more."""
    return joined(day.isoformat() for day in days[:most]) + ("等" if len(days) > most else "")


def period(first: date, last: date) -> str:
    """11-20, or 11-18 至 11-20."""
    return month_day(last) if first == last else f"{month_day(first)} 至 {month_day(last)}"


def file_sent(name: str, received_at: datetime) -> str:
    """A file as its sender knows it: 《缺课日报.xlsx》（11-20 14:05 收到）."""
    return f"《{name}》（{short_time(received_at)} 收到）"


def listed(names: Sequence[str], most: int = 3, unit: str = "所") -> str:
    """甲、乙、丙等 5 所."""
    shown = joined(names[:most])
    return shown if len(names) <= most else f"{shown}等 {len(names)} {unit}"


def all_classes(campus: str) -> str:
    """All classes of a campus that has not reported."""
    return f"{campus}全部班级"


def sent_below(level: Level) -> str:
    """The offices below a division that get its paper."""
    below = {Level.PROVINCE: "各设区市教育局", Level.CITY: "各县（市、区）教育局"}
    return below.get(level, "各学校（园）")


def day_off(why: Off) -> str:
    """Why there is no school on a day."""
    return {Off.WEEKEND: "周末", Off.STATUTORY: "法定节假日"}.get(why, "放假")


def assumed(year: int) -> str:
    """What a paper says of a day that is a school day, or none, by its weekday only; "" for year 0."""
    return f"{year} 年放假安排未载入，按星期推算" if year else ""


def printed_width(text: str) -> int:
    """Width in half-width characters, as a Chinese font prints: quotes and dots take two where a terminal takes one."""
    return sum(1 if char.isascii() else 2 for char in text)


def in_a_row(days: int, unit: str = "日") -> str:
    """Return how many school days in a row have no report: 3 日; 10 日以上 where no further ones were searched."""
    return f"{days} {unit}" if days < RUN_MOST else f"{RUN_MOST} {unit}以上"
