"""The shape of a rules.toml: which tables and keys it may have, and of what kind each value is; not what they mean.

What is not of its kind is said with its line, and left out of all further checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from gettext import gettext as say
from typing import Any

from pipeline.rules.toml_lines import NOWHERE, TableLines, tables

Raw = Mapping[str, Any]


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_TEXT = (lambda: say("a text"), lambda value: isinstance(value, str))
_TEXTS = (lambda: say('a list of texts, such as ["D10"]'), _texts)
_NUMBER = (lambda: say("a whole number"), _number)
_NUMBERS = (
    lambda: say("a list of whole numbers, such as [3, 2]"),
    lambda value: isinstance(value, list) and all(map(_number, value)),
)
_FLAG = (lambda: say("true or false"), lambda value: isinstance(value, bool))
_DAY = (lambda: say("a date, such as 2026-09-01"), lambda value: type(value) is date)
_WINDOW = (lambda: say('a whole number, or "term"'), lambda value: _number(value) or isinstance(value, str))
_LEVELS = (
    lambda: say("levels = whole numbers, such as { primary = 5 }"),
    lambda value: isinstance(value, dict) and all(map(_number, value.values())),
)
_Kind = tuple[Callable[[], str], Callable[[Any], bool]]

_TABLES: Mapping[str, Mapping[str, _Kind]] = {
    "group": {"code": _TEXT, "absorbs": _TEXTS, "end_days": _NUMBER, "common": _FLAG, "of_others": _FLAG},
    "notifiable": {"class": _TEXT, "since": _DAY, "until": _DAY, "diseases": _TEXTS},
    "rule": {
        **dict.fromkeys(("id", "stage", "counts", "source", "confidence"), _TEXT),
        **dict.fromkeys(("groups", "notifiable", "scope", "only"), _TEXTS),
        **dict.fromkeys(("at_least", "at_most", "share", "admitted", "deaths", "tested"), _NUMBER),
        "window": _WINDOW,
        "by_level": _LEVELS,
        "classes": _NUMBERS,
        "on": _FLAG,
    },
    "unfed": dict.fromkeys(("id", "what", "source", "confidence", "why"), _TEXT),
}
_WORDS: Mapping[str, Callable[[], str]] = {"group": lambda: say("group"), "rule": lambda: say("rule")}


@dataclass(frozen=True, slots=True)
class RawTable:
    """One table of a file: its values of the right kind, and which keys were not (`wrong`, already said)."""

    lines: TableLines
    values: Raw
    wrong: frozenset[str]

    def new(self, problems: Iterable[str]) -> list[str]:
        """Return the problems that are not about a key of which one is known."""
        return [problem for problem in problems if not problem.startswith(tuple(self.wrong))]


def read(raw: Raw, text: str) -> tuple[dict[str, list[RawTable]], list[str]]:
    """Return the tables of a file by name, and everything that is wrong with their shape."""
    problems = [say("unknown item {name}").format(name=name) for name in sorted(set(raw) - {"version", *_TABLES})]
    found: dict[str, list[RawTable]] = {}
    for name, kinds in _TABLES.items():
        rows = raw.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            problems.append(say("{name} must be written as tables [[{name}]]").format(name=name))
            rows = []
        lines = tables(text, name)
        places = lines if len(lines) == len(rows) else [NOWHERE] * len(rows)
        found[name] = [_table(name, kinds, row, at, problems) for row, at in zip(rows, places, strict=True)]
    return found, problems


def _table(name: str, kinds: Mapping[str, _Kind], row: Raw, at: TableLines, problems: list[str]) -> RawTable:
    wrong = {key: say("unknown item {name}").format(name=key) for key in sorted(set(row) - set(kinds))}
    wrong |= {
        key: say("{key} must be {kind}").format(key=key, kind=said())
        for key, (said, fits) in kinds.items()
        if key in row and not fits(row[key])
    }
    who = f"{_WORDS[name]() if name in _WORDS else name} {row.get('id', row.get('code', ''))}".strip()
    problems += [f"{at.where(key)}{who}: {problem}" for key, problem in wrong.items()]
    return RawTable(at, {key: value for key, value in row.items() if key not in wrong}, frozenset(wrong))
