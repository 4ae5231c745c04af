"""Letters that are drawn: the values of their pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.facts import editions
from pipeline.letters.queue import Queued
from pipeline.model import EditionRef, Site


def edition(letter: Queued, site: Site) -> Mapping[str, Any]:
    del site
    return editions.values(letter.kind, letter.reader, EditionRef.read(letter.ref))
