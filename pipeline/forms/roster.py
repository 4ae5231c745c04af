"""学校名册: the schools of a county and their classes. A blank never erases what the registry has."""

from __future__ import annotations

from pipeline.forms import cells, classes, dates, words
from pipeline.forms.base import Column, Field, Form, Table

_CODE = Column(
    "code",
    "学校标识码",
    "text",
    cells.digits(10, "unit-code-unreadable"),
    required=True,
    decides=True,
    missing="unit-code-missing",
    aliases=("标识码", "学校代码", "学校(机构)标识码", "机构标识码"),
    width=13,
    help="10位数字，按文本填写。",
    example="2132000001",
    key=True,
)
_CAMPUS = Column(
    "campus",
    "校区",
    "text",
    cells.text(40),
    aliases=("校区名称", "园区"),
    width=10,
    help="只有一个校区就空着（本部）。",
    key=True,
)

_SCHOOLS = (
    _CODE,
    Column(
        "name",
        "学校名称",
        "text",
        cells.text(80),
        required=True,
        decides=True,
        missing="school-name-missing",
        aliases=("学校", "单位名称", "名称"),
        width=26,
        example="示例小学",
    ),
    Column(
        "division",
        "区划代码",
        "text",
        cells.digits(6, "division-unreadable"),
        aliases=("县区代码", "行政区划代码", "所属区划", "县(市、区)代码"),
        width=12,
        help="6位；空着就是本名册的县（市、区）。",
        example="320106",
    ),
    _CAMPUS,
    Column(
        "stages",
        "学段",
        "choice",
        cells.several(words.STAGE, "stage-unknown"),
        vocabulary=words.STAGE,
        strict=False,
        aliases=("办学类型", "学校类型"),
        width=14,
        help="几个学段用顿号隔开，如 小学、初中。空着按标识码判断。",
        example="小学",
    ),
    Column(
        "boarding",
        "寄宿",
        "flag",
        cells.flag(words.YES_NO),
        vocabulary=words.YES_NO,
        aliases=("是否寄宿", "寄宿制"),
        width=6,
        example="否",
    ),
    Column("reporter", "填报人", "text", cells.text(40), aliases=("填报人姓名", "联系人"), width=10, example="李老师"),
    Column(
        "reporter_phone",
        "填报人电话",
        "text",
        cells.telephone,
        aliases=("联系电话", "电话", "填报人联系电话"),
        width=15,
        example="100-0000-0001",
    ),
    Column("leader", "分管领导", "text", cells.text(40), aliases=("审核人", "分管校长"), width=10, example="王校长"),
    Column(
        "leader_phone",
        "分管领导电话",
        "text",
        cells.telephone,
        aliases=("审核人电话", "领导电话"),
        width=15,
        example="100-0000-0002",
    ),
)

_CLASSES = (
    _CODE,
    _CAMPUS,
    Column(
        "class_name",
        "班级",
        "text",
        classes.class_name,
        required=True,
        decides=True,
        missing="class-missing",
        aliases=("班级名称", "班别"),
        width=14,
        example="三(3)班",
        key=True,
    ),
    Column(
        "stage",
        "学段",
        "choice",
        cells.choice(words.STAGE, "stage-unknown"),
        vocabulary=words.STAGE,
        width=8,
        help="空着按班级名称判断。",
        example="小学",
    ),
    Column(
        "roll",
        "学生人数",
        "integer",
        cells.count,
        aliases=("人数", "应到人数", "班级人数", "幼儿人数"),
        width=10,
        example="45",
    ),
    Column("from", "启用日期", "date", dates.day(ahead=True), aliases=("开班日期", "生效日期"), width=12),
)

ROSTER = Form(
    name="roster",
    title="学校名册",
    version="1",
    fields=(
        Field(
            "unit",
            "名册区划代码",
            cells.digits(6, "division-unreadable"),
            required=True,
            known=True,
            aliases=("县(市、区)代码", "行政区划代码", "区划代码"),
        ),
        Field("school", "县(市、区)", cells.text(60), known=True, aliases=("区划名称", "县区")),
        Field("day", "生效日期", dates.day(ahead=True), "date", aliases=("日期", "填报日期")),
        Field("reporter", "填报人", cells.text(40), aliases=("填表人",)),
        Field("reviewer", "审核人", cells.text(40), aliases=("分管领导",)),
    ),
    tables=(
        Table("schools", "学校", _SCHOOLS),
        Table("classes", "班级", _CLASSES, needed=False),
    ),
    notes=("空着的格子不会清除名册里已有的内容。", "学校标识码请按文本填写，不要变成 2.1E+09。"),
)
