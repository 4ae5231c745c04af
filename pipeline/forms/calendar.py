"""校历登记表: terms, days off and make-up school days of a county, a city, the province, or of one school.

Existing lines come prefilled with their 编号, by which a line is changed or withdrawn. A line that is not listed stays.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from pipeline.forms import cells, dates, heads, words
from pipeline.forms.base import Bad, Field, Fixed, Form, Frame, Mixed, Table
from pipeline.forms.columns import choice, day, flag, text
from pipeline.forms.text_normalise import fold

_ALL = frozenset(
    ("全部", "所有", "全体", "各学段", "全部学段", "所有学段", "全校", "全园", "全区", "全县", "全市", "全省")
)
_TILL = re.compile(r"[-~～至到—–]+")
_END = re.compile(r"([0-9]{1,2})[日号]?")
_several = cells.several(words.STAGE, "stage-unknown")
_day = dates.day(ahead=True)


def _stages(cell: object, frame: Frame) -> object:
    """学段, several; 全校 is all of them, as a blank is."""
    return Fixed(None) if isinstance(cell, str) and fold(cell) in _ALL else _several(cell, frame)


def _from(cell: object, frame: Frame) -> object:
    """The first day; 11月26日-27日 tells the last one, too."""
    got = _day(cell, frame)
    if got != Bad("date-unreadable") or not isinstance(cell, str):
        return got
    spans = {span for cut in _TILL.finditer(cell) if (span := _span(cell[: cut.start()], cell[cut.end() :], frame))}
    if len(spans) != 1:
        return got
    first, last = spans.pop()
    return Fixed(Mixed(first, "", (("last", last.isoformat()),)))


def _span(head: str, tail: str, frame: Frame) -> tuple[date, date] | None:
    first = _plain(_day(head.strip(), frame))
    if first is None:
        return None
    number = _END.fullmatch(fold(tail))
    last = _plain(_day(f"{first.year}年{first.month}月{number[1]}日" if number else tail.strip(), frame))
    return (first, last) if last and first < last else None


def _plain(got: object) -> date | None:
    value = got.value if isinstance(got, Fixed) else got
    return value if isinstance(value, date) else None


# a column a line, its words for people below it
# fmt: off
_SPANS = (
    choice("kind", "类别", words.SPAN, "span-kind-unknown", 10, key=True, must="span-kind-missing",
           example="放假", help="学期：从开学到放假；放假：不用报；上课：调休、补课，照常要报。"),
    choice("stage", "学段", words.STAGE, _stages, key=True, strict=False,
           decides=True, width=16, also="适用学段", example="小学、初中", help="空着是全部学段；几个学段用顿号隔开。"),
    day("first", "开始日期", parse=_from, key=True, must="span-first-missing", width=14,
        also="开始 起 起始日期 开学日期 日期", example="2026-11-12"),
    day("last", "结束日期", ahead=True, decides=True, width=14, also="结束 止 截止日期 放假日期",
        example="2026-11-13", help="含这一天；只有一天就空着。"),
    text("note", "说明", 80, width=30, also="备注 原因", example="秋假",
         help="如 秋假、校运动会、台风。会印在简报上。"),
    flag("withdraw", "撤销", kept=False, decides=True, width=8, also="是否撤销", help="选 是：这一行不算了。"),
    text("ref", "编号", 40, width=12, also="登记编号", help="系统给的编号，不要改；新加的行空着。"),
)
# fmt: on

SPANS = Table("spans", "校历", _SPANS, store="calendar_day", ditto=True)

CALENDAR = Form(
    name="calendar",
    title="校历登记表",
    alone=True,
    pupils=False,
    fields=(
        replace(
            heads.PLACE,
            aliases=("区划代码", "学校标识码", "单位代码"),
            help="县（市、区）、设区市填6位区划代码；学校填10位学校标识码。",
        ),
        Field("school", "单位名称", cells.text(60), known=True, aliases=("学校名称", "区划名称")),
        heads.REPORTER,
        heads.REVIEWER,
    ),
    tables=(SPANS,),
    of="division",
    dated=False,
    notes=(
        "只写与国家法定节假日和调休安排不同的：学期起止、自行放假、补课。没有列出的原样不动。",
        "简报、回执注明“放假安排未载入”的年份，由省把公布的放假登记为 放假，调休上课的登记为 上课。",
        "改一行就在原行上改；不要了就在“撤销”选 是；新加的写在下面空行，编号空着。",
    ),
)
