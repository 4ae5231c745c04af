"""The files in an inbox: a full look at it, and the names that are not submissions.

A file name is only displayed: any bytes a file system accepts are fine, and it only shows whether a program (Office, a
copier, a sync client) made the file for itself.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pipeline import units
from pipeline.forms.credentials import starred
from pipeline.inbox.rights import Rights

WORK = ".work"  # folder of claims, inside the inbox so that a claim is a rename
DEPTH = 6  # nested folders: deeper is a mistake, or a loop
MOST_BYTES = 100 * 1024 * 1024  # no workbook is larger; such a file stays where it is
APART_SECONDS = 5.0  # two changes so far apart give a folder different times on any file system
OPEN_SECONDS = 600.0  # so often every folder is opened, whatever its times say

_IGNORED = re.compile(
    r"""
      \.            # hidden: .DS_Store, .~lock.x#, .x.swo, .goutputstream-A1B2, .syncthing.x.tmp, rsync's .x.A1b2C3
    | ~             # ~$x.xlsx of Office, ~WRL0001.tmp, ~syncthing~x.tmp
    | .* ~ \Z       # copies that editors keep
    | \# .* \# \Z  # Emacs keeps what is not saved
    | (?: 4913 | 5036 | 5159 ) \Z  # Vim tries whether it may write
    | (?-i: (?= .* [A-F] ) [0-9A-F]{8} ) \Z  # Excel saves under such a name, then renames
    | .* \. sb - [0-9a-f]{8} - [a-z0-9]{6} \Z  # Office on a Mac, likewise
    | .* [._] (?: tmp | temp ) \Z
    | .* \. (?: part | partial | dtapart | filepart | swp | bak~ | queke~ | kate-swp | lock | lck
              | ffs_ (?: tmp | db | lock ) ) \Z
    # downloads and sync clients that have not finished: .crdownload of Chrome, .xltd of Thunder, .!qB of qBittorrent
    | .* \. (?: [a-z]{0,12} download | downloading | aria2 | td | xltd | unconfirmed | ! [a-z]{2,4} | [a-z]{2} !
              ) (?: \. cfg )? \Z
    # what a system keeps for itself
    | (?: thumbs\.db (?: : .* )? | desktop\.ini | ehthumbs\.db | readme\.md | icon\r | lost\+found | @eadir | \#recycle
        | \$recycle\.bin | system\ volume\ information ) \Z
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_HIDDEN_BOOK = re.compile(
    r"\.(?![_~]|sync|nfs|fuse).*(?<!~)(?:xlsx|xlsm|xls|et|csv|ods|pdf|jpg)\Z", re.IGNORECASE | re.DOTALL
)
"""Not what macOS (._x.xlsx), Office and WPS (.~x.xlsx) or sync clients leave beside a workbook."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """The values by which two looks at a file are compared."""

    inode: int
    size: int
    modified: int  # ns
    changed: int  # ns; the kernel's, so no copier can set it back

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        return cls(status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    def same_content(self, other: Stamp) -> bool:
        """Whether nothing was written in between: a rename changes `changed` only."""
        return (self.inode, self.size, self.modified) == (other.inode, other.size, other.modified)


@dataclass(frozen=True, slots=True)
class InboxFile:
    """One regular file in the inbox."""

    path: str
    name: str
    folder: str  # sub-folder below the inbox, "" for the inbox itself
    bound: str  # the unit or division whose folder it is, "" if it is nobody's, or is not believed
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Stuck:
    """Something in the inbox that cannot be taken, and why: it stays, and `queke status` shows it."""

    path: str
    why: str


class _Empty(NamedTuple):
    """A folder in which nothing lay: its times, since which look it has them, whether a later look found the same."""

    times: tuple[int, int, int]
    since: float
    sure: bool


class EmptyFolders:
    """The folders that lie empty, so that of a province's thousands a look opens those alone into which something came.

    What comes into a folder changes its times. It is left unopened after two looks that found it empty with the same
    times, so far apart that what comes later gets others; and is opened now and then all the same, for a file system
    that does not note times.
    """

    def __init__(self) -> None:
        self._found: dict[str, _Empty] = {}
        self._now = self._forget_at = 0.0

    def begin(self, ticks: float) -> None:
        """A look begins. `ticks`: seconds, monotonic."""
        self._now = ticks
        if ticks >= self._forget_at:
            self._found, self._forget_at = {}, ticks + OPEN_SECONDS

    def has(self, path: str, status: os.stat_result) -> bool:
        """Whether nothing has come into a folder since looks found it empty."""
        found = self._found.get(path)
        return found is not None and found.sure and found.times == _times(status)

    def add(self, path: str, status: os.stat_result) -> None:
        """A folder was found empty by this look. `status`: from before it was opened."""
        times, found = _times(status), self._found.get(path)
        since = found.since if found and found.times == times else self._now
        self._found[path] = _Empty(times, since, self._now - since >= APART_SECONDS)


def _times(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_mtime_ns, status.st_ctime_ns


def look(inbox: Path, rights: Rights, empty: EmptyFolders | None = None) -> Iterator[InboxFile | Stuck]:
    """Yield everything in the inbox that may be a submission. Raises OSError if the inbox itself is missing.

    `empty`: what earlier looks found, for who looks again and again.
    """
    with os.scandir(inbox) as entries:
        yield from _look(list(entries), _Place(rights, empty or EmptyFolders()), DEPTH)


def is_ignored(name: str) -> bool:
    return _IGNORED.match(name) is not None


def shown(name: str) -> str:
    """A file's name or path as it may be kept: text that any store accepts, with stars for a password in it.

    Bytes that are not UTF-8 become question marks.
    """
    return starred(name.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\0", ""))[:255]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a look is."""

    rights: Rights
    empty: EmptyFolders
    folder: str = ""
    bound: str = ""

    def below(self, name: str, status: os.stat_result) -> _Place:
        """A folder here; whose it is its topmost one says."""
        if self.folder:
            return _Place(self.rights, self.empty, f"{self.folder}/{name}", self.bound)
        code = units.code_of_folder(name)
        bound = code if code and self.rights.doubt(code, status) is None else ""
        return _Place(self.rights, self.empty, name, bound)


def _look(entries: list[os.DirEntry[str]], place: _Place, depth: int) -> Iterator[InboxFile | Stuck]:
    for entry in entries:
        if is_ignored(entry.name):
            if _HIDDEN_BOOK.match(entry.name) and entry.is_file(follow_symlinks=False):
                yield Stuck(entry.path, "文件名以点开头，是隐藏文件，没有收；要收请去掉开头的点")
            continue
        try:
            yield from _entry(entry, place, depth)
        except FileNotFoundError:
            continue  # gone between two looks: its owner removed it
        except OSError as error:
            yield Stuck(entry.path, f"打不开：{error.strerror}")


def _entry(entry: os.DirEntry[str], place: _Place, depth: int) -> Iterator[InboxFile | Stuck]:
    status = entry.stat(follow_symlinks=False)
    if stat.S_ISDIR(status.st_mode):
        if depth == 0:
            yield Stuck(entry.path, "文件夹层数太多")
            return
        if place.empty.has(entry.path, status):
            return
        with os.scandir(entry.path) as entries:
            inner = list(entries)
        if all(is_ignored(one.name) and not _HIDDEN_BOOK.match(one.name) for one in inner):
            place.empty.add(entry.path, status)
        else:
            yield from _look(inner, place.below(entry.name, status), depth - 1)
    elif not stat.S_ISREG(status.st_mode):
        yield Stuck(entry.path, "不是普通文件")
    elif status.st_size > MOST_BYTES:
        yield Stuck(entry.path, "文件太大")
    else:
        yield InboxFile(entry.path, entry.name, place.folder, place.bound, Stamp.of(status))
