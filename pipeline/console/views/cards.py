"""A warning, and its card as a form, for the school and its county."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from pipeline.accounts import visits
from pipeline.console import fields, open_site, typing_in
from pipeline.console.access import Visitor, reader
from pipeline.console.typing_in import TypedAnswer
from pipeline.console.views import sending
from pipeline.database.models import Alert
from pipeline.errors import UsageError
from pipeline.facts import card_page_facts
from pipeline.figures import card_books, cards
from pipeline.figures.cards import CardFacts
from pipeline.forms.card import ANSWER
from pipeline.model import CardRef

_FOLLOWED = frozenset({"fresh", "present", "progress"})


@require_http_methods(["GET", "POST"])
def alert(request: HttpRequest, number: str) -> HttpResponse:
    """A warning, and the card as a form."""
    asking = reader(request)
    found = Alert.objects.filter(pk=number).first()
    if found is None or not asking.scope.covers(found.school_id, found.division):
        raise Http404
    if request.method == "POST":
        return _answered(request, asking, number)
    facts = card_page_facts.card(open_site.site(), CardRef(found.pk, found.revision), asking.code)
    visits.note(asking.account.username, "alert", f"alert {number}", open_site.now())
    return render(request, "alert.html", _values(facts, is_open=found.closed_at is None))


def _values(facts: CardFacts, *, is_open: bool) -> dict[str, object]:
    book = card_books.book(facts)
    return {
        "page": cards.card(facts),
        "cells": [fields.filled(one, book.answer.get(one.name, "")) for one in ANSWER.columns],
        "open": is_open,
        "days": [one for one in facts.days if one.day <= open_site.today()],
        "cases": book.cases,
    }


def _answered(request: HttpRequest, asking: Visitor, number: str) -> HttpResponse:
    said = {one.name: fields.typed(one, request.POST.get(one.name, "")) for one in ANSWER.columns}
    days: dict[str, dict[str, str]] = {}
    for name, text in request.POST.items():
        on, _, column = name.partition("/")
        if column in _FOLLOWED and str(text).strip():
            days.setdefault(on, {"day": on})[column] = str(text).strip()[: fields.LONGEST]
    wrong = [int(one) for one in request.POST.getlist("wrong") if one.isdigit()]
    try:
        answer = TypedAnswer(said, tuple(days.values()), tuple(wrong))
        content = typing_in.answer(open_site.site(), asking.code, number, open_site.today(), answer)
    except (UsageError, ValueError, KeyError):  # closed meanwhile, or a field that is none of ours
        raise Http404 from None
    return sending.put(request, [(f"报告卡 {number}（网页）.xlsx", content)], "card")
