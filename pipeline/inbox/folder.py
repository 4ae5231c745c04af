"""Submissions that come in as files: in the inbox folder, or named on the command line.

A first look finds a file, a second look shows that it is no longer being written, a claim moves it aside, a copy into
the spool keeps it. The source is let go only when the store and the journal have the arrival (`release`).
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from pipeline import durable, faults
from pipeline.inbox import archive
from pipeline.inbox.claims import Claim, ClaimFolder
from pipeline.inbox.rights import Rights
from pipeline.inbox.scan import EmptyFolders, InboxFile, Stamp, Stuck, is_ignored, look, shown
from pipeline.model import Arrival, Channel, Site

log = structlog.get_logger("queke.inbox")

EMPTY_SECONDS = 10.0  # an empty file may be the beginning of a copy
EMPTY_AGE = 60.0  # …but not if it was empty so long before the first look: `queke ingest` looks for a second only
HELD_SECONDS = 60.0  # a file that is open for writing but unchanged so long is taken all the same
WHOLE_SECONDS = 0.3  # a whole workbook that nobody has open for writing is taken when unchanged so long
TORN_SECONDS = 90.0  # a workbook whose end has not come, and that nobody has open: its writer may close and go on
SHUN_SECONDS = 60.0  # a file that could not be taken is tried again after this time
NOT_READABLE = "没有读取权限"
_ZIP, _ZIP_END = b"PK\x03\x04", b"PK\x05\x06"
_END_BYTES, _LONGEST_END = 18, 22 + 65_535  # behind its sign; a comment may follow
FEIGNED_SECONDS = 3600.0  # a clock so far from the machine's is a demo's: file times mean nothing then

Ticks = Callable[[], float]  # seconds, monotonic


@dataclass(slots=True)
class _Sight:
    """What is known of a file since its first look."""

    stamp: Stamp
    since: float  # when it first had this stamp, by the monotonic clock
    first_seen: datetime
    turn: int  # the number of the look that found it first


class Folder:
    """The inbox folder of a site. Keep one object while working on it: it remembers its looks."""

    def __init__(
        self, site: Site, clock: Callable[[], datetime], *, ticks: Ticks = time.monotonic, patient: bool = False
    ) -> None:
        """`patient`: give a workbook whose end has not come time to be written on; else it is taken as it is."""
        self._site = site
        self._clock = clock
        self._ticks = ticks
        self._patient = patient
        self._desk = ClaimFolder(site.inbox)
        self._sights: dict[str, _Sight] = {}
        self._shunned: dict[str, float] = {}
        self._ready: list[tuple[InboxFile, datetime]] = []
        self._turn = 0
        self._sources: dict[str, tuple[Claim, archive.Kept]] = {}  # claim id → its source, and what was kept of it
        self._open: dict[str, tuple[Claim, Stamp]] = {}  # let go of, but for a program that has it open for writing
        self._empty = EmptyFolders()
        self.waiting = 0  # files that were seen and need another look
        self.look_again = 0.0  # if some are waiting: after so many seconds
        self.stuck: tuple[Stuck, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Unlock the worker's folder; what is still claimed is recovered by the next worker."""
        self._desk.close()

    def collect(self, limit: int) -> list[Arrival]:
        """Take up to `limit` files, in the order in which they were first seen.

        They are claimed and kept in the spool, durably, but not yet known to the store. Raises OSError if the inbox or
        the spool fails: nothing is lost, `recover` finds what was begun.
        """
        if not self._ready:
            self._ready = self.scan()
        taken, self._ready = self._ready[:limit], self._ready[limit:]
        if not taken:
            return []
        claims, stuck = self._desk.claim([one for one in taken if self._is_as_seen(one[0])])
        for found, _ in taken:
            self._sights.pop(found.path, None)
        self._shun(stuck)
        return self._keep(claims)

    def recover(self, limit: int) -> list[Arrival]:
        """Take again what a crash or a fault left claimed: our own files and those of dead workers.

        May include files that are journalled already: the claim's name shows it. Call until it returns nothing.
        """
        claims = [claim for claim in self._desk.orphans() if claim.id not in self._open]
        if not claims:
            self._desk.tidy()
        return self._keep(claims[:limit])

    def release(self, arrivals: Iterable[Arrival]) -> None:
        """Let go of the sources of arrivals that the store and the journal have.

        A source that was written to after it was copied goes back into the inbox: it is another arrival. One that a
        program still has open for writing is kept until it is closed, for the same reason.
        """
        done: list[Path] = []
        for arrival in arrivals:
            if arrival.claim not in self._sources:
                continue  # a person named the file, and keeps it
            claim, kept = self._sources.pop(arrival.claim)
            if kept.sha256 != arrival.sha256:  # known from before a crash, and written to since
                self._put_back(claim)
            else:
                done += self._let_go(claim, kept.stamp)
        durable.unlink_many(done)
        self._desk.tidy()

    def _let_go(self, claim: Claim, stamp: Stamp) -> list[Path]:
        """Return the source if it may be removed; one that has changed goes back, one that is open is looked after."""
        try:
            changed = not stamp.same_content(Stamp.of(claim.path.lstat()))
        except FileNotFoundError:
            return []
        if changed:
            self._put_back(claim)
        elif _has_writer(str(claim.path)):
            self._open[claim.id] = claim, stamp
        else:
            return [claim.path]
        return []

    def _look_after_open(self) -> None:
        """See what became of the sources that were open when they were let go of."""
        found, self._open = self._open, {}
        if found:
            durable.unlink_many([path for claim, stamp in found.values() for path in self._let_go(claim, stamp)])
            self._desk.tidy()

    def scan(self) -> list[tuple[InboxFile, datetime]]:
        """Look at the whole inbox: return what may be taken now, first seen first. Sets `waiting` and `stuck`."""
        self._look_after_open()
        self._turn += 1
        self._shunned = {path: until for path, until in self._shunned.items() if until > self._ticks()}
        now, ticks = self._clock(), self._ticks()
        stuck, ready, seen = [], [], {}
        self.look_again = self._site.policy.stable_seconds
        self._empty.begin(ticks)
        for found in _look(self._site, self._empty):
            if isinstance(found, Stuck):
                stuck.append(found)
                continue
            sight = seen[found.path] = self._sight(found, now, ticks)
            why = self._why_not(found)
            if why is not None:
                stuck.append(Stuck(found.path, why))
            elif (left := self._left(found, sight, ticks)) <= 0:
                ready.append((sight.turn, found.stamp.changed, found.name, found, sight.first_seen))
            else:
                self.look_again = min(self.look_again, left)
        self._sights, self.stuck = seen, tuple(stuck)
        self.waiting = len(seen) - len(ready) - sum(1 for one in stuck if one.path in seen)
        return [(found, first_seen) for *_, found, first_seen in sorted(ready, key=lambda row: row[:3])]

    def _sight(self, found: InboxFile, now: datetime, ticks: float) -> _Sight:
        before = self._sights.get(found.path)
        if before is None:
            return _Sight(found.stamp, ticks, _arrived(found.stamp, now), self._turn)
        if before.stamp != found.stamp:
            return _Sight(found.stamp, ticks, before.first_seen, before.turn)
        return before

    def _left(self, found: InboxFile, sight: _Sight, ticks: float) -> float:
        """For how many seconds more the file must lie unchanged to be taken; none if that was so before the first look.

        Of a workbook its end tells that all of it is there, if nobody has it open: a short while is enough then.
        """
        quiet = self._site.policy.stable_seconds
        unchanged = ticks - sight.since
        age = time.time() - max(found.stamp.modified, found.stamp.changed) / 1e9
        if found.stamp.size == 0 and quiet > 0:
            return 0.0 if age >= EMPTY_AGE else max(quiet, EMPTY_SECONDS) - unchanged
        written = _has_writer(found.path)
        if written:
            return HELD_SECONDS - unchanged
        rested, lies = age >= max(2.0, 2 * quiet), max(unchanged, age)
        whole = _has_end(found.path) if quiet > 0 and (self._patient or not rested) and lies < TORN_SECONDS else None
        if whole is False and self._patient:
            return TORN_SECONDS - lies
        if rested:
            return 0.0
        return (min(quiet, WHOLE_SECONDS) if whole and written is False else quiet) - unchanged

    def _why_not(self, found: InboxFile) -> str | None:
        if found.path in self._shunned:
            return "暂时取不走，稍后再试"
        return None if os.access(found.path, os.R_OK) else NOT_READABLE

    def _is_as_seen(self, found: InboxFile) -> bool:
        try:
            return Stamp.of(os.lstat(found.path)) == found.stamp
        except OSError:
            return False

    def _shun(self, stuck: Sequence[Stuck]) -> None:
        self._shunned.update((one.path, self._ticks() + SHUN_SECONDS) for one in stuck)

    def _keep(self, claims: Sequence[Claim]) -> list[Arrival]:
        """Copy the claims into the spool, all durable on return."""
        if not claims:
            return []
        durable.make_folder(self._site.spool)
        now = self._clock()
        arrivals = []
        for claim in claims:
            name = claim.id.replace("/", "-") + archive.ending(shown(claim.name))
            try:
                kept = archive.spool(self._site, claim.path, name)
            except archive.UnreadableError as error:
                log.warning("put_back", claim=claim.id, **faults.fault(error).fields())
                self._put_back(claim)
                continue
            self._sources[claim.id] = claim, kept
            arrivals.append(_arrival(claim, kept, now))
        durable.sync_many([arrival.path for arrival in arrivals], (self._site.spool,))
        return arrivals

    def _put_back(self, claim: Claim) -> None:
        """Return a claim to its folder, beside whatever is there now."""
        folder = self._site.inbox / claim.folder
        if not claim.bound and not folder.is_dir():
            folder = self._site.inbox  # one that proved nothing would prove something if we made it
        durable.make_folder(folder)
        target = folder / claim.name
        if os.path.lexists(target):
            target = folder / f"{claim.id.replace('/', '-')}{archive.ending(claim.name)}"
        durable.rename(claim.path, target)
        durable.sync_many((), (folder, claim.path.parent))
        self._shun([Stuck(str(target), "")])


def given(site: Site, paths: Iterable[Path], now: datetime) -> Iterator[Arrival]:
    """Copy files named by a person into the spool (folders: all files in them); the sources stay.

    The copies are not durable before `durable.sync_many`. Raises UnreadableError for a path that cannot be read.
    """
    durable.make_folder(site.spool)
    batch = f"cli{time.time_ns():x}{os.getpid():x}"
    for slot, path in enumerate(_named(paths)):
        claim = Claim(f"{batch}/{slot}", path, path.name, "", "", now)
        kept = archive.spool(site, path, f"{batch}-{slot}{archive.ending(shown(path.name))}")
        yield _arrival(claim, kept, now, channel=Channel.CLI)


def survey(site: Site) -> tuple[Stuck, ...]:
    """Files in the inbox that cannot be taken, and why: for people; changes nothing. So of the inbox itself."""
    try:
        found = list(_look(site))
    except OSError as error:
        return (Stuck(str(site.inbox), f"打不开：{error.strerror}"),)
    stuck = [one for one in found if isinstance(one, Stuck)]
    held = [Stuck(one.path, why) for one in found if isinstance(one, InboxFile) and (why := _refusal(one))]
    return (*stuck, *held)


def oldest(site: Site) -> datetime | None:
    """Since when the file that lies in the inbox longest lies there, by the machine's clock; None if it is empty."""
    try:
        changed = min((one.stamp.changed for one in _look(site) if isinstance(one, InboxFile)), default=None)
    except OSError:
        return None
    return None if changed is None else datetime.fromtimestamp(changed / 1e9, UTC)


def batches(arrivals: Iterator[Arrival], site: Site, limit: int) -> Iterator[list[Arrival]]:
    """Split what is `given` into batches, each durable."""
    while batch := list(islice(arrivals, limit)):
        durable.sync_many([arrival.path for arrival in batch], (site.spool,))
        yield batch


def _look(site: Site, empty: EmptyFolders | None = None) -> Iterator[InboxFile | Stuck]:
    return look(site.inbox, Rights.of(site.inbox, site.policy), empty)


def _arrived(stamp: Stamp, now: datetime) -> datetime:
    """When the file came, if no look saw it then: a stopped service makes no report late."""
    if abs(now.timestamp() - time.time()) > FEIGNED_SECONDS:
        return now
    return min(now, datetime.fromtimestamp(stamp.changed / 1e9, UTC).astimezone(now.tzinfo))


def _named(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for inner in sorted(path.iterdir()):
            if not is_ignored(inner.name):
                yield from _named((inner,))


def _arrival(claim: Claim, kept: archive.Kept, now: datetime, channel: Channel = Channel.FOLDER) -> Arrival:
    return Arrival(
        sha256=kept.sha256,
        size=kept.stamp.size,
        name=shown(claim.name),
        channel=channel,
        folder=shown(claim.folder),
        bound=claim.bound,
        first_seen=claim.first_seen,
        received_at=now,
        path=kept.path,
        claim=claim.id,
    )


def _refusal(found: InboxFile) -> str:
    if not os.access(found.path, os.R_OK):
        return NOT_READABLE
    return "还有程序开着它写" if _has_writer(found.path) else ""


def _has_end(path: str) -> bool | None:
    """Whether a workbook is there to its end: of a zip file the list of its parts comes last.

    None if it does not begin as a workbook does, or cannot be read.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123  # a look a second at each file that is not whole
            if file.read(len(_ZIP)) != _ZIP:
                return None
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _LONGEST_END))
            end = file.read().rpartition(_ZIP_END)
            return bool(end[1]) and len(end[2]) >= _END_BYTES + int.from_bytes(end[2][16:18], "little")
    except OSError:
        return None


def _has_writer(path: str) -> bool | None:
    """Whether a program has the file open for writing; None if the file system cannot tell.

    A read lease is granted only on a file that is not being written; it is given back at once.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)  # a broken lease would send SIGIO, which kills
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    except AttributeError:  # no leases here
        return None
    finally:
        os.close(descriptor)
    return False
