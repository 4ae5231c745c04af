"""Letters of counties: the 县级处理单; and the notices of their decisions to schools."""

from __future__ import annotations

from pipeline.forms.desk import DESK
from pipeline.issuing import desk as desks
from pipeline.letters import county_notices
from pipeline.letters.queue import Queued
from pipeline.model import LetterKind, Paper
from pipeline.reports import letters as written
from pipeline.run.writers.base import LetterBatch
from pipeline.schooldays import local_time


def desk(letter: Queued, batch: LetterBatch) -> list[Paper]:
    """The county's desk of a morning."""
    content = desks.workbook(batch.site, letter.reader, letter.queued_at)
    return [Paper(f"{DESK.title} {batch.names[letter.reader]} {letter.ref}.xlsx", content)]


def decided(letter: Queued, batch: LetterBatch) -> list[Paper]:
    """The decisions on a school's matters at one place of the sequence; nothing if none concerns the school."""
    found = county_notices.notices_of(letter.ref, letter.reader)
    if not found:
        return []
    values = {
        "ref": letter.ref,
        "school": f"{batch.names[letter.reader]}（{letter.reader}）",
        "decided": local_time(letter.queued_at),
        "assumed": batch.year_note(letter),
        "told": [{"about": one.about, "follows": one.follows, "why": one.why} for one in found],
        "asks": sum(one.asks for one in found),
    }
    return written.compose(LetterKind.DECIDED, values)
