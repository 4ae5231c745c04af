"""A process's setting of WeasyPrint: style sheets parsed once, fonts found once; what of the library is slow replaced.

Of HTML's own sheet, papers take what they use (`base.css`), and their markup is read as XML, which it is.
"""

from __future__ import annotations

import os
import sys
import zlib
from functools import lru_cache
from types import SimpleNamespace
from typing import Any
from xml.etree.ElementTree import fromstring  # nosec B405  # of our own templates, with every value escaped

from pipeline import resources
from pipeline.reports import fonts

_TIGHT = "data-tight"  # attribute of the body with which paper.css sets tables a little closer
_ANNEX = 'class="annex"'
_LITTLE = 0.2  # share of a last page that is not worth a sheet of paper
_LEVEL = 6  # of compression
_NUMBERS = "hb_codepoint_t["


@lru_cache(maxsize=1)
def press() -> Press:
    """Return this process's, with our fonts set before the libraries that look for them are loaded."""
    if "weasyprint" not in sys.modules and "queke-" not in os.environ.get("FONTCONFIG_FILE", ""):
        fonts.pin()
    return Press()


class Press:
    """What all papers of a process share."""

    def __init__(self) -> None:
        # imported here, after the fonts are set: the library reads its font configuration once, on import
        import weasyprint  # once the fonts are set
        from weasyprint.pdf import fonts as embedded  # likewise
        from weasyprint.text.fonts import FontConfiguration  # likewise
        from weasyprint.urls import URLFetcher  # likewise

        from pipeline.reports import shortcuts  # likewise

        class OurFolderOnly(URLFetcher):  # type: ignore[misc]  # published without types
            """Fetches nothing: a page has its style sheet with it, and no address in it is followed."""

            def fetch(self, url: str, headers: object = None) -> object:
                raise ValueError(f"not fetched: a page may load nothing ({len(url)} characters, {headers is not None})")

        fetcher = OurFolderOnly(allowed_protocols=())

        class Markup(weasyprint.HTML):  # type: ignore[misc]  # likewise
            """A paper's markup, read by expat; with base.css for the library's sheet of all of HTML."""

            def __init__(self, html: str) -> None:
                self.base_url, self.url_fetcher, self.media_type = None, fetcher, "print"
                self.etree_element = fromstring(html)  # nosec B314  # likewise
                self.wrapper_element = weasyprint.cssselect2.ElementWrapper.from_html_root(self.etree_element)

            def _ua_stylesheets(self, forms: object = False) -> list[Any]:  # noqa: ARG002  # as it is called
                return [base]

        shortcuts.take()
        weasyprint.pdf.pydyf.zlib = SimpleNamespace(compress=zlib.compress, compressobj=_compressor)
        embedded.ffi = _Arrays(embedded.ffi)
        self.fetcher, self.markup, self.fonts = fetcher, Markup, FontConfiguration()
        self._written_once = shortcuts.written_once
        base, self.css = (
            weasyprint.CSS(string=_sheet(name), font_config=self.fonts, url_fetcher=fetcher)
            for name in ("base.css", "paper.css")
        )

    def draw(self, html: str, identifier: bytes) -> bytes:
        """Draw one paper."""
        page: Any = self.markup(html)
        document = self.layout(page)
        sides = 1 + html.count(_ANNEX)  # an annex begins a new side, however short it is
        if len(document.pages) > sides and _nearly_empty(document.pages[-1]):
            page.etree_element.find("body").set(_TIGHT, "")
            closer = self.layout(page)
            document = closer if len(closer.pages) < len(document.pages) else document
        return bytes(document.write_pdf(pdf_identifier=identifier, finisher=self._written_once))

    def layout(self, page: Any) -> Any:
        """Lay out one paper's markup."""
        return page.render(stylesheets=[self.css], font_config=self.fonts)


class _Arrays:
    """The library's door to C, for fonts: it asks for arrays of just so many numbers, and each new length is a C type
    that takes three milliseconds to parse; with their values given, arrays of any length are one type.
    """

    def __init__(self, ffi: Any) -> None:
        self._ffi = ffi

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ffi, name)

    def new(self, kind: str, values: Any = None) -> Any:
        return self._ffi.new(f"{_NUMBERS}]" if values is not None and kind.startswith(_NUMBERS) else kind, values)


def _sheet(name: str) -> str:
    return resources.path(f"reports/{name}").read_text(encoding="utf-8")


def _compressor(level: int) -> Any:
    """At level 6 in place of the library's 9, which takes four times as long for one hundredth of the size."""
    return zlib.compressobj(level=min(level, _LEVEL))


def _nearly_empty(page: Any) -> bool:
    """Whether less than a fifth of a page is used: not worth a sheet for three rows and a foot."""
    box = page._page_box  # the layout is not public elsewhere
    lines = [line for line in box.descendants() if type(line).__name__ == "LineBox"]
    lowest = max((line.position_y + line.height for line in lines if line.position_y < box.height), default=0.0)
    return bool(lowest - box.margin_top < _LITTLE * box.height)
