"""Papers put where their reader finds them: `outbox/<level>/<name>/<day>/<paper>`.

Names are Chinese and legal on Windows. Delivering the same paper again changes nothing; a paper of the same name with
other content replaces the older one, as a whole.
"""

from __future__ import annotations

import errno
import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple, Self

from pipeline import durable
from pipeline.model import Paper, Site

Shelf = Literal["省", "设区市", "县(市、区)", "学校", "未识别"]

MOST_CHARACTERS = 100
MOST_BYTES = 240  # file systems count bytes (255), and a temporary name is longer than the name
OPEN_ENDED = "无日期"
UNFINISHED = ".unfinished"
"""Folder of what is being written: what lies there when nobody works on the site was left by a crash."""

_FORBIDDEN = {ord(char): full for char, full in zip('<>:"/\\|?*', "＜＞：＂／＼｜？＊", strict=True)}
_RESERVED = re.compile(r"(?:CON|PRN|AUX|NUL|CLOCK\$|CON(?:IN|OUT)\$|(?:COM|LPT)[0-9¹²³])(?:\..*)?\Z", re.IGNORECASE)
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}\Z")


@dataclass(frozen=True, slots=True)
class OutPlace:
    """One reader's folder in the outbox."""

    level: Shelf
    name: str  # name and code, "示例小学 2132000001"; made legal here

    @classmethod
    def school(cls, name: str, code: str) -> Self:
        """Return a school's shelf."""
        return cls("学校", f"{name} {code}")


class Delivery(NamedTuple):
    """Papers of one day for one reader."""

    place: OutPlace
    day: date | None
    papers: Sequence[Paper]


def deliver_all(site: Site, deliveries: Sequence[Delivery]) -> list[list[Path]]:
    """Deliver many at the cost of one: written, made durable together, then named, then durable again."""
    targets = [_targets(site, delivery) for delivery in deliveries]
    fresh: dict[Path, bytes] = {}
    for delivery, paths in zip(deliveries, targets, strict=True):
        for paper, path in zip(delivery.papers, paths, strict=True):
            if not _holds(path, paper.content):
                fresh[path] = paper.content
            else:
                fresh.pop(path, None)
    _put(site, fresh)
    return targets


def tidy(site: Site) -> None:
    """Remove what a crash left half written. Call it only as the process that works on the site."""
    folder = site.outbox / UNFINISHED
    if folder.is_dir():
        durable.unlink_many(sorted(folder.iterdir()))


def legal(name: str) -> str:
    """Return the name as Windows accepts it, still readable: the same input gives the same name; never empty.

    At most 100 characters and 240 bytes; a name that had to be cut ends in six characters of its hash.
    """
    text = unicodedata.normalize("NFC", name).translate(_FORBIDDEN)
    if not text.isprintable():
        text = "".join(char for char in text if unicodedata.category(char)[0] != "C")
    text = " ".join(text.split()).rstrip(". ") or "未命名"
    if _RESERVED.match(text):
        text = f"_{text}"
    if _fits(text):
        return text
    found = _ENDING.search(text)
    ending = found[0] if found else ""
    mark = "~" + hashlib.sha256(text.encode()).hexdigest()[:6] + ending
    stem = text[: len(text) - len(ending)][: MOST_CHARACTERS - len(mark)]
    while not _fits(stem + mark):
        stem = stem[:-1]
    return stem.rstrip(". ") + mark


def _fits(name: str) -> bool:
    return len(name) <= MOST_CHARACTERS and len(name.encode()) <= MOST_BYTES


def _targets(site: Site, delivery: Delivery) -> list[Path]:
    day = delivery.day.isoformat() if delivery.day else OPEN_ENDED
    folder = site.outbox.joinpath(delivery.place.level, legal(delivery.place.name), day)
    return [folder / legal(paper.name) for paper in delivery.papers]


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except FileNotFoundError:
        return False


def _put(site: Site, fresh: dict[Path, bytes]) -> None:
    """Make each path hold its bytes: after a crash the old file or the new one, never a part."""
    if not fresh:
        return
    folders = {path.parent for path in fresh}
    durable.make_folders((site.outbox / UNFINISHED, *sorted(folders)))
    temporary = {path: site.outbox / UNFINISHED / str(at) for at, path in enumerate(fresh)}
    for path, content in fresh.items():
        durable.write(temporary[path], (content,))
    durable.sync_many(temporary.values(), ())
    for path, content in fresh.items():
        _name(temporary[path], path, content)
    # also the folders of level and reader: a killed run may have made them and not synced them
    readers = {folder.parent for folder in folders}
    durable.sync_many((), folders | readers | {reader.parent for reader in readers})


def _name(temporary: Path, path: Path, content: bytes) -> None:
    try:
        durable.rename(temporary, path)
    except OSError as error:
        if error.errno != errno.EXDEV:  # a part of the outbox may be a share of its own
            raise
        durable.write_through(path, content)
        durable.unlink(temporary)
