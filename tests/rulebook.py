"""The warning rules as tests need them: with those that are off by default, asked of any days."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from pipeline import rules
from pipeline.rules import Rules
from pipeline.rules.windows import Spans, Window


def with_on(also: Collection[str] = ()) -> Rules:
    """The rules, and also those of these ids; without ids all of them are on."""
    known = rules.load()
    return replace(known, rules=tuple(replace(r, on=r.on or not also or r.id in also) for r in known.rules))


def everywhere(window: Window, known: Rules) -> Spans:
    """The same days for all rules."""
    return Spans(window, window, frozenset(rule.id for rule in known.rules if rule.long))
