"""Header fields that several forms share, so that the ways to fill in one form are understood in all."""

from __future__ import annotations

from pipeline.forms import cells, dates
from pipeline.forms.base import Field

SCHOOL_CODE = Field(
    "unit",
    "学校标识码",
    cells.digits(10, "unit-code-unreadable"),
    required=True,
    known=True,
    aliases=("学校代码", "标识码", "学校(机构)标识码", "机构标识码"),
)
SCHOOL_NAME = Field(
    "school", "学校名称", cells.text(80), known=True, aliases=("学校", "单位名称", "幼儿园名称", "幼儿园", "园名")
)
CAMPUS = Field("campus", "校区", cells.text(40), known=True, aliases=("校区名称", "园区"), help="没有分校区就写本部。")
DAY = Field(
    "day", "报告日期", dates.report_day, "date", required=True, known=True, aliases=("日期", "填报日期", "上报日期")
)
REPORTER = Field("reporter", "填报人", cells.text(40), aliases=("填报人姓名", "报告人", "填表人"))
REVIEWER = Field("reviewer", "审核人", cells.text(40), aliases=("审核人(分管领导)", "分管领导", "审核人姓名"))

PLACE = Field("unit", "区划或学校代码", cells.place_code, required=True, known=True)  # of a division or a school
