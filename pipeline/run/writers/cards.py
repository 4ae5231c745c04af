"""An alert's letters: the card as a workbook to be answered, its card and its worksheet (drawn)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.facts import card_page_facts
from pipeline.figures import card_books, cards
from pipeline.figures.paper_values import values_of
from pipeline.issuing import card as card_book
from pipeline.letters.queue import Queued
from pipeline.model import CardRef, Paper, Site
from pipeline.run.writers.base import LetterBatch


def workbook(letter: Queued, batch: LetterBatch) -> list[Paper]:
    """The card to be answered, prefilled for its reader."""
    facts = card_page_facts.card(batch.site, CardRef.read(letter.ref), letter.reader)
    if facts.closed_at is not None:  # closed since it was queued: no answer is needed
        return []
    content = card_book.filled(batch.site, facts, letter.day or facts.issued_at.date())
    return [Paper(f"预警信息报告卡 {facts.id} {cards.copy_for(facts.scope)}（填报）.xlsx", content)]


def card(letter: Queued, site: Site) -> Mapping[str, Any]:
    return values_of(cards.card(card_page_facts.card(site, CardRef.read(letter.ref), letter.reader)))


def worksheet(letter: Queued, site: Site) -> Mapping[str, Any]:
    return values_of(card_books.worksheet(card_page_facts.card(site, CardRef.read(letter.ref), letter.reader)))
