"""Ids for people: a letter and eight characters, typed in a shell without quotes and read out over the telephone.

Made from the subject of a thing, so that it is the same whatever came first: eight characters of 31 give some 850,000
million.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without 0 O 1 I L: codes are read out over the telephone
_LENGTH = 8
CLASS = "K"


def closure(school: str, campus: str, scope: str, start: datetime) -> str:
    """Return the id of a closure: C7K3QF2M9."""
    return "C" + short_code(("closure", school, campus, scope, start.astimezone(UTC).isoformat()))


def new_class(school: str, campus: str, year: int, key: str) -> str:
    """Return the id of a class that only a report names: K…"""
    return CLASS + short_code(("class", school, campus, str(year), key))


def matter(school: str, campus: str, kind: str, subject: str) -> str:
    """Return the 对账号 of a school's contradiction about one subject: M…"""
    return "M" + short_code(("matter", school, campus, kind, subject))


def short_code(parts: Sequence[str], length: int = _LENGTH) -> str:
    """Return a short code for a list of texts."""
    message = "".join(f"{len(part)}:{part}" for part in parts).encode()
    number = int.from_bytes(hashlib.sha256(message).digest(), "big")
    found = []
    for _ in range(length):
        number, index = divmod(number, len(ALPHABET))
        found.append(ALPHABET[index])
    return "".join(found)
