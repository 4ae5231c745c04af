"""Letters that are drawn: the values of their pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.facts import editions
from pipeline.letters.queue import Queued
from pipeline.model import EditionRef
from pipeline.run.writers.base import LetterBatch


def edition(letter: Queued, batch: LetterBatch) -> Mapping[str, Any]:
    del batch
    return editions.values(letter.kind, letter.reader, EditionRef.read(letter.ref))
