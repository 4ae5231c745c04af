"""Disks that fail: a crash, an error, or a power loss at the n-th durable operation. Commits count, too.

`during(disk)` swaps one in. After a crash every further operation crashes again: nothing that cleans
up on the way out may count on the disk of a machine that is gone.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from pipeline import durable
from pipeline.durable import Chunks, Disk


class Crash(BaseException):
    """The process died here."""


class Counting(Disk):
    """The real disk, counting its steps."""

    def __init__(self) -> None:
        self.steps = 0
        self.names: list[str] = []

    def step(self, name: str) -> None:
        self.steps += 1
        self.names.append(name)

    def commit(self) -> None:
        self.step("commit")

    def mkdir(self, path: Path) -> None:
        self.step("mkdir")
        super().mkdir(path)

    def write(self, path: Path, chunks: Chunks, mode: int = durable.PRIVATE) -> None:
        content = b"".join(chunks)
        self._write(path, content, mode, "write")

    def append(self, path: Path, content: bytes) -> None:
        self.step("append")
        super().append(path, content)

    def rename(self, old: Path, new: Path) -> None:
        self.step("rename")
        super().rename(old, new)

    def unlink(self, path: Path) -> None:
        self.step("unlink")
        super().unlink(path)

    def unlink_many(self, paths: Sequence[Path]) -> None:
        for path in paths:
            self.unlink(path)

    def rmdir(self, path: Path) -> None:
        self.step("rmdir")
        super().rmdir(path)

    def chmod(self, path: Path, mode: int) -> None:
        self.step("chmod")
        super().chmod(path, mode)

    def sync(self, files: Sequence[Path], folders: Sequence[Path]) -> None:
        self.step("sync")

    def _write(self, path: Path, content: bytes, mode: int, name: str) -> None:
        self.step(name)
        super().write(path, (content,), mode)


class CrashAt(Counting):
    """kill −9 before the n-th operation; a write is torn in the middle."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.n = n

    @property
    def crashed(self) -> bool:
        return self.steps >= self.n

    def step(self, name: str) -> None:
        super().step(name)
        if self.crashed:
            raise Crash

    def append(self, path: Path, content: bytes) -> None:
        if self.steps + 1 == self.n:
            Disk.append(self, path, content[: len(content) // 2])
        super().append(path, content)

    def _write(self, path: Path, content: bytes, mode: int, name: str) -> None:
        if self.steps + 1 == self.n:
            Disk.write(self, path, (content[: len(content) // 2],), mode)
        super()._write(path, content, mode, name)


class FailAt(Counting):
    """The n-th operation ends in an OSError; a commit in the database's own error."""

    def __init__(self, n: int, number: int) -> None:
        super().__init__()
        self.n = n
        self.number = number

    def step(self, name: str) -> None:
        super().step(name)
        if self.steps == self.n:
            raise OSError(self.number, os.strerror(self.number))

    def commit(self) -> None:
        Counting.step(self, "commit")
        if self.steps == self.n:
            raise OperationalError("disk I/O error")


class PowerLoss(CrashAt):
    """The power goes before the n-th operation: files keep what was synced of them, folders the names synced.

    `revert` then makes the tree what a strict disk would hold: a name that was never synced is gone, a
    rename whose new folder alone was synced shows both names, contents never synced are empty.
    """

    def __init__(self, n: int, root: Path, areas: Sequence[str]) -> None:
        super().__init__(n)
        self.root = root
        self.areas = areas
        self.contents: dict[int, bytes] = {}
        self.entries: dict[Path, dict[str, int | None]] = {}  # folder → name → inode, None for a folder
        for area in areas:
            self._know(root / area)
        self._alive: list[int] = []  # descriptors that keep inode numbers from being used again

    def mkdir(self, path: Path) -> None:
        super().mkdir(path)
        self.entries[path] = {}

    def rename(self, old: Path, new: Path) -> None:
        super().rename(old, new)
        self._hold(new)

    def _write(self, path: Path, content: bytes, mode: int, name: str) -> None:
        super()._write(path, content, mode, name)
        self._hold(path)

    def unlink(self, path: Path) -> None:
        self._hold(path)
        super().unlink(path)

    def sync(self, files: Sequence[Path], folders: Sequence[Path]) -> None:
        super().sync(files, folders)
        for file in files:
            self.contents[file.stat().st_ino] = file.read_bytes()
        for folder in folders:
            self.entries[folder] = self._names(folder)

    def revert(self) -> None:
        """Make the tree what was durable."""
        for area in self.areas:
            shutil.rmtree(self.root / area, ignore_errors=True)
        for area in self.areas:
            self._make(self.root / area)
        for descriptor in self._alive:
            os.close(descriptor)

    def _make(self, folder: Path) -> None:
        folder.mkdir()
        for name, inode in self.entries.get(folder, {}).items():
            if inode is None:
                self._make(folder / name)
            else:
                (folder / name).write_bytes(self.contents.get(inode, b""))

    def _know(self, folder: Path) -> None:
        if not folder.is_dir():
            return
        self.entries[folder] = self._names(folder)
        for path in folder.iterdir():
            if path.is_dir():
                self._know(path)
            else:
                self.contents[path.stat().st_ino] = path.read_bytes()

    def _names(self, folder: Path) -> dict[str, int | None]:
        return {path.name: None if path.is_dir() else path.stat().st_ino for path in folder.iterdir()}

    def _hold(self, path: Path) -> None:
        self._alive.append(os.open(path, os.O_RDONLY | os.O_NONBLOCK))


@contextmanager
def using(disk: Disk) -> Iterator[None]:
    """Send every durable operation to `disk` meanwhile."""
    before, durable._disk = durable._disk, disk
    try:
        yield
    finally:
        durable._disk = before


@contextmanager
def during(disk: Counting) -> Iterator[None]:
    """Swap the disk, and let every commit of the database count as one of its operations."""
    real = BaseDatabaseWrapper._commit

    def commit(self: BaseDatabaseWrapper) -> None:
        disk.commit()
        real(self)

    BaseDatabaseWrapper._commit = commit
    try:
        with using(disk):
            yield
    finally:
        BaseDatabaseWrapper._commit = real
