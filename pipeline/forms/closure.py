"""停课报告表: a class or a whole school closes, stays closed, opens again. The pupils who are ill are reported in the
缺课日报 of the day as well (notice, one).
"""

from __future__ import annotations

from pipeline.forms import classes, clinical, heads, words
from pipeline.forms.base import COUNTY, EXPORT, Form, Table
from pipeline.forms.columns import choice, count, day, moment, text
from pipeline.forms.moments import HALVES

# a column a line, its words for people below it
# fmt: off
_COLUMNS = (
    choice("kind", "报告类别", words.CLOSURE_KIND, "closure-kind-unknown", must="closure-kind-missing", width=9,
           goes=COUNTY, compared=False, also="类别 报告类型", example="首报",
           help="首报、延长、复课、更正或撤销。后四种照首报那一行填全，只改变动的格子。"),
    text("scope", "停课范围", 20, classes.class_name, key=True, must="scope-missing", width=12, goes=COUNTY | EXPORT,
         also="停课班级 范围 班级 停课年级班级", example="三(3)班",
         help="写班级名称（一行一个班），全校（园）停课写“全校”。"),
    choice("reason", "停课原因", words.CLOSURE_REASON, clinical.closure_reason, 20, must="closure-reason-missing",
           strict=False, width=14, goes=COUNTY | EXPORT, also="原因 病种 停课病种", example="流行性感冒"),
    count("ill", "患病学生数", must="ill-missing", goes=COUNTY | EXPORT, also="患病人数 发病人数 病例数 患病幼儿数",
          example="8", kindergarten="患病幼儿数"),
    count("pupils", "涉及学生数", goes=COUNTY, also="涉及人数 停课人数 班级人数 涉及幼儿数", example="45",
          kindergarten="涉及幼儿数"),
    day("first_onset", "首例发病日期", width=12, goes=COUNTY, also="首例发病日 首发日期", example="2026-11-17"),
    moment("start", "停课开始时间", ahead=True, halves=HALVES, key=True, must="closure-start-missing", width=16,
           goes=COUNTY | EXPORT, also="停课开始日期 停课时间 开始时间 停课起始时间 停课日期",
           example="2026-11-20 13:00", help="日期和时间，如 2026-11-20 13:00。"),
    day("resume_planned", "拟复课日期", ahead=True, must="resume-missing", width=12, goes=COUNTY | EXPORT,
        also="计划复课日期 预计复课日期 拟复课时间", example="2026-11-24"),
    day("resume_actual", "实际复课日期", ahead=True, decides=True, width=12, goes=COUNTY, also="复课日期 实际复课时间",
        help="报复课时填。"),
    moment("approved_at", "批准时间", halves=HALVES, must="approval-missing", width=16, goes=COUNTY,
           also="审批时间 批准日期 审批日期", example="2026-11-20 11:00",
           help="县（市、区）批准的日期和时间，不晚于停课开始；延长的填批准延长的时间。"),
    choice("approved_how", "批准方式", words.APPROVED_HOW, "approved-how-unknown", width=9, goes=COUNTY,
           also="审批方式", example="电话"),
    text("approved_by", "批准人及单位", 80, must="approver-missing", width=20, goes=EXPORT,
         also="批准人 批准单位 审批人 审批单位 批准单位及批准人", example="示例区教育局 王某"),
    text("document", "批准文号", 60, width=14, also="文号 建议书 文号或建议书"),
    text("note", "备注", 200, width=18, also="说明"),
)
# fmt: on

ROWS = Table("rows", "停课报告", _COLUMNS, store="closure", ditto=True)

CLOSURE = Form(
    name="closure",
    title="停课报告表",
    mended=True,
    fields=(heads.SCHOOL_CODE, heads.SCHOOL_NAME, heads.CAMPUS, heads.DAY, heads.REPORTER, heads.REVIEWER),
    tables=(ROWS,),
    notes=(
        "停课前须经县（市、区）教育、卫生健康部门和疾控中心研判批准。",
        "停课班级的患病学生，请同时在当日缺课日报中逐人填报。",
    ),
)
