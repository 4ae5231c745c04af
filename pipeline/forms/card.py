"""预警信息报告卡: one alert, sent prefilled, comes back excluded (and why) or not (measures, and to whom it was
reported).

The answer is an upright table, a label left of each cell, because it is a card to be read and signed; the followed days
and the cases are tables of the usual kind. What the system filled in is above and not read back, except the number of
the alert.
"""

from __future__ import annotations

import re
from datetime import date

from pipeline.alert_state import CardReason
from pipeline.forms import card_words, cells, classes, heads, moments
from pipeline.forms.base import COUNTY, PAGE, Bad, Field, Fixed, Form, Frame, Mixed, Table
from pipeline.forms.columns import choice, count, day, flag, moment, text
from pipeline.forms.text_normalise import blank, fold, shown, sweep

_NUMBER = re.compile(r"(20[0-9]{2})-?([0-9]{4,6})")
_SHORT = re.compile(r"[0-9]{1,4}")
_OWN_REASON = re.compile(r"(?!.*[错误重复处理])(?:.*[^\W\d_]){4,}.*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PUPIL = re.compile(r"[^\s-]{1,20}-[0-9A-Z]{2,10}")


def alert_number(cell: object, frame: Frame) -> object:
    """An alert's number: 2026-0482; people leave out the dash or the year, or write 预警 before it."""
    if blank(cell):
        return None
    words = fold(shown(cell)).removeprefix("预警").removeprefix("编号").strip(":").removesuffix("号")
    if isinstance(frame.day, date) and _SHORT.fullmatch(words):  # 0004, of the year in which this card was issued
        return Fixed(f"{frame.day.year}-{int(words):04d}")
    found = _NUMBER.fullmatch(words)
    if not found:
        return Bad("card-number-unreadable")
    number = f"{found[1]}-{found[2]}"
    return number if number == cell else Fixed(number)


_reason = cells.choice(card_words.REASON, "exclusion-unknown")


def exclusion(cell: object, frame: Frame) -> object:
    """One of the notice's reasons. Words of one's own that name none of them are A9 and its 理由简述."""
    got = _reason(cell, frame)
    if not isinstance(got, Bad):
        return got
    words = sweep(shown(cell))
    for code in card_words.REASON.labels:
        if fold(words).startswith(code.casefold()) and not fold(words)[2:3].isdigit():
            rest = re.sub(r"^\W+|\W+$", "", words[2:])
            return Fixed(Mixed(code, rest))
    return Fixed(Mixed(CardReason.OTHER.value, words)) if _OWN_REASON.fullmatch(words) else got


def checksum(cell: object, _: Frame) -> object:
    """A SHA-256 as programs print it: 64 hexadecimal digits, in any grouping."""
    if blank(cell):
        return None
    digits = fold(shown(cell)).replace("-", "").replace(":", "").removeprefix("sha256")
    if not _SHA256.fullmatch(digits):
        return Bad("checksum-unreadable")
    return digits if digits == cell else Fixed(digits)


def pupil_code(cell: object, _: Frame) -> object:
    """A pupil's code, full or short: 三2-A7K3."""
    if blank(cell):
        return None
    code = fold(shown(cell)).upper()
    if not _PUPIL.fullmatch(code):
        return Bad("pupil-code-unreadable")
    return code if code == cell else Fixed(code)


# a column a line, its words for people below it; an answer is kept as a whole, a case by its pupil
# fmt: off
_ANSWER = (
    choice("verdict", "核实结论", card_words.VERDICT, "verdict-unknown", 12, required=True, decides=True, goes=PAGE,
           also="结论 是否可排除 核实结果", example="不可排除", section="二、核实",
           help="选“可排除”或“不可排除”。可排除填第三部分，不可排除填第四部分，另一部分空着。"),
    count("checked_cases", "核实后病例数", later=True, goes=PAGE, also="核实后人数", help="核实后确有几名病例。"),
    text("checked_by", "核实人", 40, plain=True, later=True, goes=PAGE),
    moment("checked_at", "核实时间", later=True, goes=PAGE, also="核实日期", example="2026-11-20 16:00"),
    text("checked_how", "核实方式", 60, later=True, width=60, goes=PAGE, example="电话家长",
         help="如：" + "、".join(card_words.CHECKED_HOW) + "。"),
    choice("reason", "排除理由", card_words.REASON, exclusion, 4, decides=True, spill="why", goes=PAGE, also="排除原因",
           help="A1 须在“病例”表标出哪一行有误，并随即更正缺课日报；A2 填机构和日期；A3 填另一编号；A9 写明理由。",
           section="三、可排除的预警信息（选“可排除”时填；A1 请在“病例”表标出有误的行）"),
    text("other_alert", "重复的预警编号", 12, alert_number, decides=True, plain=True, goes=PAGE,
         also="另一预警编号 另一编号", example="2026-0481", help="选 A3 时填：与哪一条预警重复。"),
    text("agency", "处理机构", 60, goes=PAGE, also="专业机构", example="示例区疾控中心",
         help="选 A2 时填：哪个机构处理的。"),
    day("handled_on", "处理完毕日期", ahead=True, decides=True, goes=PAGE, also="处理日期", example="2026-11-19",
        help="选 A2 时填。"),
    text("why", "理由简述", 200, later=True, width=60, goes=PAGE, also="理由 说明", help="选 A9 时必填。"),
    text("measures", "采取的措施", 300, width=60, goes=PAGE, also="措施 已采取措施",
         example="通知家长、患病学生居家、消毒、加强晨午检",
         help="如：" + "、".join(card_words.MEASURES) + "（停课须经批准）。",
         section="四、不可排除的预警信息（选“不可排除”时填；签发后 24 小时内报告属地部门）"),
    choice("found", "核实为", card_words.FOUND, "found-unknown", later=True, goes=PAGE, since=2, also="事件性质",
           help="核实后是食物中毒、群体性不明原因疾病或其他突发公共卫生事件的选一项；人数按“核实后病例数”。别的空着；"
           "原先选错了，改选“都不是”。"),
    count("deaths", "死亡人数", later=True, goes=PAGE, since=2, also="死亡 死亡病例",
          help="这次疫情中死亡的学生人数，没有就空着；原先填错了，改填 0。"),
    choice("report_way", "报告方式", card_words.REPORT_WAY, cells.several(card_words.REPORT_WAY, "report-way-unknown"),
           strict=False, decides=True, goes=PAGE, example="电话"),
    moment("reported_at", "报告时间", decides=True, goes=PAGE, example="2026-11-20 16:30"),
    text("reported_to", "报告对象", 80, width=60, goes=PAGE, also="报给谁 接报单位", example="示例区教育局 王某",
         help="单位和接报人，如：示例区教育局 王某。"),
    text("document", "建议书文件名", 120, plain=True, later=True, goes=PAGE, label="建议书", also="建议书 疾控建议书",
         help="疾控流行病学建议书的文件名，确有必要时填。"),
    text("document_number", "建议书文号", 60, plain=True, later=True, goes=PAGE, also="文号",
         help="有文号的填文号，可不填校验码。"),
    text("document_sha", "建议书校验码", 64, checksum, plain=True, later=True, width=60, goes=PAGE,
         also="SHA256 SHA-256 建议书SHA256", help="文件的 SHA-256（64 位），没有文号时填。"),
    text("reporter", "填报人", 40, plain=True, goes=PAGE, also="填表人", section="五、填报"),
    text("reviewer", "审核人", 40, plain=True, later=True, goes=PAGE, also="审核人(分管领导) 分管领导"),
    text("filled_by", "代填人", 40, plain=True, goes=PAGE, label="县级代填", section="六、县级代填（学校不用填）",
         help="县（市、区）代学校填报时填：谁填的。"),
    moment("asked_at", "联系时间", decides=True, goes=PAGE, help="什么时候联系学校的。"),
    text("asked_whom", "联系对象", 60, plain=True, width=60, goes=PAGE,
         help="联系了学校的谁，如：示例小学 李某（电话）。"),
)

_DAYS = (
    day("day", "日期", ahead=True, key=True, must="follow-day-missing", width=14, example="2026-11-21"),
    count("fresh", "新增病例", decides=True, width=11, also="新增 新增人数", example="1"),
    count("present", "现有病例", decides=True, width=11, also="现症病例 现有 现有人数", example="4"),
    text("progress", "措施与进展", 200, width=56, also="措施/进展 措施进展 进展 备注",
         example="班级已消毒，患病学生居家"),
)

_CASES = (
    day("day", "报告日期", ahead=True, key=True, required=True, decides=True, width=12, also="缺课日期"),
    text("class_name", "班级", 20, classes.class_name, kept=False, width=12, goes=COUNTY),
    text("name", "姓名", 60, cells.person, kept=False, key=True, width=11),
    text("code", "学生代码", 40, pupil_code, stored="pupil", key=True, plain=True, decides=True,
         width=13, also="代码"),
    text("sex", "性别", 4, kept=False, width=6),
    text("onset", "发病", 20, kept=False),
    text("symptoms", "症状", 120, kept=False, width=22),
    text("diagnosis", "诊断", 60, kept=False, width=16),
    flag("wrong", "信息有误", kept=False, decides=True, also="有误", help="选 A1 时：有误的那一行选“是”，别的行空着。"),
    text("truth", "实际情况", 120, width=24, also="应为 正确内容"),
)
# fmt: on

ANSWER = Table("answer", "报告卡", _ANSWER, upright=True)
DAYS = Table(
    "days",
    "后续关注",
    _DAYS,
    needed=False,
    store="card_day",
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
    fields=(
        Field("alert", "预警编号", alert_number, required=True, known=True, aliases=("编号",)),
        Field("revision", "签发次数", cells.count, "integer", known=True),
        heads.SCHOOL_CODE,
        heads.SCHOOL_NAME,
        heads.CAMPUS,
        Field("county", "属地", cells.text(40), known=True),
        Field("issued", "签发时间", moments.moment(ahead=True), "datetime", known=True),
        Field("due", "回复截止", moments.moment(ahead=True), "datetime", known=True),
        Field("group", "症状/病种", cells.text(80), known=True),
        Field("stage", "级别", cells.text(40), known=True),
        Field("count", "人数", cells.text(120), known=True),
        Field("met", "达到条件", cells.text(300), known=True, wide=True),
    ),
    tables=(ANSWER, DAYS, CASES),
    notes=(
        "请核实后填写并发回（放进本校的收件文件夹）；“不可排除”的，每个上课日在“后续关注”表添一行，再发本表，直至预警结束。",
    ),
    dated=False,
)
