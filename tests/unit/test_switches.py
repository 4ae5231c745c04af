"""What a site's rules.toml switches, and that all that is wrong with it is said at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from pipeline import rules
from pipeline.cli import language
from pipeline.errors import ConfigError
from pipeline.rules import Switch, switches

RULES = rules.load()
GOOD = """# 本区
[[switch]]
rules = ["C09", "C12"]
places = ["320106"]
on = true
from = 2026-12-01
by = "示例区疾控"
why = "本区方案"

[[switch]]
rules = ["E02"]
places = ["2132000001"]
on = false
from = 2026-11-20
by = "示例区教育局"
why = "试点"
"""


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    with language.spoken(["--lang", "zh"]):
        yield


def test_each_rule_of_each_place_is_a_switch_of_its_own() -> None:
    lines = switches.read(GOOD, RULES, {"320106", "2132000001"})
    assert [line.label for line in lines] == [
        "C09 320106 on 2026-12-01", "C12 320106 on 2026-12-01", "E02 2132000001 off 2026-11-20",
    ]  # fmt: skip
    changed = switches.apply(lines, RULES)
    by_id = {rule.id: rule.switches for rule in changed.rules}
    assert by_id["C12"] == (Switch("320106", on=True, since=date(2026, 12, 1)),)
    assert by_id["C13"] == ()
    assert switches.apply((), changed) == RULES


def test_no_text_switches_nothing() -> None:
    assert switches.read("", RULES) == ()


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ('"C12"', '"C99"', "第 3 行 rules 中没有 C99"),
        ('"C12"', '"S04"', "第 3 行 rules 中的 S04 不能开关"),
        ('["320106"]', '["32010"]', "第 4 行 places 中的 32010 不是代码"),
        ('["320106"]', '["320107"]', "第 4 行 places 中的 320107 不在区划与名册中"),
        ('["320106"]', "[320106]", "第 4 行 places 须为"),
        ("on = true", 'on = "是"', "第 5 行 on 须为"),
        ("from = 2026-12-01", 'from = "2026-12-01"', "第 6 行 from 须为日期"),
        ("from = 2026-12-01", "from = 2026-12-01T00:00:00", "第 6 行 from 须为日期"),
        ('by = "示例区疾控"', "", "第 2 行 by 须写明"),
        ('why = "试点"', 'why = ""', "第 16 行 why 须写明"),
        ('why = "试点"', 'why = "试点"\ncolour = 1', "第 17 行 colour 不认识"),
        ("[[switch]]", "[switch]", "rules.toml: "),
        ("# 本区", "version = 1", "不认识的项 version"),
        ('["E02"]', '["C09"]\nplaces = ["320106"]\nfrom = 2026-12-01', "rules.toml: "),
    ],
)
def test_a_mistake_is_named_with_its_line(was: str, now: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        switches.read(GOOD.replace(was, now, 1), RULES, {"320106", "2132000001"})


def test_all_mistakes_are_named_together() -> None:
    wrong = GOOD.replace("on = true", "on = 1").replace('["320106"]', "[]").replace('by = "示例区教育局"', "")
    with pytest.raises(ConfigError) as caught:
        switches.read(wrong, RULES)
    assert [problem.split()[2] for problem in caught.value.problems] == ["4", "5", "10"]  # the lines


def test_one_rule_switched_twice_on_one_day_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match="规则 C09 在 320106 自 2026-12-01 有两条开关"):
        switches.read(GOOD + GOOD, RULES)


@pytest.mark.parametrize(("text", "yes"), [(GOOD, True), ("", True), ('version = "1"', False), ("[[rule]]", False)])
def test_a_sites_file_is_told_from_one_with_all_rules(text: str, *, yes: bool) -> None:
    assert switches.of_site(text) is yes
