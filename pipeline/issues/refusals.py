"""The one catalogue of refusals: why a decision could not be carried out, for the person who made it.

Code → text, in Chinese (also for the lines of a 处理单) and in English; `{…}` stands for a value that is given with it.
A refusal changes nothing: the text gives the reason and, if possible, what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from pipeline.errors import UsageError


class InBoth(NamedTuple):
    """One refusal in both languages; on paper it is Chinese."""

    chinese: str
    english: str


class Refusal(UsageError):  # noqa: N818  # a word of the glossary
    """A decision that cannot be carried out; as text it is Chinese."""

    def __init__(self, code: str, values: Mapping[str, object]) -> None:
        super().__init__(REFUSALS[code].chinese.format(**values))
        self.english = REFUSALS[code].english.format(**values)
        self.code, self.values = code, values

    def in_english(self, word: Callable[[str], str]) -> str:
        """The English text, its values said by `word`."""
        return REFUSALS[self.code].english.format(**{name: word(str(one)) for name, one in self.values.items()})


_ACCOUNTS: Mapping[str, InBoth] = {
    "filing-unknown": InBoth(
        "没有备案 {number}",
        "there is no filing {number}",
    ),
    "filing-held": InBoth(
        "备案 {number} 待核，须先放行（queke held release）",
        "filing {number} is held: release it first (`queke held release`)",
    ),
    "filing-done": InBoth(
        "备案 {number} 没有待开户的账号，已经办过",
        "filing {number} has no account that waits: it was decided before",
    ),
    "filing-refused-why": InBoth(
        "请写明不予开户的理由",
        "say why the account is refused",
    ),
    "filing-stamped-ahead": InBoth(
        "签字盖章的日期还没到",
        "the day of signature and stamp is still to come",
    ),
    "filing-unsigned": InBoth(
        "备案 {number} 的签字盖章件还没有收到；已见到纸质件的，请写明盖章日期（--stamped-on）",
        "the signed and stamped paper of filing {number} has not come; if you have seen it, say when it was "
        "stamped (--stamped-on)",
    ),
    "filing-unsigned-desk": InBoth(
        "签字盖章件还没有收到；已见到纸质件的，请在“盖章日期”一列填上日期。",
        "the signed and stamped paper has not come; if you have seen it, fill in when it was stamped",
    ),
    "username-asked-before": InBoth(
        "{username}：更早的申请用的是同一个用户名，请先办那一份",
        "{username}: an earlier filing asks for the same user name; decide that one first",
    ),
    "username-of-another": InBoth(
        "{username}：这个用户名不能用，请退回，让申请单位换一个",
        "{username}: this user name cannot be had; send the filing back for another one",
    ),
    "account-open": InBoth(
        "{username}：这个账号已经开过；要换使用人，请退回重报",
        "{username}: this account is open already; for another holder, send the filing back to be made anew",
    ),
    "account-unknown": InBoth(
        "没有用户名为 {username} 的账号",
        "there is no account {username}",
    ),
    "account-closed": InBoth(
        "{username} 已经注销",
        "{username} is closed",
    ),
}
_DESK: Mapping[str, InBoth] = {
    "ticket-unknown": InBoth(
        "没有这样的凭单：{tickets}",
        "there is no such ticket: {tickets}",
    ),
    "ticket-closed": InBoth(
        "这一行已经不在退回未改之中。",
        "this row does not wait for correction any more",
    ),
    "row-not-mendable": InBoth(
        "这一行不能代改，请学校重发；确实不用改的选豁免。",
        "this row cannot be corrected here: its school must send it again, or let it rest",
    ),
    "not-held": InBoth(
        "不在待核中：{numbers}",
        "not held: {numbers}",
    ),
    "held-overtaken": InBoth(
        "流水号 {number} 之后学校又报过（流水号 {later}），这份不能再放行；请退回，由学校重报",
        "the school has reported again since {number} (number {later}): it cannot be released; send it back, "
        "to be reported anew",
    ),
    "closure-unknown": InBoth(
        "没有这次停课：{closure}",
        "there is no such closure: {closure}",
    ),
    "closure-moved-on": InBoth(
        "这次停课已是别的状态，没有改动：{closure}",
        "this closure is in another state by now, nothing was changed: {closure}",
    ),
    "alert-unknown": InBoth(
        "没有编号为 {alert} 的预警",
        "there is no alert {alert}",
    ),
    "alert-unanswered": InBoth(
        "预警 {alert} {state}，没有等待确认的答复",
        "alert {alert}: no answer waits to be confirmed",
    ),
    "alert-names-no-row": InBoth(
        "预警 {alert} 选了 A1，却没有标出有误的行，不能确认；请退回学校，标出后再答复",
        "alert {alert} says A1 and marks no wrong row: it cannot be confirmed; return it, to be answered with"
        " the rows marked",
    ),
    "alert-repeats-nothing": InBoth(
        "预警 {alert} 已经排除或不成立，不能以与它重复为由排除；请退回学校重新答复",
        "alert {alert} is excluded or void: none can be excluded as its repetition; return the answer",
    ),
    "raise-rule-unknown": InBoth(
        "规则 {rule} 不由人上报；可以上报的是 {rules}",
        "rule {rule} is not raised by people; these are: {rules}",
    ),
    "raise-too-few": InBoth(
        "{n} 人不到规则 {rule} 的标准（{least}）；尚未达到的，可以按 E05 上报",
        "{n} are fewer than rule {rule} asks ({least}); what has not come so far may be raised as E05",
    ),
    "raise-school-unknown": InBoth(
        "名册里没有标识码为 {school} 的学校",
        "there is no school {school} in the registry",
    ),
    "raise-school-elsewhere": InBoth(
        "本县（市、区）的名册里没有“{school}”，或不止一所；请填标识码",
        "the county has no school {school}, or several; name it by its code",
    ),
    "raise-campus-unknown": InBoth(
        "没有校区“{campus}”；这所学校的校区是 {campuses}",
        "there is no campus {campus}; this school has {campuses}",
    ),
    "raise-rule-off": InBoth(
        "规则 {rule} 在这所学校没有启用（见站点的 rules.toml）",
        "rule {rule} is off in this school (see the site's rules.toml)",
    ),
    "raise-again": InBoth(
        "规则 {rule} 在 {day} 已经上报过，没有再报",
        "rule {rule} was raised for {day} already; nothing was raised",
    ),
    "proposal-unknown": InBoth(
        "没有这样的编号：{proposal}",
        "there is no such id: {proposal}",
    ),
    "roster-not-waiting": InBoth(
        "不在待确认的名册改动中：{proposal}",
        "no such roster waits for a word: {proposal}",
    ),
    "class-not-waiting": InBoth(
        "不在待确认的新增班级中：{proposal}",
        "no such class waits for a word: {proposal}",
    ),
    "class-unknown": InBoth(
        "名册里没有这个班：{name}",
        "the registry has no such class: {name}",
    ),
    "class-not-decided": InBoth(
        "没有办过这个新增班级，或已经撤回：{proposal}",
        "nothing was decided of this class, or it was taken back: {proposal}",
    ),
    "undo-not-taken": InBoth(
        "流水号 {number} 不是已收下的名册（校历），没有可撤回的；见 queke status、queke held list",
        "number {number} is no roster or calendar that was taken: there is nothing to take back; see `queke "
        "status`, `queke held list`",
    ),
    "undo-nothing": InBoth(
        "流水号 {number} 没有改动过登记的内容，没有可撤回的；待县确认的名册请用 queke proposals refuse",
        "number {number} changed nothing of the registry: there is nothing to take back; a roster that waits "
        "is refused by `queke proposals refuse`",
    ),
    "undo-in-use": InBoth(
        "{schools} 是这一份新登记的，之后已报过表，不能当作没有登记过；不再办的请在名册里填停办日期",
        "{schools}: registered by this one only, and it has reported since; close it by a 停办日期 in a roster",
    ),
    "mailbox-not-asked": InBoth(
        "不在待认的邮箱中：{mailbox}；见 queke mailboxes asked",
        "no such mailbox waits for a word: {mailbox}; see `queke mailboxes asked`",
    ),
    "review-none": InBoth(
        "{school} {day} 的缺课日报没有人审核过，或已经撤回",
        "nobody has approved the report of {school} for {day}, or it was taken back",
    ),
    "mailbox-not-decided": InBoth(
        "没有办过这个邮箱，或已经撤回：{mailbox}",
        "nothing was decided of this mailbox, or it was taken back: {mailbox}",
    ),
    "mailbox-elsewhere": InBoth(
        "这个邮箱现在是别的单位的，没有改：{mailbox}；要改的用 queke mailboxes unbind",
        "this mailbox is another unit's now, nothing was changed: {mailbox}; see `queke mailboxes unbind`",
    ),
    "school-unknown": InBoth(
        "名册里没有标识码为 {school} 的学校",
        "there is no school {school} in the registry",
    ),
    "campus-unknown": InBoth(
        "这所学校没有校区“{campus}”；它的校区是 {campuses}",
        "this school has no campus {campus}; it has {campuses}",
    ),
    "campus-only": InBoth(
        "“{campus}”是这所学校仅有的校区，去掉了学校就没有班级了，没有去掉；学校停办的，请在名册里填停办日期",
        "{campus} is the only campus of this school, which would have no class then: nothing was removed; a school that"
        " closes down has its 停办日期 in a roster",
    ),
    "matter-unknown": InBoth(
        "没有这一件待对账：{matter}",
        "there is no such matter: {matter}",
    ),
    "matter-settled": InBoth(
        "{matter} 已经办结，没有再改",
        "{matter} is settled already, nothing was changed",
    ),
    "matter-no-roll": InBoth(
        "{matter} 不是应到人数与名册不同，不能退回；核实了请选“确认”",
        "{matter} is not about a roll that differs: it cannot be returned; confirm it once you know",
    ),
    "matter-moved-on": InBoth(
        "{matter} 的情况有了变化，请看新的内容再办",
        "{matter} has changed since: look at it again",
    ),
}
_SITE: Mapping[str, InBoth] = {
    "day-not-kept": InBoth(
        "{day} 的明细已按规定期满清理，只留合计；明细从 {since} 起还在（当日的简报另有存底）",
        "{day}: its detail is not kept any more, only its sums; detail begins with {since}",
    ),
    "trace-unknown": InBoth(
        "没有查到 {code}：可以写流水号、凭单号（T12-8）、学生代码（三2-A7K3）、预警编号（2026-0001）、"
        "学校和日期（2132000001 2026-11-20）、简报编号（D-320100-20261120-1）",
        "{code}: nothing of this code; take a submission's number, a ticket (T12-8), a pupil's code (C3-A7K3), "
        "an alert (2026-0001), a school and day (2132000001 2026-11-20) or an edition (D-320100-20261120-1)",
    ),
}

REFUSALS: Mapping[str, InBoth] = MappingProxyType({**_ACCOUNTS, **_DESK, **_SITE})


def refusal(code: str, /, **values: object) -> Refusal:
    """Return the error to raise when a decision cannot be carried out. KeyError for a missing code or value."""
    return Refusal(code, values)
