"""A zero report in one line: 零报告, 今日零缺课, 全部到齐. What is more than that, or doubts it, is asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.forms.base import Fixed, Frame
from pipeline.forms.dates import report_day
from pipeline.forms.text_normalise import fold

_WHO = r"(?:(?:学生|幼儿|孩子|小朋友|同学|师生|人)们?)"
_NOT_ABOUT = r"(?!情况|报告|日报|汇报|监测|上报|填报)"  # a title, over a file that was forgotten
_ZERO = re.compile(
    rf"[零0无]\s*(?:报告|{_WHO}?缺[课勤席])|[零0]\s*上?报(?!告)"
    rf"|(?:没有|没|无)(?:一个|一名|一位|一|任何)?{_WHO}?缺[课勤席]的?(?:{_WHO}|情况|现象)?"
    rf"|缺[课勤席]{_WHO}?(?:人数|总数|数)?[:是为]?(?<![0-9])[0零](?![0-9.])[人名例]?"
    rf"|{_WHO}?(?:全部|全员|全体|全都|都|均){_WHO}?(?:已经|已|都|均|全部)*(?:按时|准时|正常)?"
    rf"(?:到齐|到校|到园|到课|到班|出勤|来齐|来了|到了|来上学|在校|在园)了?{_NOT_ABOUT}"
    rf"|(?:全勤|满勤|到齐了?){_NOT_ABOUT}|出勤率?[:为是]?100%|一个[都也]?[不没](?:少|缺|落)"
)
_COUNTS = re.compile(r"应[到出](?:人数)?:?(\d+)人?[,、;.。]?实[到出](?:人数)?:?(\d+)人?")
_BESIDE = re.compile(
    r"今日|今天|本日|当日|我校|本校|我园|本园|全校|全园|学生|幼儿|日报|报告|上报|报送|汇报|情况|缺课|监测|填报"
    r"|[\s:：,，。.!！;；、|()（）\-—_~～\"“”《》]"
)
_POLITE = re.compile(
    r"回复|转发|答复|(?:您|你|大家|上午|下午|早上|中午)好|老师|领导|请(?:查收|知悉|知晓|审阅)|特此|谢谢|辛苦了?|如题|re:|fw:"
    r"|发自我的\w+",
    re.IGNORECASE,
)
_SOMEBODY = re.compile(
    r"[1-9一二两三四五六七八九十几数][0-9十]*\s*(?:人|名|例|个)|发[热烧]|呕|吐|泻|咳|病|疹|感冒|请假|除|但|更正|不是|取消|作废|[?？吗]"
)
_ABSENT = re.compile(
    r"[1-9一二两三四五六七八九十几数][0-9十]*\s*(?:人|名|例)|发[热烧]|呕吐|腹泻|请假|病假|感冒|咳嗽|水痘|生病|病了|没来|未到"
    r"|缺[课勤席](?!日报|报|监测|登记|情况|管理|上报)"
)
_SHORT = 4  # signs of a school's name that its clerks write instead of the whole


@dataclass(frozen=True, slots=True)
class ZeroLine:
    """A line that speaks of a zero report: of which day; None if it cannot be taken as one."""

    day: date | None


def read(subject: str, lines: Sequence[str], school: str, seen: date) -> ZeroLine | None:
    """Read a mail without files, by its subject and its body's first line; None if it speaks of nothing of the kind.

    `lines`: the first of its body: where a later one speaks of somebody, the mail cannot be taken as a zero report.
    `school`: its name, which may stand in the line, or its end; `seen`: the day on which it came, for a line without a
    day.
    """
    first, *later = [_without(fold(line), fold(school)) for line in (subject, *lines)]
    pair = [first, *later[:1]]
    said = [_line(line, seen) for line in pair]
    zero = [one for one in said if one is not None]
    if not zero:
        return None
    others = [line for line, one in zip(pair, said, strict=True) if one is None]
    somebody = any(map(_SOMEBODY.search, others)) or any(_ABSENT.search(_ZERO.sub("", line)) for line in later[1:])
    return ZeroLine(None) if somebody or len({one.day for one in zero}) > 1 else zero[0]


def _without(line: str, school: str) -> str:
    """A line without the name of its school, and with numbers of pupils that say that all are there in words."""
    for start in range(len(school) - _SHORT + 1):
        if school[start:] in line:
            line = line.replace(school[start:], "")
            break
    return _COUNTS.sub(lambda found: "零缺课" if found[1] == found[2] else found[0], line)


def _line(line: str, seen: date) -> ZeroLine | None:
    if not _ZERO.search(line):
        return None
    left = _POLITE.sub("", _ZERO.sub("", line))
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
        r"今日|今天|我校|本校|我园|本园|全校|全园|学生|幼儿|日报|报告|上报|报送|汇报|情况|缺课|监测|填报", "", text
    )
    return words.strip(' :：,，。.!！;；、|()（）—_~～“”"《》')
