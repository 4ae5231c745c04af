"""预警信息报告卡 for whoever is to answer an alert, filled in with what is known."""

from __future__ import annotations

from datetime import date
from gettext import gettext as say

from pipeline import schooldays, units
from pipeline.errors import UsageError
from pipeline.facts import card_page_facts, unknown_years
from pipeline.figures import card_books, words
from pipeline.figures.cards import CardFacts
from pipeline.forms.card import CARD, CASES
from pipeline.issuing.issuer import Asked, GoingBack, Issuer
from pipeline.model import Site
from pipeline.turns import context
from pipeline.xlsx.blank import TemplateFacts, blank
from pipeline.xlsx.giveback import GivebackFacts, giveback


def template(_site: Site, _asked: Asked) -> bytes:
    """Always UsageError: a card answers an alert, which must be named."""
    raise UsageError(say("card: name the alert it is to answer, --alert 2026-0001; see `queke alerts list`"))


def workbook(site: Site, unit: str, number: str, day: date) -> bytes:
    """Return an alert's card, for its school or for a division above it (then without names); the store must be open.

    Raises UsageError for an alert that the unit may not answer, or that needs no answer any more.
    """
    ref = card_page_facts.number_of(site, unit, number)
    return filled(site, card_page_facts.card(site, ref, unit), day)


def filled(site: Site, facts: CardFacts, day: date) -> bytes:
    """Return the workbook of a card with these facts; the store must be open."""
    school = context.schools([facts.school_code], [day])[facts.school_code]
    made = card_books.book(facts)
    token = units.token(site.key, school.code, CARD.name, schooldays.term(day), school.token_serial)
    rows = {"answer": (made.answer,), "days": made.days, "cases": made.cases}
    asked = tuple(filter(None, [words.assumed(facts.assumed)]))  # of the days that are asked about
    notes = unknown_years.notes(school.code, day) or asked
    return blank(CARD, TemplateFacts(fields=made.fields, rows=rows, token=token, lead=made.lead, notes=notes))


def returned(site: Site, back: GoingBack) -> bytes:
    """Return the answer that goes back, with the card's own values of its alert."""
    facts, answer = back.facts, back.rows[0].raw
    reader = facts.bound if units.is_division(facts.bound) else facts.unit  # a county answered for the school
    fields: dict[str, str | int | date] = {"unit": facts.unit, "school": facts.unit_name}
    beside = {}
    try:
        ref = card_page_facts.number_of(site, reader, answer.get("alert", ""))
        made = card_books.book(card_page_facts.card(site, ref, reader))
        fields |= made.fields
        if any(one.code == "exclusion-row-missing" for row in back.refused for one in row.issues):
            beside = {CASES.name: made.cases}  # one of them must be marked
    except UsageError:  # it named no open alert of this school
        fields |= {name: answer[name] for name in ("alert", "campus") if answer.get(name)}
    if answer.get("revision", "").isdigit():
        fields["revision"] = int(answer["revision"])  # the revision of the card that was answered
    day = schooldays.today(facts.received_at)
    school = context.schools([facts.unit], [day]).get(facts.unit)
    serial = school.token_serial if school else 1
    token = units.token(site.key, facts.unit, CARD.name, schooldays.term(day), serial)
    notes = unknown_years.notes(facts.unit, day)
    return giveback(CARD, GivebackFacts(fields=fields, rows=back.refused, token=token, notes=notes, beside=beside))


ISSUER = Issuer(CARD, template, returned)
