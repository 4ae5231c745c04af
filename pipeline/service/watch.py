"""The service: looks at the inbox when something may have happened, and every so often in any case.

Events are hints, a full scan is the truth: a watcher may miss events (network shares, a re-created inbox, an overflow)
without reporting it. SIGTERM and SIGINT end after the current batch; what is left waits in the inbox.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import structlog
from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserver

from pipeline import faults, run
from pipeline.database.errors import attempted, may_pass
from pipeline.errors import QuekeError, TemporaryError
from pipeline.executors import Readers
from pipeline.executors.mails import MailOpener
from pipeline.faults import Fault
from pipeline.inbox.scan import WORK
from pipeline.model import Clock, Site
from pipeline.reports.first_page import FirstPages
from pipeline.service import notify, timetable
from pipeline.service.cluster_away import ClusterWatch
from pipeline.service.mail_fetch import MailFetchers
from pipeline.service.mail_send import MailSenderThread

if TYPE_CHECKING:
    from pipeline.executors.cluster import Cluster

log = structlog.get_logger("queke.watch")


TICK_SECONDS = 20.0  # how late an edition may be, at most, because the clock was not looked at
FIRST_PAUSE = 2.0  # after a fault; doubled each time …
LONGEST_PAUSE = 60.0  # … up to this
MOST_UNEXPECTED = 5  # faults of ours in a row; then the process ends, with exit code 2, and is to be started anew
LOUD_SECONDS = 120.0  # a fault that may pass, and has not for so long, is logged as critical …
GIVE_UP_SECONDS = 900.0  # … and after so long the process ends likewise: whatever of it is stuck is made anew
POLL_SECONDS = 1.0
HEARD = (
    *(FileClosedEvent, FileCreatedEvent, FileModifiedEvent, FileMovedEvent),
    *(DirCreatedEvent, DirMovedEvent),
)
"""The events asked for. Not of opening: a look at 8,200 folders makes more of these than the kernel keeps, which makes
the observer look at all folders, and so on without end."""
QUIET_SECONDS = 10.0  # a county that drops its files one after the other gets one 收件汇总


class Service:
    """A site being watched. `serve` runs it; a test may run `turn` by itself."""

    def __init__(
        self, site: Site, readers: Readers, clock: Clock, *, poll: bool = False, cluster: Cluster | None = None
    ) -> None:
        self._site, self._clock, self._poll = site, clock, poll
        self._bell = _Bell()
        self._stopping = False
        self._clock_pause = 0.0  # pause after a failed look at the clock …
        self._next_look = 0.0  # … and its end (monotonic)
        self._observer: BaseObserver | None = None
        self._watched = 0  # inode of the inbox that is watched
        self._unexpected = 0  # looks in a row that a fault of ours ended
        self._failing: float | None = None  # since when every look has failed (monotonic)
        self._deaf = False  # the inbox sends no events
        self._stuck: frozenset[str] = frozenset()  # files in the inbox that cannot be taken, as last logged
        self._mail = MailFetchers(site, clock, self._bell.ring) if site.mail.receiving else None
        self._opener, self._pages = MailOpener(), FirstPages()
        sending = site.mail.sending
        pages, ring = self._pages.draw, self._bell.ring
        self._sender = MailSenderThread(site, sending, clock, pages, ring) if sending else None
        mail = run.MailBag(self._mail, run.MailDesk(site, self._opener, readers)) if self._mail else None
        self._cluster = ClusterWatch(site, cluster) if cluster else None
        elsewhere = cluster.hands if cluster else None
        self.coordinator = run.Coordinator(
            site, readers, clock, observe=lambda *_: self._get_on(), mail=mail, patient=True, elsewhere=elsewhere
        )

    def stop(self) -> None:
        """Finish the current work, then end."""
        self._stopping = True
        self._bell.ring()

    def hint(self, event: FileSystemEvent) -> None:
        """Take a hint. Called from the observer's thread."""
        if f"{os.sep}{WORK}{os.sep}" in str(event.src_path):
            return
        self._bell.ring()

    def serve(self) -> None:
        """Work until `stop`. Raises Busy if another process works on the site; a fault of ours that does not pass."""
        with self.coordinator, self._opener, self._pages:
            if self._mail is not None:
                with suppress(TemporaryError):  # of a store that is gone each cycle tells
                    run.sweep_mails(self._site)
                self._mail.start()
            if self._sender is not None:
                self._sender.start()
            run.note_cycle(self._site)  # what an earlier process left is no sign that this one hangs
            log.info("watching", poll=self._poll)
            notify.notify("READY=1")
            try:
                pause = 0.0
                while not self._stopping:
                    self._listen()
                    wait, pause = self._turn(pause)
                    run.warm()  # after the files already there: the first new file shall not wait for it
                    self._bell.wait(wait)
            finally:
                notify.notify("STOPPING=1")
                self._deafen()
                if self._mail is not None:
                    self._mail.stop()
                if self._sender is not None:
                    self._sender.stop()
        log.info("stopped")

    def _turn(self, pause: float) -> tuple[float, float]:
        """Do what is to be done now; return how long to wait at most, and the pause after the last fault."""
        try:
            wait = self.turn()
        except Exception as error:
            passing, pause = may_pass(error) or isinstance(error, QuekeError), _longer(pause)
            self._failing = self._failing or time.monotonic()
            lasting = time.monotonic() - self._failing
            write = log.warning if passing and lasting < LOUD_SECONDS else log.critical
            event = "turn_failed" if passing else "turn_failed_unexpectedly"
            write(event, **faults.fault(error).fields(), pause=pause, lasting=round(lasting))
            self._unexpected = 0 if passing else self._unexpected + 1
            if self._unexpected >= MOST_UNEXPECTED or lasting >= GIVE_UP_SECONDS:
                log.critical("giving_up", **faults.fault(error).fields(), lasting=round(lasting))
                raise
            return pause, pause
        self._unexpected, self._failing = 0, None
        self._get_on()
        return wait, 0.0

    def turn(self) -> float:
        """One look at inbox and clock. Returns for how many seconds nothing will be due by itself."""
        cycle = self.coordinator.drain(stop=lambda: self._stopping, patience=QUIET_SECONDS)
        stuck = frozenset(one.path for one in cycle.stuck)
        if stuck - self._stuck:
            log.info("stuck", files=len(stuck), more=len(stuck - self._stuck))
        self._stuck = stuck
        if self._mail is not None:
            self._mail.tell(self._clock())
        if self._cluster is not None:
            self._cluster.tell(self._clock())
        try:
            if not self._stopping:
                self._look_at_the_clock()
                if self._sender is not None:
                    self._sender.turn(self._clock())
                cycle.drawn = self.coordinator.draw()
                if cycle.drawn or run.templates_left(self._site, self._clock()):
                    return 0.0
        finally:
            cycle.log_line()
        if cycle.waiting:
            return max(self.coordinator.folder.look_again, 0.1)
        return QUIET_SECONDS / 4 if cycle.unlisted else min(self._site.policy.scan_seconds, TICK_SECONDS)

    def _get_on(self) -> None:
        """Tell that work gets on: a look is done, or within a long heap of work a submission is."""
        run.note_cycle(self._site)
        notify.notify("WATCHDOG=1")

    def _look_at_the_clock(self) -> None:
        """Do what is due by the clock. A failure there does not stop taking, answering and drawing."""
        if time.monotonic() < self._next_look:
            return
        made = attempted(lambda: timetable.tick(self._site, self._clock()), lasting=True)
        if not isinstance(made, Fault):
            self._clock_pause = 0.0
            return
        self._clock_pause = _longer(self._clock_pause)
        self._next_look = time.monotonic() + self._clock_pause
        log.warning("tick_failed", **made.fields(), pause=self._clock_pause)  # each failed step was logged before

    def _listen(self) -> None:
        """Put an observer on the present inbox; without an inbox, or an observer, scans must be enough."""
        try:
            inode = self._site.inbox.stat().st_ino
        except OSError:
            return
        if self._observer is not None and self._observer.is_alive() and inode == self._watched:
            return
        self._deafen()
        observer = PollingObserver(timeout=POLL_SECONDS) if self._poll else Observer()
        try:
            observer.schedule(_Ear(self), str(self._site.inbox), recursive=True, event_filter=list(HEARD))
            observer.start()
        except OSError as error:  # no inotify watches left, or a file system without events
            if not self._deaf:  # logged once: it is tried again each time
                log.warning("not_listening", **faults.fault(error).fields())
            self._deaf = True
            return
        self._observer, self._watched = observer, inode
        folders = 0 if self._poll else sum(1 for _ in os.walk(self._site.inbox))
        unheard = max(0, folders - _heard_folders(folders))
        if unheard and not self._deaf:  # the observer itself says nothing of it
            full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            log.warning("not_listening", folders=unheard, **faults.fault(full).fields())
        self._deaf = bool(unheard)

    def _deafen(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None


def _heard_folders(most: int) -> int:
    """How many folders the system tells this process of; `most` where it does not say."""
    try:
        files = list(Path("/proc/self/fdinfo").iterdir())
    except OSError:
        return most
    found = 0
    for path in files:
        with suppress(OSError):
            found += path.read_text("ascii", "replace").count("inotify wd:")
    return found


def _longer(pause: float) -> float:
    """How long to wait after one more fault."""
    return min(max(FIRST_PAUSE, 2 * pause), LONGEST_PAUSE)


class _Bell:
    """Wakes the waiting thread. A pipe, because an Event may not be set by a signal that interrupts its waiter."""

    def __init__(self) -> None:
        self._ear, self._rope = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def ring(self) -> None:
        with suppress(BlockingIOError):  # rung often enough
            os.write(self._rope, b".")

    def wait(self, seconds: float) -> None:
        """Return when it was rung since the last wait, or after so many seconds."""
        if select.select([self._ear], [], [], seconds)[0]:
            os.read(self._ear, 65536)


class _Ear(FileSystemEventHandler):
    def __init__(self, service: Service) -> None:
        self._service = service

    def on_any_event(self, event: FileSystemEvent) -> None:
        self._service.hint(event)


def serve(site: Site, readers: Readers, clock: Clock, *, poll: bool = False, cluster: Cluster | None = None) -> None:
    """Watch the site until SIGTERM or SIGINT; then end the current batch and return. The store must be open.

    `cluster`: that of the readers, whose machines draw as well.
    """
    service = Service(site, readers, clock, poll=poll, cluster=cluster)
    with _signals(service.stop):
        service.serve()


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
