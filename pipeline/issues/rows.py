"""About one row: what it lacks, what contradicts itself, what the registry says otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.issues.entry import Message, advice, error, query

_ABSENCE: Mapping[str, Message] = {
    "class-missing": error("没有填班级。", "请填上班级，写法与班级表一致；合并的单元格请拆开，每行都填。"),
    "name-missing": error("没有填姓名。", "请填上学生姓名。"),
    "reason-missing": error("没有填缺课原因。", "请选 因病、因伤 或 其他。"),
    "sex-missing": query("没有填性别。", "请补上性别，选“整份更正”再发。"),
    "start-missing": advice("没有填起始日，按报告日期算。", "如果是前几天就开始的，请补上起始日。"),
    "start-after-day": error("起始日 {value} 晚于报告日期 {day}。", "请核对起始日，或报告日期。", "day"),
    "start-too-old": error("起始日 {value} 距报告日期已超过一年，不像是对的。", "请核对起始日的年份。"),
    "onset-after-day": error("发病日期 {value} 晚于报告日期 {day}。", "请核对发病日期。", "day"),
    "onset-too-old": query("发病日期 {value} 早于起始日 60 天以上。", "请核对发病日期的年份和月份。"),
    "onset-after-start": query("发病日期 {value} 晚于起始日。", "请核对：一般是先发病、后缺课。"),
    "returned-before-start": query("返校日期 {value} 早于起始日，返校日期没有收。", "请核对返校日期。"),
    "returned-after-day": query(
        "返校日期 {value} 晚于报告日期，返校日期没有收。", "预计的返校日期不用填，返校了再填。"
    ),
    "temperature-range": query("体温 {value} 不在 35 到 42 之间，体温没有收。", "请核对体温。"),
    "symptom-missing": query(
        "因病缺课没有填症状。",
        "请至少补一个症状；不清楚可选“不详”。",
        cost="没有症状就看不出是不是聚集发病。",
    ),
    "class-new": query(
        "名册里没有“{value}”这个班，按新增班级算，待县（市、区）确认。",
        "如果是笔误，请改成名册里的班级名称，选“整份更正”再发。",
    ),
    "pupil-unnumbered": query(
        "第 {first} 行与本行同班同名又没有学号，按两名学生算。",
        "若是两名学生，请各填学号；若是同一名，请删去一行，选“整份更正”再发。",
        "first",
    ),
    "pupil-twice": error("第 {first} 行已有同一学号的这名学生，两行内容不同。", "请合成一行，或改正学号。", "first"),
    "row-repeated": advice("本行与第 {first} 行完全相同，只算一次。", "", "first"),
}

_RETURNED: Mapping[str, Message] = {
    "void-unclear": query("“作废”列的“{value}”没看懂，本行没有作废。", "这一行不该有，就在“作废”列填 是。"),
}

_CLASSES: Mapping[str, Message] = {
    "class-row-repeated": error(
        "班级“{value}”出现了两次（另一处在第 {first} 行）。",
        "请删去多余的一行；在退回修正表里，把多余的一行标“作废”。",
        "first",
    ),
    "present-over-roll": query("实到 {value} 人，比应到 {roll} 人还多。", "请核对人数。", "roll"),
    "absent-over-roll": query("缺课 {absent} 人，比应到 {roll} 人还多。", "请核对人数。", "absent", "roll"),
    "roll-differs": query(
        "应到 {value} 人，与名册的 {roll} 人不同，今天按所填的算。",
        "如果人数确实变了，请县（市、区）更新名册。",
        "roll",
    ),
}

_FORM: Mapping[str, Message] = {
    "rows-none": error("表里一行也没有填，没有可收的内容。", "请填好后再发；空表是误发的，请不用管。"),
}

_CLOSURE: Mapping[str, Message] = {
    "closure-kind-missing": error("没有填报告类别。", "请选 首报、延长、复课、更正 或 撤销。"),
    "scope-missing": error("没有填停课范围。", "请填班级名称；全校（园）停课填“全校”。"),
    "scope-several": error("停课范围里写了几个班（{value}）。", "请一行写一个班。"),
    "closure-reason-missing": error("没有填停课原因。", "请选停课的病种或症状。"),
    "ill-missing": error("没有填患病学生数。", "请填患病学生数；没有就填 0。"),
    "closure-start-missing": error("没有填停课开始时间。", "请填日期和时间，如 2026-11-20 13:00。"),
    "resume-missing": error("没有填拟复课日期。", "请填拟复课日期。"),
    "resumed-missing": error("报的是复课，没有填实际复课日期。", "请填实际复课日期。"),
    "approval-missing": error("没有填批准时间。", "请填县（市、区）批准的日期和时间。"),
    "approver-missing": error("没有填批准人及单位。", "停课须经县（市、区）批准，请填批准人和单位。"),
    "approval-after-start": query(
        "批准时间 {value} 晚于停课开始时间。", "停课须先经批准。填错的请更正；确是先停后批的，由县级核对，不必再发。"
    ),
    "approval-after-now": error("批准时间 {value} 还没到。", "请核对批准时间。"),
    "approval-far": error("批准时间 {value} 比停课开始早了 90 天以上。", "请核对年份和月份。"),
    "closure-start-far": error("停课开始时间 {value} 离报告日期太远。", "请核对年份和月份。"),
    "resume-before-start": error("复课日期 {value} 不晚于停课开始日。", "请核对复课日期。"),
    "closure-long": query("停课到复课超过 60 天。", "请核对复课日期。"),
    "ill-over-pupils": error("患病学生数 {value} 比涉及学生数 {pupils} 还多。", "请核对两个人数。", "pupils"),
    "first-onset-after-start": query("首例发病日期 {value} 晚于停课开始。", "请核对首例发病日期。"),
    "first-onset-far": query("首例发病日期 {value} 比停课开始早了 90 天以上。", "请核对年份和月份。"),
    "closure-repeated": error("同一停课范围和开始时间出现了两次（另一处在第 {first} 行）。", "请只留一行。", "first"),
}

_ROSTER: Mapping[str, Message] = {
    "unit-code-missing": error("没有填学校标识码。", "请填 10 位学校标识码。"),
    "school-name-missing": error("没有填学校名称。", "请填学校名称。"),
    "unit-code-category": error("标识码“{value}”的前两位不是学校类别。", "请核对 10 位学校标识码。"),
    "unit-code-province": error("标识码“{value}”的第 3、4 位不是 32（江苏）。", "请核对 10 位学校标识码。"),
    "division-not-yours": error("区划代码“{value}”不在本名册的范围内。", "请核对；别的县（市、区）的学校由当地报。"),
    "school-repeated": error("同一学校同一校区出现了两次（另一处在第 {first} 行）。", "请只留一行。", "first"),
    "class-repeated": error("同一学校的班级“{value}”出现了两次（另一处在第 {first} 行）。", "请只留一行。", "first"),
    "class-without-school": error(
        "班级所属的学校“{value}”不在学校表里，登记册里也没有。", "请先在学校表里加上这所学校。"
    ),
    "school-elsewhere": error("标识码“{value}”不能登记在本名册里。", "请核对标识码；学校迁移请联系上级。"),
    "class-stage-unclear": query("看不出班级“{value}”属于哪个学段。", "请在学段列填上。"),
}

ENTRIES: Mapping[str, Message] = {**_ABSENCE, **_RETURNED, **_CLASSES, **_FORM, **_CLOSURE, **_ROSTER}
