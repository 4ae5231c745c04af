"""Which days a change of records concerns, and which records decide them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.rules.values import Key, Rules


@dataclass(frozen=True, slots=True)
class Window:
    """Days, both ends included."""

    first: date
    last: date

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Spans:
    """The days whose conditions are asked: of most rules, and of those with a long window."""

    near: Window
    far: Window
    long_rules: frozenset[str]

    def of(self, rule: str) -> Window:
        return self.far if rule in self.long_rules else self.near

    def decides(self, key: Key) -> bool:
        """Say whether a condition of this key is among those asked."""
        return self.of(key.rule).holds(key.day)


def affected(changed: Iterable[date], rules: Rules) -> Spans:
    """Return the days whose conditions may depend on changed records: their own days, and those of their cases."""
    days = sorted(changed)
    near, far = (timedelta(days=max(reach, 1) - 1) for reach in (rules.reach, rules.long_reach))
    return Spans(Window(days[0], days[-1] + near), Window(days[0], days[-1] + far), _long(rules))


def needed(span: Spans, rules: Rules, today: date) -> tuple[Window, Window]:
    """Return the days whose records decide the conditions of `span`: a case may be reported on any day up to today.

    On the first days all records; on the second those with a diagnosis of `rules.long_groups`.
    """
    near, far = (timedelta(days=max(reach, 1) - 1) for reach in (rules.reach, rules.long_reach))
    return (
        Window(span.near.first - near, max(span.near.last, today)),
        Window(span.far.first - far, max(span.near.last, today)),
    )


def _long(rules: Rules) -> frozenset[str]:
    return frozenset(rule.id for rule in rules.rules if rule.long)
