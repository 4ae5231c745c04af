"""A reading of a 备案表 with its passwords only where they belong: by mistake one may be typed into another cell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from pipeline.filed import SHOWN, Secret
from pipeline.forms import form
from pipeline.model import Issue, Reading, Repair, Row

_SHORT = 6  # a shorter one is removed only if it is the whole cell
_LIKE_ONE = re.compile(r"(?=[!-~]*[0-9])(?=[!-~]*[A-Za-z])(?=[!-~]*[^A-Za-z0-9])[!-~]{8,20}")
_MAY_LOOK_SO = frozenset(("username", "phone", "email", "unit", "token"))  # names, numbers and addresses


def without(reading: Reading) -> Reading:
    """The same reading, marked secret, with stars for every password elsewhere, and for text that can only be one."""
    cells = (cell for rows in reading.tables.values() for row in rows for cell in row.values)
    known = {cell.reveal() for cell in cells if isinstance(cell, Secret) and cell}
    clean = _Cleaner(known)
    claims = reading.claims
    names = {table.name: [c.name for c in table.columns] for table in form(claims.form).tables} if claims else {}
    return replace(
        reading,
        secret=True,
        header={name: clean.value(name, value) for name, value in reading.header.items()},
        tables={name: tuple(clean.row(row, names[name]) for row in rows) for name, rows in reading.tables.items()},
        issues=tuple(map(clean.issue, reading.issues)),
        repairs=tuple(map(clean.repair, reading.repairs)),
    )


class _Cleaner:
    def __init__(self, known: set[str]) -> None:
        self._whole = known
        self._parts = sorted((text for text in known if len(text) >= _SHORT), key=len, reverse=True)

    def text(self, text: str, name: str = "") -> str:
        """`name`: the column or field of the text; in some, text that looks like a password is none."""
        if text in self._whole and name != "username":
            return SHOWN
        for part in self._parts:
            if text != part or name != "username":
                text = text.replace(part, SHOWN)
        if name not in _MAY_LOOK_SO and _LIKE_ONE.fullmatch(text):
            return SHOWN
        return text

    def value(self, name: str, value: object) -> object:
        return self.text(value, name) if isinstance(value, str) else value

    def row(self, row: Row, names: list[str]) -> Row:
        values = {name: self.value(name, value) for name, value in zip(names, row.values, strict=True)}
        raw = self._texts(row.raw)
        if "username" in raw and values.get("username") is None:
            raw["username"] = self.text(raw["username"])  # not a user name: a password, pasted one cell too far
        return row._replace(values=tuple(values.values()), raw=raw)

    def issue(self, issue: Issue) -> Issue:
        details = tuple((name, self.text(text, name)) for name, text in issue.details)
        return replace(issue, value=self.text(issue.value), details=details)

    def repair(self, repair: Repair) -> Repair:
        return replace(repair, was=self.text(repair.was), now=self.text(repair.now))

    def _texts(self, texts: Mapping[str, str]) -> dict[str, str]:
        return {name: self.text(text, name) for name, text in texts.items()}
