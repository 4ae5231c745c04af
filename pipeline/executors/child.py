"""The disposable child: one process for one odd workbook, without rights, memory or time to do harm.

Limits: address space 1 GiB, 10 s of CPU, 16 open files, no children (`alone`), no core, empty environment; the wall
clock stops only one that does nothing, or never gets its turn. Its answer comes through a pipe, at most 64 MiB, and may
only be built of our values.
"""

from __future__ import annotations

import io
import os
import pickle  # nosec B403  # read by _Values, which builds only our values
import resource
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Lock
from typing import Any

from pipeline import faults, model, task
from pipeline.crew import persistently, start
from pipeline.errors import TemporaryError
from pipeline.executors.alone import stay_alone
from pipeline.filed import Secret
from pipeline.forms.clinical import learn
from pipeline.forms.lexicon import learned
from pipeline.model import Issue, Reading
from pipeline.xlsx.guard import MAX_FILE

MEMORY = 2**30  # bytes of address space
CPU_SECONDS = 10
WALL_SECONDS = 15.0  # after so long one that does nothing is stopped
LONG_SECONDS = 180.0  # likewise one that gets so little of the machine that its CPU limit does not end it
LOOK_SECONDS = 0.5
ENDING_SECONDS = 2.0  # how long to wait for a child that closed its pipe without an answer, to learn how it ended
OPEN_FILES = 16
ANSWER_BYTES = 64 * 2**20
FAULT_PARTS = 3  # parts of an answer that is a fault: the error's type, and two places

_NOT_ITS_FAULT = frozenset({None, -signal.SIGKILL, 255})
"""How a child ends that no limit of its own ended: killed, by us for its time or by the kernel where memory is short;
or its server was. It is tried once more, with no other such file beside it, before the file is blamed."""

_alone = Lock()


def processes() -> ForkServerContext:
    """How readers and children start: forked from a server that has imported what they need, and no more."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["pipeline.executors.child"])
    return context


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a child sent, empty if it did not finish, and how its process ended: -9 for a signal, for example."""

    content: bytes
    exitcode: int | None


def read_in_child(path: Path, seq: int = 0, seen: date | None = None) -> Reading:
    """Read an odd workbook in a child process; whatever the file does to it, there is an answer.

    A child that dies, hangs or sends nonsense means "quarantined" with file-killed. TemporaryError if the file cannot
    be opened at all or no child can be started: those are our faults.
    """
    began = time.monotonic()
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE + 1)
        answer = _answer_of_child(path, seen, WALL_SECONDS)
        if not answer.content and answer.exitcode in _NOT_ITS_FAULT:
            with _alone:
                answer = _answer_of_child(path, seen, WALL_SECONDS)
    except (OSError, EOFError) as error:
        raise TemporaryError(f"no child could read: {getattr(error, 'strerror', None) or 'none starts'}") from error
    value = _value(answer.content)
    if isinstance(value, Reading):
        return value
    parts = value if isinstance(value, tuple) and len(value) == FAULT_PARTS else ("", "", "")
    fault = replace(faults.of_child(*parts), stage="read", seqs=(seq,), ms=round((time.monotonic() - began) * 1000))
    log().warning("reader_ended", **fault.fields(), exitcode=answer.exitcode)
    return task.refused(content, Issue("file-killed"))


def log() -> Any:
    """Return the log of the readers' failures, imported late: structlog would be a third of a reader."""
    from structlog import get_logger  # not at the top: a reader would carry it

    return get_logger("queke.read")


def _answer_of_child(path: Path, seen: date | None, patience: float) -> _Answer:
    context = processes()
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_read_untrusted, args=(theirs, str(path), learned(), seen), daemon=True)
    content, patient = b"", True
    try:
        try:
            persistently(partial(start, child))
        finally:
            theirs.close()
        patient = _waited(ours, child, patience)
        with suppress(EOFError, OSError):  # it ended without an answer, or with one that is too long
            content = ours.recv_bytes(ANSWER_BYTES) if patient else b""
        if not patient:
            child.kill()
            child.join()  # a crowded machine takes its time over that, too
        child.join(0 if content else ENDING_SECONDS)
        return _Answer(content, child.exitcode)
    finally:
        ours.close()
        if child.pid is not None:
            child.kill()
            child.join()
        child.close()


def _waited(pipe: Connection, child: BaseProcess, patience: float) -> bool:
    """Wait for an answer, or the end, of a child; False if it must be stopped.

    Its CPU limit decides; the wall clock only stops one that sleeps, or one that never gets its turn.
    """
    began, used = time.monotonic(), -1.0
    while not pipe.poll(min(LOOK_SECONDS, patience)):
        past = time.monotonic() - began
        before, (used, waits) = used, _work_of(child.pid)
        idle = used == before and not waits
        if past >= patience and (idle or past >= max(LONG_SECONDS, patience)):
            return False
    return True


def _work_of(pid: int | None) -> tuple[float, bool]:
    """The CPU seconds that a process has used, and whether it has or waits for its turn, or a disk; 0 and no where the
    system does not tell.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), fields[0] in "RD"
    except (OSError, IndexError, ValueError):
        return 0.0, False


def _read_untrusted(pipe: Connection, path: str, words: Mapping[str, str], seen: date | None) -> None:
    """Run in the child: drop all rights, read, answer. `words`: the site's own."""
    learn(words)
    with Path(path).open("rb") as file:
        content = file.read(MAX_FILE + 1)
    _cage()
    answer: Reading | tuple[str, str, str]
    try:
        answer = task.read_untrusted(content, seen)
    except Exception as error:  # noqa: BLE001  # whatever it is, its place must be reported: this process has no log
        fault = faults.fault(error)
        answer = fault.error, fault.at, fault.inner
    pipe.send_bytes(pickle.dumps(answer, protocol=5))
    pipe.close()


def _cage() -> None:
    os.environ.clear()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the coordinator ends us
    os.nice(5)
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)  # output of a crashing library may hold cells
    os.close(silence)
    limits = (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_FSIZE, 0),
    )
    for which, limit in limits:
        resource.setrlimit(which, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))  # SIGXCPU first: it tells why it ended
    stay_alone()  # where this is not possible, RLIMIT_NPROC is left, and it does not limit root


# --------------------------------------------------------------------------- the answer

_PLAIN_VALUES = {("datetime", "date"), ("datetime", "datetime"), ("datetime", "time"), ("decimal", "Decimal")}


class _Values(pickle.Unpickler):
    """Builds only the parts of a Reading: the classes of `model`, dates and decimals."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) in _PLAIN_VALUES:
            return super().find_class(module, name)
        if (module, name) == (Secret.__module__, Secret.__name__):
            return Secret
        ours = module.startswith(f"{model.__name__}.")  # a class is known by the module of the package that defines it
        value = getattr(model, name, None) if ours else None
        if not isinstance(value, type) or value.__module__ != module:
            raise pickle.UnpicklingError("not one of our values")
        return value


def _value(answer: bytes) -> object:
    """What a child answered; None if it is none of our values."""
    if not answer:
        return None
    try:
        value: object = _Values(io.BytesIO(answer)).load()  # nosec B301  # see _Values
    except (pickle.UnpicklingError, EOFError, AttributeError, ValueError, TypeError, IndexError):
        return None
    return value
