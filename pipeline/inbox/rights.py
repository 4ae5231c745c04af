"""Whose a sub-folder of the inbox is: its name proves a sender only where nobody else can make, rename or fill it.

So it must belong to the service's user (or root), be closed to others and, where units have groups, open to no group
but its own; and nobody else may rename what lies in the inbox. `policy.folders` = "any" leaves all of that to whoever
shares the inbox. What is not believed proves nothing: its files are taken in as if they lay in the inbox itself.
"""

from __future__ import annotations

import grp
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from pipeline import durable, units
from pipeline.model import Policy

CLOSED = 0o700
OF_A_GROUP = 0o2770  # setgid: what is dropped there belongs to the group too
PASSABLE = 0o711  # of an inbox whose folders have groups: each finds its own, nobody makes one
OTHERS = stat.S_IWGRP | stat.S_IWOTH
UNIT = "{unit}"  # in `policy.folder_group`


class Doubt(StrEnum):
    """Why a folder is no proof."""

    INBOX = "others may rename folders in inbox/"
    OWNER = "belongs to another user"
    OTHERS = "anybody may write there"
    GROUP = "another group may write there than its unit's"


@dataclass(frozen=True, slots=True)
class Rights:
    """What a look at the inbox needs to judge its folders."""

    any: bool = False  # whoever shares the inbox keeps the rights
    group: str = ""  # the name of a unit's group, with {unit} for its code
    renamed: bool = False  # others may rename what lies in the inbox

    @classmethod
    def of(cls, inbox: Path, policy: Policy) -> Self:
        """Look at the inbox itself. Raises OSError if it is missing."""
        status = inbox.stat()
        safe = _is_ours(status) and (not status.st_mode & OTHERS or bool(status.st_mode & stat.S_ISVTX))
        return cls(policy.folders == "any", policy.folder_group, renamed=not safe)

    def doubt(self, code: str, status: os.stat_result) -> Doubt | None:
        """Why the folder of a unit proves nothing; None if it does."""
        if self.any:
            return None
        if self.renamed:
            return Doubt.INBOX
        if not _is_ours(status):
            return Doubt.OWNER
        if status.st_mode & stat.S_IWOTH:
            return Doubt.OTHERS
        if self.group and status.st_mode & stat.S_IWGRP and status.st_gid != _gid(self.group, code):
            return Doubt.GROUP
        return None


@dataclass(frozen=True, slots=True)
class Doubted:
    """A folder with a unit's code that is not believed, and why."""

    path: str
    code: str
    doubt: Doubt


@dataclass(frozen=True, slots=True)
class Prepared:
    """A unit's folder, as it is after `prepare`; `doubt`: what could not be mended."""

    code: str
    path: Path
    made: bool
    doubt: Doubt | None
    no_group: str = ""  # the group that it should have, and that this machine does not know


def doubted(inbox: Path, policy: Policy) -> list[Doubted]:
    """Return the units' folders that are not believed: one look at the inbox, however many there are."""
    rights = Rights.of(inbox, policy)
    found = ((path, code, rights.doubt(code, os.lstat(path))) for code, path in _folders(inbox))
    return [Doubted(str(path), code, doubt) for path, code, doubt in found if doubt is not None]


def is_ours_alone(path: Path) -> bool:
    """Whether nobody but the service's user may put something into a folder."""
    status = path.lstat()
    return _is_ours(status) and not status.st_mode & OTHERS


def prepare(inbox: Path, policy: Policy, wanted: Mapping[str, str]) -> list[Prepared]:
    """Make the folders of units (code → the folder's name), or mend those they have, and close the inbox to others.

    May be repeated. A folder keeps its name and files; one that belongs to somebody else stays, doubted. OSError if the
    inbox is missing or cannot be written.
    """
    status = inbox.stat()
    mode = PASSABLE if policy.folder_group else stat.S_IMODE(status.st_mode) & ~OTHERS
    if _is_ours(status) and stat.S_IMODE(status.st_mode) != mode:
        inbox.chmod(mode)
    lying: dict[str, list[Path]] = {code: [] for code in wanted}
    for code, path in _folders(inbox):
        lying.get(code, []).append(path)
    fresh = {
        code: inbox / name
        for code, name in wanted.items()
        if not any(_is_ours(path.lstat()) for path in lying[code]) and not (inbox / name).exists()
    }
    durable.make_folders(fresh.values())
    rights, done = Rights.of(inbox, policy), []
    for code in wanted:
        group = _gid(policy.folder_group, code)
        lacks = policy.folder_group.replace(UNIT, code) if group < 0 else ""
        for path in (*lying[code], *([fresh[code]] if code in fresh else ())):
            _mend(path, group, status.st_uid)
            done.append(Prepared(code, path, path == fresh.get(code), rights.doubt(code, path.lstat()), lacks))
    return done


def _mend(path: Path, group: int, owner: int) -> None:
    """Give a folder of ours its rights; group -1: the service's user alone."""
    if not _is_ours(path.lstat()):
        return
    root = os.geteuid() == 0
    if group >= 0 or (root and path.lstat().st_uid != owner):
        os.chown(path, owner if root else -1, group)
    path.chmod(OF_A_GROUP if group >= 0 else CLOSED)


def _folders(inbox: Path) -> Iterator[tuple[str, Path]]:
    """The folders in the inbox that begin with a code."""
    with os.scandir(inbox) as entries:
        for entry in entries:
            code = units.code_of_folder(entry.name)
            if code and entry.is_dir(follow_symlinks=False):
                yield code, Path(entry.path)


def _is_ours(status: os.stat_result) -> bool:
    return status.st_uid in (os.geteuid(), 0)


_gids: dict[str, int] = {}


def _gid(name: str, code: str) -> int:
    """The group of a unit, -1 if there is none. Read once: to find one in a file of 15,500 takes a millisecond."""
    name = name.replace(UNIT, code)
    if not name:
        return -1
    if not _gids:
        _gids.update((one.gr_name, one.gr_gid) for one in grp.getgrall())
    if name not in _gids:  # since then, or a directory that does not list its groups
        try:
            _gids[name] = grp.getgrnam(name).gr_gid
        except KeyError:
            return -1
    return _gids[name]
