"""Old months of the outbox: each reader's files as one zip a month in his own folder, and removed when nobody needs
them any more.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path

from pipeline import durable, packs
from pipeline.model import Site
from pipeline.outbox.folder import UNFINISHED

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"([0-9]{4}-[0-9]{2})\.zip")


def readers(site: Site) -> Iterator[Path]:
    """Each reader's folder."""
    if not site.outbox.is_dir():
        return
    for shelf in sorted(site.outbox.iterdir()):
        if shelf.is_dir() and shelf.name != UNFINISHED:
            yield from sorted(path for path in shelf.iterdir() if path.is_dir())


def pack(site: Site, before: date, spared: Collection[Path]) -> Iterator[tuple[Path, int]]:
    """Pack each month that was over `before` a day, without the `spared` folders of days; yield each pack, and of
    how many files.
    """
    for reader in readers(site):
        months: dict[str, list[Path]] = {}
        for folder in days(reader):
            if folder.name[:7] < f"{before:%Y-%m}" and folder not in spared:
                months.setdefault(folder.name[:7], []).append(folder)
        for month, folders in months.items():
            files = {f"{path.parent.name}/{path.name}": path for folder in folders for path in _files(folder)}
            target = reader / f"{month}.zip"
            if files:
                packs.add(target, files)
            _remove(folders)
            yield target, len(files)


def read(folder: Path, name: str) -> bytes | None:
    """The bytes of a file of a reader's day, from the pack of its month; None if they are not there."""
    return packs.read(folder.parent / f"{folder.name[:7]}.zip", f"{folder.name}/{name}")


def old(site: Site, before: date, spared: Collection[Path]) -> Iterator[tuple[Path, str, int, int]]:
    """What lies there of days before that one: each day's folder, or month's pack, with its first day, the number of
    its files and their bytes; without the `spared` folders of days.
    """
    for reader in readers(site):
        for folder in days(reader):
            if folder.name < before.isoformat() and folder not in spared:
                files = _files(folder)
                yield folder, folder.name, len(files), sum(path.stat().st_size for path in files)
        for path in reader.glob("*.zip"):
            month = _MONTH.fullmatch(path.name)
            if month and month[1] < f"{before:%Y-%m}":
                yield path, f"{month[1]}-01", 1, path.stat().st_size


def remove(found: Path) -> None:
    """Remove a day's folder, or a month's pack, durably."""
    if found.is_dir():
        _remove([found])
        return
    durable.unlink(found)
    durable.sync_many((), (found.parent,))


def days(reader: Path) -> list[Path]:
    """The folders of a reader's days, oldest first."""
    return sorted(path for path in reader.iterdir() if _DAY.fullmatch(path.name) and path.is_dir())


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()]


def _remove(folders: Collection[Path]) -> None:
    durable.unlink_many([path for folder in folders for path in _files(folder)])
    for folder in folders:
        if not any(folder.iterdir()):
            durable.remove_folder(folder)
    durable.sync_many((), {folder.parent for folder in folders})
