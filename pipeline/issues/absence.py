"""About one row of a 缺课日报: missing values, contradictions, differences from the registry."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.issues.entry import Message, advice, error, query

PUPILS: Mapping[str, Message] = {
    "row-other-school": error(
        "这一行的“{column}”写的是“{value}”，不是这份表所报的学校，这一行没有收。",
        "是本校学生的，请把这一格改对或清空；是别校学生的，请在“作废”列选“作废”，由那所学校自己报。",
    ),
    "row-other-campus": error(
        "这一行的“{column}”写的是“{value}”，这份表报的是{campus}，这一行没有收。",
        "是{campus}学生的，请把这一格改对或清空；是别的校区的，请另报一份那个校区的表（表头写明校区），这一行作废。",
        public=("campus",),
    ),
    "campus-mixed": query(
        "“校区”列里写了几个校区：{which}。一份表只报一个校区，这份按{campus}收下，别的校区的行没有收。",
        "别的校区请各另报一份，只放那个校区的行，表头“校区”写明；各校区当天的模板早上已经各发一份，往里抄最省事。"
        "报好以后，退回表里的这些行写作废。",
    ),
    "row-other-day": error(
        "这一行的“{column}”是 {value}，这份表报的是 {day}，这一行没有收。",
        "是 {day} 缺课的，请把这一格改对或清空（开始的日子填在“起始日”）；是别的日子的，请另报那一天的表，这一行作废。",
        public=("day",),
    ),
    "class-missing": error("没有填班级。", "请填上班级，写法与班级表一致；合并的单元格请拆开，每行都填。"),
    "name-missing": error("没有填姓名。", "请填上学生姓名。"),
    "reason-missing": error("没有填缺课原因。", "请选 因病、因伤 或 其他。"),
    "sex-missing": query("没有填性别。", "请补上性别，选“整份更正”再发。"),
    "start-missing": advice("没有填起始日，按报告日期算。", "如果是前几天就开始的，请补上起始日。"),
    "start-after-day": error("起始日 {value} 晚于报告日期 {day}。", "请核对起始日，或报告日期。", public=("day",)),
    "start-too-old": error("起始日 {value} 距报告日期已超过一年，不像是对的。", "请核对起始日的年份。"),
    "start-last-year": query(
        "起始日 {value} 是将近一年前，已照收，算作续报，不算新发。",
        "年份写错了的，请改对，选“整份更正”再发；确实缺课这么久的，不用管。",
    ),
    "onset-after-day": error("发病日期 {value} 晚于报告日期 {day}。", "请核对发病日期。", public=("day",)),
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
    "reason-not-illness": query(
        "缺课原因是“{value}”，又写了{illness}，先按“{value}”算，没有算作病例。",
        "如果是因病缺课，请把缺课原因改成“因病”，选“整份更正”再发；没有错就不用管。",
        cost="不算因病的，不会触发预警。",
    ),
    "note-names-disease": query(
        "备注里写到“{words}”，诊断{diagnosis}，没有按备注记。",
        "是这名学生得的病，请在“诊断”里选上，选“整份更正”再发；不是就不用管。",
        cost="只写在备注里的病，不会触发预警。",
    ),
    "note-names-symptom": query(
        "备注里写到“{words}”，症状栏里没有，没有按备注记。",
        "是今天的症状，请填进“症状1”，选“整份更正”再发；不是就不用管。",
    ),
    "class-unlikely": error(
        "名册里没有“{value}”这个班，它也不像班级名称，这一行没有收。",
        "请写成名册里的班级名称，如 三(2)班；班级和姓名不要写在一格或填反。新开的班，请先请县（市、区）加进名册。",
    ),
    "class-grade-only": error(
        "只写了“{value}”，不知道是哪个班（名册里有 {classes}），这一行没有收。",
        "请写明是哪个班。",
        public=("classes",),
    ),
    "class-of-other-campus": error(
        "“{value}”是{other}的班，这份表报的是{campus}，这一行没有收。",
        "是{campus}学生的，请改对班级；是{other}的，请另报一份那个校区的表（表头写明校区），这一行作废。",
        public=("other", "campus"),
    ),
    "class-new": query(
        "名册里没有“{value}”这个班，按新增班级算，待县（市、区）确认。",
        "如果是笔误，请改成名册里的班级名称，选“整份更正”再发。",
    ),
    "pupil-unnumbered": query(
        "第 {first} 行与本行同班同名又没有学号，按两名学生算。",
        "若是两名学生，请各填学号；若是同一名，请删去一行，选“整份更正”再发。",
        public=("first",),
    ),
    "pupil-twice": error(
        "第 {first} 行已有同一学号的这名学生，两行内容不同。", "请合成一行，或改正学号。", public=("first",)
    ),
    "start-goes-on": advice(
        "该生 {since} 的缺课日报里还没有返校，按同一次缺课（{began} 起）续报，不算新发。", public=("since", "began")
    ),
    "first-heard-late": query(
        "起始日是 {start}，此前的缺课日报里没有这名学生，今天第一次报，已按新发计入。",
        "若前几天漏报，请补报那几天的日报；若起始日填错，请改正。",
        public=("start",),
    ),
    "start-long-ago": query(
        "起始日 {start} 距今超过两个月，此前的缺课日报里没有这名学生。", "请核对年份和月份。", public=("start",)
    ),
    "half-days-joined": advice("与第 {first} 行是同一名学生的上午和下午，合为全天缺课一人。", public=("first",)),
    "row-fuller": advice("与第 {first} 行是同一名学生，所填不矛盾，两行合成一行，只算一人。", public=("first",)),
    "row-repeated": advice("本行与第 {first} 行完全相同，只算一次。", public=("first",)),
}

CLASSES: Mapping[str, Message] = {
    "class-row-repeated": error(
        "班级“{value}”出现了两次（另一处在第 {first} 行）。",
        "请删去多余的一行；在退回修正表里，把多余的一行标“作废”。",
        public=("first",),
    ),
    "present-over-roll": query("实到 {value} 人，比应到 {roll} 人还多。", "请核对人数。", public=("roll",)),
    "present-differs": query(
        "应到 {roll} 人、实到 {value} 人，应有 {away} 人缺课；表里这个班列了 {absent} 人，先按所列的算。",
        "漏了学生，请用“补充”补上（事假等可只填“其他缺课人数”）；实到填错了，请选“整份更正”改对再发。",
        public=("roll", "away", "absent"),
    ),
    "absent-over-roll": query("缺课 {absent} 人，比应到 {roll} 人还多。", "请核对人数。", public=("absent", "roll")),
    "roll-differs": query(
        "应到 {value} 人，与名册的 {roll} 人不同，先按名册计算。",
        "填错了请更正；人数确实变了，不用再发，等县（市、区）确认后按新的算。",
        public=("roll",),
    ),
}
