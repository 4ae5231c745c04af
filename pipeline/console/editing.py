"""Who saved a line a moment ago: until it is decided it is his, and a second editor is shown what he typed.

A line's version is its seal. The list lies in the console's own file, for an hour; a workbook of the county's that
comes another way is met by the seal alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.core.cache import caches

from pipeline.console import drops
from pipeline.console.access import Visitor

_LINES = "lines"  # the cache
_UNSENT = 60.0  # seconds after which a line that was never sent is free


@dataclass(frozen=True, slots=True)
class SavedLine:
    """What was typed for a line: by whom, when (as seconds), and the key of its drop, "" before that."""

    who: str
    account: str
    at: float
    said: Mapping[str, str]
    drop: str = ""


def saved(key: str, seal: str) -> SavedLine | None:
    """Return what was saved for a line of this version, None if nobody did."""
    found: Any = caches[_LINES].get(_name(key, seal))
    return SavedLine(**found) if found else None


def take(reader: Visitor, key: str, seal: str, said: Mapping[str, str], now: datetime) -> SavedLine | None:
    """Make a line this reader's; return None, or what somebody (he himself, too) saved for it and is under way."""
    mine = SavedLine(reader.who, reader.account.username, now.timestamp(), dict(said))
    name = _name(key, seal)
    if caches[_LINES].add(name, asdict(mine)):
        return None
    other = saved(key, seal)
    if other is not None and _is_under_way(other, reader, now):
        return other
    caches[_LINES].set(name, asdict(mine))  # it was refused, or never sent
    return None


def sent(key: str, seal: str, drop: str) -> None:
    """Note with which drop a line that was taken went."""
    if (one := saved(key, seal)) is not None:
        caches[_LINES].set(_name(key, seal), {**asdict(one), "drop": drop})


def give_back(key: str, seal: str) -> None:
    """Make a line free that could not be sent."""
    caches[_LINES].delete(_name(key, seal))


def _is_under_way(one: SavedLine, reader: Visitor, now: datetime) -> bool:
    if not one.drop:
        return now.timestamp() - one.at < _UNSENT
    drop = drops.found(one.drop, reader)
    return drop is not None and drops.waiting(drop) > 0


def _name(key: str, seal: str) -> str:
    return hashlib.sha256(f"{key} {seal}".encode()).hexdigest()
