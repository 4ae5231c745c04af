"""How submissions are kept: in the spool (0600) until settled, then in the archive (0400), and in the journal file.

`spool/<batch>-<slot>.xlsx` → `archive/<day>/<seq>-<sha12>.xlsx`. A file that may hold a password never goes there: a
copy without it does, and a line in the journal has both hashes. `archive/<day>/journal.jsonl` has a line for each
arrival and decision in one sequence, from which the store can be built again. A day is that of arrival, Asia/Shanghai.
The path of a submission follows from its number, so a crash between move and note leaves nothing to guess.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from pipeline import durable
from pipeline.inbox import packed
from pipeline.inbox.scan import Stamp
from pipeline.model import Arrival, Site
from pipeline.schooldays import ZONE

JOURNAL = "journal.jsonl"
ACTS = "acts.jsonl"
FILINGS = "filings"  # signed papers of 备案, by number
MAIL = "mail"  # below spool: mails as they came, until settled
CHUNK = 1 << 20

_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}")


class UnreadableError(OSError):
    """The file itself cannot be read (it stays where it is); any other OSError is the spool's."""


class Kept(NamedTuple):
    """What is kept of a file in the spool."""

    path: Path
    sha256: str
    stamp: Stamp  # of the source as it was copied


def spool(site: Site, source: Path, name: str) -> Kept:
    """Copy the source to `spool/<name>`, not durable yet, hashing on the way.

    `name` should end as the sender's file did. Raises UnreadableError if the source is no regular file, cannot be read,
    or was written to meanwhile; OSError if the spool cannot take it.
    """
    target = site.spool / name
    digest = hashlib.sha256()
    descriptor = _open(source)
    try:
        before = Stamp.of(os.fstat(descriptor))
        durable.write(target, _chunks(descriptor, digest.update))
        if not before.same_content(Stamp.of(os.fstat(descriptor))):
            raise UnreadableError(errno.EBUSY, "written to while it was copied")
    finally:
        os.close(descriptor)
    return Kept(target, digest.hexdigest(), before)


def hash_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def ending(name: str) -> str:
    """The harmless extension of a sender's file name, in lower case; "" if it has none."""
    stem, dot, last = name.rpartition(".")
    suffix = dot + last
    return suffix.lower() if stem and _ENDING.fullmatch(suffix) else ""


def place(site: Site, arrival: Arrival) -> Path:
    """The path of the submission once it is settled."""
    suffix = ending(arrival.path.name)
    return site.archive / _day(arrival.received_at) / f"{arrival.seq}-{arrival.sha256[:12]}{suffix}"


def find(site: Site, arrival: Arrival) -> Path:
    """The path of the submission's bytes now, taken out of the pack of its month if they are there. Raises
    FileNotFoundError if they are nowhere.
    """
    places = (arrival.path, place(site, arrival))
    for path in places:
        if path.exists():
            return path
    for path in places:
        if (copy := packed.taken_out(site, path)) is not None:
            return copy
    raise FileNotFoundError(errno.ENOENT, "neither in spool nor in archive", str(arrival.seq))


def keep(site: Site, arrivals: Sequence[Arrival]) -> dict[int, Path]:
    """Move the spooled bytes into the archive, durably; return the path of each. May be repeated."""
    moved: dict[int, Path] = {}
    there: set[Path] = set()
    for arrival in arrivals:
        target = place(site, arrival)
        if arrival.path != target and arrival.path.exists():
            if target.parent not in there:
                durable.make_folder(target.parent)
                there.add(target.parent)
            durable.move(arrival.path, target)
        moved[arrival.seq] = target
    durable.sync_many((), (*{path.parent for path in moved.values()}, site.archive, site.spool))
    return moved


def keep_instead(
    site: Site, arrival: Arrival, content: bytes, suffix: str, told: Mapping[str, object] = MappingProxyType({})
) -> Path:
    """Put `content` into the archive in place of the original, durable on return; return the path. May be repeated.

    `told`: what the journal says of it besides. The original is still in the spool: see `shred`.
    """
    target = place(site, arrival).with_suffix(suffix)
    _put(target, content)
    kept = hashlib.sha256(content).hexdigest()
    row = {
        "kind": "scrubbed",
        "of": arrival.seq,
        "sha256": arrival.sha256,
        "kept_sha256": kept,
        "file": target.name,
        **told,
    }
    _append(site.archive / _day(arrival.received_at) / JOURNAL, [json.dumps(row, ensure_ascii=False)])
    return target


def keep_paper(site: Site, arrival: Arrival, number: str, suffix: str) -> Path:
    """Put a signed paper where it is found by its 备案号, 0400, durable on return; return the path. May be repeated."""
    target = site.archive / FILINGS / f"{number}-{arrival.sha256[:12]}{suffix}"
    if arrival.path.exists():
        _put(target, arrival.path.read_bytes())
    return target


def spool_part(site: Site, name: str, content: bytes) -> Kept:
    """Put a file that came in a mail to `spool/<name>`, not durable yet. OSError if the spool cannot take it."""
    target = site.spool / name
    durable.write(target, (content,))
    return Kept(target, hashlib.sha256(content).hexdigest(), Stamp.of(target.lstat()))


def mail_place(day: date, number: int) -> str:
    """The path of a mail once it is settled, below the site."""
    return f"archive/{day.isoformat()}/mail-{number}.eml"


@dataclass(frozen=True, slots=True)
class SpooledMail:
    """A mail in the spool that is to be archived under its number: whole, or `kept` of it."""

    path: Path
    day: date
    number: int
    kept: Callable[[bytes], bytes] | None


def keep_mails(site: Site, mails: Sequence[SpooledMail]) -> dict[int, str]:
    """Move mails out of the spool into the archive of their days, durably; return their paths below the site, by
    number. May be repeated.
    """
    places = {one.number: mail_place(one.day, one.number) for one in mails}
    folders: set[Path] = set()
    for one in mails:
        target = site.root / places[one.number]
        if not one.path.exists():
            continue
        durable.make_folder(target.parent)
        if one.kept is None:
            durable.move(one.path, target)
        else:
            _put(target, one.kept(one.path.read_bytes()))
            durable.unlink(one.path)
        folders |= {target.parent, one.path.parent}
    durable.sync_many((), sorted(folders))
    return places


def shred(site: Site, arrivals: Iterable[Arrival]) -> None:
    """Remove from the spool files that are not kept in their original form, durably. Call it once the copy's path is
    noted.
    """
    there = [arrival.path for arrival in arrivals if arrival.path.parent == site.spool and arrival.path.exists()]
    durable.unlink_many(there)
    durable.sync_many((), (site.spool,))


def _put(target: Path, content: bytes) -> None:
    durable.make_folder(target.parent)
    durable.write_through(target, content)
    durable.chmod(target, durable.KEPT)


def write_journal(site: Site, arrivals: Iterable[Arrival]) -> None:
    """Append a line an arrival to its day's journal, durable on return."""
    for day, group in groupby(arrivals, key=lambda arrival: _day(arrival.received_at)):
        _append(site.archive / day / JOURNAL, [_line(arrival) for arrival in group])


def note_decisions(site: Site, day: date, decisions: Iterable[Mapping[str, object]]) -> None:
    """Append a line a decision: `seq`, `what`, `target` and who made it, no cell contents."""
    lines = [json.dumps({"kind": "decision", **row}, ensure_ascii=False, default=str) for row in decisions]
    _append(site.archive / day.isoformat() / JOURNAL, lines)


def note_acts(site: Site, acts: Iterable[tuple[datetime, Mapping[str, object]]]) -> None:
    """Append a line an act to the file of its day: apart from the journal, whose end is read at each start."""
    for day, group in groupby(acts, key=lambda one: _day(one[0])):
        _append(site.archive / day / ACTS, [json.dumps(line, ensure_ascii=False) for _, line in group])


def catch_up(site: Site, arrivals: Sequence[Arrival]) -> None:
    """Write the lines that are missing in the journal after a crash: of these arrivals, those it does not have."""
    by_day = groupby(arrivals, key=lambda arrival: _day(arrival.received_at))
    for day, group in by_day:
        written = journalled(site.archive / day / JOURNAL)
        write_journal(site, [arrival for arrival in group if arrival.seq not in written])


def journalled(path: Path) -> set[int]:
    """The sequence numbers in a journal file. A line torn by a crash is ignored."""
    return {int(str(line["seq"])) for line in read_journal(path)}


def read_journal(path: Path) -> Iterator[dict[str, object]]:
    """Yield the complete lines of arrivals and decisions of one day's journal, in order."""
    return (row for row in read_lines(path) if "seq" in row)


def read_lines(path: Path) -> Iterator[dict[str, object]]:
    """Yield all complete lines of a file of the journal, in order."""
    if not path.exists():
        return
    with path.open("rb") as lines:
        for line in lines:
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                yield row


def sweep(site: Site, wanted: Iterable[Path]) -> int:
    """Remove files from the spool that belong to no submission (copies left by a crash); return how many."""
    keep_these = {path.name for path in wanted}
    left = [path for path in site.spool.iterdir() if path.name not in keep_these and path.is_file()]
    for path in left:
        durable.unlink(path)
    return len(left)


def _open(source: Path) -> int:
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise UnreadableError(error.errno, error.strerror) from error
    if not os.path.isfile(descriptor):  # noqa: PTH113 — a descriptor, which no Path can hold
        os.close(descriptor)
        raise UnreadableError(errno.EINVAL, "not a regular file")
    return descriptor


def _chunks(descriptor: int, seen: Callable[[bytes], object]) -> Iterator[bytes]:
    while True:
        try:
            chunk = os.read(descriptor, CHUNK)
        except OSError as error:
            raise UnreadableError(error.errno, error.strerror) from error
        if not chunk:
            return
        seen(chunk)
        yield chunk


def _append(path: Path, lines: list[str]) -> None:
    if lines:
        durable.make_folder(path.parent)
        durable.append_lines(path, lines)


def _line(arrival: Arrival) -> str:
    row = {
        "kind": "arrival",
        "seq": arrival.seq,
        "sha256": arrival.sha256,
        "size": arrival.size,
        "name": arrival.name,
        "channel": arrival.channel,
        "folder": arrival.folder,
        "bound": arrival.bound,
        "first_seen": arrival.first_seen.isoformat(),
        "received_at": arrival.received_at.isoformat(),
        "claim": arrival.claim,
        "file": ending(arrival.path.name),
    }
    return json.dumps(row, ensure_ascii=False)


def _day(moment: datetime) -> str:
    return moment.astimezone(ZONE).date().isoformat()
