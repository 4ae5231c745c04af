"""About one cell that was not understood. Each error has a `-left` twin for columns a row can do without."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.issues.entry import Message, advice, error, query

ENTRIES: Mapping[str, Message] = {
    "class-is-date": error(
        "“{column}”里是一个日期（{value}），多半是 3-2 这样的写法被表格软件变成了日期。",
        "请写成 三(2)班 这样，或先把这一格设为文本格式再填。",
    ),
    "class-unreadable": error("“{column}”的“{value}”不像班级名称。", "请写成名册里的班级名称，如 三(2)班。"),
    "name-is-number": error("“{column}”里是“{value}”，不是姓名。", "请填学生姓名；检查是否整列错位。"),
    "name-is-id": error("“{column}”里像是证件号码，不是姓名，号码没有保存。", "请填学生姓名，不要填证件号码。"),
    "name-is-class": error("“{column}”里是“{value}”，像是班级，不是姓名。", "请填学生姓名；检查班级和姓名是否填反。"),
    "cell-is-picture": error(
        "“{column}”里是一张图片，图片里的字系统读不出。", "请把图片删去，用文字填写；没有内容就空着。"
    ),
    "name-several": query(
        "“{column}”里像是写了几个人（{value}），先按一名学生算。",
        "请一行写一名学生，选“整份更正”再发；若是一个人的姓名，请不用管。",
    ),
    "reason-unknown": error("“{column}”的“{value}”没看懂。", "请从 {choices} 里选一个。", public=("choices",)),
    "sex-unknown": error("“{column}”的“{value}”没看懂。", "请填 男 或 女。", unsaid=("choices",)),
    "part-unknown": error("“{column}”的“{value}”没看懂。", "请填 上午、下午，或空着表示全天。", unsaid=("choices",)),
    "state-unknown": error("“{column}”的“{value}”没看懂。", "请从 {choices} 里选一个。", public=("choices",)),
    "injury-unknown": error(
        "“{column}”的“{value}”不在可选的范围里。", "请从 {choices} 里选一个。", public=("choices",)
    ),
    "test-result-unknown": error(
        "“{column}”的“{value}”没看懂。", "请从 {choices} 里选一个；没有做检测就空着。", public=("choices",)
    ),
    "found-unknown": error(
        "“{column}”的“{value}”没看懂。", "请从 {choices} 里选一个；都不是就空着。", public=("choices",)
    ),
    "mode-unknown": error("“{column}”的“{value}”没看懂。", "请从 {choices} 里选一个。", public=("choices",)),
    "yes-no-unreadable": error("“{column}”的“{value}”没看懂。", "请填 是 或 否。", unsaid=("choices",)),
    "closure-kind-unknown": error("“{column}”的“{value}”没看懂。", "请从 {choices} 里选一个。", public=("choices",)),
    "closure-reason-unknown": error(
        "“{column}”的“{value}”没看懂。",
        "请从 {choices} 里选一个；都不是的选“其他”，在备注里写明。",
        public=("choices",),
    ),
    "approved-how-unknown": error("“{column}”的“{value}”没看懂。", "请从 {choices} 里选一个。", public=("choices",)),
    "stage-unknown": error(
        "“{column}”的“{value}”没看懂。", "请用这些词：{choices}；几个学段用顿号隔开。", public=("choices",)
    ),
    "verdict-unknown": error("“{column}”的“{value}”没看懂。", "请从 {choices} 里选一个。", public=("choices",)),
    "exclusion-unknown": error("“{column}”的“{value}”没看懂。", "请从 {choices} 里选一个。", public=("choices",)),
    "report-way-unknown": error("“{column}”的“{value}”没看懂。", "请从 {choices} 里选一个。", public=("choices",)),
    "card-number-unreadable": error("“{column}”的“{value}”不是预警编号。", "请照报告卡上的编号填，如 2026-0481。"),
    "checksum-unreadable": error("“{column}”的“{value}”不是 64 位校验码。", "请填文件的 SHA-256，或改填建议书文号。"),
    "pupil-code-unreadable": error(
        "“{column}”的“{value}”不是学生代码。",
        "请填学生代码，如 三2-A7K3，或填班级和姓名。",
    ),
    "organ-unknown": error("“{column}”的“{value}”没看懂。", "请选：{choices}。", public=("choices",)),
    "date-shifted": query(
        "“{column}”的单元格里是“{value}”，像是别的程序按另一时区换算过的，已按次日收下。", "请核对日期。"
    ),
    "date-ambiguous": error(
        "“{column}”的“{value}”有不止一种读法（11.2 是 11 月 2 日还是 20 日？），没有猜。",
        "请写成 2026-11-20 这样的完整日期。",
    ),
    "date-year-unclear": error("“{column}”的“{value}”没有年份，看不出是哪一年。", "请写成 2026-11-20 这样的完整日期。"),
    "date-impossible": error("“{column}”的“{value}”不是一个可能的日期。", "请核对年月日。"),
    "date-unreadable": error("“{column}”的“{value}”没看懂。", "请写成 2026-11-20 这样的日期。"),
    "moment-unreadable": error("“{column}”的“{value}”没看懂。", "请写上哪一天几点，如 2026-11-20 16:30。"),
    "temperature-unreadable": error("“{column}”的“{value}”没看懂。", "请写成 38.5 这样的数字；没有量就填“未测”。"),
    "symptom-unreadable": error("“{column}”的“{value}”不是症状。", "请选一个症状；检查是否整列错位。"),
    "diagnosis-unreadable": error(
        "“{column}”的“{value}”不是疾病名称。", "请填医生的诊断，没有就空着；检查是否整列错位。"
    ),
    "count-unreadable": error("“{column}”的“{value}”不是人数。", "请填整数，如 45。"),
    "number-unreadable": error("“{column}”的“{value}”没看懂。", "请按文本填写；没有就空着。"),
    "number-lost-digits": error(
        "“{column}”的数字超过 15 位，表格软件已经改动了后几位，不能用。", "请先把这一列设为文本格式再填。"
    ),
    "phone-unreadable": error("“{column}”的“{value}”不像电话号码。", "请填手机号，或带区号的座机号。"),
    "unit-code-unreadable": error(
        "“{column}”的“{value}”不是 10 位学校标识码。",
        "请按文本填 10 位数字（若显示成 2.1E+09，请先把这一列设为文本格式）。",
    ),
    "division-unreadable": error("“{column}”的“{value}”不是 6 位区划代码。", "请填 6 位数字，如 320106。"),
    "username-unreadable": error(
        "“{column}”的“{value}”不能作用户名。", "请用字母、数字和 _ . @ - ，3 到 40 位，不要有空格和汉字。"
    ),
    "level-unknown": error("“{column}”的“{value}”没看懂。", "请在 {choices} 里勾一项。", public=("choices",)),
    "mail-wish-unknown": error(
        "“{column}”的“{value}”没有看懂。",
        "请写：简报、预警卡、催报、模板、账号，用顿号隔开，如“催报13:30、模板06:30”；都不要的写“都不要”，空着就是照常。",
    ),
    "email-unreadable": error("“{column}”的“{value}”不像电子邮箱。", "请核对；没有就空着。"),
    "error-cell": error("“{column}”里是公式错误（{value}）。", "请直接填内容，不要用公式。"),
    "formula-uncached": error("“{column}”里是一个没有算出结果的公式。", "请直接填内容，不要用公式。"),
    "formula-value": advice("“{column}”里是公式，按显示的结果算。", "请直接填内容，或“只粘贴数值”。"),
    "id-number-dropped": advice("“{column}”里像是证件号码，已去掉，没有保存。", "请不要在表里填身份证号、学籍号。"),
    "text-cut": advice("“{column}”太长，只收了前面的部分。", "请写得短些。"),
    "degree-unknown": error("“{column}”的“{value}”没看懂。", "请从 {choices} 里选一个。", public=("choices",)),
    "symptom-in-own-words": advice("“{value}”里有列表以外的症状，已记为“其他”，原话记在其他症状里。"),
    "diagnosis-in-own-words": advice("“{value}”不在诊断列表里，已记为“其他”，原话记在备注里。"),
    "diagnosis-several": query(
        "这一行写了不止一种病（这一格是“{value}”），先按其中较重的一种算，原话没有丢。",
        "请在“诊断”里只写最主要的一种，选“整份更正”再发；没有错就不用管。",
    ),
    "words-unread": query(
        "“{column}”的“{value}”里有没看懂的地方：“{words}”。看懂的已收，原话没有丢。",
        "如果写的是一种病，请在“诊断”里选上；是症状，请从列表里选。选“整份更正”再发；都不是就不用管。",
        cost="没看懂的病不会触发预警。",
    ),
    "disease-which": query(
        "“{column}”写的“{words}”在列表里没有单独一项，或者说不准是哪一种病，先只收能确定的部分。",
        "请问清医生的诊断：是流感、新冠、手足口病这类传染病的，在“诊断”里选上，选“整份更正”再发；不是就不用管。",
        cost="没有病名，这一例不会按传染病预警。",
    ),
    "disease-whose": query(
        "“{column}”的“{value}”提到“{words}”，看不出是不是这名学生现在得的病，没有算作诊断。",
        "是这名学生的，请在“诊断”里选上，选“整份更正”再发；不是就不用管。",
    ),
    "reason-told": query(
        "“{column}”的“{value}”没看懂，看这一行别的格子，先按{reason}收下。",
        "不对的，请在这一列选 因病、因伤 或 其他，选“整份更正”再发；对的就不用管。",
        public=("reason",),
    ),
    "reason-from-symptom": advice(
        "“{column}”里写的是“{value}”，按因病（或因伤）算。", "请在这一列选 因病、因伤 或 其他。"
    ),
}
