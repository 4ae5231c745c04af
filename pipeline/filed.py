"""Secret values of the 备案表: a password; and what must be known of whoever asks for an account.

Lies below `model`, because a reading carries a `Secret` from the parser on.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import final

SHOWN = "＊＊＊＊＊＊＊＊"
"""How a password is shown. In a password's cell it means that there was one, which is not kept."""


@final
class Secret:
    """A text that no log, issue, letter, hash or table may hold: it prints as stars.

    `reveal` is called where it is hashed and where its rule is checked, nowhere else (a test counts the places).
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __str__(self) -> str:
        return SHOWN

    __repr__ = __str__

    def __format__(self, _: str) -> str:
        return SHOWN

    def __bool__(self) -> bool:
        """Whether the text is known; a kept copy has stars in its place."""
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(_bytes(self), _bytes(other))

    def __hash__(self) -> int:
        return hash(Secret)  # nothing of the text

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        return Secret, (self._text,)  # only through the pipe between a reader and the coordinator


def _bytes(secret: Secret) -> bytes:
    return secret.reveal().encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class OrganFacts:
    """An organ (教育局, 卫健委, 疾控) of a division. `level` is a `model.Level` in words: province, city, county."""

    code: str
    name: str
    division: str
    level: str
    token_serial: int = 1


@dataclass(frozen=True, slots=True)
class FilingFacts:
    """A 备案 that is on file: its number, its unit, the unit's division, and who decides about it."""

    number: int
    unit: str
    home: str  # division of the unit
    opener: str  # division whose CDC opens the account (notice, three)
