"""Pages into PDF, in separate processes: `Renderer` keeps a few that have loaded fonts and style sheet."""

from __future__ import annotations

import atexit
import gc
import hashlib
import multiprocessing
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pipeline import scratch
from pipeline.crew import Crew, Hands, LostError
from pipeline.errors import PermanentError
from pipeline.reports import fonts, pages
from pipeline.reports.press import press

Elsewhere = Callable[[Callable[[int], Hands], Hands], Hands]

PAGE_SECONDS = 120  # a long annex takes seconds; a page that takes minutes hangs
_FOLDER = "queke-pages-"
_TASKS_A_PROCESS = 2000  # the text libraries leak slowly; a new process now and then keeps memory flat


class Renderer:
    """Draws papers. Use as a context manager; `workers` 0 draws in this process (tests, a single page).

    Raises ConfigError if the fonts are not usable, before any page is begun.
    """

    def __init__(self, workers: int = 2, elsewhere: Elsewhere | None = None) -> None:
        """`elsewhere`: makes of hands on this machine those of a cluster."""
        self._workers, self._elsewhere = workers, elsewhere
        self._crew: Hands | None = None
        self._held = ExitStack()

    def __enter__(self) -> Self:
        fonts.check()
        if self._workers:
            own = self._held.enter_context(scratch.folder(_FOLDER))
            here = _crew_in(own, self._workers)
            self._crew = self._elsewhere(crew_of, here) if self._elsewhere else here
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._crew is not None:
            self._crew.end()
            self._crew = None
        self._held.close()

    def stream(self, papers: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
        """Return a PDF for each paper's values, as soon as it and those before it are ready. Raises PermanentError.

        All papers are taken first: each is begun while the next are made.
        """
        if self._crew is None:
            yield from map(draw, list(papers))
            return
        waiting = [self._crew.submit(draw, [values], PAGE_SECONDS) for values in papers]
        try:
            for future in waiting:
                yield _drawn(*future.result())
        finally:
            for future in waiting:
                future.cancel()

    @property
    def pids(self) -> list[int]:
        """The processes that are there now."""
        return self._crew.pids if self._crew else []


def crew_of(size: int) -> Crew:
    """Processes that draw, for as long as this process lives: for a machine that draws for others."""
    held = ExitStack()
    atexit.register(held.close)
    return _crew_in(held.enter_context(scratch.folder(_FOLDER)), size)


def _crew_in(folder: Path, size: int) -> Crew:
    return Crew(size, multiprocessing.get_context("spawn"), _begin, [str(folder)], _TASKS_A_PROCESS)


def _drawn(answer: bytes | Exception) -> bytes:
    if isinstance(answer, LostError):
        raise PermanentError("a page could not be drawn: its process died or took too long") from answer
    if isinstance(answer, Exception):
        raise PermanentError("a page could not be drawn") from answer
    return answer


def _begin(folder: str) -> None:
    """Prepare a process: set our fonts before loading the libraries that look for them."""
    Path(folder).mkdir(mode=0o700, exist_ok=True)  # whoever tidies /tmp may have taken it for an old one
    own = Path(tempfile.mkdtemp(dir=folder))
    fonts.pin(own)
    press()
    gc.freeze()  # a page makes very many objects; the search for cycles among them takes a tenth of the time
    gc.set_threshold(50_000, 20, 20)


def draw(values: Mapping[str, Any]) -> bytes:
    """Draw one paper in this process. The same values give the same bytes."""
    html = fonts.drawable(pages.page(values))
    return press().draw(html, hashlib.sha256(html.encode()).digest()[:16])
