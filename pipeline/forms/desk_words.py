"""Vocabularies of the 县级处理单: all 意见, and which are allowed on each sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipeline.forms.base import Vocabulary, vocabulary
from pipeline.model import Opinion, Reach

_OPINIONS: Mapping[str, str] = {
    Opinion.CONFIRM: "确认",
    Opinion.RETURN: "退回",
    Opinion.MEND: "代改",
    Opinion.WAIVE: "豁免",
}
OPINIONS = vocabulary(
    "Opinions",
    _OPINIONS,
    {
        Opinion.CONFIRM: "同意 通过 属实 放行 是 对 √ 已确认 已核实 办结 批准 准 可以 行 OK 有此班 确有此班 "
        "核实无误 无误 同意停课",
        Opinion.RETURN: "不同意 驳回 退 不属实 否 × 不批准 不准 不通过 不行 不可以 没有此班 无此班 不存在",
        Opinion.MEND: "代为改正 改",
        Opinion.WAIVE: "免 不用改 放过 不再催",
    },
)


_REACHES: Mapping[str, str] = {Reach.SCHOOL: "本校全部", Reach.COLUMN: "同列全部", Reach.SHEET: "本表全部"}
REACH_TICKET = vocabulary(
    "ReachTicket",
    _REACHES,
    {
        Reach.SCHOOL: "本校 全校 本校都是 本校所有 本园 本园全部",
        Reach.COLUMN: "同列 同一列 同类 同类全部",
        Reach.SHEET: "本表 全部 全表 本表都是 本表所有 所有",
    },
)
REACH = replace(
    REACH_TICKET,
    name="Reach",
    labels={code: label for code, label in _REACHES.items() if code != Reach.COLUMN},
    words={word: code for word, code in REACH_TICKET.words.items() if code != Reach.COLUMN},
)


def _opinions(name: str, *codes: str) -> Vocabulary:
    return replace(vocabulary(name, {code: _OPINIONS[code] for code in codes}), beyond=_OPINIONS)


OPINION = _opinions("Opinion", Opinion.CONFIRM, Opinion.RETURN)
OPINION_TICKET = _opinions("OpinionTicket", Opinion.MEND, Opinion.WAIVE)
OPINION_CLASS = _opinions("OpinionClass", Opinion.CONFIRM, Opinion.RETURN, Opinion.MEND)
OPINION_MATTER = _opinions("OpinionMatter", Opinion.CONFIRM, Opinion.RETURN)
