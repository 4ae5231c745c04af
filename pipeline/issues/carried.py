"""About rows that the template carried over from the last reported day, and answers that are missing."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.issues.entry import Message, advice, error, query

ENTRIES: Mapping[str, Message] = {
    "carried-unanswered": error(
        "这一行是带入的缺课，“状态”没有选。",
        "请在“状态”列选 仍缺课 或 已返校。",
        cost="没有选之前，这一行既不算缺课，也不算返校。",
    ),
    "carried-nothing": error(
        "表里只有带入的 {count} 行，“状态”都没有选，“零报告”也没有填，看不出今天的情况。",
        "请逐行选 仍缺课 或 已返校；都已返校、又没有新的缺课，请把“零报告”选为“是”。",
        public=("count",),
    ),
    "carried-returned": advice(
        "零报告：带入的 {count} 名学生没有另填，都按已返校算。",
        "有人仍缺课的，请补上，选“整份更正”再发。",
        public=("count",),
    ),
    "carried-changed": query(
        "带入的这一行改过内容，“状态”没有选，按仍缺课算。", "如已返校，请在“状态”列选 已返校，选“整份更正”再发。"
    ),
    "carried-again": advice("带入的这一行没有选状态，第 {first} 行已另填了这名学生，以那一行为准。", public=("first",)),
    "carried-absent-again": query(
        "带入的这一行选了已返校，第 {first} 行又报了这名学生缺课，以那一行为准。",
        "若真是两名同班同名的学生，请各填学号；若已返校，请删去那一行。改好选“整份更正”再发。",
        public=("first",),
    ),
    "carried-unmended": query(
        "带入的退回行中有 {count} 行仍没有改，没有算作今天的缺课。",
        "请改原来那天的《退回修正表》发回；今天仍缺课的，请在今天的表里填全。",
        public=("count",),
    ),
    "carried-mended": advice(
        "带入的退回行中有 {count} 行已改好，算作今天的；{day} 那天的仍按退回算。",
        "那天的也请改好当天的《退回修正表》发回；不该有的行选“作废”。",
        public=("count", "day"),
    ),
    "carried-unspoken": query(
        "上次报告（{day}）里还没有返校的学生，有 {count} 名这次没有提到，没有算作缺课。",
        "请核对：仍缺课的请补上；已返校的，下次请在“状态”列选 已返校。",
        public=("count", "day"),
    ),
}
