"""Whose row it is: the spellings of one name, and rows of one child."""

import pytest

from pipeline.forms.pupil_names import same_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("阿依·古丽", "阿依•古丽"), ("阿依·古丽", "阿依・古丽"), ("阿依·古丽", "阿依‧古丽"), ("阿依·古丽", "阿依.古丽"),
        ("吕小明", "呂小明"), ("示例甲", "示例甲（转学）"), ("示例甲", "示 例　甲"), ("示例甲", "示例甲(插班生)"),
    ],
)  # fmt: skip
def test_spellings_of_one_name_are_one(one: str, other: str) -> None:
    assert same_name(one) == same_name(other)


@pytest.mark.parametrize(("one", "other"), [("示例甲（大）", "示例甲（小）"), ("示例甲", "示例乙"), ("范冰", "范兵")])
def test_what_tells_two_children_apart_stays(one: str, other: str) -> None:
    assert same_name(one) != same_name(other)
