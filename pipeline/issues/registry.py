"""About 名册 and 校历: what a row contradicts, and what became of what was said."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.issues.entry import Message, advice, error, query

_ROSTER: Mapping[str, Message] = {
    "organ-missing": error("没有选机构。", "请选 教育局、卫健委 或 疾控中心；不填联系人就把整行清空。"),
    "organ-repeated": error("同一机构出现了两次（另一处在第 {first} 行）。", "请只留一行。", "first"),
    "organ-not-schools": error("学校的名册里不能改机构的联系人。", "请删去这一行；机构由县（市、区）登记。"),
    "class-number-unclear": query(
        "班级“{value}”看不出是哪个年级、哪个班，已按原样登记。",
        "若不是这样叫的，请写成 三(2)班 这样的名称再发。",
    ),
    "class-roll-unlikely": query(
        "学生人数 {value} 不像一个班的人数，已按所填登记。", "请核对；这个班没有了，请填“停用日期”。"
    ),
    "campus-row-whole": query(
        "“{column}”按整所学校登记，校区这一行填的没有用。",
        "以本部那一行为准；一个校区启用、停办，请在“班级”表填那些班的启用、停用日期。",
    ),
    "until-before-from": error("停用日期 {value} 不晚于启用日期。", "请核对两个日期的年份和月份。"),
}

_SAID: Mapping[str, Message] = {
    "registry-changes": advice("名册改动 {count} 处，自 {day} 起生效。", "", "count", "day"),
    "registry-change": advice("{what}。", "", "what"),
    "registry-rest": advice("另有 {rest} 处改动未列出。", "", "rest"),
    "registry-same": advice("内容与登记册一致，没有改动。"),
    "registry-proposed": advice(
        "改动 {count} 处，已转县（市、区）确认；确认之前仍按原来的名册。", "无需再发，等县（市、区）答复。", "count"
    ),
    "registry-confirmed": advice("县（市、区）已确认，改动 {count} 处，自 {day} 起生效。", "", "count", "day"),
    "registry-returned": error("县（市、区）没有同意这份名册的改动：{why}。", "请按说明改好后再发。", "why"),
}

_CALENDAR: Mapping[str, Message] = {
    "span-kind-missing": error("没有选类别。", "请选 学期、放假 或 上课（补课）。"),
    "span-kind-unknown": error("“{column}”的“{value}”没看懂。", "请选 学期、放假 或 上课。", "choices"),
    "span-first-missing": error("没有填开始日期。", "请填开始日期，如 2026-10-01。"),
    "span-backwards": error("结束日期 {value} 早于开始日期。", "请核对两个日期。"),
    "span-long": error(
        "从开始到结束有 {days} 天，太长了。", "请核对年份：一个学期不超过 200 天，一段假不超过 100 天。", "days"
    ),
    "span-repeated": error("与第 {first} 行是同一段时间。", "请只留一行。", "first"),
    "span-overlaps": error(
        "与第 {first} 行重叠：{other}。", "同一学段同一天只能有一种说法，请改一行。", "first", "other"
    ),
    "span-contradicts": error(
        "与已登记的“{other}”重叠。",
        "请直接改那一行（编号 {ref}），或在那一行“撤销”选 是，再另写一行。",
        "other",
        "ref",
    ),
    "span-ref-unknown": error(
        "登记的校历里没有编号“{value}”。", "新加的一行请把编号清空；要改已有的，请用新下载的模板。"
    ),
    "span-withdraw-unknown": error(
        "没有找到要撤销的这一段。", "请照抄已登记的类别、学段和起止日期，或用新下载的模板。"
    ),
    "calendar-changes": advice("校历改动 {count} 处。", "", "count"),
    "calendar-same": advice("内容与登记的校历一致，没有改动。"),
    "calendar-days": advice("改动涉及已经报过的 {count} 天：{days}；这些天的统计会重新计算。", "", "count", "days"),
}

ENTRIES: Mapping[str, Message] = {**_ROSTER, **_SAID, **_CALENDAR}
