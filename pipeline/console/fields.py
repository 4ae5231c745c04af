"""Cells as fields of a page: what stands there, what is said of it, what may stand there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.forms.base import Column

LONGEST = 300
_KINDS = {"date": "date", "datetime": "datetime-local"}


@dataclass(frozen=True, slots=True)
class PageField:
    """One field. `told`: sentences below it; `wrong`: they are faults; `kind`: of the browser's field; `strict`:
    nothing but its choices may stand there.
    """

    name: str
    head: str
    text: str = ""
    told: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    wrong: bool = False
    section: str = ""
    strict: bool = False
    kind: str = "text"

    @property
    def other(self) -> str:
        """What stands there and is none of its choices."""
        return "" if self.text in self.choices else self.text


def of(column: Column, text: str = "", faults: tuple[str, ...] = ()) -> PageField:
    """Return a column's field with the text that stands there; what is wrong with it, else its help, below."""
    told = faults or ((column.help,) if column.help else ())
    choices = tuple(column.vocabulary.labels.values()) if column.vocabulary else ()
    strict = bool(choices) and column.strict
    return PageField(column.name, column.header, text, told, choices, bool(faults), column.section, strict)


def filled(column: Column, value: object = "") -> PageField:
    """Return a column's field with a kept value ("": none), with the browser's own choice of a day."""
    kind = _KINDS.get(column.dtype, "text")
    text = shown(value)
    return replace(of(column, text.replace(" ", "T") if kind == "datetime-local" else text), kind=kind)


def typed(column: Column, text: str) -> str:
    """Return what a browser sent for a field as a clerk writes it: a moment has a blank for its T."""
    text = text.strip()[:LONGEST]
    return text.replace("T", " ") if column.dtype in _KINDS else text


def shown(value: object) -> str:
    """Return a kept value as it is typed."""
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)
