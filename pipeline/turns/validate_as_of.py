"""Workbooks judged by what had been said before them: registry and calendar as of their place in the sequence.

Nearly always nothing was said later than what is judged, and what stands is what it is judged by. What a reader
kept too long, or what is read once more from the archive, is judged as it would have been in its turn.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from pipeline import validate
from pipeline.database.models import UnitPlace
from pipeline.diagnosis import stage
from pipeline.model import Arrival, Checked, Reading, Site
from pipeline.registry import statements
from pipeline.schooldays import today
from pipeline.turns import context

Read = tuple[Arrival, Reading]


def judge(site: Site, batch: Sequence[Read], now: datetime) -> list[Checked]:
    """Validate a batch, each of it by what had been said up to its own place; in the order given."""
    if not batch:
        return []
    # its own words are none it is judged by, when it is read once more
    said = statements.later_than(min(arrival.seq for arrival, _ in batch) - 1)
    moved = UnitPlace.objects.exists()
    parts: dict[tuple[int | None, date | None], list[Read]] = defaultdict(list)
    for arrival, reading in batch:
        at = bisect_left(said, arrival.seq)
        upto = said[at] - 1 if at < len(said) else None
        parts[upto, today(arrival.received_at) if moved else None].append((arrival, reading))
    found: dict[int, Checked] = {}
    for (upto, _), part in parts.items():
        seqs = [arrival.seq for arrival, _ in part]
        with stage("context", seqs):
            known = context.load(part, now, upto)
        with stage("validate", seqs):
            checked = validate.check(part, known, site.policy, site.key)
        found |= {id(arrival): one for (arrival, _), one in zip(part, checked, strict=True)}
    return [found[id(arrival)] for arrival, _ in batch]
