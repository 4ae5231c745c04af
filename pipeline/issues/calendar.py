"""About a 校历登记表: spans in conflict, and the days they concern."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.issues.entry import Message, advice, error, query

SPANS: Mapping[str, Message] = {
    "span-kind-missing": error("没有选类别。", "请选 学期、放假 或 上课（补课）。"),
    "span-kind-unknown": error("“{column}”的“{value}”没看懂。", "请选 学期、放假 或 上课。", unsaid=("choices",)),
    "span-first-missing": error("没有填开始日期。", "请填开始日期，如 2026-10-01。"),
    "span-backwards": error("结束日期 {value} 早于开始日期。", "请核对两个日期。"),
    "span-long": error(
        "从开始到结束有 {days} 天，太长了。",
        "请核对年份：一个学期不超过 200 天，一段假不超过 100 天。",
        public=("days",),
    ),
    "span-repeated": error("与第 {first} 行是同一段时间。", "请只留一行。", public=("first",)),
    "span-overlaps": error(
        "与第 {first} 行重叠：{other}。", "同一学段同一天只能有一种说法，请改一行。", public=("first",)
    ),
    "span-contradicts": error(
        "与已登记的“{other}”重叠。",
        "请直接改那一行（编号 {ref}），或在那一行“撤销”选 是，再另写一行。",
        public=("ref",),
    ),
    "span-ref-unknown": error(
        "登记的校历里没有编号“{value}”。", "新加的一行请把编号清空；要改已有的，请用新下载的模板。"
    ),
    "span-withdraw-unknown": error(
        "没有找到要撤销的这一段。", "请照抄已登记的类别、学段和起止日期，或用新下载的模板。"
    ),
    "calendar-changes": advice("校历改动 {count} 处。", public=("count",)),
    "calendar-sweeps": query(
        "这份校历要{head}，比平常多得多，怕是填错或往下拖出来的，先没有生效：{days}（{what}）。",
        "若确实如此，请在县级处理单的“待核”里选“确认”，或请管理员放行；若填错了，请改好再发，这一份不用管。",
        public=("head", "days"),
        cost="登记的校历没有变动。",
    ),
    "calendar-same": advice("内容与登记的校历一致，没有改动。"),
    "calendar-days": advice(
        "改动涉及已经报过的 {count} 天：{days}；这些天的统计会重新计算。", public=("count", "days")
    ),
}
