"""What a 分管领导 answers to a receipt: the one word, as it is written; never what is more, or less."""

from __future__ import annotations

import pytest

from pipeline.forms.approval import read


@pytest.mark.parametrize(
    "line",
    [
        *(
            "同意",
            "同意。",
            "同意！",
            "  同 意  ",
            "已阅，同意",
            "同意上报",
            "好的，同意",
            "情况属实，同意上报。",
            "“同意”",
        ),
        *(
            "已审核",
            "审核通过",
            "核对无误",
            "同意，张校长",
            "同意 李副校长",
            "同意上报，欧阳园长",
            "收到，同意，谢谢！",
        ),
    ],
)
def test_the_word_approves(line: str) -> None:
    assert read(line) is True


@pytest.mark.parametrize(
    "line",
    ["不同意", "同意撤回", "撤回", "未审核", "同意，但三班错了", "同意吗？", "不同意，张校长", "先别同意，张校长没看"],
)
def test_what_says_no_or_takes_it_back_does_not(line: str) -> None:
    assert read(line) is not True


@pytest.mark.parametrize("line", ["", "收到", "好的", "张校长", "知道了", "同意了吧", "同意三班", "请张校长同意"])
def test_of_what_is_less_or_more_nobody_can_tell(line: str) -> None:
    assert read(line) is None
