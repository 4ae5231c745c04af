"""About a 预警信息报告卡: which alert it answers, what an answer needs, and how the alert has changed meanwhile."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.issues.entry import Message, advice, error, query

_UNCHANGED = "预警的状态没有变动。"

_WHICH: Mapping[str, Message] = {
    "card-number-missing": error(
        "没有填预警编号，不知道答复的是哪一条预警。",
        "请用系统发出的报告卡填写，不要删去编号。",
    ),
    "card-unknown": error("本校没有编号为“{value}”的预警，没有收。", "请核对预警编号；别的学校的预警请由该校答复。"),
    "card-revision-unknown": error(
        "签发次数“{value}”不对，这条预警没有发过这一次的报告卡。", "请用系统发出的报告卡填写，不要改动第一部分。"
    ),
    "card-void": error(
        "预警 {number} 已不成立（报送信息已更正，或预警规则已停用），不用再答复，这份没有采用。",
        "请不用管；有疑问请电话联系县（市、区）。",
        public=("number",),
        cost=_UNCHANGED,
    ),
    "card-merged": error(
        "预警 {number} 已并入另一条预警（{into}），这份没有采用。",
        "请用新发的那张报告卡答复。",
        public=("number", "into"),
        cost=_UNCHANGED,
    ),
    "card-ended": error(
        "预警 {number} 已经结束，不再收报告卡，这份没有采用。",
        "如又有新病例，请照常填缺课日报，系统会另发预警。",
        public=("number",),
        cost=_UNCHANGED,
    ),
    "card-excluded": error(
        "预警 {number} 已由县级确认排除，这份没有采用。",
        "请不用管；确需改动请电话联系县（市、区）。",
        public=("number",),
        cost=_UNCHANGED,
    ),
    "card-confirmed": error(
        "预警 {number} 的答复已由县级确认，这份里“{fields}”与确认的不同，没有采用。",
        "如需改动，请先请县（市、区）退回，再重新答复。",
        public=("number", "fields"),
        cost=_UNCHANGED,
    ),
    "card-confirmed-kept": query(
        "答复已由县级确认，这份里“{fields}”的改动没有采用，其余内容已收下。",
        "如需改动，请先请县（市、区）退回，再重新答复。",
        public=("fields",),
    ),
    "card-stale": query(
        "这是第 {revision} 次签发的报告卡，而预警 {number} 后来变为“{stage}”，要按新的情况核实。",
        "请用新发的第 {latest} 次报告卡答复；若这份答复照样有效，请电话告知县（市、区）放行。",
        public=("number", "revision", "latest", "stage"),
        cost="这份暂存待核，预警仍待核实。",
    ),
    "card-older": query(
        "这份与早先收到的一份答复完全相同，而那之后您又发过新的。",
        "若新的那份才对，请不用管；若要改回这份，请电话告知县（市、区）放行。",
        cost="这份暂存待核，" + _UNCHANGED,
    ),
    "card-unanswered": query("跟踪记录已收下，但还没有核实结论。", "请在“核实结论”选“可排除”或“不可排除”，尽快发回。"),
    "card-rows-none": query(
        "选了 A1 信息有误，还没有哪一行标明有误，县级不能确认。",
        "请在“病例”表有误的那一行“信息有误”选“是”，连同核实结论一起发回；理由选错了的，改选别的再发。",
    ),
    "card-became": advice("{what}。", public=("what",)),
    "card-row-wrong": advice(
        "这一行标了有误：{day} 的缺课日报，{value}。",
        "还没有更正的，请随即更正那天的缺课日报（“报送方式”选“整份更正”）；更正收到、县级确认之后，预警才算排除。",
        public=("day",),
    ),
    "card-late": advice("答复超过时限（{due}），已照收，记为逾期。", public=("due",)),
    "card-report-late": advice("报告时间超过签发后 {hours} 小时，已照收，记为逾期报告。", public=("hours",)),
    "card-name-replaced": advice("文字里写到的学生姓名已换成学生代码，县级不看姓名。"),
}

_ANSWER: Mapping[str, Message] = {
    "verdict-missing": error("没有填核实结论。", "请选“可排除”或“不可排除”。"),
    "verdict-both": error(
        "核实结论与所填内容矛盾：“{label}”属于另一种结论。",
        "可排除只填第三部分，不可排除只填第四部分，请删去多填的。",
        public=("label",),
    ),
    "exclusion-missing": error("选了可排除，没有填排除理由。", "请从 A1、A2、A3、A9 里选一个。"),
    "exclusion-row-missing": error(
        "选了 A1 信息有误，没有说明哪一行有误。", "请在“病例”表有误的那一行“信息有误”选“是”，并更正那天的缺课日报。"
    ),
    "agency-missing": error("选了 A2，没有填处理机构。", "请填处理的专业机构，如 示例区疾控中心。"),
    "handled-missing": error("选了 A2，没有填处理完毕日期。", "请填处理完毕的日期。"),
    "handled-ahead": error("处理完毕日期 {value} 还没到。", "请核对日期；还没处理完毕的请选“不可排除”。"),
    "other-alert-missing": error("选了 A3，没有填重复的预警编号。", "请填与哪一条预警重复，如 2026-0481。"),
    "other-alert-itself": error("重复的预警编号就是这一条自己。", "请填另一条预警的编号。"),
    "other-alert-unknown": error("本校没有编号为“{value}”的预警。", "请核对另一条预警的编号。"),
    "other-alert-apart": error(
        "预警 {value} 的病种与这一条不相干，不是重复预警。", "请核对编号；不是重复的请选别的理由或“不可排除”。"
    ),
    "other-alert-closed": error(
        "预警 {value} 已经排除或不成立，不能以与它重复为由排除这一条。",
        "请核对编号；不是重复的请选别的理由或“不可排除”。",
    ),
    "exclusion-why-missing": error("选了 A9 其他，没有写明理由。", "请在“理由简述”写明为什么可以排除。"),
    "measures-missing": error("选了不可排除，没有填采取的措施。", "请写已采取的措施，如 通知家长、消毒、加强晨午检。"),
    "report-way-missing": error("选了不可排除，没有填报告方式。", "请选 电话、网络 等；还没报告的请先报告属地部门。"),
    "reported-to-missing": error("选了不可排除，没有填报告对象。", "请填报给了谁，如 示例区教育局 王某。"),
    "reported-at-missing": error("选了不可排除，没有填报告时间。", "请填日期和时间，如 2026-11-20 16:30。"),
    "reported-ahead": error("报告时间 {value} 还没到。", "请核对报告时间。"),
    "checked-ahead": query("核实时间 {value} 还没到，已照收。", "请核对核实时间。"),
    "document-unproved": query("填了建议书，没有填文号或校验码。", "请补填建议书文号；没有文号的填文件的校验码。"),
    "document-wanted": query("措施里有停课，没有填疾控建议书。", "停课须经批准；有疾控建议书的请补填文件名和文号。"),
    "reporter-missing": query("没有填填报人。", "请在“填报人”填上姓名。"),
    "filled-by-missing": error(
        "从县级文件夹送来的报告卡按县级代填收，没有填“{label}”。", "请填代填人、联系对象和联系时间。", public=("label",)
    ),
    "filled-by-school": advice("第六部分由县级代填时才填，已略过。"),
    "asked-ahead": error("联系时间 {value} 还没到。", "请核对联系时间。"),
}

_ROWS: Mapping[str, Message] = {
    "follow-day-missing": error("这一行没有填日期。", "请填上日期，如 2026-11-21。"),
    "follow-day-early": error("日期 {value} 早于预警签发的日子。", "请核对日期。"),
    "follow-day-ahead": error("日期 {value} 还没到。", "请核对日期；到了那一天再填。"),
    "follow-day-twice": error("同一天出现了两次（另一处在第 {first} 行）。", "请合成一行。", public=("first",)),
    "present-below-fresh": query("现有病例比新增病例还少。", "请核对两个人数：现有病例包括当天新增的。"),
    "wrong-unasked": query(
        "“病例”表标了信息有误，但排除理由不是 A1，标记没有采用。", "若是信息有误，请把排除理由选为 A1。"
    ),
    "wrong-row-unknown": error(
        "这一行不是本预警的病例，找不到是哪名学生。",
        "请在预先列好的病例里标出，或核对班级和姓名。",
    ),
    "wrong-day-none": error("报告日期 {value} 没有这名学生的缺课记录。", "请核对：是哪一天的缺课日报填错了。"),
}

ENTRIES: Mapping[str, Message] = {**_WHICH, **_ANSWER, **_ROWS}
