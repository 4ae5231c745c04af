"""What a cell may be before a table is found: a label of any, or the title of a form. Remembered, for most cells of the
upper rows are those of our templates, or words of short lists.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from pipeline.forms import FORMS
from pipeline.forms.block import OURS, TRADITIONAL, as_label, column_labels, plain_label
from pipeline.forms.text_normalise import fold

MOST = 8192  # cells that are remembered
_LABEL = 40  # characters of a label, at most
_TAIL = re.compile(r"\([^()]*\)$")
NOTHING: tuple[str, tuple[str, ...]] = "", ()
_HAN = re.compile("[\u4e00-\u9fff]+")  # characters that folding leaves as they are


class Looks(dict[object, tuple[str, tuple[str, ...]]]):
    """By cell, the folded text if any table has such a label, else ""; and the forms whose title it contains."""

    def __missing__(self, cell: object) -> tuple[str, tuple[str, ...]]:
        found = _look(cell) if isinstance(cell, str) and len(cell) <= _LABEL else NOTHING
        if len(self) >= MOST:
            self.clear()
            self.update(_BLANK)
        self[cell] = found
        return found


_BLANK: Mapping[object, tuple[str, tuple[str, ...]]] = {None: NOTHING, "": NOTHING}
LOOKS = Looks(_BLANK)


def _look(text: str) -> tuple[str, tuple[str, ...]]:
    if len(text) < _shortest_title() and _HAN.fullmatch(text) and not _is_label(text):
        return NOTHING  # mostly a pupil's name: each is different
    word = as_label(text)
    titles = tuple(dict.fromkeys(name for title, name in _titles().items() if title in word))
    known = any(known_as(word, column_labels(table)) for form in FORMS for table in form.tables) or word in OURS
    return (word if known else "", titles) if known or titles else NOTHING


@cache
def _titles() -> Mapping[str, str]:
    """Folded title → form."""
    return {fold(title): form.name for form in FORMS for title in (form.title, form.kindergarten_title) if title}


@cache
def _shortest_title() -> int:
    return min(map(len, _titles()))


def _is_label(text: str) -> bool:
    """Whether a text of Chinese characters only is a label of any table."""
    return text[0] in _first_characters() and plain_label(text) in _all_labels()


@cache
def _all_labels() -> frozenset[str]:
    return OURS.union(*(column_labels(table) for form in FORMS for table in form.tables))


@cache
def _first_characters() -> frozenset[str]:
    """Those with which a label begins, the traditional ones, too."""
    return TRADITIONAL.union(name[0] for name in _all_labels())


def known_as(word: str, known: Mapping[str, tuple[int, ...]]) -> tuple[int, ...] | None:
    if not word:
        return None
    return known.get(word) or (known.get(_TAIL.sub("", word)) if word[-1] == ")" else None)
