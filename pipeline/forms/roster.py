"""学校名册: the schools of a county and their classes, or those of one school; and the contacts of its organs.

A blank never erases a value of the registry. Changes count from the day in the head.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipeline.forms import cells, classes, dates, heads, mail_wishes, words
from pipeline.forms.base import COUNTY, PAGE, Column, Field, Form, Table
from pipeline.forms.columns import choice, count, day, flag, text

# a column a line, its words for people below it; what is of a whole school is kept with its unit
# fmt: off
_CODE = text("code", "学校标识码", 20, cells.digits(10, "unit-code-unreadable"), key=True, must="unit-code-missing",
             width=13, also="标识码 学校代码 学校(机构)标识码 机构标识码", example="2132000001",
             help="10位数字，按文本填写。")
_CAMPUS = text("campus", "校区", 40, stored="campus.name", key=True, also="校区名称 园区",
               help="只有一个校区就空着（本部）。")

_WISHES = text("mail_wishes", "邮件要求", 40, mail_wishes.parse, folded=True, width=20,
               also="邮件事项 要哪些邮件", example=mail_wishes.EXAMPLE,
               help="要哪些邮件：简报、预警卡、催报、模板、账号，用顿号隔开；催报、模板后面可以写时间。"
                    "空着是除模板外都发；也可以写“不要简报”“都不要”。")

_SCHOOLS = (
    _CODE,
    text("name", "学校名称", 80, must="school-name-missing", width=26, goes=PAGE, label="名称",
         also="学校 单位名称 名称", example="示例小学"),
    text("division", "区划代码", 12, cells.digits(6, "division-unreadable"), stored="division_id", width=12,
         goes=PAGE, label="区划", also="县区代码 行政区划代码 所属区划 县(市、区)代码", example="320106",
         help="6位；空着就是本名册的县（市、区）。"),
    _CAMPUS,
    choice("stages", "学段", words.STAGE, cells.several(words.STAGE, "stage-unknown"), 60, strict=False, width=14,
           goes=PAGE, also="办学类型 学校类型", example="小学",
           help="几个学段用顿号隔开，如 小学、初中。空着按标识码判断。"),
    flag("boarding", "寄宿", width=6, also="是否寄宿 寄宿制", example="否"),
    text("reporter", "填报人", 40, also="填报人姓名 联系人", example="李老师",
         help="别的校区可以另有填报人和电话，填在那个校区的一行；空着就是本部的。"),
    text("reporter_phone", "填报人电话", 30, cells.telephone, width=15, also="联系电话 电话 填报人联系电话",
         example="100-0000-0001"),
    text("leader", "分管领导", 40, also="审核人 分管校长", example="王校长"),
    text("leader_phone", "分管领导电话", 30, cells.telephone, width=15, also="审核人电话 领导电话",
         example="100-0000-0002"),
    text("mailbox", "邮箱", 254, cells.email, folded=True, width=22,
         also="学校邮箱 电子邮箱 单位邮箱 填报邮箱", example="school@example.edu.cn",
         help="学校报送用的邮箱，只填一个：从那里发来的邮件算学校的，回执、催报也发到那里。"),
    text("leader_mailbox", "分管领导邮箱", 254, cells.email, folded=True, width=22,
         also="审核人邮箱 领导邮箱", example="leader@example.edu.cn",
         help="收到回执后，回复“同意”两个字就算审核。"),
    _WISHES,
    day("from", "启用日期", ahead=True, stored="valid_from", width=12, goes=PAGE, also="开办日期 设立日期",
        help="新办学校开始报送的日期；一直有的学校空着。"),
    day("until", "停办日期", ahead=True, stored="valid_to", width=12, goes=PAGE, also="撤并日期 停用日期 注销日期",
        help="撤并、停办的学校，从这一天起不再报送；以前的数据不变。"),
)

_CLASSES = (
    replace(_CODE, stored="school_id"),
    text("school_name", "学校名称", 80, kept=False, width=22, also="学校 单位名称", example="示例小学",
         help="只为看得明白；改名请在“学校”表里改。"),
    replace(_CAMPUS, stored="campus"),
    text("class_name", "班级", 40, classes.class_name, stored="name", key=True, must="class-missing", width=14,
         goes=COUNTY,
         also="班级名称 班别", example="三(3)班"),
    choice("stage", "学段", words.STAGE, "stage-unknown", width=8, example="小学", help="空着按班级名称判断。"),
    count("roll", "学生人数", also="人数 应到人数 班级人数 幼儿人数", example="45"),
    day("from", "启用日期", ahead=True, stored="valid_from", width=12, also="开班日期",
        help="学年中途新开的班从哪天起；开学就有的班空着。"),
    day("until", "停用日期", ahead=True, stored="valid_to", width=12, also="撤班日期 撤并日期",
        help="撤掉、并掉的班，从这一天起没有了。改名的班：原班名写停用日期，新班名另起一行，启用日期写同一天，"
             "缺课的学生就接着算。又开的班写新的启用日期。"),
)

_ORGANS = (
    choice("organ", "机构", words.ORGAN, "organ-unknown", 12, key=True, must="organ-missing", width=12,
           also="机构名称 部门", example="教育局"),
    text("reporter", "联系人", 40, width=12, also="经办人 负责人", example="赵科长"),
    text("reporter_phone", "联系人电话", 30, cells.telephone, width=18, also="联系电话 电话",
         example="100-0000-0003", help="印在简报上，供上级和学校联系。"),
    text("mailbox", "邮箱", 254, cells.email, folded=True, width=22,
         also="电子邮箱 单位邮箱", example="bureau@example.gov.cn", help="收简报、名单、预警卡的邮箱，只填一个。"),
    _WISHES,
    text("division", "区划代码", 12, cells.digits(6, "division-unreadable"), stored="division_id", width=12,
         help="空着就是本名册的县（市、区）。"),
)
# fmt: on

SCHOOLS = Table("schools", "学校", _SCHOOLS, store="unit")
CLASSES = Table("classes", "班级", _CLASSES, needed=False, store="school_class")
ORGANS = Table("organs", "机构", _ORGANS, needed=False, store="unit")

_DAYS = {"valid_from": "opens", "valid_to": "closes"}
OF_UNIT: Mapping[str, Column] = {_DAYS.get(name, name): one for name, one in SCHOOLS.keeps.items() if not one.key}
"""Columns about a whole school, by their names in the registry's statements: the stored names, except for its days."""
OF_CAMPUS = ("reporter", "reporter_phone")
"""Columns that a further campus may have of its own."""
OF_ORGAN = tuple(name for name, one in ORGANS.keeps.items() if not one.key and not one.stored)
"""Columns about an organ."""

ROSTER = Form(
    name="roster",
    title="学校名册",
    alone=True,
    pupils=False,
    fields=(
        replace(
            heads.PLACE,
            aliases=("名册区划代码", "县(市、区)代码", "行政区划代码", "区划代码"),
            help="县（市、区）填6位区划代码；学校报自己的名册填10位学校标识码。",
        ),
        Field("school", "单位名称", cells.text(60), known=True, aliases=("县(市、区)", "区划名称", "县区")),
        Field(
            "day",
            "生效日期",
            dates.day(ahead=True),
            "date",
            aliases=("日期", "填报日期"),
            help="改动从这一天起算；空着就是送到的当天。",
        ),
        heads.REPORTER,
        heads.REVIEWER,
    ),
    tables=(SCHOOLS, CLASSES, ORGANS),
    of="division",
    dated=False,
    notes=(
        "只改要改的格子：空着的格子、没有列出的学校和班级，名册里原样不动。改动从“生效日期”那天起算。",
        "学校标识码请按文本填写，不要变成 2.1E+09。",
    ),
)
