"""Cells as fields of a page: what stands there, what is said of it, what may stand there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.forms.base import Column

LONGEST = 300
_KINDS = {"date": "date", "datetime": "datetime-local"}


@dataclass(frozen=True, slots=True)
class PageField:
    """One field. `told`: sentences below it; `wrong`: they are faults; `kind`: of the browser's field."""

    name: str
    head: str
    text: str = ""
    told: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    wrong: bool = False
    kind: str = "text"
    section: str = ""


def of(column: Column, text: str = "", faults: tuple[str, ...] = ()) -> PageField:
    """Return a column's field with the text that stands there; what is wrong with it, else its help, below."""
    told = faults or ((column.help,) if column.help else ())
    choices = tuple(column.vocabulary.labels.values()) if column.vocabulary else ()
    return PageField(column.name, column.header, text, told, choices, bool(faults), section=column.section)


def blank(column: Column) -> PageField:
    """Return a column's empty field, with the browser's own choice of a day."""
    return replace(of(column), kind=_KINDS.get(column.dtype, "text"))


def typed(column: Column, text: str) -> str:
    """Return what a browser sent for a field as a clerk writes it: a moment has a blank for its T."""
    text = text.strip()[:LONGEST]
    return text.replace("T", " ") if column.dtype in _KINDS else text


def shown(value: object) -> str:
    """Return a kept value as it is typed."""
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)
