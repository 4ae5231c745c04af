"""Vocabularies of the 县级处理单: all 意见, and which are allowed on each sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipeline.forms.base import Vocabulary, vocabulary
from pipeline.model import Opinion

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
        Opinion.CONFIRM: "同意 通过 属实 放行 是 对 √ 已确认 已核实 办结",
        Opinion.RETURN: "不同意 驳回 退 不属实 否 ×",
        Opinion.MEND: "代为改正 改",
        Opinion.WAIVE: "免 不用改 放过 不再催",
    },
)


def _opinions(name: str, *codes: str) -> Vocabulary:
    return replace(vocabulary(name, {code: _OPINIONS[code] for code in codes}), beyond=_OPINIONS)


OPINION = _opinions("Opinion", Opinion.CONFIRM, Opinion.RETURN)
OPINION_TICKET = _opinions("OpinionTicket", Opinion.MEND, Opinion.WAIVE)
OPINION_CLASS = _opinions("OpinionClass", Opinion.CONFIRM, Opinion.RETURN, Opinion.MEND)
OPINION_MATTER = _opinions("OpinionMatter", Opinion.CONFIRM, Opinion.RETURN)
