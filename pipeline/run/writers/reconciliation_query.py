"""Questions to a school about its own records: 待对账, all of a day in one text."""

from __future__ import annotations

from pipeline.figures.words import assumed, chinese_date
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
        "assumed": assumed(batch.assumed.get((letter.reader, day), 0)),
        "matters": [
            {"id": one.id, "campus": "" if one.campus == HOME_CAMPUS else one.campus, "what": one.what, "ask": one.ask}
            for one in found
        ],
    }
    return written.compose(LetterKind.QUERY, values)
