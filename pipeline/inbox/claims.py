"""Claims: files moved aside, inside the inbox, by one worker whose lock shows that it is alive.

`.work/<worker>/` is flocked by its worker; `.work/<worker>/<batch>/` holds a manifest (each file's name, folder, and
when it was first seen), written and synced before the first file is moved in as `<slot>`. So the files in a folder
whose worker is dead can still be identified.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import socket
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from pipeline import durable, faults
from pipeline.inbox.rights import is_ours_alone
from pipeline.inbox.scan import WORK, InboxFile, Stuck

log = structlog.get_logger("queke.inbox")

MANIFEST = "manifest.json"
_STAYS = frozenset({errno.EACCES, errno.EPERM, errno.EBUSY, errno.ETXTBSY, errno.EXDEV})


@dataclass(frozen=True, slots=True)
class Claim:
    """One file moved aside. `id` is its permanent name."""

    id: str
    path: Path
    name: str
    folder: str
    bound: str  # whose folder it was, "" for nobody's
    first_seen: datetime  # aware


class ClaimFolder:
    """One worker's folder, and those of dead workers it has taken over."""

    def __init__(self, inbox: Path) -> None:
        self._inbox = inbox
        self._own: _Held | None = None
        self._taken: list[_Held] = []

    def close(self) -> None:
        """Unlock all folders; empty ones are removed, others are recovered by the next worker."""
        with contextlib.ExitStack() as every:
            for held in (*self._taken, self._own):
                if held is not None:
                    every.callback(held.give_up)
            self._own, self._taken = None, []

    def claim(self, files: Sequence[tuple[InboxFile, datetime]]) -> tuple[list[Claim], list[Stuck]]:
        """Move the files aside, durably: return those that were there, and those that cannot be moved.

        A file that is gone is in neither list. Raises OSError if nothing can be moved at all (read-only, full,
        missing): files moved by then are found again by `orphans`.
        """
        if not files:
            return [], []
        batch = self._folder() / uuid.uuid4().hex
        durable.make_folder(batch)
        _write_manifest(batch, files)
        claims, stuck = [], []
        for slot, (found, first_seen) in enumerate(files):
            target = batch / str(slot)
            try:
                durable.rename(Path(found.path), target)
            except FileNotFoundError:
                continue
            except OSError as error:
                if error.errno not in _STAYS:
                    raise
                stuck.append(Stuck(found.path, f"不能移走：{error.strerror}"))
            else:
                claims.append(Claim(f"{batch.name}/{slot}", target, found.name, found.folder, found.bound, first_seen))
        sources = {Path(found.path).parent for found, _ in files}
        durable.sync_many((), (batch, *sources))  # the new place first: the other way round could lose a name
        return claims, stuck

    def orphans(self) -> list[Claim]:
        """Claims that no living worker handles, oldest first: our own of a cycle that stopped, and those of dead
        workers.
        """
        self._take_over()
        found = [claim for one in self._held() for claim in _claims_in(one.path)]
        return sorted(found, key=lambda claim: claim.first_seen)

    def tidy(self) -> None:
        """Remove batch folders without claims, and the folders of dead workers with them."""
        for held in self._held():
            _tidy(held.path)
            if held in self._taken and not any(held.path.iterdir()):
                held.give_up()
                self._taken.remove(held)

    def _folder(self) -> Path:
        """Our own folder, created again if the inbox was created again."""
        if self._own is None or not self._own.still_there():
            if self._own is not None:
                self._own.give_up()
            self._own = _open_own(self._inbox)
        return self._own.path

    def _held(self) -> list[_Held]:
        """Our folders, as far as they exist: the inbox may have been removed, or created again."""
        return [one for one in (self._own, *self._taken) if one is not None and one.still_there()]

    def _take_over(self) -> None:
        self._taken = [held for held in self._taken if held.still_there()]
        ours = {held.path for held in (self._own, *self._taken) if held is not None}
        work = self._inbox / WORK
        if not work.is_dir() or not is_ours_alone(work):
            return
        for path in sorted(work.iterdir()):
            if path not in ours and path.is_dir() and (held := _hold(path)) is not None:
                self._taken.append(held)


@dataclass(frozen=True, slots=True)
class _Held:
    """A worker's folder whose lock we hold."""

    path: Path
    descriptor: int

    def still_there(self) -> bool:
        try:
            return os.path.samestat(self.path.stat(), os.fstat(self.descriptor))
        except FileNotFoundError:
            return False

    def give_up(self) -> None:
        try:
            with contextlib.suppress(OSError):  # not empty, or gone with the inbox: left to another worker
                durable.remove_folder(self.path)
        finally:
            os.close(self.descriptor)


def _open_own(inbox: Path) -> _Held:
    inbox.stat()  # a missing inbox is a missing mount: we do not create it
    while True:
        durable.make_folder(inbox / WORK)
        if not is_ours_alone(inbox / WORK):  # its maker could put files of one sender in the place of another's
            raise PermissionError(errno.EPERM, "made by another user: remove it", str(inbox / WORK))
        path = inbox / WORK / f"{socket.gethostname()[:40]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        durable.make_folder(path)
        held = _hold(path)
        if held is not None:
            return held  # otherwise another worker took the empty folder for that of a dead one


def _hold(path: Path) -> _Held | None:
    """Lock the folder; return None if its worker lives, or it is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    held = _Held(path, descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    if not held.still_there():
        os.close(descriptor)
        return None
    return held


def _write_manifest(batch: Path, files: Sequence[tuple[InboxFile, datetime]]) -> None:
    rows = [
        {"name": found.name, "folder": found.folder, "bound": found.bound, "seen": seen.isoformat()}
        for found, seen in files
    ]
    manifest = batch / MANIFEST
    durable.write(manifest, (json.dumps(rows).encode(),))  # ASCII: keeps names that are not UTF-8
    durable.sync_many((manifest,), (batch,))


def _claims_in(worker: Path) -> Iterator[Claim]:
    for batch in _batches(worker):
        rows = _read_manifest(batch / MANIFEST)
        for path in sorted(batch.iterdir(), key=lambda path: (len(path.name), path.name)):
            if path.name != MANIFEST:
                yield _claim(batch, path, rows)


def _batches(worker: Path) -> list[Path]:
    return sorted(path for path in worker.iterdir() if path.is_dir() and not path.is_symlink())


def _claim(batch: Path, path: Path, rows: list[dict[str, str]]) -> Claim:
    name = f"{batch.name}/{path.name}"
    slot = int(path.name) if path.name.isdecimal() else -1
    if 0 <= slot < len(rows):
        row = rows[slot]
        return Claim(name, path, row["name"], row["folder"], row.get("bound", ""), datetime.fromisoformat(row["seen"]))
    # no manifest: it was removed after all of the batch was journalled, or a person put the file here
    changed = datetime.fromtimestamp(path.lstat().st_ctime, UTC)
    return Claim(name, path, path.name, "", "", changed)


def _read_manifest(path: Path) -> list[dict[str, str]]:
    try:
        rows: list[dict[str, str]] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return []
    except ValueError as error:  # torn by a crash: its files keep their bytes, not their names
        log.warning("manifest_unreadable", batch=path.parent.name, **faults.fault(error).fields())
        return []
    return rows


def _tidy(worker: Path) -> None:
    for batch in _batches(worker):
        names = {path.name for path in batch.iterdir()}
        if names - {MANIFEST}:
            continue
        for name in names:
            durable.unlink(batch / name)
        durable.remove_folder(batch)
