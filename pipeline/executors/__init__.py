"""Where workbooks are read: in readers that may die; odd ones always in a disposable child.

Whatever a file does to its reader, each job is answered exactly once, and the other files go on. A temporary fault of
ours (a spool that cannot be opened) is a TemporaryError, never a verdict.
"""

from __future__ import annotations

import gc
import os
import resource
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

from pipeline import faults, task
from pipeline.crew import Crew
from pipeline.errors import TemporaryError
from pipeline.executors.child import log, processes, read_in_child
from pipeline.executors.lanes import looks_plain
from pipeline.forms.clinical import learn
from pipeline.forms.lexicon import learned
from pipeline.model import Reading
from pipeline.xlsx.guard import MAX_FILE


class ReadJob(NamedTuple):
    """A file to read: its submission, where its bytes are, the day it was first seen, for dates without a year."""

    seq: int
    path: Path
    seen: date | None = None


Answer = tuple[int, Reading]

FILE_SECONDS = 2.0  # wall clock for one file in a reader; no verdict follows from it: a child goes on with the file
YIELDING = 4  # how nice readers are: on two cores two of them share one, and the coordinator has the other
READER_MEMORY = 2 * 2**30  # bytes of address space of a pool's reader
CHILDREN = 3  # odd files read at once
CHUNK = 8  # files given to a reader together
BEHIND = 2  # …of those that may be slow: plain ones wait for what a reader has in hand
WINDOW = 4  # chunks a reader may be ahead of whoever takes the answers
TASKS_A_READER = 5_000  # then the reader is replaced, against slow leaks


class Readers(Protocol):
    """Reads workbooks; a context manager, so that its processes end with it."""

    def read(self, jobs: Sequence[ReadJob]) -> Iterator[Answer]:
        """Answer every job exactly once, in any order."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Pool:
    """Reads in `workers` processes. With `at_once` they start before the first file comes; else with the first file.

    Files are given out in small chunks, which halves the cost of a file; each is answered by itself. Those that look
    like ours go before all others that are not begun, whoever asked first. A file that kills its reader, or keeps it
    too long, goes to a child; the files behind it in its chunk are given out again.
    """

    _chunk = CHUNK

    def __init__(
        self, workers: int = 2, reader: Callable[[ReadJob], Reading | None] | None = None, *, at_once: bool = True
    ) -> None:
        self._workers, self._at_once = workers, at_once
        self._reader = reader or read_plain
        self._crew = crew_of(workers, learned())
        self._children = ThreadPoolExecutor(CHILDREN, thread_name_prefix="child")

    def __enter__(self) -> Self:
        if self._at_once:
            self._crew.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._crew.end()
        self._children.shutdown(cancel_futures=True)

    @property
    def pids(self) -> list[int]:
        """The readers that are there now."""
        return self._crew.pids

    @property
    def _width(self) -> int:
        """How many chunks are read at once."""
        return self._workers

    def _given(self, jobs: Sequence[ReadJob], *, urgent: bool) -> Future[list[Any]]:
        return self._crew.submit(self._reader, jobs, FILE_SECONDS, urgent=urgent)

    def _given_apart(self, job: ReadJob) -> Future[list[Any]]:
        """Have an odd file read by a disposable child."""
        return self._children.submit(_read_apart, job)

    def read(self, jobs: Sequence[ReadJob]) -> Iterator[Answer]:
        lanes = (deque[ReadJob](), deque[ReadJob]())
        for job in jobs:
            lanes[not looks_plain(job.path)].append(job)
        most = -(-len(jobs) // self._width)
        ended: SimpleQueue[tuple[_Given, Future[list[Any]]]] = SimpleQueue()
        under_way: set[Future[list[Any]]] = set()

        def follow(given: _Given, future: Future[list[Any]]) -> None:
            under_way.add(future)
            future.add_done_callback(lambda done: ended.put((given, done)))

        try:
            while any(lanes) or under_way:
                while any(lanes) and len(under_way) < WINDOW * self._width:
                    plain = bool(lanes[0])
                    lane, chunk = (lanes[0], self._chunk) if plain else (lanes[1], BEHIND)
                    given = _Given(tuple(lane.popleft() for _ in range(min(chunk, most, len(lane)))), plain=plain)
                    follow(given, self._given(given.jobs, urgent=plain))
                given, future = ended.get()
                under_way.discard(future)
                answers = future.result()
                lanes[not given.plain].extendleft(reversed(given.jobs[len(answers) :]))
                for job, answer in zip(given.jobs, answers, strict=False):
                    if isinstance(reading := _understood(job.seq, answer, given.began), Reading):
                        yield job.seq, reading
                    else:
                        follow(_Given((job,)), self._given_apart(job))
        finally:
            for future in under_way:
                future.cancel()


@dataclass(frozen=True, slots=True)
class _Given:
    """Jobs given to one process together."""

    jobs: tuple[ReadJob, ...]
    plain: bool = False
    began: float = field(default_factory=time.monotonic)


def _understood(seq: int, answer: Reading | Exception | None, began: float) -> Reading | None:
    """The reading of one file; None where a child must read it. Raises TemporaryError, and says whose it is."""
    if isinstance(answer, TemporaryError):
        raise TemporaryError(f"submission {seq}: {answer}") from answer
    if isinstance(answer, Exception):
        log_failed(answer, seq, began)
        return None
    return answer


def _read_apart(job: ReadJob) -> list[Reading | None]:
    return [read_in_child(job.path, job.seq, job.seen)]


def log_failed(error: BaseException, seq: int, began: float) -> None:
    """Log a reader that failed, died or took too long over a file, which a child now reads."""
    fault = replace(faults.fault(error, [seq]), stage="read", ms=round((time.monotonic() - began) * 1000))
    log().warning("reader_failed", **fault.fields())


def read_plain(job: ReadJob) -> Reading | None:
    """Read a plain workbook; None for an odd one. TemporaryError if it cannot be opened."""
    try:
        with job.path.open("rb") as file:
            content = file.read(MAX_FILE + 1)
    except OSError as error:
        raise TemporaryError(f"what we kept cannot be opened: {error.strerror}") from error
    return task.read_plain(content, job.seen)


def crew_of(size: int, words: Mapping[str, str]) -> Crew:
    """Processes for plain workbooks, which know a site's own words."""
    return Crew(size, processes(), _cage_reader, (words,), TASKS_A_READER)


def _cage_reader(words: Mapping[str, str]) -> None:
    learn(words)
    os.nice(YIELDING)
    # no CPU limit here: it counts for the whole process and would in the end kill a healthy reader
    resource.setrlimit(resource.RLIMIT_AS, (READER_MEMORY, READER_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # output of a crashing library may hold cells
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stderr__.fileno() if sys.__stderr__ else 2)
    gc.freeze()  # imported modules stay; a reading holds no cycles, and a reader is replaced now and then
    gc.set_threshold(50_000, 20, 20)
