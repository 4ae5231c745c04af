"""rules.toml → `Rules`. All problems of the file are reported together."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from gettext import gettext as say
from types import MappingProxyType
from typing import Any

from pipeline import resources
from pipeline.errors import ConfigError
from pipeline.forms.classes import ClassLevel
from pipeline.forms.syndromes import SYNDROME_LABELS
from pipeline.forms.words import DISEASE
from pipeline.rules import shapes
from pipeline.rules.shapes import RawTable
from pipeline.rules.values import LONG, TERM, Group, Notifiable, Rule, Rules, Sign, Stage, Unfed, Where

_GRADES = frozenset("甲乙丙")
_NAMES: Mapping[str, str] = {**SYNDROME_LABELS, **DISEASE.labels}
_THRESHOLDS = frozenset({"at_least", "share", "by_level", "classes", "admitted", "deaths"})
_UNFED_KEYS = frozenset({"id", "what", "source", "confidence", "why"})
_LONGEST_WINDOW = 120  # days
_MOST = 10**6
_COUNTS = ("new", "present", "raised")


@lru_cache(maxsize=1)
def load() -> Rules:
    """Return the rules this version carries."""
    return parse(resources.path("rules/rules.toml").read_text(encoding="utf-8"))


def parse(text: str) -> Rules:
    """Return the rules a text declares. Raises ConfigError with every problem found, each with its line."""
    raw_rules = read_toml(text)
    raw, problems = shapes.read(raw_rules, text)
    groups = _groups(raw["group"], problems)
    notifiable = _notifiable(raw["notifiable"], problems)
    known = frozenset(groups)
    found = [_rule(one, known, problems) for one in raw["rule"]]
    rules = tuple(rule for rule in found if rule)
    unfed = tuple(_unfed(one, problems) for one in raw["unfed"])
    problems += [
        say("rule {name}: twice").format(name=name)
        for name in _doubled([*(rule.id for rule in rules), *(one.id for one in unfed)])
    ]
    problems += _unended(rules, notifiable, known)
    version = raw_rules.get("version")
    if not isinstance(version, str) or not 0 < len(version) <= 12:
        problems.append(say("version: must be given, in at most 12 characters"))
    if problems:
        raise ConfigError([f"rules.toml: {problem}" for problem in problems])
    return Rules(str(version), rules, MappingProxyType(groups), notifiable, unfed)


def read_toml(text: str) -> dict[str, Any]:
    """Return the tables of a text. Raises ConfigError where it is no TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"rules.toml: {_not_toml(str(error))}"]) from error


def _not_toml(said: str) -> str:
    """Where a text ceases to be TOML, and the reader's own word for it."""
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", said)
    if not found:
        return say("no TOML ({why})").format(why=said)
    where = say("line {line}, column {column}").format(line=found[2], column=found[3]) if found[2] else say("the end")
    return say("{where}: not as TOML is written ({why})").format(where=where, why=found[1])


def _groups(raws: Sequence[RawTable], problems: list[str]) -> dict[str, Group]:
    """The groups by code; none if anything is wrong with one, so that no rule is blamed for it."""
    tables = {str(one.values.get("code", "")): one for one in raws}
    by_code = {code: one.values for code, one in tables.items()}
    direct = {code: frozenset(raw.get("absorbs", [])) for code, raw in by_code.items()}
    said = len(problems)
    for code, one in tables.items():
        wrong = [say("code is no group of symptoms and no disease")] if code not in _NAMES else []
        wrong += [say("absorbs: {code} is not declared").format(code=x) for x in sorted(direct[code] - by_code.keys())]
        if one.values.get("end_days", 0) < 1:
            wrong.append(say("end_days must be a positive number"))
        if code in _closure(code, direct):
            wrong.append(say("absorbs goes round in a circle"))
        problems += [
            one.lines.where(problem) + say("group {code}: {problem}").format(code=code or "?", problem=problem)
            for problem in one.new(wrong)
        ]
    if len(problems) > said or any(one.wrong for one in raws):
        return {}
    common = {code for code, raw in by_code.items() if raw.get("common")}
    found = {}
    for code, raw in by_code.items():
        absorbs = _closure(code, direct)
        takes_in = absorbs if raw.get("of_others") else absorbs - common
        found[code] = Group(code, _NAMES[code], absorbs, raw["end_days"], takes_in, code in common)
    return found


def _closure(code: str, direct: Mapping[str, frozenset[str]]) -> frozenset[str]:
    found: set[str] = set()
    queue = list(direct.get(code, ()))
    while queue:
        absorbed = queue.pop()
        if absorbed not in found:
            found.add(absorbed)
            queue += direct.get(absorbed, ())
    return frozenset(found)


def _notifiable(raws: Sequence[RawTable], problems: list[str]) -> tuple[Notifiable, ...]:
    found = []
    for n, one in enumerate(raws, 1):
        lines, raw = one.lines, one.values
        if one.wrong:
            continue
        grade, since, until = raw.get("class"), raw.get("since"), raw.get("until")
        if grade not in _GRADES or type(since) is not date or type(until) not in {date, type(None)}:
            problems.append(
                lines.where("class")
                + say("notifiable {n}: class must be 甲, 乙 or 丙, since (and until) a date").format(n=n)
            )
            continue
        for disease in raw.get("diseases", []):
            if disease not in DISEASE.labels:
                problems.append(
                    lines.where("diseases")
                    + say("notifiable {n}: {disease} is no disease we know").format(n=n, disease=disease)
                )
            found.append(Notifiable(disease, grade, since, until))
    return tuple(found)


def _rule(one: RawTable, groups: frozenset[str], problems: list[str]) -> Rule | None:
    raw, lines = one.values, one.lines
    name = str(raw.get("id", "?"))
    wrong = [
        lines.where(problem) + say("rule {name}: {problem}").format(name=name, problem=problem)
        for problem in one.new(_problems(raw, groups))
    ]
    if wrong or one.wrong:
        problems += wrong
        return None
    classes = raw.get("classes")
    return Rule(
        id=name,
        stage=Stage(raw["stage"]),
        groups=frozenset(raw.get("groups", [])),
        grades=frozenset(raw.get("notifiable", [])),
        present=raw["counts"] == "present",
        raised=raw["counts"] == "raised",
        window=TERM if raw["window"] == "term" else raw["window"],
        scope=tuple(Where(where) for where in raw["scope"]),
        at_least=raw.get("at_least", 0),
        at_most=raw.get("at_most"),
        share=raw.get("share", 0),
        by_level=MappingProxyType({ClassLevel(name): n for name, n in raw.get("by_level", {}).items()}),
        classes=(classes[0], classes[1]) if classes else None,
        admitted=raw.get("admitted", 0),
        deaths=raw.get("deaths", 0),
        tested=raw.get("tested", 0),
        only=frozenset(Sign(sign) for sign in raw.get("only", [])),
        source=raw["source"],
        confidence=raw["confidence"],
        on=raw.get("on", True),
    )


def _problems(raw: Mapping[str, Any], groups: frozenset[str]) -> list[str]:
    """What is wrong with one rule, each beginning with the key it is about."""
    named = _texts(raw.get("groups", []))
    checks = {
        say("id must be given, in at most 8 characters"): isinstance(raw.get("id"), str) and 0 < len(raw["id"]) <= 8,
        say("stage must be one of {names}").format(names=", ".join(Stage)): raw.get("stage") in set(Stage),
        say("groups or notifiable must be given"): bool(raw.get("groups") or raw.get("notifiable")),
        say("groups must be codes of groups; one is not declared"): named is not None
        and (not groups or named <= groups),
        say("notifiable must be 甲, 乙 or 丙"): (_texts(raw.get("notifiable", [])) or frozenset()) <= _GRADES,
        say("counts must be one of {names}").format(names=", ".join(_COUNTS)): raw.get("counts") in _COUNTS,
        say("scope must be class, dorm or campus"): bool(raw.get("scope"))
        and (_texts(raw["scope"]) or {""}) <= set(Where),
        say("source must be given"): isinstance(raw.get("source"), str) and bool(raw["source"]),
        say("confidence must be given"): isinstance(raw.get("confidence"), str) and bool(raw["confidence"]),
        say("on must be true or false"): isinstance(raw.get("on", True), bool),
    }
    checks |= _window_checks(raw) | _threshold_checks(raw)
    return [problem for problem, right in checks.items() if not right]


def _window_checks(raw: Mapping[str, Any]) -> dict[str, bool]:
    window = raw.get("window")
    long = window == "term" or (_whole(window, LONG + 1, _LONGEST_WINDOW))
    diseases = (_texts(raw.get("groups", [])) or frozenset()) <= set(DISEASE.labels) and not raw.get("notifiable")
    return {
        say('window must be 1 to {most}, or "term"').format(most=_LONGEST_WINDOW): window == "term"
        or _whole(window, 1, _LONGEST_WINDOW),
        say("window must be 1 where counts is present"): raw.get("counts") != "present" or window == 1,
        say('window of more than {long} days, or "term": groups must be diseases, scope campus').format(
            long=LONG
        ): not long or (diseases and raw.get("scope") == ["campus"] and raw.get("counts") == "new"),
    }


def _threshold_checks(raw: Mapping[str, Any]) -> dict[str, bool]:
    levels, classes, only = raw.get("by_level", {}), raw.get("classes", [1, 1]), _texts(raw.get("only", []))
    return {
        say("at_least, share, by_level, classes, admitted or deaths must be given"): bool(_THRESHOLDS & set(raw)),
        say("share must be 1 to 100, and no other threshold beside it"): "share" not in raw
        or (_whole(raw["share"], 1, 100) and not (_THRESHOLDS - {"share"}) & set(raw)),
        say("share is for class only"): "share" not in raw or raw.get("scope") == ["class"],
        say("at_least must be a positive number"): _whole(raw.get("at_least", 1), 1, _MOST),
        say("at_most must not be less than at_least"): "at_most" not in raw
        or _whole(raw["at_most"], raw.get("at_least", 1), _MOST),
        say("by_level must be middle, primary = positive numbers"): isinstance(levels, dict)
        and set(levels) <= set(ClassLevel)
        and all(_whole(n, 1, _MOST) for n in levels.values()),
        say("classes must be two positive numbers: how many classes, how many pupils in each"): isinstance(
            classes, list
        )
        and len(classes) == 2
        and all(_whole(n, 1, _MOST) for n in classes),
        say("admitted must be a positive number"): _whole(raw.get("admitted", 1), 1, _MOST),
        say("deaths must be a positive number, for campus only"): "deaths" not in raw
        or (_whole(raw["deaths"], 1, _MOST) and raw.get("scope") == ["campus"]),
        say("tested must not be more than at_least"): "tested" not in raw
        or _whole(raw["tested"], 1, raw.get("at_least", 0)),
        say("only must be admitted, tested"): only is not None and only <= set(Sign),
        say("counts is present: only at_least, at_most, share may be given"): raw.get("counts") != "present"
        or not (_THRESHOLDS | {"tested", "only"}) & set(raw) - {"at_least", "share"},
    }


def _unfed(one: RawTable, problems: list[str]) -> Unfed:
    raw = one.values
    name = str(raw.get("id", "?"))
    if not one.wrong and not (set(raw) == _UNFED_KEYS and all(raw.values())):
        problems.append(
            one.lines.where("id")
            + say("unfed {name}: must have {keys}").format(name=name, keys=", ".join(sorted(_UNFED_KEYS)))
        )
    return Unfed(name, *(str(raw.get(key, "")) for key in ("what", "source", "confidence", "why")))


def _texts(value: object) -> frozenset[str] | None:
    """A list of texts as a set; None if it is none."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        return None
    return frozenset(value)


def _whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _doubled(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return sorted({name for name in names if name in seen or seen.add(name)})  # type: ignore[func-returns-value]  # add() is the memory


def _unended(rules: Iterable[Rule], notifiable: Iterable[Notifiable], groups: frozenset[str]) -> list[str]:
    """Diseases without an end rule: a rule by class names no group, yet each disease it may meet needs one."""
    grades = {grade for rule in rules for grade in rule.grades}
    missing = sorted({n.disease for n in notifiable if n.grade in grades} - groups) if groups else []
    return [say("group {code}: not declared (a rule names its legal class)").format(code=code) for code in missing]
