"""Vocabularies of the 预警信息报告卡. Codes are permanent; the reasons are those of the notice, two."""

from __future__ import annotations

from pipeline.alert_state import CardReason, CardVerdict
from pipeline.forms.base import vocabulary

VERDICT = vocabulary(
    "CardVerdict",
    {CardVerdict.STANDS: "不可排除", CardVerdict.EXCLUDED: "可排除"},
    {
        CardVerdict.STANDS: "不能排除 未排除 无法排除 不排除 属实 不可以排除",
        CardVerdict.EXCLUDED: "可以排除 排除 能排除 已排除 可排除的预警信息",
    },
)

REASON = vocabulary(
    "CardReason",
    {
        CardReason.WRONG: "A1 报告信息有误",
        CardReason.HANDLED: "A2 已由专业机构处理完毕",
        CardReason.TWICE: "A3 重复预警",
        CardReason.OTHER: "A9 其他",
    },
    {
        CardReason.WRONG: "报告信息有误 信息有误 信息错误 报错 填错 误报 核实后确认报告信息有错误",
        CardReason.HANDLED: "已由专业机构处理完毕 专业机构处理完毕 已处理 处理完毕 已处理完毕",
        CardReason.TWICE: "重复预警 重复",
        CardReason.OTHER: "其他 其它",
    },
)


FOUND = vocabulary(
    "CardFound",
    {"P10": "食物中毒", "P12": "群体性不明原因疾病", "E05": "其他突发公共卫生事件", "none": "都不是"},
    {
        "P10": "学校食物中毒 疑似食物中毒 食源性疾病",
        "P12": "不明原因疾病 群体不明原因疾病 不明原因",
        "E05": "其他突发事件 突发公共卫生事件 突发事件",
        "none": "无 没有 不是 都没有 以上都不是 不属于 撤回",
    },
)
"""What an alert turned out to be that records cannot show: the rule by which it is raised; or none, which takes
an earlier word back."""


RAISED = vocabulary(
    "Raised",
    {code: FOUND.labels[code] for code in ("P10", "P12", "E05")},
    {
        "P10": "P10 学校食物中毒 疑似食物中毒 食源性疾病 集体食物中毒",
        "P12": "P12 不明原因疾病 群体不明原因疾病 不明原因",
        "E05": "E05 其他突发事件 突发公共卫生事件 突发事件",
    },
)
"""What a person may raise that records cannot show: the rule."""


def closed_for(reason: str) -> str:
    """Why an alert was closed, as stored and printed: 可排除：A3 重复预警."""
    return f"可排除：{REASON.labels.get(reason, reason)}"


REPORT_WAY = vocabulary(
    "ReportWay",
    {"phone": "电话", "net": "网络", "group": "工作群", "written": "书面", "other": "其他"},
    {
        "phone": "打电话 电话报告 手机",
        "net": "网络直报 网报 系统 网上 邮件",
        "group": "微信 微信群 QQ群 群里 钉钉",
        "written": "书面报告 纸质 报告",
        "other": "其它 当面 口头",
    },
)

CHECKED_HOW = ("电话家长", "查看病历", "校医（保健医）检查", "疾控反馈")
MEASURES = ("通知家长", "患病学生居家", "就诊", "消毒", "通风", "加强晨午检", "健康教育", "应急接种", "停课")
"""Usual measures of schools: offered in the help of a field, not asked one by one."""
