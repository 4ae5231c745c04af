"""开户通知: the decision on a 备案, for the unit that asked. No password is in it, ever."""

from __future__ import annotations

from pipeline import schooldays
from pipeline.accounts import accounts, rulings
from pipeline.figures.words import chinese_date
from pipeline.letters.queue import Queued
from pipeline.model import FilingRef, Paper
from pipeline.reports import letters as written
from pipeline.run.writers.base import LetterBatch


def notice(letter: Queued, batch: LetterBatch) -> list[Paper]:
    """The notice to the unit, as text. Ref "NUMBER.DECISION"; nothing if a rebuilt store does not know it."""
    ruling = rulings.ruling(FilingRef.read(letter.ref))
    if ruling is None:
        return []
    values = {
        "number": ruling.number,
        "unit": f"{batch.names.get(letter.reader, '')}（{letter.reader}）",
        "opened": ruling.opened,
        "users": ruling.users,
        "office": ruling.office,
        "why": ruling.why,
        "day": chinese_date(schooldays.today(letter.queued_at)),
        "until": chinese_date(schooldays.today(letter.queued_at + accounts.UNUSED)),
    }
    name = f"{'开户通知' if ruling.opened else '不予开户通知'} 备案 {ruling.number}.txt"
    return [Paper(name, written.text("filing.txt", values))]
