"""An alert's letters: the card as a workbook to be answered, its card and its worksheet (drawn)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.facts import card_page_facts
from pipeline.figures import card_books, cards
from pipeline.figures.cards import CardFacts
from pipeline.figures.paper_values import values_of
from pipeline.issuing import card as card_book
from pipeline.letters.queue import Queued
from pipeline.model import CardRef, Paper
from pipeline.run.writers.base import LetterBatch


def workbook(letter: Queued, batch: LetterBatch) -> list[Paper]:
    """The card to be answered, prefilled for its reader."""
    facts = _facts(letter, batch)
    if facts.closed_at is not None:  # closed since it was queued: no answer is needed
        return []
    content = card_book.filled(batch.site, facts, letter.day or facts.issued_at.date())
    return [Paper(f"预警信息报告卡 {facts.id} {cards.copy_for(facts.scope)}（填报）.xlsx", content)]


def card(letter: Queued, batch: LetterBatch) -> Mapping[str, Any]:
    return values_of(cards.card(_facts(letter, batch)))


def worksheet(letter: Queued, batch: LetterBatch) -> Mapping[str, Any]:
    return values_of(card_books.worksheet(_facts(letter, batch)))


def _facts(letter: Queued, batch: LetterBatch) -> CardFacts:
    """The facts of an alert for a reader, read once for the card and for the 核实工作单 that goes out with it."""
    at = letter.ref, letter.reader
    if at not in batch.cards:
        batch.cards[at] = card_page_facts.card(batch.site, CardRef.read(letter.ref), letter.reader)
    return batch.cards[at]
