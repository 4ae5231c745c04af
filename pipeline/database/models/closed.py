"""Columns that take one of a closed set of words: the core says which, the database refuses all others."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models


def choices(words: Iterable[str]) -> list[tuple[str, str]]:
    """Return what a field's `choices` are: people's words for them stand elsewhere."""
    return [(str(word), str(word)) for word in words]


def one_of(table: str, column: str, words: Iterable[str]) -> models.CheckConstraint:
    """Return the CHECK by which a column takes these words only.

    Equations, not IN: SQLite makes a table of an IN's list for every row it writes. Measured with 50,000 absences and
    four such columns: 371 ms without, 374 ms so, 632 ms with IN.
    """
    known = models.Q()
    for word in words:
        known |= models.Q(**{column: str(word)})
    return models.CheckConstraint(condition=known, name=f"{table}_{column}_known")
