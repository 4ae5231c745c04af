"""Pages into PDF, in separate processes: `Renderer` keeps a few that have loaded fonts and style sheet."""

from __future__ import annotations

import atexit
import gc
import hashlib
import multiprocessing
import os
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any, Self

from pipeline import resources, scratch
from pipeline.crew import Crew, Hands, LostError
from pipeline.errors import PermanentError
from pipeline.reports import fonts, pages

Elsewhere = Callable[[Callable[[int], Hands], Hands], Hands]

PAGE_SECONDS = 120  # a long annex takes seconds; a page that takes minutes hangs
_TIGHT = "tight"  # class of the body with which paper.css sets tables a little closer
_ANNEX = 'class="annex"'
_LITTLE = 0.2  # share of a last page that is not worth a sheet of paper
_FOLDER = "queke-pages-"
_LEVEL = 6  # of compression
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
    _press()
    gc.freeze()  # a page makes very many objects; the search for cycles among them takes a tenth of the time
    gc.set_threshold(50_000, 20, 20)


def draw(values: Mapping[str, Any]) -> bytes:
    """Draw one paper in this process. The same values give the same bytes."""
    press = _press()
    html = fonts.drawable(pages.page(values))
    return press.draw(html, hashlib.sha256(html.encode()).digest()[:16])


class _PageSetting:
    """What all pages of a process share: the style sheet, parsed once, and the fonts, found once."""

    def __init__(self) -> None:
        # imported here, after the fonts are set: the library reads its font configuration once, on import
        from weasyprint import CSS, HTML, pdf  # once the fonts are set
        from weasyprint.text.fonts import FontConfiguration  # likewise
        from weasyprint.urls import URLFetcher  # likewise

        class OurFolderOnly(URLFetcher):  # type: ignore[misc]  # published without types
            """Fetches nothing: a page has its style sheet with it, and no address in it is followed."""

            def fetch(self, url: str, headers: object = None) -> object:
                raise ValueError(f"not fetched: a page may load nothing ({len(url)} characters, {headers is not None})")

        pdf.pydyf.zlib = SimpleNamespace(compress=zlib.compress, compressobj=_compressor)
        self.fetcher = OurFolderOnly(allowed_protocols=())
        self.fonts = FontConfiguration()
        self.html = HTML
        sheet = resources.path("reports/paper.css").read_text(encoding="utf-8")
        self.css = CSS(string=sheet, font_config=self.fonts, url_fetcher=self.fetcher)

    def draw(self, html: str, identifier: bytes) -> bytes:
        document = self._layout(html)
        sides = 1 + html.count(_ANNEX)  # an annex begins a new side, however short it is
        if len(document.pages) > sides and _nearly_empty(document.pages[-1]):
            closer = self._layout(html.replace("<body", f"<body data-{_TIGHT}", 1))
            document = closer if len(closer.pages) < len(document.pages) else document
        return bytes(document.write_pdf(pdf_identifier=identifier))

    def _layout(self, html: str) -> Any:
        return self.html(string=html, url_fetcher=self.fetcher).render(stylesheets=[self.css], font_config=self.fonts)


def _compressor(level: int) -> Any:
    """At level 6 in place of the library's 9, which takes four times as long for one hundredth of the size."""
    return zlib.compressobj(level=min(level, _LEVEL))


def _nearly_empty(page: Any) -> bool:
    """Whether less than a fifth of a page is used: not worth a sheet for three rows and a foot."""
    box = page._page_box  # the layout is not public elsewhere
    lines = [line for line in box.descendants() if type(line).__name__ == "LineBox"]
    lowest = max((line.position_y + line.height for line in lines if line.position_y < box.height), default=0.0)
    return bool(lowest - box.margin_top < _LITTLE * box.height)


@lru_cache(maxsize=1)
def _press() -> _PageSetting:
    if "weasyprint" not in sys.modules and "queke-" not in os.environ.get("FONTCONFIG_FILE", ""):
        fonts.pin()
    return _PageSetting()
