"""Which words somebody may have meant: those of a list that are fewest strokes of the keyboard away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.forms.base import Vocabulary
from pipeline.forms.cells import spellings
from pipeline.forms.text_normalise import fold

MOST = 3
_LONGEST = 24  # characters: longer texts are no slip of one word


def words(text: str, listed: Sequence[str], most: int = MOST) -> tuple[str, ...]:
    """Return the likeliest of a list, the nearest first, then in the order of the list; none that is all different."""
    return _nearest(text, [(one, fold(one)) for one in listed], most)


def labels(text: str, vocabulary: Vocabulary, most: int = MOST) -> tuple[str, ...]:
    """Return the likeliest labels of a vocabulary, by any of the spellings that are understood."""
    every = [
        (vocabulary.labels[code], word) for word, code in spellings(vocabulary).items() if code in vocabulary.labels
    ]
    order = {label: place for place, label in enumerate(vocabulary.labels.values())}
    return _nearest(text, sorted(every, key=lambda one: order[one[0]]), most)


def _nearest(text: str, pairs: Iterable[tuple[str, str]], most: int) -> tuple[str, ...]:
    typed = fold(text)
    if not typed or len(typed) > _LONGEST:
        return ()
    best: dict[str, int] = {}
    for shown, word in pairs:
        reach = max(len(typed), len(word)) - 1  # at least one character stays
        if abs(len(typed) - len(word)) <= reach and (steps := distance(typed, word)) <= reach:
            best[shown] = min(steps, best.get(shown, steps))
    return tuple(sorted(best, key=best.__getitem__)[:most])  # of equal distance: as they stand in the list


def distance(one: str, other: str) -> int:
    """How many characters must be put in, taken out or changed, or neighbours exchanged, to make one of the other."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for at, mine in enumerate(one, start=1):
        row = [at]
        for to, its in enumerate(other, start=1):
            cost = min(last[to] + 1, row[to - 1] + 1, last[to - 1] + (mine != its))
            if at > 1 and to > 1 and mine == other[to - 2] and one[at - 2] == its:
                cost = min(cost, before[to - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
