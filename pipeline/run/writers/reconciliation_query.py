"""Questions to a school about its own records: 待对账, all of a day in one text."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.figures.words import chinese_date
from pipeline.letters.queue import Queued
from pipeline.model import HOME_CAMPUS, LetterKind, Paper
from pipeline.reports import letters as written
from pipeline.run.writers.base import LetterBatch
from pipeline.settling import reconciliation


def query(letter: Queued, batch: LetterBatch) -> list[Paper]:
    """Nothing if everything agrees again meanwhile."""
    day = letter.day
    found = reconciliation.asked(letter.reader, day) if day is not None else []
    if day is None or not found:
        return []
    values = {
        "school": batch.names[letter.reader],
        "code": letter.reader,
        "date": chinese_date(day),
        "day": day.isoformat(),
        "assumed": batch.year_note(letter),
        "count": len(found),
        "matters": [
            {
                "campus": "" if campus == HOME_CAMPUS else campus,
                "what": [one.what for one in alike],
                "ask": ask,
                "id": "、".join(one.id for one in alike),
            }
            for (campus, ask), alike in _alike(found).items()
        ],
    }
    return written.compose(LetterKind.QUERY, values)


def _alike(found: Sequence[reconciliation.Question]) -> dict[tuple[str, str], list[reconciliation.Question]]:
    """The questions by what they ask for, such as the rolls of many classes of one campus."""
    alike: dict[tuple[str, str], list[reconciliation.Question]] = {}
    for one in found:
        alike.setdefault((one.campus, one.ask), []).append(one)
    return alike
