"""What hostile files make of a reader, as functions that run in its place. Light to import: children do."""

from __future__ import annotations

import _thread
import os
import pickle
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from pipeline import executors, forms, task
from pipeline.executors import ReadJob, child
from pipeline.model import Reading


def dies(job: ReadJob) -> Reading | None:
    """A reader that the third file kills and the fifth freezes, in place of the honest one."""
    if job.path.name == "00003":
        os.kill(os.getpid(), signal.SIGKILL)
    if job.path.name == "00005":
        time.sleep(60)
    return executors.read_plain(job)


def hangs(pipe, path: str, words=None, seen=None) -> None:
    child._cage()
    time.sleep(60)


def spins(pipe, path: str, words=None, seen=None) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (1, 2))
    while True:
        pass


def killed_once(pipe, path: str, words=None, seen=None) -> None:
    """A child that somebody else kills: the kernel, where memory is short."""
    seen = Path(path).with_name("seen")
    if not seen.exists():
        seen.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    pipe.send_bytes(pickle.dumps(Reading("parsed")))


def toils(pipe, path: str, words=None, seen=None) -> None:
    """A child that is at work for longer than one that does nothing would be waited for."""
    child._cage()
    while time.process_time() < 1.5:
        pass
    pipe.send_bytes(pickle.dumps(Reading("parsed")))


def swells(pipe, path: str, words=None, seen=None) -> None:
    child._cage()
    hoard = [bytes(2**28) for _ in range(8)]
    pipe.send_bytes(pickle.dumps(len(hoard)))


def floods(pipe, path: str, words=None, seen=None) -> None:
    pipe.send_bytes(bytes(child.ANSWER_BYTES + 1))


def lies(pipe, path: str, words=None, seen=None) -> None:
    pipe.send_bytes(pickle.dumps(Path("not one of our values")))


def babbles(pipe, path: str, words=None, seen=None) -> None:
    pipe.send_bytes(b"\x80\x05nonsense")


def escapes(pipe, path: str, words=None, seen=None) -> None:
    child._cage()
    Path(path).with_name("written").write_bytes(b"x" * 10)
    pipe.send_bytes(b"")


def multiplies(pipe, path: str, words=None, seen=None) -> None:
    """Every way to start another: each must be refused, and by the right word."""
    child._cage()
    ways = (
        os.fork,
        lambda: os.posix_spawn("/bin/true", ["true"], {}),
        lambda: os.execv("/bin/true", ["true"]),
        lambda: _thread.start_new_thread(print, ()),
    )
    pipe.send_bytes(pickle.dumps(Reading("parsed", content_sha=",".join(map(_refused, ways)))))


def _refused(way: Callable[[], object]) -> str:
    try:
        way()
    except (OSError, RuntimeError) as error:
        return type(error).__name__
    return "nothing"


def confesses(pipe, path: str, words=None, seen=None) -> None:
    child._cage()
    limits = [resource.getrlimit(w) for w in (resource.RLIMIT_AS, resource.RLIMIT_NOFILE, resource.RLIMIT_CORE)]
    said = (dict(os.environ), limits)
    pipe.send_bytes(pickle.dumps(Reading("parsed", content_sha=repr(said))))


def panics(job: ReadJob) -> Reading | None:
    """A reader that the second file makes panic as Rust does: no Exception, and of a class nobody can import."""
    if job.path.name == "00002":
        raise type("PanicException", (BaseException,), {})("index out of bounds")
    return executors.read_plain(job)


def quotes(text: str) -> None:
    """A worker that fails with what it was given in the error's text."""
    forms.form(text)


def breaks(pipe, path: str, words=None, seen=None) -> None:
    """A child whose reader has a fault of ours, which quotes what it was given."""
    child.task = SimpleNamespace(read_untrusted=lambda _content, _seen: forms.form(path))
    child._read_untrusted(pipe, path, {}, None)


def fails(job: ReadJob) -> Reading | None:
    """A reader that has a fault of ours at the second file, whose text quotes a cell."""
    if job.path.name == "00002":
        forms.form("a cell")
    with job.path.open("rb") as file:
        return task.read_plain(file.read())


def waits(job: ReadJob) -> Reading | None:
    """A reader that begins nothing before somebody says go, and notes what it read."""
    while not job.path.with_name("go").exists():
        time.sleep(0.01)
    with job.path.with_name("read").open("a") as noted:
        noted.write(f"{job.seq}\n")
    return executors.read_plain(job)
