"""A backup of a site, as of the moment its store was copied, while `queke watch` goes on (docs/adr/backup.md).

The order makes it whole: spool, store, spool again, archive. So whatever the store's copy knows of was copied before it
or stood still after it; what came after that moment is left out by its number. Files of the archive never change: those
that the backup before has are linked to it, all others copied and hashed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from gettext import gettext as say
from pathlib import Path

from pipeline import __version__, config, database, durable
from pipeline.database import base, dump
from pipeline.errors import ConfigError, TemporaryError, UsageError
from pipeline.inbox import archive, packed
from pipeline.inbox.archive import ACTS, CHUNK, FILINGS, JOURNAL
from pipeline.model import Site, State
from pipeline.rules import switches
from pipeline.run import agreement

MANIFEST = "manifest.json"
SUMS = "sums"
PART = ".part"
TRIES = 3  # copies of the store, if files that it waits for went away meanwhile

Sums = dict[str, str]  # path below the backup → SHA-256


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `sums`: the SHA-256 of each list of hashes; `missing`: submissions without their bytes."""

    made_at: str
    version: str
    store: str
    last: int
    submissions: int
    decisions: int
    audit: int
    audit_head: str
    files: int
    missing: list[int]
    sums: Sums


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    descriptor = os.open(target / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise TemporaryError(say("{target}: another backup is being made there").format(target=target)) from None
    finally:
        os.close(descriptor)


def back_up(site: Site, target: Path, now: datetime, keep: int = 0) -> tuple[Path, Manifest]:
    """Make a backup in a folder of its own below `target`, named by its time; return it. The store must be open.

    `keep`: how many to keep, this one included; 0 for all. Raises ConfigError if the store cannot be copied,
    TemporaryError if another backup is being made, UsageError for a target within the site.
    """
    target = target.resolve()
    if target.is_relative_to(site.root.resolve()):
        raise UsageError(
            say("{target}: within the site itself; take another disk, or another machine's share").format(target=target)
        )
    waiting = database.behind()
    agreement.check(site)  # the newer half would be left out, and the good copies go by --keep
    if waiting:
        raise ConfigError(
            [
                say("the store is behind this version ({waiting} migrations): run `queke init` first").format(
                    waiting=len(waiting)
                )
            ]
        )
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(target):
        for left in target.glob(f"*{PART}"):  # of a backup that was cut short
            shutil.rmtree(left)
        before = complete(target)
        folder = target / f"{now:%Y%m%dT%H%M%S}"
        if folder.exists():
            raise UsageError(say("{folder}: stands already; wait a second").format(folder=folder))
        part = folder.with_name(folder.name + PART)
        for made in (part, part / "archive"):
            made.mkdir(mode=0o700)
        manifest = _Copying(site, part, before[-1] if before else None).copy(now)
        durable.rename(part, folder)
        durable.sync_many((), (target,))
        if keep:
            for old in complete(target)[:-keep]:
                shutil.rmtree(old)
    return folder, manifest


def complete(target: Path) -> list[Path]:
    """The complete backups below `target`, oldest first."""
    return sorted(path.parent for path in target.glob(f"*/{MANIFEST}") if not path.parent.name.endswith(PART))


def read_manifest(folder: Path) -> Manifest:
    """Return what a backup says of itself. Raises UsageError."""
    try:
        return Manifest(**json.loads((folder / MANIFEST).read_text("utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        raise UsageError(
            say("{folder}: no backup of queke, or not a whole one: it has no right {manifest}").format(
                folder=folder, manifest=MANIFEST
            )
        ) from None


def read_sums(path: Path) -> Sums:
    """Return a list of hashes, in the form of `sha256sum`."""
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    return {line[66:]: line[:64] for line in lines}


class _Copying:
    """One backup being made in `part`."""

    def __init__(self, site: Site, part: Path, before: Path | None) -> None:
        self._site, self._part, self._before = site, part, before
        self._sums: Sums = {}

    def copy(self, now: datetime) -> Manifest:
        held, missing = self._store_and_spool()
        for name in (config.WORDS, switches.FILE):
            if (self._site.root / name).is_file():
                self._add(name, (self._site.root / name).read_bytes())
        settings = (self._site.root / config.FILE).read_text("utf-8")
        self._add(config.FILE, config.amended(settings, "key_file", config.KEY).encode())  # it may lie elsewhere
        self._add(config.KEY, f"{self._site.key.hex()}\n".encode())
        self._sums[held.file] = archive.hash_of(self._part / held.file)
        lists = {"site": self._sums}
        before = base.newest(self._site.archive / packed.FOLDER)
        # packs last: what is packed meanwhile is found in one of the two
        apart = (self._site.archive / FILINGS, self._site.archive / packed.FOLDER)
        for folder in (*packed.days(self._site.archive), *apart):
            if folder.is_dir():
                lists[f"archive-{folder.name}"] = self._day(folder, held)
        if base.newest(self._site.archive / packed.FOLDER) != before:
            raise TemporaryError(say("`queke retain` is at work on this site: make the backup once it is done"))
        missing = [one for one in missing if not self._from_archive(one, lists["site"])]
        return self._finish(held, missing, lists, now)

    def _finish(
        self, held: dump.Copied, missing: list[dump.Waiting], lists: dict[str, Sums], now: datetime
    ) -> Manifest:
        (self._part / SUMS).mkdir(mode=0o700)
        sums: Sums = {}
        for name, listed in lists.items():
            path = self._part / SUMS / f"{name}.sha256"
            durable.write(path, ["".join(f"{listed[one]}  {one}\n" for one in sorted(listed)).encode()])
            sums[f"{SUMS}/{path.name}"] = archive.hash_of(path)
        manifest = Manifest(
            made_at=now.isoformat(timespec="seconds"),
            version=__version__,
            store=held.file,
            last=held.last,
            submissions=held.submissions,
            decisions=held.decisions,
            audit=held.audit,
            audit_head=held.audit_head,
            files=sum(map(len, lists.values())),
            missing=sorted(one.seq for one in missing),
            sums=sums,
        )
        # all of it is on the disk before the manifest says that it is whole
        everything = [path for path in self._part.rglob("*") if path.is_file()]
        durable.sync_many(everything, {path.parent for path in everything})
        text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1)
        durable.write_through(self._part / MANIFEST, text.encode())
        return manifest

    def _store_and_spool(self) -> tuple[dump.Copied, list[dump.Waiting]]:
        """Copy spool, store, spool; once more where a file went away in between; return what is not in the spool."""
        spool = self._part / "spool"
        for _ in range(TRIES):
            shutil.rmtree(spool, ignore_errors=True)
            spool.mkdir(mode=0o700)
            for name in (dump.SQLITE, dump.POSTGRES):
                if (self._part / name).exists():
                    durable.unlink(self._part / name)
            self._copy_spool(spool)
            held = dump.dump(self._part)
            self._copy_spool(spool)
            gone = [one for one in held.waiting if not (spool / Path(one.path).name).is_file()]
            if all(self._archived(one) for one in gone):
                break
        wanted = {Path(one.path).name: one.sha256 for one in held.waiting}
        for path in spool.iterdir():
            if path.name not in wanted:
                durable.unlink(path)
                continue
            self._sums[f"spool/{path.name}"] = wanted[path.name]
        return held, [one for one in gone if one.state is State.RECEIVED]

    def _copy_spool(self, spool: Path) -> None:
        for path in self._site.spool.iterdir():
            target = spool / path.name
            if target.exists() or not path.is_file():
                continue
            with suppress(FileNotFoundError):  # archived since
                shutil.copyfile(path, target)
                target.chmod(durable.PRIVATE)

    def _archived(self, one: dump.Waiting) -> Path | None:
        """Where in the archive a submission's bytes are, as they came."""
        for folder in reversed(packed.days(self._site.archive)):
            for path in folder.glob(f"{one.seq}-{one.sha256[:12]}*"):
                if archive.hash_of(path) == one.sha256:
                    return path
        return None

    def _from_archive(self, one: dump.Waiting, listed: Sums) -> bool:
        """Put into the spool's copy what was archived after the store was copied, where it still waits."""
        found = self._archived(one)
        if found is None:
            return False
        target = self._part / one.path
        shutil.copyfile(found, target)
        target.chmod(durable.PRIVATE)
        listed[one.path] = one.sha256
        return True

    def _day(self, folder: Path, held: dump.Copied) -> Sums:
        """Copy one folder of the archive, up to where the store's copy goes."""
        below = f"archive/{folder.name}"
        target = self._part / below
        target.mkdir(mode=0o700)
        known = read_sums(self._before / SUMS / f"archive-{folder.name}.sha256") if self._before else {}
        sums: Sums = {}
        for path in sorted(folder.iterdir()):
            name = f"{below}/{path.name}"
            number = packed.KEPT.fullmatch(path.name) if folder.name not in (FILINGS, packed.FOLDER) else None
            if path.name in {JOURNAL, ACTS}:
                content = _upto(path, held)
                durable.write(target / path.name, [content])
                sums[name] = hashlib.sha256(content).hexdigest()
            elif path.is_file() and (int(number[1]) <= held.last if number else not _is_part(path)):
                with suppress(FileNotFoundError):  # packed since
                    sums[name] = self._kept(path, target / path.name, known.get(name, ""))
        return sums

    def _kept(self, path: Path, target: Path, known: str) -> str:
        """Link a file that the backup before has, or copy it; return its hash."""
        old = self._before / target.relative_to(self._part) if self._before else None
        if known and old is not None and _same(old, path):
            try:
                durable.link(old, target)
            except OSError:  # the target's file system has no links, or no more of them
                shutil.copy2(old, target)
            return known
        digest = hashlib.sha256()
        with path.open("rb") as file, target.open("xb") as copy:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                copy.write(chunk)
        shutil.copystat(path, target)
        target.chmod(durable.KEPT)
        return digest.hexdigest()

    def _add(self, name: str, content: bytes) -> None:
        durable.write(self._part / name, [content])
        self._sums[name] = hashlib.sha256(content).hexdigest()


def _is_part(path: Path) -> bool:
    return path.name.endswith(durable.TEMPORARY_ENDING)


def _same(old: Path, now: Path) -> bool:
    """Whether a kept file has not been touched since it was copied."""
    try:
        was, is_ = old.stat(), now.stat()
    except FileNotFoundError:
        return False
    return (was.st_size, int(was.st_mtime)) == (is_.st_size, int(is_.st_mtime))


def _upto(path: Path, held: dump.Copied) -> bytes:
    """The lines of a file of the journal, up to where the store's copy goes."""
    kept = []
    for line in path.read_bytes().splitlines(keepends=True):
        try:
            row = json.loads(line)
        except ValueError:
            continue  # torn by a crash, or being written: the store knows what it said
        within = isinstance(row, dict) and int(row.get("seq") or row.get("of") or 0) <= held.last
        if within and int(row.get("act") or 0) <= held.acts:
            kept.append(line)
    return b"".join(kept)
