"""Processes that may die at any moment, idle or at work: each has its own pipe and a thread that minds it.

They share no lock and no queue: one that is killed (by a file, by the kernel for its memory, by a person) takes along
the item it had in hand, and nothing else; another takes its place before the next task.
"""

from __future__ import annotations

import os
import pickle  # nosec B403  # only to see whether an error of ours can be sent
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from queue import PriorityQueue
from select import POLLIN, poll
from threading import Lock, Thread
from types import ModuleType
from typing import Any, Protocol, TypeVar

from pipeline.errors import TemporaryError

Context = ForkServerContext | SpawnContext
_Started = TypeVar("_Started")

START_SECONDS = 60.0  # in which a process imports what it needs, on a busy machine
STARTS = 5  # the server that processes are forked from may have died a moment ago: it is started again …
FIRST_PAUSE = 0.1  # … after so many seconds, doubled each time: it may not be known yet that it has
KILLED = frozenset({-signal.SIGKILL, 255})  # killed by somebody; or its server was, and nobody knows how it ended
ENDING_SECONDS = 0.5  # how long to wait for a process that closed its pipe, to learn how it ended

_URGENT, _USUAL, _LAST = range(3)
_starting = Lock()


@dataclass(frozen=True, slots=True)
class LostError(Exception):
    """The process ended over an item, or did not answer in time (`exitcode` None: it was killed for that)."""

    exitcode: int | None = None


class RemoteTraceback(Exception):  # noqa: N818  # `faults` knows tracebacks of other processes by this name
    """The cause of an error that was raised in a process: where, as text."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class _Task:
    function: Callable[..., Any]
    items: Sequence[Any]
    seconds: float
    answers: Future[list[Any]]


class Hands(Protocol):
    """Whoever does what is submitted: processes here, or on other machines."""

    def start(self) -> None:
        """Be ready when the first task comes."""
        ...

    def submit(
        self, function: Callable[..., Any], items: Sequence[Any], seconds: float, *, urgent: bool = False
    ) -> Future[list[Any]]:
        """Do `function(item)` for each, at most so many seconds each; what is urgent before all that is not begun.

        The future has an answer or an exception for every item up to the last that was tried: after a LostError, the
        items behind it were not. It raises TemporaryError if no process can be started.
        """
        ...

    def end(self) -> None:
        """Kill the processes; what is not done is cancelled."""
        ...

    @property
    def pids(self) -> list[int]:
        """The processes that are here now."""
        ...


class Crew:
    """A few processes that do what is submitted, urgent tasks first, then as they come. They start when needed, or by
    `start`.
    """

    def __init__(
        self, size: int, context: Context, begin: Callable[..., object], arguments: Sequence[Any] = (), tasks: int = 0
    ) -> None:
        """`begin(*arguments)` prepares each process; it is replaced after so many tasks (0: never)."""
        self._tasks: PriorityQueue[tuple[int, int, _Task | None]] = PriorityQueue()
        self._numbers = count()  # in order, where it is equally urgent
        self._hands = [_Hand(context, begin, arguments, tasks) for _ in range(size)]
        self._threads = [Thread(target=self._mind, args=(hand,), daemon=True) for hand in self._hands]
        self._ended = False
        for thread in self._threads:
            thread.start()

    def start(self) -> None:
        for hand in self._hands:
            Thread(target=hand.prepare, daemon=True).start()

    def submit(
        self, function: Callable[..., Any], items: Sequence[Any], seconds: float, *, urgent: bool = False
    ) -> Future[list[Any]]:
        answers: Future[list[Any]] = Future()
        self._tasks.put((_URGENT if urgent else _USUAL, next(self._numbers), _Task(function, items, seconds, answers)))
        return answers

    def end(self) -> None:
        self._ended = True
        for _ in self._threads:
            self._tasks.put((_LAST, next(self._numbers), None))
        for hand in self._hands:
            hand.end()
        for thread in self._threads:
            thread.join()

    @property
    def pids(self) -> list[int]:
        return [pid for hand in self._hands if (pid := hand.pid)]

    def _mind(self, hand: _Hand) -> None:
        while (task := self._tasks.get()[-1]) is not None:
            if self._ended:
                task.answers.cancel()
            elif task.answers.set_running_or_notify_cancel():
                try:
                    task.answers.set_result(hand.do(task))
                except Exception as error:  # noqa: BLE001  # whatever it is, whoever waits must hear of it
                    task.answers.set_exception(error)
        hand.end()


class _Hand:
    """One place in a crew, and the process that fills it now."""

    def __init__(self, context: Context, begin: Callable[..., object], arguments: Sequence[Any], tasks: int) -> None:
        self._context, self._begin, self._arguments, self._most = context, begin, arguments, tasks
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._done = 0
        self._ended = False
        self._lock = Lock()  # held while a process is started or ended

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def prepare(self) -> None:
        """Start a process if there is none; that it cannot be is told when it is needed."""
        with suppress(TemporaryError):
            self._ready()

    def do(self, task: _Task) -> list[Any]:
        answers: list[Any] = []
        lost = self._tried(task, answers)
        if lost is not None and lost.exitcode in KILLED and len(answers) < len(task.items):
            lost = self._tried(task, answers)  # nothing says that it was the item: once more
        return answers if lost is None else [*answers, lost]

    def _tried(self, task: _Task, answers: list[Any]) -> LostError | None:
        """Do what is left of a task; return why it ended early."""
        pipe = self._ready()
        self._done += 1
        try:
            pipe.send((task.function, task.items[len(answers) :]))
            watch = poll()  # of `pipe.poll` each call makes one
            watch.register(pipe.fileno(), POLLIN)
            while len(answers) < len(task.items):
                if not watch.poll(1000 * task.seconds):
                    self.discard()
                    return LostError()
                answers.append(_raised(pipe.recv()))
        except (EOFError, OSError):
            return LostError(self.discard())
        return None

    def end(self) -> None:
        self._ended = True
        self.discard()

    def discard(self) -> int | None:
        """Kill the process, if it lives; return how it ended."""
        with self._lock:
            return self._discard()

    def _discard(self) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        process.join(ENDING_SECONDS if self._pipe is not None and self._pipe.poll(0) else 0)
        if process.exitcode is None or process.is_alive():
            process.kill()
        elif process.pid:  # its end is only known by hearsay if the server that forked it died
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        process.join()
        code = process.exitcode
        if self._pipe is not None and not self._ended:
            self._pipe.close()
        process.close()
        return code

    def _ready(self) -> Connection:
        """A process that lives and is prepared."""
        with self._lock:
            fresh = not self._most or self._done < self._most
            if self._process is not None and self._pipe is not None and fresh and self._process.is_alive():
                return self._pipe
            self._discard()
            try:
                pipe = persistently(self._started)
            except (OSError, EOFError) as error:
                raise TemporaryError("no process can be started") from error
            self._done = 0
            return pipe

    def _started(self) -> Connection:
        if self._ended:
            raise TemporaryError("the crew has ended")
        ours, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_serve, args=(theirs, self._begin, self._arguments), daemon=True)
        try:
            start(self._process)
        except (OSError, EOFError):
            self._process = None
            raise
        finally:
            theirs.close()
        self._pipe = ours
        with suppress(EOFError, OSError):
            if ours.poll(START_SECONDS):
                ours.recv()
                return ours
        self._discard()
        raise EOFError


def persistently(started: Callable[[], _Started]) -> _Started:
    """Return what starts a process, tried a few times. Raises OSError or EOFError as the last try did."""
    pause = FIRST_PAUSE
    for _ in range(STARTS - 1):
        with suppress(OSError, EOFError):
            return started()
        time.sleep(pause)
        pause *= 2
    return started()


def start(process: BaseProcess) -> None:
    """Start a process without our main program, all of which it would import. Raises OSError or EOFError."""
    with _starting:
        main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
        try:
            process.start()
        finally:
            sys.modules["__main__"] = main


def _raised(answer: tuple[bool, Any, str]) -> Any:
    """An answer; or the error that a process sent, with its place there."""
    fine, value, where = answer
    if not fine:
        value.__cause__ = RemoteTraceback(where)
    return value


def _serve(pipe: Connection, begin: Callable[..., object], arguments: Sequence[Any]) -> None:
    """Run in the process: tasks come in, answers go out one by one, until whoever started us is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the coordinator, which ends us
    begin(*arguments)
    pipe.send(None)
    while True:
        try:
            function, items = pipe.recv()
            for item in items:
                pipe.send(_tried(function, item))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


def _tried(function: Callable[..., Any], item: Any) -> tuple[bool, Any, str]:
    try:
        return True, function(item), ""
    except Exception as error:  # noqa: BLE001  # it is for whoever waits for the answer
        where = "".join(("Traceback (\n", *traceback.format_tb(error.__traceback__)))
        try:
            pickle.loads(pickle.dumps(error))  # nosec B301  # our own
        except (pickle.PickleError, TypeError, AttributeError, ImportError):  # it cannot be made again elsewhere
            error = RuntimeError(type(error).__name__)
        return False, error, where
