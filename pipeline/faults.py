"""The log fields of a fault: its place, its stage, its submissions; never its text, which may hold cells.

Every log line of a failure takes its fields from here: `log.error("batch_failed", **fault(error).fields())`. A stage is
a `with stage("read", seqs)`; it is timed, and a fault that leaves it is known to come from it.
"""

from __future__ import annotations

import builtins
import os
import re
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType

from pipeline.errors import QuekeError, UsageError

MOST_TEXT = 200  # letters of a text of ours
FEW = 10  # submissions whose numbers are all named

_HOME = Path(__file__).parent
_STANDARD = Path(os.__file__).parent
_LIBRARIES = re.compile(r".*/(?:site|dist)-packages/")
_REMOTE = frozenset({"RemoteTraceback", "_RemoteTraceback"})  # how the pools pass a traceback on
_FRAME = re.compile(r'  File "([^"\n]+\.py)", line ([0-9]+)')


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, as it may be logged and kept. Places are `settling/absence.py:123`."""

    error: str  # the type of its cause
    at: str = ""  # our innermost frame
    inner: str = ""  # the innermost frame at all
    text: str = ""  # the text, of an error of our own; the system's word for its number
    stage: str = ""
    seqs: tuple[int, ...] = ()  # submissions under way
    ms: int = 0  # how long the stage had lasted

    def fields(self) -> dict[str, object]:
        """Return what a log line of the fault says."""
        batch = {"size": len(self.seqs), "first": min(self.seqs), "last": max(self.seqs)} if self.seqs else {}
        few = {"submissions": list(self.seqs)} if 0 < len(self.seqs) <= FEW else {}
        text = {"text": self.text} if self.text else {}
        return {
            "stage": self.stage, **batch, **few, "ms": self.ms,
            "error": self.error, "at": self.at, "inner": self.inner, **text,
        }  # fmt: skip


# --------------------------------------------------------------------------- stages


@dataclass(slots=True)
class _Stages:
    """The stages that this thread is in, outermost first; the seconds of each; the last fault that left one."""

    under_way: list[tuple[str, tuple[int, ...], float]] = field(default_factory=list)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    since: float = 0.0  # up to when the innermost one's seconds are counted
    left_by: tuple[BaseException, Fault] | None = None


_stages: ContextVar[_Stages] = ContextVar("stages")


@contextmanager
def stage(name: str, seqs: Sequence[int] = ()) -> Iterator[None]:
    """Be in a stage, with these submissions or those of the stage around it.

    A stage within a stage takes its seconds from the outer one, and faults that leave it are its own.
    """
    here = _here()
    numbers = tuple(seqs) or (here.under_way[-1][1] if here.under_way else ())
    began = _count(here)
    here.under_way.append((name, numbers, began))
    try:
        yield
    except BaseException as error:
        if here.left_by is None or here.left_by[0] not in _chain(error):
            here.left_by = error, replace(_cause(error), stage=name, seqs=numbers, ms=_ms(began))
        raise
    finally:
        _count(here)
        here.under_way.pop()


def seconds() -> dict[str, float]:
    """Return how many seconds each stage took since this was last asked, rounded; quick ones are left out.

    The last fault is forgotten with it: its frames hold whole batches.
    """
    here = _here()
    _count(here)
    here.left_by = None
    found = {name: round(spent, 2) for name, spent in here.seconds.items() if spent >= 0.005}
    here.seconds.clear()
    return found


def fault(error: BaseException, seqs: Sequence[int] = ()) -> Fault:
    """Return what may be logged of an error, with the stage that it left, or else the present one."""
    here = _here()
    if here.left_by is not None and here.left_by[0] in _chain(error):
        found = here.left_by[1]
    elif here.under_way:
        name, numbers, began = here.under_way[-1]
        found = replace(_cause(error), stage=name, seqs=numbers, ms=_ms(began))
    else:
        found = _cause(error)
    return replace(found, seqs=tuple(seqs)) if seqs else found


def _here() -> _Stages:
    found = _stages.get(None)
    if found is None:
        found = _Stages()
        _stages.set(found)
    return found


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _count(here: _Stages) -> float:
    now = time.monotonic()
    if here.under_way:
        here.seconds[here.under_way[-1][0]] += now - here.since
    here.since = now
    return now


def of_child(error: object, at: object, inner: object) -> Fault:
    """Return a fault as an untrusted process reported it: values that are no place or built-in error are left out."""
    known = isinstance(error, str) and isinstance(getattr(builtins, error, None), type)
    at, inner = (str(one) if _is_place(one) else "" for one in (at, inner))
    return Fault(str(error) if known else "Exception", at, inner)


# --------------------------------------------------------------------------- places


def _chain(error: BaseException) -> list[BaseException]:
    """An error, what it was raised from, and so on; `from None` hides the text of a cause, not its place."""
    found = [error]
    while True:
        last = found[-1]
        cause = last.__cause__ or (last.__context__ if last.__suppress_context__ else None)
        if cause is None or cause in found:
            return found
        found.append(cause)


def _cause(error: BaseException) -> Fault:
    chain = _chain(error)
    errors = [one for one in chain if type(one).__name__ not in _REMOTE]
    places = next((found for one in reversed(chain) if (found := _places(one))), [])
    ours = next((place for one in reversed(chain) for place in reversed(_places(one)) if _is_ours(place)), None)
    text = next((words for one in errors if (words := _text(one))), "")
    return Fault(
        error=type(errors[-1]).__name__,
        at=_shown(ours) if ours else "",
        inner=_shown(places[-1]) if places else "",
        text=" ".join(text.split())[:MOST_TEXT],
    )


def _text(error: BaseException) -> str:
    """The text of an error, where it is certain to be ours: a sender's words may stand in a UsageError."""
    if isinstance(error, OSError):
        return os.strerror(error.errno) if isinstance(error.errno, int) else ""  # some libraries put words there
    return str(error) if isinstance(error, QuekeError) and not isinstance(error, UsageError) else ""


def _places(error: BaseException) -> list[tuple[str, int]]:
    """Files and lines that an error came through, innermost last."""
    if type(error).__name__ in _REMOTE:
        return list(_remote(str(error)))
    return list(_frames(error.__traceback__))


def _frames(trace: TracebackType | None) -> Iterator[tuple[str, int]]:
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next


def _remote(text: str) -> Iterator[tuple[str, int]]:
    """The places in a traceback that another process wrote: files that are there, nothing else of the text."""
    first = text.partition("Traceback (")[2].partition("Traceback (")[0]  # of several, the first is the cause's
    for path, line in _FRAME.findall(first):
        if Path(path).is_file():
            yield path, int(line)


def _is_place(value: object) -> bool:
    """Whether a value is a place in our code or in a library, and nothing else."""
    path, _, line = str(value).rpartition(":")
    if not (re.fullmatch(r"[A-Za-z0-9_/.-]+\.py", path) and re.fullmatch(r"[0-9]{1,6}", line)):
        return False
    return any((folder / path).is_file() for folder in (_HOME, _STANDARD, *map(Path, sys.path)))


def _is_ours(place: tuple[str, int]) -> bool:
    path = Path(place[0])
    return path.is_relative_to(_HOME) and not path.is_relative_to(_HOME / "database" / "sqlite")  # all go through that


def _shown(place: tuple[str, int]) -> str:
    """A place without the folders of this machine."""
    path, line = Path(place[0]), place[1]
    library = _LIBRARIES.match(path.as_posix())
    for folder in (_HOME, Path(library[0]) if library else _STANDARD):
        if path.is_relative_to(folder):
            return f"{path.relative_to(folder).as_posix()}:{line}"
    return f"{'/'.join(path.parts[-2:])}:{line}"
