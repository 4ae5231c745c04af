"""Every operation that must survive a crash, in one small interface that tests swap for a failing one.

The model behind it: what a file holds is safe once the file was synced, which names a folder holds once the folder was
synced, and nothing else is. Nothing here retries: after a failed sync it is unknown what the disk kept, so the caller
stops and recovers from what it has not let go of (docs/adr/intake-batches.md).
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

Chunks = Iterable[bytes]

PRIVATE = 0o600
KEPT = 0o400
PIECE = 2**20  # bytes copied at once
FEW = 4  # up to so many files, single fsyncs are cheaper than flushing the whole file system
UNLINKERS = 8  # files removed at once
TRUTHFUL_SYNCFS = (5, 8)  # Linux since which syncfs reports what could not be written
TEMPORARY_ENDING = ".queke~"


class Disk:
    """The real disk. Each method is one step that can be cut short; none is durable before `sync`."""

    def mkdir(self, path: Path) -> None:
        os.mkdir(path, 0o700)  # noqa: PTH102 — likewise

    def write(self, path: Path, chunks: Chunks, mode: int = PRIVATE) -> None:
        """Make `path` hold exactly these bytes; never through a link."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        _write_all(os.open(path, flags, mode), chunks)

    def append(self, path: Path, content: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        _write_all(os.open(path, flags, PRIVATE), (content,))

    def rename(self, old: Path, new: Path) -> None:
        os.rename(old, new)  # noqa: PTH104 — half the cost of Path.rename, once a file on the hot path

    def link(self, old: Path, new: Path) -> None:
        os.link(old, new, follow_symlinks=False)

    def unlink(self, path: Path) -> None:
        os.unlink(path)  # noqa: PTH108 — likewise

    def unlink_many(self, paths: Sequence[Path]) -> None:
        """In parallel: some disks take milliseconds to free a file, with nothing else to do meanwhile."""
        with ThreadPoolExecutor(UNLINKERS) as threads:
            shares = (paths[start::UNLINKERS] for start in range(UNLINKERS))
            failed = [error for errors in threads.map(_unlinked, shares) for error in errors]
        if failed:
            raise failed[0]

    def rmdir(self, path: Path) -> None:
        path.rmdir()

    def chmod(self, path: Path, mode: int) -> None:
        os.chmod(path, mode)  # noqa: PTH101 — likewise

    def sync(self, files: Sequence[Path], folders: Sequence[Path]) -> None:
        """Return only when the contents of `files` and the names in `folders` are on the disk."""
        if len(files) + len(folders) > FEW and _syncfs is not None:
            for folder in _one_a_device({*(path.parent for path in files), *folders}):
                _with_descriptor(folder, _syncfs)
            return
        for path in files:
            _with_descriptor(path, os.fsync)
        for path in folders:
            _with_descriptor(path, _sync_folder)


_disk: Disk = Disk()


def make_folder(path: Path) -> None:
    """Make the folder, its parents too, each durable in its parent."""
    make_folders((path,))


def make_folders(paths: Iterable[Path]) -> None:
    """Make all these folders, their parents too, durable at the cost of one."""
    made: list[Path] = []
    for path in paths:
        _make(path, made)
    if made:
        sync_many((), (path.parent for path in made))


def write(path: Path, chunks: Chunks, mode: int = PRIVATE) -> None:
    """Write a file that the caller makes durable with `sync_many`."""
    _disk.write(path, chunks, mode)


def write_through(path: Path, content: bytes, mode: int = PRIVATE) -> None:
    """Put `content` at `path`: after a crash there is the old file or the new one, never a part."""
    temporary = path.with_name(path.name + TEMPORARY_ENDING)
    _disk.write(temporary, (content,), mode)
    _disk.sync((temporary,), ())
    _disk.rename(temporary, path)
    _disk.sync((), (path.parent,))


def append_lines(path: Path, lines: Iterable[str]) -> None:
    """Append complete lines, durable on return. A line torn by an earlier crash is ended first."""
    content = "".join(line + "\n" for line in lines).encode()
    is_new = not path.exists()
    if not is_new and not _ends_a_line(path):
        content = b"\n" + content
    _disk.append(path, content)
    _disk.sync((path,), (path.parent,) if is_new else ())


def rename(old: Path, new: Path) -> None:
    """Move within one file system. Durable after `sync_many` of the new folder, then of the old one."""
    _disk.rename(old, new)


def link(old: Path, new: Path) -> None:
    """Give a file that never changes a second name. Durable after `sync_many` of the new folder."""
    _disk.link(old, new)


def move(old: Path, new: Path, mode: int = KEPT) -> None:
    """Move, with this mode, also to another file system, where it is copied, synced and named at once. May be repeated.

    Durable after `sync_many` of the new folder, then of the old one.
    """
    try:
        _disk.chmod(old, mode)
        _disk.rename(old, new)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        temporary = new.with_name(new.name + TEMPORARY_ENDING)
        with old.open("rb") as file:
            _disk.write(temporary, iter(lambda: file.read(PIECE), b""))
        _disk.sync((temporary,), ())
        _disk.rename(temporary, new)
        _disk.chmod(new, mode)  # whatever the mask of this process is
        _disk.unlink(old)


def move_all(old: Path, new: Path) -> None:
    """Move a file, or a folder with all in it, also to another file system; modes stay. Durable likewise."""
    if not old.is_dir() or old.is_symlink():
        move(old, new, old.stat().st_mode & 0o777)
        return
    make_folder(new)
    for path in sorted(old.iterdir()):
        move_all(path, new / path.name)
    sync_many((), (new,))
    _disk.rmdir(old)


def unlink(path: Path) -> None:
    _disk.unlink(path)


def unlink_many(paths: Sequence[Path]) -> None:
    """Remove all of these; raises the first error of a file that could not be removed."""
    if len(paths) > FEW:
        _disk.unlink_many(paths)
        return
    for path in paths:
        _disk.unlink(path)


def remove_folder(path: Path) -> None:
    _disk.rmdir(path)


def chmod(path: Path, mode: int) -> None:
    _disk.chmod(path, mode)


def sync_many(files: Iterable[Path], folders: Iterable[Path]) -> None:
    """Make the contents of `files` and the entries of `folders` durable together.

    Raises OSError if anything of it could not be written: do not retry, recover.
    """
    _disk.sync(tuple(files), tuple(dict.fromkeys(folders)))


def _make(path: Path, made: list[Path]) -> None:
    if os.path.isdir(path):  # noqa: PTH112 — likewise
        return
    _make(path.parent, made)
    try:
        _disk.mkdir(path)
    except FileExistsError:
        if not path.is_dir():
            raise
    made.append(path)


def _unlinked(paths: Iterable[Path]) -> list[OSError]:
    """Remove these; return the errors of those that could not be removed."""
    failed = []
    for path in paths:
        try:
            os.unlink(path)  # noqa: PTH108 — likewise
        except OSError as error:
            failed.append(error)
    return failed


def _write_all(descriptor: int, chunks: Chunks) -> None:
    try:
        for chunk in chunks:
            view = memoryview(chunk)
            while view:
                view = view[os.write(descriptor, view) :]
    finally:
        os.close(descriptor)


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _with_descriptor(path: Path, act: Callable[[int], None]) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        act(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network shares cannot sync a folder: there the server does
            raise


def _one_a_device(folders: Iterable[Path]) -> list[Path]:
    """One folder for each file system that holds some of them."""
    found: dict[int, Path] = {}
    for folder in folders:
        found.setdefault(os.stat(folder).st_dev, folder)  # noqa: PTH116 — a folder a file, on the hot path
    return list(found.values())


def _load_syncfs() -> Callable[[int], None] | None:
    """Linux's syncfs, where it exists and reports errors reliably."""
    if not sys.platform.startswith("linux"):
        return None
    release = re.match(r"([0-9]+)\.([0-9]+)", os.uname().release)
    if release is None or (int(release[1]), int(release[2])) < TRUTHFUL_SYNCFS:
        return None
    function = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if function is None:
        return None

    def syncfs(descriptor: int) -> None:
        if function(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    return syncfs


_syncfs = _load_syncfs()
