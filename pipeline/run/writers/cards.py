"""An alert's letters: the card as a workbook to be answered, its card and its sheet (drawn)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pipeline import schooldays, units
from pipeline.errors import UsageError
from pipeline.facts import card_page_facts
from pipeline.figures import card_books, cards
from pipeline.figures.digest import paper
from pipeline.issuing import templates
from pipeline.letters.queue import Facts, Queued
from pipeline.model import Refused, Site
from pipeline.outbox.folder import Deliverable
from pipeline.reports import letters as written
from pipeline.run.writers.base import Post
from pipeline.settling.submissions import DIVISION_DIGITS
from pipeline.turns import context
from pipeline.xlsx.giveback import GivebackFacts


def workbook(letter: Queued, post: Post) -> list[Deliverable]:
    """The card to be answered, prefilled for its reader."""
    facts = card_page_facts.card(post.site, letter.ref, letter.reader)
    if facts.closed_at is not None:  # closed since it was queued: there is nothing to answer
        return []
    content = templates.card_book(post.site, facts, letter.day or facts.issued_at.date())
    return [written.Paper(f"预警信息报告卡 {facts.id} {cards.copy_for(facts.scope)}（填报）.xlsx", content)]


def going_back(facts: Facts, rows: Sequence[Refused], site: Site) -> GivebackFacts:
    """What a return workbook of a card knows: the alert it is about, as the card itself said it."""
    said, reader = rows[0].raw, facts.unit
    if len(facts.bound) == DIVISION_DIGITS:  # a county answered for the school
        reader = facts.bound
    day = schooldays.today(facts.received_at)
    fields: dict[str, str | int | date] = {"unit": facts.unit, "school": facts.unit_name}
    try:
        ref = card_page_facts.number_of(site, reader, said.get("alert", ""))
        fields |= card_books.book(card_page_facts.card(site, ref, reader)).fields
    except UsageError:  # it named no alert of this school that is open
        fields |= {name: said[name] for name in ("alert", "campus") if said.get(name)}
    if said.get("revision", "").isdigit():
        fields["revision"] = int(said["revision"])  # that of the card which was answered
    school = context.schools([facts.unit], [day]).get(facts.unit)
    serial = school.token_serial if school else 1
    token = units.token(site.key, facts.unit, "card", schooldays.term(day), serial)
    return GivebackFacts(fields=fields, rows=rows, token=token)


def card(letter: Queued, site: Site) -> Mapping[str, Any]:
    return paper(cards.card(card_page_facts.card(site, letter.ref, letter.reader)))


def worksheet(letter: Queued, site: Site) -> Mapping[str, Any]:
    return paper(card_books.worksheet(card_page_facts.card(site, letter.ref, letter.reader)))
