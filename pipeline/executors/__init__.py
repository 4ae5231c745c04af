"""Where workbooks are read: in this process, or in a pool of readers; odd ones always in a disposable child.

Whatever a file does to its reader, each job is answered exactly once, and the files before and behind it
go on. A passing fault of ours (a spool that cannot be opened) is a TemporaryError, never a verdict.
"""

from __future__ import annotations

import os
import resource
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Protocol, Self

from pebble import ProcessPool

from pipeline import task
from pipeline.errors import TemporaryError
from pipeline.executors.child import ponder_in_child, processes
from pipeline.model import Reading
from pipeline.xlsx.guard import MAX_FILE

Job = tuple[int, Path]
Answer = tuple[int, Reading]

FILE_SECONDS = 15.0  # wall clock for one file in a reader
READER_MEMORY = 2 * 2**30  # bytes of address space of a pool's reader
CHILDREN = 3  # odd files read at once
WINDOW = 32  # files a reader may have ahead of the one who takes the answers
TASKS_A_READER = 5_000  # then it is replaced, against slow leaks


class Readers(Protocol):
    """What reads workbooks; a context manager, so that processes end with it."""

    def read(self, jobs: Sequence[Job]) -> Iterator[Answer]:
        """Answer every job exactly once, in any order."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class InProcess:
    """Reads plain workbooks here, one after the other: for a command with a few files, and for tests."""

    def read(self, jobs: Sequence[Job]) -> Iterator[Answer]:
        for seq, path in jobs:
            reading = read_plain(path)
            yield seq, ponder_in_child(path) if reading is None else reading

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class Pool:
    """Reads in `workers` processes that start at once, so that they are warm when the first file comes."""

    def __init__(self, workers: int = 2, glance: Callable[[Path], Reading | None] | None = None) -> None:
        self._workers = workers
        self._glance = glance or read_plain
        self._pool = ProcessPool(
            max_workers=workers, max_tasks=TASKS_A_READER, initializer=_cage_reader, context=processes()
        )
        self._children = ThreadPoolExecutor(CHILDREN, thread_name_prefix="child")

    def __enter__(self) -> Self:
        for _ in range(self._workers):
            self._pool.schedule(_awake)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]  # pebble says nothing of it
        self._pool.join()
        self._children.shutdown(cancel_futures=True)

    def read(self, jobs: Sequence[Job]) -> Iterator[Answer]:
        waiting = deque(jobs)
        ended: SimpleQueue[tuple[Job, Future[Reading | None]]] = SimpleQueue()
        under_way: dict[int, Future[Reading | None]] = {}

        def follow(job: Job, future: Future[Reading | None]) -> None:
            under_way[job[0]] = future
            future.add_done_callback(lambda done: ended.put((job, done)))

        try:
            while waiting or under_way:
                while waiting and len(under_way) < WINDOW * self._workers:
                    job = waiting.popleft()
                    follow(job, self._pool.schedule(self._glance, args=(job[1],), timeout=FILE_SECONDS))
                job, future = ended.get()
                reading = _outcome(job, future)
                if reading is None:
                    follow(job, self._children.submit(ponder_in_child, job[1]))
                    continue
                del under_way[job[0]]
                yield job[0], reading
        finally:
            for future in under_way.values():
                future.cancel()


def _outcome(job: Job, future: Future[Reading | None]) -> Reading | None:
    """What a reader said of a job; None when it died, froze or found it odd: a child shall look."""
    if future.cancelled():
        raise CancelledError
    error = future.exception()
    if isinstance(error, TemporaryError):
        raise TemporaryError(f"submission {job[0]}: {error}") from error
    return None if error is not None else future.result()


def read_plain(path: Path) -> Reading | None:
    """Read a plain workbook from its place; None for an odd one. TemporaryError if it cannot be opened."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE + 1)
    except OSError as error:
        raise TemporaryError(f"what we kept cannot be opened: {error.strerror}") from error
    return task.glance(content)


def _cage_reader() -> None:
    # no CPU limit here: it counts for the process and would kill an honest reader in the end
    resource.setrlimit(resource.RLIMIT_AS, (READER_MEMORY, READER_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # what a dying library prints may hold cells
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stderr__.fileno() if sys.__stderr__ else 2)


def _awake() -> None:
    """Nothing: a reader that has run it has imported what it needs."""
