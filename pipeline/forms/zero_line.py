"""A zero report in one line: 零报告, 今日零缺课, 11月20日无缺课. What is more than that, or doubts it, is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from pipeline.forms.base import Fixed, Frame
from pipeline.forms.dates import report_day
from pipeline.forms.text_normalise import fold

_ZERO = re.compile(r"[零0无]\s*(?:报告|缺课|缺勤|人缺课|人缺勤)|(?:没有|无)(?:学生|幼儿|人)?(?:缺课|缺勤)")
_BESIDE = re.compile(
    r"今日|今天|本日|当日|我校|本校|我园|本园|全校|全园|学生|幼儿|日报|报告|上报|报送|情况|缺课|监测|填报|[\s:：,，。.!！;；、|()（）\-—_\"“”《》]"
)
_POLITE = re.compile(r"回复|转发|答复|您好|你好|老师|领导|请查收|谢谢|如题|re[:：]|发自我的\w+", re.IGNORECASE)
_SOMEBODY = re.compile(
    r"[1-9一二两三四五六七八九十几数][0-9十]*\s*(?:人|名|例|个)|发[热烧]|呕|吐|泻|咳|病|疹|感冒|请假|除|但|更正|不是|取消|作废|[?？吗]"
)


@dataclass(frozen=True, slots=True)
class ZeroLine:
    """A line that speaks of a zero report: of which day; None if it cannot be taken as one."""

    day: date | None


def read(subject: str, first_line: str, school: str, seen: date) -> ZeroLine | None:
    """Read a mail without files, by its subject and its body's first line; None if it speaks of nothing of the kind.

    `school`: its name, which may stand in the line; `seen`: the day on which it came, for a line without a day.
    """
    lines = [fold(line).replace(fold(school), "") for line in (subject, first_line)]
    said = [_line(line, seen) for line in lines]
    zero = [one for one in said if one is not None]
    if not zero:
        return None
    others = [line for line, one in zip(lines, said, strict=True) if one is None]
    if any(_SOMEBODY.search(line) for line in others) or len({one.day for one in zero}) > 1:
        return ZeroLine(None)
    return zero[0]


def _line(line: str, seen: date) -> ZeroLine | None:
    found = _ZERO.search(line)
    if found is None:
        return None
    left = _POLITE.sub("", line[: found.start()] + line[found.end() :])
    if _SOMEBODY.search(left):
        return ZeroLine(None)
    words = _BESIDE.sub("", left) if not re.search(r"[0-9一二三四五六七八九十]", left) else _trimmed(left)
    if not words:
        return ZeroLine(seen)
    got = report_day(words, Frame(day=seen))
    got = got.value if isinstance(got, Fixed) else got
    return ZeroLine(got if isinstance(got, date) else None)


def _trimmed(text: str) -> str:
    """A day with the words around it taken away, its own signs kept."""
    words = re.sub(
        r"今日|今天|我校|本校|我园|本园|全校|全园|学生|幼儿|日报|报告|上报|报送|情况|缺课|监测|填报", "", text
    )
    return words.strip(' :：,，。.!！;；、|()（）—_"“”《》')
