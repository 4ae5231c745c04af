"""The first page of a paper as a small picture, for a mail read on a telephone: made in a process of its own."""

from __future__ import annotations

import io
import multiprocessing
from hashlib import sha256
from types import TracebackType
from typing import Self

import structlog

from pipeline import faults
from pipeline.crew import Crew, LostError

log = structlog.get_logger("queke.mail")

MOST_BYTES = 200_000
SECONDS = 30.0
SIZES = ((1080, 48), (1080, 16), (800, 16), (600, 8))  # dots across, colours: the first that is small enough
_KEPT = 16  # pictures: an edition goes to several readers of one office


class FirstPages:
    """Draws first pages. A context manager; its process starts with the first."""

    def __init__(self) -> None:
        self._crew = Crew(1, multiprocessing.get_context("spawn"), _begin)
        self._known: dict[bytes, bytes | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._crew.end()

    def draw(self, pdf: bytes) -> bytes | None:
        """Return the first page as PNG, at most 200 kB; None if it cannot be drawn. Raises TemporaryError if no process
        can be started.
        """
        key = sha256(pdf).digest()
        if key not in self._known:
            answer = self._crew.submit(drawn, [pdf], SECONDS).result()
            found = answer[0] if answer else LostError()
            if isinstance(found, Exception):
                log.warning("first_page_not_drawn", **faults.fault(found).fields())
            while len(self._known) >= _KEPT:
                del self._known[next(iter(self._known))]
            self._known[key] = found if isinstance(found, bytes) else None
        return self._known[key]


def _begin() -> None:
    """Load the libraries before the first page."""
    import pypdfium2  # noqa: F401  # likewise


def drawn(pdf: bytes) -> bytes | None:
    """Draw a first page in this process; None if it is large however small it is drawn."""
    import pypdfium2  # a library in C that may die: only in a process of its own
    from PIL import Image  # likewise

    with pypdfium2.PdfDocument(pdf) as document:
        page = document[0]
        for across, colours in SIZES:
            whole = page.render(scale=across / page.get_width()).to_pil().convert("RGB")
            out = io.BytesIO()
            whole.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
            if out.tell() <= MOST_BYTES:
                return out.getvalue()
    return None
