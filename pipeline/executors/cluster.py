"""Other machines at work for us: a cluster of Dask's `distributed`, where queke.toml names its scheduler.

What is sent holds bytes or values: no path, no store, no passphrase. On its machine a task gives them to processes of
our own, as here, so that a file does there to its process what it would do here, and never to the worker. A task that
the cluster does not do (no worker, a scheduler gone, another version of queke there) is done here: nothing waits.
"""

from __future__ import annotations

import os
import pickle  # nosec B403  # a key made of our own values
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, NamedTuple, Self

import dask
from distributed import Client, Security, get_worker
from distributed.client import FutureCancelledError
from distributed.utils import LoopRunner
from structlog import get_logger

from pipeline import __version__, faults
from pipeline.crew import Hands
from pipeline.errors import TemporaryError
from pipeline.model import ClusterPlan

Opened = Callable[[int], Hands]
"""Makes so many hands: a function at the top of a module, or a partial of one, so that another machine finds it."""

LOOK_SECONDS = 1.0  # how often the cluster is looked at
CONNECT_SECONDS = 5.0
PATIENCE_SECONDS = 60.0  # without one answer, beyond what a task may take, after which what was given is done here …
REST_SECONDS = 60.0  # … and nothing is given out for so long
_SETTINGS = {
    "distributed.admin.large-graph-warning-threshold": "1GB",  # a workbook may have 20 MB
    "distributed.comm.timeouts.connect": f"{CONNECT_SECONDS}s",
    "distributed.diagnostics.nvml": False,
}

log = get_logger("queke.cluster")


class OtherVersionError(Exception):
    """A worker has another version of queke, which may read a workbook otherwise."""


@dataclass(frozen=True, slots=True)
class FarTask:
    """A task: `function` of each item, at most so many seconds each, in hands that `opened` makes; in none if None."""

    opened: Opened | None
    function: Callable[..., Any]
    items: tuple[Any, ...] = field(repr=False)  # the cluster's log shows what failed: never a cell
    seconds: float
    version: str = __version__


class _Outstanding(NamedTuple):
    task: FarTask
    answers: Future[list[Any]]
    instead: Callable[[], Future[list[Any]]]
    far: Any  # distributed's future
    since: float


class Cluster:
    """The connection to a scheduler, as a context manager; it is made again by itself whenever it is lost."""

    def __init__(self, plan: ClusterPlan) -> None:
        self._plan = plan
        self._client: Client | None = None
        self._threads = 0  # of all workers, when last looked at
        self._away = False  # whether it was said that nobody is there
        self._given: dict[int, _Outstanding] = {}
        self._numbers = count()
        self._rest = 0.0  # until when nothing is given out, after a silence (monotonic)
        self._last = 0.0  # when the cluster last answered a task (monotonic)
        self._lock = Lock()
        self._ended = Event()
        self._loop = LoopRunner()  # of all connections: a client that cannot connect would leave one of its own behind
        self._minder = Thread(target=self._mind, name="cluster", daemon=True)

    def __enter__(self) -> Self:
        self._loop.start()
        self._look()
        self._minder.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._minder.join()
        with self._lock:
            left, self._given = self._given, {}
        for given in left.values():
            given.answers.cancel()
        self._drop()
        self._loop.stop()

    @property
    def size(self) -> int:
        """How many tasks it does at once, when last looked at; 0 while nobody is there."""
        return self._threads

    def hands(self, opened: Opened, here: Hands) -> FarHands:
        """Hands of its machines, made there by `opened`; those `here` do what no machine does."""
        return FarHands(self, opened, here)

    def do(self, task: FarTask, instead: Callable[[], Future[list[Any]]], *, urgent: bool = False) -> Future[list[Any]]:
        """Have a task done by a worker, or by `instead` where none can. Its answers are those of `Hands.submit`."""
        answers: Future[list[Any]] = Future()
        number = next(self._numbers)
        client = self._client
        if client is None or not self._threads:
            _passed_on(instead(), answers)
            return answers
        try:
            far = client.submit(_perform, task, pure=False, priority=1 if urgent else 0)
        except (OSError, RuntimeError):  # it was lost a moment ago
            _passed_on(instead(), answers)
            return answers
        with self._lock:
            self._given[number] = _Outstanding(task, answers, instead, far, time.monotonic())
        far.add_done_callback(lambda done: self._answered(number, done))
        return answers

    def _answered(self, number: int, far: Any) -> None:
        found: list[Any] | None = None
        if far.status == "finished":
            self._last = time.monotonic()
            with suppress(OSError, RuntimeError, TimeoutError, FutureCancelledError):  # its worker went with the answer
                found = far.result(timeout=CONNECT_SECONDS)
        with self._lock:
            given = self._given.pop(number, None)
        if given is None:  # it was done here meanwhile
            return
        if found is None:
            _log_undone(far)
            _passed_on(given.instead(), given.answers)
        elif given.answers.set_running_or_notify_cancel():
            given.answers.set_result(found)

    def _mind(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self._look()

    def _look(self) -> None:
        """See who is there; whatever waits for nobody is done here."""
        try:
            if self._client is None:
                self._client = _connected(self._plan, self._loop.loop)
            there = sum(self._client.nthreads().values())
            self._threads = there if time.monotonic() >= self._rest else 0
        except (OSError, RuntimeError, ValueError):
            self._drop()
        if self._away == bool(self._threads):
            self._away = not self._threads
            told = log.warning if self._away else log.info
            told(
                "cluster_away" if self._away else "cluster_back", scheduler=self._plan.scheduler, workers=self._threads
            )
        self._take_back(nobody=not self._threads)

    def _take_back(self, *, nobody: bool) -> None:
        now = time.monotonic()
        with self._lock:
            overdue = [
                number
                for number, given in self._given.items()
                if nobody
                or now - max(given.since, self._last) > PATIENCE_SECONDS + given.task.seconds * len(given.task.items)
            ]
            taken = [self._given.pop(number) for number in overdue]
        for given in taken:
            _passed_on(given.instead(), given.answers)
        if taken and not nobody:
            self._rest, self._threads = now + REST_SECONDS, 0
            silent = faults.fault(TemporaryError("workers hold their connection and answer nothing"))
            log.warning("cluster_silent", scheduler=self._plan.scheduler, tasks=len(taken), **silent.fields())

    def _drop(self) -> None:
        client, self._client, self._threads = self._client, None, 0
        if client is not None:
            client.close(timeout=CONNECT_SECONDS)


class FarHands:
    """See `Cluster.hands`."""

    def __init__(self, cluster: Cluster, opened: Opened, here: Hands) -> None:
        self._cluster, self._opened, self._here = cluster, opened, here

    def start(self) -> None:
        """Nothing is started before a task comes: it is not known where."""

    def submit(
        self, function: Callable[..., Any], items: Sequence[Any], seconds: float, *, urgent: bool = False
    ) -> Future[list[Any]]:
        """See `Hands.submit`."""
        task = FarTask(self._opened, function, tuple(items), seconds)
        return self._cluster.do(
            task, partial(self._here.submit, function, items, seconds, urgent=urgent), urgent=urgent
        )

    def end(self) -> None:
        """End those that are here; what is under way elsewhere ends by itself."""
        self._here.end()

    @property
    def pids(self) -> list[int]:
        """The processes that are here now."""
        return self._here.pids


def versions(plan: ClusterPlan) -> list[tuple[str, int]]:
    """Of each worker: its version of queke, and how many tasks it does at once. Raises OSError if nobody answers."""
    client = _connected(plan, None)
    try:
        found = client.run(_version)
        return [(found.get(address, ""), threads) for address, threads in client.nthreads().items()]
    finally:
        client.close(timeout=CONNECT_SECONDS)


def _version() -> str:
    return __version__


def _connected(plan: ClusterPlan, loop: Any) -> Client:
    dask.config.set(_SETTINGS)
    security = (
        Security(
            tls_ca_file=plan.ca,
            tls_client_cert=plan.certificate,
            tls_client_key=plan.key,
            require_encryption=True,
        )
        if plan.ca
        else None
    )
    return Client(plan.scheduler, loop=loop, security=security, timeout=CONNECT_SECONDS, set_as_default=False)


def _log_undone(far: Any) -> None:
    error = far.exception() if far.status == "error" else TemporaryError("its worker, or the scheduler, went away")
    log.warning("cluster_task_undone", **faults.fault(error).fields())


def _passed_on(done: Future[list[Any]], answers: Future[list[Any]]) -> None:
    """Give what `done` will hold to whoever waits for `answers`."""

    def pass_on(ended: Future[list[Any]]) -> None:
        if ended.cancelled():
            answers.cancel()
        elif answers.set_running_or_notify_cancel():
            if error := ended.exception():
                answers.set_exception(error)
            else:
                answers.set_result(ended.result())

    done.add_done_callback(pass_on)


# --------------------------------------------------------------------------- on the other machine

_hands: dict[bytes, tuple[bytes, Hands]] = {}  # one for readers and one for renderers, each with what it was made of
_making = Lock()


def _perform(task: FarTask) -> list[Any]:
    """Run by a worker: the task's answers, an exception in place of one that failed. Raises OtherVersionError."""
    if task.version != __version__:
        raise OtherVersionError
    if task.opened is None:
        return [task.function(item) for item in task.items]
    return _hands_of(task.opened).submit(task.function, task.items, task.seconds).result()


def _hands_of(opened: Opened) -> Hands:
    """The hands of this worker that `opened` made; those of another vocabulary, say, are replaced."""
    made_of = pickle.dumps(opened)
    kind = pickle.dumps(getattr(opened, "func", opened))
    with _making:
        held = _hands.get(kind)
        if held is None or held[0] != made_of:
            if held is not None:
                held[1].end()
            threads = get_worker().state.nthreads or len(os.sched_getaffinity(0))
            held = _hands[kind] = (made_of, opened(threads))
        return held[1]
