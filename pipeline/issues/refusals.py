"""The one catalogue of refusals: why a decision could not be carried out, for the person who made it.

Code → text; `{…}` stands for a value that is given with it. A refusal changes nothing: the text gives the reason and,
if possible, what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pipeline.errors import UsageError

_ACCOUNTS: Mapping[str, str] = {
    "filing-unknown": "没有备案 {number}",
    "filing-held": "备案 {number} 待核，须先放行（queke held release）",
    "filing-done": "备案 {number} 没有待开户的账号，已经办过",
    "filing-refused-why": "请写明不予开户的理由",
    "filing-stamped-ahead": "签字盖章的日期还没到",
    "filing-unsigned": "备案 {number} 的签字盖章件还没有收到；已见到纸质件的，请写明盖章日期（--stamped-on）",
    "filing-unsigned-desk": "签字盖章件还没有收到；已见到纸质件的，请在“盖章日期”一列填上日期。",
    "username-asked-before": "{username}：更早的申请用的是同一个用户名，请先办那一份",
    "username-of-another": "{username}：这个用户名不能用，请退回，让申请单位换一个",
    "account-open": "{username}：这个账号已经开过；要换使用人，请退回重报",
    "account-unknown": "没有用户名为 {username} 的账号",
    "account-closed": "{username} 已经注销",
}
_DESK: Mapping[str, str] = {
    "ticket-unknown": "没有这样的凭单：{tickets}",
    "ticket-closed": "这一行已经不在退回未改之中。",
    "row-not-mendable": "这一行不能代改，请学校重发；确实不用改的选豁免。",
    "not-held": "不在待核中：{numbers}",
    "held-overtaken": "流水号 {number} 之后学校又报过（流水号 {later}），这份不能再放行；请退回，由学校重报",
    "closure-unknown": "没有这次停课：{closure}",
    "closure-moved-on": "这次停课已是别的状态，没有改动：{closure}",
    "alert-unknown": "没有编号为 {alert} 的预警",
    "alert-unanswered": "预警 {alert} {state}，没有等待确认的答复",
    "alert-names-no-row": "预警 {alert} 选了 A1，却没有标出有误的行，不能确认；请退回学校，标出后再答复",
    "alert-repeats-nothing": "预警 {alert} 已经排除或不成立，不能以与它重复为由排除；请退回学校重新答复",
    "raise-rule-unknown": "规则 {rule} 不由人上报；可以上报的是 {rules}",
    "raise-too-few": "{n} 人不到规则 {rule} 的标准（{least}）；尚未达到的，可以按 E05 上报",
    "raise-school-unknown": "名册里没有标识码为 {school} 的学校",
    "raise-school-elsewhere": "本县（市、区）的名册里没有“{school}”，或不止一所；请填标识码",
    "raise-campus-unknown": "没有校区“{campus}”；这所学校的校区是 {campuses}",
    "raise-rule-off": "规则 {rule} 在这所学校没有启用（见站点的 rules.toml）",
    "raise-again": "规则 {rule} 在 {day} 已经上报过，没有再报",
    "proposal-unknown": "没有这样的编号：{proposal}",
    "roster-not-waiting": "不在待确认的名册改动中：{proposal}",
    "class-not-waiting": "不在待确认的新增班级中：{proposal}",
    "class-unknown": "名册里没有这个班：{name}",
    "class-not-decided": "没有办过这个新增班级，或已经撤回：{proposal}",
    "undo-not-taken": "流水号 {number} 不是已收下的名册（校历），没有可撤回的；见 queke status、queke held list",
    "undo-nothing": "流水号 {number} 没有改动过登记的内容，没有可撤回的；待县确认的名册请用 queke proposals refuse",
    "undo-in-use": "{schools} 是这一份新登记的，之后已报过表，不能当作没有登记过；不再办的请在名册里填停办日期",
    "mailbox-not-asked": "不在待认的邮箱中：{mailbox}；见 queke mailboxes asked",
    "mailbox-not-decided": "没有办过这个邮箱，或已经撤回：{mailbox}",
    "mailbox-elsewhere": "这个邮箱现在是别的单位的，没有改：{mailbox}；要改的用 queke mailboxes unbind",
    "school-unknown": "名册里没有标识码为 {school} 的学校",
    "campus-unknown": "这所学校没有校区“{campus}”；它的校区是 {campuses}",
    "matter-unknown": "没有这一件待对账：{matter}",
    "matter-settled": "{matter} 已经办结，没有再改",
    "matter-no-roll": "{matter} 不是应到人数与名册不同，不能退回；核实了请选“确认”",
    "matter-moved-on": "{matter} 的情况有了变化，请看新的内容再办",
}
_SITE: Mapping[str, str] = {
    "database-unsupported": "database: 只支持 sqlite:/// 与 postgresql://（现为 {scheme}）",
    "database-missing": "database: 只支持 sqlite:/// 与 postgresql://（现为 空）",
    "trace-unknown": (
        "{code}: nothing of this code; take a submission's number, a ticket (T12-8), a pupil's code (三2-A7K3), "
        "an alert (2026-0001), a school and day (2132000001 2026-11-20) or an edition (D-320100-20261120-1)"
    ),
}

REFUSALS: Mapping[str, str] = MappingProxyType({**_ACCOUNTS, **_DESK, **_SITE})


def reason(code: str, /, **values: object) -> str:
    """Return the text of a refusal. KeyError for a missing code or value."""
    return REFUSALS[code].format(**values)


def refusal(code: str, /, **values: object) -> UsageError:
    """Return the error to raise when a decision cannot be carried out."""
    return UsageError(reason(code, **values))
