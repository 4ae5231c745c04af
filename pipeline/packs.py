"""Many small files as one: a zip of a month, written whole beside the old one and then named.

After a crash there is the old pack or the new one; the files that went into it are removed by the caller, afterwards.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from shutil import copyfileobj

from pipeline import durable

_DENSE = frozenset((".xlsx", ".pdf", ".png", ".jpg", ".zip"))  # compressed already
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # that a zip can tell
_PIECE = 1 << 20


def add(pack: Path, files: Mapping[str, Path]) -> None:
    """Put files into a pack under these names, beside what it holds; durable on return. May be repeated."""
    there = sizes(pack)
    fresh = {name: path for name, path in files.items() if there.get(name) != _seal(path)}
    if fresh:
        _write(pack, there.keys() - fresh.keys(), fresh)


def leave_out(pack: Path, names: Collection[str]) -> None:
    """Remove members from a pack, and the pack with its last one; durable on return."""
    kept = sizes(pack).keys() - set(names)
    if kept:
        _write(pack, kept, {})
    elif pack.exists():
        durable.unlink(pack)
        durable.sync_many((), (pack.parent,))


def sizes(pack: Path) -> Mapping[str, tuple[int, int]]:
    """The members of a pack by name: size and checksum of each; none of a pack that is not there."""
    try:
        stat = pack.stat()
    except FileNotFoundError:
        return {}
    found = _opened(pack, stat.st_ino, stat.st_mtime_ns).infolist()
    return {one.filename: (one.file_size, one.CRC) for one in found}


def read(pack: Path, name: str) -> bytes | None:
    """The bytes of a member; None if there is none."""
    if name not in sizes(pack):
        return None
    stat = pack.stat()
    return _opened(pack, stat.st_ino, stat.st_mtime_ns).read(name)


@lru_cache(maxsize=4)
def _opened(pack: Path, _inode: int, _changed: int) -> zipfile.ZipFile:
    """A pack with its list read: a province's month has 300,000 members."""
    return zipfile.ZipFile(pack)


def _write(pack: Path, kept: Collection[str], fresh: Mapping[str, Path]) -> None:
    part = pack.with_name(pack.name + durable.TEMPORARY_ENDING)
    if part.exists():  # of a run that was cut short
        durable.unlink(part)
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, durable.PRIVATE)
    with os.fdopen(descriptor, "w+b") as file, zipfile.ZipFile(file, "w") as made:
        if kept:
            with zipfile.ZipFile(pack) as old:
                for name in sorted(kept):
                    told = old.getinfo(name)
                    with old.open(told) as source, made.open(told, "w", force_zip64=True) as target:
                        copyfileobj(source, target, _PIECE)
        for name in sorted(fresh):
            _put(made, name, fresh[name])
    with zipfile.ZipFile(part) as written:  # read back before anything is removed
        if (torn := written.testzip()) is not None:
            raise OSError(f"{part.name}: {torn} cannot be read back")
    durable.chmod(part, durable.KEPT)
    durable.sync_many((part,), ())
    durable.rename(part, pack)
    durable.sync_many((), (pack.parent,))


def _put(made: zipfile.ZipFile, name: str, path: Path) -> None:
    told = zipfile.ZipInfo(name, max(_EARLIEST, datetime.fromtimestamp(path.stat().st_mtime).timetuple()[:6]))  # noqa: DTZ006  # a zip tells local time
    told.compress_type = zipfile.ZIP_STORED if path.suffix in _DENSE else zipfile.ZIP_DEFLATED
    told.external_attr = durable.PRIVATE << 16
    with path.open("rb") as source, made.open(told, "w", force_zip64=True) as target:
        copyfileobj(source, target, _PIECE)


def _seal(path: Path) -> tuple[int, int]:
    size, check = 0, 0
    for piece in _pieces(path):
        size, check = size + len(piece), zlib.crc32(piece, check)
    return size, check


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
