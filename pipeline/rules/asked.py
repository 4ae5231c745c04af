"""Which rules are asked at a place, and about which groups: made once, for many schools."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import NamedTuple

from pipeline.rules.groups import groups_of
from pipeline.rules.values import Case, Condition, Rule, Rules, Where

SIGNS = itemgetter(*(Case._fields.index(name) for name in ("symptoms", "temperature", "diagnosis", "severe", "meal")))
"""What of a row says which groups it shows."""

_MANY_SIGNS = 8192
_Signs = tuple[str, float | None, str, bool, bool]


class AskedGroup(NamedTuple):
    """The rules that ask about a group; the fewest pupils with which one of them may be met, and where they ask."""

    rules: tuple[Rule, ...]
    fewest: int
    where: frozenset[Where]


class _Shown(dict[_Signs, frozenset[str]]):
    """Which of some groups a row of these signs shows: found once for all such rows."""

    def __init__(self, groups: frozenset[str]) -> None:
        super().__init__()
        self._groups = groups

    def __missing__(self, signs: _Signs) -> frozenset[str]:
        if len(self) > _MANY_SIGNS:
            self.clear()
        found = self[signs] = groups_of(*signs) & self._groups
        return found


class AskedGroups:
    """The groups that some rules ask about, and which of them a row shows (`shown`, by its `SIGNS`)."""

    def __init__(self, asking: Mapping[str, tuple[Rule, ...]]) -> None:
        self._asking = {
            group: AskedGroup(
                mine, min(rule.fewest for rule in mine), frozenset(one for rule in mine for one in rule.scope)
            )
            for group, mine in asking.items()
        }
        self.shown: Mapping[_Signs, frozenset[str]] = _Shown(frozenset(asking))

    def __bool__(self) -> bool:
        return bool(self._asking)

    def __getitem__(self, group: str) -> AskedGroup:
        return self._asking[group]


@dataclass(frozen=True, slots=True)
class RulesInForce:
    """The rules of a place that are active on some day, by the groups they ask about; made once, for many schools."""

    rules: Rules
    chain: tuple[str, ...]
    new: AskedGroups
    present: AskedGroups
    long: AskedGroups
    told: tuple[Rule, ...]  # those that what people say may meet

    def asks(self, rule: Rule, group: str, day: date) -> bool:
        """Say whether a rule asks about a group on a day: a disease's class has its dates, and so have switches."""
        named = group in rule.groups or self.rules.grade(group, day) in rule.grades
        return named and rule.active(self.chain, day)

    def switched_off(self, hit: Condition) -> bool:
        """Say whether the rule of a condition that was met is not active on its day by now."""
        return not any(rule.id == hit.rule and rule.active(self.chain, hit.day) for rule in self.rules.rules)


def ask(rules: Rules, chain: Sequence[str]) -> RulesInForce:
    """Return the rules that are active at a place (its codes, narrowest first) by the groups they ask about."""
    mine = rules.at(chain)
    counted = [rule for rule in mine if not rule.raised]
    return RulesInForce(
        rules,
        tuple(chain),
        new=AskedGroups(_by_group(rules, (rule for rule in counted if not rule.present and not rule.long))),
        present=AskedGroups(_by_group(rules, (rule for rule in counted if rule.present))),
        long=AskedGroups(_by_group(rules, (rule for rule in counted if rule.long))),
        told=tuple(rule for rule in mine if rule.raised or rule.deaths),
    )


def _by_group(rules: Rules, asking: Iterable[Rule]) -> dict[str, tuple[Rule, ...]]:
    """Rules by the groups they name, and by the diseases of the classes they name."""
    found: dict[str, tuple[Rule, ...]] = {}
    for rule in asking:
        for group in rule.groups | {entry.disease for entry in rules.notifiable if entry.grade in rule.grades}:
            found[group] = (*found.get(group, ()), rule)
    return found
