"""Prints the names that the pages in templates/ read, as code, so that vulture counts them as used."""

import re
from collections.abc import Iterator
from keyword import iskeyword
from pathlib import Path

TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
WORD = re.compile(r"\b[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)


def names(folder: Path) -> set[str]:
    """Return every word in a Jinja2 tag of a page under `folder`."""
    return {
        name
        for page in _pages(folder)
        for tag in TAG.findall(page)
        for name in WORD.findall(tag)
        if not iskeyword(name)
    }


def _pages(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".html", ".svg", ".j2", ".txt", ".css"}:
            yield path.read_text(encoding="utf-8")


if __name__ == "__main__":
    for name in sorted(names(Path(__file__).resolve().parent.parent / "templates")):
        print(f"_.{name}")
