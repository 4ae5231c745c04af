"""A sentence that a paper chooses by its figures, with its condition.

A paper asks a place (`Place.say`) and prints the first of its sentences whose condition holds. Texts name figures in
braces; what stands between two stars is for a person's attention.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pipeline.figures import words

Seen = TypeVar("Seen")


@dataclass(frozen=True, slots=True)
class Sentence(Generic[Seen]):
    """A sentence, and when it is true. `when`: the condition in words; "" as text says nothing."""

    when: str
    holds: Callable[[Seen], bool]
    text: str


@dataclass(frozen=True, slots=True)
class Place(Generic[Seen]):
    """A place on a paper: its sentences, of which the first that holds is printed. The last always holds."""

    name: str
    paper: str
    sentences: tuple[Sentence[Seen], ...]

    def chosen(self, seen: Seen) -> Sentence[Seen]:
        return next(one for one in self.sentences if one.holds(seen))

    def say(self, seen: Seen, **more: str) -> str:
        """Return the sentence with its figures; `more` has what is not among them, or stands in their place."""
        return self.chosen(seen).text.format_map(_Figures(seen, more))


class _Figures(dict[str, str]):
    """The figures of what was seen, by name, as they are printed."""

    def __init__(self, seen: object, more: dict[str, str]) -> None:
        super().__init__(more)
        self._seen = seen

    def __missing__(self, name: str) -> str:
        value: Any = getattr(self._seen, name)
        return words.number(value) if isinstance(value, int | float) else str(value)


def always(_: object) -> bool:
    return True


OTHERWISE = "其余"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A piece of a sentence; `strong` is bold and in the accent colour, for a person's attention."""

    text: str
    strong: bool = False


def phrases(text: str) -> tuple[Phrase, ...]:
    """Split a sentence at its stars."""
    return tuple(Phrase(piece, bool(n % 2)) for n, piece in enumerate(text.split("*")) if piece)
