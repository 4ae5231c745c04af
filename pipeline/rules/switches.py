"""The `rules.toml` of a site → switches of rules. All problems are reported together, each with its line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from gettext import gettext as say
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
    problems = [f"{FILE}: " + say("unknown item {name}").format(name=name) for name in raw if name != "switch"]
    found: list[SwitchLine] = []
    given = raw.get("switch", [])
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise ConfigError([*problems, f"{FILE}: " + say("switch must be written [[switch]]")])
    for lines, one in zip(_lines(text, len(given)), given, strict=True):
        wrong = list(_problems(one, known, places))
        problems += [
            f"{FILE}: " + say("line {line}: {problem}").format(line=lines.of(problem), problem=problem)
            for problem in wrong
        ]
        found += [] if wrong else _switches(one)
    counted = Counter((line.rule, line.switch.place, line.switch.since) for line in found)
    problems += [
        f"{FILE}: "
        + say("rule {rule} has two switches in {place} from {day} on").format(rule=rule, place=place, day=day)
        for (rule, place, day), n in counted.items()
        if n > 1
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
    raise ConfigError([f"{FILE}: " + say("cannot be read, or is no text in UTF-8")])


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
        yield say("{name}: unknown; there are only {names}").format(name=unknown[0], names=", ".join(_KEYS))
    yield from _problems_of_rules(raw.get("rules"), known)
    yield from _problems_of_places(raw.get("places"), places)
    if not isinstance(raw.get("on"), bool):
        yield say("on must be true or false")
    if type(raw.get("from")) is not date:
        yield say("from must be a date without quotes, such as 2026-12-01")
    by = raw.get("by")
    if not isinstance(by, str) or not 0 < len(by.strip()) <= _LONGEST_BY:
        yield say("by must say who changed it, in at most {most} characters").format(most=_LONGEST_BY)
    why = raw.get("why")
    if not isinstance(why, str) or not why.strip():
        yield say("why must say on what grounds")


def _problems_of_rules(named: object, known: Rules) -> Iterator[str]:
    if not isinstance(named, list) or not named or not all(isinstance(one, str) for one in named):
        yield say('rules must be ids of rules, such as ["C09"]')
        return
    ids, unfed = {rule.id for rule in known.rules}, {one.id for one in known.unfed}
    for one in named:
        if one in unfed:
            yield say("rules: {rule} cannot be switched: nothing feeds it").format(rule=one)
        elif one not in ids:
            yield say("rules: there is no {rule}; see docs/rules.md").format(rule=one)


def _problems_of_places(named: object, places: Collection[str] | None) -> Iterator[str]:
    if not isinstance(named, list) or not named or not all(isinstance(one, str) for one in named):
        yield say('places must be codes of divisions or schools, such as ["320106"]')
        return
    for one in named:
        if not _PLACE.fullmatch(one):
            yield say("places: {code} is no code: a division has 6 digits, a school 10").format(code=one)
        elif places is not None and one not in places:
            yield say("places: {code} is in neither divisions nor registry").format(code=one)
