"""The words of figures: percent, differences, dates, states; one place, so that all papers say it alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from pipeline.rules.values import Rule, Stage

WEEKDAYS = "一二三四五六日"
NOTHING = "—"
_MINUTES_BELOW = 3  # hours; above, a span is told in whole ones


def condition(rule: Rule, group: str, scope: str) -> str:
    """A rule that came true, in words that name no class: 发热：同班 3 日内 ≥5 人.

    `scope` is that of the hit: "" for the whole campus, "宿舍 …", else a class.
    """
    if rule.stage is Stage.CLOSURE:
        return f"{group}：{rule.stage.label}"
    where = "全校" if not scope else "同宿舍" if scope.startswith("宿舍") else "同班"
    when = "当日现症" if rule.present else "当日" if rule.window == 1 else f"{rule.window} 日内"
    gap = " " if when[0].isdigit() else ""
    return f"{group}：{where}{gap}{when} {rule.threshold}" + ("" if rule.share else " 人")


def number(n: float) -> str:
    """1532 → 1,532; halves keep their .5."""
    return f"{n:,.0f}" if n == int(n) else f"{n:,.1f}"


def percent(rate: float | None, digits: int = 2) -> str:
    """0.0049 → 0.49%; — where there is no rate: missing is never zero."""
    return NOTHING if rate is None else f"{100 * rate:.{digits}f}%"


def points(now: float | None, then: float | None) -> float | None:
    """Difference in percentage points of what is printed, so that readers who subtract find the same."""
    if now is None or then is None:
        return None
    return round(round(100 * now, 2) - round(100 * then, 2), 2)


def chinese_date(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日（星期{WEEKDAYS[day.weekday()]}）"


def month_day(day: date) -> str:
    return f"{day.month:02d}-{day.day:02d}"


def day_name(day: date, today: date) -> str:
    """昨日, 上周五, else 11-18."""
    if day == today - timedelta(days=1):
        return "昨日"
    if day == today - timedelta(days=7):
        return f"上周{WEEKDAYS[day.weekday()]}"
    return month_day(day)


def clock(moment: datetime) -> str:
    return f"{moment.hour:02d}:{moment.minute:02d}"


def span(left: timedelta) -> str:
    """2 小时 20 分 … or 逾期 5 小时; minutes only below three hours."""
    minutes = abs(int(left.total_seconds() // 60))
    hours, rest = divmod(minutes, 60)
    fine = hours < _MINUTES_BELOW and (rest or not hours)  # nobody counts minutes when half a day is left
    text = (f"{hours} 小时" if hours else "") + (f" {rest} 分" if fine else "")
    text = text.strip()
    return text if left >= timedelta(0) else f"逾期 {text}"


def listed(names: Sequence[str], most: int = 3, unit: str = "所") -> str:
    """甲、乙、丙等 5 所."""
    shown = "、".join(names[:most])
    return shown if len(names) <= most else f"{shown}等 {len(names)} {unit}"
