"""An alert's letters: the card as a workbook to be answered (written at once), its card and sheet to note on (drawn)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline import issuing
from pipeline.figures import cards
from pipeline.figures.digest import paper
from pipeline.model import Site
from pipeline.outbox.folder import Paper
from pipeline.reports import letters as written
from pipeline.run.writers.base import Post
from pipeline.store import card_pages
from pipeline.store.letters import Queued


def workbook(letter: Queued, post: Post) -> list[Paper]:
    """The card to be answered, prefilled for its reader."""
    facts = card_pages.card(post.site, letter.ref, letter.reader)
    if facts.closed_at is not None:  # closed since it was queued: there is nothing to answer
        return []
    content = issuing.card_book(post.site, facts, letter.day or facts.issued_at.date())
    return [written.Paper(f"预警信息报告卡 {facts.id} {cards.copy_for(facts.scope)}（填报）.xlsx", content)]


def card(letter: Queued, site: Site) -> Mapping[str, Any]:
    return paper(cards.card(card_pages.card(site, letter.ref, letter.reader)))


def worksheet(letter: Queued, site: Site) -> Mapping[str, Any]:
    return paper(cards.worksheet(card_pages.card(site, letter.ref, letter.reader)))
