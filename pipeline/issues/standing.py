"""About records already in the store: earlier reports, tickets, duplicates. Raised by merge and settling."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.issues.entry import Message, advice, error, query

_NOTHING_CHANGED = "这份暂存待核，已收下的内容没有变动。"

ENTRIES: Mapping[str, Message] = {
    "duplicate": advice("内容与已收下的那份完全相同，不用再发。"),
    "older-again": query(
        "这份与早先收到的一份完全相同，而那份之后您又报过新的。",
        "若新的那份才对，请不用管；若要改回这份，请在“报送方式”选“整份更正”再发。",
        cost=_NOTHING_CHANGED,
    ),
    "would-withdraw": query(
        "今天已收下 {before} 行，这份没有写明是更正，里面却少了其中 {rows} 行：{who}。",
        "若这份才对，请在“报送方式”选“整份更正”再发；若只是补几行，请选“补充”。",
        public=("rows", "before"),
        cost=_NOTHING_CHANGED,
    ),
    "withdraws-most": query(
        "这份整份更正会撤下已收 {before} 行中的 {rows} 行，超过允许的比例，怕是发错了表：{who}。",
        "若确实如此，请电话告知县级管理员放行；若发错了，请发正确的那份。",
        public=("rows", "before"),
        cost=_NOTHING_CHANGED,
    ),
    "past-day-reported": query(
        "您填的日期是{which}（{day}），那一天的报告已经收到了。",
        "若是报今日的，请改日期再发；若要更正那一天，请在“报送方式”选“整份更正”；"
        "若是补那一天没报的班，请选“补充”，表里只留这些班。",
        public=("day", "which"),
        cost=_NOTHING_CHANGED,
    ),
    "mode-unclear": error(
        "“{column}”的“{value}”没看懂，而这一天已有报告，不知道是更正还是补几行，整份没有收。",
        "请在“{column}”选：整份更正（以本表为准）、补充（只加不减）或逾期补报（往日），再发回。",
        cost=_NOTHING_CHANGED,
    ),
    "rows-withdrawn": advice(
        "按这份，原已收下的 {rows} 行撤下了：{who}。", "如不该撤，请把这几行写进来，选“补充”再发。", public=("rows",)
    ),
    "rows-come-home": advice(
        "先前退回的第 {which} 行，已按这份里的同一行改好收下，不用再发退回修正表。", public=("which",)
    ),
    "tickets-let-go": query(
        "先前退回的第 {which} 行，这份里没有，按不用再报算。",
        "若还要报，请把这几行写进来，选“补充”再发；不用再报就不用管。",
        public=("which",),
    ),
    "rows-void": advice("按“作废”一列，{count} 行不再要求更正。", public=("count",)),
    "rows-still-back": advice(
        "先前退回的还有 {count} 行没有改好：{where}。",
        "请在退回修正表里改好后发回；不该有的行选“作废”。",
        public=("count", "where"),
    ),
    "classes-missing": advice(
        "这一天应报的班还差 {count} 个：{which}。",
        "请补报：报送方式选“补充”，“班级”表里只列这些班，缺课的逐人登记；都没有缺课的，“零报告”选“是”。",
        public=("count",),
    ),
    "classes-came-late": advice(
        "先前没有报的 {count} 个班，这份补上了：{which}；到齐时已过截止时间，这一天按迟报计。", public=("count",)
    ),
    "return-row-new": advice(
        "退回修正表里第 {which} 行不是退回的行，已按补充收下。", "如果不该有，请发整份更正。", public=("which",)
    ),
    "ticket-foreign": error(
        "第 {row} 行的凭单不属于这份报告（学校、校区、日期都要与退回时相同），这一行没有收。",
        "请核对这一行是不是从别的表粘贴来的；确是本校当天的，请原样发回，不要改动表头。",
    ),
    "ticket-doubled": error(
        "第 {row} 行与第 {first} 行用的是同一张凭单，内容又不同，这一行没有收。",
        "多半是整行复制出来的。若是另一名学生，请核对后发回；若是多余的，请在“作废”列选“作废”。",
        public=("first",),
    ),
    "rows-settled": advice("退回修正表里第 {which} 行，先前已经处理好了，这次没有改动，不用再管。", public=("which",)),
    "void-foreign": query(
        "退回修正表里标了“作废”的行，有的凭单不属于这份报告，那一行没有作废。", "请核对；若已处理过就不用管。"
    ),
    "ticket-closed": query(
        "退回修正表里有的行已经处理过（后来又报过整份，或已修正），现在的内容与已收下的不同。",
        "若要再改，请发整份更正；若已经改好，请不用管。",
        cost=_NOTHING_CHANGED,
    ),
    # the county's own words, for the sender of the file only
    "dismissed": error(
        "县（市、区）没有采用这份待核的表，理由：{why}。",
        "请按理由改正后重发；有疑问请电话联系县（市、区）。",
        public=("why",),
        cost="已收下的内容没有变动。",
    ),
    "failed": error(
        "这份文件没能处理成功，是系统的问题，不是您的错。",
        "请不用改表；管理员已看到，处理后会再给回执。急用请电话联系县（市、区）。",
        cost="在此之前，本校今天算作未报。",
    ),
}
