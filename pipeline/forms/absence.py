"""缺课日报: who is absent today, and why. One row a pupil and day; a second sheet has the classes.

We do not ask for anything we can compute (totals, 实到, days, 新发/续报, 学段, ILI, age).
"""

from __future__ import annotations

from pipeline.forms import cells, classes, clinical, dates, heads, lines, words
from pipeline.forms.base import COUNTY, EXPORT, NEXT, PAGE, Column, Field, Form, Table
from pipeline.forms.columns import choice, count, day, flag, number, text


# a column a line, its words for people below it
# fmt: off
def _symptom(place: int, example: str = "", hint: str = "") -> Column:
    return choice(f"symptom{place}", f"症状{place}", words.SYMPTOM, clinical.symptoms, 60, stored="symptoms",
                  strict=False, goes=NEXT | PAGE | EXPORT | COUNTY, spill="other_symptom", width=9,
                  also=f"症状 主要症状 临床症状 症状{'一二三'[place - 1]} 晨检症状 午检症状 症状表现 临床表现 主要表现",
                  example=example, help=hint)


_IN_VIEW = (
    text("class_name", "班级", 20, classes.class_name, stored="class_key", key=True, must="class-missing", width=11,
         goes=NEXT | PAGE | COUNTY, also="班级名称 所在班级 班别 年级班级 班", example="三(3)班",
         help="与“班级”表中的写法一致，如 三(3)班。不要只写 3-2，表格软件会把它变成日期。"),
    text("name", "姓名", 60, cells.person, stored="pupil.name", key=True, must="name-missing", width=9,
         goes=NEXT | PAGE, also="学生姓名 幼儿姓名 学生 名字 学生名字", example="张小明", kindergarten="幼儿姓名"),
    text("number", "学号", 30, cells.number_text, stored="pupil.number", key=True, goes=NEXT, kindergarten="园内编号",
         also="学籍号 学生学号 学生代号 编号", help="只有同班同名时才需要。请不要填身份证号。"),
    choice("sex", "性别", words.SEX, "sex-unknown", 1, asked="sex-missing", width=5, goes=NEXT | PAGE | EXPORT | COUNTY,
           example="男"),
    choice("reason", "缺课原因", words.REASON, clinical.reason, must="reason-missing", spill="symptom1", width=8,
           told_by=("symptom1", "diagnosis", "temperature"),
           lacking="，有症状、诊断或发热的按因病（因伤）算",
           goes=NEXT | PAGE | EXPORT | COUNTY, also="原因 缺勤原因 缺课类型 缺勤类型 请假原因 类型 请假类型"
           " 未到原因 未到校原因 未到园原因 缺席原因"
           " 缺课类别 缺勤类别 请假类别", example="因病",
           help="因病、因伤或其他。", kindergarten="缺勤原因"),
    day("start", "起始日", must="start-missing", width=11, lacking="，都按报告日期当天开始缺课算",
        goes=NEXT | PAGE | EXPORT | COUNTY, example="2026-11-20",
        also="缺课起始日 缺课开始日期 起始日期 缺课日期 缺勤日期 开始日期 缺勤开始日期 缺勤起始日 缺课起始日期"
        " 缺勤起始日期 缺课开始日 请假开始日期 请假日期 开始时间 请假开始时间",
        help="从哪一天开始缺课；今天刚开始的填报告日期。漏填也收，先按报告日期算，回执会提醒。"),
    choice("part", "时段", words.PART, "part-unknown", 4, width=6, goes=PAGE | EXPORT | COUNTY, coded=True,
           also="缺课时段 缺勤时段 上午/下午", help="空着就是全天。"),
    _symptom(1, "发热", "因病时至少填一个；不清楚可选“不详”。一格里写几个症状也可以，用顿号隔开。"),
    _symptom(2, "咳嗽"),
    _symptom(3),
    text("other_symptom", "其他症状", 200, clinical.other_symptom, goes=NEXT | PAGE,
         also="其他症状(注明) 症状说明 症状描述",
         help="列表里没有的，用自己的话写。"),
    number("temperature", "体温", 3, cells.temperature, width=6, goes=NEXT | PAGE | EXPORT | COUNTY,
           also="最高体温 体温(℃) 体温℃ 最高体温(℃)", example="38.5", help="最高体温，如 38.5；没有量就填“未测”。"),
    day("onset", "发病日期", width=11, goes=NEXT | EXPORT | COUNTY, also="发病日 发病时间 症状发生日期",
        help="空着按起始日算。"),
    flag("visited", "就诊", width=5, goes=NEXT | PAGE | EXPORT | COUNTY, also="是否就诊 就医 是否就医", example="是"),
    choice("diagnosis", "诊断", words.DISEASE, clinical.diagnosis, 20, strict=False, spill="note", width=13,
           join=clinical.joined,
           goes=NEXT | PAGE | EXPORT, also="诊断结果 医院诊断 初步诊断 疾病 病因 疾病名称 诊断(疾病)",
           help="医生的诊断；没有就空着。"),
    text("note", "备注", 200, width=16, goes=PAGE, also="说明 备注说明 请假事由 事由 具体情况 情况说明"),
)

_FOLDED = (
    choice("state", "状态", words.ROW_STATE, "state-unknown", stored="row_state", folded=True, width=8,
           goes=PAGE | EXPORT | COUNTY, coded=True, also="状态(请选) 缺课状态 目前状态 缺勤状态",
           help="带入的昨日缺课：仍缺课或已返校。新的缺课不用填。"),
    text("hospital", "就诊医院", 80, folded=True, width=14, goes=NEXT, also="医院 医院名称"),
    flag("isolated", "隔离", folded=True, width=6, goes=NEXT | COUNTY, also="是否隔离 居家隔离"),
    flag("admitted", "住院", folded=True, width=6, goes=NEXT | COUNTY, also="是否住院"),
    day("returned", "返校日期", folded=True, width=11, goes=COUNTY, also="返校日 返园日期 返校时间 返园日",
        help="已经返校的那一天；还没有返校就空着。", kindergarten="返园日期"),
    choice("injury_cause", "伤害原因", words.INJURY_CAUSE, "injury-unknown", folded=True, goes=NEXT | COUNTY,
           also="受伤原因"),
    choice("injury_place", "伤害地点", words.INJURY_PLACE, "injury-unknown", folded=True, goes=NEXT | COUNTY,
           also="受伤地点"),
    choice("injury_activity", "伤时活动", words.INJURY_ACTIVITY, "injury-unknown", folded=True, goes=NEXT | COUNTY,
           also="受伤时活动 伤害时活动"),
    choice("injury_part", "受伤部位", words.INJURY_PART, "injury-unknown", folded=True, width=9, goes=NEXT | COUNTY,
           also="伤害部位"),
    choice("degree", "病例分类", words.DEGREE, "degree-unknown", 9, join=clinical.first, folded=True, width=9,
           since=2, goes=NEXT | PAGE | EXPORT, also="诊断类型 病例类型 诊断状态",
           help="疑似、临床诊断或确诊。诊断写成“疑似水痘”“甲流阳性”这样也可以，会自动填在这里。"),
    text("dorm", "宿舍", 30, cells.room(30), folded=True, only="boarding", width=9, goes=NEXT | COUNTY,
         also="宿舍号 寝室 寝室号"),
    flag("shared_meal", "共同用餐", folded=True, width=9, goes=NEXT | EXPORT | COUNTY, since=2,
         also="共同用餐史 共同用餐饮水史 聚餐", help="发病前与其他患病学生一起用餐或饮水的，选“是”。"),
    choice("test_result", "检测结果", words.TEST_RESULT, "test-result-unknown", 10, folded=True, width=9,
           goes=NEXT | EXPORT | COUNTY, since=2, also="实验室检测 实验室检测结果 化验结果 核酸结果 抗原结果",
           help="医院或疾控对“诊断”所填的病做的检测；没有做就空着。"),
    flag("severe", "危重", folded=True, width=6, goes=NEXT | EXPORT | COUNTY, since=2, also="是否危重 病情危重 重症",
         help="不明原因的高热、呼吸急促或剧烈呕吐、腹泻，或医生说病情危重的，选“是”；一名即预警。"),
)

# on lists of a district, of several campuses or days: above the table of ours, a file is of one
_GRADE = text("row_grade", "年级", 20, beside=True, kept=False, also="年段 级部 所在年级 年级名称")
_BESIDE = (
    text("row_campus", heads.CAMPUS.label, 40, beside=True, kept=False, also="校区名称 园区 所在校区 所属校区"),
    text("row_school", heads.SCHOOL_NAME.label, 80, beside=True, kept=False, width=16,
         also="学校 单位名称 幼儿园名称 幼儿园 园名 所在学校 所属学校 就读学校 学校全称 单位"),
    text("row_unit", heads.SCHOOL_CODE.label, 20, cells.quietly(heads.SCHOOL_CODE.parse), beside=True, kept=False,
         width=12,         also="学校代码 标识码 学校(机构)标识码 机构标识码 学校编码"),
    Column("row_day", heads.DAY.label, "date", cells.quietly(dates.day(ahead=True)), beside=True, kept=False,
           width=11, aliases=("日期", "填报日期", "上报日期")),
)

_CLASSES = (
    text("class_name", "班级", 20, classes.class_name, stored="key", key=True, must="class-missing", width=14,
         goes=COUNTY, also="班级名称 班别", example="三(3)班", help="已按名册填好。没有开的班请删去整行。"),
    count("roll", "应到人数", goes=COUNTY, also="应到 班级人数 在籍人数", example="45",
          help="已按名册填好；人数变了请改。"),
    count("other_absent", "其他缺课人数", width=13, goes=COUNTY, also="其他缺课 其他缺勤人数 其他缺勤 事假人数",
          example="1", help="事假等不必写姓名的，只写人数。没有就空着。", kindergarten="其他缺勤人数"),
    count("present", "实到人数", goes=COUNTY, also="实到 出勤人数", help="可以不填。"),
)

_HEADER = (
    heads.SCHOOL_CODE,
    heads.SCHOOL_NAME,
    heads.CAMPUS,
    heads.DAY,
    Field("mode", "报送方式", cells.choice(words.MODE, "mode-unknown"), "choice", vocabulary=words.MODE,
          aliases=("上报方式", "更正标志", "填报方式"), help="空着就是首次报送。改正已报的内容选“整份更正”。"),
    Field("zero", "零报告", lines.zero_report, "flag", vocabulary=words.YES_NO,
          aliases=("是否零报告", "今日零报告", "零报告(是/否)"), help="今天没有人缺课，选“是”。"),
    heads.REPORTER,
    heads.REVIEWER,
)
# fmt: on

ROWS = Table("rows", "缺课登记", (*_IN_VIEW, *_FOLDED, *_BESIDE, _GRADE), store="absence")
CLASSES = Table("classes", "班级", (*_CLASSES, *_BESIDE, _GRADE), needed=False, store="report_class")

ABSENCE = Form(
    name="absence",
    title="学生缺课日报",
    mended=True,
    kindergarten_title="幼儿缺勤日报",
    fields=_HEADER,
    tables=(ROWS, CLASSES),
    notes=(
        "每天15:00前报送。没有人缺课，把“零报告”选为“是”。",
        "一人一行；带 * 的列必填。人数合计、缺课天数等由系统计算，不用填。",
    ),
)
