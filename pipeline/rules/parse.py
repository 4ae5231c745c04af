"""rules.toml → `Rules`. All problems of the file are reported together."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from pipeline import resources
from pipeline.errors import ConfigError
from pipeline.forms.words import DISEASE, SYNDROME_LABELS
from pipeline.rules.values import Group, Notifiable, Rule, Rules, Stage, Where

_GRADES = frozenset("甲乙丙")
_NAMES: Mapping[str, str] = {**SYNDROME_LABELS, **DISEASE.labels}
_RULE_KEYS = frozenset(
    {"id", "stage", "groups", "notifiable", "counts", "window", "scope", "at_least", "at_most", "share"}
    | {"source", "confidence", "on", "divisions"}
)


@lru_cache(maxsize=1)
def load() -> Rules:
    """Return the rules this version carries."""
    return parse(resources.path("rules/rules.toml").read_text(encoding="utf-8"))


def parse(text: str) -> Rules:
    """Return the rules a text declares. Raises ConfigError with every problem found."""
    try:
        raw_rules = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"rules.toml: {error}"]) from error
    problems: list[str] = []
    groups = _groups(raw_rules.get("group", []), problems)
    notifiable = _notifiable(raw_rules.get("notifiable", []), problems)
    known = frozenset(groups)
    rules = tuple(r for r in (_rule(raw, known, problems) for raw in raw_rules.get("rule", [])) if r)
    problems += [f"规则 {name}: 重复" for name in _doubled(r.id for r in rules)]
    problems += _unended(rules, notifiable, known)
    version = raw_rules.get("version")
    if not isinstance(version, str) or not 0 < len(version) <= 12:
        problems.append("version: 必填，至多 12 个字符")
    if problems:
        raise ConfigError([f"rules.toml: {problem}" for problem in problems])
    return Rules(str(version), rules, MappingProxyType(groups), notifiable)


def _groups(raws: Iterable[Mapping[str, Any]], problems: list[str]) -> dict[str, Group]:
    by_code = {str(raw.get("code", "")): raw for raw in raws}
    direct = {code: frozenset(raw.get("absorbs", [])) for code, raw in by_code.items()}
    problems += [f"组 {code or '?'}: 不在症状组与病种表中" for code in by_code if code not in _NAMES]
    problems += [
        f"组 {code}: absorbs 中的 {x} 未声明" for code, xs in direct.items() for x in sorted(xs - by_code.keys())
    ]
    for code, raw in by_code.items():
        if not isinstance(raw.get("end_days"), int) or raw["end_days"] < 1:
            problems.append(f"组 {code}: end_days 须为正整数")
        if code in _closure(code, direct):
            problems.append(f"组 {code}: absorbs 成环")
    if problems:
        return {}
    return {code: Group(code, _NAMES[code], _closure(code, direct), raw["end_days"]) for code, raw in by_code.items()}


def _closure(code: str, direct: Mapping[str, frozenset[str]]) -> frozenset[str]:
    found: set[str] = set()
    queue = list(direct.get(code, ()))
    while queue:
        absorbed = queue.pop()
        if absorbed not in found:
            found.add(absorbed)
            queue += direct.get(absorbed, ())
    return frozenset(found)


def _notifiable(raws: Iterable[Mapping[str, Any]], problems: list[str]) -> tuple[Notifiable, ...]:
    found = []
    for n, raw in enumerate(raws, 1):
        grade, since, until = raw.get("class"), raw.get("since"), raw.get("until")
        if grade not in _GRADES or type(since) is not date or type(until) not in {date, type(None)}:
            problems.append(f"notifiable 第 {n} 项: class 须为甲、乙、丙，since（与 until）须为日期")
            continue
        for disease in raw.get("diseases", []):
            if disease not in DISEASE.labels:
                problems.append(f"notifiable 第 {n} 项: {disease} 不在病种表中")
            found.append(Notifiable(disease, grade, since, until))
    return tuple(found)


def _rule(raw: Mapping[str, Any], groups: frozenset[str], problems: list[str]) -> Rule | None:
    name = str(raw.get("id", "?"))
    wrong = [f"规则 {name}: {problem}" for problem in _problems(raw, groups)]
    if wrong:
        problems += wrong
        return None
    return Rule(
        id=name,
        stage=Stage(raw["stage"]),
        groups=frozenset(raw.get("groups", [])),
        grades=frozenset(raw.get("notifiable", [])),
        present=raw["counts"] == "present",
        window=raw["window"],
        scope=tuple(Where(where) for where in raw["scope"]),
        at_least=raw.get("at_least", 0),
        at_most=raw.get("at_most"),
        share=raw.get("share", 0),
        source=raw["source"],
        on=raw.get("on", True),
        divisions=MappingProxyType(dict(raw.get("divisions", {}))),
    )


def _problems(raw: Mapping[str, Any], groups: frozenset[str]) -> list[str]:
    checks = {
        f"不认识的项 {'、'.join(sorted(set(raw) - _RULE_KEYS))}": set(raw) <= _RULE_KEYS,
        "id 必填，至多 8 个字符": isinstance(raw.get("id"), str) and 0 < len(raw["id"]) <= 8,
        "stage 须为 " + "、".join(Stage): raw.get("stage") in set(Stage),
        "groups 与 notifiable 至少一项": bool(raw.get("groups") or raw.get("notifiable")),
        "groups 中有未声明的组": not groups or set(raw.get("groups", [])) <= groups,
        "notifiable 须为甲、乙、丙": set(raw.get("notifiable", [])) <= _GRADES,
        'counts 须为 "new" 或 "present"': raw.get("counts") in {"new", "present"},
        "window 须为 1 至 30": _whole(raw.get("window"), 1, 30),
        "counts 为 present 时 window 须为 1": raw.get("counts") != "present" or raw.get("window") == 1,
        "scope 须为 class、dorm、campus": bool(raw.get("scope")) and set(raw.get("scope", [])) <= set(Where),
        "at_least（正整数）与 share（1 至 100）须填且只填一项": _one_threshold(raw),
        "share 只用于 class": "share" not in raw or raw.get("scope") == ["class"],
        "at_most 须不小于 at_least": "at_most" not in raw or _whole(raw["at_most"], raw.get("at_least", 1), 10**6),
        "source 必填": bool(raw.get("source")),
        "confidence 必填": bool(raw.get("confidence")),
        "on 须为 true 或 false": isinstance(raw.get("on", True), bool),
        "divisions 须为 区划代码 = true/false": _switches(raw.get("divisions", {})),
    }
    return [problem for problem, right in checks.items() if not right]


def _one_threshold(raw: Mapping[str, Any]) -> bool:
    if "share" in raw:
        return "at_least" not in raw and _whole(raw["share"], 1, 100)
    return _whole(raw.get("at_least"), 1, 10**6)


def _whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _switches(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(on, bool) for on in value.values())


def _doubled(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return sorted({name for name in names if name in seen or seen.add(name)})  # type: ignore[func-returns-value]  # add() is the memory


def _unended(rules: Iterable[Rule], notifiable: Iterable[Notifiable], groups: frozenset[str]) -> list[str]:
    """Diseases without an end rule: a rule by class names no group, yet each disease it may meet needs one."""
    grades = {grade for rule in rules for grade in rule.grades}
    missing = sorted({n.disease for n in notifiable if n.grade in grades} - groups) if groups else []
    return [f"组 {code}: 未声明（其法定类别有规则引用）" for code in missing]
