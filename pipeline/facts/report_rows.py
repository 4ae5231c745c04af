"""The rows of one report as they stand, as a county may see them: classes, codes, words of our lists, no name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pipeline.database.models import Absence, ReportClass
from pipeline.figures.papers import STATE_WORDS
from pipeline.forms import cells
from pipeline.forms.absence import CLASSES, ROWS
from pipeline.forms.base import COUNTY, Column
from pipeline.model import RowState
from pipeline.registry import lookup
from pipeline.units import short_code


def _is_shown(column: Column) -> bool:
    return column.vocabulary is not None or (COUNTY in column.goes and column.dtype != "text")


_PUPIL = {name: one for name, one in ROWS.keeps.items() if _is_shown(one)}
_CLASS = {name: one for name, one in CLASSES.keeps.items() if _is_shown(one)}
PUPIL_HEADS = (ROWS.keeps["class_key"].title, *(one.title for one in _PUPIL.values()))
CLASS_HEADS = tuple(one.title for one in _CLASS.values())


@dataclass(frozen=True, slots=True)
class ReportRows:
    """Pupils by code, and lines of classes by name: their cells in words, in the order of the heads."""

    pupils: Mapping[str, tuple[str, ...]]
    classes: Mapping[str, tuple[str, ...]]


def of(day: date, school: str, campus: str) -> ReportRows:
    """Return the rows of a report; none where there is no report."""
    names = lookup.room_names([school]).on(school, campus, day)
    mine = {"day": day, "school": school, "campus": campus}
    pupils = {
        short_code(row.pupil): (names.get(row.class_key, row.class_key), *_in_words(row, _PUPIL))
        for row in Absence.objects.filter(**mine).order_by("class_key", "pupil")
    }
    classes = {
        names.get(row.key, row.key): _in_words(row, _CLASS)
        for row in ReportClass.objects.filter(**mine, silent=False).order_by("key")
    }
    return ReportRows(pupils, classes)


def _in_words(row: object, columns: Mapping[str, Column]) -> tuple[str, ...]:
    return tuple(
        STATE_WORDS[RowState.NEW] if value == RowState.NEW else cells.show(column, value)  # which nobody types
        for name, column in columns.items()
        for value in (getattr(row, name, None),)
    )
