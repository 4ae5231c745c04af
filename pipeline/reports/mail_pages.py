"""Our mails' words: a text that stands alone, and a page that Outlook, QQ, 163 and telephones show."""

from __future__ import annotations

from functools import lru_cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from pipeline import resources
from pipeline.figures.paper_values import Values


@lru_cache(maxsize=1)
def _letters() -> Environment:
    return Environment(
        loader=FileSystemLoader(resources.path("letters")),
        autoescape=select_autoescape(("html",), default_for_string=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def words(kind: str, values: Values) -> tuple[str, str]:
    """Return the text and the page of a mail of a kind."""
    found = [_letters().get_template(f"{kind}.{ending}").render(values) for ending in ("txt", "html")]
    return found[0], found[1]
