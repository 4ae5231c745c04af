"""On which line of a TOML text a table of an array begins, and its keys stand: tomllib does not say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from gettext import gettext as say

_HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z_.]+)\s*\]\]?")
_KEY = re.compile(r"\s*\"?([A-Za-z_]+)\"?\s*=")


@dataclass(frozen=True, slots=True)
class TableLines:
    """One table of an array: the line of its header, and those of its keys."""

    header: int
    keys: dict[str, int]

    def of(self, problem: str) -> int:
        """Return the line of the key that a problem begins with; where there is none, that of the header."""
        word = re.match(r"[a-z_]+", problem)
        return self.keys.get(word[0], self.header) if word else self.header

    def where(self, problem: str) -> str:
        """Return the same in words: "line 12: ", or "" for a table whose lines are not known."""
        line = self.of(problem)
        return say("line {line}: ").format(line=line) if line else ""


NOWHERE = TableLines(0, {})
"""A table that was not written as one: an inline array has no lines of its own."""


def tables(text: str, name: str) -> list[TableLines]:
    """Return the tables `[[name]]` of a text, in order."""
    found: list[TableLines] = []
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            inside = header[1] == name
            if inside:
                found.append(TableLines(number, {}))
        elif key and inside:
            found[-1].keys.setdefault(key[1], number)
    return found
