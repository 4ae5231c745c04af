"""Warning rules: declared in rules.toml, parsed to values, checked against the records."""

from pipeline.rules.groups import groups_of
from pipeline.rules.parse import load, parse
from pipeline.rules.values import (
    Case,
    Condition,
    Group,
    Hint,
    Key,
    Member,
    Rule,
    Rules,
    Stage,
    Switch,
    Told,
    Where,
)

__all__ = [
    "Case",
    "Condition",
    "Group",
    "Hint",
    "Key",
    "Member",
    "Rule",
    "Rules",
    "Stage",
    "Switch",
    "Told",
    "Where",
    "groups_of",
    "load",
    "parse",
]
