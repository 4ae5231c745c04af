"""Moments: a day with a time of day, as cells keep them and people write them: 今天下午4点半, 11.20 16：30, 20日24:00.

Naive, wall clock of Asia/Shanghai. A day alone is its midnight. A time alone is asked about, as is a part of a day
without an hour, except where `halves` says which hour it stands for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from pipeline.forms.base import Bad, Fixed, Frame, Parser
from pipeline.forms.dates import bare, day, from_number, from_text
from pipeline.forms.text_normalise import blank, fold

_NUMBERS = {**{word: n for n, word in enumerate("一二三四五六七八九十", 1)}, "两": 2, "十一": 11, "十二": 12}
_PARTS = {
    "上午": 0,
    "早上": 0,
    "早晨": 0,
    "清晨": 0,
    "凌晨": 0,
    "中午": 12,
    "下午": 12,
    "傍晚": 12,
    "晚上": 12,
    "晚": 12,
}
_MINUTES = {"半": 30, "一刻": 15, "三刻": 45, "整": 0}
_CLOCK = re.compile(
    rf"(?:(?P<part>{'|'.join(_PARTS)})|(?<=[日号天早])|(?<=\s)|^)\s*"
    rf"(?P<hour>[0-9]{{1,2}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
    r"(?::(?P<minute>[0-9]{2})(?::[0-9]{2}(?:\.[0-9]+)?)?|[点时](?:(?P<word>半|一刻|三刻|整)|(?P<more>[0-9]{1,2})分?)?)"
    r"(?:左右|多)?(?:起|开始|始)?$"
)
_PART_ONLY = re.compile(rf"(?P<part>{'|'.join(_PARTS)})(?:起|开始|始)?$")
HALVES: Mapping[str, int] = {"上午": 8, "早上": 8, "中午": 12, "下午": 13}
"""From which hour people mean: 停课 from 11月20日下午 is from 13:00."""


def moment(*, ahead: bool = False, halves: Mapping[str, int] | None = None) -> Parser:
    """Date and time of day. `halves`: the hours that parts of a day stand for, if an hour is missing."""
    parse_day = day(ahead=ahead)

    def parse(cell: object, frame: Frame) -> object:
        if isinstance(cell, datetime):
            return cell.replace(second=0, microsecond=0, tzinfo=None)
        if isinstance(cell, float) and not cell.is_integer() and cell > 13:
            return _from_serial(cell, frame)
        got = _from_text(cell, frame, halves or {}, ahead=ahead) if isinstance(cell, str) else parse_day(cell, frame)
        if isinstance(got, Bad):
            return Bad("moment-unreadable") if got.issue == "date-unreadable" else got
        value = got.value if isinstance(got, Fixed) else got
        if not isinstance(value, date) or isinstance(value, datetime):
            return got
        midnight = datetime.combine(value, time())
        return midnight if got is value and not isinstance(cell, str) else Fixed(midnight)

    return parse


def _from_serial(cell: float, frame: Frame) -> object:
    got = from_number(float(math.floor(cell)) if math.isfinite(cell) else cell, frame)
    if not isinstance(got, date):
        return got
    minutes = round((cell - int(cell)) * 24 * 60)
    return datetime.combine(got, time()) + timedelta(minutes=minutes)


def _from_text(cell: str, frame: Frame, halves: Mapping[str, int], *, ahead: bool) -> object:
    if blank(cell):
        return None
    words = re.sub(r"(?<=[0-9])[Tt](?=[0-9])", " ", " ".join(cell.replace("：", ":").split()))
    found = _CLOCK.search(words)
    if found is None:
        part = _PART_ONLY.search(words)
        if part is None:
            return from_text(bare(fold(words)), frame, ahead=ahead)
        hour, minute, head = halves.get(part["part"], 99), 0, words[: part.start()]
    else:
        hour, minute, head = _hour(found), _minute(found), words[: found.start()]
    got = from_text(bare(fold(head)), frame, ahead=ahead) if not blank(head) else Bad("date-unreadable")
    value = got.value if isinstance(got, Fixed) else got
    if not isinstance(value, date):
        return got
    if found is None and hour > 24:
        return Bad("date-unreadable")
    if (hour, minute) == (24, 0):
        return Fixed(datetime.combine(value, time()) + timedelta(days=1))
    return Fixed(datetime.combine(value, time(hour, minute))) if hour < 24 and minute < 60 else Bad("date-impossible")


def _hour(found: re.Match[str]) -> int:
    """The hour of twenty-four: 下午4点 is 16, 中午11点 is 11, 晚上12点 the midnight after."""
    hour = _NUMBERS.get(found["hour"]) or int(found["hour"])
    part = found["part"] or ""
    if part == "凌晨" and hour == 12:
        return 99  # of this day, or the next
    if part == "中午":
        return hour + 12 if hour < 4 else hour
    if part.startswith("晚") and hour == 12:
        return 24
    return hour + _PARTS.get(part, 0) if hour < 12 else hour


def _minute(found: re.Match[str]) -> int:
    return _MINUTES[found["word"]] if found["word"] else int(found["minute"] or found["more"] or 0)
