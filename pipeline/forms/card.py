"""预警信息报告卡: one alert, sent prefilled, comes back excluded (and why) or not (what was done, who was told).

The answer is an upright table, a label left of each cell, because it is a card to be read and signed; the days
that follow and the cases are tables of the usual kind. What the system issued stands above and is not read back,
but for the number by which the alert is known.
"""

from __future__ import annotations

import re

from pipeline.forms import card_words, cells, classes, dates, heads, words
from pipeline.forms.base import Bad, Column, Field, Fixed, Form, Frame, Table
from pipeline.forms.text_normalise import blank, fold, shown

_NUMBER = re.compile(r"(20[0-9]{2})-?([0-9]{4,6})")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PUPIL = re.compile(r"[^\s-]{1,20}-[0-9A-Z]{2,10}")


def alert_number(cell: object, _: Frame) -> object:
    """An alert's number: 2026-0482; people drop the dash, or write 预警 before it."""
    if blank(cell):
        return None
    found = _NUMBER.fullmatch(fold(shown(cell)).removeprefix("预警").removeprefix("编号").strip(":"))
    if not found:
        return Bad("card-number-unreadable")
    number = f"{found[1]}-{found[2]}"
    return number if number == cell else Fixed(number)


def checksum(cell: object, _: Frame) -> object:
    """A SHA-256 as tools print it: 64 hexadecimal digits, in any grouping."""
    if blank(cell):
        return None
    digits = fold(shown(cell)).replace("-", "").replace(":", "").removeprefix("sha256")
    if not _SHA256.fullmatch(digits):
        return Bad("checksum-unreadable")
    return digits if digits == cell else Fixed(digits)


def pupil_code(cell: object, _: Frame) -> object:
    """A pupil's code, whole or short: 三2-A7K3."""
    if blank(cell):
        return None
    code = fold(shown(cell)).upper()
    if not _PUPIL.fullmatch(code):
        return Bad("pupil-code-unreadable")
    return code if code == cell else Fixed(code)


_ANSWER = (
    Column(
        "verdict",
        "核实结论",
        "choice",
        cells.choice(card_words.VERDICT, "verdict-unknown"),
        required=True,
        decides=True,
        vocabulary=card_words.VERDICT,
        aliases=("结论", "是否可排除", "核实结果"),
        help="选“可排除”或“不可排除”。可排除填第三部分，不可排除填第四部分，另一部分空着。",
        example="不可排除",
        section="二、核实",
    ),
    Column(
        "checked_cases", "核实后病例数", "integer", cells.count, aliases=("核实后人数",), help="核实后确有几名病例。"
    ),
    Column("checked_by", "核实人", "text", cells.text(40)),
    Column("checked_at", "核实时间", "datetime", dates.moment(), aliases=("核实日期",), example="2026-11-20 16:00"),
    Column(
        "checked_how",
        "核实方式",
        "text",
        cells.text(60),
        help="如：" + "、".join(card_words.CHECKED_HOW) + "。",
        example="电话家长",
        width=60,
    ),
    Column(
        "reason",
        "排除理由",
        "choice",
        cells.choice(card_words.REASON, "exclusion-unknown"),
        decides=True,
        vocabulary=card_words.REASON,
        aliases=("排除原因",),
        help="A1 须在“病例”表标出哪一行有误，并随即更正缺课日报；A2 填机构和日期；A3 填另一编号；A9 写明理由。",
        section="三、可排除的预警信息（选“可排除”时填；A1 请在“病例”表标出有误的行）",
    ),
    Column(
        "other_alert",
        "重复的预警编号",
        "text",
        alert_number,
        decides=True,
        aliases=("另一预警编号", "另一编号"),
        help="选 A3 时填：与哪一条预警重复。",
        example="2026-0481",
    ),
    Column(
        "agency",
        "处理机构",
        "text",
        cells.text(60),
        aliases=("专业机构",),
        help="选 A2 时填：哪个机构处理的。",
        example="示例区疾控中心",
    ),
    Column(
        "handled_on",
        "处理完毕日期",
        "date",
        dates.day(ahead=True),
        decides=True,
        aliases=("处理日期",),
        help="选 A2 时填。",
        example="2026-11-19",
    ),
    Column("why", "理由简述", "text", cells.text(200), aliases=("理由", "说明"), help="选 A9 时必填。", width=60),
    Column(
        "measures",
        "采取的措施",
        "text",
        cells.text(300),
        aliases=("措施", "已采取措施"),
        help="如：" + "、".join(card_words.MEASURES) + "（停课须经批准）。",
        example="通知家长、患病学生居家、消毒、加强晨午检",
        width=60,
        section="四、不可排除的预警信息（选“不可排除”时填；签发后 24 小时内报告属地部门）",
    ),
    Column(
        "report_way",
        "报告方式",
        "choice",
        cells.choice(card_words.REPORT_WAY, "report-way-unknown"),
        decides=True,
        vocabulary=card_words.REPORT_WAY,
        example="电话",
    ),
    Column("reported_at", "报告时间", "datetime", dates.moment(), decides=True, example="2026-11-20 16:30"),
    Column(
        "reported_to",
        "报告对象",
        "text",
        cells.text(80),
        aliases=("报给谁", "接报单位"),
        help="单位和接报人，如：示例区教育局 王某。",
        example="示例区教育局 王某",
        width=60,
    ),
    Column(
        "document",
        "建议书文件名",
        "text",
        cells.text(120),
        aliases=("建议书", "疾控建议书"),
        help="疾控流行病学建议书的文件名，确有必要时填。",
    ),
    Column(
        "document_number",
        "建议书文号",
        "text",
        cells.text(60),
        aliases=("文号",),
        help="有文号的填文号，可不填校验码。",
    ),
    Column(
        "document_sha",
        "建议书校验码",
        "text",
        checksum,
        aliases=("SHA256", "SHA-256", "建议书SHA256"),
        help="文件的 SHA-256（64 位），没有文号时填。",
        width=60,
    ),
    Column("reporter", "填报人", "text", cells.text(40), aliases=("填表人",), section="五、填报"),
    Column("reviewer", "审核人", "text", cells.text(40), aliases=("审核人(分管领导)", "分管领导")),
    Column(
        "filled_by",
        "代填人",
        "text",
        cells.text(40),
        help="县（市、区）代学校填报时填：谁填的。",
        section="六、县级代填（学校不用填）",
    ),
    Column("asked_at", "联系时间", "datetime", dates.moment(), decides=True, help="什么时候联系学校的。"),
    Column(
        "asked_whom",
        "联系对象",
        "text",
        cells.text(60),
        help="联系了学校的谁，如：示例小学 李某（电话）。",
        width=60,
    ),
)

_DAYS = (
    Column(
        "day",
        "日期",
        "date",
        dates.day(ahead=True),
        required=True,
        decides=True,
        missing="follow-day-missing",
        width=14,
        example="2026-11-21",
        key=True,
    ),
    Column(
        "fresh", "新增病例", "integer", cells.count, decides=True, aliases=("新增", "新增人数"), width=11, example="1"
    ),
    Column(
        "present",
        "现有病例",
        "integer",
        cells.count,
        decides=True,
        aliases=("现症病例", "现有", "现有人数"),
        width=11,
        example="4",
    ),
    Column(
        "progress",
        "措施与进展",
        "text",
        cells.text(200),
        aliases=("措施/进展", "措施进展", "进展", "备注"),
        width=56,
        example="班级已消毒，患病学生居家",
    ),
)

_CASES = (
    Column(
        "day",
        "报告日期",
        "date",
        dates.day(ahead=True),
        required=True,
        decides=True,
        aliases=("缺课日期",),
        width=12,
        key=True,
    ),
    Column("class_name", "班级", "text", classes.class_name, width=12),
    Column("name", "姓名", "text", cells.person, width=11, key=True),
    Column("code", "学生代码", "text", pupil_code, aliases=("代码",), decides=True, width=13, key=True),
    Column("sex", "性别", "text", cells.text(4), width=6),
    Column("onset", "发病", "text", cells.text(20), width=10),
    Column("symptoms", "症状", "text", cells.text(120), width=22),
    Column("diagnosis", "诊断", "text", cells.text(60), width=16),
    Column(
        "wrong",
        "信息有误",
        "flag",
        cells.flag(words.YES_NO),
        decides=True,
        vocabulary=words.YES_NO,
        aliases=("有误",),
        width=10,
        help="选 A1 时：有误的那一行选“是”，别的行空着。",
    ),
    Column("truth", "实际情况", "text", cells.text(120), aliases=("应为", "正确内容"), width=24),
)

ANSWER = Table("answer", "报告卡", _ANSWER, upright=True)
DAYS = Table(
    "days",
    "后续关注",
    _DAYS,
    needed=False,
    note="不可排除的，每个上课日填一行，填了就发回，直至预警结束；没有新增填 0。没填的日子不用删。",
)
CASES = Table(
    "cases",
    "病例",
    _CASES,
    needed=False,
    note="只在排除理由选 A1 时填：有误的那一行“信息有误”选“是”，并随即更正那天的缺课日报。其余不用动。",
)

CARD = Form(
    name="card",
    title="预警信息报告卡",
    version="1",
    fields=(
        Field("alert", "预警编号", alert_number, required=True, known=True, aliases=("编号",)),
        Field("revision", "签发次数", cells.count, "integer", known=True),
        heads.SCHOOL_CODE,
        heads.SCHOOL_NAME,
        heads.CAMPUS,
        Field("county", "属地", cells.text(40), known=True),
        Field("issued", "签发时间", dates.moment(ahead=True), "datetime", known=True),
        Field("due", "回复截止", dates.moment(ahead=True), "datetime", known=True),
        Field("group", "症状/病种", cells.text(40), known=True),
        Field("stage", "级别", cells.text(40), known=True),
        Field("count", "人数", cells.text(60), known=True),
        Field("met", "达到条件", cells.text(300), known=True, wide=True),
    ),
    tables=(ANSWER, DAYS, CASES),
    notes=(
        "请核实后填写并发回（放进本校的收件文件夹）；“不可排除”的，每个上课日在“后续关注”表添一行，再发本表，直至预警结束。",
    ),
    dated=False,
)
