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
    ],
)
def test_a_zero_report_of_the_day_it_came(subject: str) -> None:
    assert read(subject, "", SCHOOL, SEEN) == ZeroLine(SEEN)
    assert read("缺课日报", subject, SCHOOL, SEEN) == ZeroLine(SEEN)


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
    assert read(subject, "", SCHOOL, SEEN) == ZeroLine(day)


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
    ],
)
def test_what_says_more_or_doubts_is_asked(subject: str, line: str) -> None:
    assert read(subject, line, SCHOOL, SEEN) == ZeroLine(None)


@pytest.mark.parametrize("subject", ["", "缺课日报", "你好", "11月20日缺课日报", "有3人缺课", "报告一下情况"])
def test_what_speaks_of_nothing_of_the_kind_is_nothing(subject: str) -> None:
    assert read(subject, "请查收", SCHOOL, SEEN) is None
