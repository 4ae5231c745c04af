"""One writer a kind of letter. A new kind is a function in a module here, and its name below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.letters.queue import Queued
from pipeline.model import Site
from pipeline.outbox.folder import Deliverable
from pipeline.run.writers import answers, cards, county, filing, pages, reconciliation_query
from pipeline.run.writers.base import Post

WRITERS: Mapping[str, Callable[[Queued, Post], list[Deliverable]]] = {
    "receipt": answers.receipt,
    "giveback": answers.giveback_workbook,
    "summary": answers.summary,
    "account": filing.told,
    "query": reconciliation_query.query,
    "desk": county.desk,
    "decided": county.decided,
}
"""Letters that are written at once."""

BOOKS: Mapping[str, Callable[[Queued, Post], list[Deliverable]]] = {"cardbook": cards.workbook}
"""Letters that take as long to write as a page to draw: they wait with those, so that no receipt waits for them."""

PAGES: Mapping[str, Callable[[Queued, Site], Mapping[str, Any]]] = {
    "card": cards.card,
    "worksheet": cards.worksheet,
    "digest": pages.edition,
    "missing": pages.edition,
    "page": pages.edition,
}
"""Letters whose pages are drawn, by their values."""

OF_SUBMISSIONS = frozenset({"receipt", "giveback"})
"""Kinds whose ref is a submission, of which its writer gets the facts."""
