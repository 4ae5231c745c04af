"""One writer for each kind of letter. A new kind is a function in a module here, and its name below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.letters.queue import Queued
from pipeline.model import LetterKind, Paper
from pipeline.run.writers import answers, cards, county, filing, pages, reconciliation_query
from pipeline.run.writers.base import LetterBatch

WRITERS: Mapping[LetterKind, Callable[[Queued, LetterBatch], list[Paper]]] = {
    LetterKind.RECEIPT: answers.receipt,
    LetterKind.GIVEBACK: answers.giveback_workbook,
    LetterKind.SUMMARY: answers.summary,
    LetterKind.ACCOUNT: filing.notice,
    LetterKind.QUERY: reconciliation_query.query,
    LetterKind.DESK: county.desk,
    LetterKind.DECIDED: county.decided,
}
"""Letters that are written at once."""

BOOKS: Mapping[LetterKind, Callable[[Queued, LetterBatch], list[Paper]]] = {LetterKind.CARDBOOK: cards.workbook}
"""Letters that take as long to write as a page to draw: they wait with those, so that receipts do not wait for them."""

PAGES: Mapping[LetterKind, Callable[[Queued, LetterBatch], Mapping[str, Any]]] = {
    LetterKind.CARD: cards.card,
    LetterKind.WORKSHEET: cards.worksheet,
    LetterKind.DIGEST: pages.edition,
    LetterKind.MISSING: pages.edition,
    LetterKind.PAGE: pages.edition,
    LetterKind.RULES: pages.edition,
}
"""Letters with drawn pages, by their values."""

OF_SUBMISSIONS = frozenset({LetterKind.RECEIPT, LetterKind.GIVEBACK})
"""Kinds whose ref is a submission; their writers get its facts."""
