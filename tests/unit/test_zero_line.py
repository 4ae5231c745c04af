"""One line that says nobody is absent, as people write it; never one that says more, or doubts it."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.forms.zero_line import ZeroLine, read

SEEN = date(2026, 11, 20)
SCHOOL = "示例第一小学"


@pytest.mark.parametrize(
    "subject",
    [
        *("零报告", "零缺课", "今日零报告", "无缺课", "今天无缺课", "本校今日零缺课", "示例第一小学零报告", "零 报 告"),
        *(
            "今日零报告。",
            "我园今日无幼儿缺课",
            "0缺课",
            "缺课日报：零报告",
            "回复：今日零报告",
            "今日没有学生缺课",
            "零缺勤",
        ),
        *("示例第一小学 今日缺课情况：零报告", "全校无人缺课", "老师您好，今日零缺课"),
        *(
            "今天全部到齐，零报告",
            "全员到齐",
            "全体学生均已到校",
            "孩子们都来了，零报告",
            "今日全勤",
            "学生全部按时到校，无缺课",
        ),
        *(
            "无一人缺课",
            "没有一个学生缺课",
            "缺课0人",
            "缺课人数：0",
            "应到420人，实到420人，零缺课",
            "应到420人，实到420人",
        ),
        *("零上报", "今日零报", "第一小学零报告", "示例第一小学 全部到园", "一个都没缺，零报告", "没有缺课的学生"),
    ],
)
def test_a_zero_report_of_the_day_it_came(subject: str) -> None:
    assert read(subject, (), SCHOOL, SEEN) == ZeroLine(SEEN)
    assert read("缺课日报", (subject, "示例第一小学 德育处 100-0000-2006"), SCHOOL, SEEN) == ZeroLine(SEEN)


@pytest.mark.parametrize(
    ("subject", "day"),
    [
        ("11月20日零报告", SEEN),
        ("2026-11-19 零缺课", date(2026, 11, 19)),
        ("11.19零缺课", date(2026, 11, 19)),
        ("示例第一小学11月18日无缺课", date(2026, 11, 18)),
        ("零报告（11月19日）", date(2026, 11, 19)),
        ("20日零报告", SEEN),
    ],
)
def test_a_zero_report_of_a_day_that_is_named(subject: str, day: date) -> None:
    assert read(subject, (), SCHOOL, SEEN) == ZeroLine(day)


@pytest.mark.parametrize(
    ("subject", "line"),
    [
        ("不是零报告", ""),
        ("零报告？", ""),
        ("取消今日零报告", ""),
        ("零报告更正", ""),
        ("今日零报告", "三年级1人发热请假"),
        ("今日零报告", "另有2名学生缺课"),
        ("除三(1)班外零缺课", ""),
        ("零报告", "昨天零报告"),
        ("11月20日零报告", "11月19日零报告"),
        ("下周零报告怎么填", ""),
        *(
            ("没有全部到齐", ""),
            ("未到齐", ""),
            ("三(1)班全部到齐", ""),
            ("全部到齐后再报零报告", ""),
            ("昨天全勤，今天1人缺课", ""),
        ),
        *(
            ("应到420人，实到419人，零报告", ""),
            ("缺课10人，其余全部到齐", ""),
            ("示例第二小学零报告", ""),
            ("明天应该全勤", ""),
        ),
        ("零报告", "今日零报告|三年级张同学发烧，明天回来"),
        ("零报告", "全部到齐|另有2人请假"),
        ("零报告", "全部到齐|三年级李同学没来"),
    ],
)
def test_what_says_more_or_doubts_is_asked(subject: str, line: str) -> None:
    assert read(subject, line.split("|"), SCHOOL, SEEN) == ZeroLine(None)


@pytest.mark.parametrize(
    "subject",
    [
        *(
            "",
            "缺课日报",
            "你好",
            "11月20日缺课日报",
            "有3人缺课",
            "报告一下情况",
            "学生到校情况",
            "今日学生到校情况上报",
        ),
        *("全体学生到校情况", "全勤情况汇报", "各班出勤日报"),
    ],
)
def test_what_speaks_of_nothing_of_the_kind_is_nothing(subject: str) -> None:
    assert read(subject, ("请查收",), SCHOOL, SEEN) is None
