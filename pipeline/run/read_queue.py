"""Readers at work while the coordinator settles: batches go in, answers come out as they are ready.

A file that keeps its reader for fifteen seconds delays no other: the rest of its batch goes on.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue

from pipeline.executors import Readers, ReadJob
from pipeline.model import Arrival, Reading, ReadVerdict
from pipeline.run.parts import Read
from pipeline.schooldays import today

PATIENT_SECONDS = 0.5  # then the coordinator looks at the inbox again
IDLE_SECONDS = 0.2  # longer gaps between answers are not waited for
LONG_SECONDS = 1.0  # what comes one by one is not waited for any longer
MOST_GROUPS = 64  # groups of files read at once; a group is done when its slowest file is, and only waits for that
WORTH_A_BATCH = 64  # a batch has its price at any size: some 20 ms
PLENTY = 128  # are settled at once: of a heap most is the coordinator's work, so it never waits for more
MANY_REFUSED = 20  # so many refused files are settled after all others, with their letters


class ReadQueue:
    """Arrivals that are being read. Created again after a fault: late answers of the old one are dropped."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._under_way: dict[int, Arrival] = {}
        self._answers: SimpleQueue[tuple[int, Reading] | Future[None]] = SimpleQueue()  # the end of a batch is last
        self._put_off: list[Read] = []  # refused ones, of which `useful` has been asked
        self._threads = ThreadPoolExecutor(MOST_GROUPS, thread_name_prefix="reading")

    def __len__(self) -> int:
        return len(self._under_way) + len(self._put_off)

    @property
    def seqs(self) -> list[int]:
        """The submissions that are being read."""
        return [*self._under_way, *(arrival.seq for arrival, _ in self._put_off)]

    def put(self, arrivals: Sequence[Arrival]) -> None:
        """Begin to read these."""
        self._under_way.update((arrival.seq, arrival) for arrival in arrivals)
        jobs = [job_of(arrival, arrival.path) for arrival in arrivals]
        self._threads.submit(self._read, jobs).add_done_callback(self._answers.put)

    def useful(self, limit: int) -> list[Read]:
        """Return up to `limit` that are read already and were not refused; those that were wait for `take`."""
        found: list[Read] = []
        while self._under_way and len(found) < limit:
            try:
                answer = self._answers.get_nowait()
            except Empty:
                break
            if isinstance(answer, Future):
                answer.result()
                continue
            seq, reading = answer
            (self._put_off if is_refused(reading) else found).append((self._under_way.pop(seq), reading))
        return found

    def take(self, limit: int) -> list[Read]:
        """Return up to `limit` that are read: what is ready; of a few, half of those under way if it comes quickly.

        The others are read while these are settled. Waits a moment for the first: returns none if all readers are
        busy. Raises what a reader raised.
        """
        taken, self._put_off = self._put_off[:limit], self._put_off[limit:]
        began = time.monotonic()
        enough = min(max(len(self._under_way) // 2, WORTH_A_BATCH), PLENTY)
        while self._under_way and len(taken) < limit:
            over = len(taken) >= enough or (taken and time.monotonic() - began > LONG_SECONDS)
            seconds = 0.0 if over else IDLE_SECONDS if taken else PATIENT_SECONDS
            try:
                answer = self._answers.get(block=seconds > 0, timeout=seconds)
            except Empty:
                break
            if isinstance(answer, Future):
                answer.result()
                continue
            seq, reading = answer
            taken.append((self._under_way.pop(seq), reading))
        return taken

    def _read(self, jobs: Sequence[ReadJob]) -> None:
        for answer in self._readers.read(jobs):
            self._answers.put(answer)


def is_refused(reading: Reading) -> bool:
    """Whether a file was not opened and is nobody's paper: nothing that another file says follows from it."""
    return reading.verdict == ReadVerdict.QUARANTINED and reading.scan is None


def lanes(batch: Sequence[Read]) -> list[list[Read]]:
    """A batch in the order in which it is settled: many refused files, and their letters, delay no other's receipt."""
    refused = [read for read in batch if is_refused(read[1])]
    if not MANY_REFUSED <= len(refused) < len(batch):
        return [[*batch]]
    return [[read for read in batch if not is_refused(read[1])], refused]


def job_of(arrival: Arrival, path: Path) -> ReadJob:
    """The reading of an arrival, from wherever its bytes are now."""
    return ReadJob(arrival.seq, path, today(arrival.first_seen))


class Pacer:
    """True at most once in so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last = float("-inf")

    def __call__(self) -> bool:
        now = time.monotonic()
        if now - self._last < self._seconds:
            return False
        self._last = now
        return True
