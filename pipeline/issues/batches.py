"""About what already stands in the store: earlier reports, tickets, duplicates. Said by merge and store."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.issues.entry import Entry, advice, error, query

_NOTHING_CHANGED = "这份暂存待核，已收下的内容没有变动。"

ENTRIES: Mapping[str, Entry] = {
    "duplicate": advice("内容与已收下的那份完全相同，不用再发。"),
    "older-again": query(
        "这份与早先收到的一份完全相同，而那份之后您又报过新的。",
        "若新的那份才对，请不用管；若要改回这份，请在“报送方式”选“整份更正”再发。",
        cost=_NOTHING_CHANGED,
    ),
    "would-withdraw": query(
        "今天已收下 {before} 行，这份里少了其中 {rows} 行，又没有写明是更正。",
        "若这份才对，请在“报送方式”选“整份更正”再发；若只是补几行，请选“补充”。",
        "rows",
        "before",
        cost=_NOTHING_CHANGED,
    ),
    "withdraws-most": query(
        "这份整份更正会撤下已收 {before} 行中的 {rows} 行，超过允许的比例，怕是发错了表。",
        "若确实如此，请电话告知县级管理员放行；若发错了，请发正确的那份。",
        "rows",
        "before",
        cost=_NOTHING_CHANGED,
    ),
    "past-day-reported": query(
        "您填的日期是往日（{day}），那一天的报告已经收到了。",
        "若是报今日的，请改日期再发；若要更正那一天，请在“报送方式”选“整份更正”。",
        "day",
        cost=_NOTHING_CHANGED,
    ),
    "ticket-foreign": error(
        "退回修正表里有不属于这份报告的凭单，可能混入了别的表的行。",
        "请只在原来那份退回修正表里改，不要从别的表粘贴整行。",
        cost="这份没有采用，已收下的内容没有变动。",
    ),
    "ticket-closed": query(
        "退回修正表里有的行已经处理过（后来又报过整份，或已修正），现在的内容与已收下的不同。",
        "若要再改，请发整份更正；若已经改好，请不用管。",
        cost=_NOTHING_CHANGED,
    ),
    "failed": error(
        "这份文件没能处理成功，是系统的问题，不是您的错。",
        "请不用改表；管理员已看到，处理后会再给回执。急用请电话联系县（市、区）。",
        cost="在此之前，本校今天算作未报。",
    ),
    "closure-not-known": query(
        "没有找到与这一行对应的停课首报，已按这一行登记。",
        "请核对停课范围和开始时间；若还没有首报，请补发。",
    ),
    "closure-first-again": query(
        "这次停课已有首报，已按这一行改过。",
        "以后修改请在“报告类别”选“更正”或“延长”。",
    ),
}
