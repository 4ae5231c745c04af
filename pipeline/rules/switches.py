"""The `rules.toml` of a site → switches of rules. All problems are reported together, each with its line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NoReturn

from pipeline.errors import ConfigError
from pipeline.rules.parse import read_toml
from pipeline.rules.toml_lines import TableLines, tables
from pipeline.rules.values import Rule, Rules, Switch

FILE = "rules.toml"
_KEYS = ("rules", "places", "on", "from", "by", "why")
_PLACE = re.compile(r"[0-9]{6}|[0-9]{10}")
_LONGEST_BY = 40


@dataclass(frozen=True, slots=True)
class SwitchLine:
    """One rule of one place, switched from a day on; by whom and why."""

    rule: str
    switch: Switch
    by: str
    why: str

    @property
    def label(self) -> str:
        """C09 320106 on 2026-12-01."""
        return f"{self.rule} {self.switch.place} {'on' if self.switch.on else 'off'} {self.switch.since}"


def read(text: str, known: Rules, places: Collection[str] | None = None) -> tuple[SwitchLine, ...]:
    """Return the switches that a text declares. `places`: the codes of divisions and schools, where they are known.

    Raises ConfigError with every problem found.
    """
    raw = read_toml(text)
    problems = [f"{FILE}: 不认识的项 {name}" for name in raw if name != "switch"]
    found: list[SwitchLine] = []
    given = raw.get("switch", [])
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise ConfigError([*problems, f"{FILE}: switch 须写成 [[switch]]"])
    for lines, one in zip(_lines(text, len(given)), given, strict=True):
        wrong = list(_problems(one, known, places))
        problems += [f"{FILE}: 第 {lines.of(problem)} 行 {problem}" for problem in wrong]
        found += [] if wrong else _switches(one)
    counted = Counter((line.rule, line.switch.place, line.switch.since) for line in found)
    problems += [
        f"{FILE}: 规则 {rule} 在 {place} 自 {day} 有两条开关" for (rule, place, day), n in counted.items() if n > 1
    ]
    if problems:
        raise ConfigError(problems)
    return tuple(found)


def of_site(text: str) -> bool:
    """Say whether a text is the file of a site, which has switches, and not one with all rules."""
    raw = read_toml(text)
    return "switch" in raw or not ({"rule", "group", "version"} & set(raw))


def no_text() -> NoReturn:
    """Raise ConfigError for a file that is no text, or cannot be read."""
    raise ConfigError([f"{FILE}: 不能读，或不是 UTF-8 编码的文本"])


def apply(lines: Sequence[SwitchLine], known: Rules) -> Rules:
    """Return the rules with these switches in place of those they have."""
    return replace(known, rules=tuple(_switched(rule, lines) for rule in known.rules))


def _switched(rule: Rule, lines: Sequence[SwitchLine]) -> Rule:
    mine = tuple(line.switch for line in lines if line.rule == rule.id)
    return replace(rule, switches=mine) if mine != rule.switches else rule


def _lines(text: str, n: int) -> list[TableLines]:
    found = tables(text, "switch")
    return found if len(found) == n else [TableLines(1, {})] * n  # written in a way of TOML's that has no headers


def _switches(raw: Mapping[str, Any]) -> list[SwitchLine]:
    return [
        SwitchLine(rule, Switch(place, raw["on"], raw["from"]), raw["by"].strip(), raw["why"].strip())
        for rule in raw["rules"]
        for place in raw["places"]
    ]


def _problems(raw: Mapping[str, Any], known: Rules, places: Collection[str] | None) -> Iterator[str]:
    """What is wrong with one switch, each beginning with the key it is about."""
    if unknown := sorted(set(raw) - set(_KEYS)):
        yield f"{unknown[0]} 不认识；只有 {'、'.join(_KEYS)}"
    yield from _problems_of_rules(raw.get("rules"), known)
    yield from _problems_of_places(raw.get("places"), places)
    if not isinstance(raw.get("on"), bool):
        yield "on 须为 true 或 false"
    if type(raw.get("from")) is not date:
        yield "from 须为日期，不加引号，如 2026-12-01"
    by = raw.get("by")
    if not isinstance(by, str) or not 0 < len(by.strip()) <= _LONGEST_BY:
        yield f"by 须写明谁改的，至多 {_LONGEST_BY} 个字"
    why = raw.get("why")
    if not isinstance(why, str) or not why.strip():
        yield "why 须写明依据"


def _problems_of_rules(named: object, known: Rules) -> Iterator[str]:
    if not isinstance(named, list) or not named or not all(isinstance(one, str) for one in named):
        yield 'rules 须为规则编号，如 ["C09"]'
        return
    ids, unfed = {rule.id for rule in known.rules}, {one.id: one.why for one in known.unfed}
    for one in named:
        if one in unfed:
            yield f"rules 中的 {one} 不能开关：{unfed[one]}"
        elif one not in ids:
            yield f"rules 中没有 {one} 这条规则，见 docs/rules.md"


def _problems_of_places(named: object, places: Collection[str] | None) -> Iterator[str]:
    if not isinstance(named, list) or not named or not all(isinstance(one, str) for one in named):
        yield 'places 须为区划代码或学校标识码，如 ["320106"]'
        return
    for one in named:
        if not _PLACE.fullmatch(one):
            yield f"places 中的 {one} 不是代码：区划 6 位数字，学校 10 位数字"
        elif places is not None and one not in places:
            yield f"places 中的 {one} 不在区划与名册中"
