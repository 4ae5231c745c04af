"""Where workbooks are read: in this process, or in a pool of readers; odd ones always in a disposable child.

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
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Protocol, Self

from pebble import ProcessPool

from pipeline import faults, task
from pipeline.errors import TemporaryError
from pipeline.executors.child import log, processes, read_in_child
from pipeline.forms.clinical import learn
from pipeline.forms.lexicon import learned
from pipeline.model import Reading
from pipeline.xlsx.guard import MAX_FILE

Job = tuple[int, Path]
Answer = tuple[int, Reading]

FILE_SECONDS = 15.0  # wall clock for one file in a reader
READER_MEMORY = 2 * 2**30  # bytes of address space of a pool's reader
CHILDREN = 3  # odd files read at once
CHUNK = 8  # files given to a reader together
CHUNK_SECONDS = 1.0  # how long the other files of a chunk wait for one that hangs
WINDOW = 4  # chunks a reader may be ahead of whoever takes the answers
TASKS_A_READER = 5_000  # then the reader is replaced, against slow leaks


class Readers(Protocol):
    """Reads workbooks; a context manager, so that its processes end with it."""

    def read(self, jobs: Sequence[Job]) -> Iterator[Answer]:
        """Answer every job exactly once, in any order."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class InProcess:
    """Reads plain workbooks in this process, one after the other: for a command with a few files, and for tests."""

    def read(self, jobs: Sequence[Job]) -> Iterator[Answer]:
        for seq, path in jobs:
            reading = _attempted(seq, path)
            yield seq, read_in_child(path, seq) if reading is None else reading

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class Pool:
    """Reads in `workers` processes that start at once, so that they are ready when the first file comes.

    Files are given out in small chunks, which halves the cost of a file. A chunk that is not answered within a second
    is given out again file by file; a file that is not answered alone goes to a child.
    """

    def __init__(self, workers: int = 2, reader: Callable[[Path], Reading | None] | None = None) -> None:
        self._workers = workers
        self._reader = reader or read_plain
        self._pool = ProcessPool(
            max_workers=workers,
            max_tasks=TASKS_A_READER,
            initializer=_cage_reader,
            initargs=(learned(),),
            context=processes(),
        )
        self._children = ThreadPoolExecutor(CHILDREN, thread_name_prefix="child")
        self._started: Future[None] | None = None

    def __enter__(self) -> Self:
        self._started = self._children.submit(self._start)
        return self

    def _start(self) -> None:
        for _ in range(self._workers):
            self._pool.schedule(_awake)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._started:
            wait([self._started])
        self._pool.stop()  # type: ignore[no-untyped-call]  # pebble says nothing of it
        self._pool.join()
        self._children.shutdown(cancel_futures=True)

    def read(self, jobs: Sequence[Job]) -> Iterator[Answer]:
        waiting = _Waiting(jobs, min(CHUNK, -(-len(jobs) // self._workers)))
        ended: SimpleQueue[tuple[_Given, Future[list[Reading | None]]]] = SimpleQueue()
        under_way: set[Future[list[Reading | None]]] = set()

        def follow(given: _Given, future: Future[list[Reading | None]]) -> None:
            under_way.add(future)
            future.add_done_callback(lambda done: ended.put((given, done)))

        try:
            while waiting or under_way:
                while waiting and len(under_way) < WINDOW * self._workers:
                    given = waiting.take()
                    follow(given, self._hand_out(given))
                given, future = ended.get()
                under_way.discard(future)
                readings = _outcome(given, future)
                if readings is None:
                    waiting.split(given)
                    continue
                for job, reading in zip(given.jobs, readings, strict=True):
                    if reading is None:
                        follow(_Given((job,), by_child=True), self._children.submit(_read_apart, job))
                    else:
                        yield job[0], reading
        finally:
            for future in under_way:
                future.cancel()

    def _hand_out(self, given: _Given) -> Future[list[Reading | None]]:
        paths = [path for _, path in given.jobs]
        seconds = FILE_SECONDS if len(paths) == 1 else CHUNK_SECONDS
        future: Future[list[Reading | None]] = self._pool.schedule(
            _read_each, args=(self._reader, paths), timeout=seconds
        )
        return future


@dataclass(frozen=True, slots=True)
class _Given:
    """Jobs given to one process together."""

    jobs: tuple[Job, ...]
    by_child: bool = False
    began: float = field(default_factory=time.monotonic)


class _Waiting:
    """Jobs not given out yet: those of a failed chunk first, one by one."""

    def __init__(self, jobs: Sequence[Job], chunk: int) -> None:
        self._chunk = chunk
        self._jobs = deque(jobs)
        self._alone: deque[Job] = deque()

    def __bool__(self) -> bool:
        return bool(self._jobs or self._alone)

    def take(self) -> _Given:
        if self._alone:
            return _Given((self._alone.popleft(),))
        return _Given(tuple(self._jobs.popleft() for _ in range(min(self._chunk, len(self._jobs)))))

    def split(self, given: _Given) -> None:
        self._alone.extend(given.jobs)


def _outcome(given: _Given, future: Future[list[Reading | None]]) -> list[Reading | None] | None:
    """The answers to the jobs; None for a job that a child must read; None for all: try them one by one."""
    if given.by_child or future.cancelled():
        return future.result()
    error = future.exception()
    if isinstance(error, TemporaryError):
        raise TemporaryError(f"submission {given.jobs[0][0]} or a neighbour: {error}") from error
    if error is None:
        return future.result()
    _log_failed(error, [seq for seq, _ in given.jobs], given.began)
    return [None] if len(given.jobs) == 1 else None


def _read_each(reader: Callable[[Path], Reading | None], paths: Sequence[Path]) -> list[Reading | None]:
    return [reader(path) for path in paths]


def _attempted(seq: int, path: Path) -> Reading | None:
    """Read a plain workbook here; None for one that is odd, or on which our reader failed."""
    began = time.monotonic()
    try:
        return read_plain(path)
    except TemporaryError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever a file does to its reader, the others go on
        _log_failed(error, [seq], began)
        return None


def _read_apart(job: Job) -> list[Reading | None]:
    seq, path = job
    return [read_in_child(path, seq)]


def _log_failed(error: BaseException, seqs: Sequence[int], began: float) -> None:
    """Log a reader that failed, died or hung: of several files, each is now read alone; a single one, by a child."""
    fault = replace(faults.fault(error, seqs), stage="read", ms=round((time.monotonic() - began) * 1000))
    write = log().warning if len(seqs) == 1 else log().debug
    write("reader_failed", **fault.fields())


def read_plain(path: Path) -> Reading | None:
    """Read a plain workbook from its path; None for an odd one. TemporaryError if it cannot be opened."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE + 1)
    except OSError as error:
        raise TemporaryError(f"what we kept cannot be opened: {error.strerror}") from error
    return task.read_plain(content)


def _cage_reader(words: Mapping[str, str]) -> None:
    learn(words)
    # no CPU limit here: it counts for the whole process and would in the end kill a healthy reader
    resource.setrlimit(resource.RLIMIT_AS, (READER_MEMORY, READER_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # output of a crashing library may hold cells
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stderr__.fileno() if sys.__stderr__ else 2)
    gc.freeze()  # imported modules stay; a reading holds no cycles, and a reader is replaced now and then
    gc.set_threshold(50_000, 20, 20)


def _awake() -> None:
    """Does nothing: a reader that has run it has imported what it needs."""
