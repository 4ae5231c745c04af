"""Date cells: real dates, serials of both epochs, and the ways people write a date in Chinese.

Asked, never guessed: 11.2 (November 2nd or 20th), 11/12/2026, 周一 of a day ahead. A date without a year is the one in
the half year before the frame's day (about it, where it may lie ahead), of a calendar the one of its school year.
Other programs shift a date by their time zone: 23:59:17 of the day before (a zone's old local time), 16:00 of the day
before, 2026-11-19T16:00:00.000Z. All these are midnight in Shanghai.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time, timedelta, timezone

from pipeline.forms.base import Bad, Fixed, Frame, Parser
from pipeline.forms.text_normalise import blank, fold, shown

_EPOCH = date(1899, 12, 30)
_EPOCH_1904 = date(1904, 1, 1)
_FIRST, _LAST = date(2000, 1, 1), date(2100, 12, 31)
_WEEKDAY = re.compile(r"\(?(周|星期|礼拜)[一二三四五六日天]\)?")
_ONLY_WEEKDAY = re.compile(r"[本这]?(?:周|星期|礼拜)([一二三四五六日天])")  # 上周五 on a Sunday may be two days ago
_WEEKDAYS = {**{name: place for place, name in enumerate("一二三四五六日")}, "天": 6}
_BETWEEN = r"(?:-|/|\.|,|、|—{1,2}|–|−|~|_|\\)"
_FULL = re.compile(rf"([0-9]{{4}})(?:年|{_BETWEEN})([0-9]{{1,2}})(?:月|{_BETWEEN})([0-9]{{1,2}})[日号]?")
_DIGITS = {**dict(zip("〇一二三四五六七八九", "0123456789", strict=True)), "○": "0", "零": "0"}
_COUNTED = r"(?:[0-9]{1,2}|[一二三四五六七八九十廿卅]{1,3})"
_IN_WORDS = re.compile(rf"(?:([0-9]{{4}}|[〇○零一二三四五六七八九]{{4}})年)?(?:({_COUNTED})月)?({_COUNTED})([日号]?)")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2(20[0-9]{2})")
_YEAR_SHORT = re.compile(r"([0-9]{2})(?:年|([-/.]))([0-9]{1,2})(?:月|\2)([0-9]{1,2})[日号]?")
_STAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.[0-9]+)?\s?([Zz]|[+-][0-9]{2}:?[0-9]{2})"
)
_SOLID = re.compile(r"(20[0-9]{2})(0[1-9]|1[0-2])([0-3][0-9])")
_SHORT = re.compile(r"([0-9]{1,2})(?:月|-|/)([0-9]{1,2})[日号]?")
_DOTTED = re.compile(r"([0-9]{1,2})[.。．]([0-9]{1,2})[日号]?")
_FOUR = re.compile(r"(0[1-9]|1[0-2])([0-3][0-9])")  # 1130
_NUMBER_ONLY = re.compile(r"([0-9]{1,2})[日号]")
_TIME_BEHIND = re.compile(r"(?:\s+|(?<=[0-9])[Tt])[0-9]{1,2}[:：][0-9]{2}(?:[:：][0-9]{2}(?:\.[0-9]+)?)?\s*$")
_TENS = re.compile("廿|卅")
_NEXT_WEEK = re.compile(r"下(?:周|星期|礼拜|个星期|个礼拜)([一二三四五六日天])")
_TO_COME = {**dict.fromkeys(("明天", "明日", "明早"), 1), **dict.fromkeys(("后天", "后日"), 2), "大后天": 3}
_SPOKEN = {
    **dict.fromkeys(("今天", "今日", "当天", "当日", "本日", "今早", "今晨"), 0),
    **dict.fromkeys(("昨天", "昨日", "昨晚", "昨夜"), -1),
    **dict.fromkeys(("前天", "前日", "前晚"), -2),
    "大前天": -3,
}
_OF_A_DAY = re.compile(
    r"(?:上午|下午|早上|早晨|中午|晚上|(?<=[日号])晚|夜里|凌晨)?(?:[0-9]{1,2}[点时](?:半|[0-9]{1,2}分?)?(?:左右|多)?)?"
    r"(?:起|开始|至今|始)?$"
)  # 11月26日下午起
_FROM = re.compile(r"^(?:从|自|本月)")
_FAR = timedelta(days=180)
_NEAR = timedelta(days=15)  # 30日 without a month
_AHEAD = timedelta(days=10)
_SHANGHAI = timezone(timedelta(hours=8))
_ALMOST = timedelta(minutes=10)  # a zone's old local time differs by up to six minutes
_UTC_MIDNIGHT = time(16)  # Shanghai's midnight in UTC


def day(*, ahead: bool = False) -> Parser:
    """A date. `ahead`: it may be after the report's day (a planned resumption)."""

    def parse(cell: object, frame: Frame) -> object:
        if isinstance(cell, date):
            beneath = number_beneath(cell, frame)
            if beneath is not None:
                return from_number(beneath, frame, ahead=ahead)
            return _from_moment(cell) if isinstance(cell, datetime) else cell
        if blank(cell):
            return None
        if isinstance(cell, bool | time):
            return Bad("date-unreadable")
        if isinstance(cell, int | float):
            return from_number(cell, frame, ahead=ahead)
        if not isinstance(cell, str):
            return Bad("date-unreadable")
        if found := _STAMP.fullmatch(cell.strip()):
            return _from_stamp(found)
        # a time after a date is ignored (systems export 2026-11-20 00:00:00), while the blank still separates them
        return from_text(bare(fold(_TIME_BEHIND.sub("", cell))), frame, ahead=ahead)

    return parse


_day = day()


def report_day(cell: object, frame: Frame) -> object:
    """The day of a report. Without a year, or without a month, it is the one not after `frame.day`, on which the file
    came: 11.30, 11-30, 1130, 30日; 11.3 on November 30th may be the 3rd and is asked. So is 昨天: of which day?
    """
    if isinstance(cell, str) and _SPOKEN.get(bare(fold(cell))):
        return Bad("date-unreadable")
    got = _day(cell, frame)
    if not isinstance(got, Bad) or not isinstance(seen := frame.day, date):
        return got
    cell = number_beneath(cell, frame) if isinstance(cell, date) else cell
    found = {one for one in (*_of_a_year(cell, seen), *_of_a_month(cell, seen)) if one <= seen}
    return Fixed(found.pop()) if len(found) == 1 else Bad("date-ambiguous") if found else got


def school_year(seen: date) -> tuple[date, date]:
    """The first and last day of the school year that a plan is of: in summer of the one to come, without the
    July and August that may be of either.
    """
    if seen.month in (7, 8):
        return date(seen.year, 9, 1), date(seen.year + 1, 6, 30)
    year = seen.year - (seen.month < 7)
    return date(year, 9, 1), date(year + 1, 8, 31)


def number_beneath(cell: date, frame: Frame) -> float | None:
    """The small number that a cell formatted as a date shows as a day of 1900 or 1904: 38.6 as 1900-02-07; None for a
    day that may be one.
    """
    if (cell.date() if isinstance(cell, datetime) else cell) >= _FIRST:
        return None
    clock = cell.replace(tzinfo=None) if isinstance(cell, datetime) else datetime.combine(cell, time())
    epoch = _EPOCH_1904 if frame.date1904 else _EPOCH
    if not frame.date1904 and clock.date() < date(1900, 3, 1):
        epoch += timedelta(days=1)  # Excel's 1900 had a February 29th
    number = (clock - datetime.combine(epoch, time())) / timedelta(days=1)
    return round(number, 4)


def _from_moment(cell: datetime) -> object:
    """A date cell with a time of day: nearly always another program's midnight."""
    clock = cell.replace(tzinfo=None)
    if clock + _ALMOST >= datetime.combine(clock.date() + timedelta(days=1), time()):
        return Fixed(clock.date() + timedelta(days=1))
    evening = datetime.combine(clock.date(), _UTC_MIDNIGHT)
    if evening - _ALMOST < clock < evening or clock == evening:
        return Fixed(clock.date() + timedelta(days=1), "date-shifted")
    return clock.date()


def _from_stamp(found: re.Match[str]) -> object:
    """A moment with its zone, as programs write it: its day in Shanghai."""
    zone = "+00:00" if found[3] in "Zz" else found[3]
    try:
        moment = datetime.fromisoformat(f"{found[1]}T{found[2]}{zone}")
    except ValueError:
        return Bad("date-impossible")
    if moment.astimezone(UTC).year not in range(_FIRST.year, _LAST.year + 1):
        return Bad("date-impossible")
    return Fixed((moment.astimezone(_SHANGHAI) + _ALMOST).date())


def from_number(cell: float, frame: Frame, *, ahead: bool = False) -> object:
    """The day of a serial, of 20261120, or of 11.23."""
    if math.isnan(cell) or abs(cell) > 99_999_999:
        return Bad("date-unreadable")
    if float(cell).is_integer() and (found := _SOLID.fullmatch(str(int(cell)))):
        made = _made(int(found[1]), int(found[2]), int(found[3]))
        return made if isinstance(made, Bad) else Fixed(made)
    if 0 < cell < 13 and (found := _DOTTED.fullmatch(shown(cell))):
        return _pointed(found, frame, ahead=ahead)
    if not 1 <= cell <= 80_000:
        return Bad("date-unreadable")
    epoch = _EPOCH_1904 if frame.date1904 else _EPOCH
    made_day = epoch + timedelta(days=int(cell))
    if not _FIRST <= made_day <= _LAST:
        return Bad("date-unreadable")
    return made_day if float(cell).is_integer() else _from_moment(_epoch_moment(cell, epoch))


def _epoch_moment(serial: float, epoch: date) -> datetime:
    """Return the moment of an Excel serial, to the second."""
    whole = int(serial)
    return datetime.combine(epoch + timedelta(days=whole), time()) + timedelta(seconds=round((serial - whole) * 86400))


def bare(words: str) -> str:
    """A day without what people say around it: 从11月26日下午起."""
    return _OF_A_DAY.sub("", _FROM.sub("", words))


def from_text(words: str, frame: Frame, *, ahead: bool) -> object:
    """The day that folded words name."""
    if (told := _of_a_week(words, frame, ahead=ahead)) is not None:
        return told
    words = _plain(words)
    spoken = {**_SPOKEN, **_TO_COME} if ahead else _SPOKEN
    if words in spoken and frame.spoken and isinstance(frame.day, date):
        return Fixed(frame.day + timedelta(days=spoken[words]))
    if found := _FULL.fullmatch(words) or _SOLID.fullmatch(words):
        made = _made(int(found[1]), int(found[2]), int(found[3]))
        return made if isinstance(made, Bad) or words == made.isoformat() else Fixed(made)
    if found := _YEAR_LAST.fullmatch(words):
        first, second = int(found[1]), int(found[3])
        if first <= 12 and second <= 12 and first != second:
            return Bad("date-ambiguous")
        made = _made(int(found[4]), *((first, second) if second > 12 or first == second else (second, first)))
        return made if isinstance(made, Bad) else Fixed(made)
    if re.fullmatch(r"[3-7][0-9]{4}", words):
        made_number = from_number(int(words), frame)
        return Fixed(made_number) if isinstance(made_number, date) else made_number
    if isinstance(frame.day, date) and len(of_month := _of_a_month(words, frame.day, ahead=ahead)) == 1:
        return Fixed(of_month[0])
    if found := _SHORT.fullmatch(words):
        return _in_year(int(found[1]), int(found[2]), frame, ahead=ahead)
    if found := _DOTTED.fullmatch(words):
        return _pointed(found, frame, ahead=ahead)
    return _of_short_year(words, frame)


def _of_short_year(words: str, frame: Frame) -> object:
    """26.11.24: the one day near the frame's day that it may be; what is of another shape is no day."""
    found = _YEAR_SHORT.fullmatch(words)
    if found is None:
        return Bad("date-unreadable")
    year, second, third = int(found[1]), int(found[3]), int(found[4])
    readings = [(year, second, third), (third, second, year), (third, year, second)]  # the year first, or last
    made = {one for y, m, d in readings if isinstance(one := _made(2000 + y, m, d), date)}
    near = {one for one in made if isinstance(frame.day, date) and abs(one - frame.day) <= _FAR}
    return Fixed(near.pop()) if len(near) == 1 else Bad("date-ambiguous")


def _of_a_week(words: str, frame: Frame, *, ahead: bool) -> object:
    """周四: the last one that has come, up to the frame's day; 本周四 must lie in its week. Ahead 周四 is asked,
    下周四 read. None if no day of the week is named.
    """
    after = _NEXT_WEEK.fullmatch(words) if ahead else None
    found = after or _ONLY_WEEKDAY.fullmatch(words)
    if found is None:
        return None
    this = words[0] in "本这"
    if not isinstance(frame.day, date) or not frame.spoken or (ahead and not after and not this):
        return Bad("date-unreadable")
    from_now = _WEEKDAYS[found[1]] - frame.day.weekday()
    if ahead:
        return Fixed(frame.day + timedelta(days=from_now + 7 * bool(after)))
    if this and from_now > 0:
        return Bad("date-unreadable")
    return Fixed(frame.day - timedelta(days=-from_now % 7))


def _plain(words: str) -> str:
    """A day without its weekday, its numbers in digits: 十一月二十七日(周五) is 11月27日."""
    words = _WEEKDAY.sub("", words)
    found = _IN_WORDS.fullmatch(words)
    if found is None or words.isdecimal() or not (found[2] or found[4]):
        return words
    year = "".join(_DIGITS.get(char, char) for char in found[1] or "")
    month, number = (spoken_number(found[place] or "") for place in (2, 3))
    return f"{year}年" * bool(year) + f"{month}月" * bool(found[2]) + f"{number}{found[4] or '日'}"


def spoken_number(words: str) -> int:
    """Return what 一, 十一, 二十, 二十一 or 21 is; 0 for what is no number."""
    if words.isascii() and words.isdecimal():
        return int(words)
    tens, ten, ones = _TENS.sub(lambda found: {"廿": "二十", "卅": "三十"}[found[0]], words).rpartition("十")
    if len(tens) > 1 or len(ones) > 1:
        return 0
    value = int(_DIGITS.get(ones, "0"))
    return value + 10 * (int(_DIGITS.get(tens, "0")) if tens else 1) if ten else value


def _pointed(found: re.Match[str], frame: Frame, *, ahead: bool) -> object:
    """11.23, a text or a number: 11.2 may have lost a zero, and is asked if both days are possible."""
    month, number = int(found[1]), int(found[2])
    numbers = [number, number * 10] if len(found[2]) == 1 and number * 10 <= 31 else [number]
    made = [_in_year(month, one, frame, ahead=ahead) for one in numbers]
    days = [one for one in made if not isinstance(one, Bad)]
    return days[0] if len(days) == 1 else Bad("date-ambiguous") if days else made[0]


def _in_year(month: int, number: int, frame: Frame, *, ahead: bool) -> object:
    """A date without a year: the only one among the days that it may be."""
    if not isinstance(frame.day, date):
        return Bad("date-year-unclear")
    made = [_made(frame.day.year + n, month, number) for n in (0, -1, 1)]
    days = [one for one in made if isinstance(one, date)]
    if not days:
        return made[0]
    first, last = frame.among or (frame.day - _FAR, frame.day + _FAR if ahead else frame.day)
    found = [one for one in days if first <= one <= last]
    return Fixed(found[0]) if len(found) == 1 else Bad("date-year-unclear")


def _of_a_year(cell: object, seen: date) -> list[date]:
    """What a month and day without a year may mean; a number 11.3 has lost a zero, if there was one."""
    words = _plain(bare(fold(shown(cell))))
    found = _SHORT.fullmatch(words) or _DOTTED.fullmatch(words) or _FOUR.fullmatch(words)
    if found is None:
        return []
    numbers = {int(found[2])} | ({int(found[2]) * 10} if len(found[2]) == 1 and "." in words else set())
    pairs = {(int(found[1]), number) for number in numbers}
    pairs |= {(second, first) for first, second in pairs if first > 12}  # 30/11
    made = [_made(year, *pair) for year in (seen.year, seen.year - 1) for pair in pairs]
    return [one for one in made if isinstance(one, date) and seen - one <= _FAR]


def _of_a_month(cell: object, seen: date, *, ahead: bool = False) -> list[date]:
    """30日: of the last two weeks; where it may lie ahead, of ten days before and after."""
    found = _NUMBER_ONLY.fullmatch(_plain(bare(fold(shown(cell)))))
    if found is None:
        return []
    months = (seen, seen - timedelta(days=seen.day), seen.replace(day=1) + timedelta(days=31))
    made = (_made(one.year, one.month, int(found[1])) for one in months)
    since, until = (_AHEAD, _AHEAD) if ahead else (_NEAR, timedelta())
    return [one for one in made if isinstance(one, date) and seen - since <= one <= seen + until]


def _made(year: int, month: int, number: int) -> date | Bad:
    try:
        made = date(year, month, number)
    except ValueError:
        return Bad("date-impossible")
    return made if _FIRST <= made <= _LAST else Bad("date-impossible")
