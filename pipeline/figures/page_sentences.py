"""The sentences of a missing list, of its text for a group chat, and of a school's page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.figures.duty import REPORTED, StatusCounts
from pipeline.figures.sentence import OTHERWISE, Place, Sentence, always

# --------------------------------------------------------------------------- the missing list


@dataclass(frozen=True, slots=True)
class ListCounts:
    """Who has reported by the time of a missing list."""

    due: int
    reported: int
    excused: int
    silent: int
    repeated: int = 0
    warned: int = 0  # of the silent, those with an open alert of which nothing is heard


MISSING: Place[ListCounts] = Place(
    "全文",
    "未报名单",
    (
        Sentence("无应报学校", lambda one: not one.due, "今日无应报学校。"),
        Sentence(
            "有未报，有连续未报",
            lambda one: bool(one.repeated),
            "应报 {due} 所，已报 {reported} 所{excusing}，*未报 {silent} 所*（{states}），"
            "其中连续两日以上 {repeated} 所。",
        ),
        Sentence(
            "有未报",
            lambda one: bool(one.silent),
            "应报 {due} 所，已报 {reported} 所{excusing}，*未报 {silent} 所*（{states}）。",
        ),
        Sentence(OTHERWISE, always, "应报 {due} 所，已报 {reported} 所{excusing}，无未报。"),
    ),
)

UNHEARD: Place[ListCounts] = Place(
    "在办预警未报",
    "未报名单",
    (
        Sentence("在办预警的班级或学校有未报", lambda one: bool(one.warned), "*在办预警未报 {warned} 所*，请先核实。"),
        Sentence(OTHERWISE, always, ""),
    ),
)

GROUP: Place[ListCounts] = Place(
    "没有未报时",
    "群通知",
    (
        Sentence("无应报学校", lambda one: not one.due, "今日无应报学校，不用报送。"),
        Sentence("应报学校都免报", lambda one: not one.reported, "应报 {due} 所均已免报，今天不用报送。"),
        Sentence(
            "有免报",
            lambda one: bool(one.excused),
            "应报 {due} 所，免报 {excused} 所，其余 {reported} 所已全部报送，谢谢各位老师。",
        ),
        Sentence(OTHERWISE, always, "应报 {due} 所，已全部报送，谢谢各位老师。"),
    ),
)


# --------------------------------------------------------------------------- a school's page


@dataclass(frozen=True, slots=True)
class SchoolSeen:
    """What a school's page has of its day.

    `absent`, `returned`: pupils listed; `counted`: 其他缺课 counted for classes, without names; `quiet`: classes
    that are not listed, because there is nothing to say of them.
    """

    standing: StatusCounts
    zero: bool = False
    absent: int = 0
    returned: int = 0
    counted: int = 0
    quiet: int = 0
    named: int = 0  # classes that are listed

    @property
    def whole(self) -> bool:
        return self.standing in REPORTED


def _is(*standings: StatusCounts) -> Callable[[SchoolSeen], bool]:
    return lambda one: one.standing in standings


PUPILS: Place[SchoolSeen] = Place(
    "缺课学生（没有列出的）",
    "学校台账",
    (
        Sentence("放假", _is(StatusCounts.HOLIDAY), "今日放假，不需报。"),
        Sentence("学期外", _is(StatusCounts.OUT_OF_TERM), "今日在学期之外，不需报。"),
        Sentence("全校停课", _is(StatusCounts.CLOSED), "今日全校停课，不需报。"),
        Sentence("已收到退回待改", _is(StatusCounts.RETURNED), "本校报告已收到，退回待改，各行均未收下。"),
        Sentence("待核", _is(StatusCounts.HELD), "本校报告已收到，待核，暂未计入。"),
        Sentence("免报", _is(StatusCounts.EXCUSED), "今日由县级免报。"),
        Sentence("未收到", _is(StatusCounts.MISSING), "今日尚未收到本校报告。"),
        Sentence(
            "有按班计数的其他缺课",
            lambda one: bool(one.counted),
            "没有逐个登记的缺课学生；其他缺课 {counted} 人只报人数，见下表。",
        ),
        Sentence("部分班级未报", _is(StatusCounts.PARTIAL), "已报的班级没有缺课学生。"),
        Sentence("零报告", lambda one: one.zero, "零报告：今日全校无缺课学生。"),
        Sentence(OTHERWISE, always, "今日未登记缺课学生。"),
    ),
)

LISTED: Place[SchoolSeen] = Place(
    "缺课学生（标题）",
    "学校台账",
    (
        Sentence("没有列出的", lambda one: not one.absent and not one.returned, "0 人"),
        Sentence(
            "有按班计数的其他缺课，有已返校",
            lambda one: bool(one.counted and one.returned),
            "列名 {absent} 人、已返校 {returned} 人；另有其他缺课 {counted} 人只报人数",
        ),
        Sentence(
            "有按班计数的其他缺课", lambda one: bool(one.counted), "列名 {absent} 人；另有其他缺课 {counted} 人只报人数"
        ),
        Sentence("有已返校", lambda one: bool(one.returned), "{absent} 人，另列已返校 {returned} 人"),
        Sentence(OTHERWISE, always, "{absent} 人"),
    ),
)

REST: Place[SchoolSeen] = Place(
    "班级（没有列出的）",
    "学校台账",
    (
        Sentence("没有列出的班", lambda one: not one.named, ""),
        Sentence("报齐，有无缺课的班", lambda one: one.whole and bool(one.quiet), "其余 {quiet} 个班无缺课。"),
        Sentence(
            "部分班级未报，有无缺课的班",
            lambda one: one.standing is StatusCounts.PARTIAL and bool(one.quiet),
            "已报的其余 {quiet} 个班无缺课。",
        ),
        Sentence(OTHERWISE, always, ""),
    ),
)
