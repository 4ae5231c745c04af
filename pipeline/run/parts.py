"""Which submissions of a batch settle together: a batch split into parts, each validated by the results of those
before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pipeline.forms import FORMS
from pipeline.forms.card import CARD
from pipeline.model import Arrival, Reading

Read = tuple[Arrival, Reading]

_ALONE = frozenset(form.name for form in FORMS if form.alone)


def parts(batch: Sequence[Read]) -> Iterator[list[Read]]:
    """Cut a batch, in received order, into parts that settle one after the other."""
    for segment in _segments(batch):
        yield from _layers(segment)


def _segments(batch: Sequence[Read]) -> Iterable[list[Read]]:
    """Split so that a submission that changes how others are validated is alone.

    A card and another form of the same school are never in one part: a card's alert follows from the reports before it,
    and its effect concerns those after.
    """
    segment: list[Read] = []
    carded: dict[str, bool] = {}  # school → whether its submissions in this part are cards
    for read in batch:
        form, unit = _about(read)
        if form in _ALONE:
            yield from ([segment] if segment else [])
            yield [read]
            segment, carded = [], {}
            continue
        if carded.get(unit, form == CARD.name) != (form == CARD.name):
            yield segment
            segment, carded = [], {}
        if unit:
            carded[unit] = form == CARD.name
        segment.append(read)
    if segment:
        yield segment


def _about(read: Read) -> tuple[str, str]:
    """The form and the unit that a submission claims, as far as they are known."""
    arrival, reading = read
    claims = reading.claims
    return (claims.form, claims.unit or arrival.bound) if claims else ("", "")


def _layers(segment: Sequence[Read]) -> list[list[Read]]:
    """Put a later, different submission of one report into a later layer: it is validated by the result before.

    Different reports do not wait for each other, nor copies for what they copy: a batch of a hundred copies is one
    layer.
    """
    found: list[list[Read]] = []
    last: dict[object, tuple[int, str]] = {}  # report → its last layer and content
    for arrival, reading in segment:
        at = 0
        if reading.claims is not None:
            claims, sha = reading.claims, reading.content_sha
            report = (claims.form, claims.unit or arrival.bound, claims.day, claims.campus)
            before = last.get(report, (0, sha))
            at = before[0] + (before[1] != sha)
            last[report] = at, sha
        if at == len(found):
            found.append([])
        found[at].append((arrival, reading))
    return found
