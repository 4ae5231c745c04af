"""校历登记表: terms, days off and make-up school days of a county, a city, the province, or one school for itself.

Lines that stand come prefilled with their 编号: by it a line is changed or withdrawn. What is not listed stays.
"""

from __future__ import annotations

from pipeline.forms import cells, dates, heads, words
from pipeline.forms.base import Column, Field, Form, Table

CALENDAR = Form(
    name="calendar",
    title="校历登记表",
    version="1",
    fields=(
        Field(
            "unit",
            "区划或学校代码",
            cells.place_code,
            required=True,
            known=True,
            aliases=("区划代码", "学校标识码", "单位代码"),
            help="县（市、区）、设区市填6位区划代码；学校填10位学校标识码。",
        ),
        Field("school", "单位名称", cells.text(60), known=True, aliases=("学校名称", "区划名称")),
        heads.REPORTER,
        heads.REVIEWER,
    ),
    tables=(
        Table(
            "spans",
            "校历",
            (
                Column(
                    "kind",
                    "类别",
                    "choice",
                    cells.choice(words.SPAN, "span-kind-unknown"),
                    required=True,
                    decides=True,
                    missing="span-kind-missing",
                    vocabulary=words.SPAN,
                    width=10,
                    help="学期：从开学到放假；放假：不用报；上课：调休、补课，照常要报。",
                    example="放假",
                    key=True,
                ),
                Column(
                    "stage",
                    "学段",
                    "choice",
                    cells.several(words.STAGE, "stage-unknown"),
                    vocabulary=words.STAGE,
                    strict=False,
                    decides=True,
                    aliases=("适用学段",),
                    width=16,
                    help="空着是全部学段；几个学段用顿号隔开。",
                    example="小学、初中",
                    key=True,
                ),
                Column(
                    "first",
                    "开始日期",
                    "date",
                    dates.day(ahead=True),
                    required=True,
                    decides=True,
                    missing="span-first-missing",
                    aliases=("开始", "起", "起始日期", "开学日期", "日期"),
                    width=14,
                    example="2026-11-12",
                    key=True,
                ),
                Column(
                    "last",
                    "结束日期",
                    "date",
                    dates.day(ahead=True),
                    decides=True,
                    aliases=("结束", "止", "截止日期", "放假日期"),
                    width=14,
                    help="含这一天；只有一天就空着。",
                    example="2026-11-13",
                ),
                Column(
                    "note",
                    "说明",
                    "text",
                    cells.text(80),
                    aliases=("备注", "原因"),
                    width=30,
                    help="如 秋假、校运动会、台风。会印在简报上。",
                    example="秋假",
                ),
                Column(
                    "withdraw",
                    "撤销",
                    "flag",
                    cells.flag(words.YES_NO),
                    vocabulary=words.YES_NO,
                    decides=True,
                    aliases=("是否撤销",),
                    width=8,
                    help="选 是：这一行不算了。",
                ),
                Column(
                    "ref",
                    "编号",
                    "text",
                    cells.text(40),
                    aliases=("登记编号",),
                    width=12,
                    help="系统给的编号，不要改；新加的行空着。",
                ),
            ),
        ),
    ),
    of="division",
    dated=False,
    notes=(
        "只写与国家法定节假日和调休安排不同的：学期起止、自行放假、补课。没有列出的原样不动。",
        "改一行就在原行上改；不要了就在“撤销”选 是；新加的写在下面空行，编号空着。",
    ),
)
