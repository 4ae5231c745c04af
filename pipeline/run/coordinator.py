"""The path, in order (docs/path.md): only this room knows it, and this module goes through all of it.

collect → journal → read → context → validate → fold → write → archive → letters → warn. From context to write is
`settling`. Recovery is the same code: whatever a crash left undone is simply still to be done.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from pipeline import durable, fault_log, faults
from pipeline.database import errors, journal
from pipeline.errors import TemporaryError
from pipeline.executors import Readers
from pipeline.faults import stage
from pipeline.inbox import archive
from pipeline.inbox.folder import Folder, batches, given
from pipeline.letters import batch_lists
from pipeline.model import Arrival, Clock, Settled, Site, State
from pipeline.outbox.folder import tidy
from pipeline.reports.render import Elsewhere, Renderer
from pipeline.run import agreement, attempts, noting, scrubbing, sending, warning
from pipeline.run.cycle import Cycle
from pipeline.run.lock import hold_site
from pipeline.run.mail_in import MailBag
from pipeline.run.parts import Read
from pipeline.run.read_queue import Pacer, ReadQueue, lanes
from pipeline.run.settling import Settling
from pipeline.run.tuning import few_collections, short_turns
from pipeline.run.unlocking import unlocked
from pipeline.units import is_division

log = structlog.get_logger("queke.run")

Observer = Callable[[Arrival, Settled], None]

AHEAD = 2  # batches that may be read while one is settled
PIECE = 100  # files collected together: the readers need not wait for a whole batch …
FIRST_PIECE = 32  # … nor, while they have nothing to do, for so many
SOON_SECONDS = 0.5  # how often, while a heap is collected, what is read already is settled
LOOK_SECONDS = 1.0  # how often, while files are read, the inbox is looked at for new ones
WARN_SECONDS = 3.0  # how often, in a long run, alerts are assessed between two batches
ROOM = 64 * 2**20  # free bytes below which a failing store counts as full, not broken
PATIENCE = 3  # cycles in a row that may stop at one batch, on a machine that seems healthy


class Coordinator:
    """A site at work, for as long as one process holds it. The store must be open.

    Raises Busy on entering if another process works on the site.
    """

    def __init__(  # noqa: PLR0913  # what a service may want besides
        self,
        site: Site,
        readers: Readers,
        clock: Clock,
        *,
        observe: Observer | None = None,
        answer: bool = True,
        mail: MailBag | None = None,
        patient: bool = False,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        """`observe` is called for each submission as it settles; with `answer` False letters stay queued; `mail`: from
        where mails come besides; `patient`: see `Folder`; `elsewhere`: see `Renderer`.
        """
        self._site, self._readers, self._clock = site, readers, clock
        self._observe = observe or (lambda _arrival, _settled: None)
        self._answer = answer
        self._mail = mail
        self._elsewhere = elsewhere
        self._held = ExitStack()
        self._stops = 0  # cycles in a row that ended in the middle of settling
        self._uncounted: list[int] = []  # attempts that a temporary fault ended
        self._unlisted: dict[str, float] = {}  # division → when its last file was settled (monotonic)
        self._fresh = True  # it is not known yet which lists an earlier process left open
        self._shaken = True  # a crash, or a fault, may have left something half done
        self._renderer: Renderer | None = None  # started when the first page is to be drawn
        self.folder = Folder(site, clock, patient=patient)

    def __enter__(self) -> Self:
        self._held.enter_context(hold_site(self._site))
        try:
            with suppress(TemporaryError), errors.temporary():  # of a store that is gone each cycle tells
                agreement.check(self._site)
        except BaseException:
            self._held.close()
            raise
        self._held.enter_context(few_collections())
        self._held.enter_context(short_turns())
        self._held.callback(self.folder.close)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    def drain(
        self, paths: Sequence[Path] = (), *, stop: Callable[[], bool] = lambda: False, patience: float = 0.0
    ) -> Cycle:
        """Recover, then take and settle until there is no more: files in the inbox, or only those at `paths`.

        When `stop` returns True nothing new is taken and current work is finished. `patience`: seconds without a new
        file after which a county has presumably dropped all its files. Raises TemporaryError for a fault that may pass:
        nothing is lost, call again later.
        """
        done = Cycle()
        try:
            self._recover(done)
            self._work(done, paths, stop)
            self._finish(done, 0.0 if stop() else patience)
            noting.note_down(self._site, self._clock())
            fault_log.forget(self._site, "intake")
        except Exception as error:
            self._shaken = True
            self._log_stopped(error, done)
            if isinstance(error, OSError):
                raise TemporaryError(f"{error.filename or self._site.root}: {error.strerror}") from error
            raise
        self._stops = 0
        done.waiting, done.stuck = self.folder.waiting, self.folder.stuck
        return done

    def _log_stopped(self, error: Exception, done: Cycle) -> None:
        fault = faults.fault(error)
        write = log.warning if errors.may_pass(error) else log.critical
        write("line_stopped", **fault.fields(), **done.fields())
        fault_log.note(self._site, "intake", fault, self._clock())

    def drain_patiently(self, paths: Sequence[Path] = ()) -> Cycle:
        """Drain, and once more for files that were still being written at the first look."""
        done = self.drain(paths)
        if done.waiting and not paths:
            time.sleep(self._site.policy.stable_seconds)
            again = self.drain()
            again.add(done)
            return again
        return done

    # ---------------------------------------------------------------- in

    def _work(self, done: Cycle, paths: Sequence[Path], stop: Callable[[], bool]) -> None:
        limit = self._site.policy.batch
        piece = min(limit, PIECE)
        named = batches(given(self._site, paths, self._clock()), self._site, piece)
        reading, time_to_look = ReadQueue(self._readers), Pacer(LOOK_SECONDS)
        time_to_settle, time_to_warn = Pacer(SOON_SECONDS), Pacer(WARN_SECONDS)
        time_to_settle()
        time_to_warn()  # counted from now: of what is short is warned once, in the end
        more = True
        while more or len(reading):
            while more and len(reading) < AHEAD * limit:
                with stage("receive"):
                    few = piece if len(reading) else min(piece, FIRST_PIECE)
                    arrivals = [] if stop() else next(named, []) if paths else self.folder.collect(few)
                numbered = self._receive(arrivals, done) if arrivals else self._receive_mails(piece, done, stop)
                more = bool(numbered)
                if numbered:
                    reading.put(numbered)
                if more and time_to_settle():
                    self._settle(reading.useful(limit), done)
            with stage("read", reading.seqs):
                read = reading.take(limit)
            for part in lanes(read):
                self._settle(part, done)
            # files that keep their readers busy delay no other: look for new ones meanwhile
            more = more or bool(len(reading) and (not read or time_to_look()))
            if more and time_to_warn():
                self._warn(done)

    def _receive(self, arrivals: Sequence[Arrival], done: Cycle) -> list[Arrival]:
        """Journal the arrivals, in the store and in the file; only then let go of their sources."""
        with stage("receive"):
            with errors.temporary():
                numbered = journal.receive(self._site, unlocked(self._site, arrivals))
            with stage("receive", [arrival.seq for arrival in numbered]):
                archive.write_journal(self._site, numbered)
                self.folder.release(numbered)
        done.received += len(numbered)
        return numbered

    def _receive_mails(self, limit: int, done: Cycle, stop: Callable[[], bool]) -> list[Arrival]:
        """Take in fetched mails, which journals what came in them."""
        if self._mail is None or stop():
            return []
        count, arrivals = 1, list[Arrival]()
        while count and not arrivals:  # many bring nothing
            with stage("mail"):
                count, arrivals = self._mail.take(limit, self._clock())
            done.mails += count
        done.received += len(arrivals)
        return arrivals

    # ---------------------------------------------------------------- through

    def _settle(self, batch: Sequence[Read], done: Cycle) -> None:
        if not batch:
            return
        try:
            settled = attempts.settle(self._settling(), batch, lasting=self._stops >= PATIENCE)
        except (OSError, TemporaryError):
            self._stops += self._seems_sound()
            self._uncounted += [arrival.seq for arrival, _ in batch]
            raise
        self._note([arrival for arrival, _ in batch], settled, done)
        self._send(done)

    def _settling(self) -> Settling:
        return Settling(self._site, self._readers, self._clock())

    def _note(self, arrivals: Sequence[Arrival], settled: Sequence[Settled], done: Cycle) -> None:
        """The work after settling: the archive, the counts, and the observer."""
        self._keep(arrivals)
        by_seq = {arrival.seq: arrival for arrival in arrivals}
        for one in settled:
            done.settled[one.state] += 1
            self._observe(by_seq[one.seq], one)
        now = time.monotonic()
        self._unlisted.update((arrival.bound, now) for arrival in arrivals if is_division(arrival.bound))
        log.debug("batch_settled", size=len(arrivals), first=min(by_seq), last=max(by_seq))

    def _keep(self, arrivals: Sequence[Arrival]) -> None:
        """Move settled files from the spool into the archive, and note their path and that they are journalled.

        A file that may hold a password is archived as a copy without it, and removed from the spool for good.
        """
        with stage("archive", [arrival.seq for arrival in arrivals]):
            self._move(arrivals)

    def _move(self, arrivals: Sequence[Arrival]) -> None:
        with errors.temporary():
            apart = scrubbing.apart(arrivals)
        places = archive.keep(self._site, [arrival for arrival in arrivals if arrival.seq not in apart])
        below = {seq: str(path).removeprefix(f"{self._site.root}/") for seq, path in places.items()}
        with errors.temporary():
            journal.moved(below)
            scrubbing.keep(self._site, [arrival for arrival in arrivals if arrival.seq in apart])
            journal.written([arrival.seq for arrival in arrivals])

    def _seems_sound(self) -> bool:
        return shutil.disk_usage(self._site.root).free > ROOM

    # ---------------------------------------------------------------- out

    def _finish(self, done: Cycle, patience: float) -> None:
        if self._mail is not None:
            self._mail.archive()
        self._warn(done)
        self._summarise(done, patience)
        self._send(done)

    def _summarise(self, done: Cycle, patience: float) -> None:
        """Queue a 收件汇总 for each county without a new file for so many seconds."""
        with stage("summaries"), errors.temporary():
            if self._fresh:
                self._unlisted = dict.fromkeys(batch_lists.unlisted(), 0.0) | self._unlisted
            quiet = [code for code, last in self._unlisted.items() if time.monotonic() - last >= patience]
            batch_lists.queue(quiet, self._clock())
        self._fresh = False
        for code in quiet:
            del self._unlisted[code]
        done.unlisted = len(self._unlisted)

    def _warn(self, done: Cycle) -> None:
        with stage("warn"), errors.temporary():
            done.alerts += warning.warn(self._site, self._clock())

    def _send(self, done: Cycle) -> None:
        if self._answer:
            with stage("letters"), errors.temporary():
                done.letters += sending.send(self._site, self._clock())

    def draw(self) -> int:
        """Draw and deliver some of the letters that have pages; return how many. Call until there are none.

        Separate from `drain`, so that a service can look at its inbox between two slices. Raises ConfigError if this
        machine cannot draw.
        """
        with fault_log.remembered(self._site, "draw", self._clock), stage("draw"), errors.temporary():
            if not self._answer or not sending.undrawn():
                return 0
            if done := sending.books(self._site, self._clock()):
                return done
            if self._renderer is None:
                self._renderer = self._held.enter_context(Renderer(elsewhere=self._elsewhere))
            return sending.draw(self._site, self._clock(), self._renderer)

    # ---------------------------------------------------------------- again

    def _recover(self, done: Cycle) -> None:
        """Do what a crash, or a fault, left undone: claims, journal lines, the archive, submissions only received.

        Work that no index finds is searched only after a start and after a fault.
        """
        if self._uncounted:
            with errors.temporary():
                journal.count_attempt(self._uncounted, -1)
            self._uncounted.clear()
        with stage("recover"):
            if self._shaken:  # the store, or the archive, may be another one since
                with errors.temporary():
                    agreement.check(self._site)
            while arrivals := self.folder.recover(self._site.policy.batch):
                with errors.temporary():
                    numbered = journal.receive(self._site, arrivals)
                archive.catch_up(self._site, numbered)
                self.folder.release(numbered)
                done.received += len(numbered)
            with errors.temporary():
                if self._shaken:
                    self._catch_up()
                    self._tidy_spool()
                    tidy(self._site)
                    self._shaken = False
                self._resume(done)

    def _catch_up(self) -> None:
        """Write the journal lines that are missing in the file after a crash."""
        while lines := journal.unwritten():
            archive.catch_up(
                self._site, journal.arrivals(self._site, [one.seq for one in lines if one.kind == "arrival"])
            )
            decisions = [{"seq": one.seq, **one.values} for one in lines if one.kind == "decision"]
            archive.note_decisions(self._site, self._clock().date(), decisions)
            journal.written([one.seq for one in lines])

    def _tidy_spool(self) -> None:
        """Archive settled files; remove copies that belong to no arrival: their sources are still claimed."""
        durable.make_folder(self._site.spool)
        spooled = journal.spooled(self._site)
        archive.sweep(self._site, [arrival.path for arrival, _ in spooled])
        settled = [arrival for arrival, state in spooled if state is not State.RECEIVED]
        if settled:
            self._keep(settled)

    def _resume(self, done: Cycle) -> None:
        """Settle submissions that were received and not settled: in small batches where a coordinator died."""
        while waiting := journal.pending(self._site, self._site.policy.batch):
            for why, those in (
                (attempts.DIED, attempts.exhausted(waiting)),
                (attempts.LOST, self._lost(waiting)),
            ):
                for arrival in those:
                    self._note([arrival], [attempts.set_aside(self._settling(), arrival, why)], done)
            there = [arrival for arrival in waiting if arrival.path.exists()]
            for batch in attempts.batches_by_attempts(there, self._site.policy.batch):
                reading = ReadQueue(self._readers)
                reading.put(batch)
                while len(reading):
                    with stage("read", reading.seqs):
                        read = reading.take(len(batch))
                    self._settle(read, done)

    def _lost(self, waiting: Sequence[Arrival]) -> list[Arrival]:
        """Those whose bytes are gone from the spool, unless that is a temporary fault."""
        lost = [arrival for arrival in waiting if not arrival.path.exists()]
        if lost and self._stops < PATIENCE:
            self._stops += 1
            raise TemporaryError(f"{len(lost)} submissions are not in the spool")
        return lost
