"""Old months of the archive, packed: `archive/packed/2026-03-workbooks.zip` and `-mails.zip`; journals stay in the
folders of their days.

A path below the archive means the same file whether it lies there or in the pack of its month.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path

from pipeline import durable, packs
from pipeline.model import Site

FOLDER = "packed"
UNPACKED = "unpacked"  # below the spool: members that are being read
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
KEPT = re.compile(r"([0-9]+)-[0-9a-f]{12}(\.[A-Za-z0-9]{1,5})?")  # <seq>-<sha12> and the file's extension
MAIL = re.compile(r"mail-([0-9]+)\.eml")
_ARCHIVED = re.compile(r"archive/[0-9-]+/[0-9a-z.-]+[0-9a-z]")
_KINDS = {"workbooks": KEPT, "mails": MAIL}


def pack(site: Site, before: date) -> Iterator[tuple[Path, int]]:
    """Pack each month that was over `before` a day; yield each pack with the number of files that went into it."""
    months: dict[str, list[Path]] = {}
    for folder in days(site.archive):
        if folder.name[:7] < f"{before:%Y-%m}":
            months.setdefault(folder.name[:7], []).append(folder)
    durable.make_folder(site.archive / FOLDER)
    for month, folders in months.items():
        for kind, pattern in _KINDS.items():
            files = {f"{path.parent.name}/{path.name}": path for one in folders for path in _kept(one, pattern)}
            if files:
                target = site.archive / FOLDER / f"{month}-{kind}.zip"
                packs.add(target, files)
                durable.unlink_many(list(files.values()))
                durable.sync_many((), folders)
                yield target, len(files)


def members(archive: Path, before: date | None = None) -> Iterator[tuple[Path, str, int]]:
    """Every packed file: its pack, its name in it (day/file), its size; `before`: only of days before that one."""
    for one in sorted((archive / FOLDER).glob("*.zip")):
        for name, (size, _) in packs.sizes(one).items():
            if before is None or name[:10] < before.isoformat():
                yield one, name, size


def loose(archive: Path, before: date) -> Iterator[tuple[Path, int]]:
    """Every workbook and mail of days before that one which lies in its day's folder, with its size."""
    for folder in days(archive):
        if folder.name < before.isoformat():
            for pattern in _KINDS.values():
                yield from ((path, path.stat().st_size) for path in _kept(folder, pattern))


def holder(path: Path) -> tuple[Path, str] | None:
    """In which pack a file of the archive would lie, and under which name; None for one that is never packed."""
    day = path.parent.name
    kind = next((kind for kind, pattern in _KINDS.items() if pattern.fullmatch(path.name)), "")
    if not kind or not DAY.fullmatch(day):
        return None
    return path.parent.parent / FOLDER / f"{day[:7]}-{kind}.zip", f"{day}/{path.name}"


def where(root: Path, line: str) -> str:
    """A line that names files of the archive by where they lay, below the site: packed ones with their pack."""

    def now(found: re.Match[str]) -> str:
        path = root / found[0]
        held = None if path.exists() else holder(path)
        if held is None or held[1] not in packs.sizes(held[0]):
            return found[0]
        return f"{held[0].relative_to(root).as_posix()}: {held[1]}"

    return _ARCHIVED.sub(now, line)


def read(path: Path) -> bytes | None:
    """The bytes of a file of the archive from the pack of its month; None if they are not there."""
    held = holder(path)
    return packs.read(*held) if held else None


def taken_out(site: Site, path: Path) -> Path | None:
    """A copy, in the spool, of a file of the archive that is packed; None if it is not. See `put_away`."""
    content = read(path)
    if content is None:
        return None
    target = site.spool / UNPACKED / path.name
    durable.make_folder(target.parent)
    durable.write(target, (content,))
    return target


def put_away(site: Site) -> None:
    """Remove the copies that were taken out, once they were read."""
    folder = site.spool / UNPACKED
    if folder.is_dir():
        durable.unlink_many(sorted(folder.iterdir()))


def remove(site: Site, unwanted: Collection[str]) -> None:
    """Remove files, each by its day and name (`day/file`), wherever they lie; durable on return. May be repeated."""
    of_packs: dict[Path, set[str]] = {}
    for one, name, _ in members(site.archive):
        if name in unwanted:
            of_packs.setdefault(one, set()).add(name)
    for one, names in of_packs.items():
        packs.leave_out(one, names)
    there = [site.archive / name for name in sorted(unwanted) if (site.archive / name).is_file()]
    durable.unlink_many(there)
    durable.sync_many((), {path.parent for path in there})


def days(archive: Path) -> list[Path]:
    """The folders of days in an archive, oldest first."""
    if not archive.is_dir():
        return []
    return sorted(path for path in archive.iterdir() if DAY.fullmatch(path.name) and path.is_dir())


def _kept(folder: Path, pattern: re.Pattern[str]) -> list[Path]:
    return [path for path in folder.iterdir() if pattern.fullmatch(path.name)]
