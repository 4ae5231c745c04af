"""A site from a backup: verified first, then put where nothing stands, then counted against its journal."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from datetime import datetime
from gettext import gettext as say
from pathlib import Path

from pipeline import config, database, durable, packs
from pipeline.database import dump, kept
from pipeline.database.models import Decision, Submission
from pipeline.errors import ConfigError, UsageError
from pipeline.inbox import archive, packed
from pipeline.inbox.archive import JOURNAL
from pipeline.model import Site
from pipeline.post import postings
from pipeline.run.lock import hold_site
from pipeline.service import backup
from pipeline.service.backup import MANIFEST, Manifest

LISTED = 5  # faults named in a message
ASIDE = "before-restore-"


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of it. `aside`: where the site that stood there went; `after`: arrivals and decisions it had that the
    backup has not, as the lines of its journal; `differs`: numbers the journal and the store do not agree on.
    """

    manifest: Manifest
    submissions: int
    decisions: int
    journalled: int
    differs: Sequence[int]
    aside: Path | None
    after: Sequence[dict[str, object]]
    mails: int  # that were to go out then: a person decides whether they do


def newest(source: Path) -> Path:
    """The backup that is meant: the folder itself, or the newest complete one in it. Raises UsageError."""
    if (source / MANIFEST).is_file():
        return source
    found = backup.complete(source) if source.is_dir() else []
    if not found:
        raise UsageError(say("{source}: no whole backup of queke is here").format(source=source))
    return found[-1]


def verify(folder: Path) -> Manifest:
    """Hash every file of a backup. Raises ConfigError that names what is missing, changed or too much."""
    manifest = backup.read_manifest(folder)
    faults = list(_faults(folder, manifest))
    if faults:
        more = [f"and {len(faults) - LISTED} more"] if len(faults) > LISTED else []
        raise ConfigError([f"{folder}: {one}" for one in faults[:LISTED]] + more)
    return manifest


def _faults(folder: Path, manifest: Manifest) -> Iterator[str]:
    listed: set[str] = set()
    for name, known in manifest.sums.items():
        path = folder / name
        if not path.is_file() or archive.hash_of(path) != known:
            yield f"{name} is missing or was changed"
            continue
        for one, sha256 in backup.read_sums(path).items():
            listed.add(one)
            if not (folder / one).is_file():
                yield f"{one} is missing"
            elif archive.hash_of(folder / one) != sha256:
                yield f"{one} was changed"
    if len(listed) != manifest.files:
        yield f"{manifest.files} files were written, {len(listed)} are listed"
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    for one in sorted(there - listed - manifest.sums.keys() - {MANIFEST}):
        yield f"{one} is no part of this backup"


def restore(folder: Path, root: Path, now: datetime, *, database_url: str = "", replace: bool = False) -> Restored:
    """Make the site `root` from a backup, and count it against its journal.

    What stands in `root` is refused or, with `replace`, set aside within it. `database_url`: another database than the
    backup's. Raises ConfigError and UsageError before anything is changed; Busy if a process works on the site.
    """
    root = root.resolve()
    manifest = verify(folder)
    stands = root.is_dir() and any(root.iterdir())
    if stands and not replace:
        raise UsageError(
            say("{root}: is not empty; --replace sets what is there aside, in the same folder").format(root=root)
        )
    site = _planned(folder, root, database_url)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with hold_site(Site(root, "", b"")):
        after = _after(root, manifest.last) if stands else []
        aside = _set_aside(root, now) if stands else None
        _lay_out(folder, root, database_url)
        database.open(site)
        dump.load(folder / manifest.store)
        database.migrate()  # a backup may be of an earlier version
        for name in ("archive", "spool"):
            shutil.copytree(folder / name, root / name, dirs_exist_ok=True)
        for path in (root / "archive", root / "spool", *(root / "archive").rglob("*")):
            if path.is_dir():
                path.chmod(0o700)
        durable.sync_many((), (root,))
        submissions, decisions, journalled, differs = _count(site)
        mails = postings.found_restored(now)
    return Restored(manifest, submissions, decisions, journalled, differs, aside, after, mails)


def _after(root: Path, last: int) -> list[dict[str, object]]:
    """The lines of the journal that stands, beyond a number."""
    days = packed.days(root / "archive")
    return [row for day in days for row in archive.read_journal(day / JOURNAL) if int(str(row["seq"])) > last]


def retake(done: Restored, root: Path) -> tuple[int, list[int]]:
    """Put the workbooks that came after the backup into the inbox again, in their order and sub-folders.

    Return how many, and the numbers of those whose original was not kept (they may have held a password).
    """
    retaken, gone = 0, list[int]()
    for row in done.after:
        if row["kind"] != "arrival" or done.aside is None:
            continue
        seq, sha256 = int(str(row["seq"])), str(row["sha256"])
        content = _found(done.aside, seq, sha256)
        if content is None:
            gone.append(seq)
            continue
        # what proved nothing then would prove something in a folder of our making
        folder = root / "inbox" / (str(row["folder"]).partition("/")[0] if row["bound"] else "")
        durable.make_folder(folder)
        name = Path(str(row["name"])).name
        target = folder / name
        if target.exists():
            target = folder / f"{seq}-{name}"
        durable.write_through(target, content)
        retaken += 1
    return retaken, gone


def _found(aside: Path, seq: int, sha256: str) -> bytes | None:
    """The bytes of a submission in an archive that was set aside, as they came."""
    named = f"{seq}-{sha256[:12]}"
    for path in aside.glob(f"archive/*/{named}*"):
        if archive.hash_of(path) == sha256:
            return path.read_bytes()
    for pack, name, _ in packed.members(aside / "archive"):
        if name.partition("/")[2].startswith(named):
            content = packs.read(pack, name)
            return content if content is not None and hashlib.sha256(content).hexdigest() == sha256 else None
    return None


def _set_aside(root: Path, now: datetime) -> Path:
    """Move what stands, all but what comes in and went out: that is nobody's copy."""
    aside = root / f"{ASIDE}{now:%Y%m%dT%H%M%S}"
    mine = sorted(
        path
        for path in root.iterdir()
        if path.name not in ("inbox", "outbox", "queke.lock") and not path.name.startswith(ASIDE)
    )
    if mounts := [path.name for path in mine if path.is_mount()]:
        said = say("{names}: a file system of its own, which cannot be set aside: mount it elsewhere first")
        raise UsageError(said.format(names=", ".join(mounts)))
    aside.mkdir(mode=0o700)
    for path in mine:
        durable.rename(path, aside / path.name)
    return aside


def _lay_out(folder: Path, root: Path, database_url: str) -> None:
    for path in folder.iterdir():
        if path.is_file() and path.name not in (MANIFEST, dump.SQLITE, dump.POSTGRES):
            durable.write(root / path.name, [path.read_bytes()])
    if database_url:
        text = (root / config.FILE).read_text("utf-8")
        durable.write_through(root / config.FILE, config.amended(text, "database", database_url).encode())
    for name in config.FOLDERS:
        durable.make_folder(root / name)


def _planned(folder: Path, root: Path, url: str) -> Site:
    """The site that will be. Raises ConfigError if its database is not empty, or cannot hold the copy."""
    site = replace_fields(config.load(folder), root=root)
    if url:
        site = replace_fields(site, database=url)
    name = site.database.removeprefix("sqlite:///")
    if name != site.database and not name.startswith("/"):
        return site  # in the folder itself, where nothing will stand
    database.open(site)
    if not dump.is_empty():
        raise ConfigError([say("the database that the site names is not empty: name an empty one with --database")])
    return site


def _count(site: Site) -> tuple[int, int, int, list[int]]:
    """Count the store against the journal: what the store has written there must be there, and nothing else."""
    days = packed.days(site.archive)
    said: dict[int, str] = {}
    for day in days:
        for row in archive.read_journal(day / JOURNAL):
            said[int(str(row["seq"]))] = str(row.get("sha256") or row["kind"])
    known = dict(Submission.objects.values_list("received_seq", "sha256"))
    decided = dict.fromkeys(Decision.objects.values_list("seq", flat=True), "decision")
    unwritten = {*Submission.objects.filter(journalled=False).values_list("received_seq", flat=True)}
    unwritten |= {*Decision.objects.filter(journalled=False).values_list("seq", flat=True)}
    all_known = known | decided
    removed = kept.removed()  # what is kept no longer is in the journal all the same
    differs = [
        seq for seq, sha256 in said.items() if all_known.get(seq) != sha256 and (seq in all_known or seq > removed)
    ]
    differs += [seq for seq in all_known if seq not in said and seq not in unwritten]
    return len(known), len(decided), len(said), sorted(differs)
