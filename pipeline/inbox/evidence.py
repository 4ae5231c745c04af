"""What the archive shows of the store that it belongs to: how far numbers were given out, and to what.

Only the end of each day's journal is read: a province's year is a thousandth of its size then.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.inbox.archive import JOURNAL
from pipeline.inbox.packed import KEPT, days

TAIL = 1 << 14  # bytes of a journal's end: some fifty lines; lines caught up after a crash may stand out of order
NEWEST = 3  # days of which the kept files are looked at too: a journal may be lost, or late


@dataclass(frozen=True, slots=True)
class Evidence:
    """`last`: the highest number found, 0 if there is none; `arrivals`: the latest lines of journals, number → SHA-256;
    `decisions`: likewise, their numbers.
    """

    last: int = 0
    arrivals: dict[int, str] = field(default_factory=dict)
    decisions: frozenset[int] = frozenset()


def gather(archive: Path) -> Evidence:
    """Look at the ends of all journals, and at the files kept in the newest days."""
    folders = days(archive)
    last, arrivals, decisions = 0, {}, set()
    for folder in folders:
        for line in _tail(folder / JOURNAL):
            seq = line.get("seq")
            if not isinstance(seq, int):
                continue
            last = max(last, seq)
            if line.get("kind") == "arrival":
                arrivals[seq] = str(line.get("sha256", ""))
            elif line.get("kind") == "decision":
                decisions.add(seq)
    for folder in folders[-NEWEST:]:
        last = max([last, *kept_numbers(folder)])
    return Evidence(last, arrivals, frozenset(decisions))


def kept_numbers(folder: Path) -> Iterator[int]:
    """The numbers in the names of the files kept of a day."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if found := KEPT.fullmatch(entry.name):
                yield int(found[1])


def _tail(path: Path) -> Iterator[dict[str, object]]:
    """The complete lines at the end of a file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL))
            lines = file.read().split(b"\n")
    except FileNotFoundError:
        return
    for line in lines:  # the first is perhaps a part, and so is the last after a crash
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            yield row
